/*
 * quality.h - rates of missing, unseen, out-of-range and infinite values per feature, against the
 * reference's, with explicit limits and a guard against small numbers.
 *
 * A signal is drift where the rate rose by more than its limit (absolute: 0.01 is one point) AND
 * the rise is significant: exact conditional test (hypergeometric) of the two counts at
 * significance divided by the number of rates looked at (Bonferroni). Falling rates are ok. Pure;
 * any thread.
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
};
void mon_quality_options_init(struct mon_quality_options *o);

/* Writes a signal for each watched rate that a feature's kind has (numeric: missing, range,
 * infinite; categorical: missing, unseen; presence: missing) and returns how many; signals has room
 * for MON_N_RATES x ruler->n_features. Fewer rows than min_rows, or none in the reference:
 * insufficient. */
size_t mon_quality_check(const struct mon_quality_options *o, const struct profile *reference,
                         const struct profile *window, struct mon_signal *signals);

/* Rate of one kind in a series' counts; NaN where the kind of series has no such rate or no rows.
 */
double mon_quality_rate(const struct profile *p, size_t series, enum mon_rate rate);

#endif
