/*
 * statistic_unit.c - how each statistic scatters between two samples of independent rows.
 *
 * With h = 1/n + 1/m: PSI is twice a symmetric Kullback-Leibler divergence, hence h chi2(G - 1) to
 * second order (Yurdakul & Naranjo 2020); the squared JS distance in bits is PSI / (8 ln 2) (Lin
 * 1991) and the squared Hellinger distance PSI / 8. D^2 / h has Kolmogorov's distribution. The
 * Cramér-von Mises integral over h is a sum of chi-squareds weighted 1 / (j pi)^2 (Anderson &
 * Darling 1952). The Wasserstein distance over sqrt(h) is the L1 norm of a weighted Brownian bridge
 * (del Barrio, Giné & Matrán 1999).
 */
#include <math.h>

#include "statistic.h"

#define KOLMOGOROV_MEAN_SQUARE (M_PI * M_PI / 12.0)
/* of the weights w = 1 / (j pi)^2: (sum w)^2 / sum w^2, and sum w^2 / (largest w)^2, with which the
 * tail falls at its true rate */
#define BRIDGE_DEGREES 2.5
#define BRIDGE_SKEW_DEGREES 1.0823
/* Up to here the weights are summed over the cells as they are: a feature of two values has one. */
#define BRIDGE_FEW_CELLS 32

static double total_of(const double *counts, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += counts[i];
    return sum;
}

static struct statistic_unit group_unit(double per_degree, size_t n_cells)
{
    double degrees = n_cells > 2 ? (double)n_cells - 1.0 : 1.0;
    return (struct statistic_unit){degrees * per_degree, degrees, degrees};
}

struct atoms {
    size_t n;
    double share[BRIDGE_FEW_CELLS], below[BRIDGE_FEW_CELLS]; /* below: cumulated, itself included */
};

static bool few_atoms(const double *reference, size_t n_cells, struct atoms *out)
{
    double rows = total_of(reference, n_cells), below = 0.0;
    out->n = 0;
    for (size_t i = 0; i < n_cells; i++) {
        if (!(reference[i] > 0.0))
            continue;
        if (out->n == BRIDGE_FEW_CELLS)
            return false;
        below += reference[i] / rows;
        out->share[out->n] = reference[i] / rows;
        out->below[out->n++] = below;
    }
    return true;
}

/* Covariance of the weighted bridge at two atoms. */
static double bridge(const struct atoms *a, size_t i, size_t j)
{
    double low = fmin(a->below[i], a->below[j]), high = fmax(a->below[i], a->below[j]);
    return sqrt(a->share[i] * a->share[j]) * low * fmax(0.0, 1.0 - high);
}

static struct statistic_unit atoms_unit(const struct atoms *a)
{
    double first = 0.0, second = 0.0, third = 0.0;
    for (size_t i = 0; i < a->n; i++) {
        first += bridge(a, i, i);
        for (size_t j = 0; j < a->n; j++) {
            double product = 0.0, at = bridge(a, i, j);
            for (size_t k = 0; k < a->n; k++)
                product += bridge(a, i, k) * bridge(a, k, j);
            second += at * at;
            third += product * at;
        }
    }
    if (!(third > 0.0)) /* a constant */
        return (struct statistic_unit){1.0 / 6.0, 1.0, 1.0};
    return (struct statistic_unit){first, first * first / second,
                                   second * second * second / (third * third)};
}

static struct statistic_unit cramer_von_mises_unit(const double *reference, size_t n_cells)
{
    struct atoms atoms;
    if (few_atoms(reference, n_cells, &atoms))
        return atoms_unit(&atoms);
    return (struct statistic_unit){1.0 / 6.0, BRIDGE_DEGREES, BRIDGE_SKEW_DEGREES};
}

struct statistic_unit statistic_unit_of_l1(double sum_of_deviations, double sum_variance)
{
    double mean = M_2_PI * sum_of_deviations * sum_of_deviations + (1.0 - M_2_PI) * sum_variance;
    double degrees = sum_variance > 0.0 ? fmax(1.0, mean / sum_variance) : 1.0;
    return (struct statistic_unit){mean, degrees, degrees};
}

double statistic_sum_variance(const struct series *s, const double *reference, const double *widths)
{
    size_t n = s->n_edges + 1;
    double rows = total_of(reference, n), at = 0.0, mean = 0.0, square = 0.0;
    for (size_t i = 0; i < n; i++) {
        mean += at * reference[i] / rows;
        square += at * at * reference[i] / rows;
        at += widths[i];
    }
    return fmax(0.0, square - mean * mean);
}

static struct statistic_unit wasserstein_unit(const struct series *s, const double *reference,
                                              const double *widths)
{
    size_t n = s->n_edges + 1;
    double rows = total_of(reference, n), below = 0.0, deviations = 0.0;
    for (size_t i = 0; i < n; i++) {
        below += reference[i] / rows;
        deviations += widths[i] * sqrt(fmax(0.0, below * (1.0 - below)));
    }
    return statistic_unit_of_l1(deviations, statistic_sum_variance(s, reference, widths));
}

struct statistic_unit statistic_unit(enum mon_statistic s, const struct series *series,
                                     const double *reference, const double *widths, size_t n_cells)
{
    switch (s) {
    case MON_PSI:
        return group_unit(1.0, n_cells);
    case MON_JS:
        return group_unit(1.0 / (8.0 * M_LN2), n_cells);
    case MON_HELLINGER:
        return group_unit(0.125, n_cells);
    case MON_KS:
        return (struct statistic_unit){KOLMOGOROV_MEAN_SQUARE, BRIDGE_DEGREES, BRIDGE_DEGREES};
    case MON_CRAMER_VON_MISES:
        return cramer_von_mises_unit(reference, n_cells);
    case MON_WASSERSTEIN:
        return wasserstein_unit(series, reference, widths);
    }
    return (struct statistic_unit){NAN, NAN, NAN};
}

void statistic_weights(enum mon_statistic s, const double *shares, const double *widths,
                       size_t n_cells, double least, double *out)
{
    for (size_t i = 0; i < n_cells; i++) {
        if (statistic_of_groups(s))
            out[i] = 1.0 / sqrt(fmax(shares[i], least));
        else if (s == MON_CRAMER_VON_MISES)
            out[i] = sqrt(shares[i]);
        else
            out[i] = widths[i];
    }
}
