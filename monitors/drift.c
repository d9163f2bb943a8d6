/*
 * drift.c - one window against the reference, or against the phases its rows lie in: a signal per
 * watched series.
 */
#include "monitors/drift.h"

#include <math.h>

#include "drift_check.h"
#include "season_state.h"

/* A window with more than this share of its rows in phases without support has no phases. */
#define LEAST_PHASE_SUPPORT 0.95

void mon_drift_options_init(struct mon_drift_options *o)
{
    *o = (struct mon_drift_options){
        .monitor = "drift",
        .statistic = MON_PSI,
        .correction = MON_BY_BENJAMINI_HOCHBERG,
        .min_rows = 200.0,
        .false_alarm_rate = 0.001,
        .threshold = NAN,
        .min_effect = NAN,
    };
}

static void choose_phases(struct check *c, const struct mon_phase_mix *mix)
{
    if (mix == NULL || c->null == NULL || c->null->season == NULL)
        return;
    if (mon_season_support(c->null->season, mix) >= LEAST_PHASE_SUPPORT)
        c->mix = mix;
    else
        c->phases_missing = true;
}

static void judge_explicit(const struct check *c, struct mon_signal *s)
{
    s->threshold = c->options->threshold;
    s->verdict = s->value > s->threshold ? MON_DRIFT : MON_OK;
}

static size_t n_p_values(const struct mon_signal *signals, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += !isnan(signals[i].p_value);
    return count;
}

size_t mon_drift_check_mix(const struct mon_drift_options *o, const struct mon_null *null,
                           const struct profile *reference, const struct profile *window,
                           const struct mon_phase_mix *mix, struct mon_signal *signals)
{
    struct check c = {.options = o, .null = null, .reference = reference, .window = window};
    size_t n = 0;
    bool ready = check_init(&c);
    choose_phases(&c, mix);
    for (size_t i = 0; i < reference->ruler->n_series; i++) {
        if (!check_watches(o, &reference->ruler->series[i]))
            continue;
        struct mon_signal *s = &signals[n++];
        check_start(&c, i, s);
        if (!ready)
            s->verdict = MON_UNAVAILABLE;
        else if (s->verdict == MON_OK)
            check_measure(&c, i, s);
        if (s->verdict == MON_OK && !isnan(o->threshold))
            judge_explicit(&c, s);
    }
    if (ready && isnan(o->threshold))
        check_judge(&c, signals, n, n_p_values(signals, n));
    check_deinit(&c);
    return n;
}

size_t mon_drift_check(const struct mon_drift_options *o, const struct mon_null *null,
                       const struct profile *reference, const struct profile *window,
                       struct mon_signal *signals)
{
    return mon_drift_check_mix(o, null, reference, window, NULL, signals);
}

static double threshold_of(struct check *c, size_t series, double window_rows, double p)
{
    struct null_case null;
    if (check_too_short(c, window_rows) || !check_case(c, series, window_rows, &null))
        return INFINITY;
    double value = null_quantile(&null, p);
    return value >= check_reach(c, series) ? INFINITY : value;
}

enum err_code mon_null_thresholds(const struct mon_null *null, const struct profile *reference,
                                  double window_rows, double p, double *out, struct err *e)
{
    struct mon_drift_options o = {.statistic = null->statistic, .threshold = NAN};
    struct check c = {.options = &o, .null = null, .reference = reference};
    if (!(window_rows >= 1.0) || !(p > 0.0) || !(p < 1.0))
        return err_set(e, ERR_INVALID, "thresholds: %g rows at p = %g", window_rows, p);
    bool ready = check_init(&c);
    for (size_t i = 0; ready && i < reference->ruler->n_series; i++)
        out[i] = threshold_of(&c, i, window_rows, p);
    check_deinit(&c);
    return ready ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
}
