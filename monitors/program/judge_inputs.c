/*
 * judge_inputs.c - see judge_inputs.h.
 */
#include "judge_inputs.h"

#include <stdio.h>
#include <stdlib.h>

#include "monitors/overtime.h"

struct judge_inputs {
    const struct judge_setting *setting;
    struct mon_drift_options options;
    struct mon_null *null;         /* windows one by one */
    struct mon_overtime *overtime; /* windows together, too; one of the two */
};

static void fill_options(struct judge_inputs *j, struct mon_drift_options *o, bool predictions)
{
    snprintf(o->monitor, sizeof o->monitor, "%s",
             compare_monitor_name(predictions ? COMPARE_PREDICTIONS : COMPARE_DRIFT));
    o->predictions = predictions;
    o->statistic = j->setting->options->statistic;
    o->min_rows = j->setting->min_rows;
    o->false_alarm_rate = j->setting->rate;
}

static enum err_code make_null(struct judge_inputs *j, bool predictions, struct err *e)
{
    const struct judge_setting *s = j->setting;
    struct mon_null_options o;
    mon_drift_options_init(&j->options);
    fill_options(j, &j->options, predictions);
    mon_null_options_init(&o);
    o.statistic = s->options->statistic;
    o.window_rows = s->window_rows;
    o.season = s->season;
    return mon_null_make(&o, s->ref->profile, s->ref->chunks, s->ref->n_chunks, &j->null, e);
}

static enum err_code make_overtime(struct judge_inputs *j, bool predictions, struct err *e)
{
    const struct judge_setting *s = j->setting;
    struct mon_overtime_options o;
    mon_overtime_options_init(&o);
    fill_options(j, &o.drift, predictions);
    o.budget.alarms = s->rate; /* in a window's time, whatever it is */
    o.budget.period_ms = 1000;
    o.window_ms = 1000;
    o.window_rows = s->window_rows;
    o.n_scales = (size_t)s->options->lengths;
    o.season = s->season;
    return mon_overtime_new(&o, s->ref->profile, s->ref->chunks, s->ref->n_chunks, &j->overtime, e);
}

enum err_code judge_inputs_new(const struct judge_setting *s, bool predictions,
                               struct judge_inputs **out, struct err *e)
{
    struct judge_inputs *j = calloc(1, sizeof *j);
    if (!j)
        return err_set(e, ERR_NOMEM, "out of memory");
    j->setting = s;
    enum err_code code =
        s->options->lengths > 1 ? make_overtime(j, predictions, e) : make_null(j, predictions, e);
    if (code)
        judge_inputs_free(j);
    else
        *out = j;
    return code;
}

void judge_inputs_free(struct judge_inputs *j)
{
    if (!j)
        return;
    mon_null_free(j->null);
    mon_overtime_free(j->overtime);
    free(j);
}

size_t judge_inputs_check(struct judge_inputs *j, const struct window *w,
                          struct mon_signal *signals)
{
    const struct judge_setting *s = j->setting;
    struct mon_phase_mix mix = {0}, *used = NULL;
    size_t n = 0;
    if (s->season && window_has_time(w)) {
        mon_season_mix(s->season, w->span, (double)w->profile->n_rows, &mix);
        used = &mix;
    }
    if (!j->overtime)
        return mon_drift_check_mix(&j->options, j->null, s->ref->profile, w->profile, used,
                                   signals);
    mon_overtime_add(j->overtime, w->profile, used, signals, &n);
    return n;
}
