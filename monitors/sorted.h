/*
 * sorted.h - private: numbers in order, and quantiles between them.
 */
#ifndef MONITORS_SRC_SORTED_H
#define MONITORS_SRC_SORTED_H

#include <stddef.h>

/* Ascending, in place. No NaN among them. */
void sorted_ascending(double *x, size_t n);

/* Quantile q (0..1) of n >= 1 sorted values, linear between them (type 7 of Hyndman & Fan 1996, as
 * numpy). A gap beyond the doubles' range is no harm. */
double sorted_quantile(const double *sorted, size_t n, double q);

#endif
