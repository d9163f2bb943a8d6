/*
 * martingale.h - private: beta-binomial and Dirichlet-multinomial mixture martingales from counts
 * alone.
 *
 * For a stream of coin flips with chance p, the likelihood under a Beta(1/2, 1/2) mixture over the
 * likelihood under p is a martingale of mean 1 (Robbins 1970), so it ever reaches 1/alpha with at
 * most the chance alpha (Ville 1939). Its value depends on the counts only.
 */
#ifndef MONITORS_SRC_MARTINGALE_H
#define MONITORS_SRC_MARTINGALE_H

#include <stddef.h>

struct flips {
    double events, n; /* 0 <= events <= n */
};

/* Logarithm of the martingale at p in [0, 1]; INFINITY where p makes the counts impossible. */
double martingale_log(const struct flips *f, double p);

/* Bounds of p, each valid at all times at once with chance 1 - alpha. */
double martingale_lower(const struct flips *f, double alpha);
double martingale_upper(const struct flips *f, double alpha);

/* Logarithm of the smallest product of two streams' martingales over pairs with
 * p_b - p_a = difference; |difference| <= 1. */
double martingale_log_pair(const struct flips *a, const struct flips *b, double difference);

/* The same for two multinomial streams of n_cells, over all distributions that they could share:
 * log of an e-process against "equal". */
double martingale_log_equal(const double *a, const double *b, size_t n_cells);

#endif
