/*
 * harm.h - the drift that matters: has the deployed model's risk risen above the reference's by
 * more than is tolerated? Since when, and is it over?
 *
 * struct mon_harm tests row after row of labelled losses, and may be asked after every row: an
 * anytime-valid test against "the risk is at most the reference's upper bound + tolerance" (the
 * null of Podkopaev & Ramdas, arXiv 2110.06177), by betting on bounded losses (Waudby-Smith &
 * Ramdas, JRSS-B 2024, arXiv 2010.09686): for a loss x in 0..1 and a limit m, 1 + b (x - m) with
 * 0 <= b < 1/m has mean at most 1 while the risk is at most m. Harm may begin after a million good
 * rows, so the evidence restarts at every row: CUSUM e-detectors E = max(E, 1) (1 + b (x - m)), one
 * per bet size, and their mean (Shin, Ramdas & Rinaldo 2022, arXiv 2203.03532). Harm begins where
 * that mean reaches rows_between_alarms, which is then also the least expected number of rows
 * between false alarms, for a risk that sits right at the limit all the time; below it they are
 * far rarer. It ends where the same test turned round shows that the risk is below the limit again.
 * What the test asks of the rows is that each one's expected loss, given the past, is at most the
 * limit: losses may depend on each other as long as their conditional mean obeys. Errors that come
 * in bursts do not: in a burst the next error is nearly sure. Where the reference's losses show
 * that (mon_harm_limit_fit), the bets are on the means of blocks of rows, long enough that one
 * block hardly depends on the one before, and the bar is as many times lower as there are rows in
 * one.
 *
 * Also here: a ranking of drifted features by what they mean to the model, and harm as far as it
 * can be estimated without labels.
 *
 * Does not: compute losses (performance.h), decide (policies). One thread per struct mon_harm.
 */
#ifndef MONITORS_HARM_H
#define MONITORS_HARM_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "monitors/estimate.h"
#include "monitors/signal.h"

struct mon_harm_options {
    char monitor[MON_NAME_BYTES];
    double tolerance;           /* of the risk, in the loss's unit; NaN (default): the larger of
                                   relative_tolerance x the reference's risk and three times its
                                   standard deviation between stretches beyond chance */
    double relative_tolerance;  /* default 0.1 */
    double loss_bound;          /* larger losses count as this; NaN (default): 1 where no reference
                                   loss is larger, else the reference's 99 % quantile */
    double reference_alpha;     /* chance that the reference's risk lies above its upper bound;
                                   default 0.05 */
    double rows_between_alarms; /* default 100000 */
    double rows_between_ends;   /* the same for a false end of harm; default 1000 */
    double min_rows;            /* labelled, of a window for a signal; default 200 */
};
/* Writes the defaults above; every field may be changed afterwards. */
void mon_harm_options_init(struct mon_harm_options *o);

/* What the test holds the rows against. */
struct mon_harm_limit {
    double n;          /* reference rows */
    double loss_bound; /* losses are cut to 0..loss_bound */
    double risk;       /* mean loss of the reference, cut so */
    double risk_upper; /* its upper bound (empirical Bernstein: Maurer & Pontil 2009, theorem 4) */
    double between_sd; /* standard deviation of the risk between 20 stretches, beyond chance */
    double tolerance;
    double limit;      /* risk_upper + tolerance; below loss_bound */
    double block_rows; /* losses that are one bet, by their mean; 0 or 1: each by itself */
};

/*
 * The limit from the reference's losses: n values >= 0 in time order (mon_metric_losses), NaN left
 * out, infinite taken as loss_bound. Fewer than 40 values, a negative one, or a limit that reaches
 * loss_bound: ERR_INVALID (no loss could ever be evidence). All losses 0: risk 0, and the limit is
 * the bound's own width unless a tolerance is given. Losses that cluster beyond chance (the design
 * effect of mon_metric_measure with MON_LAG_AUTO is above 1): block_rows is twice that effect, at
 * most n / 40, and risk_upper is the bound of that many times fewer rows.
 */
enum err_code mon_harm_limit_fit(const struct mon_harm_options *o, const double *losses, size_t n,
                                 struct mon_harm_limit *out, struct err *e);

struct mon_harm;

/* A test that has seen nothing yet; o and limit are copied. *out is owned; free with mon_harm_free.
 * Options out of range: ERR_INVALID, naming the option; a limit that no loss can exceed likewise.
 */
enum err_code mon_harm_new(const struct mon_harm_options *o, const struct mon_harm_limit *limit,
                           struct mon_harm **out, struct err *e);
