/*
 * judge_inputs.c - see judge_inputs.h.
 */
#include "judge_inputs.h"

#include <stdio.h>
#include <stdlib.h>

#include "judge_screen.h"
#include "monitors/overtime.h"

/* One statistic of all series. */
struct look {
    struct mon_drift_options options;
    struct mon_null *null;         /* windows one by one */
    struct mon_overtime *overtime; /* windows together, too; one of the two */
};

struct judge_inputs {
    const struct judge_setting *setting;
    bool predictions;
    double rate;                 /* of each statistic */
    struct judge_screen *screen; /* of all statistics; NULL: they are looked at one by one */
    size_t n_looks;
    struct look looks[MON_N_STATISTICS];
};

static void fill_options(const struct judge_inputs *j, enum mon_statistic statistic,
                         struct mon_drift_options *o)
{
    snprintf(o->monitor, sizeof o->monitor, "%s",
             compare_monitor_name(j->predictions ? COMPARE_PREDICTIONS : COMPARE_DRIFT));
    o->predictions = j->predictions;
    o->statistic = statistic;
    o->min_rows = j->setting->min_rows;
    o->min_effect = j->setting->options->min_effect;
    o->false_alarm_rate = j->rate;
}

static enum err_code make_null(const struct judge_inputs *j, enum mon_statistic statistic,
                               struct look *l, struct err *e)
{
    const struct judge_setting *s = j->setting;
    struct mon_null_options o;
    mon_drift_options_init(&l->options);
    fill_options(j, statistic, &l->options);
    mon_null_options_init(&o);
    o.statistic = statistic;
    o.window_rows = s->window_rows;
    o.season = s->season;
    return mon_null_make(&o, s->ref->profile, s->ref->chunks, s->ref->n_chunks, &l->null, e);
}

static enum err_code make_overtime(const struct judge_inputs *j, enum mon_statistic statistic,
                                   struct look *l, struct err *e)
{
    const struct judge_setting *s = j->setting;
    struct mon_overtime_options o;
    mon_overtime_options_init(&o);
    fill_options(j, statistic, &o.drift);
    o.budget.alarms = j->rate; /* in a window's time, whatever it is */
    o.budget.period_ms = 1000;
    o.window_ms = 1000;
    o.window_rows = s->window_rows;
    o.n_scales = (size_t)s->options->lengths;
    o.season = s->season;
    return mon_overtime_new(&o, s->ref->profile, s->ref->chunks, s->ref->n_chunks, &l->overtime, e);
}

static enum err_code add_look(struct judge_inputs *j, enum mon_statistic statistic, struct err *e)
{
    struct look *l = &j->looks[j->n_looks++];
    return j->setting->options->lengths > 1 ? make_overtime(j, statistic, l, e)
                                            : make_null(j, statistic, l, e);
}

/* Screens compare single windows with the whole reference. */
static enum err_code choose_looks(struct judge_inputs *j, struct err *e)
{
    const struct compare_options *o = j->setting->options;
    enum err_code code = ERR_OK;
    if (o->lengths == 1 && j->setting->season == NULL)
        return judge_screen_new(j->setting, j->predictions, &j->screen, e);
    for (size_t i = 0; !code && i < o->n_statistics; i++)
        code = add_look(j, o->statistics[i], e);
    return code;
}

enum err_code judge_inputs_new(const struct judge_setting *s, bool predictions,
                               struct judge_inputs **out, struct err *e)
{
    struct judge_inputs *j = calloc(1, sizeof *j);
    if (!j)
        return err_set(e, ERR_NOMEM, "out of memory");
    j->setting = s;
    j->predictions = predictions;
    j->rate = s->rate / (double)s->options->n_statistics;
    enum err_code code = choose_looks(j, e);
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
    judge_screen_free(j->screen);
    for (size_t i = 0; i < j->n_looks; i++) {
        mon_null_free(j->looks[i].null);
        mon_overtime_free(j->looks[i].overtime);
    }
    free(j);
}

static size_t check_look(const struct judge_inputs *j, struct look *l, const struct window *w,
                         const struct mon_phase_mix *mix, struct mon_signal *signals)
{
    size_t n = 0;
    if (!l->overtime)
        return mon_drift_check_mix(&l->options, l->null, j->setting->ref->profile, w->profile, mix,
                                   signals);
    mon_overtime_add(l->overtime, w->profile, mix, signals, &n);
    return n;
}

enum err_code judge_inputs_check(struct judge_inputs *j, const struct window *w,
                                 struct mon_signal *signals, size_t *n, struct err *e)
{
    const struct judge_setting *s = j->setting;
    struct mon_phase_mix mix = {0}, *used = NULL;
    if (s->season && window_has_time(w)) {
        mon_season_mix(s->season, w->span, (double)w->profile->n_rows, &mix);
        used = &mix;
    }
    enum err_code code = j->screen ? judge_screen_check(j->screen, w, signals, n, e) : ERR_OK;
    for (size_t i = 0; !code && i < j->n_looks; i++)
        *n += check_look(j, &j->looks[i], w, used, signals + *n);
    return code;
}
