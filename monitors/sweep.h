/*
 * sweep.h - private: the drift statistics of every series of a window, in one pass over its counts.
 *
 * The reference is prepared once (cumulated counts, widths of cells, boundaries of groups), so that
 * a window costs a fraction of a microsecond a series. The values are those of statistic.h over
 * the cells that cells_layout lays at the window's own size; the pooling is done anew for every
 * window, so one sweep serves windows of all sizes.
 *
 * Tolerances against them, which a test holds: KS 1e-13 absolute; PSI 1e-12 absolute and relative;
 * the squares of JS and Hellinger and Cramér-von Mises 1e-14 absolute (the terms of JS cancel, so
 * that a JS of 1e-3 is good to 1e-11).
 *
 * Does not judge: screen.c does, and works out exactly what is near its thresholds.
 */
#ifndef MONITORS_SRC_SWEEP_H
#define MONITORS_SRC_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "monitors/drift.h"

/* The tables of one reference, and room to work in: one thread at a time. */
struct sweep;

/*
 * Copies what it needs of the reference; borrows its ruler until sweep_free. wanted: bit 1u << s of
 * each statistic; the others' values are NaN. A reference without rows is legal and makes every
 * value NaN. About 16 bytes a cell and 0.6 KB a series. *out is
 * owned; free with sweep_free (NULL allowed). ERR_NOMEM.
 */
enum err_code sweep_new(const struct profile *reference, unsigned wanted, struct sweep **out,
                        struct err *e);
void sweep_free(struct sweep *s);

/* One statistic of one series. Both NaN where it does not exist: either side without rows, and
 * Wasserstein where a side has no finite value or the series has no unit (not numeric, constant).
 */
struct sweep_value {
    double value;
    double inverse_rows; /* 1 / reference + 1 / window, of the rows that the statistic counts */
};

struct sweep_measures {
    struct sweep_value of[MON_N_STATISTICS]; /* by enum mon_statistic */
    size_t n_groups; /* cells that statistics of groups were taken over: the n of cells_layout; 0:
                        none was */
};

/* window: over the reference's ruler. Allocates nothing. */
void sweep_measure(struct sweep *s, size_t series, const struct profile *window,
                   struct sweep_measures *out);

#endif
