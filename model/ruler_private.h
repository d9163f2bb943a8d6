/*
 * ruler_private.h - what a ruler is beside its public face: one grid per numeric series. Shared by
 * ruler.c, ruler_file.c, profile.c and the counting files.
 */
#ifndef MODEL_RULER_PRIVATE_H
#define MODEL_RULER_PRIVATE_H

#include <math.h>

#include "count.h"
#include "grid.h"
#include "model/profile.h"

struct ruler_private {
    struct ruler ruler; /* first, so that a struct ruler * is one of these */
    size_t n_outputs;
    size_t n_classes;   /* 0: regression */
    struct grid *grids; /* n_series; zero for series that are not numeric */
    uint16_t *groups;   /* n_cells; the series' group_of point into it */
    struct count_tables tables;
};

static inline const struct ruler_private *ruler_private(const struct ruler *r)
{
    return (const struct ruler_private *)r;
}

/* Names, kinds and categorical sizes of all series; no grids, no cells yet. */
enum err_code ruler_outline(const struct schema *s, const struct vocabulary *v,
                            struct ruler_private **out, struct err *e);

/* Gives every series its cells, from its kind and grid, allocates the groups (all 0) and makes the
 * counting tables. */
enum err_code ruler_place_cells(struct ruler_private *r, struct err *e);

/* What a profile from a file must satisfy: every series counts every row once, moments fit the
 * counts. */
enum err_code profile_check(const struct profile *p, struct err *e);

/* Cells before the special ones: a numeric series' finite cells, the categories of a categorical
 * one. */
static inline size_t series_n_plain(const struct series *s)
{
    return s->kind == SERIES_PRESENCE ? 0 : s->n_cells - 2;
}

static inline size_t category_cell(const struct series *s, double code)
{
    if (isnan(code))
        return s->missing_cell;
    return code >= 0 && code < (double)(s->n_cells - 2) ? (size_t)code : s->unseen_cell;
}

static inline size_t presence_cell(const struct series *s, double code)
{
    return isnan(code) ? s->missing_cell : 0;
}

#endif
