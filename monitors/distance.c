/*
 * distance.c - PSI, Jensen-Shannon and Kolmogorov-Smirnov over count vectors.
 */
#include "monitors/distance.h"

#include <math.h>

#define PSEUDO_ROWS 0.5

static double total(const double *counts, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += counts[i];
    return sum;
}

static size_t n_occupied(const double *a, const double *b, size_t n)
{
    size_t occupied = 0;
    for (size_t i = 0; i < n; i++)
        occupied += a[i] > 0.0 || b[i] > 0.0;
    return occupied;
}

double mon_distance_psi(const double *reference, const double *window, size_t n_groups)
{
    double n_ref = total(reference, n_groups), n_win = total(window, n_groups);
    if (!(n_ref > 0.0) || !(n_win > 0.0))
        return NAN;
    double pseudo = PSEUDO_ROWS * (double)n_occupied(reference, window, n_groups);
    double psi = 0.0;
    for (size_t i = 0; i < n_groups; i++) {
        if (!(reference[i] > 0.0) && !(window[i] > 0.0))
            continue;
        double p = (window[i] + PSEUDO_ROWS) / (n_win + pseudo);
        double q = (reference[i] + PSEUDO_ROWS) / (n_ref + pseudo);
        psi += (p - q) * log(p / q);
    }
    return psi;
}

/* p log2(p / m), 0 for p = 0 */
static double bits_against(double p, double m)
{
    return p > 0.0 ? p * log2(p / m) : 0.0;
}

double mon_distance_js(const double *reference, const double *window, size_t n_groups)
{
    double n_ref = total(reference, n_groups), n_win = total(window, n_groups);
    if (!(n_ref > 0.0) || !(n_win > 0.0))
        return NAN;
    double divergence = 0.0;
    for (size_t i = 0; i < n_groups; i++) {
        double p = window[i] / n_win, q = reference[i] / n_ref, m = 0.5 * (p + q);
        divergence += 0.5 * (bits_against(p, m) + bits_against(q, m));
    }
    return sqrt(fmin(fmax(divergence, 0.0), 1.0));
}

double mon_distance_ks(const double *reference, const double *window, size_t n_cells)
{
    double n_ref = total(reference, n_cells), n_win = total(window, n_cells);
    if (!(n_ref > 0.0) || !(n_win > 0.0))
        return NAN;
    double below_ref = 0.0, below_win = 0.0, largest = 0.0;
    for (size_t i = 0; i + 1 < n_cells; i++) { /* at the last cell's end both are 1 */
        below_ref += reference[i];
        below_win += window[i];
        largest = fmax(largest, fabs(below_win / n_win - below_ref / n_ref));
    }
    return largest;
}
