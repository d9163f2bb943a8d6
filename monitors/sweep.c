/*
 * sweep.c - a window against the reference's tables: totals, groups, pooling, series by series.
 * sweep_tables.c makes the tables, sweep_scalar.c and sweep_avx512.c are the inner loops.
 */
#include "sweep.h"

#include <math.h>
#include <string.h>

#include "cells.h"
#include "sweep_path.h"
#include "sweep_tables.h"

const struct sweep_path *sweep_best_path(void)
{
#ifdef __x86_64__
    if (sweep_avx512.supported())
        return &sweep_avx512;
#endif
    return &sweep_scalar;
}

void sweep_set_path(struct sweep *s, const struct sweep_path *path)
{
    s->path = path;
}

/* As layout_groups of cells.c. */
static bool has_own_cell(const struct sweep_group *g, double window_share)
{
    return g->has_inside && g->rows * window_share >= CELLS_MIN_EXPECTED;
}

/* The window's rows of each group, without those outside the reference's range. */
static void sum_groups(struct sweep *s, const struct sweep_series *t, const uint64_t *counts)
{
    const struct sweep_group *groups = s->groups + t->first_group;
    if (t->groups_are_ranges) {
        for (size_t g = 0; g < t->n_groups; g++)
            s->group_rows[g] = s->below[groups[g].to - 1] - s->below[groups[g].from - 1];
        return;
    }
    memset(s->group_rows, 0, t->n_groups * sizeof *s->group_rows);
    for (size_t c = 0; c < t->n_cells; c++)
        if (!sweep_is_outside(t, c))
            s->group_rows[t->group_of[c]] += (double)counts[c];
}

static double outside_rows(const struct sweep *s, const struct sweep_series *t)
{
    if (t->n_finite == 0)
        return 0.0;
    return s->below[0] + s->below[t->n_finite - 1] - s->below[t->n_finite - 2];
}

/* Frequent groups in order, then one cell of the rare ones and of all outside the range. */
static size_t pool(struct sweep *s, const struct sweep_series *t, double window_share)
{
    const struct sweep_group *groups = s->groups + t->first_group;
    double rest_reference = t->outside_reference, rest_window = outside_rows(s, t);
    bool any_rest = t->n_finite > 0;
    size_t n = 0;
    for (size_t g = 0; g < t->n_groups; g++) {
        if (has_own_cell(&groups[g], window_share)) {
            s->pooled_reference[n] = groups[g].inside;
            s->pooled_window[n++] = s->group_rows[g];
        } else {
            rest_reference += groups[g].inside;
            rest_window += s->group_rows[g];
            any_rest |= groups[g].has_inside;
        }
    }
    s->pooled_reference[n] = rest_reference;
    s->pooled_window[n] = rest_window;
    return n + any_rest;
}

size_t sweep_n_cells(const struct sweep *s, size_t series, double window_rows)
{
    const struct sweep_series *t = &s->series[series];
    size_t n = 0;
    bool any_rest = t->n_finite > 0;
    if (!(t->n_reference > 0.0))
        return t->n_cells;
    for (size_t g = 0; g < t->n_groups; g++) {
        bool own = has_own_cell(&s->groups[t->first_group + g], window_rows / t->n_reference);
        n += own;
        any_rest |= !own && s->groups[t->first_group + g].has_inside;
    }
    return n + any_rest;
}

static void measure_cells(struct sweep *s, const struct sweep_series *t, double *ks, double *area)
{
    struct sweep_totals totals = {.reference = t->n_reference,
                                  .window = s->below[t->n_cells - 1],
                                  .finite_reference = t->n_finite_reference};
    if (t->n_finite > 0)
        totals.finite_window = s->below[t->n_finite - 1];
    bool measured = t->has_unit && totals.finite_window > 0.0;
    *area = NAN;
    s->path->compare(s->cumulated + t->first_cell, s->below,
                     measured ? s->widths + t->first_cell : NULL, t->n_cells - 1, &totals, ks,
                     area); /* at the last cell's end both are 1 */
}

static void measure_groups(struct sweep *s, const struct sweep_series *t, const uint64_t *counts,
                           double window_rows, double *psi, double *js)
{
    sum_groups(s, t, counts);
    struct sweep_pair pair = {.reference = s->pooled_reference,
                              .window = s->pooled_window,
                              .n = pool(s, t, window_rows / t->n_reference),
                              .n_reference = t->n_reference,
                              .n_window = s->below[t->n_cells - 1]};
    s->path->diverge(&pair, psi, js);
}

static void measure(struct sweep *s, const struct sweep_series *t, const struct profile *window,
                    double value[N_SWEEP_STATISTICS])
{
    const uint64_t *counts = window->counts + t->first_cell;
    s->path->cumulate(counts, t->n_cells, s->below);
    if (!(t->n_reference > 0.0) || !(s->below[t->n_cells - 1] > 0.0)) {
        for (int i = 0; i < N_SWEEP_STATISTICS; i++)
            value[i] = NAN;
        return;
    }
    measure_cells(s, t, &value[SWEEP_KS], &value[SWEEP_WASSERSTEIN]);
    measure_groups(s, t, counts, (double)window->n_rows, &value[SWEEP_PSI], &value[SWEEP_JS]);
}

static uint8_t beyond_mask(const double value[N_SWEEP_STATISTICS],
                           const struct sweep_thresholds *thresholds, size_t series)
{
    uint8_t mask = 0;
    for (int i = 0; i < N_SWEEP_STATISTICS; i++)
        if (thresholds->of[i] != NULL && value[i] >= thresholds->of[i][series])
            mask |= (uint8_t)(1u << i);
    return mask;
}

size_t sweep_run(struct sweep *s, const struct profile *window,
                 const struct sweep_thresholds *thresholds, const struct sweep_values *values,
                 uint8_t *beyond)
{
    size_t n_beyond = 0;
    for (size_t i = 0; i < s->ruler->n_series; i++) {
        double value[N_SWEEP_STATISTICS];
        measure(s, &s->series[i], window, value);
        for (int k = 0; k < N_SWEEP_STATISTICS; k++)
            if (values->of[k] != NULL)
                values->of[k][i] = value[k];
        if (thresholds == NULL)
            continue;
        beyond[i] = beyond_mask(value, thresholds, i);
        n_beyond += beyond[i] != 0;
    }
    return n_beyond;
}
