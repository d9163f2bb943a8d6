/*
 * drift_measure.c - see drift_check.h.
 */
#include "drift_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "multiple.h"
#include "season_state.h"

/* A window that is shorter than a chunk, or a run, by no more than this counts as one: windows of
 * an hour or a day differ in size. */
#define SHORTEST_PART 0.9

bool check_watches(const struct mon_drift_options *o, const struct series *s)
{
    if (s->prediction != o->predictions)
        return false;
    if (o->only == NULL)
        return true;
    for (size_t i = 0; i < o->n_only; i++)
        if (strcmp(o->only[i], s->name) == 0)
            return true;
    return false;
}

void check_deinit(struct check *c)
{
    cells_deinit(&c->cells);
    free(c->laid);
    free(c->widths);
    free(c->reference_sums);
    free(c->window_sums);
    free(c->p_values);
    free(c->reject);
}

bool check_init(struct check *c)
{
    const struct ruler *r = c->reference->ruler;
    size_t largest = cells_largest(r), n_series = r->n_series + 1;
    for (size_t i = 0; i < r->n_series; i++)
        c->n_watched += check_watches(c->options, &r->series[i]);
    c->laid = calloc(largest, sizeof *c->laid);
    c->widths = calloc(largest, sizeof *c->widths);
    c->reference_sums = calloc(largest, sizeof *c->reference_sums);
    c->window_sums = calloc(largest, sizeof *c->window_sums);
    c->p_values = calloc(n_series, sizeof *c->p_values);
    c->reject = calloc(n_series, sizeof *c->reject);
    return c->laid != NULL && c->widths != NULL && c->reference_sums != NULL &&
           c->window_sums != NULL && c->p_values != NULL && c->reject != NULL &&
           cells_init(&c->cells, r, NULL) == ERR_OK;
}

static void say_origin(const struct check *c, struct mon_signal *s)
{
    char *out = s->threshold_origin;
    size_t size = sizeof s->threshold_origin;
    double rate = c->options->false_alarm_rate;
    if (!isnan(c->options->threshold))
        snprintf(out, size, "set by the policy");
    else if (c->null == NULL || c->null->n_chunks == 0)
        snprintf(out, size, "for independent rows, %g false alarms a window", rate);
    else if (c->mix != NULL)
        snprintf(out, size, "calibrated on %zu chunks by %s, %g false alarms a window",
                 c->null->n_chunks, mon_cycle_name(c->null->season->cycle), rate);
    else
        snprintf(out, size, "calibrated on %zu chunks of %.0f rows%s, %g false alarms a window",
                 c->null->n_chunks, c->null->chunk_rows,
                 c->phases_missing ? ", these phases unseen" : "", rate);
}

static const struct series_null *measured(const struct check *c, size_t series)
{
    if (c->null == NULL || c->null->n_chunks == 0)
        return NULL;
    return c->mix != NULL ? &c->null->phases[series] : &c->null->whole[series];
}

bool check_of_runs(const struct check *c, double window_rows)
{
    return c->null != NULL && window_rows >= SHORTEST_PART * c->null->run_rows;
}

double check_reach(const struct check *c, size_t series)
{
    return statistic_reach(c->options->statistic, &c->reference->ruler->series[series],
                           c->reference_sums, c->widths, c->cells.n);
}

/* Where even the largest value of a statistic would not be evidence, no window could ever be drift,
 * and "ok" would be a lie: a clock, a counter, a reference shorter than the series' own swings. */
static void refuse(struct mon_signal *s)
{
    s->verdict = MON_UNAVAILABLE;
    snprintf(s->threshold_origin, sizeof s->threshold_origin,
             "out of reach: parts of the reference differ as much among themselves");
}

static void lay_reference(struct check *c, const struct series *at)
{
    for (size_t i = 0; i < at->n_cells; i++)
        c->laid[i] = (double)c->reference->counts[at->first_cell + i];
}

bool check_too_short(const struct check *c, double window_rows)
{
    return isnan(c->options->threshold) && c->null != NULL &&
           window_rows < SHORTEST_PART * c->null->chunk_rows;
}

/* What happens within a chunk was not looked at: a cycle as long as one leaves no trace between
 * chunks, and every window within it differs. */
static void refuse_short(const struct check *c, struct mon_signal *s)
{
    s->verdict = MON_UNAVAILABLE;
    snprintf(s->threshold_origin, sizeof s->threshold_origin,
             "chunks of %.0f rows are longer than the window of %.0f", c->null->chunk_rows, s->n);
}

