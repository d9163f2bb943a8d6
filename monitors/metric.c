/*
 * metric.c - the metrics by name, and the loss of a row behind those that are a mean of losses.
 */
#include "metric.h"

#include <math.h>
#include <string.h>

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
    case MON_PRECISION:
    case MON_RECALL:
    case MON_F1:
    case MON_SPECIFICITY:
        return kind != LABEL_REGRESSION;
    case MON_AUC:
        return kind == LABEL_BINARY;
    case MON_RMSE:
    case MON_MAE:
        return kind == LABEL_REGRESSION;
    }
    return false;
}

bool metric_row_is_known(const struct mon_labelled *rows, size_t i)
{
    if (isnan(rows->labels[i]))
        return false;
    for (size_t k = 0; k < rows->n_outputs; k++)
        if (isnan(rows->scores[i * rows->n_outputs + k]))
            return false;
    return true;
}

size_t metric_predicted_class(enum label_kind kind, const float *scores, size_t n_outputs)
{
    if (kind == LABEL_BINARY)
        return scores[0] >= MON_DECISION_THRESHOLD;
    size_t best = 0;
    for (size_t k = 1; k < n_outputs; k++)
        if (scores[k] > scores[best])
            best = k;
    return best;
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
    const float *scores = rows->scores + i * rows->n_outputs;
    double residual = (double)scores[0] - rows->labels[i];
    switch (m) {
    case MON_ACCURACY:
        return (double)metric_predicted_class(rows->kind, scores, rows->n_outputs) ==
                       rows->labels[i]
                   ? 0.0
                   : 1.0;
    case MON_LOG_LOSS:
        return -log(
            fmin(fmax(probability_of_label(rows, i), PROBABILITY_FLOOR), 1.0 - PROBABILITY_FLOOR));
    case MON_RMSE:
        return residual * residual;
    case MON_MAE:
        return fabs(residual);
    case MON_AUC:
    case MON_PRECISION:
    case MON_RECALL:
    case MON_F1:
    case MON_SPECIFICITY:
        break;
    }
    return NAN;
}

static bool has_losses(enum mon_metric m)
{
    return m == MON_ACCURACY || m == MON_LOG_LOSS || m == MON_RMSE || m == MON_MAE;
}

enum err_code mon_metric_losses(enum mon_metric m, const struct mon_labelled *rows, double *losses,
                                struct err *e)
{
    if (!has_losses(m))
        return err_set(e, ERR_UNSUPPORTED, "%s has no loss per row", mon_metric_name(m));
    for (size_t i = 0; i < rows->n; i++)
        losses[i] = metric_row_is_known(rows, i) ? row_loss(m, rows, i) : NAN;
    return ERR_OK;
}
