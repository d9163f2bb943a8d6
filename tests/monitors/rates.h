/*
 * rates.h - a rate that was counted, and how large it may be all the same.
 */
#ifndef TESTS_MONITORS_RATES_H
#define TESTS_MONITORS_RATES_H

#include <stddef.h>

/* The rate under which so few alarms in n windows have a chance of 5 %: exact for independent
 * windows (Clopper & Pearson 1934). 1 for n = 0. */
double rate_upper_bound(size_t alarms, size_t n);

/* The same where windows come in groups that share a reference: mean of the groups' rates plus
 * Student's 95 % quantile of its standard error. NaN for fewer than 2 groups. */
double rate_upper_bound_grouped(const double *rates, size_t n_groups);

/* k-th of n values sorted by it, q = 0.5 the median; INFINITY counts as any number. Sorts x. NaN
 * for n = 0. */
double quantile_of(double *x, size_t n, double q);

#endif
