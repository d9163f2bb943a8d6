/*
 * screen.h - several drift statistics of hundreds or thousands of series, every window: the
 * verdicts that mon_drift_check would give each of them, for a small part of its cost.
 *
 * The statistics of a series come from one pass over the window's counts. A signal with its p-value
 * costs some hundred times as much, and no correction over series at level q rejects a p above q
 * (Benjamini & Hochberg 1995; Holm 1979). So each pair of series and statistic has a limit: the
 * value whose p-value is q. Only what is beyond its limit, or within a ten-thousandth of it, is
 * looked at exactly.
 *
 * Limits serve windows of all sizes: for a null, value and window size are one number, (the square
 * of) value / h with h = 1 / n_reference + 1 / n_window over the rows that count, so that one
 * quantile per pair scales to any size and any share of missing values. It also depends on how many
 * groups psi, js and hellinger are taken over: a window so small that other groups are pooled than
 * in the one before has those pairs' limits made anew in the same call.
 *
 * The false-alarm rate is shared out: each of k statistics gets rate / k, and corrects over its
 * series. The chances of k statistics add up, whatever depends on what (Bonferroni), so that the
 * chance of any alarm in one window of an unchanged stream stays within the rate.
 *
 * No rows on a side, or fewer than min_rows: insufficient. One row (min_rows <= 1): legal, finite
 * numbers. Constant, missing, infinite values: as drift.h.
 *
 * Does not: look at phases of a season (mon_drift_check_mix), merge windows (scan.h), take explicit
 * thresholds, or correct over time. One screen is one thread's at a time; two screens of one
 * reference are independent.
 */
#ifndef MONITORS_SCREEN_H
#define MONITORS_SCREEN_H

#include "monitors/drift.h"

/* One of the statistics and what it asks for. */
struct mon_screened {
    enum mon_statistic statistic;
    double min_effect; /* NaN: the default of mon_drift_options */
};

struct mon_screen_options {
    char monitor[MON_NAME_BYTES];
    size_t n_statistics; /* 1..MON_N_STATISTICS, each once; default: psi, ks, js, wasserstein */
    struct mon_screened statistics[MON_N_STATISTICS];
    bool predictions;        /* watch the prediction series instead of the features */
    const char *const *only; /* names of series, borrowed for the call; NULL: all of them */
    size_t n_only;
    enum mon_correction correction; /* over the series of a statistic; default Benjamini-Hochberg */
    double min_rows;                /* of the window; default 200 */
    double false_alarm_rate; /* chance of any alarm in one window of an unchanged stream, over all
                                watched series and statistics; 0 < rate <= 0.5; default 0.001 */
    bool tell_all;           /* write a signal for every pair, as mon_drift_check does, at its cost;
                                default false */
};
void mon_screen_options_init(struct mon_screen_options *o);

/* Reference, nulls and limits, and room to work in. */
struct mon_screen;

/*
 * Makes a null per statistic from the chunks (as mon_null_new: in time order, at least 8; fewer
 * leave the null for independent rows, and signals say so), and the limits for windows of about
 * window_rows rows. Borrows reference and its ruler until mon_screen_free, o and chunks for the
 * call. A reference without rows is legal: every window is then insufficient. Costs what the nulls
 * cost (drift.h): of four statistics from 20 chunks 0.2 ms a series, and about 3 KB. ERR_INVALID
 * for options out of range or window_rows < 1, ERR_NOMEM. *out is owned; free with mon_screen_free
 * (NULL allowed).
 */
enum err_code mon_screen_new(const struct mon_screen_options *o, const struct profile *reference,
                             struct profile *const *chunks, size_t n_chunks, double window_rows,
                             struct mon_screen **out, struct err *e);
void mon_screen_free(struct mon_screen *s);

/* A series and a statistic. */
struct mon_screen_pair {
    double value;             /* NaN where it does not exist, and where rows are too few */
    double threshold;         /* this pair's alone, as signal.threshold; NaN as above */
    enum mon_verdict verdict; /* that of mon_drift_check at false_alarm_rate / n_statistics */
};

/* What a window says. Arrays are views, valid until the screen's next call. */
struct mon_screen_report {
    /* n_statistics x n_series: pairs[k * n_series + i] is the k-th of the options' statistics and
     * the i-th watched series, in ruler order. */
    size_t n_series, n_statistics;
    const struct mon_screen_pair *pairs;
    /* n_signals, in the order of pairs: what is worth telling. All that drifted, and all whose own
     * p-value is false_alarm_rate / n_statistics at most (the correction, or the smallest effect,
     * held them back). Each is the signal of mon_drift_check, bit for bit. */
    size_t n_signals;
    const struct mon_signal *signals;
    const size_t *places; /* n_signals indices into pairs */
    /* pairs: ok or drift; drift; too few rows; the rest */
    size_t n_judged, n_drifted, n_insufficient, n_unavailable;
};

/*
 * Judges a window over the reference's ruler, borrowed for the call. Where a pair is not told, its
 * value agrees with mon_drift_check's to 1e-12 (js and hellinger: its square), its threshold to
 * 1e-5 of it.
 *
 * Of 4,000 series and four statistics (bench_monitors windows, one core): unchanged, 1.7 ms (all
 * six, 2.0 ms); with 1 % of the series drifting, 3.7 ms; with all of them, 190 ms, what
 * mon_drift_check costs, and room for as many signals (0.6 KB each), which is kept. A pair whose
 * pooling changes costs 20 us. Else only scratch for the correction is allocated. ERR_NOMEM: *out
 * is unchanged.
 */
enum err_code mon_screen_run(struct mon_screen *s, const struct profile *window,
                             struct mon_screen_report *out, struct err *e);

#endif
