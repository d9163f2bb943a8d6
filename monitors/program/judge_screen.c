/*
 * judge_screen.c - see judge_screen.h.
 */
#include "judge_screen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Up to so many signals each gets its p-value, which takes 10 ms or so a window. */
#define MOST_IN_FULL 1000

struct judge_screen {
    struct mon_screen_options options;
    struct mon_screen *screen;
    double n_reference;
    const char **features; /* names of the series that are watched; views of the ruler's */
};

static void fill_options(struct judge_screen *j, const struct judge_setting *s, bool predictions)
{
    struct mon_screen_options *o = &j->options;
    const struct compare_options *from = s->options;
    mon_screen_options_init(o);
    snprintf(o->monitor, sizeof o->monitor, "%s",
             compare_monitor_name(predictions ? COMPARE_PREDICTIONS : COMPARE_DRIFT));
    o->n_statistics = from->n_statistics;
    for (size_t i = 0; i < from->n_statistics; i++)
        o->statistics[i] = (struct mon_screened){from->statistics[i], from->min_effect};
    o->predictions = predictions;
    o->min_rows = s->min_rows;
    o->false_alarm_rate = s->rate;
    o->tell_all = from->n_statistics * s->ref->ruler->n_series <= MOST_IN_FULL;
}

static enum err_code list_features(struct judge_screen *j, const struct ruler *r, struct err *e)
{
    size_t n = 0;
    j->features = calloc(r->n_series + 1, sizeof *j->features);
    if (!j->features)
        return err_set(e, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < r->n_series; i++)
        if (r->series[i].prediction == j->options.predictions)
            j->features[n++] = r->series[i].name;
    return ERR_OK;
}

enum err_code judge_screen_new(const struct judge_setting *s, bool predictions,
                               struct judge_screen **out, struct err *e)
{
    const struct mon_reference *ref = s->ref;
    struct judge_screen *j = calloc(1, sizeof *j);
    if (!j)
        return err_set(e, ERR_NOMEM, "out of memory");
    fill_options(j, s, predictions);
    j->n_reference = (double)ref->profile->n_rows;
    enum err_code code = list_features(j, ref->ruler, e);
    if (!code)
        code = mon_screen_new(&j->options, ref->profile, ref->chunks, ref->n_chunks, s->window_rows,
                              &j->screen, e);
    if (code)
        judge_screen_free(j);
    else
        *out = j;
    return code;
}

void judge_screen_free(struct judge_screen *j)
{
    if (!j)
        return;
    mon_screen_free(j->screen);
    free(j->features);
    free(j);
}

static void say_why(const struct judge_screen *j, struct mon_signal *s)
{
    char *out = s->threshold_origin;
    if (s->verdict == MON_OK)
        snprintf(out, sizeof s->threshold_origin, "p is above %g: not worked out",
                 j->options.false_alarm_rate / (double)j->options.n_statistics);
    else if (s->verdict == MON_UNAVAILABLE && !isnan(s->value))
        snprintf(out, sizeof s->threshold_origin,
                 "out of reach: parts of the reference differ as much among themselves");
}

/* A pair that was not told. */
static void put_short(const struct judge_screen *j, const struct mon_screen_report *r, size_t place,
                      double n_rows, struct mon_signal *s)
{
    const struct mon_screen_options *o = &j->options;
    const struct mon_screen_pair *pair = &r->pairs[place];
    mon_signal_init(s, o->monitor, MON_KIND_DRIFT,
                    mon_statistic_name(o->statistics[place / r->n_series].statistic));
    snprintf(s->feature, sizeof s->feature, "%s", j->features[place % r->n_series]);
    s->n = n_rows;
    s->n_reference = j->n_reference;
    s->value = pair->value;
    s->threshold = pair->threshold;
    s->verdict = pair->verdict;
    say_why(j, s);
}

enum err_code judge_screen_check(struct judge_screen *j, const struct window *w,
                                 struct mon_signal *signals, size_t *n, struct err *e)
{
    struct mon_screen_report r;
    enum err_code code = mon_screen_run(j->screen, w->profile, &r, e);
    if (code)
        return code;
    size_t told = 0;
    for (size_t place = 0; place < r.n_statistics * r.n_series; place++) {
        struct mon_signal *s = &signals[(*n)++];
        if (told < r.n_signals && r.places[told] == place)
            *s = r.signals[told++];
        else
            put_short(j, &r, place, (double)w->profile->n_rows, s);
    }
    return ERR_OK;
}
