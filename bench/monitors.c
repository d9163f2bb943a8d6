/*
 * monitors.c - what the monitors cost and whether they keep their promise, as one table.
 *
 *   ninja bench_monitors && bin/bench_monitors [WINDOWS]
 *
 * alarms: realised false alarms a window on streams that do not change, ten features, references of
 * 5,000 rows in chunks of 100, windows of 1,000; WINDOWS (default 1,000) over 20 references each.
 * power: share of the features found in one window, by size of the change.
 * speed: one thread; a plain histogram loop over the same values to divide by.
 */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "monitors/detectors.h"
#include "monitors/drift.h"
#include "stream.h"

#define N_FEATURES 10
#define N_REFERENCE 5000
#define CHUNK_ROWS 100
#define WINDOW_ROWS 1000
#define N_REFERENCES 20
#define BUDGET 0.01

static const char *const law_names[] = {
#define X(symbol, text) [symbol] = text,
    LAW_LIST(X)
#undef X
};

struct tally {
    int windows, alarms;
    double drifted, watched;
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct mon_null *null_of(const struct stream *s, enum mon_statistic statistic)
{
    struct mon_null *null = NULL;
    struct err e = {0};
    if (mon_null_new(s->reference, s->chunks, s->n_chunks, statistic, WINDOW_ROWS, &null, &e) !=
        ERR_OK) {
        fprintf(stderr, "%s\n", e.message);
        exit(1);
    }
    return null;
}

static void watch(struct stream *s, enum mon_statistic statistic, double rate, int n_windows,
                  const struct change *change, struct tally *t)
{
    struct mon_signal signals[N_FEATURES + 2];
    struct mon_drift_options o;
    struct mon_null *null = null_of(s, statistic);
    mon_drift_options_init(&o);
    o.statistic = statistic;
    o.false_alarm_rate = rate;
    o.min_effect = 0.0; /* evidence alone: the hardest promise */
    for (int k = 0; k < n_windows; k++) {
        struct profile *window = stream_window(s, WINDOW_ROWS, change);
        size_t n = mon_drift_check(&o, null, s->reference, window, signals);
        size_t drifted = mon_signals_count(signals, n, MON_DRIFT);
        profile_free(window);
        t->windows++;
        t->alarms += drifted > 0;
        t->drifted += (double)drifted;
        t->watched += (double)n;
    }
    mon_null_free(null);
}

static struct tally simulate(enum law law, enum mon_statistic statistic, double rate, int n_windows,
                             const struct change *change)
{
    struct tally t = {0};
    for (uint64_t seed = 0; seed < N_REFERENCES; seed++) {
        struct stream s;
        stream_init(&s, law, N_FEATURES, N_REFERENCE, CHUNK_ROWS, 5000 + seed);
        watch(&s, statistic, rate, n_windows / N_REFERENCES, change, &t);
        stream_deinit(&s);
    }
    return t;
}

/* Clopper & Pearson's 95 %, by bisection. */
static double upper_bound(const struct tally *t)
{
    double low = 0.0, high = 1.0;
    for (int i = 0; i < 50; i++) {
        double rate = 0.5 * (low + high);
        if (gsl_cdf_binomial_P((unsigned)t->alarms, rate, (unsigned)t->windows) > 0.05)
            low = rate;
        else
            high = rate;
    }
    return high;
}

static void report_alarms(int n_windows)
{
    printf("alarms, budget %g a window over %d features\n", BUDGET, N_FEATURES);
    printf("%-14s %-4s %8s %8s %10s %12s\n", "stream", "stat", "windows", "alarms", "rate",
           "upper 95 %");
    for (int law = LAW_NORMAL; law <= LAW_CATEGORY; law++)
        for (int s = MON_PSI; s <= MON_JS; s++) {
            struct tally t =
                simulate((enum law)law, (enum mon_statistic)s, BUDGET, n_windows, NULL);
            printf("%-14s %-4s %8d %8d %10.4f %12.4f\n", law_names[law],
                   mon_statistic_name((enum mon_statistic)s), t.windows, t.alarms,
                   (double)t.alarms / t.windows, upper_bound(&t));
        }
}

static void report_power(void)
{
    static const struct change changes[] = {
        {.shift = 0.1}, {.shift = 0.2}, {.shift = 0.33}, {.shift = 0.5}, {.scale = 1.2}};
    printf("\npower, share of the features found in one window of %d rows, budget %g\n",
           WINDOW_ROWS, BUDGET);
    printf("%-14s %-4s %8s %8s %8s %8s %8s\n", "stream", "stat", "0.1 sd", "0.2 sd", "0.33 sd",
           "0.5 sd", "sd x1.2");
    for (int law = LAW_NORMAL; law <= LAW_AR; law++)
        for (int s = MON_PSI; s <= MON_JS; s++) {
            printf("%-14s %-4s", law_names[law], mon_statistic_name((enum mon_statistic)s));
            for (size_t c = 0; c < sizeof changes / sizeof changes[0]; c++) {
                struct tally t = simulate((enum law)law, (enum mon_statistic)s, BUDGET,
                                          2 * N_REFERENCES, &changes[c]);
                printf(" %8.2f", t.drifted / t.watched);
            }
            printf("\n");
        }
}

static void report_rate(const char *what, double n, double started, const char *unit)
{
    double took = seconds() - started;
    printf("%-36s %10.2f M %s/s %10.1f ns each\n", what, n / took / 1e6, unit, took / n * 1e9);
}

static void time_histogram(const double *x, size_t n)
{
    uint64_t counts[256] = {0};
    double started = seconds();
    for (int pass = 0; pass < 10; pass++)
        for (size_t i = 0; i < n; i++)
            counts[(size_t)(x[i] * 255.0) & 255]++;
    report_rate("plain histogram loop", 10.0 * (double)n, started, "values");
    if (counts[0] == UINT64_MAX) /* keeps the loop */
        printf("\n");
}

static void time_detector(const char *name, const double *x, size_t n)
{
    struct mon_detector *d = NULL;
    if (mon_detector_new(name, NULL, &d, NULL) != ERR_OK)
        exit(1);
    double started = seconds();
    for (size_t i = 0; i < n; i++)
        mon_detector_update(d, x[i]);
    report_rate(name, (double)n, started, "updates");
    mon_detector_free(d);
}

static void time_window(enum mon_statistic statistic)
{
    enum { n_features = 60, repeats = 50 };
    char what[64];
    struct stream s;
    struct mon_signal signals[n_features + 2];
    struct mon_drift_options o;
    stream_init(&s, LAW_NORMAL, n_features, N_REFERENCE, CHUNK_ROWS, 1);
    double started = seconds();
    struct mon_null *null = null_of(&s, statistic);
    snprintf(what, sizeof what, "%s null, once a version", mon_statistic_name(statistic));
    report_rate(what, n_features, started, "features");
    struct profile *window = stream_window(&s, WINDOW_ROWS, NULL);
    mon_drift_options_init(&o);
    o.statistic = statistic;
    started = seconds();
    for (int i = 0; i < repeats; i++)
        mon_drift_check(&o, null, s.reference, window, signals);
    snprintf(what, sizeof what, "%s of a window", mon_statistic_name(statistic));
    report_rate(what, (double)n_features * repeats, started, "features");
    profile_free(window);
    mon_null_free(null);
    stream_deinit(&s);
}

static void report_speed(void)
{
    const size_t n = 2000000;
    struct rng r;
    double *x = calloc(n, sizeof *x), *errors = calloc(n, sizeof *errors);
    if (x == NULL || errors == NULL)
        exit(1);
    rng_seed(&r, 1);
    for (size_t i = 0; i < n; i++) {
        x[i] = rng_uniform(&r);
        errors[i] = x[i] < 0.2;
    }
    printf("\nspeed, one thread\n");
    time_histogram(x, n);
    time_detector("adwin", errors, n);
    time_detector("page_hinkley", errors, n);
    for (int s = MON_PSI; s <= MON_JS; s++)
        time_window((enum mon_statistic)s);
    free(x);
    free(errors);
}

int main(int argc, char **argv)
{
    int n_windows = argc > 1 ? atoi(argv[1]) : 1000;
    if (n_windows < N_REFERENCES) {
        fprintf(stderr, "usage: bench_monitors [WINDOWS, %d or more]\n", N_REFERENCES);
        return 2;
    }
    report_alarms(n_windows);
    report_power();
    report_speed();
    return 0;
}
