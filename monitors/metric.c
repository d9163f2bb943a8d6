/*
 * metric.c - accuracy, log-loss, AUC, RMSE and MAE over labelled rows, and the losses behind them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "longrun.h"
#include "monitors/performance.h"

#define PROBABILITY_FLOOR 1e-15

static const struct {
    const char *name;
    bool larger_is_better;
} metrics[] = {
#define X(symbol, text, larger) [symbol] = {text, larger},
    MON_METRIC_LIST(X)
#undef X
};
#define N_METRICS (sizeof metrics / sizeof metrics[0])

const char *mon_metric_name(enum mon_metric m)
{
    return metrics[m].name;
}

bool mon_metric_from_name(const char *name, enum mon_metric *out)
{
    for (size_t i = 0; i < N_METRICS; i++)
        if (strcmp(metrics[i].name, name) == 0) {
            *out = (enum mon_metric)i;
            return true;
        }
    return false;
}

bool mon_metric_larger_is_better(enum mon_metric m)
{
    return metrics[m].larger_is_better;
}

bool mon_metric_fits(enum mon_metric m, enum label_kind kind)
{
    switch (m) {
    case MON_ACCURACY:
    case MON_LOG_LOSS:
        return kind != LABEL_REGRESSION;
    case MON_AUC:
        return kind == LABEL_BINARY;
    case MON_RMSE:
    case MON_MAE:
        return kind == LABEL_REGRESSION;
    }
    return false;
}

static bool row_is_known(const struct mon_labelled *rows, size_t i)
{
    if (isnan(rows->labels[i]))
        return false;
    for (size_t k = 0; k < rows->n_outputs; k++)
        if (isnan(rows->scores[i * rows->n_outputs + k]))
            return false;
    return true;
}

static double predicted_class(const struct mon_labelled *rows, size_t i)
{
    const float *scores = rows->scores + i * rows->n_outputs;
    if (rows->kind == LABEL_BINARY)
        return scores[0] >= 0.5f ? 1.0 : 0.0;
    size_t best = 0;
    for (size_t k = 1; k < rows->n_outputs; k++)
        if (scores[k] > scores[best])
            best = k;
    return (double)best;
}

/* 0 for a class that the version does not know */
static double probability_of_label(const struct mon_labelled *rows, size_t i)
{
    const float *scores = rows->scores + i * rows->n_outputs;
    double label = rows->labels[i];
    if (rows->kind == LABEL_BINARY)
        return label >= 0.5 ? (double)scores[0] : 1.0 - (double)scores[0];
    if (label < 0.0 || label >= (double)rows->n_outputs)
        return 0.0;
    return (double)scores[(size_t)label];
}

static double row_loss(enum mon_metric m, const struct mon_labelled *rows, size_t i)
{
    double residual = (double)rows->scores[i * rows->n_outputs] - rows->labels[i];
    switch (m) {
    case MON_ACCURACY:
        return predicted_class(rows, i) == rows->labels[i] ? 0.0 : 1.0;
    case MON_LOG_LOSS:
        return -log(
            fmin(fmax(probability_of_label(rows, i), PROBABILITY_FLOOR), 1.0 - PROBABILITY_FLOOR));
    case MON_RMSE:
        return residual * residual;
    case MON_MAE:
        return fabs(residual);
    case MON_AUC:
        break;
    }
    return NAN;
}

enum err_code mon_metric_losses(enum mon_metric m, const struct mon_labelled *rows, double *losses,
                                struct err *e)
{
    if (m == MON_AUC)
        return err_set(e, ERR_UNSUPPORTED, "auc has no loss per row");
    for (size_t i = 0; i < rows->n; i++)
        losses[i] = row_is_known(rows, i) ? row_loss(m, rows, i) : NAN;
    return ERR_OK;
}

struct scored {
    float score;
    bool positive;
};

static int by_score(const void *a, const void *b)
{
    const struct scored *x = a, *y = b;
    return (x->score > y->score) - (x->score < y->score);
}

static size_t collect_scored(const struct mon_labelled *rows, struct scored *out)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++)
        if (row_is_known(rows, i))
            out[n++] = (struct scored){rows->scores[i * rows->n_outputs], rows->labels[i] >= 0.5};
    return n;
}

/* Pairs (negative, positive) in the right order, ties half, over all pairs. */
static double area_under_curve(struct scored *s, size_t n)
{
    double negatives = 0.0, positives = 0.0, ordered = 0.0;
    qsort(s, n, sizeof *s, by_score);
    for (size_t i = 0; i < n;) {
        double tied_negatives = 0.0, tied_positives = 0.0;
        for (float score = s[i].score; i < n && s[i].score == score; i++) {
            tied_positives += s[i].positive;
            tied_negatives += !s[i].positive;
        }
        ordered += tied_positives * (negatives + 0.5 * tied_negatives);
        negatives += tied_negatives;
        positives += tied_positives;
    }
    return positives * negatives > 0.0 ? ordered / (positives * negatives) : NAN;
}

static double compute_auc(const struct mon_labelled *rows)
{
    struct scored *s = calloc(rows->n > 0 ? rows->n : 1, sizeof *s);
    if (s == NULL)
        return NAN;
    double auc = area_under_curve(s, collect_scored(rows, s));
    free(s);
    return auc;
}

double mon_metric_compute(enum mon_metric m, const struct mon_labelled *rows)
{
    if (m == MON_AUC)
        return compute_auc(rows);
    double n = 0.0, mean = 0.0;
    for (size_t i = 0; i < rows->n; i++)
        if (row_is_known(rows, i)) {
            n += 1.0;
            mean += (row_loss(m, rows, i) - mean) / n;
        }
    if (!(n > 0.0))
        return NAN;
    if (m == MON_ACCURACY)
        return 1.0 - mean;
    return m == MON_RMSE ? sqrt(mean) : mean;
}
