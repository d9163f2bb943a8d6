/*
 * quality.c - rates of what a value should not be: missing, unseen, out of range, infinite, of
 * another type, repeated.
 */
#include "monitors/quality.h"

#include <math.h>
#include <stdio.h>

#include "tail.h"

static const char *const rate_names[MON_N_RATES] = {
#define X(symbol, name) [symbol] = name,
    MON_RATE_LIST(X)
#undef X
};

static const char *const rate_rules[MON_N_RATES] = {
    [MON_RATE_MISSING] = "rows without a value",
    [MON_RATE_UNSEEN] = "rows with a category that training did not see",
    [MON_RATE_RANGE] = "rows below or above all of the reference",
    [MON_RATE_INFINITE] = "rows with an infinite value",
};

void mon_quality_options_init(struct mon_quality_options *o)
{
    *o = (struct mon_quality_options){
        .monitor = "quality",
        .min_rows = 200.0,
        .significance = 0.001,
        .max_rise = {0.01, 0.01, 0.01, 0.01},
        .max_mismatch_rise = 0.01,
        .max_duplicate_rise = 0.05,
        .max_volume_factor = 2.0,
    };
}

static bool has_rate(const struct series *s, enum mon_rate rate)
{
    switch (rate) {
    case MON_RATE_MISSING:
        return s->missing_cell != SIZE_MAX;
    case MON_RATE_UNSEEN:
        return s->unseen_cell != SIZE_MAX;
    case MON_RATE_RANGE:
        return s->kind == SERIES_NUMERIC && s->n_edges > 0;
    case MON_RATE_INFINITE:
        return s->infinite_cell != SIZE_MAX;
    case MON_N_RATES:
        return false;
    }
    return false;
}

static double events(const struct profile *p, const struct series *s, enum mon_rate rate)
{
    const uint64_t *counts = p->counts + s->first_cell;
    switch (rate) {
    case MON_RATE_MISSING:
        return (double)counts[s->missing_cell];
    case MON_RATE_UNSEEN:
        return (double)counts[s->unseen_cell];
    case MON_RATE_RANGE:
        return (double)(counts[0] + counts[s->n_edges]);
    case MON_RATE_INFINITE:
        return (double)counts[s->infinite_cell];
    case MON_N_RATES:
        return NAN;
    }
    return NAN;
}

double mon_quality_rate(const struct profile *p, size_t series, enum mon_rate rate)
{
    const struct series *s = &p->ruler->series[series];
    if (!has_rate(s, rate) || p->n_rows == 0)
        return NAN;
    return events(p, s, rate) / (double)p->n_rows;
}

static bool looked_at(const struct mon_quality_options *o, const struct series *s,
                      enum mon_rate rate)
{
    return !s->prediction && has_rate(s, rate) && !isnan(o->max_rise[rate]);
}

static size_t n_looked_at(const struct mon_quality_options *o, const struct ruler *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_series; i++)
        for (int rate = 0; rate < MON_N_RATES; rate++)
            n += looked_at(o, &r->series[i], (enum mon_rate)rate);
    return n;
}

/* What happened how often in how many rows. */
struct happened {
    double events, rows;
};

static void start(const struct mon_quality_options *o, const char *statistic, const char *feature,
                  const char *rule, struct mon_signal *s)
{
    mon_signal_init(s, o->monitor, MON_KIND_QUALITY, statistic);
    snprintf(s->feature, sizeof s->feature, "%s", feature);
    snprintf(s->rule, sizeof s->rule, "%s", rule);
}

/* The rule of all rates: a rise beyond its limit that chance does not explain. */
static void judge_rate(const struct mon_quality_options *o, struct happened reference,
                       struct happened window, double max_rise, size_t n_rates,
                       struct mon_signal *s)
{
    snprintf(s->threshold_origin, sizeof s->threshold_origin,
             "reference rate + %g, and significant at %g over %zu rates", max_rise, o->significance,
             n_rates);
    s->n = window.rows;
    s->n_reference = reference.rows;
    s->verdict = MON_INSUFFICIENT;
    if (!(s->n >= fmax(1.0, o->min_rows)) || !(s->n_reference > 0.0))
        return;
    s->value = window.events / window.rows;
    s->reference_value = reference.events / reference.rows;
    s->effect = s->value - s->reference_value;
    s->threshold = s->reference_value + max_rise;
    s->p_value = tail_hypergeometric(window.events, s->n, reference.events, s->n_reference);
    bool significant = s->p_value <= o->significance / (double)n_rates;
    s->verdict = s->effect > max_rise && significant ? MON_DRIFT : MON_OK;
}

size_t mon_quality_check(const struct mon_quality_options *o, const struct profile *reference,
                         const struct profile *window, struct mon_signal *signals)
{
    const struct ruler *r = reference->ruler;
    size_t n = 0, n_rates = n_looked_at(o, r);
    for (size_t i = 0; i < r->n_series; i++)
        for (int rate = 0; rate < MON_N_RATES; rate++) {
            const struct series *at = &r->series[i];
            if (!looked_at(o, at, (enum mon_rate)rate))
                continue;
            struct happened before = {events(reference, at, (enum mon_rate)rate),
                                      (double)reference->n_rows};
            struct happened now = {events(window, at, (enum mon_rate)rate), (double)window->n_rows};
            start(o, rate_names[rate], at->name, rate_rules[rate], &signals[n]);
            judge_rate(o, before, now, o->max_rise[rate], n_rates, &signals[n++]);
        }
    return n;
}

size_t mon_mismatch_check(const struct mon_quality_options *o, const struct ruler *r,
                          const struct mon_mismatches *reference,
                          const struct mon_mismatches *window, struct mon_signal *signals)
{
    for (size_t i = 0; i < r->n_features; i++) {
        struct happened before = {(double)reference->counts[i], (double)reference->n_rows};
        struct happened now = {(double)window->counts[i], (double)window->n_rows};
        start(o, "type_mismatch_rate", r->series[i].name,
              "rows whose value could not be read as the feature's type", &signals[i]);
        judge_rate(o, before, now, o->max_mismatch_rise, r->n_features, &signals[i]);
    }
    return r->n_features;
}

void mon_duplicate_check(const struct mon_quality_options *o, const struct mon_repeats *reference,
                         const struct mon_repeats *window, struct mon_signal *s)
{
    struct happened now = {window->repeated, window->rows};
    start(o, "duplicate_rate", "", "rows equal to another row of the same stretch in every feature",
          s);
    if (reference == NULL) {
        snprintf(s->threshold_origin, sizeof s->threshold_origin,
                 "repeated rows of the reference were not counted");
        s->n = now.rows;
        s->verdict = MON_UNAVAILABLE;
        return;
    }
    struct happened before = {reference->repeated, reference->rows};
    judge_rate(o, before, now, o->max_duplicate_rise, 1, s);
    if (before.rows < now.rows)
        s->verdict = MON_INSUFFICIENT;
}
