/*
 * overtime.c - every length a window completes is tested at its own share of the budget.
 */
#include "monitors/overtime.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "overtime_state.h"

void mon_overtime_options_init(struct mon_overtime_options *o)
{
    *o =
        (struct mon_overtime_options){.window_ms = 3600000.0, .window_rows = 1000.0, .n_scales = 8};
    mon_drift_options_init(&o->drift);
    o->drift.correction = MON_BY_HOLM;
    mon_budget_init(&o->budget);
    mon_alarm_options_init(&o->alarm);
}

static enum err_code check_options(const struct mon_overtime_options *o, struct err *e)
{
    if (o->n_scales < 1 || o->n_scales > MON_SCALES_MAX)
        return err_set(e, ERR_INVALID, "n_scales: expected 1 to %d, got %zu", MON_SCALES_MAX,
                       o->n_scales);
    if (!(mon_budget_per_window(&o->budget, o->window_ms) > 0.0))
        return err_set(e, ERR_INVALID,
                       "budget: %g alarms in %lld ms with windows of %g ms leave nothing to a test",
                       o->budget.alarms, (long long)o->budget.period_ms, o->window_ms);
    if (!isnan(o->drift.threshold))
        return err_set(e, ERR_INVALID, "threshold: %g is stated, but a budget has no use for it",
                       o->drift.threshold);
    return ERR_OK;
}

static enum err_code make_nulls(struct mon_overtime *m, struct profile *const *chunks,
                                size_t n_chunks, struct err *e)
{
    struct mon_null_options o;
    mon_null_options_init(&o);
    o.statistic = m->options.drift.statistic;
    o.season = m->options.season;
    o.window_rows = m->options.window_rows;
    enum err_code rc = ERR_OK;
    bool longer = true;
    while (rc == ERR_OK && longer && m->n_nulls < m->options.n_scales) {
        rc = mon_null_make(&o, m->reference, chunks, n_chunks, &m->nulls[m->n_nulls], e);
        m->n_nulls += rc == ERR_OK;
        longer = o.window_rows * MON_LONGEST_BLOCK_PART < (double)m->reference->n_rows;
        o.window_rows *= 2.0;
    }
    return rc;
}

enum err_code mon_overtime_new(const struct mon_overtime_options *o,
                               const struct profile *reference, struct profile *const *chunks,
                               size_t n_chunks, struct mon_overtime **out, struct err *e)
{
    enum err_code rc = check_options(o, e);
    if (rc != ERR_OK)
        return rc;
    struct mon_overtime *m = calloc(1, sizeof *m);
    if (m == NULL)
        return err_set(e, ERR_NOMEM, "out of memory");
    m->options = *o;
    m->reference = reference;
    mon_budget_over_scales(mon_budget_per_window(&o->budget, o->window_ms), o->n_scales, m->alpha);
    m->room = calloc(reference->ruler->n_series + 1, sizeof *m->room);
    rc = m->room != NULL ? mon_scan_new(reference->ruler, o->n_scales, &m->scan, e)
                         : err_set(e, ERR_NOMEM, "out of memory");
    if (rc == ERR_OK)
        rc = make_nulls(m, chunks, n_chunks, e);
    if (rc != ERR_OK) {
        mon_overtime_free(m);
        return rc;
    }
    *out = m;
    return ERR_OK;
}

void mon_overtime_free(struct mon_overtime *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n_nulls; i++)
        mon_null_free(m->nulls[i]);
    mon_scan_free(m->scan);
    free(m->room);
    free(m);
}

double mon_overtime_alpha(const struct mon_overtime *m, size_t scale)
{
    return scale < m->options.n_scales ? m->alpha[scale] : 0.0;
}

bool mon_overtime_raised(const struct mon_overtime *m)
{
    for (size_t k = 0; k < m->options.n_scales; k++)
        if (m->alarms[k].raised != 0)
            return true;
    return false;
}

uint64_t mon_overtime_n_raises(const struct mon_overtime *m)
{
    return m->n_raises;
}

/* A block of 2^k windows is 2^k windows' worth of quiet. */
static void step_alarm(struct mon_overtime *m, size_t scale, enum mon_alarm_level level)
{
    struct alarm_record *r = &m->alarms[scale];
    struct mon_alarm alarm = {r->raised != 0, (uint32_t)r->n_clear, r->n_raises, r->n_windows};
    struct mon_alarm_options o = m->options.alarm;
    o.clear_after = (o.clear_after >> scale) + ((o.clear_after & ((1u << scale) - 1u)) != 0);
    mon_alarm_step(&alarm, &o, level);
    *r = (struct alarm_record){alarm.raised, alarm.n_clear, alarm.n_raises, alarm.n_windows};
}

/* The first words of the rule: how long the block is. */
static void say_length(struct mon_signal *s, size_t n_windows)
{
    char rule[sizeof s->rule];
    snprintf(rule, sizeof rule, "%s", s->rule);
    snprintf(s->rule, sizeof s->rule, "last %zu windows; %s", n_windows, rule);
}

static void keep_telling(struct mon_overtime *m, const struct mon_scan_block *block, size_t n,
                         struct mon_signal *signals)
{
    for (size_t i = 0; i < n; i++) {
        bool news = m->room[i].verdict == MON_DRIFT && signals[i].verdict != MON_DRIFT;
        if (block->scale > 0 && !news)
            continue;
        signals[i] = m->room[i];
        if (block->scale > 0)
            say_length(&signals[i], block->n_windows);
    }
}

static size_t test_block(struct mon_overtime *m, const struct mon_scan_block *block,
                         struct mon_signal *signals)
{
    struct mon_drift_options o = m->options.drift;
    o.false_alarm_rate = m->alpha[block->scale];
    size_t last = m->n_nulls - 1;
    const struct mon_null *null = m->nulls[block->scale < last ? block->scale : last];
    size_t n = mon_drift_check_mix(&o, null, m->reference, block->profile, block->mix, m->room);
    step_alarm(m, block->scale, mon_alarm_level_of_all(&m->options.alarm, m->room, n));
    keep_telling(m, block, n, signals);
    return n;
}

static enum mon_alarm_event event_of(bool before, bool now)
{
    if (before)
        return now ? MON_ALARM_ONGOING : MON_ALARM_CLEARED;
    return now ? MON_ALARM_RAISED : MON_ALARM_QUIET;
}

enum mon_alarm_event mon_overtime_add(struct mon_overtime *m, const struct profile *window,
                                      const struct mon_phase_mix *mix, struct mon_signal *signals,
                                      size_t *n)
{
    struct mon_scan_block blocks[MON_SCALES_MAX];
    bool before = mon_overtime_raised(m);
    size_t n_blocks = mon_scan_add(m->scan, window, mix, blocks);
    for (size_t i = 0; i < n_blocks; i++)
        *n = test_block(m, &blocks[i], signals);
    enum mon_alarm_event event = event_of(before, mon_overtime_raised(m));
    m->n_raises += event == MON_ALARM_RAISED;
    return event;
}

void mon_overtime_clear(struct mon_overtime *m)
{
    memset(m->alarms, 0, sizeof m->alarms);
    mon_scan_clear(m->scan);
}
