/*
 * longrun.c - the mean's variance with or without autocorrelation.
 */
#include "longrun.h"

#include <math.h>

static struct longrun finite_mean(const double *x, size_t n)
{
    struct longrun r = {0.0, NAN, NAN};
    double mean = 0.0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) {
            r.n += 1.0;
            mean += (x[i] - mean) / r.n;
        }
    if (r.n > 0.0)
        r.mean = mean;
    return r;
}

/* Sum of products of deviations lag apart; a gap counts as a deviation of 0. */
static double autocovariance_sum(const double *x, size_t n, double mean, size_t lag)
{
    double sum = 0.0;
    for (size_t i = lag; i < n; i++)
        if (!isnan(x[i]) && !isnan(x[i - lag]))
            sum += (x[i] - mean) * (x[i - lag] - mean);
    return sum;
}

struct longrun longrun_mean(const double *x, size_t n, size_t lag)
{
    struct longrun r = finite_mean(x, n);
    if (r.n < 2.0)
        return r;
    if (lag >= n)
        lag = n - 1;
    double sum = autocovariance_sum(x, n, r.mean, 0);
    for (size_t j = 1; j <= lag; j++) {
        double weight = 1.0 - (double)j / (double)(lag + 1);
        sum += 2.0 * weight * autocovariance_sum(x, n, r.mean, j);
    }
    r.mean_variance = fmax(0.0, sum) / (r.n - 1.0) / r.n;
    return r;
}
