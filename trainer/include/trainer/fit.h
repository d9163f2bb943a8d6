/*
 * fit.h - mini-batch Adam with early stopping: a predictor and rows in, the best weights out.
 *
 * It knows model inputs (float32 matrix), not features; calibration, metrics and files are others'
 * work. The same problem, options, seed and backend give the same weights, bit for bit.
 */
#ifndef TRAINER_FIT_H
#define TRAINER_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rand.h"
#include "model/predict.h"
#include "trainer/compute.h"
#include "trainer/train_progress.h"

/* Rows in time order: the first n_train are learnt from, the n_validation after them decide when to
 * stop. All borrowed. */
struct fit_problem {
    size_t n_train, n_validation, n_columns;
    const float *x;      /* (n_train + n_validation) x n_columns, row-major */
    const float *y;      /* 0/1, class index, or value */
    const float *weight; /* a row's weight in the loss */
    enum compute_loss loss;
};

struct fit_options {
    int epochs, batch;
    int patience; /* epochs without a better validation loss before it stops */
    double learning_rate, l2;
    uint64_t seed;
    bool warm; /* the given weights are a candidate too: epochs that only make it worse are dropped
                */
    void (*on_epoch)(const struct train_progress *p, void *user); /* may be NULL */
    void *user;
};

struct fit_result {
    int epochs_run, best_epoch; /* best 0: the given weights (warm only) */
    double validation_loss;     /* at the best epoch */
    double rows_per_second;     /* training rows over the whole fit */
};

/*
 * Trains from the weights in p and leaves the best ones there. logits (may be NULL): n_train +
 * n_validation rows x n_out, as the backend computes them with those weights. The learning rate
 * falls along half a cosine to 2 % of its value. A loss that is not finite is ERR_INVALID and names
 * the epoch.
 */
enum err_code fit_run(const struct compute *c, const struct fit_problem *problem,
                      const struct fit_options *o, struct predictor *p, float *logits,
                      struct fit_result *out, struct err *e);

/*
 * Starting weights of a cold start: zero for one layer (the loss is convex); else He's normal (He
 * et al. 2015) before a ReLU and Glorot's before the outputs, zero for input columns that are 0 in
 * all n_rows rows of x: their weights would stay random, and the first unseen category would score
 * at random.
 */
void fit_init_weights(struct predictor *p, const float *x, size_t n_rows, struct rng *rng);

#endif
