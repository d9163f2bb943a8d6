/*
 * window_pairs.h - the scores and labels of a window's rows, as they came: what estimates of
 * performance, realised performance and the harm test are made of.
 */
#ifndef PROGRAM_WINDOW_PAIRS_H
#define PROGRAM_WINDOW_PAIRS_H

#include <stddef.h>

#include "base/err.h"

#define PAIRS_MAX_ROWS ((size_t)1 << 20) /* of a window; later rows are left out */

struct window_pairs {
    size_t n, cap, n_outputs;
    float *scores; /* n x n_outputs */
    double *labels;
};

enum err_code window_pairs_add(struct window_pairs *p, const float *scores, double label,
                               struct err *e);
void window_pairs_deinit(struct window_pairs *p);

#endif
