/*
 * alarm.c - raised once, cleared by several quiet windows.
 */
#include "monitors/alarm.h"

#include <math.h>

void mon_alarm_options_init(struct mon_alarm_options *o)
{
    *o = (struct mon_alarm_options){.clear_after = 3, .clear_level = 0.8};
}

const char *mon_alarm_event_name(enum mon_alarm_event e)
{
    switch (e) {
#define X(symbol, text)                                                                            \
    case symbol:                                                                                   \
        return text;
        MON_ALARM_EVENT_LIST(X)
#undef X
    }
    return "?";
}

enum mon_alarm_level mon_alarm_level_of(const struct mon_alarm_options *o,
                                        const struct mon_signal *s)
{
    switch (s->verdict) {
    case MON_DRIFT:
        return MON_LEVEL_BEYOND;
    case MON_OK:
        break;
    case MON_INSUFFICIENT:
    case MON_UNAVAILABLE:
        return MON_LEVEL_UNKNOWN;
    }
    bool between = isfinite(s->threshold) && s->value > o->clear_level * s->threshold;
    return between ? MON_LEVEL_BETWEEN : MON_LEVEL_CLEAR;
}

enum mon_alarm_level mon_alarm_level_of_all(const struct mon_alarm_options *o,
                                            const struct mon_signal *signals, size_t n)
{
    enum mon_alarm_level highest = MON_LEVEL_UNKNOWN;
    for (size_t i = 0; i < n; i++) {
        enum mon_alarm_level level = mon_alarm_level_of(o, &signals[i]);
        if (level != MON_LEVEL_UNKNOWN && (highest == MON_LEVEL_UNKNOWN || level > highest))
            highest = level;
    }
    return highest;
}

static enum mon_alarm_event step_quiet(struct mon_alarm *a, enum mon_alarm_level level)
{
    if (level != MON_LEVEL_BEYOND)
        return MON_ALARM_QUIET;
    a->raised = true;
    a->n_clear = 0;
    a->n_raises++;
    return MON_ALARM_RAISED;
}

static enum mon_alarm_event step_raised(struct mon_alarm *a, const struct mon_alarm_options *o,
                                        enum mon_alarm_level level)
{
    a->n_clear = level == MON_LEVEL_CLEAR ? a->n_clear + 1 : 0;
    if (a->n_clear == 0 || a->n_clear < o->clear_after)
        return MON_ALARM_ONGOING;
    a->raised = false;
    a->n_clear = 0;
    return MON_ALARM_CLEARED;
}

enum mon_alarm_event mon_alarm_step(struct mon_alarm *a, const struct mon_alarm_options *o,
                                    enum mon_alarm_level level)
{
    if (level == MON_LEVEL_UNKNOWN)
        return a->raised ? MON_ALARM_ONGOING : MON_ALARM_QUIET;
    a->n_windows++;
    return a->raised ? step_raised(a, o, level) : step_quiet(a, level);
}
