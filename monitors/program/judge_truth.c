/*
 * judge_truth.c - see judge_truth.h.
 */
#include "judge_truth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "monitors/calibration.h"
#include "monitors/estimate.h"
#include "monitors/harm.h"

#define LEAST_ALARM_ROWS 1000 /* expected between false alarms of the harm test */

struct judge_truth {
    const struct mon_reference *ref;
    enum mon_metric metric, loss;
    bool estimate, performance, harm;
    struct mon_measured reference; /* the metric over the reference's labelled rows */
    struct mon_calibrator *calibrator;
    struct mon_harm_limit limit;
    struct mon_harm *test;
    struct mon_estimate_options estimate_options;
    struct mon_performance_options performance_options;
};

static struct mon_labelled reference_rows(const struct mon_reference *r)
{
    return (struct mon_labelled){.kind = r->schema->label_kind,
                                 .n = r->n_validation,
                                 .n_outputs = schema_n_outputs(r->schema),
                                 .scores = r->validation_scores,
                                 .labels = r->validation_labels};
}

/* The mean of this loss is what the harm test looks at. */
static enum mon_metric loss_of(enum label_kind kind)
{
    return kind == LABEL_REGRESSION ? MON_MAE : MON_ACCURACY;
}

static enum err_code choose_metric(struct judge_truth *t, const struct compare_options *o,
                                   struct err *e)
{
    enum label_kind kind = t->ref->schema->label_kind;
    t->loss = loss_of(kind);
    t->metric = o->metric_said ? o->metric : kind == LABEL_REGRESSION ? MON_RMSE : MON_ACCURACY;
    if (!mon_metric_fits(t->metric, kind))
        return err_set(e, ERR_INVALID, "--metric: %s is not defined for %s labels",
                       mon_metric_name(t->metric), label_kind_name(kind));
    return ERR_OK;
}

static enum err_code fit_limit(struct judge_truth *t, struct err *e)
{
    struct mon_labelled rows = reference_rows(t->ref);
    struct mon_harm_options o;
    double *losses = calloc(rows.n + 1, sizeof *losses);
    if (!losses)
        return err_set(e, ERR_NOMEM, "out of memory for %zu losses", rows.n);
    mon_harm_options_init(&o);
    enum err_code code = mon_metric_losses(t->loss, &rows, losses, e);
    if (!code)
        code = mon_harm_limit_fit(&o, losses, rows.n, &t->limit, e);
    free(losses);
    return code;
}

/* Takes a monitor that cannot be had off the list, or fails where it was asked for. */
static enum err_code give_up(const struct compare_options *o, bool *wanted, enum compare_monitor m,
                             enum err_code code, struct err *e)
{
    if (code == ERR_NOMEM)
        return code;
    if (o->monitors_said)
        return err_prefix(e, "--monitor %s", compare_monitor_name(m));
    err_clear(e);
    *wanted = false;
    return ERR_OK;
}

static enum err_code prepare(struct judge_truth *t, const struct compare_options *o,
                             bool wanted[COMPARE_N_MONITORS], struct err *e)
{
    struct mon_labelled rows = reference_rows(t->ref);
    enum err_code code = choose_metric(t, o, e);
    if (code)
        return code;
    t->reference = mon_metric_measure(t->metric, &rows, MON_LAG_AUTO);
    if (wanted[COMPARE_ESTIMATE] && (code = mon_calibrator_fit(&rows, NULL, &t->calibrator, e)))
        code = give_up(o, &wanted[COMPARE_ESTIMATE], COMPARE_ESTIMATE, code, e);
    if (!code && wanted[COMPARE_HARM] && (code = fit_limit(t, e)))
        code = give_up(o, &wanted[COMPARE_HARM], COMPARE_HARM, code, e);
    t->estimate = wanted[COMPARE_ESTIMATE];
    t->performance = wanted[COMPARE_PERFORMANCE];
    t->harm = wanted[COMPARE_HARM];
    return code;
}

