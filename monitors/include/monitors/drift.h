/*
 * drift.h - has a window's distribution left the reference's? PSI, KS or Jensen-Shannon per series,
 * thresholds calibrated from the reference's own chunks, Benjamini-Hochberg over the series.
 *
 * Rules. PSI and JS are taken over the ruler's groups (reference deciles; a group of its own for
 * unseen, missing, infinite); groups that would hold fewer than 5 of the window's rows under the
 * reference, and all outside its range, are pooled into one. KS is taken over the
 * cells as they are (for categories in the vocabulary's order, where its tail is a bound), infinite
 * and missing placed at the end.
 *
 * The null. Production rows are autocorrelated, so textbook p-values cry wolf. struct mon_null
 * measures how much more stretches of the reference differ from the REST of it (leave-block-out)
 * than independent rows would: the design effect (Kish 1965), once from single chunks and once from
 * every block of consecutive chunks of the window's size (the moving-block resample, enumerated).
 * The p-value is the largest of three: independent rows, chunks, blocks. That few chunks make an
 * uncertain estimate is in it too: the tails are F for PSI and squared JS (three moments of a sum
 * of chi-squareds), and for KS Kolmogorov's with its scale integrated over a chi-squared estimate.
 *
 * Does not: decide what to do (policies), keep windows (the orchestrator). Pure; any thread.
 */
#ifndef MONITORS_DRIFT_H
#define MONITORS_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/profile.h"
#include "monitors/signal.h"

/* X(symbol, text) */
#define MON_STATISTIC_LIST(X)                                                                      \
    X(MON_PSI, "psi")                                                                              \
    X(MON_KS, "ks")                                                                                \
    X(MON_JS, "js")

enum mon_statistic {
#define X(symbol, text) symbol,
    MON_STATISTIC_LIST(X)
#undef X
};

const char *mon_statistic_name(enum mon_statistic s);
/* False where the name is not one of the list; *out is then unchanged. */
bool mon_statistic_from_name(const char *name, enum mon_statistic *out);

struct mon_drift_options {
    char monitor[MON_NAME_BYTES];
    enum mon_statistic statistic; /* default MON_PSI */
    bool predictions;             /* watch the prediction series instead of the features */
    const char *const *only;      /* borrowed names of series, NULL: all of them */
    size_t n_only;
    double min_rows;         /* of the window; default 200 */
    double false_alarm_rate; /* chance of any alarm in one window of an unchanged stream, over all
                                watched series; default 0.001 */
    double threshold;        /* of the statistic, explicit; NaN (default): calibrated */
    double min_effect; /* excess of the statistic over its mean without drift, below which evidence
                          alone does not count; NaN (default): psi 0.02, ks 0.03, js 0.03 */
};
void mon_drift_options_init(struct mon_drift_options *o);

/* What the reference's chunks say about statistics of windows of about one size. Read-only after it
 * was made; holds no pointer to the arguments. */
struct mon_null;

/*
 * Measures the design effects for windows of about window_rows rows; one null serves windows of
 * other sizes too, but is sharpest near its own. chunks: in time order, over the same ruler as
 * reference, of equal size but for the last, which is left out where it is shorter than half; fewer
 * than 8 leave the null for independent rows, and the signals say so. More chunks are better: 50 or
 * more of 50 to 500 rows. Cost about n_chunks^2 x n_cells; make it once per version, statistic and
 * window size. Deterministic. *out is owned; free with mon_null_free.
 */
enum err_code mon_null_new(const struct profile *reference, struct profile *const *chunks,
                           size_t n_chunks, enum mon_statistic statistic, double window_rows,
                           struct mon_null **out, struct err *e);
void mon_null_free(struct mon_null *null);

/* The larger of the two design effects found for a series; 1 where only the null for independent
 * rows is there. */
double mon_null_design_effect(const struct mon_null *null, size_t series);

/*
 * Writes one signal per watched series, in ruler order, and returns how many (<= ruler->n_series,
 * which signals must have room for). reference and window are over the same ruler as the null; null
 * may be NULL only with an explicit threshold. Verdicts: fewer rows than min_rows, or a side
 * without rows: insufficient; explicit threshold: drift where value > threshold; calibrated: drift
 * where Benjamini-Hochberg at false_alarm_rate rejects and effect >= min_effect; a calibrated
 * threshold of 1 or more for ks and js, which no window can reach: unavailable. signal.threshold is
 * then the smallest value this series alone would need (false_alarm_rate / number of series),
 * effect the excess over the null mean.
 */
size_t mon_drift_check(const struct mon_drift_options *o, const struct mon_null *null,
                       const struct profile *reference, const struct profile *window,
                       struct mon_signal *signals);

/*
 * Benjamini & Hochberg 1995: marks reject[i] for p_values[i] at false discovery rate q. NaN
 * p-values are left out and not rejected. Returns the number rejected. n = 0 gives 0.
 */
size_t mon_benjamini_hochberg(const double *p_values, size_t n, double q, bool *reject);

#endif
