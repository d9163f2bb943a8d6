/*
 * sweep.h - private: Kolmogorov-Smirnov, PSI, Jensen-Shannon and Wasserstein of every series of a
 * window, in one pass over its counts.
 *
 * The reference is prepared once (cumulated counts, widths of cells, boundaries of groups), so that
 * a window costs about a microsecond a series. The values are those of mon_distance_ks on the cells
 * as they are, and of mon_distance_psi and mon_distance_js on the groups that cells_layout pools at
 * the window's own size; the pooling is done anew for every window, so one sweep serves windows of
 * all sizes.
 *
 * Tolerances against those functions, which a test holds: KS 1e-13 absolute; PSI 1e-12 absolute and
 * relative; the square of JS 1e-14 absolute (its terms cancel, so a JS of 1e-3 is good to 1e-11).
 *
 * Does not judge: the caller gives a threshold for every value (where its p-value would be small
 * enough to matter) and is told which series are beyond one. What the few of them mean is
 * drift.c's.
 */
#ifndef MONITORS_SRC_SWEEP_H
#define MONITORS_SRC_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/profile.h"

/* Columns of the values and of the thresholds; bit 1 << SWEEP_x of a series' beyond mask. */
enum sweep_statistic {
    SWEEP_KS,
    SWEEP_PSI,
    SWEEP_JS,
    /* First Wasserstein distance in standard deviations of the reference (its moments'): the area
     * between the two distribution functions of the finite values, every value taken at the middle
     * of its cell (Vallender 1973). Underflow lies at the first edge and overflow at the last, so
     * that values far outside the reference's range make it a lower bound. NaN for series that are
     * not numeric, where either side has no finite value, and where the reference's standard
     * deviation is 0: a constant has no unit to measure in; KS and PSI see it move. */
    SWEEP_WASSERSTEIN,
    N_SWEEP_STATISTICS
};

/* The tables of one reference. Read-only after it was made; any number of threads. */
struct sweep;

/*
 * Copies what it needs of the reference; borrows its ruler until sweep_free. A reference without
 * rows is legal and makes every value NaN. About 20 bytes a cell and 0.5 KB a series. *out is
 * owned; free with sweep_free (NULL allowed). ERR_NOMEM.
 */
enum err_code sweep_new(const struct profile *reference, struct sweep **out, struct err *e);
void sweep_free(struct sweep *s);
size_t sweep_size_bytes(const struct sweep *s);

/* How many cells PSI and JS of a series are taken over for a window of that many rows: the n of
 * cells_layout, for degrees of freedom. */
size_t sweep_n_cells(const struct sweep *s, size_t series, double window_rows);

/*
 * values: n_series x N_SWEEP_STATISTICS, row-major, written; NaN where a statistic does not exist
 * (either side without rows, and see SWEEP_WASSERSTEIN). thresholds: of the same shape, NaN where
 * nobody watches, or NULL. beyond: n_series masks, written, or NULL where thresholds is: the bit of
 * a statistic is set where value >= threshold. window: over the reference's ruler. Returns how many
 * series have a bit set. Allocates nothing.
 */
size_t sweep_run(const struct sweep *s, const struct profile *window, const double *thresholds,
                 double *values, uint8_t *beyond);

#endif
