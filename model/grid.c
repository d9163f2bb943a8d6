/*
 * grid.c - a grid in place: its search, its core's bins, its checks. grid_lay.c decides where edges
 * go.
 */
#include "grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "grid_private.h"

/* Doubles as integers of the same order, so that halving an interval takes 64 steps at any scale.
 */
static int64_t to_ordered(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >= 0 ? bits : INT64_MIN - bits;
}

static double from_ordered(int64_t bits)
{
    double x;
    bits = bits >= 0 ? bits : INT64_MIN - bits;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The predicate is monotone in x: IEEE subtraction and multiplication never reverse an order. */
double grid_bin_start(double low, double inverse, size_t bin)
{
    if (bin == 0)
        return low;
    int64_t below = to_ordered(low), at = to_ordered(GRID_LIMIT);
    if (!((GRID_LIMIT - low) * inverse >= (double)bin))
        return INFINITY;
    while (below + 1 < at) {
        int64_t middle = (below & at) + ((below ^ at) >> 1); /* their mean, without overflow */
        if ((from_ordered(middle) - low) * inverse >= (double)bin)
            at = middle;
        else
            below = middle;
    }
    return from_ordered(at);
}

/* Without a branch on the values, which no processor could guess. */
size_t grid_search(const double *edges, size_t n_edges, double x)
{
    const double *from = edges;
    while (n_edges > 0) { /* the answer is in from..from + n_edges */
        size_t half = (n_edges + 1) / 2;
        from += half & -(size_t)(x >= from[half - 1]);
        n_edges -= half;
    }
    return (size_t)(from - edges);
}

size_t grid_tail_cell(const struct grid *g, double x)
{
    if (g->n_bins == 0)
        return grid_search(g->edges, g->n_edges, x);
    if (x < g->low)
        return grid_search(g->edges, g->bins[0], x);
    return g->beyond + grid_search(g->edges + g->beyond, g->n_edges - g->beyond, x);
}

void grid_deinit(struct grid *g)
{
    free(g->edges);
    free(g->bins);
    *g = (struct grid){0};
}

/* How far a value may pull the moments. A cumulated sum that once took in 1e30 has no digits left
 * for the windows after it; a million times the bulk's width hides no drift. The core itself is
 * always within reach. */
static double reach_of(const struct grid *g)
{
    double width = g->high - g->low, size = fmax(fabs(g->shift), 1);
    double reach = 1e6 * (g->n_bins > 1 ? width : size);
    return fmax(reach, fmax(fabs(g->low - g->shift), fabs(g->high - g->shift)));
}

/* Points every bin at its first cell. Fails where a bin does not begin on an edge. */
static enum err_code map_bins(struct grid *g, struct err *e)
{
    size_t before = 0;
    for (size_t i = 0; i <= g->n_bins; i++) {
        double start = grid_bin_start(g->low, g->inverse, i);
        size_t cell = grid_search(g->edges, g->n_edges, start);
        if (cell <= before || g->edges[cell - 1] != start)
            return err_set(e, ERR_PARSE, "core bin %zu starts at %.17g, which is no edge", i,
                           start);
        if (i > 0 && cell - before - 1 > g->n_steps)
            g->n_steps = (unsigned)(cell - before - 1);
        if (i < g->n_bins)
            g->bins[i] = (uint16_t)cell;
        g->high = start;
        g->beyond = before = cell;
    }
    return ERR_OK;
}

enum err_code grid_map(struct grid *g, struct err *e)
{
    if (g->n_bins == 0) {
        g->low = g->high = 0; /* nothing is in an empty core */
    } else {
        g->bins = malloc(g->n_bins * sizeof *g->bins);
        if (!g->bins)
            return err_set(e, ERR_NOMEM, "out of memory for a grid of %zu bins", g->n_bins);
        enum err_code code = map_bins(g, e);
        if (code)
            return code;
    }
    g->reach = reach_of(g);
    return ERR_OK;
}

static enum err_code check_edges(const double *edges, size_t n, struct err *e)
{
    if (n == 0 || n > GRID_MAX_EDGES)
        return err_set(e, ERR_PARSE, "expected 1 to %d edges, got %zu", GRID_MAX_EDGES, n);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(edges[i]) || (i > 0 && !(edges[i - 1] < edges[i])))
            return err_set(e, ERR_PARSE, "edge %zu is %.17g, expected finite and ascending", i,
                           edges[i]);
    return ERR_OK;
}

enum err_code grid_load(struct grid *g, const double *edges, size_t n_edges, double low,
                        double inverse, size_t n_bins, double shift, struct err *e)
{
    enum err_code code = check_edges(edges, n_edges, e);
    if (code)
        return code;
    if (!(fabs(low) <= GRID_LIMIT) || !(inverse > 0) || !isfinite(inverse) || !isfinite(shift) ||
        n_bins >= n_edges)
        return err_set(e, ERR_PARSE, "core from %g, %g bins per unit, %zu bins, centre %g", low,
                       inverse, n_bins, shift);
    *g = (struct grid){
        .n_edges = n_edges, .low = low, .inverse = inverse, .n_bins = n_bins, .shift = shift};
    g->edges = malloc(n_edges * sizeof *edges);
    if (!g->edges)
        return err_set(e, ERR_NOMEM, "out of memory for %zu edges", n_edges);
    memcpy(g->edges, edges, n_edges * sizeof *edges);
    code = grid_map(g, e);
    if (code)
        grid_deinit(g);
    return code;
}
