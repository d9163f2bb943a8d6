/*
 * history.h - a signal's place among its own past, and thresholds that follow that past.
 *
 * A rank needs no threshold: "larger than 97 % of the last 200 windows" is said of every signal,
 * whatever its verdict. A dynamic threshold makes a verdict of it; it gets used to slow drift,
 * which calibrated thresholds (drift.h) do not, and is meant for metrics that have no reference.
 *
 * Does not keep anything on disk: whoever stores signals puts them back at start. A mon_history is
 * used by one thread at a time; the other functions are pure.
 */
#ifndef MONITORS_HISTORY_H
#define MONITORS_HISTORY_H

#include <stdbool.h>

#include "base/err.h"
#include "monitors/signal.h"

/* Share of n values that are smaller than x, those equal to it half: 0..1. NaN among the values are
 * left out; NaN where x is NaN or nothing is left. Infinities are values. */
double mon_history_rank(const double *values, size_t n, double x);

/* The last `keep` values of each (monitor, statistic, feature). */
struct mon_history;

/* keep: values per series, 1..1e6; max_series bounds memory (8 keep + ~300 bytes each) against
 * names that never come back, 1..2^24. ERR_INVALID, ERR_NOMEM. *out is owned; free with
 * mon_history_free. */
enum err_code mon_history_new(size_t keep, size_t max_series, struct mon_history **out,
                              struct err *e);
void mon_history_free(struct mon_history *h); /* NULL allowed */

/*
 * Fills s->history_n and s->history_rank from the values noted before under the same monitor,
 * statistic and feature, then notes s->value; the oldest falls out. A value that is not finite is
 * ranked (history_rank NaN) and not noted. First time: history_n 0, history_rank NaN. ERR_NOMEM, or
 * ERR_LIMIT for a new series beyond max_series; s is then still filled.
 */
enum err_code mon_history_note(struct mon_history *h, struct mon_signal *s, struct err *e);

/* Copies the kept values of the signal's series, oldest first, to values, which has room for keep;
 * returns how many. */
size_t mon_history_values(const struct mon_history *h, const struct mon_signal *s, double *values);

enum mon_extreme { MON_EXTREME_HIGHER, MON_EXTREME_LOWER };

enum mon_dynamic_kind {
    MON_DYNAMIC_QUANTILE, /* beyond the quantile that leaves `share` of the window as extreme */
    MON_DYNAMIC_AVERAGE   /* at least `deviation` away from the window's mean */
};

struct mon_dynamic {
    enum mon_dynamic_kind kind;
    enum mon_extreme extreme;
    size_t window;    /* last values looked at, >= 1 */
    double share;     /* QUANTILE: 0..1; quantile 1 - share (higher) or share (lower), linear
                         between values */
    double deviation; /* AVERAGE: > 0, in the value's unit, or a factor of the mean */
    bool absolute;    /* AVERAGE: deviation is in the value's unit */
};

/*
 * Judges x against the last d->window of n earlier values (oldest first, x not among them): drift
 * or ok. threshold, NULL allowed, gets the value at which the verdict turns. Quantile: drift where
 * x is strictly beyond, so a constant never alarms. No earlier values: insufficient, threshold NaN
 * (Modyn retrains then; a first value says nothing). x NaN: unavailable. NaN among the values are
 * not allowed. ERR_NOMEM for the copy that is sorted.
 */
enum err_code mon_dynamic_judge(const struct mon_dynamic *d, const double *values, size_t n,
                                double x, enum mon_verdict *verdict, double *threshold,
                                struct err *e);

#endif
