/*
 * drift_check.h - private: one series of a window against the reference, its signal but for the
 * verdict; and the verdicts, once all series' p-values are known. drift.c looks at every series,
 * screen.c at those that its screening leaves.
 */
#ifndef MONITORS_SRC_DRIFT_CHECK_H
#define MONITORS_SRC_DRIFT_CHECK_H

#include "cells.h"
#include "monitors/drift.h"
#include "null.h"

/* What a check is of, all borrowed, and memory for it, sized for the ruler. */
struct check {
    const struct mon_drift_options *options;
    const struct mon_null *null; /* NULL: for independent rows */
    const struct profile *reference, *window;
    const struct mon_phase_mix *mix; /* NULL: against the whole reference */
    bool phases_missing;             /* a mix was given, but its phases have no support */
    size_t n_watched;
    struct cells cells;
    double *laid; /* the reference's counts, or those of the mixture of phases */
    double *widths, *reference_sums, *window_sums;
    double *p_values; /* by signal */
    bool *reject;
};

/* Whether the options watch the series. */
bool check_watches(const struct mon_drift_options *o, const struct series *s);

/* *c has its options, null and reference and is else zero; the window may be set later. False: out
 * of memory; check_deinit it whatever is returned. */
bool check_init(struct check *c);
void check_deinit(struct check *c);

/* The signal before anything was measured; its verdict is then MON_OK or MON_INSUFFICIENT. */
void check_start(const struct check *c, size_t series, struct mon_signal *s);

/* The window is as long as the runs that the null was measured on. */
bool check_of_runs(const struct check *c, double window_rows);

/* The window is too short for the null's chunks, and no threshold was set: check_measure then gives
 * MON_UNAVAILABLE, a value and no p-value. */
bool check_too_short(const struct check *c, double window_rows);

/* Fills all but the verdict of a calibrated check, which needs all series' p-values;
 * MON_UNAVAILABLE where there is no value, or no value could be beyond the threshold. */
void check_measure(struct check *c, size_t series, struct mon_signal *s);

/* The verdicts of n signals with an exact p-value, among n_tests of which the others' are above
 * false_alarm_rate. */
void check_judge(struct check *c, struct mon_signal *signals, size_t n, size_t n_tests);

/* A series' null for a window of that many rows, of which as large a share counts as of the
 * reference's. False where the statistic does not exist for the series, or the reference has no
 * rows that count. The cells stay laid: c->cells.n of them. */
bool check_case(struct check *c, size_t series, double window_rows, struct null_case *out);

/* The largest value that a window can have, over the cells as they are laid. */
double check_reach(const struct check *c, size_t series);

#endif
