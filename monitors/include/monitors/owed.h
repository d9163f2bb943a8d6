/*
 * owed.h - labels come late, or never: how many scored rows still wait for theirs, how long labels
 * take, and whether the rows that have one resemble those that do not.
 *
 * A metric over the labelled rows alone speaks for all of them only if labels come to all alike.
 * They rarely do: frauds are reported, declined loans never have an outcome. So the caveat travels
 * with the signal. Arrays in, numbers out; no clock: now is an argument. Any thread.
 */
#ifndef MONITORS_OWED_H
#define MONITORS_OWED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "monitors/signal.h"

/* Upper ends of the ages that owed labels are counted by, in milliseconds: an hour, a day, a week,
 * 30 days; the last class is everything older. */
#define MON_OWED_AGES 5
extern const int64_t mon_owed_age_ms[MON_OWED_AGES]; /* the last is INT64_MAX */

#define MON_LABEL_OWED INT64_MIN

/* Scored rows, in any order. All borrowed. */
struct mon_scored {
    size_t n;
    const int64_t *scored_unix_ms;
    const int64_t *labelled_unix_ms; /* when the label came; MON_LABEL_OWED: it has not */
    const float *scores;             /* P(positive), or the predicted value; may be NULL */
};

struct mon_owed {
    double n, n_labelled, n_owed;
    double owed_by_age[MON_OWED_AGES];
    double oldest_owed_ms; /* age; NaN where nothing is owed */
    /* Of the delay from score to label, over all rows: product-limit estimate (Kaplan & Meier
     * 1958), in which an owed label is known to take at least its age. NaN where fewer rows than
     * that have a label after any delay seen. */
    double delay_median_ms, delay_p90_ms, delay_p99_ms;
    /* Labelled rows against owed ones: two-sample Kolmogorov-Smirnov distance of the scores, its
     * asymptotic p-value and the mean scores. NaN where a side has no row with a finite score. */
    double n_scores_labelled, n_scores_owed; /* rows with a finite score */
    double bias_ks, bias_p_value;
    double mean_score_labelled, mean_score_owed;
};

/*
 * Counts what is owed at now. A label from before its score or after now counts as arrived with the
 * delay 0, or as not yet arrived. n = 0: zeros, and NaN elsewhere. O(n log n); ERR_NOMEM only.
 */
enum err_code mon_owed_measure(const struct mon_scored *rows, int64_t now_unix_ms,
                               struct mon_owed *out, struct err *e);

struct mon_owed_options {
    char monitor[MON_NAME_BYTES];
    double min_rows;       /* a side; default 50 */
    double max_difference; /* Kolmogorov-Smirnov distance that matters; default 0.1 */
    double alpha;          /* evidence for it; default 0.001 */
};
void mon_owed_options_init(struct mon_owed_options *o);

/* Whether the labelled rows are a biased sample: drift where the distance exceeds max_difference
 * and p <= alpha; insufficient where a side has fewer than min_rows scores. Kind quality, statistic
 * "label_bias"; n the labelled rows, n_reference those owed, effect the difference of mean scores.
 */
void mon_owed_check(const struct mon_owed_options *o, const struct mon_owed *owed,
                    struct mon_signal *out);

/* Adds to the rule of a signal about labelled performance on how many of the rows it rests, and
 * whether they are a biased sample of them: "...; 61 % labelled, 812 owed; labelled rows score
 * unlike them (KS 0.14)". Cut where the rule has no room. */
void mon_owed_caveat(const struct mon_owed_options *o, const struct mon_owed *owed,
                     struct mon_signal *s);

#endif
