/*
 * count.c - counting rows over a ruler: which path, in which order.
 *
 * Rows are taken in blocks and each block tile by tile, so that a tile's counts and the block's
 * rows stay in the near caches while they are counted.
 */
#include "count.h"

#include <math.h>

#include "ruler_private.h"

/* A vector's cost is that of eight lanes, whatever they hold. */
#define MIN_LANES 3

const struct count_path *count_best_path(void)
{
#ifdef __x86_64__
    if (count_avx512.supported())
        return &count_avx512;
#endif
    return &count_scalar;
}

static void count_tile(const struct count_path *path, struct profile *p, const struct count_tile *t,
                       const struct matrix_view *x, size_t n_rows)
{
    if (t->n_lanes < MIN_LANES)
        path = &count_scalar;
    path->tile(p, t, x, n_rows);
}

static void count_missing(struct profile *p, const struct count_tile *t, size_t n_rows)
{
    for (unsigned lane = 0; lane < t->n_lanes; lane++)
        p->counts[t->missing[lane]] += n_rows;
}

/* The class with the largest probability; NaN where one of them is none. */
static double top_class(const struct matrix_view *scores, size_t row, size_t n_outputs)
{
    if (n_outputs == 1) {
        double positive = matrix_at(scores, row, 0);
        return isnan(positive) ? NAN : positive >= 0.5;
    }
    size_t top = 0;
    for (size_t i = 0; i < n_outputs; i++) {
        double score = matrix_at(scores, row, i);
        if (isnan(score))
            return NAN;
        top = score > matrix_at(scores, row, top) ? i : top;
    }
    return (double)top;
}

static void count_classes(const struct count_path *path, struct profile *p,
                          const struct count_tile *t, const struct matrix_view *scores, size_t n)
{
    double classes[COUNT_ROWS];
    for (size_t i = 0; i < n; i++)
        classes[i] = top_class(scores, i, ruler_private(p->ruler)->n_outputs);
    struct matrix_view column = matrix_rows_f64(classes, 1);
    count_tile(path, p, t, &column, n);
}

static void count_block(const struct count_path *path, struct profile *p,
                        const struct matrix_view *codes, const struct matrix_view *scores, size_t n)
{
    const struct ruler_private *r = ruler_private(p->ruler);
    size_t n_features = r->ruler.n_features, n_columns = n_features + r->n_outputs;
    for (size_t i = 0; i < r->tables.n_tiles; i++) {
        const struct count_tile *t = &r->tables.tiles[i];
        size_t column = t->first_series;
        if (column < n_features) {
            struct matrix_view x = matrix_from(codes, 0, column);
            count_tile(path, p, t, &x, n);
        } else if (!scores) {
            count_missing(p, t, n);
        } else if (column < n_columns) {
            struct matrix_view x = matrix_from(scores, 0, column - n_features);
            count_tile(path, p, t, &x, n);
        } else {
            count_classes(path, p, t, scores, n);
        }
    }
}

void count_rows(const struct count_path *path, struct profile *p, const struct matrix_view *codes,
                const struct matrix_view *scores, size_t n_rows)
{
    for (size_t i = 0; i < n_rows; i += COUNT_ROWS) {
        size_t n = n_rows - i < COUNT_ROWS ? n_rows - i : COUNT_ROWS;
        struct matrix_view block = matrix_from(codes, i, 0), scored;
        if (scores)
            scored = matrix_from(scores, i, 0);
        count_block(path, p, &block, scores ? &scored : NULL, n);
    }
    p->n_rows += n_rows;
}

void profile_count_view(struct profile *p, const struct matrix_view *codes,
                        const struct matrix_view *scores, size_t n_rows)
{
    count_rows(count_best_path(), p, codes, scores, n_rows);
}

void profile_count(struct profile *p, const double *codes, const float *scores, size_t n_rows)
{
    struct matrix_view features = matrix_rows_f64(codes, p->ruler->n_features);
    struct matrix_view outputs = matrix_rows_f32(scores, ruler_private(p->ruler)->n_outputs);
    profile_count_view(p, &features, scores ? &outputs : NULL, n_rows);
}
