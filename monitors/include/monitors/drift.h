/*
 * drift.h - has a window's distribution left the reference's? One statistic per series, its
 * threshold calibrated from the reference's own chunks, corrected over the series.
 *
 * Statistics, and the rule that signal.rule repeats:
 * - psi, js, hellinger are taken over the ruler's groups (reference deciles, or categories; a group
 *   of its own for unseen, missing, infinite); groups that would hold fewer than 5 of the window's
 *   rows under the reference, and all outside its range, are pooled into one. psi and hellinger add
 *   half a row to each group of both sides. psi is sum (p - q) ln(p / q) (Siddiqi 2006; Jeffreys
 *   1946), js the square root of the Jensen-Shannon divergence in bits (Endres & Schindelin 2003),
 *   hellinger sqrt(sum (sqrt p - sqrt q)^2 / 2) (Hellinger 1909).
 * - ks, the largest |F - G| (Kolmogorov 1933, Smirnov 1939), and cramer_von_mises, the mean of
 *   (F - G)^2 over the reference (Cramer 1928; Anderson 1962 for two samples), are taken over the
 *   cells as they are, infinite and missing placed at the end; for categories in the vocabulary's
 *   order, where their tail is a bound.
 * - wasserstein is the area between the distribution functions of the finite values (Vallender
 *   1974), in standard deviations of the reference, both clipped at the reference's 0.5 % and
 *   99.5 % quantiles: beyond them a handful of rows would be the distance. Not for categories, nor
 *   for a constant.
 * psi and hellinger see any change of shape; cramer_von_mises and wasserstein see smaller shifts
 * of a whole feature; ks lies between.
 *
 * The null. Production rows are autocorrelated and seasonal, so textbook p-values cry wolf. struct
 * mon_null measures how much more stretches of the reference differ from the REST of it
 * (leave-block-out), or from the rest of their phase (season.h), than independent rows would: the
 * design effect (Kish 1965), once from single chunks and once from every block of consecutive
 * chunks of the window's size (the moving-block resample, Kuensch 1989, enumerated). The p-value is
 * the largest of three: independent rows, chunks, blocks; where the window is as long as the
 * blocks, chunks count only up to three standard errors above the blocks: what they scatter beyond,
 * a cycle of a day in windows of a day, the window averages out. Where a window's rows count as a
 * handful, groups are empty or full and psi is larger than the chi-squared that stands for it: by
 * how much is measured on the same blocks, and widens the null. That few chunks make an uncertain
 * estimate is in it too: the tails are those of F (three moments of a sum of chi-squareds), and for
 * ks Kolmogorov's with its scale integrated over a chi-squared estimate.
 *
 * All windows are compared with the same finite reference, whose own noise (1 / n_reference) is
 * part of every null. So p-values are valid one by one, and their errors are common to all windows:
 * multiply or average them over windows and they mean nothing. Merge the windows instead (scan.h,
 * overtime.h).
 *
 * What happens within a chunk is not seen. A window shorter than 0.9 chunks has no null and is
 * unavailable ("chunks of N rows are longer than the window of M"), unless a threshold was set or
 * independent rows were asked for.
 *
 * No rows on a side, or fewer than min_rows: insufficient. One row: legal, finite numbers. A
 * constant feature is ok until it moves. Missing and infinite values are counted apart, never
 * computed with.
 *
 * Does not: decide what to do (policies), keep windows (scan.h). Pure; any thread.
 */
#ifndef MONITORS_DRIFT_H
#define MONITORS_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/profile.h"
#include "monitors/season.h"
#include "monitors/signal.h"

/* X(symbol, text) */
#define MON_STATISTIC_LIST(X)                                                                      \
    X(MON_PSI, "psi")                                                                              \
    X(MON_KS, "ks")                                                                                \
    X(MON_JS, "js")                                                                                \
    X(MON_HELLINGER, "hellinger")                                                                  \
    X(MON_CRAMER_VON_MISES, "cramer_von_mises")                                                    \
    X(MON_WASSERSTEIN, "wasserstein")

enum mon_statistic {
#define X(symbol, text) symbol,
    MON_STATISTIC_LIST(X)
#undef X
};

enum { /* how many there are */
       MON_N_STATISTICS = 0
#define X(symbol, text) +1
       MON_STATISTIC_LIST(X)
#undef X
};

const char *mon_statistic_name(enum mon_statistic s);
/* False where the name is not one of the list; *out is then unchanged. */
bool mon_statistic_from_name(const char *name, enum mon_statistic *out);

/* Over the series of one window. Benjamini-Hochberg lets more through once something has drifted;
 * Holm keeps the chance of any false alarm whatever the dependence between series. X(symbol, text)
 */
#define MON_CORRECTION_LIST(X)                                                                     \
    X(MON_BY_BENJAMINI_HOCHBERG, "benjamini-hochberg")                                             \
    X(MON_BY_HOLM, "holm")

enum mon_correction {
#define X(symbol, text) symbol,
    MON_CORRECTION_LIST(X)
#undef X
};

