/*
 * screen.c - a screen made from its options, and freed. screen_limit.c is the argument that most
 * pairs need no second look, screen_run.c judges a window.
 */
#include "monitors/screen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "screen_state.h"

void mon_screen_options_init(struct mon_screen_options *o)
{
    *o = (struct mon_screen_options){
        .monitor = "drift",
        .n_statistics = 4,
        .statistics = {{MON_PSI, NAN}, {MON_KS, NAN}, {MON_JS, NAN}, {MON_WASSERSTEIN, NAN}},
        .correction = MON_BY_BENJAMINI_HOCHBERG,
        .min_rows = 200.0,
        .false_alarm_rate = 0.001,
    };
}

static enum err_code check_statistic(const struct mon_screen_options *o, size_t k, struct err *e)
{
    for (size_t i = 0; i < k; i++)
        if (o->statistics[i].statistic == o->statistics[k].statistic)
            return err_set(e, ERR_INVALID, "screen: %s twice",
                           mon_statistic_name(o->statistics[k].statistic));
    return ERR_OK;
}

static enum err_code check_options(const struct mon_screen_options *o, double window_rows,
                                   struct err *e)
{
    enum err_code rc = ERR_OK;
    if (o->n_statistics < 1 || o->n_statistics > MON_N_STATISTICS)
        return err_set(e, ERR_INVALID, "screen: expected 1 to %d statistics, got %zu",
                       MON_N_STATISTICS, o->n_statistics);
    if (!(o->false_alarm_rate > 0.0) || o->false_alarm_rate > 0.5)
        return err_set(e, ERR_INVALID, "screen: false_alarm_rate: expected 0 < rate <= 0.5, got %g",
                       o->false_alarm_rate);
    if (!(window_rows >= 1.0))
        return err_set(e, ERR_INVALID, "screen: window_rows: expected 1 or more, got %g",
                       window_rows);
    for (size_t k = 0; rc == ERR_OK && k < o->n_statistics; k++)
        rc = check_statistic(o, k, e);
    return rc;
}

static void fill_options(const struct mon_screen_options *o, size_t k,
                         struct mon_drift_options *out)
{
    mon_drift_options_init(out);
    snprintf(out->monitor, sizeof out->monitor, "%s", o->monitor);
    out->statistic = o->statistics[k].statistic;
    out->min_effect = o->statistics[k].min_effect;
    out->predictions = o->predictions;
    out->only = o->only;
    out->n_only = o->n_only;
    out->correction = o->correction;
    out->min_rows = o->min_rows;
    out->false_alarm_rate = o->false_alarm_rate / (double)o->n_statistics;
}

static enum err_code watch_series(struct mon_screen *s, const struct mon_drift_options *o,
                                  struct err *e)
{
    const struct ruler *r = s->reference->ruler;
    s->series = calloc(r->n_series + 1, sizeof *s->series);
    if (s->series == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a screen");
    for (size_t i = 0; i < r->n_series; i++)
        if (check_watches(o, &r->series[i]))
            s->series[s->n_series++] = i;
    return ERR_OK;
}

static enum err_code add_statistic(struct mon_screen *s, const struct mon_screen_options *o,
                                   struct profile *const *chunks, size_t n_chunks,
                                   double window_rows, struct err *e)
{
    struct screen_statistic *k = &s->statistics[s->n_statistics++];
    fill_options(o, s->n_statistics - 1, &k->options);
    enum err_code rc = mon_null_new(s->reference, chunks, n_chunks, k->options.statistic,
                                    window_rows, &k->null, e);
    if (rc != ERR_OK)
        return rc;
    k->check = (struct check){.options = &k->options, .null = k->null, .reference = s->reference};
    k->limits = calloc(s->n_series + 1, sizeof *k->limits);
    if (!check_init(&k->check) || k->limits == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a screen");
    k->options.only = NULL; /* was the caller's */
    for (size_t i = 0; i < s->n_series; i++)
        screen_limit_make(k, s->series[i], window_rows, &k->limits[i]);
    return ERR_OK;
}

static enum err_code make_room(struct mon_screen *s, struct err *e)
{
    size_t n_pairs = s->n_statistics * s->n_series;
    s->pairs = calloc(n_pairs + 1, sizeof *s->pairs);
    s->suspect = calloc(n_pairs + 1, sizeof *s->suspect);
    if (s->pairs == NULL || s->suspect == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a screen of %zu pairs", n_pairs);
    return ERR_OK;
}

static enum err_code make_sweep(struct mon_screen *s, struct err *e)
{
    unsigned wanted = 0;
    for (size_t k = 0; k < s->n_statistics; k++)
        wanted |= 1u << s->statistics[k].options.statistic;
    return sweep_new(s->reference, wanted, &s->sweep, e);
}

enum err_code mon_screen_new(const struct mon_screen_options *o, const struct profile *reference,
                             struct profile *const *chunks, size_t n_chunks, double window_rows,
                             struct mon_screen **out, struct err *e)
{
    struct mon_drift_options watched;
    enum err_code rc = check_options(o, window_rows, e);
    if (rc != ERR_OK)
        return rc;
    struct mon_screen *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a screen");
    s->reference = reference;
    s->tell_all = o->tell_all;
    fill_options(o, 0, &watched);
    rc = watch_series(s, &watched, e);
    for (size_t k = 0; rc == ERR_OK && k < o->n_statistics; k++)
        rc = add_statistic(s, o, chunks, n_chunks, window_rows, e);
    if (rc == ERR_OK)
        rc = make_room(s, e);
    if (rc == ERR_OK)
        rc = make_sweep(s, e);
    if (rc != ERR_OK)
        mon_screen_free(s);
    else
        *out = s;
    return rc;
}

void mon_screen_free(struct mon_screen *s)
{
    if (s == NULL)
        return;
    for (size_t k = 0; k < s->n_statistics; k++) {
        mon_null_free(s->statistics[k].null);
        check_deinit(&s->statistics[k].check);
        free(s->statistics[k].limits);
    }
    sweep_free(s->sweep);
    free(s->series);
    free(s->pairs);
    free(s->suspect);
    free(s->signals);
    free(s->places);
    free(s);
}
