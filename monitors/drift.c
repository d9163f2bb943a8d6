/*
 * drift.c - one window against the reference: a signal per watched series.
 */
#include "monitors/drift.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "monitors/distance.h"
#include "null.h"

const char *mon_statistic_name(enum mon_statistic s)
{
    switch (s) {
#define X(symbol, text)                                                                            \
    case symbol:                                                                                   \
        return text;
        MON_STATISTIC_LIST(X)
#undef X
    }
    return "?";
}

bool mon_statistic_from_name(const char *name, enum mon_statistic *out)
{
#define X(symbol, text)                                                                            \
    if (strcmp(name, text) == 0) {                                                                 \
        *out = symbol;                                                                             \
        return true;                                                                               \
    }
    MON_STATISTIC_LIST(X)
#undef X
    return false;
}

void mon_drift_options_init(struct mon_drift_options *o)
{
    *o = (struct mon_drift_options){
        .monitor = "drift",
        .statistic = MON_PSI,
        .min_rows = 200.0,
        .false_alarm_rate = 0.001,
        .threshold = NAN,
        .min_effect = NAN,
    };
}

static double smallest_effect(const struct mon_drift_options *o)
{
    if (!isnan(o->min_effect))
        return o->min_effect;
    switch (o->statistic) {
    case MON_PSI:
        return 0.02;
    case MON_KS:
    case MON_JS:
        return 0.03;
    }
    return 0.0;
}

static bool watched(const struct mon_drift_options *o, const struct series *s)
{
    if (s->prediction != o->predictions)
        return false;
    if (o->only == NULL)
        return true;
    for (size_t i = 0; i < o->n_only; i++)
        if (strcmp(o->only[i], s->name) == 0)
            return true;
    return false;
}

/* Memory for one check, sized for the ruler. */
struct check {
    const struct mon_drift_options *options;
    const struct mon_null *null;
    const struct profile *reference, *window;
    size_t n_watched;
    struct cells cells;
    double *reference_sums, *window_sums;
    double *p_values; /* by signal */
    bool *reject;
};

static void check_deinit(struct check *c)
{
    cells_deinit(&c->cells);
    free(c->reference_sums);
    free(c->window_sums);
    free(c->p_values);
    free(c->reject);
}

static bool check_init(struct check *c)
{
    const struct ruler *r = c->reference->ruler;
    size_t largest = cells_largest(r), n_series = r->n_series + 1;
    for (size_t i = 0; i < r->n_series; i++)
        c->n_watched += watched(c->options, &r->series[i]);
    c->reference_sums = calloc(largest, sizeof *c->reference_sums);
    c->window_sums = calloc(largest, sizeof *c->window_sums);
    c->p_values = calloc(n_series, sizeof *c->p_values);
    c->reject = calloc(n_series, sizeof *c->reject);
    return c->reference_sums != NULL && c->window_sums != NULL && c->p_values != NULL &&
           c->reject != NULL && cells_init(&c->cells, r, NULL) == ERR_OK;
}

static double distance(const struct check *c)
{
    switch (c->options->statistic) {
    case MON_PSI:
        return mon_distance_psi(c->reference_sums, c->window_sums, c->cells.n);
    case MON_KS:
        return mon_distance_ks(c->reference_sums, c->window_sums, c->cells.n);
    case MON_JS:
        return mon_distance_js(c->reference_sums, c->window_sums, c->cells.n);
    }
    return NAN;
}

static void say_origin(const struct check *c, struct mon_signal *s)
{
    char *out = s->threshold_origin;
    size_t size = sizeof s->threshold_origin;
    if (!isnan(c->options->threshold))
        snprintf(out, size, "set by the policy");
    else if (c->null != NULL && c->null->n_chunks > 0)
        snprintf(out, size, "calibrated on %zu chunks of %.0f rows, %g false alarms a window",
                 c->null->n_chunks, c->null->chunk_rows, c->options->false_alarm_rate);
    else
        snprintf(out, size, "for independent rows, %g false alarms a window",
                 c->options->false_alarm_rate);
}

static void judge_explicit(const struct check *c, struct mon_signal *s)
{
    s->threshold = c->options->threshold;
    s->verdict = s->value > s->threshold ? MON_DRIFT : MON_OK;
}

static struct null_case case_of(const struct check *c, size_t series)
{
    bool calibrated = c->null != NULL && c->null->n_chunks > 0;
    return (struct null_case){
        .statistic = c->options->statistic,
        .n_cells = c->cells.n,
        .n_reference = (double)c->reference->n_rows,
        .n_window = (double)c->window->n_rows,
        .series = calibrated ? &c->null->series[series] : NULL,
    };
}

