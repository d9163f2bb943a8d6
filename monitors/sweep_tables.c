/*
 * sweep_tables.c - a reference prepared for sweeps.
 */
#include "sweep_tables.h"

#include <stdlib.h>

#include "cells.h"
#include "statistic.h"

static void count_room(struct sweep *s)
{
    for (size_t i = 0; i < s->ruler->n_series; i++) {
        size_t n_groups = s->ruler->series[i].n_groups;
        s->n_groups += n_groups;
        s->most_groups = n_groups > s->most_groups ? n_groups : s->most_groups;
    }
    s->most_cells = cells_largest(s->ruler);
}

static enum err_code allocate(struct sweep *s, struct err *e)
{
    size_t n_cells = s->ruler->n_cells;
    s->series = calloc(s->ruler->n_series, sizeof *s->series);
    s->groups = calloc(s->n_groups, sizeof *s->groups);
    s->cumulated = calloc(n_cells, sizeof *s->cumulated);
    s->widths = calloc(n_cells, sizeof *s->widths);
    s->below = calloc(s->most_cells, sizeof *s->below);
    s->group_rows = calloc(3 * (s->most_groups + 1), sizeof *s->group_rows);
    if (s->series == NULL || s->groups == NULL || s->cumulated == NULL || s->widths == NULL ||
        s->below == NULL || s->group_rows == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a sweep over %zu cells", n_cells);
    s->pooled_reference = s->group_rows + s->most_groups + 1;
    s->pooled_window = s->pooled_reference + s->most_groups + 1;
    return ERR_OK;
}

/* The cell joins its group's range where it follows it; false where it does not. */
static bool join(struct sweep_group *g, uint32_t cell)
{
    if (!g->has_inside)
        g->from = cell;
    else if (g->to != cell)
        return false;
    g->to = cell + 1;
    return true;
}

static void fill_groups(struct sweep *s, struct sweep_series *t, const uint64_t *counts)
{
    struct sweep_group *groups = s->groups + t->first_group;
    t->groups_are_ranges = t->n_finite > 0;
    for (size_t g = 0; g < t->n_groups; g++)
        groups[g].from = groups[g].to = 1;
    for (size_t c = 0; c < t->n_cells; c++) {
        struct sweep_group *g = &groups[t->group_of[c]];
        g->rows += (double)counts[c];
        if (sweep_is_outside(t, c)) {
            t->outside_reference += (double)counts[c];
            continue;
        }
        t->groups_are_ranges &= join(g, (uint32_t)c);
        g->inside += (double)counts[c];
        g->has_inside = true;
    }
}

static void fill_cells(struct sweep *s, struct sweep_series *t, const uint64_t *counts)
{
    double *cumulated = s->cumulated + t->first_cell;
    uint64_t sum = 0;
    for (size_t c = 0; c < t->n_cells; c++) {
        sum += counts[c];
        cumulated[c] = (double)sum;
    }
    t->n_reference = cumulated[t->n_cells - 1];
    t->n_finite_reference = t->n_finite > 0 ? cumulated[t->n_finite - 1] : 0.0;
}

/* below is lent as room for the counts. */
static void fill_widths(struct sweep *s, struct sweep_series *t, const struct series *series,
                        const uint64_t *counts)
{
    for (size_t c = 0; c < t->n_cells; c++)
        s->below[c] = (double)counts[c];
    t->has_unit = t->n_finite_reference > 0.0 &&
                  statistic_widths(MON_WASSERSTEIN, series, s->below, s->widths + t->first_cell);
}

static void fill(struct sweep *s, const struct profile *reference)
{
    size_t first_group = 0;
    for (size_t i = 0; i < s->ruler->n_series; i++) {
        const struct series *from = &s->ruler->series[i];
        const uint64_t *counts = reference->counts + from->first_cell;
        struct sweep_series *t = &s->series[i];
        *t = (struct sweep_series){.first_cell = from->first_cell,
                                   .n_cells = from->n_cells,
                                   .n_finite = from->kind == SERIES_NUMERIC ? from->n_edges + 1 : 0,
                                   .group_of = from->group_of,
                                   .first_group = first_group,
                                   .n_groups = from->n_groups};
        fill_cells(s, t, counts);
        fill_groups(s, t, counts);
        fill_widths(s, t, from, counts);
        first_group += t->n_groups;
    }
}

enum err_code sweep_new(const struct profile *reference, unsigned wanted, struct sweep **out,
                        struct err *e)
{
    struct sweep *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a sweep");
    s->ruler = reference->ruler;
    s->path = sweep_best_path();
    s->wanted = wanted;
    count_room(s);
    enum err_code code = allocate(s, e);
    if (code != ERR_OK) {
        sweep_free(s);
        return code;
    }
    fill(s, reference);
    *out = s;
    return ERR_OK;
}

void sweep_free(struct sweep *s)
{
    if (s == NULL)
        return;
    free(s->series);
    free(s->groups);
    free(s->cumulated);
    free(s->widths);
    free(s->below);
    free(s->group_rows);
    free(s);
}
