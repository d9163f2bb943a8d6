/*
 * performance.c - has the metric fallen below the reference's by more than is allowed, and surely
 * so?
 */
#include "monitors/performance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "longrun.h"
#include "tail.h"

void mon_performance_options_init(struct mon_performance_options *o)
{
    *o = (struct mon_performance_options){
        .monitor = "performance",
        .metric = MON_ACCURACY,
        .min_rows = 200.0,
        .max_drop = 0.02,
        .confidence = 0.95,
    };
}

struct evidence {
    const struct mon_performance_options *options;
    const struct mon_labelled *rows;
    struct longrun loss; /* not for auc */
    double positives;    /* auc */
    double value, reference, reference_n, worsening;
};

/* A reference over finitely many rows is as uncertain as its size says; one of unknown size is
 * exact. */
static double reference_share(const struct evidence *v)
{
    return v->reference_n > 0.0 ? v->loss.n / v->reference_n : 0.0;
}

static double p_from(double worsening, double variance)
{
    if (!(variance > 0.0))
        return worsening > 0.0 ? 0.0 : 1.0;
    return tail_normal(worsening / sqrt(variance));
}

static double p_accuracy_exact(const struct evidence *v)
{
    double n = v->loss.n, errors = round(v->loss.mean * n);
    if (!(v->reference_n > 0.0))
        return tail_binomial(errors, n, 1.0 - v->reference);
    double reference_errors = round((1.0 - v->reference) * v->reference_n);
    return tail_hypergeometric(errors, n, reference_errors, v->reference_n);
}

/* Of the rmse by the delta method: d sqrt(m) = dm / (2 sqrt(m)). */
static double p_losses(const struct evidence *v)
{
    double variance = v->loss.mean_variance * (1.0 + reference_share(v));
    if (v->options->metric == MON_RMSE && v->value > 0.0)
        variance /= 4.0 * v->value * v->value;
    return p_from(v->worsening, variance);
}

/* Variance of an area under the curve: Hanley & McNeil, Radiology 143 (1982), eq. 1. */
static double auc_variance(double a, double positives, double negatives)
{
    double q1 = a / (2.0 - a), q2 = 2.0 * a * a / (1.0 + a);
    return (a * (1.0 - a) + (positives - 1.0) * (q1 - a * a) + (negatives - 1.0) * (q2 - a * a)) /
           (positives * negatives);
}

static double p_auc(const struct evidence *v)
{
    double variance = auc_variance(v->value, v->positives, v->loss.n - v->positives);
    return p_from(v->worsening, variance * (1.0 + reference_share(v)));
}

static double p_value(const struct evidence *v)
{
    if (v->options->metric == MON_AUC)
        return p_auc(v);
    if (v->options->metric == MON_ACCURACY && v->options->lag == 0)
        return p_accuracy_exact(v);
    return p_losses(v);
}

/* The error of each row serves auc too: for the number of rows known. */
static bool measure_losses(struct evidence *v)
{
    enum mon_metric m = v->options->metric == MON_AUC ? MON_ACCURACY : v->options->metric;
    double *losses = calloc(v->rows->n > 0 ? v->rows->n : 1, sizeof *losses);
    if (losses == NULL || mon_metric_losses(m, v->rows, losses, NULL) != ERR_OK) {
        free(losses);
        return false;
    }
    v->loss = longrun_mean(losses, v->rows->n, v->options->lag);
    for (size_t i = 0; i < v->rows->n; i++)
        v->positives += !isnan(losses[i]) && v->rows->labels[i] >= 0.5;
    free(losses);
    return true;
}

static void judge(struct evidence *v, struct mon_signal *s)
{
    const struct mon_performance_options *o = v->options;
    double allowed = o->relative ? o->max_drop * fabs(v->reference) : o->max_drop;
    double sign = mon_metric_larger_is_better(o->metric) ? -1.0 : 1.0;
    v->worsening = sign * (v->value - v->reference);
    s->threshold = v->reference + sign * allowed;
    s->effect = v->worsening;
    s->p_value = p_value(v);
    s->verdict = v->worsening > allowed && s->p_value <= 1.0 - o->confidence ? MON_DRIFT : MON_OK;
}

void mon_performance_check(const struct mon_performance_options *o, const struct mon_labelled *rows,
                           double reference_value, double reference_n, struct mon_signal *out)
{
    struct evidence v = {
        .options = o, .rows = rows, .reference = reference_value, .reference_n = reference_n};
    mon_signal_init(out, o->monitor, MON_KIND_PERFORMANCE, mon_metric_name(o->metric));
    snprintf(out->threshold_origin, sizeof out->threshold_origin,
             "reference, worsened by %g%s; confidence %g", o->max_drop, o->relative ? " of it" : "",
             o->confidence);
    out->reference_value = reference_value;
    out->n_reference = reference_n;
    if (!mon_metric_fits(o->metric, rows->kind) || !measure_losses(&v))
        return;
    out->n = v.loss.n;
    if (v.loss.n < fmax(2.0, o->min_rows)) {
        out->verdict = MON_INSUFFICIENT;
        return;
    }
    out->value = v.value = mon_metric_compute(o->metric, rows);
    if (isfinite(v.value) && isfinite(reference_value))
        judge(&v, out);
}
