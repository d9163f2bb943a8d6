/*
 * count_scalar.c - counting one column after the other, one value after the other: the path of
 * every processor, and the oracle of the others.
 */
#include <math.h>

#include "count.h"
#include "ruler_private.h"

/* The moments are locals, and their address goes nowhere: in memory every value would wait for the
 * one before it to be stored. */
static void count_numeric(const struct series *s, const struct grid *g, const double *x, size_t n,
                          uint64_t *counts, struct moments *moments)
{
    double sum = moments->sum, sum_sq = moments->sum_sq, min = moments->min, max = moments->max;
    size_t n_finite = 0;
    for (size_t i = 0; i < n; i++) {
        double from_shift = x[i] - g->shift;
        size_t cell;
        if (grid_in_core(g, x[i])) {
            cell = grid_core_cell(g, x[i]);
        } else if (isfinite(x[i])) {
            cell = grid_tail_cell(g, x[i]);
            from_shift = fmin(fmax(from_shift, -g->reach), g->reach);
        } else {
            counts[isnan(x[i]) ? s->missing_cell : s->infinite_cell]++;
            continue;
        }
        counts[cell]++;
        n_finite++;
        sum += from_shift;
        sum_sq += from_shift * from_shift;
        min = x[i] < min ? x[i] : min;
        max = x[i] > max ? x[i] : max;
    }
    moments->n += (double)n_finite;
    moments->sum = sum;
    moments->sum_sq = sum_sq;
    moments->min = min;
    moments->max = max;
}

static void count_column(struct profile *p, size_t series, const double *x, size_t n)
{
    const struct series *s = &p->ruler->series[series];
    uint64_t *counts = p->counts + s->first_cell;
    switch (s->kind) {
    case SERIES_NUMERIC:
        count_numeric(s, &ruler_private(p->ruler)->grids[series], x, n, counts,
                      &p->moments[series]);
        break;
    case SERIES_CATEGORICAL:
        for (size_t i = 0; i < n; i++)
            counts[category_cell(s, x[i])]++;
        break;
    case SERIES_PRESENCE:
        for (size_t i = 0; i < n; i++)
            counts[presence_cell(s, x[i])]++;
        break;
    }
}

/* columns: TILE_LANES x COUNT_ROWS. Row by row, as most tables lie. */
static void copy_columns(const struct matrix_view *x, size_t n_rows, unsigned n_lanes,
                         double *columns)
{
    if (x->f32)
        for (size_t i = 0; i < n_rows; i++)
            for (unsigned lane = 0; lane < n_lanes; lane++)
                columns[lane * COUNT_ROWS + i] =
                    x->f32[i * x->row_stride + lane * x->column_stride];
    else
        for (size_t i = 0; i < n_rows; i++)
            for (unsigned lane = 0; lane < n_lanes; lane++)
                columns[lane * COUNT_ROWS + i] =
                    x->f64[i * x->row_stride + lane * x->column_stride];
}

static void count_tile(struct profile *p, const struct count_tile *t, const struct matrix_view *x,
                       size_t n_rows)
{
    double columns[TILE_LANES * COUNT_ROWS];
    copy_columns(x, n_rows, t->n_lanes, columns);
    for (unsigned lane = 0; lane < t->n_lanes; lane++)
        count_column(p, t->first_series + lane, columns + lane * COUNT_ROWS, n_rows);
}

static bool always(void)
{
    return true;
}

const struct count_path count_scalar = {"scalar", always, count_tile};
