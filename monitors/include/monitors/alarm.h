/*
 * alarm.h - hysteresis: an alarm is raised once and stays until several windows are clear of a
 * lower level, so that a value that dances around its threshold is one alarm, not twenty.
 *
 * A plain value a caller keeps (and stores) for each signal it watches, or for each monitor. No
 * allocation, no clock.
 */
#ifndef MONITORS_ALARM_H
#define MONITORS_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "monitors/signal.h"

struct mon_alarm_options {
    uint32_t clear_after; /* clear windows in a row that end an alarm; default 3 */
    double clear_level; /* a window is clear where value <= clear_level x threshold; default 0.8 */
};
void mon_alarm_options_init(struct mon_alarm_options *o);

/* All zero: quiet. */
struct mon_alarm {
    bool raised;
    uint32_t n_clear;             /* clear windows in a row since */
    uint64_t n_raises, n_windows; /* ever; windows that could be judged */
};

/* X(symbol, text) */
#define MON_ALARM_EVENT_LIST(X)                                                                    \
    X(MON_ALARM_QUIET, "quiet")     /* no alarm before, none now */                                \
    X(MON_ALARM_RAISED, "raised")   /* new: the one to act on, and the one that is counted */      \
    X(MON_ALARM_ONGOING, "ongoing") /* raised earlier, not yet clear */                            \
    X(MON_ALARM_CLEARED, "cleared") /* it ended with this window */

enum mon_alarm_event {
#define X(symbol, text) symbol,
    MON_ALARM_EVENT_LIST(X)
#undef X
};
const char *mon_alarm_event_name(enum mon_alarm_event e);

/* What a window says to an alarm. */
enum mon_alarm_level { MON_LEVEL_CLEAR, MON_LEVEL_BETWEEN, MON_LEVEL_BEYOND, MON_LEVEL_UNKNOWN };

/* drift: beyond; ok: clear at or below clear_level x threshold, else between (a threshold that is
 * not finite: clear); insufficient and unavailable: unknown. Statistics that fall when things get
 * worse (accuracy) have clear_level 1. */
enum mon_alarm_level mon_alarm_level_of(const struct mon_alarm_options *o,
                                        const struct mon_signal *s);
/* The highest level of n signals (unknown only where all are): one alarm for a whole monitor. */
enum mon_alarm_level mon_alarm_level_of_all(const struct mon_alarm_options *o,
                                            const struct mon_signal *signals, size_t n);

/* One window on. Unknown changes nothing: no data neither raises nor clears. */
enum mon_alarm_event mon_alarm_step(struct mon_alarm *a, const struct mon_alarm_options *o,
                                    enum mon_alarm_level level);

#endif