struct mon_drift_options {
    char monitor[MON_NAME_BYTES];
    enum mon_statistic statistic; /* default MON_PSI */
    bool predictions;             /* watch the prediction series instead of the features */
    const char *const *only;      /* borrowed names of series, NULL: all of them */
    size_t n_only;
    enum mon_correction correction; /* default Benjamini-Hochberg */
    double min_rows;                /* of the window; default 200 */
    double false_alarm_rate; /* chance of any alarm in one window of an unchanged stream, over all
                                watched series; default 0.001 */
    double threshold;        /* of the statistic, explicit; NaN (default): calibrated */
    double min_effect; /* excess of the statistic over its mean without drift, below which evidence
                          alone does not count; NaN (default): psi 0.02, ks 0.03, js 0.03,
                          hellinger 0.025, cramer_von_mises 0.0005, wasserstein 0.05: what a
                          normal feature has from a shift of 0.05 (wasserstein) to 0.14 (psi)
                          standard deviations */
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
 * more of 50 to 500 rows, none longer than the shortest window. Cost about n_chunks^2 x n_cells;
 * make it once per version, statistic and window size. Deterministic. *out is owned; free with
 * mon_null_free.
 */
enum err_code mon_null_new(const struct profile *reference, struct profile *const *chunks,
                           size_t n_chunks, enum mon_statistic statistic, double window_rows,
                           struct mon_null **out, struct err *e);
void mon_null_free(struct mon_null *null);

struct mon_null_options {
    enum mon_statistic statistic;    /* default MON_PSI */
    double window_rows;              /* >= 1; default 1000 */
    const struct mon_season *season; /* borrowed, outlives the null; made of the same chunks; NULL
                                        (default): none */
    bool independent_rows;           /* asked for: textbook null, the chunks are not looked at */
};
void mon_null_options_init(struct mon_null_options *o);

/* mon_null_new with all options. With a season every chunk is measured against the others of its
 * phase. */
enum err_code mon_null_make(const struct mon_null_options *o, const struct profile *reference,
                            struct profile *const *chunks, size_t n_chunks, struct mon_null **out,
                            struct err *e);

/* The larger of the two design effects found for a series; 1 where only the null for independent
 * rows is there. */
double mon_null_design_effect(const struct mon_null *null, size_t series);

/*
 * Writes one signal per watched series, in ruler order, and returns how many (<= ruler->n_series,
 * which signals must have room for). reference and window are over the same ruler as the null; null
 * may be NULL only with an explicit threshold. Verdicts: fewer rows than min_rows, or a side
 * without rows: insufficient; explicit threshold: drift where value > threshold; calibrated: drift
 * where the correction at false_alarm_rate rejects and effect >= min_effect; a calibrated threshold
 * that no window can reach (1 for ks, js and hellinger, 1/3 for cramer_von_mises), chunks longer
 * than the window (above; p_value, threshold and effect are then NaN), and a statistic that does
 * not exist for the series: unavailable. signal.threshold is
 * then the smallest value this series alone would need (false_alarm_rate / number of series),
 * effect the excess over the null mean.
 */
size_t mon_drift_check(const struct mon_drift_options *o, const struct mon_null *null,
                       const struct profile *reference, const struct profile *window,
                       struct mon_signal *signals);

/*
 * The same for a window whose rows lie in known phases of the null's season: it is compared with
 * the same mixture of phases; signal.n_reference is then the rows that the mixture is worth. mix
 * NULL or empty, a null without season, or more than 5 % of the rows in phases without support: as
 * mon_drift_check, against the whole reference with the season as part of the noise;
 * threshold_origin says so.
 */
size_t mon_drift_check_mix(const struct mon_drift_options *o, const struct mon_null *null,
                           const struct profile *reference, const struct profile *window,
                           const struct mon_phase_mix *mix, struct mon_signal *signals);

/*
 * For those who compute values in bulk themselves (screen.h does, and judges): the value of each
 * series at which its p-value falls to p, for a window of window_rows compared with the whole
 * reference. out: n_series values; INFINITY where no value can, and for windows shorter than 0.9 of
 * the null's chunks. No procedure over series at level q rejects a p above q, so a value below the
 * threshold for p = q needs no second look. Keep them as long as the window's size stays the same.
 * ERR_INVALID for window_rows < 1 or p outside (0, 1), ERR_NOMEM.
 */
enum err_code mon_null_thresholds(const struct mon_null *null, const struct profile *reference,
                                  double window_rows, double p, double *out, struct err *e);

/*
 * Holm 1979: marks reject[i] (n entries, as p_values; every one is written), with at most alpha
 * chance of any false rejection under any dependence. NaN p-values are left out and not rejected.
 * Returns the number rejected. n = 0 gives 0.
 */
size_t mon_holm(const double *p_values, size_t n, double alpha, bool *reject);

/*
 * Benjamini & Hochberg 1995: marks reject[i] (n entries, every one is written) for p_values[i] at
 * false discovery rate q. NaN p-values are left out and not rejected. Returns the number rejected.
 * n = 0 gives 0.
 */
size_t mon_benjamini_hochberg(const double *p_values, size_t n, double q, bool *reject);

#endif
