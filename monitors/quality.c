/*
 * quality.c - rates of what a value should not be: missing, unseen, out of range, infinite.
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

void mon_quality_options_init(struct mon_quality_options *o)
{
    *o = (struct mon_quality_options){
        .monitor = "quality",
        .min_rows = 200.0,
        .significance = 0.001,
        .max_rise = {0.01, 0.01, 0.01, 0.01},
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

static void judge(const struct mon_quality_options *o, const struct profile *reference,
                  const struct profile *window, size_t series, enum mon_rate rate, size_t n_rates,
                  struct mon_signal *s)
{
    const struct series *at = &reference->ruler->series[series];
    s->value = mon_quality_rate(window, series, rate);
    s->reference_value = mon_quality_rate(reference, series, rate);
    s->effect = s->value - s->reference_value;
    s->threshold = s->reference_value + o->max_rise[rate];
    s->p_value = tail_hypergeometric(events(window, at, rate), s->n, events(reference, at, rate),
                                     s->n_reference);
    bool significant = s->p_value <= o->significance / (double)n_rates;
    s->verdict = s->effect > o->max_rise[rate] && significant ? MON_DRIFT : MON_OK;
}

size_t mon_quality_check(const struct mon_quality_options *o, const struct profile *reference,
                         const struct profile *window, struct mon_signal *signals)
{
    const struct ruler *r = reference->ruler;
    size_t n = 0, n_rates = n_looked_at(o, r);
    for (size_t i = 0; i < r->n_series; i++)
        for (int rate = 0; rate < MON_N_RATES; rate++) {
            if (!looked_at(o, &r->series[i], (enum mon_rate)rate))
                continue;
            struct mon_signal *s = &signals[n++];
            mon_signal_init(s, o->monitor, MON_KIND_QUALITY, rate_names[rate]);
            snprintf(s->feature, sizeof s->feature, "%s", r->series[i].name);
            snprintf(s->threshold_origin, sizeof s->threshold_origin,
                     "reference rate + %g, and significant at %g over %zu rates", o->max_rise[rate],
                     o->significance, n_rates);
            s->n = (double)window->n_rows;
            s->n_reference = (double)reference->n_rows;
            s->verdict = MON_INSUFFICIENT;
            if (s->n >= fmax(1.0, o->min_rows) && reference->n_rows > 0)
                judge(o, reference, window, i, (enum mon_rate)rate, n_rates, s);
        }
    return n;
}