void mon_harm_free(struct mon_harm *h); /* NULL allowed */

/* X(symbol, text) */
#define MON_HARM_EVENT_LIST(X)                                                                     \
    X(MON_HARM_NONE, "none")                                                                       \
    X(MON_HARM_BEGAN, "began")                                                                     \
    X(MON_HARM_ENDED, "ended")

enum mon_harm_event {
#define X(symbol, text) symbol,
    MON_HARM_EVENT_LIST(X)
#undef X
};
const char *mon_harm_event_name(enum mon_harm_event event); /* static text */

/* Feeds one labelled row's loss, in the order in which labels arrive, and says whether harm began
 * or ended with it. NaN is ignored; losses outside 0..loss_bound are cut to it, infinities too.
 * Fixed time and memory. */
enum mon_harm_event mon_harm_update(struct mon_harm *h, double loss);

/* Feeds n losses (NULL allowed for n = 0); returns how many times harm began or ended. */
size_t mon_harm_feed(struct mon_harm *h, const double *losses, size_t n);

/* Between a beginning and its end. */
bool mon_harm_now(const struct mon_harm *h);

/* Rows fed since new, NaN not counted. */
uint64_t mon_harm_n(const struct mon_harm *h);

/* Evidence at this row that the risk is above the limit; 1 before the first row, at most 1e300. */
double mon_harm_e_value(const struct mon_harm *h);

/* Evidence that it no longer is; NaN without harm. */
double mon_harm_end_e_value(const struct mon_harm *h);

/* The row (0 is the first fed) from which the strongest evidence counted when harm was found: where
 * it seems to have begun. NaN without harm. */
double mon_harm_since_row(const struct mon_harm *h);

/*
 * A signal about the rows fed since the last signal; kind harm, statistic "risk": value their mean
 * loss, reference_value the reference's risk, threshold the limit, e_value the evidence for harm,
 * effect value - reference_value. Drift where harm is there at the end of those rows, until its end
 * was shown; insufficient where no row was fed, or fewer than min_rows and there is no harm. Then
 * counts the rows afresh.
 */
void mon_harm_signal(struct mon_harm *h, struct mon_signal *out);

/* Whole state, options and limit included; restored, it continues exactly. The object is the
 * caller's (cJSON_Delete); NULL: out of memory. */
cJSON *mon_harm_to_json(const struct mon_harm *h);
/* json is borrowed for the call. *out is owned, free with mon_harm_free; unchanged where it fails:
 * ERR_INVALID, naming the key, for a field that is missing, of another type or out of range,
 * options or a limit that mon_harm_new refuses; ERR_NOMEM. */
enum err_code mon_harm_from_json(const cJSON *json, struct mon_harm **out, struct err *e);

/*
 * Without labels: an estimated metric's worsening beyond max_drop, beyond what sampling and
 * calibration leave open. As mon_estimate_check, but kind harm, and the rule says "estimated".
 */
void mon_harm_estimated(const struct mon_estimate_options *o, const struct mon_estimates *window,
                        double reference_value, double reference_error, double reference_n,
                        struct mon_signal *out);

/*
 * How much the score depends on a feature, for a model that tells nothing else: the correlation
 * ratio (Pearson 1905), the share of the scores' variance between the feature's bins, its root; 0
 * (nothing) to 1. Numbers are cut at up to 10 quantiles of equal count, codes of a categorical
 * feature are bins as they are (at most 1,000; the rest one bin), missing is one bin. codes: n
 * values `stride` apart; scores: n values n_outputs apart of which the first is taken. NaN scores
 * are left out. Constant scores or feature, n < 2: 0. Adjusted for the number of bins, so that a
 * feature without meaning gets about 0. NaN where memory runs out.
 */
double mon_harm_association(const double *codes, size_t stride, bool categorical,
                            const float *scores, size_t n_outputs, size_t n);

/*
 * Ranks features by importance x drift. drift: n signals of one statistic, a feature each (its
 * effect counts, value where effect is NaN; not below 0; insufficient and unavailable count 0);
 * importance: n values >= 0 in the same order (|coefficient| x standard deviation, permutation
 * importance, mon_harm_association; NaN counts 0). ranked: n signals, largest product first, ties
 * by name; kind harm, statistic "importance_x_drift", value the product, effect its
 * share of all products (0 where all are 0), feature, n, p_value and verdict those of the drift
 * signal. ranked must not overlap drift.
 */
void mon_harm_rank(const char *monitor, const struct mon_signal *drift, const double *importance,
                   size_t n, struct mon_signal *ranked);

#endif
