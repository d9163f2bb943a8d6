/*
 * ruler_file.c - a ruler as tensors and back: "ruler/edges" (all series' edges one after the
 * other), "ruler/sizes" (n_series x [edges, core bins]), "ruler/core" (n_series x [low, bins per
 * unit, centre]), "ruler/groups" (one per cell). Names, kinds and categories follow from schema and
 * vocabulary.
 */
#include <stdlib.h>
#include <string.h>

#include "ruler_private.h"

enum { SIZE_EDGES, SIZE_BINS, N_SIZES };
enum { CORE_LOW, CORE_INVERSE, CORE_SHIFT, N_CORE };

static size_t count_edges(const struct ruler *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_series; i++)
        n += r->series[i].n_edges;
    return n;
}

static void fill(const struct ruler_private *r, double *edges, double *core, uint32_t *sizes)
{
    for (size_t i = 0; i < r->ruler.n_series; i++) {
        const struct grid *g = &r->grids[i];
        if (g->n_edges)
            memcpy(edges, g->edges, g->n_edges * sizeof *edges);
        edges += g->n_edges;
        core[i * N_CORE + CORE_LOW] = g->low;
        core[i * N_CORE + CORE_INVERSE] = g->inverse;
        core[i * N_CORE + CORE_SHIFT] = g->shift;
        sizes[i * N_SIZES + SIZE_EDGES] = (uint32_t)g->n_edges;
        sizes[i * N_SIZES + SIZE_BINS] = (uint32_t)g->n_bins;
    }
}

enum err_code ruler_to_st(const struct ruler *r, struct st_writer *w, void **keep, struct err *e)
{
    size_t n = r->n_series, n_edges = count_edges(r);
    const int64_t edge_shape = (int64_t)n_edges, cell_shape = (int64_t)r->n_cells;
    const int64_t core_shape[2] = {(int64_t)n, N_CORE}, size_shape[2] = {(int64_t)n, N_SIZES};
    double *edges = malloc((n_edges + n * N_CORE) * sizeof *edges + n * N_SIZES * sizeof(uint32_t));
    if (!edges)
        return err_set(e, ERR_NOMEM, "out of memory to save a ruler of %zu edges", n_edges);
    double *core = edges + n_edges;
    uint32_t *sizes = (uint32_t *)(core + n * N_CORE);
    fill(ruler_private(r), edges, core, sizes);
    enum err_code code = st_writer_add(w, "ruler/edges", ST_F64, 1, &edge_shape, edges, e);
    if (!code)
        code = st_writer_add(w, "ruler/core", ST_F64, 2, core_shape, core, e);
    if (!code)
        code = st_writer_add(w, "ruler/sizes", ST_U32, 2, size_shape, sizes, e);
    if (!code)
        code =
            st_writer_add(w, "ruler/groups", ST_U16, 1, &cell_shape, ruler_private(r)->groups, e);
    if (code)
        free(edges);
    else
        *keep = edges;
    return code;
}

static enum err_code read_grids(struct ruler_private *r, const struct st_tensor *edges,
                                const double *core, const uint32_t *sizes, struct err *e)
{
    const double *next = edges->data;
    size_t left = (size_t)edges->n_elements;
    for (size_t i = 0; i < r->ruler.n_series; i++, core += N_CORE, sizes += N_SIZES) {
        if (r->ruler.series[i].kind != SERIES_NUMERIC)
            continue;
        size_t n = sizes[SIZE_EDGES];
        if (n > left)
            return err_set(e, ERR_PARSE, "ruler/edges: %zu left for series %s, expected %zu", left,
                           r->ruler.series[i].name, n);
        enum err_code code = grid_load(&r->grids[i], next, n, core[CORE_LOW], core[CORE_INVERSE],
                                       sizes[SIZE_BINS], core[CORE_SHIFT], e);
        if (code) {
            err_prefix(e, "ruler, series %s", r->ruler.series[i].name);
            return code;
        }
        next += n;
        left -= n;
    }
    if (left)
        return err_set(e, ERR_PARSE, "ruler/edges: %zu more than the series have", left);
    return ERR_OK;
}

/* A series' groups must be 0..n-1 with n at most its cells; the special cells' are the last ones.
 */
static enum err_code check_groups(struct ruler_private *r, struct err *e)
{
    for (size_t i = 0; i < r->ruler.n_series; i++) {
        struct series *s = &r->ruler.series[i];
        s->n_groups = (size_t)s->group_of[s->n_cells - 1] + 1;
        for (size_t c = 0; c < s->n_cells; c++)
            if (s->group_of[c] >= s->n_groups || s->n_groups > s->n_cells)
                return err_set(e, ERR_PARSE,
                               "ruler/groups, series %s: cell %zu is in group %u of %zu", s->name,
                               c, s->group_of[c], s->n_groups);
    }
    return ERR_OK;
}

static enum err_code read_groups(struct ruler_private *r, const struct st_file *f, struct err *e)
{
    const int64_t n_cells = (int64_t)r->ruler.n_cells;
    const struct st_tensor *groups;
    enum err_code code = st_need(f, "ruler/groups", ST_U16, 1, &n_cells, &groups, e);
    if (code)
        return code;
    memcpy(r->groups, groups->data, groups->size_bytes);
    return check_groups(r, e);
}

static enum err_code read_all(struct ruler_private *r, const struct st_file *f, struct err *e)
{
    const int64_t n = (int64_t)r->ruler.n_series, any = -1;
    const struct st_tensor *edges, *core, *sizes;
    enum err_code code = st_need(f, "ruler/edges", ST_F64, 1, &any, &edges, e);
    if (!code)
        code = st_need(f, "ruler/core", ST_F64, 2, (const int64_t[]){n, N_CORE}, &core, e);
    if (!code)
        code = st_need(f, "ruler/sizes", ST_U32, 2, (const int64_t[]){n, N_SIZES}, &sizes, e);
    if (!code)
        code = read_grids(r, edges, core->data, sizes->data, e);
    if (!code)
        code = ruler_place_cells(r, e);
    return code ? code : read_groups(r, f, e);
}

enum err_code ruler_from_st(const struct st_file *f, const struct schema *s,
                            const struct vocabulary *v, struct ruler **out, struct err *e)
{
    struct ruler_private *r;
    enum err_code code = ruler_outline(s, v, &r, e);
    if (code)
        return code;
    code = read_all(r, f, e);
    if (code)
        ruler_free(&r->ruler);
    else
        *out = &r->ruler;
    return code;
}
