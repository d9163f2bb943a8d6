/*
 * quality.h - what is wrong with the data themselves, as signals: values missing, unseen, out of
 * range, infinite or of another type; columns that no longer vary; rows that repeat; too few or too
 * many rows.
 *
 * A rate's signal is drift where the rate rose by more than its limit (absolute: 0.01 is one point)
 * AND the rise is significant: exact conditional test (hypergeometric) of the two counts at
 * significance divided by the number of rates that the call looks at (Bonferroni). Its rows are
 * taken as independent unless mon_quality_check_chunks is called. Falling rates are ok. Every
 * signal says its rule. Fewer rows than min_rows, or none in the reference: insufficient. Pure; any
 * thread. No memory is taken. Pointers must not be NULL unless it is said that they may; signals is
 * the caller's room, overwritten up to what the call returns.
 */
#ifndef MONITORS_QUALITY_H
#define MONITORS_QUALITY_H

#include "model/profile.h"
#include "monitors/signal.h"

/* X(symbol, statistic name) */
#define MON_RATE_LIST(X)                                                                           \
    X(MON_RATE_MISSING, "missing_rate")                                                            \
    X(MON_RATE_UNSEEN, "unseen_rate")      /* not in the vocabulary of training */                 \
    X(MON_RATE_RANGE, "out_of_range_rate") /* below or above all of the reference */               \
    X(MON_RATE_INFINITE, "infinite_rate")

enum mon_rate {
#define X(symbol, name) symbol,
    MON_RATE_LIST(X)
#undef X
        MON_N_RATES
};

struct mon_quality_options {
    char monitor[MON_NAME_BYTES];
    double min_rows;              /* default 200 */
    double significance;          /* default 0.001, per window over all features and rates */
    double max_rise[MON_N_RATES]; /* by enum mon_rate; NaN: not watched; defaults 0.01 for each */
    double max_mismatch_rise;     /* default 0.01 */
    double max_duplicate_rise;    /* default 0.05 */
    double max_volume_factor;     /* > 1; default 2: half or twice the rows per time are too many */
};
/* Writes the defaults above. */
void mon_quality_options_init(struct mon_quality_options *o);

/* Writes a signal for each watched rate that a feature's kind has (numeric: missing, range,
 * infinite; categorical: missing, unseen; presence: missing) and returns how many; signals has room
 * for MON_N_RATES x ruler->n_features. */
size_t mon_quality_check(const struct mon_quality_options *o, const struct profile *reference,
                         const struct profile *window, struct mon_signal *signals);

/*
 * The same for rows that depend on each other: values are missing in bursts, and then a rate varies
 * more from window to window than the test of independent rows allows for. chunks (n_chunks, the
 * reference's in time order, over the same ruler; NULL with 0: as mon_quality_check) show by how
 * much, each alone and in runs as long as the window; where that is beyond chance (p < 0.05), so
 * many rows count as one in the exact test (design effect: Rao & Scott, Biometrics 48 (1992)), and
 * its tail is widened to Student's t with one degree of freedom less than there are chunks or runs.
 * Of values out of range, of which a reference has few or none, the design effect is that of the
 * outermost cells with 1 % of the rows at each end. Fewer than 8 chunks, or another rate that was 0
 * in all of them: the exact test. How large bursts are is learnt from those that the reference has:
 * one with two or three of them leaves more false alarms than stated. The signal's rule says how
 * many rows count as one. O(n_chunks) a rate that is not 0 in the window.
 */
size_t mon_quality_check_chunks(const struct mon_quality_options *o,
                                const struct profile *reference, struct profile *const *chunks,
                                size_t n_chunks, const struct profile *window,
                                struct mon_signal *signals);

/* Rate of one kind in a series' counts; NaN where the kind of series has no such rate or no rows.
 */
double mon_quality_rate(const struct profile *p, size_t series, enum mon_rate rate);

/*
 * Values that could not be read as their feature's type ("n/a" in a numeric column), counted by
 * whoever reads the rows; they are missing in the profile. Additive: sums of two are the counts of
 * both stretches.
 */
struct mon_mismatches {
    uint64_t n_rows;
    uint64_t *counts; /* n_features, in schema order; the caller's */
};

/* Writes a signal "type_mismatch_rate" per feature of the ruler and returns how many
 * (ruler->n_features). */
size_t mon_mismatch_check(const struct mon_quality_options *o, const struct ruler *r,
                          const struct mon_mismatches *reference,
                          const struct mon_mismatches *window, struct mon_signal *signals);

/*
 * Has a feature that varied in the reference stopped doing so? Writes a signal "constant" per
 * numeric or categorical feature and returns how many (<= ruler->n_features). value is the share of
 * the most frequent cell among the window's present values, reference_value the reference's. Drift:
 * all present values are in one cell, with no variance there, and that many rows of the reference's
 * share would be so with p <= significance over the number of features (p is 1 where the window
 * varies). chunks (n_chunks, the reference's in time order, over the same ruler; NULL with 0), for
 * columns that always came in equal stretches: where k of them are constant too, p is at least
 * (k + 1) / (n_chunks + 1); and where they differ more than chunks of independent rows would, that
 * many times fewer rows count (design effect: Rao & Scott 1981). A feature that was constant in the
 * reference: unavailable. The rule is this library's own, (k + 1) / (n + 1) the permutation test's
 * p-value (Davison & Hinkley 1997, 4.11).
 */
size_t mon_constant_check(const struct mon_quality_options *o, const struct profile *reference,
                          struct profile *const *chunks, size_t n_chunks,
                          const struct profile *window, struct mon_signal *signals);

/* Rows that are equal to another row of their stretch, and all rows: mon_duplicates_estimate. */
struct mon_repeats {
    double rows;
    double repeated;
};

/*
 * One signal "duplicate_rate". Rows of few coarse features repeat by chance, the more the longer
 * the stretch is; so the reference must be at least as long as the window (else insufficient),
 * which makes its rate the larger one and the test careful. reference NULL (its rows were not
 * counted): unavailable.
 */
void mon_duplicate_check(const struct mon_quality_options *o, const struct mon_repeats *reference,
                         const struct mon_repeats *window, struct mon_signal *s);

struct mon_volume {
    double rows;
    double duration_s; /* > 0 */
};

/*
 * One signal "rows_per_hour". Counts of production rows vary more than Poisson's, so the logarithm
 * of the rate is judged against those of the reference's chunks: Student's t for one more chunk,
 * their variance not below what Poisson alone would give. Two-sided. Drift where p <= significance
 * and the rate changed by more than max_volume_factor; effect is the logarithm of the ratio. A
 * window without rows counts as half a row. Fewer than 8 chunks, or no duration: insufficient;
 * min_rows is not asked for, since too few rows are the point. Chunks must be alike but
 * for chance: as long as the window, and of whole days or of the same hours where traffic has its
 * hours. The test for one more of n normal values is textbook matter (a prediction interval); that
 * counts are judged by the spread between stretches, and the factor, are this library's own choice.
 */
void mon_volume_check(const struct mon_quality_options *o, const struct mon_volume *chunks,
                      size_t n_chunks, const struct mon_volume *window, struct mon_signal *s);

#endif
