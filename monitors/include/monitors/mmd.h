/*
 * mmd.h - two samples of rows: maximum mean discrepancy and energy distance, with permutation
 * p-values. Quadratic in the rows; for windows that are only counted see joint.h.
 *
 * Both are 2 mean h(x, y) - mean h(x, x') - mean h(y, y') for a distance h: the Euclidean one
 * (energy distance: Szekely & Rizzo 2004, 2013) or minus a Gaussian kernel exp(-|x - y|^2 / (2
 * width^2)) (MMD^2: Gretton et al. 2012, equations 3 and 5). Columns are taken as they are:
 * standardise them first (mon_joint_space_encode does). Rows with a value that is not finite,
 * or beyond 1e150, are left out and not counted in n_x, n_y. The p-value assumes that rows can be
 * exchanged: it is too small where rows are autocorrelated. Pure; any thread.
 */
#ifndef MONITORS_MMD_H
#define MONITORS_MMD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MON_PAIRWISE_MAX_ROWS 4000 /* a side */
#define MON_PAIRWISE_MAX_COLUMNS 4096

struct mon_pairwise_options {
    double width;        /* of the Gaussian; NaN (default): the median distance of the pooled rows,
                            without the zeros between a row and itself; unused for energy */
    size_t max_rows;     /* a side; of more, so many are drawn by seed; default 1000, at most
                            MON_PAIRWISE_MAX_ROWS: memory is 8 x (n_x + n_y)^2 bytes */
    size_t permutations; /* default 500; 0: no p-value; at most 100000 */
    uint64_t seed;       /* default 1 */
};
void mon_pairwise_options_init(struct mon_pairwise_options *o);

struct mon_pairwise {
    double unbiased; /* means without the pairs of a row with itself; may be negative; NaN where a
                        side has less than 2 rows */
    double biased;   /* with them; >= 0; NaN where a side has no row */
    double width;    /* used; NaN for energy; 1 where the median distance is 0 */
    double p_value;  /* (1 + permutations with as large a biased value) / (1 + permutations); NaN
                        without permutations or where biased is NaN */
    size_t n_x, n_y; /* rows used */
};

/* x: n_x x n_columns, y: n_y x n_columns, row-major. ERR_INVALID: no columns, a width not positive
 * and finite, max_rows 0; ERR_LIMIT: an option beyond its limit; ERR_NOMEM. n = 0 and 1 are legal;
 * equal constants give 0 and p = 1. */
enum err_code mon_mmd(const double *x, size_t n_x, const double *y, size_t n_y, size_t n_columns,
                      const struct mon_pairwise_options *o, struct mon_pairwise *out,
                      struct err *e);

/* The same with the Euclidean distance; the square root of biased, on one column, is
 * scipy.stats.energy_distance. */
enum err_code mon_energy_multivariate(const double *x, size_t n_x, const double *y, size_t n_y,
                                      size_t n_columns, const struct mon_pairwise_options *o,
                                      struct mon_pairwise *out, struct err *e);

#endif
