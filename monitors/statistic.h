/*
 * statistic.h - private: what each statistic of drift.h is: its cells, its value, its rule in
 * words, and how it scatters between two samples of independent rows.
 *
 * All of them are norms of the difference of two vectors of shares (squared, for PSI and
 * Cramér-von Mises): psi, js, hellinger of the groups' shares, to second order; the others of the
 * cumulated shares of the cells. So one scheme calibrates all: the square's mean, and how many
 * directions share it.
 */
#ifndef MONITORS_SRC_STATISTIC_H
#define MONITORS_SRC_STATISTIC_H

#include "cells.h"
#include "monitors/drift.h"

bool statistic_of_groups(enum mon_statistic s);
/* The value is a square already. */
bool statistic_is_square(enum mon_statistic s);
double statistic_min_effect(enum mon_statistic s);
/* Bins, pooling, smoothing: for signal.rule. */
void statistic_rule(enum mon_statistic s, const struct series *series, size_t n_cells, char *out,
                    size_t size);

/* 1 for each cell but for wasserstein: there the distance from this cell's middle to the next
 * one's, in standard deviations of the reference clipped at its 0.5 % and 99.5 % quantiles, 0
 * outside them and for the last cell and the special ones. out: series->n_cells. False where there
 * is no such unit: not numeric, nothing finite, or constant. */
bool statistic_widths(enum mon_statistic s, const struct series *series, const double *reference,
                      double *out);

/* Rows that count: all of them; wasserstein, those with a finite value. */
double statistic_rows(enum mon_statistic s, const struct series *series, const double *counts,
                      size_t n_cells);

/* The value over laid cells. widths as above; wasserstein leaves special cells out. NaN where a
 * side has no rows. */
double statistic_value(enum mon_statistic s, const struct series *series, const double *reference,
                       const double *window, const double *widths, size_t n_cells);

/* No window can have a larger value; for psi, none as long as the reference. reference: the
 * n_cells of the layout. */
double statistic_reach(enum mon_statistic s, const struct series *series, const double *reference,
                       const double *widths, size_t n_cells);

/* On independent rows the square is mean x (1/n + 1/m) times a sum of weighted chi-squareds of mean
 * 1 with these degrees of freedom (spectrum.h). */
struct statistic_unit {
    double mean, degrees, skew_degrees;
};
struct statistic_unit statistic_unit(enum mon_statistic s, const struct series *series,
                                     const double *reference, const double *widths, size_t n_cells);

/*
 * The same for the L1 norm of a normal vector, from the sum of its entries' standard deviations
 * and the variance of their sum. Where no two entries are negatively correlated that variance is
 * the largest of any direction's, and sets how fast the tail falls (Borell 1975); the mean square
 * is E^2 plus at most the share that a single direction would have.
 */
struct statistic_unit statistic_unit_of_l1(double sum_of_deviations, double sum_variance);

/* Variance, for one row, of the sum of wasserstein's differences: of the clipped value itself. */
double statistic_sum_variance(const struct series *s, const double *reference,
                              const double *widths);

/*
 * Weights under which the difference of shares (cumulated, where the statistic is) has the
 * statistic as its norm: out, n_cells. shares: the reference's; least: a share below which a
 * group is taken to hold that much.
 */
void statistic_weights(enum mon_statistic s, const double *shares, const double *widths,
                       size_t n_cells, double least, double *out);

#endif
