/*
 * cells.c - pooling the ruler's cells into those a statistic is taken over.
 */
#include "cells.h"

#include <stdlib.h>
#include <string.h>

#include "statistic.h"

size_t cells_largest(const struct ruler *r)
{
    size_t largest = 1;
    for (size_t i = 0; i < r->n_series; i++)
        if (r->series[i].n_cells > largest)
            largest = r->series[i].n_cells;
    return largest;
}

static size_t groups_largest(const struct ruler *r)
{
    size_t largest = 1;
    for (size_t i = 0; i < r->n_series; i++)
        for (size_t c = 0; c < r->series[i].n_cells; c++)
            if (r->series[i].group_of[c] + 1u > largest)
                largest = r->series[i].group_of[c] + 1u;
    return largest;
}

enum err_code cells_init(struct cells *c, const struct ruler *r, struct err *e)
{
    size_t n_groups = groups_largest(r);
    memset(c, 0, sizeof *c);
    c->map = calloc(cells_largest(r), sizeof *c->map);
    c->counts = calloc(cells_largest(r), sizeof *c->counts);
    c->group_rows = calloc(n_groups, sizeof *c->group_rows);
    c->group_index = calloc(n_groups, sizeof *c->group_index);
    if (c->map != NULL && c->counts != NULL && c->group_rows != NULL && c->group_index != NULL)
        return ERR_OK;
    cells_deinit(c);
    return err_set(e, ERR_NOMEM, "out of memory for %zu groups", n_groups);
}

void cells_deinit(struct cells *c)
{
    free(c->map);
    free(c->counts);
    free(c->group_rows);
    free(c->group_index);
    memset(c, 0, sizeof *c);
}

static void layout_identity(struct cells *c, const struct series *s)
{
    c->n = c->n_from = s->n_cells;
    for (size_t i = 0; i < s->n_cells; i++)
        c->map[i] = (uint32_t)i;
}

static void count_groups(struct cells *c, const struct series *s, const double *reference)
{
    for (size_t i = 0; i < s->n_cells; i++) {
        c->group_rows[s->group_of[i]] = 0.0;
        c->group_index[s->group_of[i]] = UINT32_MAX;
    }
    for (size_t i = 0; i < s->n_cells; i++)
        c->group_rows[s->group_of[i]] += reference[i];
}

/* Outside the reference's range. The ruler has these in its first and last decile, where a constant
 * that moved would not be seen. */
static bool outside_range(const struct series *s, size_t cell)
{
    return s->kind == SERIES_NUMERIC && (cell == 0 || cell == s->n_edges);
}

/* Frequent groups are numbered in order of appearance; all others share the last cell. */
static void layout_groups(struct cells *c, const struct series *s, const double *reference,
                          double window_share)
{
    uint32_t n = 0;
    count_groups(c, s, reference);
    for (size_t i = 0; i < s->n_cells; i++) {
        uint16_t group = s->group_of[i];
        bool frequent = c->group_rows[group] * window_share >= CELLS_MIN_EXPECTED;
        if (frequent && !outside_range(s, i) && c->group_index[group] == UINT32_MAX)
            c->group_index[group] = n++;
    }
    bool any_rare = false;
    for (size_t i = 0; i < s->n_cells; i++) {
        uint32_t index = outside_range(s, i) ? UINT32_MAX : c->group_index[s->group_of[i]];
        any_rare |= index == UINT32_MAX;
        c->map[i] = index == UINT32_MAX ? n : index;
    }
    c->n = n + (any_rare ? 1 : 0);
    c->n_from = s->n_cells;
}

void cells_layout_expected(struct cells *c, const struct series *s, const double *reference,
                           enum mon_statistic statistic, double window_rows)
{
    double n_reference = 0.0;
    for (size_t i = 0; i < s->n_cells; i++)
        n_reference += reference[i];
    if (!statistic_of_groups(statistic) || !(n_reference > 0.0))
        layout_identity(c, s);
    else
        layout_groups(c, s, reference, window_rows / n_reference);
}

void cells_layout(struct cells *c, const struct series *s, const uint64_t *reference,
                  enum mon_statistic statistic, double window_rows)
{
    for (size_t i = 0; i < s->n_cells; i++)
        c->counts[i] = (double)reference[i];
    cells_layout_expected(c, s, c->counts, statistic, window_rows);
}

void cells_sum(const struct cells *c, const uint64_t *counts, double *out)
{
    memset(out, 0, c->n * sizeof *out);
    for (size_t i = 0; i < c->n_from; i++)
        out[c->map[i]] += (double)counts[i];
}

void cells_sum_expected(const struct cells *c, const double *counts, double *out)
{
    memset(out, 0, c->n * sizeof *out);
    for (size_t i = 0; i < c->n_from; i++)
        out[c->map[i]] += counts[i];
}
