/*
 * distance.c - divergences, distances of shares, and distances over ordered cells.
 */
#include "monitors/distance.h"

#include <math.h>
#include <stdbool.h>

static double total(const double *counts, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += counts[i];
    return sum;
}

/* Two count vectors with their totals. */
struct sides {
    const double *ref, *win;
    size_t n;
    double n_ref, n_win;
};

static bool sides_of(const double *reference, const double *window, size_t n, struct sides *s)
{
    *s = (struct sides){reference, window, n, total(reference, n), total(window, n)};
    return s->n_ref > 0.0 && s->n_win > 0.0;
}

static bool occupied(const struct sides *s, size_t i)
{
    return s->ref[i] > 0.0 || s->win[i] > 0.0;
}

static size_t n_occupied(const struct sides *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += occupied(s, i);
    return n;
}

/* The share of a cell that holds count of n rows, smoothed; n_cells are occupied. */
static double share(double count, double n, double n_cells, const struct mon_smoothing *smoothing)
{
    switch (smoothing->kind) {
    case MON_SMOOTHING_NONE:
        return count / n;
    case MON_SMOOTHING_ROWS:
        return (count + smoothing->amount) / (n + smoothing->amount * n_cells);
    case MON_SMOOTHING_FLOOR:
        return count > 0.0 ? count / n : smoothing->amount;
    }
    return NAN;
}

double mon_distance_psi_smoothed(const double *reference, const double *window, size_t n_groups,
                                 const struct mon_smoothing *smoothing)
{
    struct sides s;
    if (!sides_of(reference, window, n_groups, &s))
        return NAN;
    double n_cells = (double)n_occupied(&s), psi = 0.0;
    for (size_t i = 0; i < n_groups; i++) {
        if (!occupied(&s, i))
            continue;
        double p = share(window[i], s.n_win, n_cells, smoothing);
        double q = share(reference[i], s.n_ref, n_cells, smoothing);
        psi += (p - q) * log(p / q);
    }
    return psi;
}

double mon_distance_psi(const double *reference, const double *window, size_t n_groups)
{
    static const struct mon_smoothing half_a_row = {MON_SMOOTHING_ROWS, 0.5};
    return mon_distance_psi_smoothed(reference, window, n_groups, &half_a_row);
}

double mon_distance_kl(const double *reference, const double *window, size_t n_cells,
                       const struct mon_smoothing *smoothing)
{
    struct sides s;
    if (!sides_of(reference, window, n_cells, &s))
        return NAN;
    double n = (double)n_occupied(&s), sum = 0.0, sum_p = 0.0, sum_q = 0.0;
    for (size_t i = 0; i < n_cells; i++) {
        if (!occupied(&s, i))
            continue;
        double p = share(window[i], s.n_win, n, smoothing);
        double q = share(reference[i], s.n_ref, n, smoothing);
        sum += p > 0.0 ? p * log(p / q) : 0.0;
        sum_p += p;
        sum_q += q;
    }
    return fmax(sum / sum_p + log(sum_q / sum_p), 0.0);
}

/* p log2(p / m), 0 for p = 0 */
static double bits_against(double p, double m)
{
    return p > 0.0 ? p * log2(p / m) : 0.0;
}

double mon_distance_js(const double *reference, const double *window, size_t n_groups)
{
    struct sides s;
    if (!sides_of(reference, window, n_groups, &s))
        return NAN;
    double divergence = 0.0;
    for (size_t i = 0; i < n_groups; i++) {
        double p = window[i] / s.n_win, q = reference[i] / s.n_ref, m = 0.5 * (p + q);
        divergence += 0.5 * (bits_against(p, m) + bits_against(q, m));
    }
    return sqrt(fmin(fmax(divergence, 0.0), 1.0));
}

/* sum of (sqrt p - sqrt q)^2 / 2 = 1 - sum sqrt(p q), without the cancellation of the latter. */
static double hellinger_squared(const struct sides *s)
{
    double sum = 0.0;
    for (size_t i = 0; i < s->n; i++) {
        double apart = sqrt(s->win[i] / s->n_win) - sqrt(s->ref[i] / s->n_ref);
        sum += apart * apart;
    }
    return fmin(0.5 * sum, 1.0);
}

