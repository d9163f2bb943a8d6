/*
 * performance.c - has the metric fallen below the reference's by more than is allowed, and surely
 * so?
 */
#include "monitors/performance.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clustering.h"

void mon_performance_options_init(struct mon_performance_options *o)
{
    *o = (struct mon_performance_options){
        .monitor = "performance",
        .metric = MON_ACCURACY,
        .min_rows = 200.0,
        .max_drop = 0.02,
        .confidence = 0.95,
        .lag = MON_LAG_AUTO,
    };
}

struct evidence {
    const struct mon_performance_options *options;
    struct mon_measured now;
    double reference, reference_n, worsening;
};

static struct clustering clustering_of(const struct mon_measured *m)
{
    return (struct clustering){m->rows_per_draw, m->freedom};
}

static double p_accuracy(const struct evidence *v)
{
    double n = v->now.n, errors = round((1.0 - v->now.value) * n);
    if (!(v->reference_n > 0.0))
        return clustering_binomial_tail(errors, n, 1.0 - v->reference, clustering_of(&v->now));
    double reference_errors = round((1.0 - v->reference) * v->reference_n);
    return clustering_rate_tail(errors, n, reference_errors, v->reference_n,
                                clustering_of(&v->now));
}

/* A reference over finitely many rows is as uncertain as its size says; one of unknown size is
 * exact. */
static double p_normal(const struct evidence *v)
{
    double reference_share = v->reference_n > 0.0 ? v->now.n / v->reference_n : 0.0;
    double error = v->now.standard_error * sqrt(1.0 + reference_share);
    if (!(error > 0.0))
        return v->worsening > 0.0 ? 0.0 : 1.0;
    return clustering_tail(v->worsening / error, clustering_of(&v->now));
}

static bool is_exact(const struct mon_performance_options *o)
{
    return o->metric == MON_ACCURACY && (o->lag == 0 || o->lag == MON_LAG_AUTO);
}

static void judge(struct evidence *v, struct mon_signal *s)
{
    const struct mon_performance_options *o = v->options;
    double allowed = o->relative ? o->max_drop * fabs(v->reference) : o->max_drop;
    double sign = mon_metric_larger_is_better(o->metric) ? -1.0 : 1.0;
    v->worsening = sign * (v->now.value - v->reference);
    s->threshold = v->reference + sign * allowed;
    s->effect = v->worsening;
    s->p_value = is_exact(o) ? p_accuracy(v) : p_normal(v);
    s->verdict = v->worsening > allowed && s->p_value <= 1.0 - o->confidence ? MON_DRIFT : MON_OK;
}

static void say_rule(const struct mon_performance_options *o, struct mon_signal *s)
{
    if (is_exact(o))
        snprintf(s->rule, sizeof s->rule, "labelled rows; exact test of the two error counts");
    else if (o->lag == 0 || o->lag == MON_LAG_AUTO)
        snprintf(s->rule, sizeof s->rule, "labelled rows; normal test");
    else
        snprintf(s->rule, sizeof s->rule,
                 "labelled rows; normal test, Newey-West errors over %zu rows", o->lag);
    snprintf(s->threshold_origin, sizeof s->threshold_origin,
             "reference, worsened by %g%s; confidence %g", o->max_drop, o->relative ? " of it" : "",
             o->confidence);
}

static void say_clustering(const struct mon_measured *m, struct mon_signal *s)
{
    size_t used = strlen(s->rule);
    if (m->rows_per_draw > 1.0)
        snprintf(s->rule + used, sizeof s->rule - used, "; they cluster: %.3g rows count as one",
                 m->rows_per_draw);
}

void mon_performance_check(const struct mon_performance_options *o, const struct mon_labelled *rows,
                           double reference_value, double reference_n, struct mon_signal *out)
{
    struct evidence v = {.options = o, .reference = reference_value, .reference_n = reference_n};
    mon_signal_init(out, o->monitor, MON_KIND_PERFORMANCE, mon_metric_name(o->metric));
    say_rule(o, out);
    out->reference_value = reference_value;
    out->n_reference = reference_n;
    if (!mon_metric_fits(o->metric, rows->kind))
        return;
    v.now = mon_metric_measure(o->metric, rows, o->lag);
    say_clustering(&v.now, out);
    out->n = v.now.n;
    if (v.now.n < fmax(2.0, o->min_rows)) {
        out->verdict = MON_INSUFFICIENT;
        return;
    }
    out->value = v.now.value;
    if (isfinite(v.now.value) && isfinite(reference_value))
        judge(&v, out);
}
