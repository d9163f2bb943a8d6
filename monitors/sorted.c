/*
 * sorted.c - sorting doubles and reading off quantiles.
 */
#include "sorted.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sorted_ascending(double *x, size_t n)
{
    if (n > 1)
        qsort(x, n, sizeof *x, ascending);
}

double sorted_quantile(const double *sorted, size_t n, double q)
{
    double at = q * (double)(n - 1), below = floor(at), part = at - below;
    size_t i = (size_t)below;
    if (i + 1 >= n || part == 0.0)
        return sorted[i < n ? i : n - 1];
    double gap = sorted[i + 1] - sorted[i];
    return isinf(gap) ? (1.0 - part) * sorted[i] + part * sorted[i + 1] : sorted[i] + part * gap;
}
