/*
 * sweep_scalar.c - the inner loops of a sweep in plain C, for every processor.
 */
#include <math.h>

#include "monitors/distance.h"
#include "statistic.h"
#include "sweep_path.h"

static bool always(void)
{
    return true;
}

static void cumulate(const uint64_t *counts, size_t n, double *below)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += counts[i];
        below[i] = (double)sum;
    }
}

static double distance(const struct sweep_below *b, size_t i)
{
    return fabs(b->window[i] / b->n_window - b->reference[i] / b->n_reference);
}

static double ks(const struct sweep_below *b)
{
    double largest = 0.0;
    for (size_t i = 0; i < b->n; i++)
        largest = fmax(largest, distance(b, i));
    return largest;
}

static double cramer_von_mises(const struct sweep_below *b)
{
    double sum = 0.0;
    for (size_t i = 0; i < b->n; i++) {
        double rows = b->reference[i] - (i > 0 ? b->reference[i - 1] : 0.0), d = distance(b, i);
        sum += d * d * rows;
    }
    return sum / b->n_reference;
}

static double wasserstein(const struct sweep_below *b, const double *widths)
{
    double sum = 0.0;
    for (size_t i = 0; i < b->n; i++)
        sum += widths[i] * distance(b, i);
    return sum;
}

static double psi(const struct sweep_pair *p)
{
    return mon_distance_psi(p->reference, p->window, p->n);
}

static double js(const struct sweep_pair *p)
{
    return mon_distance_js(p->reference, p->window, p->n);
}

static double hellinger(const struct sweep_pair *p)
{
    return statistic_value(MON_HELLINGER, NULL, p->reference, p->window, NULL, p->n);
}

const struct sweep_path sweep_scalar = {"scalar",    always, cumulate, ks,       cramer_von_mises,
                                        wasserstein, psi,    js,       hellinger};
