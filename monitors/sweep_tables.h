/*
 * sweep_tables.h - private: what a sweep keeps of its reference.
 */
#ifndef MONITORS_SRC_SWEEP_TABLES_H
#define MONITORS_SRC_SWEEP_TABLES_H

#include <stdbool.h>

#include "sweep.h"
#include "sweep_path.h"

/* One of the ruler's groups. Outside: the underflow and overflow cells of a numeric series. */
struct sweep_group {
    double rows;       /* of the reference, in all its cells */
    double inside;     /* in those that are not outside */
    uint32_t from, to; /* the cells inside, where they are a range; from >= 1; none: from == to */
    bool has_inside;
};

struct sweep_series {
    size_t first_cell, n_cells;
    size_t n_finite; /* cells of finite values; 0: not numeric */
    const uint16_t *group_of;
    size_t first_group, n_groups;
    bool groups_are_ranges;
    bool has_unit; /* Wasserstein's */
    double n_reference, n_finite_reference, outside_reference;
};

struct sweep {
    const struct ruler *ruler; /* borrowed */
    const struct sweep_path *path;
    unsigned wanted; /* bits of statistics */
    struct sweep_series *series;
    size_t n_groups; /* of all series */
    struct sweep_group *groups;
    double *cumulated, *widths; /* ruler->n_cells, as the counts of a profile */
    size_t most_cells, most_groups;
    /* of the series at hand */
    double *below;                            /* most_cells: the window's cumulated counts */
    double *group_rows;                       /* most_groups */
    double *pooled_reference, *pooled_window; /* most_groups + 1 */
};

static inline bool sweep_is_outside(const struct sweep_series *t, size_t cell)
{
    return t->n_finite > 0 && (cell == 0 || cell + 1 == t->n_finite);
}

#endif