double mon_distance_hellinger(const double *reference, const double *window, size_t n_cells)
{
    struct sides s;
    return sides_of(reference, window, n_cells, &s) ? sqrt(hellinger_squared(&s)) : NAN;
}

static bool share_a_cell(const struct sides *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->ref[i] > 0.0 && s->win[i] > 0.0)
            return true;
    return false;
}

double mon_distance_bhattacharyya(const double *reference, const double *window, size_t n_cells)
{
    struct sides s;
    if (!sides_of(reference, window, n_cells, &s))
        return NAN;
    return share_a_cell(&s) ? -log1p(-hellinger_squared(&s)) : INFINITY;
}

static double share_apart(const struct sides *s, size_t i)
{
    return fabs(s->win[i] / s->n_win - s->ref[i] / s->n_ref);
}

double mon_distance_total_variation(const double *reference, const double *window, size_t n_cells)
{
    struct sides s;
    double sum = 0.0;
    if (!sides_of(reference, window, n_cells, &s))
        return NAN;
    for (size_t i = 0; i < n_cells; i++)
        sum += share_apart(&s, i);
    return fmin(0.5 * sum, 1.0);
}

double mon_distance_l_infinity(const double *reference, const double *window, size_t n_cells)
{
    struct sides s;
    double largest = 0.0;
    if (!sides_of(reference, window, n_cells, &s))
        return NAN;
    for (size_t i = 0; i < n_cells; i++)
        largest = fmax(largest, share_apart(&s, i));
    return largest;
}

double mon_distance_ks(const double *reference, const double *window, size_t n_cells)
{
    struct sides s;
    if (!sides_of(reference, window, n_cells, &s))
        return NAN;
    double below_ref = 0.0, below_win = 0.0, largest = 0.0;
    for (size_t i = 0; i + 1 < n_cells; i++) { /* at the last cell's end both are 1 */
        below_ref += reference[i];
        below_win += window[i];
        largest = fmax(largest, fabs(below_win / s.n_win - below_ref / s.n_ref));
    }
    return largest;
}

/* Integral of |F - G|^power, power 1 or 2. */
static double area(const struct sides *s, const double *positions, int power)
{
    double below_ref = 0.0, below_win = 0.0, sum = 0.0;
    for (size_t i = 0; i + 1 < s->n; i++) {
        below_ref += s->ref[i];
        below_win += s->win[i];
        double apart = fabs(below_win / s->n_win - below_ref / s->n_ref);
        sum += (power == 2 ? apart * apart : apart) * (positions[i + 1] - positions[i]);
    }
    return sum;
}

double mon_distance_wasserstein(const double *reference, const double *window,
                                const double *positions, size_t n_cells)
{
    struct sides s;
    return sides_of(reference, window, n_cells, &s) ? area(&s, positions, 1) : NAN;
}

/* From the first position and over the range: neither an offset nor a square costs digits. */
static double reference_deviation(const struct sides *s, const double *positions)
{
    double mean = 0.0, sum_sq = 0.0, range = positions[s->n - 1] - positions[0];
    if (!(range > 0.0))
        return 0.0;
    for (size_t i = 0; i < s->n; i++)
        mean += s->ref[i] / s->n_ref * ((positions[i] - positions[0]) / range);
    for (size_t i = 0; i < s->n; i++) {
        double apart = (positions[i] - positions[0]) / range - mean;
        sum_sq += s->ref[i] / s->n_ref * apart * apart;
    }
    return sqrt(sum_sq) * range;
}

double mon_distance_wasserstein_normalised(const double *reference, const double *window,
                                           const double *positions, size_t n_cells, double floor)
{
    struct sides s;
    if (!sides_of(reference, window, n_cells, &s))
        return NAN;
    double apart = area(&s, positions, 1);
    return apart > 0.0 ? apart / fmax(reference_deviation(&s, positions), floor) : 0.0;
}

double mon_distance_energy(const double *reference, const double *window, const double *positions,
                           size_t n_cells)
{
    struct sides s;
    return sides_of(reference, window, n_cells, &s) ? sqrt(2.0 * area(&s, positions, 2)) : NAN;
}
