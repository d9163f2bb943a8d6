/*
 * monitors_windows.c - rates per feature of a window's statistics, and the memory of a feature.
 */
#include <stdio.h>
#include <stdlib.h>

#include "monitors_watch.h"
#include "sweep_path.h"

#define N_FEATURES 4000

static void sweep_plain(void *context)
{
    struct watch *w = context;
    sweep_run(w->sweep, w->window, NULL, &w->out, NULL);
}

static void sweep_judged(void *context)
{
    struct watch *w = context;
    sweep_run(w->sweep, w->window, &w->limits, &w->out, w->beyond);
}

struct one_statistic {
    struct watch *watch;
    int k;
};

static void check_one(void *context)
{
    struct one_statistic *one = context;
    watch_check(one->watch, one->k);
}

static void time_signals(struct report *r, struct watch *w)
{
    for (int k = 0; k < N_SWEEP_STATISTICS; k++) {
        char name[64];
        struct one_statistic one = {w, k};
        snprintf(name, sizeof name, "signals of %s", mon_statistic_name(watch_statistics[k]));
        report_time(r, "windows", name, "feature", N_FEATURES, check_one, &one);
    }
}

static double profile_kb(const struct table *t)
{
    size_t before = bench_memory_bytes();
    struct profile *p = table_profile(t, 0, 0);
    double kb = (double)(bench_memory_bytes() - before) / 1e3;
    profile_free(p);
    return kb;
}

static double ruler_kb(const struct table *t)
{
    struct err e = {0};
    struct ruler_options o;
    struct ruler *ruler = NULL;
    float *scores = calloc(N_REFERENCE, sizeof *scores);
    ruler_options_init(&o);
    size_t before = bench_memory_bytes();
    if (ruler_fit(t->schema, t->vocabulary, t->f64, scores, N_REFERENCE, &o, &ruler, &e))
        bench_fail("ruler", &e);
    double kb = (double)(bench_memory_bytes() - before) / 1e3;
    ruler_free(ruler);
    free(scores);
    return kb;
}

/* What the allocator gives out. The promise is "a few KB". */
static void measure_memory(struct report *r, const struct table *t, const struct watch *w)
{
    report_bar(r, "a feature's ruler", "KB", 4, ruler_kb(t) / N_FEATURES, false);
    report_bar(r, "a feature in a profile", "KB", 4, profile_kb(t) / N_FEATURES, false);
    report_bar(r, "a feature in a sweep", "KB", 4,
               (double)sweep_size_bytes(w->sweep) / 1e3 / N_FEATURES, false);
}

void bench_windows(struct report *r)
{
    struct table t;
    struct watch w;
    table_init(&t, COLUMN_NORMAL, N_REFERENCE + WINDOW_ROWS, N_FEATURES, 1);
    watch_init(&w, &t);
    report_time(r, "windows", "KS, PSI, JS, Wasserstein in a sweep", "feature", N_FEATURES,
                sweep_plain, &w);
    const struct result *judged = report_time(r, "windows", "the same with calibrated thresholds",
                                              "feature", N_FEATURES, sweep_judged, &w);
    report_bar(r, "KS, PSI, JS, Wasserstein, calibrated, of 4,000 features", "ms", 5,
               1e3 * judged->median_s, false);
    sweep_set_path(w.sweep, &sweep_scalar);
    report_time(r, "windows", "the same in plain C", "feature", N_FEATURES, sweep_judged, &w);
    time_signals(r, &w);
    measure_memory(r, &t, &w);
    watch_deinit(&w);
    table_deinit(&t);
}
