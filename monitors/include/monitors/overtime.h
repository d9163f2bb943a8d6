/*
 * overtime.h - a drift monitor that keeps its promise for as long as it runs: "at most two false
 * alarms in 30 days, over all features".
 *
 * Puts together what the other headers have: the last 1, 2, 4, 8 ... windows merged (scan.h), each
 * length tested against the reference at its share of the budget (budget.h), phases of the season
 * where there is one (season.h), correction over features (drift.h), and an alarm that is raised
 * once (alarm.h). Use those by themselves where this is too much.
 *
 * The promise: on a stream that does not change, the expected number of alarms raised in the
 * budget's period is at most the stated one. It rests on each test's p-value being right, and on
 * nothing else: windows, lengths and features may depend on each other.
 *
 * One thread at a time.
 */
#ifndef MONITORS_OVERTIME_H
#define MONITORS_OVERTIME_H

#include "monitors/alarm.h"
#include "monitors/budget.h"
#include "monitors/drift.h"
#include "monitors/scan.h"

/* Nulls are measured for blocks of windows until one is longer than this part of the reference. The
 * scale that fewer blocks give is so uncertain that its tail would hide what merging windows is to
 * show; longer blocks are judged by the longest null. */
#define MON_LONGEST_BLOCK_PART 24.0

struct mon_overtime_options {
    struct mon_drift_options drift; /* false_alarm_rate is not used; correction default here: Holm;
                                       threshold must be NaN; names borrowed for its life */
    struct mon_budget budget;
    double window_ms;                /* of one window; > 0; default an hour */
    double window_rows;              /* of one window, about; default 1000 */
    size_t n_scales;                 /* lengths 1 .. 2^(n_scales - 1) windows; default 8 */
    const struct mon_season *season; /* borrowed for its life; NULL (default): none */
    struct mon_alarm_options alarm;
};
void mon_overtime_options_init(struct mon_overtime_options *o);

struct mon_overtime;

/* reference: borrowed for its life; chunks: as mon_null_make, not kept. Dependence longer
 * than a 24th of the reference (MON_LONGEST_BLOCK_PART) is not seen. *out is owned; free with
 * mon_overtime_free. ERR_INVALID for options out of range, ERR_NOMEM. */
enum err_code mon_overtime_new(const struct mon_overtime_options *o,
                               const struct profile *reference, struct profile *const *chunks,
                               size_t n_chunks, struct mon_overtime **out, struct err *e);
void mon_overtime_free(struct mon_overtime *m);

/* Chance of a false alarm given to the test of 2^scale windows; 0 beyond n_scales. */
double mon_overtime_alpha(const struct mon_overtime *m, size_t scale);
bool mon_overtime_raised(const struct mon_overtime *m);
uint64_t mon_overtime_n_raises(const struct mon_overtime *m);

/*
 * Adds a window (borrowed for the call; mix may be NULL, nothing else may) and tests the lengths it
 * completes. Writes one signal per watched series, in ruler order, and their number to *n (signals:
 * room for ruler->n_series whatever is watched; where no series is, *n is 0 and nothing is
 * written): the shortest length that found drift, else the window itself; signal.n and signal.rule
 * say which. An alarm is kept per length; RAISED where none was raised before, CLEARED where the
 * last one ended.
 */
enum mon_alarm_event mon_overtime_add(struct mon_overtime *m, const struct profile *window,
                                      const struct mon_phase_mix *mix, struct mon_signal *signals,
                                      size_t *n);

/* Forgets windows and alarms: once a change was dealt with, or to start over. Raises go on being
 * counted. */
void mon_overtime_clear(struct mon_overtime *m);

/* Merged windows and alarms, as tensors "<prefix>..."; what was made from the reference is not in
 * it. The monitor must not change until the file is written. ERR_INVALID for a prefix of
 * more than 48 bytes or a name that the writer holds already, ERR_NOMEM; the writer may then hold
 * part of the monitor. */
enum err_code mon_overtime_to_st(const struct mon_overtime *m, const char *prefix,
                                 struct st_writer *w, struct err *e);
/* Into a monitor of the same reference and options. ERR_INVALID for tensors that are absent
 * or of another type or shape, and for a prefix of more than 48 bytes; ERR_PARSE for values that no
 * monitor writes; ERR_NOMEM. Where it fails the monitor is as if new. */
enum err_code mon_overtime_from_st(struct mon_overtime *m, const struct st_file *f,
                                   const char *prefix, struct err *e);

#endif
