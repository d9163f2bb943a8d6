/*
 * infer_request.h - reads the body of a V2 infer request in one pass: JSON straight to columns,
 * binary tensors behind it. Pure: a body and a schema in, rows or an error out.
 *
 * Strict where a mistake would change a prediction: unknown, missing or repeated tensors, wrong
 * counts, ragged nesting, values out of the datatype's range are errors that name the tensor and
 * the byte. Lenient where the protocol is: unknown keys and parameters are skipped, `data` may be
 * flat or nested, keys may come in any order (data before its shape costs a second look at that
 * data).
 */
#ifndef INFERENCE_INFER_REQUEST_H
#define INFERENCE_INFER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "base/err.h"
#include "feature_index.h"
#include "model/rows.h"

#define INFER_ID_BYTES 256 /* longest request id or key */
#define INFER_MAX_OUTPUTS 8
#define INFER_MATRIX "input" /* the tensor that holds all features */

struct infer_body {
    const char *json;
    size_t json_len;
    const char *binary; /* behind the JSON; may be empty */
    size_t binary_len;
};

struct wanted_output {
    struct text name;
    bool binary, binary_given; /* given: the output says so itself */
};

struct infer_request {
    struct text id, key; /* s NULL: not given */
    bool binary_output;  /* for outputs that do not say so themselves */
    size_t n_outputs;    /* 0: all of them */
    struct wanted_output outputs[INFER_MAX_OUTPUTS];
    struct rows rows; /* memory of the arena; texts are views of body and arena */
};

/* Splits a body by the header Inference-Header-Content-Length (NULL: all of it is JSON). */
enum err_code infer_body_split(const char *body, size_t len, const char *header,
                               struct infer_body *out, struct err *e);

/* Reads rows for the schema of features. others (NULL allowed): the other deployed version; tensors
 * that only it knows are skipped. ERR_PARSE, ERR_INVALID or ERR_NOMEM. */
enum err_code infer_request_read(const struct infer_body *body,
                                 const struct feature_index *features,
                                 const struct feature_index *others, struct arena *arena,
                                 struct infer_request *out, struct err *e);

/* Reads id, key and outputs alone; rows stay empty. */
enum err_code infer_request_peek(const struct infer_body *body, struct arena *arena,
                                 struct infer_request *out, struct err *e);

#endif
