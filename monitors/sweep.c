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

static double inverse_sum(double reference, double window)
{
    return 1.0 / reference + 1.0 / window;
}

static bool wants(const struct sweep *s, enum mon_statistic statistic)
{
    return (s->wanted & 1u << statistic) != 0;
}

static bool wants_groups(const struct sweep *s)
{
    return wants(s, MON_PSI) || wants(s, MON_JS) || wants(s, MON_HELLINGER);
}

static void measure_cells(const struct sweep *s, const struct sweep_series *t,
                          struct sweep_measures *out)
{
    const struct sweep_below b = {.reference = s->cumulated + t->first_cell,
                                  .window = s->below,
                                  .n = t->n_cells - 1, /* at the last one's end both are 1 */
                                  .n_reference = t->n_reference,
                                  .n_window = s->below[t->n_cells - 1]};
    double h = inverse_sum(b.n_reference, b.n_window);
    if (wants(s, MON_KS))
        out->of[MON_KS] = (struct sweep_value){s->path->ks(&b), h};
    if (wants(s, MON_CRAMER_VON_MISES))
        out->of[MON_CRAMER_VON_MISES] = (struct sweep_value){s->path->cramer_von_mises(&b), h};
}

static void measure_finite(const struct sweep *s, const struct sweep_series *t,
                           struct sweep_measures *out)
{
    if (!wants(s, MON_WASSERSTEIN) || !t->has_unit || !(s->below[t->n_finite - 1] > 0.0))
        return;
    const struct sweep_below b = {.reference = s->cumulated + t->first_cell,
                                  .window = s->below,
                                  .n = t->n_finite,
                                  .n_reference = t->n_finite_reference,
                                  .n_window = s->below[t->n_finite - 1]};
    out->of[MON_WASSERSTEIN] =
        (struct sweep_value){s->path->wasserstein(&b, s->widths + t->first_cell),
                             inverse_sum(b.n_reference, b.n_window)};
}

static void measure_groups(struct sweep *s, const struct sweep_series *t, const uint64_t *counts,
                           double window_rows, struct sweep_measures *out)
{
    sum_groups(s, t, counts);
    const struct sweep_pair pair = {.reference = s->pooled_reference,
                                    .window = s->pooled_window,
                                    .n = pool(s, t, window_rows / t->n_reference),
                                    .n_reference = t->n_reference,
                                    .n_window = s->below[t->n_cells - 1]};
    double h = inverse_sum(pair.n_reference, pair.n_window);
    out->n_groups = pair.n;
    if (wants(s, MON_PSI))
        out->of[MON_PSI] = (struct sweep_value){s->path->psi(&pair), h};
    if (wants(s, MON_JS))
        out->of[MON_JS] = (struct sweep_value){s->path->js(&pair), h};
    if (wants(s, MON_HELLINGER))
        out->of[MON_HELLINGER] = (struct sweep_value){s->path->hellinger(&pair), h};
}

void sweep_measure(struct sweep *s, size_t series, const struct profile *window,
                   struct sweep_measures *out)
{
    const struct sweep_series *t = &s->series[series];
    const uint64_t *counts = window->counts + t->first_cell;
    out->n_groups = 0;
    for (int i = 0; i < MON_N_STATISTICS; i++)
        out->of[i] = (struct sweep_value){NAN, NAN};
    s->path->cumulate(counts, t->n_cells, s->below);
    if (!(t->n_reference > 0.0) || !(s->below[t->n_cells - 1] > 0.0))
        return;
    measure_cells(s, t, out);
    measure_finite(s, t, out);
    if (wants_groups(s))
        measure_groups(s, t, counts, (double)window->n_rows, out);
}
