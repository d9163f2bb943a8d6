/*
 * owed.c - how many labels are owed and for how long, and whether the rows that have theirs are
 * like the others.
 */
#include "monitors/owed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitors/two_sample.h"

#define HOUR_MS INT64_C(3600000)

const int64_t mon_owed_age_ms[MON_OWED_AGES] = {HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS,
                                                30 * 24 * HOUR_MS, INT64_MAX};

void mon_owed_options_init(struct mon_owed_options *o)
{
    *o = (struct mon_owed_options){
        .monitor = "labels", .min_rows = 50.0, .max_difference = 0.1, .alpha = 0.001};
}

/* Time from the score to the label, or to now where it is owed. Doubles: differences of int64 could
 * overflow. */
struct wait {
    double ms;
    bool labelled;
};

static struct wait wait_of(const struct mon_scored *rows, size_t i, int64_t now)
{
    int64_t label = rows->labelled_unix_ms[i];
    bool labelled = label != MON_LABEL_OWED && label <= now;
    double until = labelled ? (double)label : (double)now;
    return (struct wait){fmax(0.0, until - (double)rows->scored_unix_ms[i]), labelled};
}

static void count_owed(struct mon_owed *out, double age_ms)
{
    size_t class = 0;
    while (class + 1 < MON_OWED_AGES && age_ms >= (double)mon_owed_age_ms[class])
        class ++;
    out->n_owed += 1.0;
    out->owed_by_age[class] += 1.0;
    if (!(out->oldest_owed_ms >= age_ms))
        out->oldest_owed_ms = age_ms;
}

static void count_rows(const struct mon_scored *rows, int64_t now, struct wait *waits,
                       struct mon_owed *out)
{
    out->n = (double)rows->n;
    for (size_t i = 0; i < rows->n; i++) {
        waits[i] = wait_of(rows, i, now);
        if (waits[i].labelled)
            out->n_labelled += 1.0;
        else
            count_owed(out, waits[i].ms);
    }
}

/* Labels before owed ones of the same age: such a row could have been labelled just then. */
static int by_wait(const void *a, const void *b)
{
    const struct wait *x = a, *y = b;
    if (x->ms != y->ms)
        return x->ms < y->ms ? -1 : 1;
    return y->labelled - x->labelled;
}

/* The product-limit estimate of the share still waiting; a quantile is where it falls to 1 - q. */
static void measure_delays(struct wait *waits, size_t n, struct mon_owed *out)
{
    double waiting = 1.0;
    qsort(waits, n, sizeof *waits, by_wait);
    for (size_t i = 0; i < n; i++) {
        if (!waits[i].labelled)
            continue;
        double at_risk = (double)(n - i);
        waiting *= (at_risk - 1.0) / at_risk;
        if (isnan(out->delay_median_ms) && waiting <= 0.5 + 1e-12)
            out->delay_median_ms = waits[i].ms;
        if (isnan(out->delay_p90_ms) && waiting <= 0.1 + 1e-12)
            out->delay_p90_ms = waits[i].ms;
        if (isnan(out->delay_p99_ms) && waiting <= 0.01 + 1e-12)
            out->delay_p99_ms = waits[i].ms;
    }
}

static double mean(const double *x, size_t n)
{
    double m = 0.0;
    for (size_t i = 0; i < n; i++)
        m += (x[i] - m) / (double)(i + 1);
    return n > 0 ? m : NAN;
}

