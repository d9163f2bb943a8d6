/*
 * harm_delay.c - what the harm test and the estimates without labels promise and cost, as one table.
 *
 *   ninja bench_harm && bin/bench_harm [RUNS]
 *
 * alarms: rows between alarms where the risk sits exactly at the limit, by what was stated; runs
 * are cut off at 200 times that. delays: rows until harm is found, and until its end is, by the
 * size of the rise; a reference of 20,000 rows with a risk of 0.2, defaults. speed: one thread.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/rand.h"
#include "monitors/harm.h"

#define REFERENCE_ROWS 20000
#define REFERENCE_RISK 0.2
#define LONGEST 200000.0

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(enum err_code rc, const struct err *e)
{
    if (rc == ERR_OK)
        return;
    fprintf(stderr, "bench_harm: %s\n", e->message);
    exit(1);
}

static struct mon_harm *harm_at(double limit, double rows_between_alarms)
{
    struct err e = {0};
    struct mon_harm *h = NULL;
    struct mon_harm_options o;
    struct mon_harm_limit l = {.n = REFERENCE_ROWS, .loss_bound = 1.0, .limit = limit};
    mon_harm_options_init(&o);
    o.rows_between_alarms = rows_between_alarms;
    must(mon_harm_new(&o, &l, &h, &e), &e);
    return h;
}

static struct mon_harm_limit limit_of(struct rng *r)
{
    static double losses[REFERENCE_ROWS];
    struct err e = {0};
    struct mon_harm_options o;
    struct mon_harm_limit limit;
    for (int i = 0; i < REFERENCE_ROWS; i++)
        losses[i] = rng_uniform(r) < REFERENCE_RISK;
    mon_harm_options_init(&o);
    must(mon_harm_limit_fit(&o, losses, REFERENCE_ROWS, &limit, &e), &e);
    return limit;
}

static double rows_until_event(struct mon_harm *h, struct rng *r, double risk, double longest)
{
    for (double n = 1; n < longest; n++)
        if (mon_harm_update(h, rng_uniform(r) < risk) != MON_HARM_NONE)
            return n;
    return longest;
}

static void report_alarms(struct rng *r, int runs)
{
    printf("alarms at the limit, risk 0.2, %d runs\n%12s %16s\n", runs, "stated rows", "mean rows");
    for (double stated = 100; stated <= 1000; stated *= 10) {
        double sum = 0.0;
        for (int i = 0; i < runs; i++) {
            struct mon_harm *h = harm_at(0.2, stated);
            sum += rows_until_event(h, r, 0.2, 200 * stated);
            mon_harm_free(h);
        }
        printf("%12.0f %16.0f\n", stated, sum / runs);
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *x, int n, double q)
{
    qsort(x, (size_t)n, sizeof *x, ascending);
    return x[(int)(q * (n - 1))];
}

static void report_delays(struct rng *r, int runs)
{
    double *began = calloc((size_t)runs, sizeof *began);
    double *ended = calloc((size_t)runs, sizeof *ended);
    struct err e = {ERR_NOMEM, "out of memory"};
    must(began != NULL && ended != NULL ? ERR_OK : ERR_NOMEM, &e);
    printf("\ndelays after 20,000 good rows, risk %.2f before and after, %d runs\n%8s %12s %12s "
           "%12s %12s\n",
           REFERENCE_RISK, runs, "risk", "found p50", "found p95", "ended p50", "ended p95");
    const double risks[] = {0.24, 0.26, 0.28, 0.3, 0.35, 0.4, 0.6};
    for (size_t k = 0; k < sizeof risks / sizeof risks[0]; k++) {
        for (int i = 0; i < runs; i++) {
            struct mon_harm_options o;
            struct mon_harm *h = NULL;
            struct mon_harm_limit limit = limit_of(r);
            mon_harm_options_init(&o);
            must(mon_harm_new(&o, &limit, &h, &e), &e);
            rows_until_event(h, r, REFERENCE_RISK, 20000);
            began[i] = rows_until_event(h, r, risks[k], LONGEST);
            rows_until_event(h, r, risks[k], 5000);
            ended[i] = rows_until_event(h, r, REFERENCE_RISK, LONGEST);
            mon_harm_free(h);
        }
        printf("%8.2f %12.0f %12.0f %12.0f %12.0f\n", risks[k], quantile(began, runs, 0.5),
               quantile(began, runs, 0.95), quantile(ended, runs, 0.5),
               quantile(ended, runs, 0.95));
    }
    free(began);
    free(ended);
}

static void report_rate(const char *what, double n, double started)
{
    double took = seconds() - started;
    printf("%-44s %10.2f M rows/s %8.1f ns each\n", what, n / took / 1e6, took / n * 1e9);
}

static void report_speed(struct rng *r)
{
    enum { n = 1000000 };
    static float scores[n];
    static double labels[n];
    struct err e = {0};
    struct mon_calibrator *c = NULL;
    struct mon_estimates found;
    for (size_t i = 0; i < n; i++) {
        scores[i] = (float)rng_uniform(r);
        labels[i] = rng_uniform(r) < (double)scores[i];
    }
    printf("\nspeed, %d rows, one thread\n", n);
    struct mon_harm *h = harm_at(0.6, 1e5);
    double started = seconds();
    mon_harm_feed(h, labels, n);
    report_rate("harm test, a loss", n, started);
    mon_harm_free(h);
    struct mon_labelled rows = {LABEL_BINARY, n, 1, scores, labels};
    started = seconds();
    must(mon_calibrator_fit(&rows, NULL, &c, &e), &e);
    report_rate("calibration fitted, a row", n, started);
    started = seconds();
    must(mon_estimate_scores(c, scores, n, &found, &e), &e);
    report_rate("all estimates with errors, a row", n, started);
    started = seconds();
    mon_metric_measure(MON_AUC, &rows, 0);
    report_rate("realised AUC with its error, a row", n, started);
    mon_calibrator_free(c);
}

int main(int argc, char **argv)
{
    struct rng r;
    int runs = argc > 1 ? atoi(argv[1]) : 200;
    if (runs < 1) {
        fprintf(stderr, "usage: bench_harm [RUNS]\n");
        return 2;
    }
    rng_seed(&r, 1);
    report_alarms(&r, runs);
    report_delays(&r, runs);
    report_speed(&r);
    return 0;
}
