/*
 * sweep_scalar.c - the inner loops of a sweep in plain C, for every processor.
 */
#include <math.h>

#include "monitors/distance.h"
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

static void compare(const double *reference, const double *window, const double *widths, size_t n,
                    const struct sweep_totals *t, double *largest, double *area)
{
    double ks = 0.0, sum = 0.0;
    for (size_t i = 0; i < n; i++)
        ks = fmax(ks, fabs(window[i] / t->window - reference[i] / t->reference));
    *largest = ks;
    if (widths == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        sum += widths[i] * fabs(window[i] / t->finite_window - reference[i] / t->finite_reference);
    *area = sum;
}

static void diverge(const struct sweep_pair *p, double *psi, double *js)
{
    *psi = mon_distance_psi(p->reference, p->window, p->n);
    *js = mon_distance_js(p->reference, p->window, p->n);
}

const struct sweep_path sweep_scalar = {"scalar", always, cumulate, compare, diverge};
