/*
 * longrun.h - private: mean of a series in time order and the variance of that mean, errors
 * correlated.
 */
#ifndef MONITORS_SRC_LONGRUN_H
#define MONITORS_SRC_LONGRUN_H

#include <stddef.h>

struct longrun {
    double n;
    double mean;          /* NaN for n = 0 */
    double mean_variance; /* of the mean; NaN for n < 2 */
};

/* NaN entries are left out. Variance of independent values for lag 0, else Newey & West 1987 with
 * Bartlett weights 1 - j / (lag + 1); never below 0; lag is cut to n - 1. O(n (lag + 1)). */
struct longrun longrun_mean(const double *x, size_t n, size_t lag);

#endif