/* ks and js end at 1. Where even that would not be evidence, no window could ever be drift, and
 * "ok" would be a lie: a clock, a counter, a reference shorter than the series' own swings. */
static void refuse_if_out_of_reach(const struct check *c, struct mon_signal *s)
{
    if (c->options->statistic == MON_PSI || s->threshold < 1.0)
        return;
    s->verdict = MON_UNAVAILABLE;
    snprintf(s->threshold_origin, sizeof s->threshold_origin,
             "out of reach: parts of the reference differ as much among themselves");
}

/* Fills all but the verdict of a calibrated check, which needs all series' p-values. */
static void measure(struct check *c, size_t series, struct mon_signal *s)
{
    const struct series *at = &c->reference->ruler->series[series];
    const uint64_t *reference = c->reference->counts + at->first_cell;
    cells_layout(&c->cells, at, reference, c->options->statistic, s->n);
    cells_sum(&c->cells, reference, c->reference_sums);
    cells_sum(&c->cells, c->window->counts + at->first_cell, c->window_sums);
    s->value = distance(c);
    struct null_case null = case_of(c, series);
    s->p_value = null_p_value(&null, s->value);
    s->effect = null_excess(&null, s->value);
    s->threshold = null_quantile(&null, c->options->false_alarm_rate / (double)c->n_watched);
    if (isnan(c->options->threshold))
        refuse_if_out_of_reach(c, s);
}

static void start_signal(const struct check *c, const struct series *series, struct mon_signal *s)
{
    const struct mon_drift_options *o = c->options;
    mon_signal_init(s, o->monitor, MON_KIND_DRIFT, mon_statistic_name(o->statistic));
    snprintf(s->feature, sizeof s->feature, "%s", series->name);
    s->n = (double)c->window->n_rows;
    s->n_reference = (double)c->reference->n_rows;
    say_origin(c, s);
    s->verdict = MON_OK;
    if (c->window->n_rows == 0 || c->reference->n_rows == 0 || s->n < o->min_rows)
        s->verdict = MON_INSUFFICIENT;
}

static void judge_calibrated(struct check *c, struct mon_signal *signals, size_t n)
{
    double least = smallest_effect(c->options);
    for (size_t i = 0; i < n; i++)
        c->p_values[i] = signals[i].p_value;
    mon_benjamini_hochberg(c->p_values, n, c->options->false_alarm_rate, c->reject);
    for (size_t i = 0; i < n; i++)
        if (signals[i].verdict == MON_OK && c->reject[i] && signals[i].effect >= least)
            signals[i].verdict = MON_DRIFT;
}

size_t mon_drift_check(const struct mon_drift_options *o, const struct mon_null *null,
                       const struct profile *reference, const struct profile *window,
                       struct mon_signal *signals)
{
    struct check c = {.options = o, .null = null, .reference = reference, .window = window};
    size_t n = 0;
    bool ready = check_init(&c);
    for (size_t i = 0; i < reference->ruler->n_series; i++) {
        if (!watched(o, &reference->ruler->series[i]))
            continue;
        struct mon_signal *s = &signals[n++];
        start_signal(&c, &reference->ruler->series[i], s);
        if (!ready)
            s->verdict = MON_UNAVAILABLE;
        else if (s->verdict == MON_OK)
            measure(&c, i, s);
        if (s->verdict == MON_OK && !isnan(o->threshold))
            judge_explicit(&c, s);
    }
    if (ready && isnan(o->threshold))
        judge_calibrated(&c, signals, n);
    check_deinit(&c);
    return n;
}

struct ranked {
    double p;
    size_t index;
};

static int by_p(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->p > y->p) - (x->p < y->p);
}

size_t mon_benjamini_hochberg(const double *p_values, size_t n, double q, bool *reject)
{
    struct ranked *ranked = calloc(n > 0 ? n : 1, sizeof *ranked);
    size_t n_valid = 0, n_rejected = 0;
    for (size_t i = 0; i < n; i++) {
        reject[i] = false;
        if (ranked != NULL && !isnan(p_values[i]))
            ranked[n_valid++] = (struct ranked){p_values[i], i};
    }
    if (ranked != NULL)
        qsort(ranked, n_valid, sizeof *ranked, by_p);
    for (size_t i = 0; i < n_valid; i++)
        if (ranked[i].p <= q * (double)(i + 1) / (double)n_valid)
            n_rejected = i + 1;
    for (size_t i = 0; i < n_rejected; i++)
        reject[ranked[i].index] = true;
    free(ranked);
    return n_rejected;
}
