/*
 * statistic.c - values, weights and rules of the drift statistics.
 */
#include "statistic.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "monitors/distance.h"

/* of the reference, clipped at either end: one value of 1e6 among 1,000 rows would be the distance
 */
#define WASSERSTEIN_CLIP 0.005

const char *mon_statistic_name(enum mon_statistic s)
{
    switch (s) {
#define X(symbol, text)                                                                            \
    case symbol:                                                                                   \
        return text;
        MON_STATISTIC_LIST(X)
#undef X
    }
    return "?";
}

bool mon_statistic_from_name(const char *name, enum mon_statistic *out)
{
#define X(symbol, text)                                                                            \
    if (strcmp(name, text) == 0) {                                                                 \
        *out = symbol;                                                                             \
        return true;                                                                               \
    }
    MON_STATISTIC_LIST(X)
#undef X
    return false;
}

/* What can be said in a table. min_effect: the excess below which evidence alone does not count;
 * all about what a shift of 0.1 to 0.15 standard deviations of a normal feature has. */
static const struct {
    bool groups, square;
    double min_effect;
    const char *rule;
} rules[] = {
    [MON_PSI] = {true, true, 0.02, "half a row added to each"},
    [MON_KS] = {false, false, 0.03, "largest distance of the cumulated shares"},
    [MON_JS] = {true, false, 0.03, "root of the divergence in bits"},
    [MON_HELLINGER] = {true, false, 0.025, "half a row added to each"},
    [MON_CRAMER_VON_MISES] = {false, true, 0.0005, "mean squared distance of the cumulated shares"},
    [MON_WASSERSTEIN] = {false, false, 0.05,
                         "reference's sd, both clipped at its 0.5 % and 99.5 % quantiles"},
};

bool statistic_of_groups(enum mon_statistic s)
{
    return rules[s].groups;
}

bool statistic_is_square(enum mon_statistic s)
{
    return rules[s].square;
}

double statistic_min_effect(enum mon_statistic s)
{
    return rules[s].min_effect;
}

void statistic_rule(enum mon_statistic s, const struct series *series, size_t n_cells, char *out,
                    size_t size)
{
    if (rules[s].groups)
        snprintf(out, size,
                 "%zu groups: the reference's %s, those with < %.0f rows expected pooled; %s",
                 n_cells, series->kind == SERIES_NUMERIC ? "deciles" : "categories",
                 CELLS_MIN_EXPECTED, rules[s].rule);
    else
        snprintf(out, size, "%zu cells of the reference's grid; %s", n_cells, rules[s].rule);
}

/* Cells that hold finite numbers. */
static size_t n_finite_cells(const struct series *s)
{
    return s->n_edges + 1;
}

static double sum_of(const double *counts, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += counts[i];
    return sum;
}

double statistic_rows(enum mon_statistic s, const struct series *series, const double *counts,
                      size_t n_cells)
{
    bool finite = s == MON_WASSERSTEIN && series->kind == SERIES_NUMERIC;
    return sum_of(counts, finite ? n_finite_cells(series) : n_cells);
}

/* Underflow lies at the first edge, overflow at the last. */
static double middle_of(const struct series *s, size_t cell)
{
    if (cell == 0)
        return s->edges[0];
    if (cell >= s->n_edges)
        return s->edges[s->n_edges - 1];
    return s->edges[cell - 1] + 0.5 * (s->edges[cell] - s->edges[cell - 1]);
}

/* Widths between the clipping quantiles; returns the variance of the reference clipped so. */
static double clipped_widths(const struct series *s, const double *reference, double *out)
{
    size_t n = n_finite_cells(s);
    double rows = sum_of(reference, n), below = 0.0, sum = 0.0, square = 0.0, at = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += at * reference[i];
        square += at * at * reference[i];
        below += reference[i] / rows;
        bool inside = i + 1 < n && below >= WASSERSTEIN_CLIP && below <= 1.0 - WASSERSTEIN_CLIP;
        out[i] = inside ? middle_of(s, i + 1) - middle_of(s, i) : 0.0;
        at += out[i];
    }
    return square / rows - sum / rows * (sum / rows);
}

