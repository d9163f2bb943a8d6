/*
 * infer_response.h - writes the answer to an infer request: V2 JSON, and binary tensors behind it
 * where the client asked for them. Pure.
 */
#ifndef INFERENCE_INFER_RESPONSE_H
#define INFERENCE_INFER_RESPONSE_H

#include "base/buf.h"
#include "base/err.h"
#include "infer_request.h"
#include "model/schema.h"

struct infer_answer {
    const struct schema *schema; /* of the version that answered */
    const char *version_label, *version_sha256;
    struct text id;
    size_t n_rows;
    const float *scores; /* n_rows x schema_n_outputs */
};

/* Every wanted output exists for that kind of label. The error names the first one that does not.
 */
enum err_code infer_outputs_check(const struct schema *schema, const struct infer_request *wanted,
                                  struct err *e);

/* The index of the class that an answer names: the largest probability; binary: the last class from
 * 0.5 on. */
size_t infer_class(const struct schema *schema, const float *scores);

/* Appends the body to out. *json_len: length of the JSON part, or 0 where all is JSON. Check
 * buf_failed(out) afterwards. */
void infer_response_write(const struct infer_answer *a, const struct infer_request *wanted,
                          struct buf *out, size_t *json_len);

#endif
