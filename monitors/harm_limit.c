/*
 * harm_limit.c - what risk is tolerated, from the losses that the version had on its reference.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clustering.h"
#include "harm_state.h"

#define MIN_LOSSES 40
#define N_STRETCHES 20
#define CLIP_QUANTILE 0.99
#define BETWEEN_SDS 3.0
#define BLOCK_DRAWS 2.0 /* independent rows' worth of a block, so that blocks hardly depend */
#define MIN_BLOCKS 40.0 /* that the reference has of them */
#define MOST_BLOCK_ROWS 1e9
#define LARGEST_BOUND 1e100 /* sums of so many losses stay numbers */

void mon_harm_options_init(struct mon_harm_options *o)
{
    *o = (struct mon_harm_options){
        .monitor = "harm",
        .tolerance = NAN,
        .relative_tolerance = 0.1,
        .loss_bound = NAN,
        .reference_alpha = 0.05,
        .rows_between_alarms = 100000.0,
        .rows_between_ends = 1000.0,
        .min_rows = 200.0,
    };
}

static bool within(double x, double least, double most)
{
    return x >= least && x <= most;
}

enum err_code harm_check_options(const struct mon_harm_options *o, struct err *e)
{
    const struct {
        const char *name;
        double value, least, most;
        bool may_be_nan;
    } rules[] = {
        {"tolerance", o->tolerance, 0.0, 1e300, true},
        {"relative_tolerance", o->relative_tolerance, 0.0, 1e6, false},
        {"loss_bound", o->loss_bound, 1 / LARGEST_BOUND, LARGEST_BOUND, true},
        {"reference_alpha", o->reference_alpha, 1e-12, 0.5, false},
        {"rows_between_alarms", o->rows_between_alarms, 2.0, 1e15, false},
        {"rows_between_ends", o->rows_between_ends, 2.0, 1e15, false},
        {"min_rows", o->min_rows, 0.0, 1e15, false},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (isnan(rules[i].value) && rules[i].may_be_nan)
            continue;
        if (!within(rules[i].value, rules[i].least, rules[i].most))
            return err_set(e, ERR_INVALID, "%s: %g is not within %g to %g", rules[i].name,
                           rules[i].value, rules[i].least, rules[i].most);
    }
    return ERR_OK;
}

enum err_code harm_check_limit(const struct mon_harm_limit *limit, struct err *e)
{
    if (!within(limit->loss_bound, 1 / LARGEST_BOUND, LARGEST_BOUND))
        return err_set(e, ERR_INVALID, "loss_bound: %g is not a size of a loss", limit->loss_bound);
    if (!(limit->limit > 0.0) || !(limit->limit < limit->loss_bound))
        return err_set(e, ERR_INVALID,
                       "a risk of %g (at most %g on the reference, tolerance %g) is beyond what "
                       "losses up to %g can exceed",
                       limit->limit, limit->risk_upper, limit->tolerance, limit->loss_bound);
    if (!within(limit->block_rows, 0.0, MOST_BLOCK_ROWS))
        return err_set(e, ERR_INVALID, "block_rows: %g is not within 0 to %g", limit->block_rows,
                       MOST_BLOCK_ROWS);
    return ERR_OK;
}

