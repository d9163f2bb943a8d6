/*
 * calibration.c - isotonic regression by pooling adjacent violators, and reading the fitted curve.
 * calibration_file.c saves it.
 */
#include "monitors/calibration.h"

#include <math.h>
#include <stdlib.h>

#include "calibrator.h"
#include "metric.h"

struct point {
    double score, label, weight;
};

static int by_score(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    return (x->score > y->score) - (x->score < y->score);
}

static bool usable(const struct mon_labelled *rows, const double *weights, size_t i)
{
    if (!metric_row_is_known(rows, i) || (weights != NULL && !(weights[i] > 0.0)))
        return false;
    if (weights != NULL && isinf(weights[i]))
        return false;
    for (size_t k = 0; k < rows->n_outputs; k++)
        if (isinf(rows->scores[i * rows->n_outputs + k]))
            return false;
    return true;
}

static bool is_class(const struct mon_labelled *rows, size_t i, size_t class)
{
    return rows->kind == LABEL_BINARY ? rows->labels[i] >= 0.5 : rows->labels[i] == (double)class;
}

static size_t collect(const struct mon_labelled *rows, const double *weights, size_t class,
                      struct point *points)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++)
        if (usable(rows, weights, i))
            points[n++] = (struct point){
                .score = rows->scores[i * rows->n_outputs + class],
                .label = is_class(rows, i, class),
                .weight = weights != NULL ? weights[i] : 1.0,
            };
    qsort(points, n, sizeof *points, by_score);
    return n;
}

static void absorb(struct mon_calibration_block *into, const struct mon_calibration_block *next)
{
    double rows = into->rows + next->rows;
    into->chance += (next->chance - into->chance) * (next->rows / rows);
    into->rows = rows;
    into->high = next->high;
}

/* Points come by score; a block that does not exceed the one before is pooled with it, and that
 * one with those before, until the chances rise. Equal scores are one block from the start. */
static size_t pool(const struct point *points, size_t n, struct mon_calibration_block *blocks)
{
    size_t n_blocks = 0;
    for (size_t i = 0; i < n;) {
        double score = points[i].score;
        struct mon_calibration_block next = {score, score, points[i].label, points[i].weight};
        for (i++; i < n && points[i].score == score; i++) {
            struct mon_calibration_block same = {score, score, points[i].label, points[i].weight};
            absorb(&next, &same);
        }
        blocks[n_blocks++] = next;
        while (n_blocks > 1 && blocks[n_blocks - 2].chance >= blocks[n_blocks - 1].chance) {
            absorb(&blocks[n_blocks - 2], &blocks[n_blocks - 1]);
            n_blocks--;
        }
    }
    return n_blocks;
}

/* Takes blocks from a buffer as large as the rows: the curve keeps only what it needs. */
static bool curve_copy(struct mon_calibration_curve *c, const struct mon_calibration_block *blocks,
                       size_t n_blocks)
{
    c->blocks = calloc(n_blocks, sizeof *c->blocks);
    if (c->blocks == NULL)
        return false;
    c->n_blocks = n_blocks;
    for (size_t i = 0; i < n_blocks; i++)
        c->blocks[i] = blocks[i];
    return true;
}

static enum err_code fit_curves(struct mon_calibrator *c, const struct mon_labelled *rows,
                                const double *weights, struct point *points,
                                struct mon_calibration_block *blocks, struct err *e)
{
    for (size_t k = 0; k < c->n_outputs; k++) {
        size_t n = collect(rows, weights, k, points);
        if (n == 0)
            return err_set(e, ERR_INVALID, "none of %zu rows has a finite score and a label",
                           rows->n);
        if (!curve_copy(&c->curves[k], blocks, pool(points, n, blocks)))
            return err_set(e, ERR_NOMEM, "out of memory for a calibration curve");
    }
    return ERR_OK;
}

struct mon_calibrator *calibrator_new(enum label_kind kind, size_t n_outputs)
{
    struct mon_calibrator *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    *c = (struct mon_calibrator){
        .kind = kind, .n_outputs = n_outputs, .curves = calloc(n_outputs, sizeof *c->curves)};
    if (c->curves != NULL)
        return c;
    free(c);
    return NULL;
}

void mon_calibrator_free(struct mon_calibrator *c)
{
    if (c == NULL)
        return;
    for (size_t k = 0; k < c->n_outputs; k++)
        free(c->curves[k].blocks);
    free(c->curves);
    free(c);
}

enum err_code mon_calibrator_fit(const struct mon_labelled *rows, const double *weights,
                                 struct mon_calibrator **out, struct err *e)
{
    if (rows->kind == LABEL_REGRESSION || rows->n_outputs == 0 || rows->n == 0)
        return err_set(e, ERR_INVALID, "calibration needs labelled rows of a classifier");
    struct mon_calibrator *c = calibrator_new(rows->kind, rows->n_outputs);
    struct point *points = malloc(rows->n * sizeof *points);
    struct mon_calibration_block *blocks = malloc(rows->n * sizeof *blocks);
    enum err_code rc = c != NULL && points != NULL && blocks != NULL
                           ? fit_curves(c, rows, weights, points, blocks, e)
                           : err_set(e, ERR_NOMEM, "out of memory for calibration");
    free(points);
    free(blocks);
    if (rc == ERR_OK)
        *out = c;
    else
        mon_calibrator_free(c);
    return rc;
}

/* The last block that begins at or below the score; 0 where none does. */
static size_t last_begun(const struct mon_calibration_curve *c, double score)
{
    size_t low = 0, high = c->n_blocks;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (c->blocks[middle].low <= score)
            low = middle;
        else
            high = middle;
    }
    return low;
}

double mon_calibration_chance(const struct mon_calibration_curve *c, double score)
{
    if (isnan(score))
        return NAN;
    size_t i = last_begun(c, score);
    const struct mon_calibration_block *b = &c->blocks[i];
    if (score <= b->high || i + 1 == c->n_blocks)
        return b->chance;
    double share = fmin((score - b->high) / (b[1].low - b->high), 1.0); /* 1 where both overflow */
    return b->chance + share * (b[1].chance - b->chance);
}

size_t mon_calibration_block_of(const struct mon_calibration_curve *c, double score)
{
    size_t i = last_begun(c, score);
    const struct mon_calibration_block *b = &c->blocks[i];
    if (i + 1 == c->n_blocks || !(score > b->high))
        return i;
    return score - b->high <= b[1].low - score ? i : i + 1;
}
