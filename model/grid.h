/*
 * grid.h - the cells of one numeric series, and the quick way into them. Private to model/.
 *
 * The edges are the truth (series_cell searches them). Over the bulk, the core, they are laid where
 * (x - low) * inverse steps from one whole number to the next: computed in the same double
 * arithmetic, so that the multiplication finds exactly the cell that the search finds, on every
 * IEEE machine. A point mass inside a core bin splits it; only there, and outside the core, edges
 * are compared.
 */
#ifndef MODEL_GRID_H
#define MODEL_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/profile.h"

#define GRID_MAX_EDGES 30000

struct grid {
    double *edges; /* ascending, n_edges >= 1; owned until a ruler's tables take them over */
    size_t n_edges;
    double low, high; /* the core: low <= x < high */
    double inverse;   /* bins per unit */
    size_t n_bins;    /* 0: no core, the reference held no finite value */
    uint16_t *bins;   /* owned, n_bins: the first cell of each */
    unsigned n_steps; /* the most edges inside a bin */
    size_t beyond;    /* the cell that begins at high */
    double shift;     /* the centre, for moments */
    double reach;     /* values further from the centre are taken at this distance, for moments */
};

/*
 * Lays a grid around the centre and scale of sorted[0..n-1] (finite, ascending; n may be 0). range:
 * the least and the largest value that must not be under- or overflow; it may exceed what sorted
 * holds. One wild value widens the tails, never the core: its reach is three interquartile ranges
 * from the median. Constant: one cell for the value. g is owned by the caller; free with
 * grid_deinit.
 */
enum err_code grid_lay(struct grid *g, const double *sorted, size_t n, const double range[2],
                       const struct ruler_options *o, struct err *e);

/* A grid from a file: copies the edges, checks them, and that the core's bins begin on edges. */
enum err_code grid_load(struct grid *g, const double *edges, size_t n_edges, double low,
                        double inverse, size_t n_bins, double shift, struct err *e);

void grid_deinit(struct grid *g);

/* Cell of x by the edges alone: 0..n_edges; x must not be NaN. */
size_t grid_search(const double *edges, size_t n_edges, double x);

/* Cell of x, which is finite and not in the core. */
size_t grid_tail_cell(const struct grid *g, double x);

static inline bool grid_in_core(const struct grid *g, double x)
{
    return x >= g->low && x < g->high; /* false for NaN */
}

/* Cell of x, which is in the core. */
static inline size_t grid_core_cell(const struct grid *g, double x)
{
    size_t cell = g->bins[(unsigned)((x - g->low) * g->inverse)];
    for (unsigned i = 0; i < g->n_steps; i++) /* of every bin: a branch on the value costs more */
        cell += x >= g->edges[cell];
    return cell;
}

#endif