double harm_block_rows(const struct mon_harm_limit *limit)
{
    return fmax(1.0, limit->block_rows);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* 1 for losses that are rates; else what all but the largest hundredth stay below, so that a single
 * absurd loss costs the test no power. sorted: n >= 1, ascending. */
static double default_bound(const double *sorted, size_t n)
{
    if (sorted[n - 1] <= 1.0)
        return 1.0;
    double quantile = sorted[(size_t)(CLIP_QUANTILE * (double)(n - 1))];
    return quantile > 0.0 ? quantile : sorted[n - 1];
}

struct moment {
    double n, mean, sum_sq; /* of deviations: Welford 1962 */
};

static void add(struct moment *m, double x)
{
    double before = x - m->mean;
    m->n += 1.0;
    m->mean += before / m->n;
    m->sum_sq += before * (x - m->mean);
}

static double variance(const struct moment *m)
{
    return m->n > 1.0 ? m->sum_sq / (m->n - 1.0) : 0.0;
}

/* One-way random effects: the variance of the stretches' means less what chance within them gives.
 */
static double between_sd(const double *losses, size_t n)
{
    struct moment means = {0};
    double chance = 0.0;
    for (size_t s = 0; s < N_STRETCHES; s++) {
        struct moment stretch = {0};
        for (size_t i = s * n / N_STRETCHES; i < (s + 1) * n / N_STRETCHES; i++)
            add(&stretch, losses[i]);
        add(&means, stretch.mean);
        chance += variance(&stretch) / stretch.n / N_STRETCHES;
    }
    return sqrt(fmax(0.0, variance(&means) - chance));
}

/* Maurer & Pontil 2009, theorem 4, for losses in 0..bound, of n independent draws. */
static double upper_bound(const struct moment *m, double n, double bound, double alpha)
{
    double log_term = log(2.0 / alpha);
    return m->mean + sqrt(2.0 * variance(m) * log_term / n) +
           7.0 * bound * log_term / (3.0 * (n - 1.0));
}

static double block_rows(double rows_per_draw, double n)
{
    if (!(rows_per_draw > 1.0))
        return 1.0;
    return fmax(1.0, fmin(ceil(BLOCK_DRAWS * rows_per_draw), floor(n / MIN_BLOCKS)));
}

/* The losses that are known, in their order. */
static size_t take(const double *losses, size_t n, double *out)
{
    size_t taken = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(losses[i]))
            out[taken++] = losses[i];
    return taken;
}

static void measure(const struct mon_harm_options *o, double *losses, size_t n,
                    struct mon_harm_limit *out)
{
    struct moment all = {0};
    for (size_t i = 0; i < n; i++) {
        losses[i] = fmin(losses[i], out->loss_bound);
        add(&all, losses[i]);
    }
    double rows_per_draw = clustering_of_rows(losses, n).rows_per_draw;
    double draws = fmax(2.0, all.n / rows_per_draw);
    out->n = (double)n;
    out->block_rows = block_rows(rows_per_draw, all.n);
    out->risk = all.mean;
    out->risk_upper = upper_bound(&all, draws, out->loss_bound, o->reference_alpha);
    out->between_sd = between_sd(losses, n);
    out->tolerance = isnan(o->tolerance)
                         ? fmax(o->relative_tolerance * out->risk, BETWEEN_SDS * out->between_sd)
                         : o->tolerance;
    out->limit = out->risk_upper + out->tolerance;
}

static enum err_code check_losses(const double *losses, size_t n, struct err *e)
{
    size_t known = 0;
    for (size_t i = 0; i < n; i++) {
        if (losses[i] < 0.0)
            return err_set(e, ERR_INVALID, "loss %zu of the reference is negative: %g", i,
                           losses[i]);
        known += !isnan(losses[i]);
    }
    if (known < MIN_LOSSES)
        return err_set(e, ERR_INVALID, "%zu losses of the reference are too few: %d are needed",
                       known, MIN_LOSSES);
    return ERR_OK;
}

enum err_code mon_harm_limit_fit(const struct mon_harm_options *o, const double *losses, size_t n,
                                 struct mon_harm_limit *out, struct err *e)
{
    enum err_code rc = harm_check_options(o, e);
    if (rc == ERR_OK)
        rc = check_losses(losses, n, e);
    if (rc != ERR_OK)
        return rc;
    struct mon_harm_limit limit = {.loss_bound = o->loss_bound};
    double *own = malloc(n * sizeof *own), *sorted = malloc(n * sizeof *sorted);
    if (own == NULL || sorted == NULL) {
        rc = err_set(e, ERR_NOMEM, "out of memory for %zu losses", n);
    } else {
        size_t known = take(losses, n, own);
        memcpy(sorted, own, known * sizeof *sorted);
        qsort(sorted, known, sizeof *sorted, ascending);
        if (isnan(limit.loss_bound))
            limit.loss_bound = default_bound(sorted, known);
        measure(o, own, known, &limit);
        rc = harm_check_limit(&limit, e);
    }
    free(own);
    free(sorted);
    if (rc == ERR_OK)
        *out = limit;
    return rc;
}
