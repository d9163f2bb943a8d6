/*
 * classifier_test.c - terms of the classifier, folds, the areas under the folds' curves.
 */
#include "monitors/classifier_test.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "logistic.h"
#include "monitors/performance.h"
#include "sample_rows.h"
#include "tail.h"

void mon_classifier_options_init(struct mon_classifier_options *o)
{
    *o = (struct mon_classifier_options){.n_folds = 5,
                                         .squares = true,
                                         .products = true,
                                         .ridge = 1.0,
                                         .confidence = 0.95,
                                         .max_rows = 5000,
                                         .seed = 1};
}

/* Column i, or the product of columns i and j. */
struct term {
    size_t i, j; /* j SIZE_MAX: the column itself */
};

/* Rows of both samples, x's labelled 0 and y's 1. */
struct task {
    size_t n_columns, n_terms; /* terms: without the constant */
    size_t n_x, n;
    struct term *terms;
    double *rows;    /* n x n_columns, standardised */
    double *x;       /* n x (n_terms + 1) */
    double *labels;  /* n */
    double *weights; /* n_terms + 1 */
    size_t *fold;    /* n */
    float *scores;   /* n, of one fold's rows */
    double *truth;   /* n, their labels */
};

static void task_deinit(struct task *t)
{
    free(t->terms);
    free(t->rows);
    free(t->x);
    free(t->labels);
    free(t->weights);
    free(t->fold);
    free(t->scores);
    free(t->truth);
}

static size_t count_terms(size_t n_columns, const struct mon_classifier_options *o)
{
    return n_columns + (o->squares ? n_columns : 0) +
           (o->products ? n_columns * (n_columns - 1) / 2 : 0);
}

static enum err_code task_init(struct task *t, size_t most, size_t n_columns,
                               const struct mon_classifier_options *o, struct err *e)
{
    *t = (struct task){.n_columns = n_columns, .n_terms = count_terms(n_columns, o)};
    t->terms = calloc(t->n_terms, sizeof *t->terms);
    t->rows = calloc(most * n_columns + 1, sizeof *t->rows);
    t->x = calloc(most * (t->n_terms + 1) + 1, sizeof *t->x);
    t->labels = calloc(most + 1, sizeof *t->labels);
    t->weights = calloc(t->n_terms + 1, sizeof *t->weights);
    t->fold = calloc(most + 1, sizeof *t->fold);
    t->scores = calloc(most + 1, sizeof *t->scores);
    t->truth = calloc(most + 1, sizeof *t->truth);
    if (t->terms != NULL && t->rows != NULL && t->x != NULL && t->labels != NULL &&
        t->weights != NULL && t->fold != NULL && t->scores != NULL && t->truth != NULL)
        return ERR_OK;
    return err_set(e, ERR_NOMEM, "out of memory for a classifier of %zu x %zu", most, t->n_terms);
}

static void list_terms(struct task *t, const struct mon_classifier_options *o)
{
    size_t at = 0;
    for (size_t i = 0; i < t->n_columns; i++)
        t->terms[at++] = (struct term){i, SIZE_MAX};
    for (size_t i = 0; o->squares && i < t->n_columns; i++)
        t->terms[at++] = (struct term){i, i};
    for (size_t i = 1; o->products && i < t->n_columns; i++)
        for (size_t j = 0; j < i; j++)
            t->terms[at++] = (struct term){i, j};
}

/* Mean 0 and deviation 1 of a column of a matrix with `stride` columns; a constant becomes 0. */
static void standardise(double *x, size_t n, size_t stride, size_t column)
{
    double mean = 0.0, squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        double step = x[i * stride + column] - mean;
        mean += step / (double)(i + 1);
        squares += step * (x[i * stride + column] - mean);
    }
    double scale = n > 0 ? sqrt(squares / (double)n) : 0.0;
    bool varies = scale > 0.0 && isfinite(scale);
    for (size_t i = 0; i < n; i++)
        x[i * stride + column] = varies ? (x[i * stride + column] - mean) / scale : 0.0;
}

static void fill_terms(struct task *t)
{
    size_t width = t->n_terms + 1;
    for (size_t j = 0; j < t->n_columns; j++)
        standardise(t->rows, t->n, t->n_columns, j);
    for (size_t i = 0; i < t->n; i++) {
        const double *row = t->rows + i * t->n_columns;
        for (size_t k = 0; k < t->n_terms; k++) {
            struct term term = t->terms[k];
            t->x[i * width + k] = row[term.i] * (term.j == SIZE_MAX ? 1.0 : row[term.j]);
        }
        t->x[i * width + t->n_terms] = 1.0;
    }
    for (size_t k = 0; k < t->n_terms; k++)
        standardise(t->x, t->n, width, k);
}

/* Folds 0, 1, ... in a random order over each sample alone, so that every fold has both. */
static void draw_folds(struct task *t, size_t first, size_t n, size_t n_folds, struct rng *r)
{
    for (size_t i = 0; i < n; i++) {
        size_t other = rng_below(r, i + 1); /* Fisher & Yates, from the inside */
        t->fold[first + i] = t->fold[first + other];
        t->fold[first + other] = i % n_folds;
    }
}

static void load_rows(struct task *t, const double *x, size_t n_x, const double *y, size_t n_y,
                      const struct mon_classifier_options *o)
{
    struct rng r;
    rng_seed(&r, o->seed);
    t->n_x = sample_rows(x, n_x, t->n_columns, o->max_rows, &r, t->rows);
    size_t from_y =
        sample_rows(y, n_y, t->n_columns, o->max_rows, &r, t->rows + t->n_x * t->n_columns);
    t->n = t->n_x + from_y;
    for (size_t i = t->n_x; i < t->n; i++)
        t->labels[i] = 1.0;
    draw_folds(t, 0, t->n_x, o->n_folds, &r);
    draw_folds(t, t->n_x, from_y, o->n_folds, &r);
    list_terms(t, o);
    fill_terms(t);
}

