/*
 * count.h - how rows are counted over a ruler: paths, and the tables they read. Private to model/.
 *
 * Columns are taken eight at a time, a tile, and a row of a tile is eight lanes of one vector: each
 * lane its own series, so that no two lanes count into one cell and the sums of a series are added
 * in the order of the rows. That order is the promise: every path, layout, type and cutting into
 * calls gives the same counts and, bit for bit, the same moments as one row after the other.
 * It holds because a cell is found by compares and by IEEE operations that every path does in
 * double and in the same order; the files that do them are compiled without contraction to fused
 * multiply-adds.
 */
#ifndef MODEL_COUNT_H
#define MODEL_COUNT_H

#include "grid.h"
#include "model/profile.h"

#define TILE_LANES 8
#define COUNT_ROWS 64 /* of a tile at a time: they and its counts fit into the nearest cache */

/* Neighbouring columns of one table, the numbers of each lane side by side. Lanes of categories
 * and of presence are affine: codes 0, 1, 2, ... from low 0 on, one a cell. */
struct count_tile {
    double low[TILE_LANES], high[TILE_LANES], inverse[TILE_LANES]; /* the core; none: low == high */
    double shift[TILE_LANES], reach[TILE_LANES];
    uint32_t first[TILE_LANES];     /* no steps: the cell of bin 0; else where that is in bins */
    uint32_t missing[TILE_LANES];   /* the missing cell */
    uint32_t elsewhere[TILE_LANES]; /* what stands for it where first stands for bin 0 */
    /* A value that is not in the core: below or above it, the edges to search, as the first one's
     * cell and how many; in other where there is no order: infinite, unseen, or present. */
    uint32_t below[TILE_LANES], n_below[TILE_LANES], above[TILE_LANES], n_above[TILE_LANES];
    uint32_t other[TILE_LANES];
    size_t first_series;
    unsigned n_lanes;
    unsigned numeric; /* bit per lane: has moments */
    unsigned stepped; /* bit per lane: has steps */
    unsigned
        n_steps; /* the most edges inside a bin of any lane; a lane without: cell = first + bin */
};

/* Cells are numbered as in a profile's counts, all series together. */
struct count_tables {
    struct count_tile *tiles; /* owned; the features', then the outputs', then the class's */
    size_t n_tiles;
    uint32_t *bins; /* owned; series by series: the first cell of each bin, then the missing cell */
    double *edges;  /* owned, n_cells: the upper edge of each cell, NaN (no x >= NaN) where none;
                       all grids' edges are in here */
};

struct ruler_private;
enum err_code count_tables_init(struct ruler_private *r, struct err *e);
void count_tables_deinit(struct count_tables *t);

/* A way to count the rows of a tile, and whether this processor has it. x: n_rows rows of the
 * tile's columns, at most COUNT_ROWS. */
struct count_path {
    const char *name;
    bool (*supported)(void);
    void (*tile)(struct profile *p, const struct count_tile *t, const struct matrix_view *x,
                 size_t n_rows);
};

/* The scalar path is the oracle, and every processor's. */
extern const struct count_path count_scalar;
#ifdef __x86_64__
extern const struct count_path count_avx512;
#endif

const struct count_path *count_best_path(void);

/* profile_count_view by a path of the caller's choice, which must be supported. */
void count_rows(const struct count_path *path, struct profile *p, const struct matrix_view *codes,
                const struct matrix_view *scores, size_t n_rows);

static inline double matrix_at(const struct matrix_view *m, size_t row, size_t column)
{
    size_t at = row * m->row_stride + column * m->column_stride;
    return m->f32 ? (double)m->f32[at] : m->f64[at];
}

static inline struct matrix_view matrix_from(const struct matrix_view *m, size_t row, size_t column)
{
    size_t at = row * m->row_stride + column * m->column_stride;
    return (struct matrix_view){.f32 = m->f32 ? m->f32 + at : NULL,
                                .f64 = m->f32 ? NULL : m->f64 + at,
                                .row_stride = m->row_stride,
                                .column_stride = m->column_stride};
}

#endif
