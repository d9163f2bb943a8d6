/*
 * monitors_detectors.c - rates per update of every detector that there is, with its defaults, on
 * errors 0/1 whose rate rises once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rand.h"
#include "monitors/detectors.h"
#include "monitors_speed.h"

#define MAX_UPDATES 1000000
#define RUN_S 0.02 /* about so long is a run; slow detectors get fewer updates */

struct work {
    struct mon_detector *detector;
    double errors[MAX_UPDATES];
    size_t n;
};

static void one_by_one(void *context)
{
    struct work *w = context;
    mon_detector_reset(w->detector);
    for (size_t i = 0; i < w->n; i++)
        mon_detector_update(w->detector, w->errors[i]);
}

static void many_at_a_time(void *context)
{
    struct work *w = context;
    mon_detector_reset(w->detector);
    mon_detector_update_many(w->detector, w->errors, w->n, NULL, 0);
}

static void draw(struct work *w)
{
    struct rng rng;
    rng_seed(&rng, 1);
    for (size_t i = 0; i < w->n; i++)
        w->errors[i] = rng_uniform(&rng) < (i < w->n / 2 ? 0.2 : 0.3);
}

/* Runs of about RUN_S, by the time of a short one. */
static void choose_n(struct work *w)
{
    w->n = 2000;
    draw(w);
    clock_t started = clock();
    one_by_one(w);
    double each = ((double)(clock() - started) / CLOCKS_PER_SEC + 1e-6) / (double)w->n;
    w->n = (size_t)(RUN_S / each);
    w->n = w->n < 2000 ? 2000 : w->n > MAX_UPDATES ? MAX_UPDATES : w->n;
    draw(w);
}

static void time_detector(struct report *r, struct work *w, const char *name)
{
    char many[64];
    struct err e = {0};
    if (mon_detector_new(name, NULL, &w->detector, &e))
        bench_fail(name, &e);
    choose_n(w);
    snprintf(many, sizeof many, "%s, many at a time", name);
    const struct result *single =
        report_time(r, "detectors", name, "update", (double)w->n, one_by_one, w);
    report_time(r, "detectors", many, "update", (double)w->n, many_at_a_time, w);
    if (strcmp(name, "adwin") == 0)
        report_bar(r, "ADWIN, clock 32, one update a call", "M updates/s", 50,
                   result_per_second(single) / 1e6, true);
    mon_detector_free(w->detector);
}

void bench_detectors(struct report *r)
{
    const char *name;
    struct work *w = malloc(sizeof *w);
    if (!w)
        abort();
    for (size_t i = 0; (name = mon_detector_kind(i)) != NULL; i++)
        time_detector(r, w, name);
    free(w);
}
