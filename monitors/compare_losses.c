/*
 * compare_losses.c - mean losses: paired on the same rows, or one side each.
 */
#include <math.h>
#include <stdlib.h>

#include "comparison.h"
#include "longrun.h"
#include "tail.h"

/* The sample size at which the confidence sequence is tightest; it holds at every size. */
#define SEQUENCE_TUNED_FOR 500.0

/* Half-width for a variance of 1 a row: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021,
 * "Time-uniform central limit theory and asymptotic confidence sequences", theorem 2.2, with rho of
 * its appendix B.2. Two-sided, so conservative for one bound. */
static double sequence_half_width(double n, double alpha)
{
    double log_alpha = -2.0 * log(alpha);
    double rho2 = (log_alpha + log(log_alpha) + 1.0) / SEQUENCE_TUNED_FOR;
    double t = n * rho2 + 1.0;
    return sqrt(2.0 * t / (n * n * rho2) * log(sqrt(t) / alpha));
}

/* mean_variance: of the difference; nu: degrees of freedom behind it. */
static void set_bounds(struct mon_comparison *c, const struct mon_compare_options *o,
                       double mean_variance, double n, double nu)
{
    double half = o->anytime ? sqrt(mean_variance * n) * sequence_half_width(n, o->alpha)
                             : sqrt(mean_variance) * quantile_t(1.0 - o->alpha, nu);
    c->lower = c->difference - half;
    c->upper = c->difference + half;
    comparison_judge_bounds(c, o);
}

static const char *paired_rule(const struct mon_compare_options *o)
{
    if (o->anytime)
        return "paired losses, asymptotic confidence sequence";
    return o->lag > 0 ? "paired losses, t with Newey-West variance" : "paired losses, Student's t";
}

/* Differences in time order, NaN where a side is; and each side's mean over the pairs. */
static void pair_up(const double *champion, const double *candidate, size_t n, double *differences,
                    struct mon_comparison *c)
{
    double pairs = 0.0, champion_mean = 0.0, candidate_mean = 0.0;
    for (size_t i = 0; i < n; i++) {
        differences[i] = candidate[i] - champion[i];
        if (isnan(differences[i]))
            continue;
        pairs += 1.0;
        champion_mean += (champion[i] - champion_mean) / pairs;
        candidate_mean += (candidate[i] - candidate_mean) / pairs;
    }
    c->n_champion = c->n_candidate = pairs;
    c->champion = pairs > 0.0 ? champion_mean : NAN;
    c->candidate = pairs > 0.0 ? candidate_mean : NAN;
}

void mon_compare_paired(const struct mon_compare_options *o, const double *champion_losses,
                        const double *candidate_losses, size_t n, struct mon_comparison *out)
{
    comparison_start(out, o, "losses", paired_rule(o));
    double *differences = calloc(n > 0 ? n : 1, sizeof *differences);
    if (differences == NULL)
        return;
    pair_up(champion_losses, candidate_losses, n, differences, out);
    struct longrun mean = longrun_mean(differences, n, o->lag);
    free(differences);
    out->difference = mean.mean;
    if (mean.n >= 2.0)
        set_bounds(out, o, mean.mean_variance, mean.n, mean.n - 1.0);
}

/* Of one side: mean, and the variance of the mean. */
static struct longrun side_mean(const struct mon_side *s)
{
    struct longrun r = {s->n, NAN, NAN};
    if (s->n > 0.0)
        r.mean = s->sum / s->n;
    if (s->n > 1.0)
        r.mean_variance = fmax(0.0, s->sum_sq - s->sum * r.mean) / (s->n - 1.0) / s->n;
    return r;
}

/* Welch 1947, Satterthwaite's degrees of freedom; equal constants on both sides: any will do. */
static double welch_degrees(const struct longrun *a, const struct longrun *b)
{
    double va = a->mean_variance, vb = b->mean_variance;
    if (!(va + vb > 0.0))
        return fmin(a->n, b->n) - 1.0;
    return (va + vb) * (va + vb) / (va * va / (a->n - 1.0) + vb * vb / (b->n - 1.0));
}

void mon_compare_means(const struct mon_compare_options *o, const struct mon_side *champion,
                       const struct mon_side *candidate, struct mon_comparison *out)
{
    comparison_start(out, o, "mean losses",
                     o->anytime ? "two sides, asymptotic confidence sequence" : "Welch's t");
    struct longrun a = side_mean(champion), b = side_mean(candidate);
    out->n_champion = a.n;
    out->n_candidate = b.n;
    out->champion = a.mean;
    out->candidate = b.mean;
    out->difference = b.mean - a.mean;
    if (a.n >= 2.0 && b.n >= 2.0)
        set_bounds(out, o, a.mean_variance + b.mean_variance, fmin(a.n, b.n),
                   welch_degrees(&a, &b));
}
