/*
 * predict.h - the forward pass: dense layers with ReLU between them, a link at the end,
 * calibration. One layer is a linear, logistic or softmax model; more are an MLP. OpenBLAS does the
 * products.
 */
#ifndef MODEL_PREDICT_H
#define MODEL_PREDICT_H

#include <stddef.h>

#include "base/err.h"
#include "base/safetensors.h"

#define PREDICT_MAX_LAYERS 16
#define PREDICT_MAX_WIDTH 1000000 /* of one layer */

enum predict_link { LINK_IDENTITY, LINK_SIGMOID, LINK_SOFTMAX };

struct layer {
    size_t n_in, n_out;
    float *weights; /* n_in x n_out, row-major */
    float *bias;    /* n_out */
};

struct predictor {
    size_t n_layers;
    struct layer *layers;
    enum predict_link link;
    /* Calibration on logits, fitted on the validation rows: sigmoid(a * z + b) (Platt 1999); for
     * softmax z / temperature (Guo et al. 2017); identity: z * a + b. Defaults 1, 0, 1. */
    double calibration_a, calibration_b, temperature;
};

/* sizes: n_layers + 1 widths, input first. Weights are zero. *out is owned; free with
 * predictor_free. */
enum err_code predictor_new(const size_t *sizes, size_t n_layers, enum predict_link link,
                            struct predictor **out, struct err *e);
void predictor_free(struct predictor *p);
enum err_code predictor_copy(const struct predictor *p, struct predictor **out, struct err *e);

/* Scratch for batches of at most max_rows; one per thread. */
struct predict_scratch;
enum err_code predict_scratch_new(const struct predictor *p, size_t max_rows,
                                  struct predict_scratch **out, struct err *e);
void predict_scratch_free(struct predict_scratch *s);

/* x: n_rows x n_in row-major -> out: n_rows x n_out row-major probabilities or values. n_rows may
 * exceed the scratch's: it is worked through in blocks. */
void predict_batch(const struct predictor *p, struct predict_scratch *s, const float *x,
                   size_t n_rows, float *out);
/* The same before link and calibration. */
void predict_logits(const struct predictor *p, struct predict_scratch *s, const float *x,
                    size_t n_rows, float *out);
/* Link and calibration in place. */
void predict_link_apply(const struct predictor *p, float *values, size_t n_rows);

/* Borrows the weights until the file is written. */
enum err_code predictor_to_st(const struct predictor *p, struct st_writer *w, struct err *e);
enum err_code predictor_from_st(const struct st_file *f, struct predictor **out, struct err *e);

#endif
