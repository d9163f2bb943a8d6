/*
 * monitors_watch.c - a reference with its nulls, and a window, for bench_monitors.
 */
#include "monitors_watch.h"

#include <stdlib.h>

#define CHUNK_ROWS (N_REFERENCE / N_CHUNKS)

const enum mon_statistic watch_statistics[N_STATISTICS] = {MON_KS, MON_PSI, MON_JS,
                                                           MON_WASSERSTEIN};

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
    *w = (struct watch){.reference = table_profile(t, 0, N_REFERENCE),
                        .window = table_profile(t, t->n_rows - WINDOW_ROWS, WINDOW_ROWS),
                        .signals = calloc(n * MON_N_RATES, sizeof *w->signals)};
    if (!w->signals)
        abort();
    for (size_t i = 0; i < N_CHUNKS; i++)
        w->chunks[i] = table_profile(t, i * CHUNK_ROWS, CHUNK_ROWS);
    for (int k = 0; k < N_STATISTICS; k++)
        make_null(w, k);
}

void watch_deinit(struct watch *w)
{
    for (size_t i = 0; i < N_CHUNKS; i++)
        profile_free(w->chunks[i]);
    for (int k = 0; k < N_STATISTICS; k++)
        mon_null_free(w->nulls[k]);
    profile_free(w->reference);
    profile_free(w->window);
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
