/*
 * auc.c - the area under the curve from sorted scores, and each row's influence on it.
 */
#include <math.h>
#include <stdlib.h>

#include "metric.h"

struct scored {
    float score;
    bool positive;
    size_t row;
};

struct ranking {
    struct scored *rows; /* by score */
    size_t n;
    double positives, negatives;
};

static int by_score(const void *a, const void *b)
{
    const struct scored *x = a, *y = b;
    return (x->score > y->score) - (x->score < y->score);
}

static bool ranking_init(struct ranking *r, const struct mon_labelled *rows)
{
    *r = (struct ranking){.rows = malloc((rows->n > 0 ? rows->n : 1) * sizeof *r->rows)};
    if (r->rows == NULL)
        return false;
    for (size_t i = 0; i < rows->n; i++)
        if (metric_row_is_known(rows, i)) {
            bool positive = rows->labels[i] >= 0.5;
            r->rows[r->n++] = (struct scored){rows->scores[i * rows->n_outputs], positive, i};
            r->positives += positive;
            r->negatives += !positive;
        }
    qsort(r->rows, r->n, sizeof *r->rows, by_score);
    return true;
}

/* One past the rows tied with row `first`, and how many of them are positive. */
static size_t tied_with(const struct ranking *r, size_t first, double *positives)
{
    size_t i = first;
    *positives = 0.0;
    for (; i < r->n && r->rows[i].score == r->rows[first].score; i++)
        *positives += r->rows[i].positive;
    return i;
}

/* Pairs (negative, positive) in the right order, ties half, over all pairs. */
static double area(const struct ranking *r)
{
    double negatives_below = 0.0, ordered = 0.0, tied_positives;
    for (size_t i = 0, end; i < r->n; i = end) {
        end = tied_with(r, i, &tied_positives);
        double tied_negatives = (double)(end - i) - tied_positives;
        ordered += tied_positives * (negatives_below + 0.5 * tied_negatives);
        negatives_below += tied_negatives;
    }
    double pairs = r->positives * r->negatives;
    return pairs > 0.0 ? ordered / pairs : NAN;
}

static void placements(const struct ranking *r, double value, double *influence)
{
    double below = 0.0, positives_below = 0.0, tied_positives;
    double n = (double)r->n;
    for (size_t i = 0, end; i < r->n; i = end) {
        end = tied_with(r, i, &tied_positives);
        double tied_negatives = (double)(end - i) - tied_positives;
        double right_of_positive = (below + 0.5 * tied_negatives) / r->negatives;
        double right_of_negative = 1.0 - (positives_below + 0.5 * tied_positives) / r->positives;
        for (size_t j = i; j < end; j++)
            influence[r->rows[j].row] = r->rows[j].positive
                                            ? (right_of_positive - value) * n / r->positives
                                            : (right_of_negative - value) * n / r->negatives;
        below += tied_negatives;
        positives_below += tied_positives;
    }
}

double auc_value(const struct mon_labelled *rows)
{
    struct ranking r;
    double value = ranking_init(&r, rows) ? area(&r) : NAN;
    free(r.rows);
    return value;
}

double auc_influence(const struct mon_labelled *rows, double *influence)
{
    struct ranking r;
    double value = ranking_init(&r, rows) ? area(&r) : NAN;
    if (isfinite(value)) {
        for (size_t i = 0; i < rows->n; i++)
            influence[i] = NAN;
        placements(&r, value, influence);
    }
    free(r.rows);
    return value;
}
