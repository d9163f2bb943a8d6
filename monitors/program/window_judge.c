/*
 * window_judge.c - see window_judge.h.
 */
#include "window_judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "judge_inputs.h"
#include "judge_quality.h"
#include "judge_truth.h"
#include "monitors/budget.h"
#include "monitors/history.h"
#include "monitors/joint.h"

#define MIN_ROWS 200     /* fewer are confident about nothing */
#define KEPT_PAST 500    /* values that a signal is ranked among */
#define MORE_SERIES 8192 /* joint signals are about one pair of features or another */

struct window_judge {
    const struct mon_reference *ref;
    const struct compare_options *options;
    bool has[COMPARE_N_MONITORS];
    struct judge_truth *truth;
    double rate; /* of a window, over all monitors; NaN: not yet known */
    /* from the first window on */
    struct judge_setting setting;
    struct mon_season *season;
    struct judge_inputs *inputs[2]; /* features, predictions */
    struct judge_quality *quality;
    struct mon_joint_null *joint_null;
    struct mon_joint_options joint;
    struct mon_history *history;
    size_t max_signals;
    struct mon_signal *signals;
};

/* ---- before the first window ---- */

static enum err_code need(struct window_judge *j, enum compare_monitor m, bool there,
                          const char *why, struct err *e)
{
    if (!j->has[m] || there)
        return ERR_OK;
    if (j->options->monitors_said)
        return err_set(e, ERR_INVALID, "--monitor %s: %s", compare_monitor_name(m), why);
    j->has[m] = false;
    return ERR_OK;
}

static enum err_code choose_monitors(struct window_judge *j, struct err *e)
{
    const struct mon_reference *r = j->ref;
    for (size_t i = 0; i < COMPARE_N_MONITORS; i++)
        j->has[i] = j->options->monitors[i];
    enum err_code code =
        need(j, COMPARE_PREDICTIONS, r->has_scores, "the reference was made without --score", e);
    if (!code)
        code = need(j, COMPARE_JOINT, r->joint_space != NULL,
                    "the reference has no joint sums (2 to 64 features, and no model has them)", e);
    return code ? code : judge_truth_new(r, j->options, j->has, &j->truth, e);
}

enum err_code window_judge_new(const struct mon_reference *ref, const struct compare_options *o,
                               struct window_judge **out, struct err *e)
{
    struct window_judge *j = calloc(1, sizeof *j);
    if (!j)
        return err_set(e, ERR_NOMEM, "out of memory");
    *j = (struct window_judge){.ref = ref, .options = o, .rate = NAN};
    j->max_signals = o->n_statistics * ref->ruler->n_series + judge_quality_max(ref) + MON_N_JOINT +
                     TRUTH_MAX_SIGNALS;
    j->signals = calloc(j->max_signals, sizeof *j->signals);
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
    judge_inputs_free(j->inputs[0]);
    judge_inputs_free(j->inputs[1]);
    judge_quality_free(j->quality);
    judge_truth_free(j->truth);
    mon_joint_null_free(j->joint_null);
    mon_season_free(j->season);
    mon_history_free(j->history);
    free(j->signals);
    free(j);
}

bool window_judge_has(const struct window_judge *j, enum compare_monitor m)
{
    return j->has[m];
}

bool window_judge_wants_labels(const struct window_judge *j)
{
    return j->has[COMPARE_PERFORMANCE] || j->has[COMPARE_HARM];
}

bool window_judge_wants_scores(const struct window_judge *j)
{
    return j->has[COMPARE_PREDICTIONS] || j->has[COMPARE_ESTIMATE] || window_judge_wants_labels(j);
}

/* What is left of the judge of scores and labels. */
static enum err_code renew_truth(struct window_judge *j, struct err *e)
{
    judge_truth_free(j->truth);
    j->truth = NULL;
    return judge_truth_new(j->ref, j->options, j->has, &j->truth, e);
}

enum err_code window_judge_without_labels(struct window_judge *j, const char *why, struct err *e)
{
    enum err_code code = need(j, COMPARE_PERFORMANCE, false, why, e);
    if (!code)
        code = need(j, COMPARE_HARM, false, why, e);
    return code ? code : renew_truth(j, e);
}

enum err_code window_judge_without_scores(struct window_judge *j, const char *why, struct err *e)
{
    enum err_code code = need(j, COMPARE_PREDICTIONS, false, why, e);
    if (!code)
        code = need(j, COMPARE_ESTIMATE, false, why, e);
    return code ? code : window_judge_without_labels(j, why, e);
}

/* ---- how long windows are, and what they may cost ---- */

double window_judge_rate(const struct window_judge *j)
{
    return j->rate;
}

