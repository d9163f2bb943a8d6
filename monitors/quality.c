/*
 * quality.c - rates of what a value should not be: missing, unseen, out of range, infinite, of
 * another type, repeated.
 */
#include "monitors/quality.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clustering.h"

#define SLOTS 512       /* chunks looked at one by one */
#define NEAR_SHARE 0.01 /* of the rows: what counts as an end of the range */

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

/* The reference's chunks in time order. */
struct in_time {
    struct profile *const *chunks;
    size_t n;
};

/* The cells at both ends of the range that hold NEAR_SHARE of the reference's rows each: low and
 * all below, high and all above. */
struct ends {
    size_t low, high;
};

static struct ends ends_of(const struct profile *reference, const struct series *s)
{
    const uint64_t *counts = reference->counts + s->first_cell;
    struct ends e = {0, s->n_edges};
    double want = NEAR_SHARE * (double)reference->n_rows;
    for (double held = (double)counts[0]; held < want && e.low < s->n_edges;)
        held += (double)counts[++e.low];
    for (double held = (double)counts[s->n_edges]; held < want && e.high > e.low + 1;)
        held += (double)counts[--e.high];
    return e;
}

static double events_at_ends(const struct profile *p, const struct series *s, struct ends e)
{
    const uint64_t *counts = p->counts + s->first_cell;
    double sum = 0.0;
    for (size_t c = 0; c <= s->n_edges; c++)
        sum += c <= e.low || c >= e.high ? (double)counts[c] : 0.0;
    return sum;
}

/* How a rate's events cluster in the reference's chunks, neighbours added up where there are more
 * than SLOTS. A reference has few values beyond its own range or none; how they cluster is read off
 * those at its ends. */
static struct clustering clustering_of(const struct in_time *t, const struct profile *reference,
                                       const struct series *s, enum mon_rate rate,
                                       double window_rows)
{
    double rows[SLOTS] = {0}, happened[SLOTS] = {0};
    size_t n = t->n < SLOTS ? t->n : SLOTS;
    bool range = rate == MON_RATE_RANGE;
    struct ends ends = range ? ends_of(reference, s) : (struct ends){0, 0};
    for (size_t i = 0; i < t->n; i++) {
        size_t slot = i * n / t->n;
        rows[slot] += (double)t->chunks[i]->n_rows;
        happened[slot] +=
            range ? events_at_ends(t->chunks[i], s, ends) : events(t->chunks[i], s, rate);
    }
    return clustering_of_chunks(rows, happened, n, window_rows);
}

static void start(const struct mon_quality_options *o, const char *statistic, const char *feature,
                  const char *rule, struct mon_signal *s)
{
    mon_signal_init(s, o->monitor, MON_KIND_QUALITY, statistic);
    snprintf(s->feature, sizeof s->feature, "%s", feature);
    snprintf(s->rule, sizeof s->rule, "%s", rule);
}

/* The rule of all rates: a rise beyond its limit that chance does not explain. */
static void judge_rate(const struct mon_quality_options *o, struct happened reference,
                       struct happened window, struct clustering clustering, double max_rise,
                       size_t n_rates, struct mon_signal *s)
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
    s->p_value =
        clustering_rate_tail(window.events, s->n, reference.events, s->n_reference, clustering);
    bool significant = s->p_value <= o->significance / (double)n_rates;
    s->verdict = s->effect > max_rise && significant ? MON_DRIFT : MON_OK;
}

static void say_clustering(struct clustering c, struct mon_signal *s)
{
    size_t used = strlen(s->rule);
    if (c.rows_per_draw > 1.0)
        snprintf(s->rule + used, sizeof s->rule - used, "; they cluster: %.3g rows count as one",
                 c.rows_per_draw);
}

static void check_rate(const struct mon_quality_options *o, const struct profile *reference,
                       const struct in_time *time, const struct profile *window, size_t series,
                       enum mon_rate rate, size_t n_rates, struct mon_signal *s)
{
    const struct series *at = &reference->ruler->series[series];
    struct happened before = {events(reference, at, rate), (double)reference->n_rows};
    struct happened now = {events(window, at, rate), (double)window->n_rows};
    struct clustering c = clustering_none();
    if (now.events > 0.0)
        c = clustering_of(time, reference, at, rate, now.rows);
    start(o, rate_names[rate], at->name, rate_rules[rate], s);
    judge_rate(o, before, now, c, o->max_rise[rate], n_rates, s);
    say_clustering(c, s);
}

size_t mon_quality_check_chunks(const struct mon_quality_options *o,
                                const struct profile *reference, struct profile *const *chunks,
                                size_t n_chunks, const struct profile *window,
                                struct mon_signal *signals)
{
    const struct ruler *r = reference->ruler;
    const struct in_time time = {chunks, n_chunks};
    size_t n = 0, n_rates = n_looked_at(o, r);
    for (size_t i = 0; i < r->n_series; i++)
        for (int rate = 0; rate < MON_N_RATES; rate++)
            if (looked_at(o, &r->series[i], (enum mon_rate)rate))
                check_rate(o, reference, &time, window, i, (enum mon_rate)rate, n_rates,
                           &signals[n++]);
    return n;
}

size_t mon_quality_check(const struct mon_quality_options *o, const struct profile *reference,
                         const struct profile *window, struct mon_signal *signals)
{
    return mon_quality_check_chunks(o, reference, NULL, 0, window, signals);
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
        judge_rate(o, before, now, clustering_none(), o->max_mismatch_rise, r->n_features,
                   &signals[i]);
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
    judge_rate(o, before, now, clustering_none(), o->max_duplicate_rise, 1, s);
    if (before.rows < now.rows)
        s->verdict = MON_INSUFFICIENT;
}
