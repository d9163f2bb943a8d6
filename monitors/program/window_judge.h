/*
 * window_judge.h - one window against the reference: which monitors look at it, with which share of
 * the false-alarm budget, and what they say.
 *
 * The signals of every window come in the same order and number, so that a place among them is one
 * thing through all windows (signal_ledger.h).
 */
#ifndef PROGRAM_WINDOW_JUDGE_H
#define PROGRAM_WINDOW_JUDGE_H

#include "compare_options.h"
#include "monitors/reference.h"
#include "monitors/signal.h"
#include "window.h"

struct window_judge;

/* Both borrowed; the reference must have what the options' monitors need: those that nobody named
 * are left out where it has not, a named one is ERR_INVALID. */
enum err_code window_judge_new(const struct mon_reference *ref, const struct compare_options *o,
                               struct window_judge **out, struct err *e);
void window_judge_free(struct window_judge *j);

bool window_judge_has(const struct window_judge *j, enum compare_monitor m);
/* Whether any monitor wants the rows' scores, and their labels. */
bool window_judge_wants_scores(const struct window_judge *j);
bool window_judge_wants_labels(const struct window_judge *j);
/* Before the first window: labels or scores are not to be had, for the reason given, so that what
 * needs them is left out; ERR_INVALID where it was asked for. */
enum err_code window_judge_without_labels(struct window_judge *j, const char *why, struct err *e);
enum err_code window_judge_without_scores(struct window_judge *j, const char *why, struct err *e);

/* Judges w. The signals are a view, valid until the next call. The null distributions are measured
 * with the first window, which says how long windows are. */
enum err_code window_judge_check(struct window_judge *j, const struct window *w,
                                 const struct mon_signal **signals, size_t *n, struct err *e);

/* Rows that a window needs to be judged: as asked for, else 200, or where windows of the kind have
 * fewer, half of what they have; never below COMPARE_LEAST_ROWS. */
double window_judge_min_rows(const struct window_judge *j);
/* The budget of a window, over all monitors; NaN before the first one. */
double window_judge_rate(const struct window_judge *j);
/* How long a window of so many rows takes, by the reference's times; NaN where it has none. */
double window_judge_duration_ms(const struct window_judge *j, double n_rows);
/* What windows are compared by; NULL: the reference has no times, or nobody wants it. A view. */
const struct mon_season *window_judge_season(const struct window_judge *j);

#endif
