/*
 * distance.h - how far two count vectors over the same cells lie apart.
 *
 * Counts may differ in their totals. All functions return a finite number >= 0 where both totals
 * are positive, and NaN where either is 0. n = 1 on a side is legal. Pure, any thread.
 */
#ifndef MONITORS_DISTANCE_H
#define MONITORS_DISTANCE_H

#include <stddef.h>

/*
 * Population stability index: sum over groups of (p - q) ln(p / q) (Siddiqi 2006; the symmetric
 * Kullback-Leibler divergence of Jeffreys 1946). Half a row is added to every group of both sides
 * that is not empty on both: the value stays finite for a group seen on one side only.
 */
double mon_distance_psi(const double *reference, const double *window, size_t n_groups);

/* Jensen-Shannon distance: square root of the divergence in bits, 0..1 (Endres & Schindelin 2003).
 */
double mon_distance_js(const double *reference, const double *window, size_t n_groups);

/* Kolmogorov-Smirnov: largest distance of the two cumulative shares at a cell's end. Cells in
 * order. */
double mon_distance_ks(const double *reference, const double *window, size_t n_cells);

#endif
