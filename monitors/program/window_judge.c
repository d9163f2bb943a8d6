/*
 * window_judge.c - see window_judge.h.
 */
#include "window_judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "monitors/budget.h"
#include "monitors/quality.h"

#define MIN_ROWS 200 /* fewer are confident about nothing */

struct window_judge {
    const struct mon_reference *ref;
    const struct compare_options *options;
    bool has[COMPARE_N_MONITORS];
    double rate; /* of a window, over all monitors; NaN: not yet known */
    struct mon_null *null;
    struct mon_drift_options drift[2]; /* features, predictions */
    struct mon_quality_options quality;
    struct mon_signal *signals;
};

static enum err_code choose_monitors(struct window_judge *j, struct err *e)
{
    const struct compare_options *o = j->options;
    for (size_t i = 0; i < COMPARE_N_MONITORS; i++)
        j->has[i] = o->monitors[i];
    if (j->has[COMPARE_PREDICTIONS] && !j->ref->has_scores) {
        if (o->monitors_said)
            return err_set(e, ERR_INVALID,
                           "--monitor predictions: the reference was made without --score");
        j->has[COMPARE_PREDICTIONS] = false;
    }
    return ERR_OK;
}

enum err_code window_judge_new(const struct mon_reference *ref, const struct compare_options *o,
                               struct window_judge **out, struct err *e)
{
    size_t n_signals = ref->ruler->n_series + MON_N_RATES * ref->ruler->n_features;
    struct window_judge *j = calloc(1, sizeof *j);
    if (!j)
        return err_set(e, ERR_NOMEM, "out of memory");
    *j = (struct window_judge){.ref = ref, .options = o, .rate = NAN};
    j->signals = calloc(n_signals, sizeof *j->signals);
    enum err_code code =
        j->signals ? choose_monitors(j, e) : err_set(e, ERR_NOMEM, "out of memory");
    if (code)
        window_judge_free(j);
    else
        *out = j;
    return code;
}

void window_judge_free(struct window_judge *j)
{
    if (!j)
        return;
    mon_null_free(j->null);
    free(j->signals);
    free(j);
}

bool window_judge_has(const struct window_judge *j, enum compare_monitor m)
{
    return j->has[m];
}

double window_judge_rate(const struct window_judge *j)
{
    return j->rate;
}

double window_judge_duration_ms(const struct window_judge *j, double n_rows)
{
    const struct mon_reference *r = j->ref;
    if (!r->spans || r->n_chunks == 0)
        return NAN;
    double span = (double)(r->spans[r->n_chunks - 1].to_unix_ms - r->spans[0].from_unix_ms);
    return span > 0 ? span * n_rows / (double)r->profile->n_rows : NAN;
}

double window_judge_min_rows(const struct window_judge *j)
{
    const struct compare_options *o = j->options;
    double rows = INFINITY, ms_per_row = window_judge_duration_ms(j, 1);
    if (o->min_rows > 0)
        return o->min_rows;
    if (o->window == WINDOW_ROWS)
        rows = (double)o->window_rows;
    else if (o->window == WINDOW_TIME && ms_per_row > 0)
        rows = (double)o->window_ms / ms_per_row;
    return fmax(fmin(MIN_ROWS, rows / 2), COMPARE_LEAST_ROWS);
}

/* ---- the first window ---- */

/* Rows that windows will have, about. */
static double expected_rows(const struct window_judge *j, const struct window *w)
{
    const struct compare_options *o = j->options;
    double ms_per_row = window_judge_duration_ms(j, 1);
    if (o->window == WINDOW_ROWS)
        return (double)o->window_rows;
    if (o->window == WINDOW_TIME && ms_per_row > 0)
        return fmax((double)o->window_ms / ms_per_row, 1);
    return fmax((double)w->profile->n_rows, 1);
}

static double expected_ms(const struct window_judge *j, const struct window *w)
{
    if (j->options->window == WINDOW_TIME)
        return (double)j->options->window_ms;
    if (j->options->window == WINDOW_ALL && w->span.from_unix_ms < w->span.to_unix_ms)
        return (double)(w->span.to_unix_ms - w->span.from_unix_ms);
    return window_judge_duration_ms(j, expected_rows(j, w));
}

static enum err_code find_rate(struct window_judge *j, const struct window *w, struct err *e)
{
    struct mon_budget budget;
    double ms = expected_ms(j, w);
    j->rate = j->options->false_alarm_rate;
    if (!isnan(j->rate))
        return ERR_OK;
    if (!(ms > 0))
        return err_set(
            e, ERR_INVALID,
            "--false-alarm-rate \"%s\": the reference has no time column, so that nobody "
            "knows how long a window is; state a share of windows instead",
            j->options->rate_text);
    mon_budget_init(&budget);
    budget.alarms = j->options->alarms;
    budget.period_ms = j->options->period_ms;
    j->rate = mon_budget_per_window(&budget, ms);
    return ERR_OK;
}

/* Every monitor gets the same share: the chances of all tests add up, whatever depends on what. */
static void share_out(struct window_judge *j)
{
    size_t n = 0;
    for (size_t i = 0; i < COMPARE_N_MONITORS; i++)
        n += j->has[i];
    double share = j->rate / (double)(n ? n : 1);
    for (size_t i = 0; i < 2; i++) {
        struct mon_drift_options *d = &j->drift[i];
        mon_drift_options_init(d);
        snprintf(d->monitor, sizeof d->monitor, "%s",
                 compare_monitor_name(i ? COMPARE_PREDICTIONS : COMPARE_DRIFT));
        d->predictions = i == 1;
        d->statistic = j->options->statistic;
        d->min_rows = window_judge_min_rows(j);
        d->false_alarm_rate = share;
    }
    mon_quality_options_init(&j->quality);
    snprintf(j->quality.monitor, sizeof j->quality.monitor, "%s",
             compare_monitor_name(COMPARE_QUALITY));
    j->quality.min_rows = window_judge_min_rows(j);
    j->quality.significance = share;
}

static enum err_code prepare(struct window_judge *j, const struct window *w, struct err *e)
{
    const struct mon_reference *r = j->ref;
    enum err_code code = find_rate(j, w, e);
    if (code)
        return code;
    share_out(j);
    return mon_null_new(r->profile, r->chunks, r->n_chunks, j->options->statistic,
                        expected_rows(j, w), &j->null, e);
}

enum err_code window_judge_check(struct window_judge *j, const struct window *w,
                                 const struct mon_signal **signals, size_t *n_out, struct err *e)
{
    size_t n = 0;
    enum err_code code = j->null ? ERR_OK : prepare(j, w, e);
    if (code)
        return code;
    for (size_t i = 0; i < 2; i++)
        if (j->has[i ? COMPARE_PREDICTIONS : COMPARE_DRIFT])
            n +=
                mon_drift_check(&j->drift[i], j->null, j->ref->profile, w->profile, j->signals + n);
    if (j->has[COMPARE_QUALITY])
        n += mon_quality_check(&j->quality, j->ref->profile, w->profile, j->signals + n);
    *signals = j->signals;
    *n_out = n;
    return ERR_OK;
}
