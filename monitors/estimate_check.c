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

static void judge(const struct mon_estimate_options *o, const struct mon_estimate *estimate,
                  double reference_error, struct mon_signal *s)
{
    double sign = mon_metric_larger_is_better(o->metric) ? -1.0 : 1.0;
    double error = hypot(mon_estimate_error(estimate), reference_error);
    double allowed = o->relative ? o->max_drop * fabs(s->reference_value) : o->max_drop;
    s->threshold = s->reference_value + sign * allowed;
    s->effect = sign * (s->value - s->reference_value);
    s->p_value = p_of_allowed(s->effect - allowed, error);
    s->verdict = s->effect > allowed && s->p_value <= 1.0 - o->confidence ? MON_DRIFT : MON_OK;
    snprintf(s->rule, sizeof s->rule,
             "estimated by %s; error %.2g from sampling, %.2g from the estimator",
             mon_metric_fits(o->metric, LABEL_REGRESSION) ? "a loss model (DLE)"
                                                          : "calibrated scores (CBPE)",
             estimate->sampling_error, estimate->model_error);
}

static void check(const struct mon_estimate_options *o, enum mon_kind kind,
                  const struct mon_estimates *window, double reference_value,
                  double reference_error, double reference_n, struct mon_signal *out)
{
    char statistic[sizeof out->statistic];
    const struct mon_estimate *estimate = &window->of[o->metric];
    snprintf(statistic, sizeof statistic, "estimated_%s", mon_metric_name(o->metric));
    mon_signal_init(out, o->monitor, kind, statistic);
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
