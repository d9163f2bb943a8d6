/*
 * rates.c - upper bounds of counted rates.
 */
#include "rates.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

double rate_upper_bound(size_t alarms, size_t n)
{
    double low = 0.0, high = 1.0;
    for (int i = 0; n > 0 && i < 50; i++) { /* GSL's own inverse gives up here */
        double rate = 0.5 * (low + high);
        if (gsl_cdf_binomial_P((unsigned)alarms, rate, (unsigned)n) > 0.05)
            low = rate;
        else
            high = rate;
    }
    return high;
}

double rate_upper_bound_grouped(const double *rates, size_t n_groups)
{
    double mean = 0.0, square = 0.0, n = (double)n_groups;
    if (n_groups < 2)
        return NAN;
    for (size_t i = 0; i < n_groups; i++)
        mean += rates[i] / n;
    for (size_t i = 0; i < n_groups; i++)
        square += (rates[i] - mean) * (rates[i] - mean);
    return mean + gsl_cdf_tdist_Pinv(0.95, n - 1.0) * sqrt(square / (n - 1.0) / n);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double quantile_of(double *x, size_t n, double q)
{
    if (n == 0)
        return NAN;
    qsort(x, n, sizeof *x, by_value);
    return x[(size_t)fmin((double)n - 1.0, ceil(q * (double)n) - 1.0)];
}