enum err_code judge_truth_new(const struct mon_reference *ref, const struct compare_options *o,
                              bool wanted[COMPARE_N_MONITORS], struct judge_truth **out,
                              struct err *e)
{
    static const enum compare_monitor mine[] = {COMPARE_ESTIMATE, COMPARE_PERFORMANCE,
                                                COMPARE_HARM};
    enum err_code code = ERR_OK;
    *out = NULL;
    for (size_t i = 0; !code && ref->n_validation == 0 && i < TRUTH_MAX_SIGNALS; i++)
        if (wanted[mine[i]])
            code = give_up(
                o, &wanted[mine[i]], mine[i],
                err_set(e, ERR_INVALID, "the reference has no rows with both --label and --score"),
                e);
    bool any = wanted[COMPARE_ESTIMATE] || wanted[COMPARE_PERFORMANCE] || wanted[COMPARE_HARM];
    if (code || !any)
        return code;
    struct judge_truth *t = calloc(1, sizeof *t);
    if (!t)
        return err_set(e, ERR_NOMEM, "out of memory");
    t->ref = ref;
    code = prepare(t, o, wanted, e);
    if (code)
        judge_truth_free(t);
    else
        *out = t;
    return code;
}

void judge_truth_free(struct judge_truth *t)
{
    if (!t)
        return;
    mon_calibrator_free(t->calibrator);
    mon_harm_free(t->test);
    free(t);
}

enum err_code judge_truth_budget(struct judge_truth *t, double rate, double window_rows,
                                 double min_rows, struct err *e)
{
    struct mon_harm_options harm;
    mon_estimate_options_init(&t->estimate_options);
    snprintf(t->estimate_options.monitor, MON_NAME_BYTES, "%s",
             compare_monitor_name(COMPARE_ESTIMATE));
    t->estimate_options.metric = t->metric;
    t->estimate_options.min_rows = min_rows;
    t->estimate_options.confidence = 1 - rate;
    mon_performance_options_init(&t->performance_options);
    snprintf(t->performance_options.monitor, MON_NAME_BYTES, "%s",
             compare_monitor_name(COMPARE_PERFORMANCE));
    t->performance_options.metric = t->metric;
    t->performance_options.min_rows = min_rows;
    t->performance_options.confidence = 1 - rate;
    if (!t->harm)
        return ERR_OK;
    mon_harm_options_init(&harm);
    snprintf(harm.monitor, sizeof harm.monitor, "%s", compare_monitor_name(COMPARE_HARM));
    harm.min_rows = min_rows;
    harm.rows_between_alarms = fmax(window_rows / rate, LEAST_ALARM_ROWS);
    return mon_harm_new(&harm, &t->limit, &t->test, e);
}

static enum err_code feed_harm(struct judge_truth *t, const struct mon_labelled *rows,
                               struct mon_signal *out, struct err *e)
{
    double *losses = calloc(rows->n + 1, sizeof *losses);
    if (!losses)
        return err_set(e, ERR_NOMEM, "out of memory for %zu losses", rows->n);
    enum err_code code = mon_metric_losses(t->loss, rows, losses, e);
    if (!code) {
        mon_harm_feed(t->test, losses, rows->n);
        mon_harm_signal(t->test, out);
    }
    free(losses);
    return code;
}

enum err_code judge_truth_check(struct judge_truth *t, const struct window_pairs *pairs,
                                struct mon_signal *signals, size_t *n, struct err *e)
{
    const struct mon_labelled rows = {.kind = t->ref->schema->label_kind,
                                      .n = pairs->n,
                                      .n_outputs = pairs->n_outputs,
                                      .scores = pairs->scores,
                                      .labels = pairs->labels};
    struct mon_estimates estimates;
    enum err_code code = ERR_OK;
    size_t at = 0;
    if (t->estimate) {
        code = mon_estimate_scores(t->calibrator, pairs->scores, pairs->n, &estimates, e);
        if (!code)
            mon_estimate_check(&t->estimate_options, &estimates, t->reference.value,
                               t->reference.standard_error, t->reference.n, &signals[at++]);
    }
    if (!code && t->performance)
        mon_performance_check(&t->performance_options, &rows, t->reference.value, t->reference.n,
                              &signals[at++]);
    if (!code && t->harm)
        code = feed_harm(t, &rows, &signals[at++], e);
    if (!code)
        *n = at;
    return code;
}