struct area {
    double value, variance;
    double null_variance; /* where both samples have one law */
};

static struct area area_of_fold(const struct task *t, size_t fold)
{
    size_t n = 0, width = t->n_terms + 1;
    double n_y = 0.0;
    for (size_t i = 0; i < t->n; i++) {
        if (t->fold[i] != fold)
            continue;
        t->scores[n] = (float)cblas_ddot((int)width, t->x + i * width, 1, t->weights, 1);
        t->truth[n] = t->labels[i];
        n_y += t->truth[n++];
    }
    struct mon_labelled rows = {LABEL_BINARY, n, 1, t->scores, t->truth};
    struct mon_measured m = mon_metric_measure(MON_AUC, &rows, 0);
    double n_x = (double)n - n_y;
    return (struct area){m.value, m.standard_error * m.standard_error,
                         (n_x + n_y + 1.0) / (12.0 * n_x * n_y)};
}

/* The folds' classifiers share most of their rows, so that their areas go together: the variance of
 * the mean is not 1 / k of a fold's but 1 / k + test rows / training rows (Nadeau & Bengio 2003).
 */
static enum err_code cross_validate(const struct task *t, const struct logistic *l, size_t n_folds,
                                    struct area *out, struct err *e)
{
    double k = (double)n_folds, share = (1.0 / k + 1.0 / (k - 1.0)) / k;
    *out = (struct area){0};
    for (size_t fold = 0; fold < n_folds; fold++) {
        enum err_code code = logistic_fit(l, fold, t->weights, e);
        if (code != ERR_OK)
            return code;
        struct area a = area_of_fold(t, fold);
        out->value += a.value / k;
        out->variance += a.variance * share;
        out->null_variance += a.null_variance * share;
    }
    return ERR_OK;
}

/* The column whose terms weigh most. */
static size_t top_column(const struct task *t)
{
    size_t top = SIZE_MAX;
    double most = 0.0;
    for (size_t c = 0; c < t->n_columns; c++) {
        double sum = 0.0;
        for (size_t k = 0; k < t->n_terms; k++)
            if (t->terms[k].i == c || t->terms[k].j == c)
                sum += t->weights[k] * t->weights[k];
        if (sum > most) {
            most = sum;
            top = c;
        }
    }
    return top;
}

static enum err_code measure(const struct task *t, const struct mon_classifier_options *o,
                             struct mon_classifier *out, struct err *e)
{
    const struct logistic l = {t->x, t->labels, t->fold, t->n, t->n_terms + 1, o->ridge};
    struct area area;
    enum err_code code = cross_validate(t, &l, o->n_folds, &area, e);
    if (code == ERR_OK)
        code = logistic_fit(&l, SIZE_MAX, t->weights, e);
    if (code != ERR_OK)
        return code;
    double half = quantile_normal(0.5 + 0.5 * o->confidence) * sqrt(area.variance);
    out->auc = area.value;
    out->low = fmax(0.0, area.value - half);
    out->high = fmin(1.0, area.value + half);
    out->p_value = tail_normal((area.value - 0.5) / sqrt(area.null_variance));
    out->top = top_column(t);
    return ERR_OK;
}

static enum err_code check_options(size_t n_columns, const struct mon_classifier_options *o,
                                   struct err *e)
{
    if (n_columns == 0)
        return err_set(e, ERR_INVALID, "classifier test: no columns");
    if (o->n_folds < 2 || o->n_folds > 20 || o->max_rows == 0)
        return err_set(e, ERR_INVALID, "classifier test: %zu folds of 2 to 20, max_rows %zu",
                       o->n_folds, o->max_rows);
    if (!(o->ridge > 0.0 && isfinite(o->ridge)) || !(o->confidence > 0.0 && o->confidence < 1.0))
        return err_set(e, ERR_INVALID, "classifier test: ridge %g, confidence %g", o->ridge,
                       o->confidence);
    if (n_columns > MON_CLASSIFIER_MAX_TERMS ||
        count_terms(n_columns, o) > MON_CLASSIFIER_MAX_TERMS)
        return err_set(e, ERR_LIMIT, "classifier test: %zu terms of %zu columns, at most %d",
                       count_terms(n_columns, o), n_columns, MON_CLASSIFIER_MAX_TERMS);
    return ERR_OK;
}

enum err_code mon_classifier_test(const double *x, size_t n_x, const double *y, size_t n_y,
                                  size_t n_columns, const struct mon_classifier_options *o,
                                  struct mon_classifier *out, struct err *e)
{
    struct task t = {0};
    enum err_code code = check_options(n_columns, o, e);
    if (code != ERR_OK)
        return code;
    size_t most_x = n_x < o->max_rows ? n_x : o->max_rows;
    size_t most_y = n_y < o->max_rows ? n_y : o->max_rows;
    code = task_init(&t, most_x + most_y, n_columns, o, e);
    struct mon_classifier found = {
        .auc = NAN, .low = NAN, .high = NAN, .p_value = NAN, .top = SIZE_MAX};
    if (code == ERR_OK) {
        load_rows(&t, x, n_x, y, n_y, o);
        found.n_x = t.n_x;
        found.n_y = t.n - t.n_x;
        found.n_terms = t.n_terms;
        if (found.n_x >= 2 * o->n_folds && found.n_y >= 2 * o->n_folds)
            code = measure(&t, o, &found, e);
    }
    task_deinit(&t);
    if (code == ERR_OK)
        *out = found;
    return code;
}
