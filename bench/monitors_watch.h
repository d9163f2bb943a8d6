/*
 * monitors_watch.h - a reference with its nulls, and a window.
 */
#ifndef BENCH_MONITORS_WATCH_H
#define BENCH_MONITORS_WATCH_H

#include "monitors/drift.h"
#include "monitors/quality.h"
#include "monitors_speed.h"

#define WINDOW_ROWS 1000
#define N_CHUNKS 20
#define FALSE_ALARMS 0.001
#define N_STATISTICS 4 /* the promise is about these */

extern const enum mon_statistic watch_statistics[N_STATISTICS]; /* ks, psi, js, wasserstein */

struct watch {
    struct profile *reference, *window;
    struct profile *chunks[N_CHUNKS];
    struct mon_null *nulls[N_STATISTICS];
    struct mon_signal *signals;
};

/* The table's first rows are the reference, its last ones the window. Exits where something fails.
 */
void watch_init(struct watch *w, const struct table *t);
void watch_deinit(struct watch *w);

/* Signals of one statistic, into w->signals; returns how many. */
size_t watch_check(struct watch *w, int k);

#endif