const struct mon_season *window_judge_season(const struct window_judge *j)
{
    return j->season;
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
    if (j->options->window == WINDOW_ALL && window_has_time(w))
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

/* ---- the first window ---- */

static enum err_code make_season(struct window_judge *j, struct err *e)
{
    struct mon_season_options o;
    if (!j->ref->spans || j->options->season == MON_CYCLE_NONE)
        return ERR_OK;
    mon_season_options_init(&o);
    o.cycle = j->options->season;
    return mon_season_new(&o, j->ref->chunks, j->ref->spans, j->ref->n_chunks, &j->season, e);
}

/* Every monitor gets the same share: the chances of all tests add up, whatever depends on what. */
static void set(struct window_judge *j, const struct window *w)
{
    size_t n = 0;
    bool seasonal = j->season && mon_season_cycle(j->season) != MON_CYCLE_NONE;
    for (size_t i = 0; i < COMPARE_N_MONITORS; i++)
        n += j->has[i];
    j->setting = (struct judge_setting){.ref = j->ref,
                                        .options = j->options,
                                        .season = seasonal ? j->season : NULL,
                                        .rate = j->rate / (double)(n ? n : 1),
                                        .window_rows = expected_rows(j, w),
                                        .min_rows = window_judge_min_rows(j)};
}

static enum err_code prepare_joint(struct window_judge *j, struct err *e)
{
    struct mon_joint_null_options o;
    mon_joint_options_init(&j->joint);
    snprintf(j->joint.monitor, sizeof j->joint.monitor, "%s", compare_monitor_name(COMPARE_JOINT));
    j->joint.min_rows = j->setting.min_rows;
    j->joint.false_alarm_rate = j->setting.rate;
    for (size_t i = 0; i < MON_N_JOINT && !isnan(j->options->min_effect); i++)
        j->joint.min_effect[i] = j->options->min_effect;
    mon_joint_null_options_init(&o);
    o.window_rows = j->setting.window_rows;
    return mon_joint_null_new(j->ref->joint, j->ref->joint_chunks, j->ref->n_joint_chunks, &o,
                              &j->joint_null, e);
}

static enum err_code prepare_judges(struct window_judge *j, struct err *e)
{
    const struct judge_setting *s = &j->setting;
    enum err_code code = ERR_OK;
    if (j->has[COMPARE_DRIFT])
        code = judge_inputs_new(s, false, &j->inputs[0], e);
    if (!code && j->has[COMPARE_PREDICTIONS])
        code = judge_inputs_new(s, true, &j->inputs[1], e);
    if (!code && j->has[COMPARE_QUALITY])
        code = judge_quality_new(s, &j->quality, e);
    if (!code && j->has[COMPARE_JOINT])
        code = prepare_joint(j, e);
    if (!code && j->truth)
        code = judge_truth_budget(j->truth, s->rate, s->window_rows, s->min_rows, e);
    return code ? code : mon_history_new(KEPT_PAST, j->max_signals + MORE_SERIES, &j->history, e);
}

static enum err_code prepare(struct window_judge *j, const struct window *w, struct err *e)
{
    enum err_code code = find_rate(j, w, e);
    if (!code)
        code = make_season(j, e);
    if (code)
        return code;
    set(j, w);
    return prepare_judges(j, e);
}

/* ---- every window ---- */

static enum err_code check_joint(struct window_judge *j, const struct window *w, size_t *n,
                                 struct err *e)
{
    size_t n_joint = 0;
    enum err_code code = mon_joint_check(&j->joint, j->joint_null, j->ref->joint, w->joint,
                                         j->signals + *n, &n_joint, e);
    *n += n_joint;
    return code;
}

static enum err_code check_truth(struct window_judge *j, const struct window *w, size_t *n,
                                 struct err *e)
{
    size_t n_truth = 0;
    enum err_code code = judge_truth_check(j->truth, &w->pairs, j->signals + *n, &n_truth, e);
    *n += n_truth;
    return code;
}

static enum err_code note_past(struct window_judge *j, struct mon_signal *s, struct err *e)
{
    enum err_code code = mon_history_note(j->history, s, e);
    if (code != ERR_LIMIT)
        return code;
    err_clear(e); /* one series too many: its past is not kept */
    return ERR_OK;
}

enum err_code window_judge_check(struct window_judge *j, const struct window *w,
                                 const struct mon_signal **signals, size_t *n_out, struct err *e)
{
    size_t n = 0;
    enum err_code code = j->history ? ERR_OK : prepare(j, w, e);
    if (code)
        return code;
    for (size_t i = 0; !code && i < 2; i++)
        if (j->inputs[i])
            code = judge_inputs_check(j->inputs[i], w, j->signals, &n, e);
    if (code)
        return code;
    if (j->quality)
        n += judge_quality_check(j->quality, w, j->signals + n);
    if (j->joint_null)
        code = check_joint(j, w, &n, e);
    if (!code && j->truth)
        code = check_truth(j, w, &n, e);
    for (size_t i = 0; !code && i < n; i++)
        code = note_past(j, &j->signals[i], e);
    *signals = j->signals;
    *n_out = n;
    return code;
}
