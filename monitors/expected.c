/*
 * expected.c - each metric's value at the expected labels, and its errors by the delta method: how
 * much the metric changes with each row's label, times how uncertain that label is.
 */
#include "expected.h"

#include <math.h>
#include <stdlib.h>

#include "ratio.h"

#define PROBABILITY_FLOOR 1e-15 /* as the realised log-loss */

bool items_init(struct items *t, size_t max_items)
{
    size_t n = max_items > 0 ? max_items : 1;
    *t = (struct items){.of = malloc(n * sizeof *t->of),
                        .change_by = malloc(n * sizeof *t->change_by)};
    return t->of != NULL && t->change_by != NULL;
}

void items_deinit(struct items *t)
{
    free(t->of);
    free(t->change_by);
}

void items_add(struct items *t, double score, double rows, bool predicted)
{
    t->of[t->n++] = (struct item){
        .score = score,
        .chance = mon_calibration_chance(t->curve, score),
        .rows = rows,
        .block = mon_calibration_block_of(t->curve, score),
        .predicted = predicted,
    };
}

static int by_score(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return (x->score > y->score) - (x->score < y->score);
}

void items_sort(struct items *t)
{
    qsort(t->of, t->n, sizeof *t->of, by_score);
}

/* Labels are independent given the scores, each with the variance p (1 - p). */
static double sampling_variance(const struct items *t)
{
    double sum = 0.0;
    for (size_t i = 0; i < t->n; i++) {
        const struct item *at = &t->of[i];
        double change = t->change_by[i];
        sum += at->rows * change * change * at->chance * (1.0 - at->chance);
    }
    return sum;
}

/* A chance fitted as 0 or 1 is not certain: Jeffreys' half a row on either side. */
static double block_variance(const struct mon_calibration_block *b)
{
    double chance = (b->chance * b->rows + 0.5) / (b->rows + 1.0);
    return chance * (1.0 - chance) / b->rows;
}

/* All rows of a block err together. The items come by score, so a block's are neighbours. */
static double calibration_variance(const struct items *t)
{
    double sum = 0.0;
    for (size_t i = 0; i < t->n;) {
        size_t block = t->of[i].block;
        double together = 0.0;
        for (; i < t->n && t->of[i].block == block; i++)
            together += t->of[i].rows * t->change_by[i];
        sum += together * together * block_variance(&t->curve->blocks[block]);
    }
    return sum;
}

static struct mon_estimate with_errors(double value, const struct items *t)
{
    if (!isfinite(value))
        return (struct mon_estimate){NAN, NAN, NAN};
    return (struct mon_estimate){value, sqrt(sampling_variance(t)), sqrt(calibration_variance(t))};
}

void expected_counts(const struct items *t, double *counts)
{
    for (int o = 0; o < N_OUTCOMES; o++)
        counts[o] = 0.0;
    for (size_t i = 0; i < t->n; i++) {
        const struct item *at = &t->of[i];
        counts[outcome_of(true, at->predicted)] += at->rows * at->chance;
        counts[outcome_of(false, at->predicted)] += at->rows * (1.0 - at->chance);
    }
}

struct mon_estimate expected_ratio(enum mon_metric m, struct items *t)
{
    double counts[N_OUTCOMES], gradient[N_OUTCOMES];
    expected_counts(t, counts);
    ratio_gradient(m, counts, gradient);
    for (size_t i = 0; i < t->n; i++) {
        bool predicted = t->of[i].predicted;
        t->change_by[i] =
            gradient[outcome_of(true, predicted)] - gradient[outcome_of(false, predicted)];
    }
    return with_errors(ratio_value(m, counts), t);
}

struct mon_estimate expected_hits(struct items *t, double n_rows)
{
    double hits = 0.0;
    for (size_t i = 0; i < t->n; i++) {
        double predicted = t->of[i].predicted;
        hits += predicted * t->of[i].rows * t->of[i].chance;
        t->change_by[i] = predicted / n_rows;
    }
    return with_errors(hits / n_rows, t);
}

struct mon_estimate expected_log_loss(struct items *t)
{
    double sum = 0.0, rows = 0.0;
    for (size_t i = 0; i < t->n; i++) {
        const struct item *at = &t->of[i];
        double score = fmin(fmax(at->score, PROBABILITY_FLOOR), 1.0 - PROBABILITY_FLOOR);
        double positive = -log(score), negative = -log(1.0 - score);
        sum += at->rows * (at->chance * positive + (1.0 - at->chance) * negative);
        rows += at->rows;
        t->change_by[i] = positive - negative;
    }
    for (size_t i = 0; i < t->n; i++)
        t->change_by[i] /= rows;
    return with_errors(sum / rows, t);
}

struct pairs {
    double positives, negatives; /* expected */
    double ordered, all;         /* expected pairs of two rows; ordered: rightly, ties half */
};

/* Items first..end-1 have one score. */
struct tie {
    size_t end;
    double positives, negatives;
};

static struct tie tie_from(const struct items *t, size_t first)
{
    struct tie tie = {.end = first};
    for (; tie.end < t->n && t->of[tie.end].score == t->of[first].score; tie.end++) {
        const struct item *at = &t->of[tie.end];
        tie.positives += at->rows * at->chance;
        tie.negatives += at->rows * (1.0 - at->chance);
    }
    return tie;
}

/* A row makes no pair with itself: its own chance of being either is taken out. */
static struct pairs count_pairs(const struct items *t)
{
    struct pairs p = {0};
    double with_itself = 0.0;
    for (size_t i = 0; i < t->n;) {
        struct tie tie = tie_from(t, i);
        p.ordered += tie.positives * (p.negatives + 0.5 * tie.negatives);
        p.positives += tie.positives;
        p.negatives += tie.negatives;
        for (; i < tie.end; i++)
            with_itself += t->of[i].rows * t->of[i].chance * (1.0 - t->of[i].chance);
    }
    p.ordered -= 0.5 * with_itself;
    p.all = p.positives * p.negatives - with_itself;
    return p;
}

/* With one more positive (and one negative less) at an item: pairs gained with negatives below it,
 * lost with positives above it. */
static void auc_changes(const struct items *t, const struct pairs *p, double value)
{
    double negatives_below = 0.0, positives_above = p->positives;
    for (size_t i = 0; i < t->n;) {
        struct tie tie = tie_from(t, i);
        positives_above -= tie.positives;
        for (; i < tie.end; i++) {
            double chance = t->of[i].chance, other = 1.0 - chance;
            double gained = negatives_below + 0.5 * (tie.negatives - other);
            double lost = positives_above + 0.5 * (tie.positives - chance);
            double all = (p->negatives - other) - (p->positives - chance);
            t->change_by[i] = (gained - lost - value * all) / p->all;
        }
        negatives_below += tie.negatives;
    }
}

struct mon_estimate expected_auc(struct items *t)
{
    struct pairs p = count_pairs(t);
    /* chances of 0 and 1 leave rounding where there is no pair */
    double value = p.all > 1e-9 ? p.ordered / p.all : NAN;
    if (isfinite(value))
        auc_changes(t, &p, value);
    return with_errors(value, t);
}