/* One buffer: the labelled rows' scores from the front, the owed ones' from the back. */
static enum err_code compare_scores(const struct mon_scored *rows, int64_t now, double *scores,
                                    struct mon_owed *out, struct err *e)
{
    size_t n_labelled = 0, owed_from = rows->n;
    for (size_t i = 0; i < rows->n; i++) {
        if (!isfinite(rows->scores[i]))
            continue;
        size_t at = wait_of(rows, i, now).labelled ? n_labelled++ : --owed_from;
        scores[at] = (double)rows->scores[i];
    }
    size_t n_owed = rows->n - owed_from;
    struct mon_pooled *pooled = NULL;
    struct mon_evidence ks = {.statistic = NAN, .p_value = NAN};
    enum err_code rc = mon_pooled_new(scores, n_labelled, scores + owed_from, n_owed, &pooled, e);
    if (rc == ERR_OK)
        rc = mon_ks_test(pooled, MON_P_ASYMPTOTIC, &ks, e);
    mon_pooled_free(pooled);
    out->n_scores_labelled = (double)n_labelled;
    out->n_scores_owed = (double)n_owed;
    out->bias_ks = ks.statistic;
    out->bias_p_value = ks.p_value;
    out->mean_score_labelled = mean(scores, n_labelled);
    out->mean_score_owed = mean(scores + owed_from, n_owed);
    return rc;
}

enum err_code mon_owed_measure(const struct mon_scored *rows, int64_t now_unix_ms,
                               struct mon_owed *out, struct err *e)
{
    size_t n = rows->n > 0 ? rows->n : 1;
    struct mon_owed owed = {
        .oldest_owed_ms = NAN,
        .delay_median_ms = NAN,
        .delay_p90_ms = NAN,
        .delay_p99_ms = NAN,
        .bias_ks = NAN,
        .bias_p_value = NAN,
        .mean_score_labelled = NAN,
        .mean_score_owed = NAN,
    };
    struct wait *waits = malloc(n * sizeof *waits);
    double *scores = malloc(n * sizeof *scores);
    enum err_code rc = ERR_OK;
    if (waits == NULL || scores == NULL) {
        rc = err_set(e, ERR_NOMEM, "out of memory for %zu rows", rows->n);
    } else {
        count_rows(rows, now_unix_ms, waits, &owed);
        measure_delays(waits, rows->n, &owed);
        if (rows->scores != NULL)
            rc = compare_scores(rows, now_unix_ms, scores, &owed, e);
    }
    free(waits);
    free(scores);
    if (rc == ERR_OK)
        *out = owed;
    return rc;
}

/* Both: enough rows to say, and more than a whim of chance. */
static bool is_biased(const struct mon_owed_options *o, const struct mon_owed *owed)
{
    return fmin(owed->n_scores_labelled, owed->n_scores_owed) >= o->min_rows &&
           owed->bias_ks > o->max_difference && owed->bias_p_value <= o->alpha;
}

void mon_owed_check(const struct mon_owed_options *o, const struct mon_owed *owed,
                    struct mon_signal *out)
{
    mon_signal_init(out, o->monitor, MON_KIND_QUALITY, "label_bias");
    out->n = owed->n_scores_labelled;
    out->n_reference = owed->n_scores_owed;
    out->threshold = o->max_difference;
    snprintf(out->threshold_origin, sizeof out->threshold_origin,
             "smallest difference that matters; evidence at %g", o->alpha);
    snprintf(out->rule, sizeof out->rule,
             "scores of labelled rows against those still owed, Kolmogorov-Smirnov");
    if (fmin(owed->n_scores_labelled, owed->n_scores_owed) < fmax(1.0, o->min_rows)) {
        out->verdict = MON_INSUFFICIENT;
        return;
    }
    out->value = owed->bias_ks;
    out->p_value = owed->bias_p_value;
    out->effect = owed->mean_score_labelled - owed->mean_score_owed;
    out->verdict = is_biased(o, owed) ? MON_DRIFT : MON_OK;
}

void mon_owed_caveat(const struct mon_owed_options *o, const struct mon_owed *owed,
                     struct mon_signal *s)
{
    size_t len = strlen(s->rule), room = sizeof s->rule - len;
    double share = owed->n > 0.0 ? owed->n_labelled / owed->n : 0.0;
    snprintf(s->rule + len, room, "%s%.0f %% labelled, %.0f owed", len > 0 ? "; " : "",
             100.0 * share, owed->n_owed);
    len = strlen(s->rule);
    if (is_biased(o, owed))
        snprintf(s->rule + len, sizeof s->rule - len, "; labelled rows score unlike them (KS %.2f)",
                 owed->bias_ks);
}
