/*
 * tensor_input.h - the "inputs" array of a request: which tensor is which feature, and its data.
 * The inner half of infer_request.c, which is the only caller.
 */
#ifndef INFERENCE_TENSOR_INPUT_H
#define INFERENCE_TENSOR_INPUT_H

#include "infer_request.h"
#include "json_scan.h"

/* The reading of one "inputs" array. */
struct tensor_inputs {
    const struct feature_index *features, *others;
    const struct schema *schema;
    struct arena *arena;
    const struct infer_body *body;
    size_t binary_used; /* of body->binary */
    size_t next_guess;  /* feature expected next */
    struct rows *rows;
};

enum err_code tensor_inputs_init(struct tensor_inputs *in, const struct feature_index *features,
                                 const struct feature_index *others, struct arena *arena,
                                 const struct infer_body *body, struct rows *rows, struct err *e);

/* Reads the array at the cursor; failures go to the cursor. */
void tensor_inputs_read(struct tensor_inputs *in, struct json_scan *s);

/* Every feature was given, all binary data was used. */
enum err_code tensor_inputs_finish(const struct tensor_inputs *in, struct err *e);

#endif
