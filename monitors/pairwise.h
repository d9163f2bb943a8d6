/*
 * pairwise.h - private: distances between rows, and the median of numbers.
 */
#ifndef MONITORS_SRC_PAIRWISE_H
#define MONITORS_SRC_PAIRWISE_H

#include <stddef.h>

/* Squared Euclidean distance of two rows, from their differences: rows that lie close to each other
 * far from 0 lose no digits, as the expansion into products would. */
double pairwise_square(const double *a, const double *b, size_t n_columns);

/* Median of x (the upper one of an even number), which is reordered; NaN for n = 0. No NaN in x.
 * O(n). */
double pairwise_select_median(double *x, size_t n);

/* Median distance of the n (n - 1) / 2 pairs of rows of x (n x n_columns), which room holds; NaN
 * for n < 2. */
double pairwise_median(const double *x, size_t n, size_t n_columns, double *room);

#endif
