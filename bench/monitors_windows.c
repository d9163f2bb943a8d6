/*
 * monitors_windows.c - rates per feature of a window's statistics, and the memory of a feature.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "monitors/screen.h"
#include "monitors_watch.h"

#define N_FEATURES 4000
#define SHIFT 0.5        /* standard deviations, of what has drifted */
#define SMALL_WINDOW 40  /* rows: other groups are pooled than of WINDOW_ROWS */
#define OTHER_WINDOW 900 /* rows: the same groups */

/* A screen that is shown two windows in turn. */
struct screened {
    struct mon_screen *screen;
    const struct profile *windows[2];
    size_t next;
    struct mon_screen_report said;
};

static void screen_once(void *context)
{
    struct screened *s = context;
    struct err e = {0};
    if (mon_screen_run(s->screen, s->windows[s->next], &s->said, &e))
        bench_fail("screen", &e);
    s->next = 1 - s->next;
}

/* The window, every so many features shifted. */
static struct profile *drifted_window(const struct table *t, size_t every)
{
    struct err e = {0};
    struct profile *p = NULL;
    size_t n = (size_t)WINDOW_ROWS * t->n_features;
    const double *rows = t->f64 + (t->n_rows - WINDOW_ROWS) * t->n_features;
    double *shifted = malloc(n * sizeof *shifted);
    if (!shifted || profile_new(t->ruler, &p, &e))
        bench_fail("window", &e);
    for (size_t i = 0; i < n; i++)
        shifted[i] = rows[i] + (i % t->n_features % every == 0 ? SHIFT : 0.0);
    profile_count(p, shifted, NULL, WINDOW_ROWS);
    free(shifted);
    return p;
}

/* The default four statistics, or all. */
static struct mon_screen *make_screen(const struct watch *w, bool all)
{
    struct err e = {0};
    struct mon_screen *screen = NULL;
    struct mon_screen_options o;
    mon_screen_options_init(&o);
    if (all) {
        o.statistics[o.n_statistics++] = (struct mon_screened){MON_HELLINGER, NAN};
        o.statistics[o.n_statistics++] = (struct mon_screened){MON_CRAMER_VON_MISES, NAN};
    }
    o.false_alarm_rate = FALSE_ALARMS;
    o.min_rows = SMALL_WINDOW;
    if (mon_screen_new(&o, w->reference, w->chunks, N_CHUNKS, WINDOW_ROWS, &screen, &e))
        bench_fail("screen", &e);
    return screen;
}

static void make_and_free(void *context)
{
    mon_screen_free(make_screen(context, false));
}

static double time_screen(struct report *r, const char *name, struct mon_screen *screen,
                          const struct profile *a, const struct profile *b)
{
    struct screened s = {.screen = screen, .windows = {a, b}};
    const struct result *result =
        report_time(r, "windows", name, "feature", N_FEATURES, screen_once, &s);
    fprintf(stderr, "%s: %zu of %zu drifted, %zu told\n", name, s.said.n_drifted, s.said.n_judged,
            s.said.n_signals);
    return 1e3 * result->median_s;
}

static void time_screens(struct report *r, const struct table *t, struct watch *w)
{
    size_t before = bench_memory_bytes();
    struct mon_screen *screen = make_screen(w, false), *six;
    report_bar(r, "a feature in a screen", "KB", 4,
               (double)(bench_memory_bytes() - before) / 1e3 / N_FEATURES, false);
    report_time(r, "windows", "a screen made, 20 chunks", "feature", N_FEATURES, make_and_free, w);
    struct profile *other = table_profile(t, t->n_rows - OTHER_WINDOW, OTHER_WINDOW);
    struct profile *small = table_profile(t, t->n_rows - SMALL_WINDOW, SMALL_WINDOW);
    struct profile *some = drifted_window(t, 100), *all = drifted_window(t, 1);
    report_bar(r, "KS, PSI, JS, Wasserstein, judged, of 4,000 features", "ms", 5,
               time_screen(r, "KS, PSI, JS, W screened, unchanged", screen, w->window, other),
               false);
    report_bar(r, "the same where 1 % of the features drift", "ms", 5,
               time_screen(r, "1 % of the features drift", screen, some, some), false);
    time_screen(r, "all features drift", screen, all, all);
    time_screen(r, "all groups pooled anew every time", screen, w->window, small);
    six = make_screen(w, true);
    time_screen(r, "all six statistics screened, unchanged", six, w->window, other);
    mon_screen_free(six);
    profile_free(other);
    profile_free(small);
    profile_free(some);
    profile_free(all);
    mon_screen_free(screen);
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
    for (int k = 0; k < N_STATISTICS; k++) {
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
static void measure_memory(struct report *r, const struct table *t)
{
    report_bar(r, "a feature's ruler", "KB", 4, ruler_kb(t) / N_FEATURES, false);
    report_bar(r, "a feature in a profile", "KB", 4, profile_kb(t) / N_FEATURES, false);
}

void bench_windows(struct report *r)
{
    struct table t;
    struct watch w;
    table_init(&t, COLUMN_NORMAL, N_REFERENCE + WINDOW_ROWS, N_FEATURES, 1);
    watch_init(&w, &t);
    time_screens(r, &t, &w);
    time_signals(r, &w);
    measure_memory(r, &t);
    watch_deinit(&w);
    table_deinit(&t);
}
