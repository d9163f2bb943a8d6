/*
 * count_tiles.c - a ruler as the counting paths read it: its series in tiles of eight lanes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ruler_private.h"

/* Entries that a series has in the table of bins: only where bins have steps. */
static size_t n_entries(const struct ruler_private *r, size_t series)
{
    const struct grid *g = &r->grids[series]; /* all 0 where not numeric */
    return g->n_steps > 0 ? g->n_bins + 1 : 0;
}

/* As grid_tail_cell searches. */
static void fill_tails(struct count_tile *t, unsigned lane, const struct series *s,
                       const struct grid *g)
{
    uint32_t first = (uint32_t)s->first_cell, n_edges = (uint32_t)g->n_edges;
    t->other[lane] = first + (uint32_t)s->infinite_cell;
    t->below[lane] = first;
    t->n_below[lane] = g->n_bins ? g->bins[0] : n_edges;
    t->above[lane] = g->n_bins ? first + (uint32_t)g->beyond : first;
    t->n_above[lane] = g->n_bins ? n_edges - (uint32_t)g->beyond : n_edges;
}

static void fill_lane(struct count_tile *t, unsigned lane, const struct ruler_private *r)
{
    size_t series = t->first_series + lane;
    const struct series *s = &r->ruler.series[series];
    const struct grid *g = &r->grids[series];
    t->missing[lane] = (uint32_t)(s->first_cell + s->missing_cell);
    if (s->kind != SERIES_NUMERIC) { /* codes: bins of width 1 */
        t->high[lane] = (double)series_n_plain(s);
        t->inverse[lane] = 1;
        t->other[lane] =
            (uint32_t)(s->first_cell + (s->kind == SERIES_CATEGORICAL ? s->unseen_cell : 0));
        t->below[lane] = t->above[lane] = t->other[lane]; /* and nothing to search */
        return;
    }
    fill_tails(t, lane, s, g);
    t->numeric |= 1u << lane;
    t->low[lane] = g->low;
    t->high[lane] = g->high;
    t->inverse[lane] = g->inverse;
    t->shift[lane] = g->shift;
    t->reach[lane] = g->reach;
    t->n_steps = g->n_steps > t->n_steps ? g->n_steps : t->n_steps;
    t->stepped |= (g->n_steps > 0 ? 1u : 0u) << lane;
}

/* Without steps every bin is one cell, and they follow each other. */
static void point_lane(struct count_tile *t, unsigned lane, const struct ruler_private *r,
                       size_t bins_at)
{
    size_t series = t->first_series + lane;
    const struct grid *g = &r->grids[series];
    if (g->n_steps > 0) {
        t->first[lane] = (uint32_t)bins_at;
        t->elsewhere[lane] = (uint32_t)(bins_at + g->n_bins);
    } else {
        t->first[lane] =
            (uint32_t)r->ruler.series[series].first_cell + (g->n_bins ? g->bins[0] : 0u);
        t->elsewhere[lane] = t->missing[lane];
    }
}

/* Columns from..to-1 are of one table. */
static void add_tiles(struct ruler_private *r, size_t from, size_t to, const size_t *bins_at)
{
    for (; from < to; from += TILE_LANES) {
        struct count_tile *t = &r->tables.tiles[r->tables.n_tiles++];
        *t = (struct count_tile){.first_series = from};
        t->n_lanes = (unsigned)(to - from < TILE_LANES ? to - from : TILE_LANES);
        for (unsigned lane = 0; lane < t->n_lanes; lane++) {
            fill_lane(t, lane, r);
            point_lane(t, lane, r, bins_at[from + lane]);
        }
    }
}

/* The tables take the grid's edges over: a ruler has thousands of grids. */
static void move_edges(struct count_tables *t, struct series *s, struct grid *g)
{
    double *edges = t->edges + s->first_cell;
    memcpy(edges, g->edges, g->n_edges * sizeof *edges);
    free(g->edges);
    s->edges = g->edges = edges;
}

static void fill_bins(struct ruler_private *r, size_t series, uint32_t *bins)
{
    const struct series *s = &r->ruler.series[series];
    const struct grid *g = &r->grids[series];
    if (n_entries(r, series) == 0)
        return;
    for (size_t i = 0; i < g->n_bins; i++)
        bins[i] = (uint32_t)(s->first_cell + g->bins[i]);
    bins[g->n_bins] = (uint32_t)(s->first_cell + s->missing_cell);
}

static enum err_code allocate(struct count_tables *t, size_t n_tiles, size_t n_bins, size_t n_cells,
                              struct err *e)
{
    t->tiles = aligned_alloc(64, (n_tiles * sizeof *t->tiles + 63) / 64 * 64);
    t->bins = malloc((n_bins + 1) * sizeof *t->bins);
    t->edges = malloc(n_cells * sizeof *t->edges);
    if (!t->tiles || !t->bins || !t->edges) {
        count_tables_deinit(t); /* the grids keep their edges */
        return err_set(e, ERR_NOMEM, "out of memory for a ruler of %zu cells", n_cells);
    }
    for (size_t i = 0; i < n_cells; i++)
        t->edges[i] = NAN;
    return ERR_OK;
}

enum err_code count_tables_init(struct ruler_private *r, struct err *e)
{
    size_t n = r->ruler.n_series, n_bins = 0, features = r->ruler.n_features;
    size_t *bins_at = malloc(n * sizeof *bins_at);
    if (!bins_at)
        return err_set(e, ERR_NOMEM, "out of memory for a ruler of %zu series", n);
    for (size_t i = 0; i < n; i++) {
        bins_at[i] = n_bins;
        n_bins += n_entries(r, i);
    }
    enum err_code code = allocate(&r->tables, n / TILE_LANES + 3, n_bins, r->ruler.n_cells, e);
    if (!code) {
        for (size_t i = 0; i < n; i++) {
            fill_bins(r, i, r->tables.bins + bins_at[i]);
            if (r->ruler.series[i].kind == SERIES_NUMERIC)
                move_edges(&r->tables, &r->ruler.series[i], &r->grids[i]);
        }
        add_tiles(r, 0, features, bins_at);
        add_tiles(r, features, features + r->n_outputs, bins_at);
        add_tiles(r, features + r->n_outputs, n, bins_at);
    }
    free(bins_at);
    return code;
}

void count_tables_deinit(struct count_tables *t)
{
    free(t->tiles);
    free(t->bins);
    free(t->edges);
    *t = (struct count_tables){0};
}