bool statistic_widths(enum mon_statistic s, const struct series *series, const double *reference,
                      double *out)
{
    for (size_t i = 0; i < series->n_cells; i++)
        out[i] = 1.0;
    if (s != MON_WASSERSTEIN)
        return true;
    if (series->kind != SERIES_NUMERIC || series->n_edges == 0)
        return false;
    memset(out, 0, series->n_cells * sizeof *out);
    double variance = clipped_widths(series, reference, out);
    if (!(variance > 0.0) || !isfinite(variance))
        return false;
    for (size_t i = 0; i < series->n_cells; i++)
        out[i] /= sqrt(variance);
    return true;
}

/* Smoothed as PSI is: a group of two expected rows that is empty by chance would else weigh as much
 * as a real change. */
static double hellinger(const double *reference, const double *window, size_t n)
{
    double n_ref = sum_of(reference, n) + 0.5 * (double)n, sum = 0.0;
    double n_win = sum_of(window, n) + 0.5 * (double)n;
    for (size_t i = 0; i < n; i++) {
        double p = (window[i] + 0.5) / n_win, q = (reference[i] + 0.5) / n_ref;
        double difference = sqrt(p) - sqrt(q);
        sum += difference * difference;
    }
    return sqrt(0.5 * sum);
}

/* Integral of (F - G)^2 dF, F the reference's. */
static double cramer_von_mises(const double *reference, const double *window, size_t n)
{
    double n_ref = sum_of(reference, n), n_win = sum_of(window, n), below = 0.0, sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        below += window[i] / n_win - reference[i] / n_ref;
        sum += below * below * reference[i] / n_ref;
    }
    return sum;
}

static double wasserstein(const struct series *s, const double *reference, const double *window,
                          const double *widths)
{
    size_t n = n_finite_cells(s);
    double n_ref = sum_of(reference, n), n_win = sum_of(window, n), below = 0.0, sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        below += window[i] / n_win - reference[i] / n_ref;
        sum += fabs(below) * widths[i];
    }
    return sum;
}

double statistic_value(enum mon_statistic s, const struct series *series, const double *reference,
                       const double *window, const double *widths, size_t n_cells)
{
    if (!(statistic_rows(s, series, reference, n_cells) > 0.0) ||
        !(statistic_rows(s, series, window, n_cells) > 0.0))
        return NAN;
    switch (s) {
    case MON_PSI:
        return mon_distance_psi(reference, window, n_cells);
    case MON_KS:
        return mon_distance_ks(reference, window, n_cells);
    case MON_JS:
        return mon_distance_js(reference, window, n_cells);
    case MON_HELLINGER:
        return hellinger(reference, window, n_cells);
    case MON_CRAMER_VON_MISES:
        return cramer_von_mises(reference, window, n_cells);
    case MON_WASSERSTEIN:
        return wasserstein(series, reference, window, widths);
    }
    return NAN;
}

/* Everything at one end. */
static double wasserstein_reach(const struct series *s, const double *reference,
                                const double *widths)
{
    size_t n = n_finite_cells(s);
    double rows = sum_of(reference, n), below = 0.0, up = 0.0, down = 0.0;
    for (size_t i = 0; i < n; i++) {
        below += reference[i] / rows;
        up += widths[i] * below;
        down += widths[i] * (1.0 - below);
    }
    return fmax(up, down);
}

/* The index is two divergences, each at most the logarithm of what the smallest share goes into: of
 * N rows in k cells, half a row of N + k/2. For a window as long as the reference; shorter ones
 * reach less. */
static double psi_reach(const double *reference, size_t n_cells)
{
    double rows = 0.0;
    for (size_t i = 0; i < n_cells; i++)
        rows += reference[i];
    return 2.0 * log(2.0 * rows + (double)n_cells);
}

double statistic_reach(enum mon_statistic s, const struct series *series, const double *reference,
                       const double *widths, size_t n_cells)
{
    switch (s) {
    case MON_PSI:
        return psi_reach(reference, n_cells);
    case MON_KS:
    case MON_JS:
    case MON_HELLINGER:
        return 1.0;
    case MON_CRAMER_VON_MISES:
        return 1.0 / 3.0; /* integral of u^2; more where few values hold all, and then never near */
    case MON_WASSERSTEIN:
        return wasserstein_reach(series, reference, widths);
    }
    return INFINITY;
}
