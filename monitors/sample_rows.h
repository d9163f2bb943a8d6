/*
 * sample_rows.h - private: the rows of a sample that have all their values, or some of them.
 */
#ifndef MONITORS_SRC_SAMPLE_ROWS_H
#define MONITORS_SRC_SAMPLE_ROWS_H

#include <stddef.h>

#include "base/rand.h"

/* Copies the rows of x (n x n_columns) whose values are all finite, and none beyond 1e150, in order
 * to out, or max_rows of them that r draws, each with the same chance (Knuth's selection sampling,
 * 1969). Returns how many. */
size_t sample_rows(const double *x, size_t n, size_t n_columns, size_t max_rows, struct rng *r,
                   double *out);

#endif
