/*
 * sample_rows.c - complete rows, drawn without replacement.
 */
#include "sample_rows.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define LARGEST 1e150 /* the squares of 4096 of them have a finite sum */

static bool complete(const double *row, size_t n_columns)
{
    for (size_t j = 0; j < n_columns; j++)
        if (!(fabs(row[j]) <= LARGEST))
            return false;
    return true;
}

static size_t count_complete(const double *x, size_t n, size_t n_columns)
{
    size_t n_complete = 0;
    for (size_t i = 0; i < n; i++)
        n_complete += complete(x + i * n_columns, n_columns);
    return n_complete;
}

size_t sample_rows(const double *x, size_t n, size_t n_columns, size_t max_rows, struct rng *r,
                   double *out)
{
    size_t left = count_complete(x, n, n_columns), taken = 0;
    size_t wanted = left < max_rows ? left : max_rows;
    for (size_t i = 0; taken < wanted; i++) {
        if (!complete(x + i * n_columns, n_columns))
            continue;
        if (rng_below(r, left--) < wanted - taken)
            memcpy(out + taken++ * n_columns, x + i * n_columns, n_columns * sizeof *out);
    }
    return taken;
}
