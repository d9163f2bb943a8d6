/*
 * monitors_watch.h - a reference with its nulls, thresholds and tables, and a window.
 */
#ifndef BENCH_MONITORS_WATCH_H
#define BENCH_MONITORS_WATCH_H

#include "monitors/drift.h"
#include "monitors/quality.h"
#include "monitors_speed.h"
#include "sweep.h"

#define WINDOW_ROWS 1000
#define N_CHUNKS 20
#define FALSE_ALARMS 0.001

extern const enum mon_statistic watch_statistics[N_SWEEP_STATISTICS];

struct watch {
    struct profile *reference, *window;
    struct profile *chunks[N_CHUNKS];
    struct mon_null *nulls[N_SWEEP_STATISTICS];
    struct sweep *sweep;
    double *values, *thresholds; /* N_SWEEP_STATISTICS x n_series */
    uint8_t *beyond;
    struct mon_signal *signals;
    struct sweep_values out;
    struct sweep_thresholds limits;
};

/* The table's first rows are the reference, its last ones the window. Exits where something fails.
 */
void watch_init(struct watch *w, const struct table *t);
void watch_deinit(struct watch *w);

/* Signals of one statistic, into w->signals; returns how many. */
size_t watch_check(struct watch *w, int k);

#endif
