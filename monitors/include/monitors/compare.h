/*
 * compare.h - candidate against champion: the gate's paired losses, and the canary's two sides.
 *
 * Every comparison ends in good, bad or not enough, with both sides' numbers; no data is never
 * good. The canary's are anytime-valid: they may be looked at after every poll, from cumulative
 * counts alone (no state is kept), and over the whole rollout a wrong "bad" has at most the chance
 * alpha.
 *
 * Differences are candidate - champion of something where less is better (errors, losses, seconds),
 * so a positive difference is a worse candidate. margin is what is tolerated: "good" where the
 * difference is shown to be below margin, "bad" where it is shown to be above, else "not enough". A
 * negative margin asks for an improvement. Pure; any thread.
 */
#ifndef MONITORS_COMPARE_H
#define MONITORS_COMPARE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/profile.h"
#include "monitors/signal.h"

/* X(symbol, text) */
#define MON_VERDICT3_LIST(X)                                                                       \
    X(MON_NOT_ENOUGH, "not enough")                                                                \
    X(MON_GOOD, "good")                                                                            \
    X(MON_BAD, "bad")

enum mon_verdict3 {
#define X(symbol, text) symbol,
    MON_VERDICT3_LIST(X)
#undef X
};

const char *mon_verdict3_name(enum mon_verdict3 v);

struct mon_comparison {
    char what[MON_NAME_BYTES]; /* "errors", "latency p99", "log_loss on the newest rows", ... */
    char rule[128];            /* the test, in words */
    enum mon_verdict3 verdict;
    double n_champion, n_candidate;
    double champion, candidate; /* the two estimates */
    double difference;          /* candidate - champion; for latency their ratio */
    double lower, upper; /* bounds of difference at the confidence; NaN where the rule has none */
    double margin;       /* the limit difference is held against */
    double confidence;   /* 1 - alpha of each bound */
    double e_value;      /* evidence for bad, 1/alpha suffices; NaN where the rule has none */
};

/* One sentence with the numbers; returns out. */
const char *mon_comparison_sentence(const struct mon_comparison *c, char out[MON_SENTENCE_BYTES]);
/* {"what", "rule", "verdict", "n_champion", "n_candidate", "champion", "candidate", "difference",
 * "lower", "upper", "margin", "confidence", "e_value", "sentence"}. Owned; NULL: out of memory. */
cJSON *mon_comparison_to_json(const struct mon_comparison *c);

struct mon_compare_options {
    const char *what; /* borrowed; default "losses" and the like, by function */
    double min_n;     /* rows a side; default 100 */
    double margin;    /* default 0 */
    double alpha;     /* chance of a wrong verdict each way; default 0.05 */
    size_t lag;       /* paired: losses correlated up to so many rows; default 0 */
    bool anytime;     /* paired, means: valid however often one looks; default false */
};
void mon_compare_options_init(struct mon_compare_options *o);

/*
 * Paired losses on the same rows, in time order, each n values; pairs with a NaN are left out.
 * Bounds of the mean difference: Student's t, with the Newey-West 1987 variance where lag > 0
 * (Bartlett weights); anytime: the asymptotic confidence sequence of Waudby-Smith et al. 2021
 * (arXiv 2103.06476, theorem 2.2). n < 2: not enough. Equal losses everywhere: difference 0 with a
 * bound of width 0.
 */
void mon_compare_paired(const struct mon_compare_options *o, const double *champion_losses,
                        const double *candidate_losses, size_t n, struct mon_comparison *out);

/* One side's losses, summed up; both sides' rows differ (a canary's labelled rows). */
struct mon_side {
    double n, sum, sum_sq; /* of the losses */
};
/* Welch's t; anytime: as above on the two sides' sum of variances. For 0/1 errors use
 * mon_compare_rates, which is exact. */
void mon_compare_means(const struct mon_compare_options *o, const struct mon_side *champion,
                       const struct mon_side *candidate, struct mon_comparison *out);

/*
 * Two proportions (errors of requests): events of n each. Anytime-valid and exact: the product of
 * two beta-binomial mixture martingales (Robbins 1970; Kaufmann & Koolen 2021), minimised over the
 * pairs of rates that the hypothesis allows, is an e-process (as in Turner, Ly & Grunwald 2021,
 * arXiv 2106.02693); verdict at 1/alpha (Ville). events <= n.
 */
void mon_compare_rates(const struct mon_compare_options *o, uint64_t champion_events,
                       uint64_t champion_n, uint64_t candidate_events, uint64_t candidate_n,
                       struct mon_comparison *out);

/*
 * Quantile q of latency from two histograms over the same n_buckets upper bounds (ascending, the
 * last may be INFINITY), counts not cumulative. margin is the largest tolerated ratio
 * candidate/champion (1.5: half as slow again); difference, lower and upper are ratios. Bounds of
 * each side's quantile from the beta-binomial confidence sequences at every bucket bound (union
 * over buckets and sides), so "bad" is anytime-valid; and as coarse as the buckets are: equal
 * buckets never read as bad. "good" is not a proof here but the estimates' ratio with min_n a side:
 * buckets could hardly ever prove it.
 */
void mon_compare_latency(const struct mon_compare_options *o, const double *upper_bounds,
                         const uint64_t *champion_counts, const uint64_t *candidate_counts,
                         size_t n_buckets, double q, struct mon_comparison *out);

/*
 * What the two sides predict: Jensen-Shannon distance over the groups of one prediction series,
 * both profiles over the same ruler (the champion's). margin is the largest tolerated distance,
 * 0..1. Bad: the distance is above it and a Dirichlet-multinomial e-process rejects equal
 * distributions; good: not above it; both only with min_n rows a side.
 */
void mon_compare_predictions(const struct mon_compare_options *o, const struct profile *champion,
                             const struct profile *candidate, size_t series,
                             struct mon_comparison *out);

#endif
