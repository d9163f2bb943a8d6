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

/* Bit 1 << SWEEP_x of a series' beyond mask. */
enum sweep_statistic {
    SWEEP_KS,
    SWEEP_PSI,
    SWEEP_JS,
    SWEEP_WASSERSTEIN, /* in the unit and with the clipping of statistic_widths */
    N_SWEEP_STATISTICS
};

/* The tables of one reference, and room to work in: one thread at a time. */
struct sweep;

/*
 * Copies what it needs of the reference; borrows its ruler until sweep_free. A reference without
 * rows is legal and makes every value NaN. About 16 bytes a cell and 0.6 KB a series. *out is
 * owned; free with sweep_free (NULL allowed). ERR_NOMEM.
 */
enum err_code sweep_new(const struct profile *reference, struct sweep **out, struct err *e);
void sweep_free(struct sweep *s);
size_t sweep_size_bytes(const struct sweep *s);

/* How many cells PSI and JS of a series are taken over for a window of that many rows: the n of
 * cells_layout. */
size_t sweep_n_cells(const struct sweep *s, size_t series, double window_rows);

/* n_series values of each statistic; NULL: not wanted. */
struct sweep_values {
    double *of[N_SWEEP_STATISTICS];
};

/* n_series values of each statistic, NaN: this series is not watched; NULL: none is. */
struct sweep_thresholds {
    const double *of[N_SWEEP_STATISTICS];
};

/*
 * Writes the values; NaN where a statistic does not exist: either side without rows, and
 * Wasserstein where a side has no finite value or the series has no unit (not numeric, constant).
 * thresholds may be NULL; else beyond (n_series masks, written) has the bit of every statistic
 * whose value is at its threshold or above, and the number of series with any bit is returned.
 * window: over the reference's ruler. Allocates nothing.
 */
size_t sweep_run(struct sweep *s, const struct profile *window,
                 const struct sweep_thresholds *thresholds, const struct sweep_values *values,
                 uint8_t *beyond);

#endif
