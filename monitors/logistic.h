/*
 * logistic.h - private: ridge logistic regression by Newton's method (iteratively reweighted least
 * squares).
 */
#ifndef MONITORS_SRC_LOGISTIC_H
#define MONITORS_SRC_LOGISTIC_H

#include <stddef.h>

#include "base/err.h"

/*
 * Minimises sum log(1 + exp(-+ x w)) + ridge / 2 |w|^2 over the rows whose fold is not `held_out`.
 * x: n x n_terms, row-major, the last term the constant 1, which is not penalised; labels: n, 0 or
 * 1. weights: n_terms values. ridge > 0 makes the minimum unique and finite.
 */
struct logistic {
    const double *x;
    const double *labels;
    const size_t *fold;
    size_t n, n_terms;
    double ridge;
};
enum err_code logistic_fit(const struct logistic *l, size_t held_out, double *weights,
                           struct err *e);

#endif
