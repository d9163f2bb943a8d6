/*
 * distance.h - how far two count vectors over the same cells lie apart.
 *
 * Counts (or weights >= 0) may differ in their totals. All functions return a finite number >= 0
 * where both totals are positive, but for the infinities named below, and NaN where either is 0, so
 * also for n = 0 cells. A total of 1 on a side is legal; two sides with all rows in one and the
 * same cell are 0 apart. Pure, any thread.
 *
 * An empty cell opposite a filled one makes the logarithms of PSI and Kullback-Leibler infinite.
 * What is done about it changes the result more than most drifts do (the same data are 461 in one
 * tool and 7.9 in another), so it is an argument here, and not a constant inside.
 */
#ifndef MONITORS_DISTANCE_H
#define MONITORS_DISTANCE_H

#include <stddef.h>

enum mon_smoothing_kind {
    MON_SMOOTHING_NONE, /* infinite where a side is empty and the other is not */
    MON_SMOOTHING_ROWS, /* amount rows are added on both sides to every cell not empty on both */
    MON_SMOOTHING_FLOOR /* shares of 0 become amount; the others stay, so a side's sum may pass 1 */
};

struct mon_smoothing {
    enum mon_smoothing_kind kind;
    double amount; /* > 0; unused with NONE */
};

/*
 * Population stability index: sum over groups of (p - q) ln(p / q) (Siddiqi 2006; the symmetric
 * Kullback-Leibler divergence of Jeffreys 1946). Half a row is added to every group of both sides
 * that is not empty on both: the value stays finite for a group seen on one side only.
 */
double mon_distance_psi(const double *reference, const double *window, size_t n_groups);

/* The same with a stated smoothing: INFINITY with NONE where a side alone is empty. */
double mon_distance_psi_smoothed(const double *reference, const double *window, size_t n_groups,
                                 const struct mon_smoothing *smoothing);

/* Kullback-Leibler divergence of the window from the reference, sum of p ln(p / q) in nats, with p
 * the window's shares and q the reference's, both brought to the sum 1 after smoothing. Not
 * symmetric: exchange the arguments for the other one. INFINITY with NONE where the window has rows
 * in a cell that the reference has not. */
double mon_distance_kl(const double *reference, const double *window, size_t n_cells,
                       const struct mon_smoothing *smoothing);

/* Jensen-Shannon distance: square root of the divergence in bits, 0..1 (Endres & Schindelin 2003).
 * Times sqrt(ln 2) it is the distance in nats. */
double mon_distance_js(const double *reference, const double *window, size_t n_groups);

/* Hellinger distance sqrt(1 - sum sqrt(p q)), 0..1. */
double mon_distance_hellinger(const double *reference, const double *window, size_t n_cells);

/* Bhattacharyya distance -ln sum sqrt(p q) (Bhattacharyya 1943); INFINITY without a shared cell. */
double mon_distance_bhattacharyya(const double *reference, const double *window, size_t n_cells);

/* Total variation: half the sum of |p - q|, 0..1; 1 less the intersection of the histograms. */
double mon_distance_total_variation(const double *reference, const double *window, size_t n_cells);

/* L-infinity: the largest |p - q| of any cell, 0..1. */
double mon_distance_l_infinity(const double *reference, const double *window, size_t n_cells);

/* Kolmogorov-Smirnov: largest distance of the two cumulative shares at a cell's end. Cells in
 * order. */
double mon_distance_ks(const double *reference, const double *window, size_t n_cells);

/*
 * Wasserstein-1 with a cell's rows at its position: n_cells finite positions, ascending; the result
 * has their unit. Within half a cell's width of the raw rows' distance where positions are cell
 * centres.
 */
double mon_distance_wasserstein(const double *reference, const double *window,
                                const double *positions, size_t n_cells);

/* The same over the reference's population standard deviation on the cells, or over floor where
 * that is larger. A reference in one cell with floor 0: 0 for an equal window, else INFINITY. */
double mon_distance_wasserstein_normalised(const double *reference, const double *window,
                                           const double *positions, size_t n_cells, double floor);

/* Energy distance sqrt(2 integral (F - G)^2), twice Cramer's (Szekely & Rizzo 2013), on cells as
 * mon_distance_wasserstein takes them. Its unit is the square root of the positions'. */
double mon_distance_energy(const double *reference, const double *window, const double *positions,
                           size_t n_cells);

#endif