/* Cells and counts of both sides; false where the statistic does not exist for the series. */
static bool lay(struct check *c, const struct series *at, struct mon_signal *s)
{
    enum mon_statistic statistic = c->options->statistic;
    lay_reference(c, at);
    if (!statistic_widths(statistic, at, c->laid, c->widths))
        return false;
    if (c->mix != NULL)
        s->n_reference = season_expected(c->null->season, c->mix, at, c->laid);
    cells_layout_expected(&c->cells, at, c->laid, statistic, s->n);
    cells_sum_expected(&c->cells, c->laid, c->reference_sums);
    cells_sum(&c->cells, c->window->counts + at->first_cell, c->window_sums);
    return true;
}

static struct null_case case_of(const struct check *c, const struct series *at, size_t series)
{
    enum mon_statistic statistic = c->options->statistic;
    size_t n = c->cells.n;
    return (struct null_case){
        .statistic = statistic,
        .unit = statistic_unit(statistic, at, c->reference_sums, c->widths, n),
        .inverse_rows = 1.0 / statistic_rows(statistic, at, c->reference_sums, n) +
                        1.0 / statistic_rows(statistic, at, c->window_sums, n),
        .series = measured(c, series),
        .of_runs = check_of_runs(c, (double)c->window->n_rows),
    };
}

void check_measure(struct check *c, size_t series, struct mon_signal *s)
{
    const struct series *at = &c->reference->ruler->series[series];
    enum mon_statistic statistic = c->options->statistic;
    if (lay(c, at, s))
        s->value = statistic_value(statistic, at, c->reference_sums, c->window_sums, c->widths,
                                   c->cells.n);
    if (isnan(s->value)) {
        s->verdict = MON_UNAVAILABLE;
        snprintf(s->threshold_origin, sizeof s->threshold_origin,
                 "%s needs numbers on both sides, the reference's not all equal",
                 mon_statistic_name(statistic));
        return;
    }
    if (check_too_short(c, s->n)) {
        refuse_short(c, s);
        return;
    }
    struct null_case null = case_of(c, at, series);
    s->p_value = null_p_value(&null, s->value);
    s->effect = null_excess(&null, s->value);
    s->threshold = null_quantile(&null, c->options->false_alarm_rate / (double)c->n_watched);
    statistic_rule(statistic, at, c->cells.n, s->rule, sizeof s->rule);
    if (isnan(c->options->threshold) && s->threshold >= check_reach(c, series))
        refuse(s);
}

void check_start(const struct check *c, size_t series, struct mon_signal *s)
{
    const struct mon_drift_options *o = c->options;
    mon_signal_init(s, o->monitor, MON_KIND_DRIFT, mon_statistic_name(o->statistic));
    snprintf(s->feature, sizeof s->feature, "%s", c->reference->ruler->series[series].name);
    s->n = (double)c->window->n_rows;
    s->n_reference = (double)c->reference->n_rows;
    say_origin(c, s);
    s->verdict = MON_OK;
    if (c->window->n_rows == 0 || c->reference->n_rows == 0 || s->n < o->min_rows)
        s->verdict = MON_INSUFFICIENT;
}

static void correct(const struct check *c, size_t n, size_t n_tests)
{
    double rate = c->options->false_alarm_rate;
    switch (c->options->correction) {
    case MON_BY_BENJAMINI_HOCHBERG:
        multiple_benjamini_hochberg(c->p_values, n, n_tests, rate, c->reject);
        return;
    case MON_BY_HOLM:
        multiple_holm(c->p_values, n, n_tests, rate, c->reject);
        return;
    }
}

void check_judge(struct check *c, struct mon_signal *signals, size_t n, size_t n_tests)
{
    double least = isnan(c->options->min_effect) ? statistic_min_effect(c->options->statistic)
                                                 : c->options->min_effect;
    for (size_t i = 0; i < n; i++)
        c->p_values[i] = signals[i].p_value;
    correct(c, n, n_tests);
    for (size_t i = 0; i < n; i++)
        if (signals[i].verdict == MON_OK && c->reject[i] && signals[i].effect >= least)
            signals[i].verdict = MON_DRIFT;
}

bool check_case(struct check *c, size_t series, double window_rows, struct null_case *out)
{
    const struct series *at = &c->reference->ruler->series[series];
    enum mon_statistic statistic = c->options->statistic;
    lay_reference(c, at);
    if (!statistic_widths(statistic, at, c->laid, c->widths))
        return false;
    cells_layout_expected(&c->cells, at, c->laid, statistic, window_rows);
    cells_sum_expected(&c->cells, c->laid, c->reference_sums);
    double rows = statistic_rows(statistic, at, c->reference_sums, c->cells.n);
    *out = (struct null_case){
        .statistic = statistic,
        .unit = statistic_unit(statistic, at, c->reference_sums, c->widths, c->cells.n),
        .inverse_rows = 1.0 / rows + (double)c->reference->n_rows / (rows * window_rows),
        .series = measured(c, series),
        .of_runs = check_of_runs(c, window_rows),
    };
    return rows > 0.0;
}
