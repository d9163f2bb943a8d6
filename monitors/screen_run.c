/*
 * screen_run.c - one window: every value swept and held against its limit; the few suspects looked
 * at as mon_drift_check does, and judged among all.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "screen_state.h"

static bool too_few(const struct mon_screen *s, const struct profile *window)
{
    return window->n_rows == 0 || s->reference->n_rows == 0 ||
           (double)window->n_rows < s->statistics[0].options.min_rows;
}

/* ---- screening ---- */

/* Suspects get their verdict later. */
static const enum mon_verdict verdict_of[] = {
    [SCREEN_ABSENT] = MON_UNAVAILABLE,
    [SCREEN_SUSPECT] = MON_OK,
    [SCREEN_OUT_OF_REACH] = MON_UNAVAILABLE,
    [SCREEN_BELOW] = MON_OK,
};

static void screen_pair(struct mon_screen *s, struct screen_statistic *k, size_t i,
                        const struct sweep_measures *m, double window_rows)
{
    size_t place = (size_t)(k - s->statistics) * s->n_series + i;
    const struct sweep_value *v = &m->of[k->options.statistic];
    struct screen_limit *l = &k->limits[i];
    bool regrouped = statistic_of_groups(k->options.statistic) && l->n_groups != m->n_groups;
    if (regrouped || l->of_runs != check_of_runs(&k->check, window_rows))
        screen_limit_make(k, s->series[i], window_rows, l);
    enum screen_side side = screen_limit_side(k, l, v);
    s->suspect[place] =
        side == SCREEN_SUSPECT || s->tell_all || check_too_short(&k->check, window_rows);
    s->pairs[place] =
        (struct mon_screen_pair){.value = v->value,
                                 .threshold = screen_limit_threshold(k, l, v->inverse_rows),
                                 .verdict = verdict_of[side]};
}

static void screen_window(struct mon_screen *s, const struct profile *window)
{
    for (size_t i = 0; i < s->n_series; i++) {
        struct sweep_measures m;
        sweep_measure(s->sweep, s->series[i], window, &m);
        for (size_t k = 0; k < s->n_statistics; k++)
            screen_pair(s, &s->statistics[k], i, &m, (double)window->n_rows);
    }
}

static void refuse_window(struct mon_screen *s)
{
    for (size_t i = 0; i < s->n_statistics * s->n_series; i++) {
        s->pairs[i] = (struct mon_screen_pair){NAN, NAN, MON_INSUFFICIENT};
        s->suspect[i] = s->tell_all;
    }
}

/* ---- the suspects ---- */

static enum err_code reserve(struct mon_screen *s, size_t n, struct err *e)
{
    if (n <= s->max_signals)
        return ERR_OK;
    size_t wanted = n + n / 2;
    struct mon_signal *signals = realloc(s->signals, wanted * sizeof *signals);
    s->signals = signals != NULL ? signals : s->signals;
    size_t *places = realloc(s->places, wanted * sizeof *places);
    s->places = places != NULL ? places : s->places;
    if (signals == NULL || places == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu signals", wanted);
    s->max_signals = wanted;
    return ERR_OK;
}

static size_t n_suspects(const struct mon_screen *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_statistics * s->n_series; i++)
        n += s->suspect[i];
    return n;
}

/* Signals from s->signals[n] on; returns how many there are then. */
static size_t look_at_suspects(struct mon_screen *s, struct screen_statistic *k, size_t n)
{
    size_t first = (size_t)(k - s->statistics) * s->n_series;
    for (size_t i = 0; i < s->n_series; i++) {
        if (!s->suspect[first + i])
            continue;
        struct mon_signal *signal = &s->signals[n];
        s->places[n++] = first + i;
        check_start(&k->check, s->series[i], signal);
        if (signal->verdict == MON_OK)
            check_measure(&k->check, s->series[i], signal);
    }
    return n;
}

/* Pairs with a p-value, known or not. */
static size_t n_tests(const struct mon_screen *s, const struct screen_statistic *k)
{
    const struct mon_screen_pair *pairs = s->pairs + (size_t)(k - s->statistics) * s->n_series;
    size_t n = 0;
    for (size_t i = 0; i < s->n_series; i++)
        n += !isnan(pairs[i].value);
    return n;
}

static bool is_worth_telling(const struct mon_screen *s, const struct screen_statistic *k,
                             const struct mon_signal *signal)
{
    return s->tell_all || signal->verdict == MON_DRIFT ||
           signal->p_value <= k->options.false_alarm_rate;
}

/* Notes what was found of the suspects, and keeps the signals [from, to) that are worth telling;
 * returns where they end. */
static size_t settle(struct mon_screen *s, const struct screen_statistic *k, size_t from, size_t to)
{
    size_t kept = from;
    for (size_t i = from; i < to; i++) {
        const struct mon_signal *signal = &s->signals[i];
        s->pairs[s->places[i]] =
            (struct mon_screen_pair){signal->value, signal->threshold, signal->verdict};
        if (!is_worth_telling(s, k, signal))
            continue;
        if (kept != i)
            s->signals[kept] = *signal;
        s->places[kept++] = s->places[i];
    }
    return kept;
}

static size_t judge(struct mon_screen *s, const struct profile *window)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_statistics; i++) {
        struct screen_statistic *k = &s->statistics[i];
        k->check.window = window;
        size_t to = look_at_suspects(s, k, n);
        check_judge(&k->check, s->signals + n, to - n, n_tests(s, k));
        n = settle(s, k, n, to);
    }
    return n;
}

/* ---- what is said ---- */

static void count_verdicts(struct mon_screen_report *r)
{
    size_t counts[] = {
        [MON_OK] = 0, [MON_DRIFT] = 0, [MON_INSUFFICIENT] = 0, [MON_UNAVAILABLE] = 0};
    for (size_t i = 0; i < r->n_statistics * r->n_series; i++)
        counts[r->pairs[i].verdict]++;
    r->n_judged = counts[MON_OK] + counts[MON_DRIFT];
    r->n_drifted = counts[MON_DRIFT];
    r->n_insufficient = counts[MON_INSUFFICIENT];
    r->n_unavailable = counts[MON_UNAVAILABLE];
}

enum err_code mon_screen_run(struct mon_screen *s, const struct profile *window,
                             struct mon_screen_report *out, struct err *e)
{
    if (too_few(s, window))
        refuse_window(s);
    else
        screen_window(s, window);
    enum err_code rc = reserve(s, n_suspects(s) + 1, e); /* never none: no arithmetic on NULL */
    if (rc != ERR_OK)
        return rc;
    *out = (struct mon_screen_report){.n_series = s->n_series,
                                      .n_statistics = s->n_statistics,
                                      .pairs = s->pairs,
                                      .n_signals = judge(s, window),
                                      .signals = s->signals,
                                      .places = s->places};
    count_verdicts(out);
    return ERR_OK;
}
