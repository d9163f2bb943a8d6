/*
 * compare_latency.c - a quantile of latency on two sides, from histograms.
 */
#include <math.h>
#include <stdio.h>

#include "comparison.h"
#include "martingale.h"

struct histogram {
    const double *upper_bounds;
    const uint64_t *counts;
    size_t n_buckets;
    double n;
};

struct quantile {
    double estimate, lower, upper; /* upper may be INFINITY, lower 0 */
};

static struct histogram histogram_of(const double *bounds, const uint64_t *counts, size_t n_buckets)
{
    struct histogram h = {bounds, counts, n_buckets, 0.0};
    for (size_t i = 0; i < n_buckets; i++)
        h.n += (double)counts[i];
    return h;
}

/* Linear inside its bucket; the lower bound of an open last one. */
static double estimate_quantile(const struct histogram *h, double q)
{
    double below = 0.0, from = 0.0;
    for (size_t i = 0; i < h->n_buckets; i++) {
        double count = (double)h->counts[i], to = h->upper_bounds[i];
        if (count > 0.0 && below + count >= q * h->n)
            return isfinite(to) ? from + (to - from) * fmax(0.0, q * h->n - below) / count : from;
        below += count;
        from = to;
    }
    return NAN;
}

/* The quantile lies above a bound where surely less than q is below it, and at most at the first
 * bound where surely q is. */
static struct quantile bound_quantile(const struct histogram *h, double q, double alpha)
{
    struct quantile result = {estimate_quantile(h, q), 0.0, INFINITY};
    double below = 0.0;
    for (size_t i = 0; i < h->n_buckets; i++) {
        below += (double)h->counts[i];
        struct flips f = {below, h->n};
        bool surely_less = martingale_upper(&f, alpha) < q;
        if (surely_less && isfinite(h->upper_bounds[i]))
            result.lower = h->upper_bounds[i];
        if (martingale_lower(&f, alpha) >= q) {
            result.upper = h->upper_bounds[i];
            break;
        }
    }
    return result;
}

static double ratio(double a, double b)
{
    return b > 0.0 ? a / b : INFINITY;
}

/*
 * Bad has to be shown. Good does not: buckets a factor of two wide could never show a ratio below
 * two, and a rollout would wait for ever; so the estimates decide it once both sides have min_n.
 */
static void judge(struct mon_comparison *c, const struct mon_compare_options *o)
{
    if (c->n_champion < o->min_n || c->n_candidate < o->min_n)
        return;
    if (c->lower > c->margin)
        c->verdict = MON_BAD;
    else if (c->difference <= c->margin)
        c->verdict = MON_GOOD;
}

void mon_compare_latency(const struct mon_compare_options *o, const double *upper_bounds,
                         const uint64_t *champion_counts, const uint64_t *candidate_counts,
                         size_t n_buckets, double q, struct mon_comparison *out)
{
    char what[MON_NAME_BYTES];
    snprintf(what, sizeof what, "latency p%g", 100.0 * q);
    comparison_start(out, o, what, "ratio of quantiles, bounds at every bucket, anytime-valid");
    struct histogram a = histogram_of(upper_bounds, champion_counts, n_buckets);
    struct histogram b = histogram_of(upper_bounds, candidate_counts, n_buckets);
    out->n_champion = a.n;
    out->n_candidate = b.n;
    if (!(a.n > 0.0) || !(b.n > 0.0))
        return;
    double alpha = o->alpha / (2.0 * (double)n_buckets);
    struct quantile champion = bound_quantile(&a, q, alpha);
    struct quantile candidate = bound_quantile(&b, q, alpha);
    out->champion = champion.estimate;
    out->candidate = candidate.estimate;
    out->difference = ratio(candidate.estimate, champion.estimate);
    out->lower = isinf(champion.upper) ? 0.0 : ratio(candidate.lower, champion.upper);
    out->upper = ratio(candidate.upper, champion.lower);
    judge(out, o);
}
