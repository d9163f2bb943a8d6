/*
 * loss_model_state.h - private: a fitted loss model's numbers.
 */
#ifndef MONITORS_SRC_LOSS_MODEL_STATE_H
#define MONITORS_SRC_LOSS_MODEL_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "monitors/loss_model.h"

/* Input 0 is the prediction, input k the feature k - 1. An input of c cuts has c + 2 effects: of
 * bin b for cuts[b - 1] <= x < cuts[b], and last of a missing value. */
struct mon_loss_model {
    bool squared; /* losses are squared errors, the metric rmse */
    size_t n_inputs;
    double base;           /* mean loss */
    double spread;         /* variance of a row's loss over the square of its expectation */
    double model_variance; /* of a stretch's mean loss, beyond what spread gives */
    size_t *first_cut;     /* n_inputs + 1; the last is the number of all cuts */
    double *cuts;
    double *effects;
    double *variances; /* of the effects */
    double *shares;    /* of the reference's rows in each bin */
};

#define LOSS_EFFECTS_PER_INPUT 2 /* more than cuts */

/* Empty, with room for as many cuts; NULL: out of memory. */
struct mon_loss_model *loss_model_new(size_t n_inputs, size_t n_cuts);

static inline size_t loss_n_cuts(const struct mon_loss_model *m, size_t input)
{
    return m->first_cut[input + 1] - m->first_cut[input];
}

/* Where an input's effects begin; of n_inputs: how many there are. */
static inline size_t loss_first_effect(const struct mon_loss_model *m, size_t input)
{
    return m->first_cut[input] + LOSS_EFFECTS_PER_INPUT * input;
}

static inline double *loss_effects(const struct mon_loss_model *m, size_t input)
{
    return m->effects + loss_first_effect(m, input);
}

/* The effect's index of a value: NaN is the last. */
size_t loss_bin(const struct mon_loss_model *m, size_t input, double value);

#endif
