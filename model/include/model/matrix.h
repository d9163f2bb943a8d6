/*
 * matrix.h - a borrowed table of numbers, floats or doubles, row- or column-major, or a part of a
 * wider one. Plain values; nothing is copied and nothing owned.
 */
#ifndef MODEL_MATRIX_H
#define MODEL_MATRIX_H

#include <stddef.h>

/* Row i, column j is the value at i * row_stride + j * column_stride of f32 or of f64, of which
 * exactly one is set. Strides are in values, not bytes. Pointers need the alignment of their type
 * and no more. The data must outlive the view. */
struct matrix_view {
    const float *f32;
    const double *f64;
    size_t row_stride, column_stride;
};

/* Row-major: n_rows x n_columns, row after row. */
static inline struct matrix_view matrix_rows_f32(const float *row_major, size_t n_columns)
{
    return (struct matrix_view){.f32 = row_major, .row_stride = n_columns, .column_stride = 1};
}

static inline struct matrix_view matrix_rows_f64(const double *row_major, size_t n_columns)
{
    return (struct matrix_view){.f64 = row_major, .row_stride = n_columns, .column_stride = 1};
}

/* Column-major: n_columns x n_rows, column after column. */
static inline struct matrix_view matrix_columns_f32(const float *column_major, size_t n_rows)
{
    return (struct matrix_view){.f32 = column_major, .row_stride = 1, .column_stride = n_rows};
}

static inline struct matrix_view matrix_columns_f64(const double *column_major, size_t n_rows)
{
    return (struct matrix_view){.f64 = column_major, .row_stride = 1, .column_stride = n_rows};
}

#endif
