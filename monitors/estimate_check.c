/*
 * estimate_check.c - is the estimated performance surely worse than is allowed? The same answer
 * serves as an estimate's signal and as harm without labels.
 */
#include <math.h>
#include <stdio.h>

#include "monitors/estimate.h"
#include "monitors/harm.h"
#include "tail.h"

void mon_estimate_options_init(struct mon_estimate_options *o)
{
    *o = (struct mon_estimate_options){
        .monitor = "estimated performance",
        .metric = MON_ACCURACY,
        .min_rows = 200.0,
        .max_drop = 0.02,
        .confidence = 0.95,
    };
}

static double p_of_allowed(double beyond, double error)
{
    if (!(error > 0.0))
        return beyond > 0.0 ? 0.0 : 1.0;
    return tail_normal(beyond / error);
}

static double allowed_drop(const struct mon_estimate_options *o, double reference)
{
    return o->relative ? o->max_drop * fabs(reference) : o->max_drop;
}

/* -1 where larger is better: worsening = sign x change. */
static double worse_sign(enum mon_metric m)
{
    return mon_metric_larger_is_better(m) ? -1.0 : 1.0;
}

static const char *estimator_name(enum mon_metric m)
{
    return mon_metric_fits(m, LABEL_REGRESSION) ? "a loss model (DLE)" : "calibrated scores (CBPE)";
}

static void judge(const struct mon_estimate_options *o, const struct mon_estimate *estimate,
                  double reference_error, struct mon_signal *s)
{
    double allowed = allowed_drop(o, s->reference_value), sign = worse_sign(o->metric);
    double error = hypot(mon_estimate_error(estimate), reference_error);
    s->threshold = s->reference_value + sign * allowed;
    s->effect = sign * (s->value - s->reference_value);
    s->p_value = p_of_allowed(s->effect - allowed, error);
    s->verdict = s->effect > allowed && s->p_value <= 1.0 - o->confidence ? MON_DRIFT : MON_OK;
    snprintf(s->rule, sizeof s->rule,
             "estimated by %s; error %.2g from sampling, %.2g from the estimator",
             estimator_name(o->metric), estimate->sampling_error, estimate->model_error);
}

static void start(const struct mon_estimate_options *o, enum mon_kind kind, const char *before,
                  const char *after, struct mon_signal *out)
{
    char statistic[sizeof out->statistic];
    snprintf(statistic, sizeof statistic, "%s%s%s", before, mon_metric_name(o->metric), after);
    mon_signal_init(out, o->monitor, kind, statistic);
}

static void check(const struct mon_estimate_options *o, enum mon_kind kind,
                  const struct mon_estimates *window, double reference_value,
                  double reference_error, double reference_n, struct mon_signal *out)
{
    const struct mon_estimate *estimate = &window->of[o->metric];
    start(o, kind, "estimated_", "", out);
    out->n = window->n;
    out->n_reference = reference_n;
    out->reference_value = reference_value;
    snprintf(out->threshold_origin, sizeof out->threshold_origin,
             "reference, worsened by %g%s; confidence %g", o->max_drop, o->relative ? " of it" : "",
             o->confidence);
    if (window->n < o->min_rows) {
        out->verdict = MON_INSUFFICIENT;
        return;
    }
    out->value = estimate->value;
    if (isfinite(estimate->value) && isfinite(reference_value))
        judge(o, estimate, isfinite(reference_error) ? reference_error : 0.0, out);
}

void mon_estimate_check(const struct mon_estimate_options *o, const struct mon_estimates *window,
                        double reference_value, double reference_error, double reference_n,
                        struct mon_signal *out)
{
    check(o, MON_KIND_ESTIMATE, window, reference_value, reference_error, reference_n, out);
}

void mon_harm_estimated(const struct mon_estimate_options *o, const struct mon_estimates *window,
                        double reference_value, double reference_error, double reference_n,
                        struct mon_signal *out)
{
    check(o, MON_KIND_HARM, window, reference_value, reference_error, reference_n, out);
}

static void judge_gap(const struct mon_estimate_options *o, const struct mon_estimate *estimate,
                      struct mon_signal *s)
{
    double allowed = allowed_drop(o, estimate->value), sign = worse_sign(o->metric);
    s->effect = sign * (s->value - estimate->value);
    s->threshold = estimate->value + (s->effect > 0.0 ? sign : -sign) * allowed;
    s->p_value =
        fmin(1.0, 2.0 * p_of_allowed(fabs(s->effect) - allowed, mon_estimate_error(estimate)));
    s->verdict =
        fabs(s->effect) > allowed && s->p_value <= 1.0 - o->confidence ? MON_DRIFT : MON_OK;
}

void mon_estimate_gap(const struct mon_estimate_options *o, const struct mon_estimates *estimate,
                      const struct mon_labelled *rows, struct mon_signal *out)
{
    const struct mon_estimate *expected = &estimate->of[o->metric];
    start(o, MON_KIND_ESTIMATE, "", "_gap", out);
    if (!mon_metric_fits(o->metric, rows->kind))
        return;
    struct mon_measured realised = mon_metric_measure(o->metric, rows, 0);
    out->n = realised.n;
    out->reference_value = expected->value;
    snprintf(out->rule, sizeof out->rule, "realised, against the estimate by %s for the same rows",
             estimator_name(o->metric));
    snprintf(out->threshold_origin, sizeof out->threshold_origin,
             "estimate, off by %g%s; confidence %g", o->max_drop, o->relative ? " of it" : "",
             o->confidence);
    if (realised.n < fmax(1.0, o->min_rows)) {
        out->verdict = MON_INSUFFICIENT;
        return;
    }
    out->value = realised.value;
    if (isfinite(realised.value) && isfinite(expected->value))
        judge_gap(o, expected, out);
}
