/*
 * monitors_watch.c - a reference with its nulls, thresholds and tables, and a window, for
 * bench_monitors.
 */
#include "monitors_watch.h"

#include <stdlib.h>

#define CHUNK_ROWS (N_REFERENCE / N_CHUNKS)

/* In the order of enum sweep_statistic. */
const enum mon_statistic watch_statistics[N_SWEEP_STATISTICS] = {
    [SWEEP_KS] = MON_KS,
    [SWEEP_PSI] = MON_PSI,
    [SWEEP_JS] = MON_JS,
    [SWEEP_WASSERSTEIN] = MON_WASSERSTEIN,
};

static void make_null(struct watch *w, int k)
{
    struct err e = {0};
    if (mon_null_new(w->reference, w->chunks, N_CHUNKS, watch_statistics[k], WINDOW_ROWS,
                     &w->nulls[k], &e))
        bench_fail("null", &e);
}

void watch_init(struct watch *w, const struct table *t)
{
    size_t n = t->ruler->n_series;
    struct err e = {0};
    *w = (struct watch){.reference = table_profile(t, 0, N_REFERENCE),
                        .window = table_profile(t, t->n_rows - WINDOW_ROWS, WINDOW_ROWS),
                        .values = calloc(N_SWEEP_STATISTICS * n, sizeof *w->values),
                        .thresholds = calloc(N_SWEEP_STATISTICS * n, sizeof *w->thresholds),
                        .beyond = calloc(n, 1),
                        .signals = calloc(n * MON_N_RATES, sizeof *w->signals)};
    if (!w->values || !w->thresholds || !w->beyond || !w->signals)
        abort();
    for (size_t i = 0; i < N_CHUNKS; i++)
        w->chunks[i] = table_profile(t, i * CHUNK_ROWS, CHUNK_ROWS);
    if (sweep_new(w->reference, &w->sweep, &e))
        bench_fail("sweep", &e);
    for (int k = 0; k < N_SWEEP_STATISTICS; k++) {
        make_null(w, k);
        if (mon_null_thresholds(w->nulls[k], w->reference, WINDOW_ROWS, FALSE_ALARMS,
                                w->thresholds + (size_t)k * n, &e))
            bench_fail("thresholds", &e);
        w->out.of[k] = w->values + (size_t)k * n;
        w->limits.of[k] = w->thresholds + (size_t)k * n;
    }
}

void watch_deinit(struct watch *w)
{
    for (size_t i = 0; i < N_CHUNKS; i++)
        profile_free(w->chunks[i]);
    for (int k = 0; k < N_SWEEP_STATISTICS; k++)
        mon_null_free(w->nulls[k]);
    sweep_free(w->sweep);
    profile_free(w->reference);
    profile_free(w->window);
    free(w->values);
    free(w->thresholds);
    free(w->beyond);
    free(w->signals);
}

size_t watch_check(struct watch *w, int k)
{
    struct mon_drift_options o;
    mon_drift_options_init(&o);
    o.statistic = watch_statistics[k];
    o.false_alarm_rate = FALSE_ALARMS;
    return mon_drift_check(&o, w->nulls[k], w->reference, w->window, w->signals);
}
