/*
 * measure.c - a metric over labelled rows with its standard error: every metric is the mean of
 * something over the rows, or to first order behaves like one.
 */
#include <math.h>
#include <stdlib.h>

#include "clustering.h"
#include "longrun.h"
#include "metric.h"
#include "ratio.h"

/* Per class counts of outcomes; a label that the version has no class for is one class more. */
struct confusion {
    size_t n_classes;
    double n;
    double (*counts)[N_OUTCOMES];
};

static size_t label_class(const struct mon_labelled *rows, size_t i)
{
    double label = rows->labels[i];
    if (rows->kind == LABEL_BINARY)
        return label >= 0.5;
    return label >= 0.0 && label < (double)rows->n_outputs ? (size_t)label : rows->n_outputs;
}

static size_t predicted_class(const struct mon_labelled *rows, size_t i)
{
    const float *scores = rows->scores + i * rows->n_outputs;
    return metric_predicted_class(rows->kind, scores, rows->n_outputs);
}

/* Only rows that concern the class: the true negatives are all the rest. */
static void count_row(struct confusion *c, size_t label, size_t predicted)
{
    c->n += 1.0;
    if (label == predicted) {
        c->counts[label][TRUE_POSITIVE] += 1.0;
        return;
    }
    c->counts[label][FALSE_NEGATIVE] += 1.0;
    c->counts[predicted][FALSE_POSITIVE] += 1.0;
}

static bool confusion_init(struct confusion *c, const struct mon_labelled *rows)
{
    size_t n_classes = rows->kind == LABEL_BINARY ? 2 : rows->n_outputs + 1;
    *c = (struct confusion){.n_classes = n_classes};
    c->counts = calloc(n_classes, sizeof *c->counts);
    if (c->counts == NULL)
        return false;
    for (size_t i = 0; i < rows->n; i++)
        if (metric_row_is_known(rows, i))
            count_row(c, label_class(rows, i), predicted_class(rows, i));
    for (size_t k = 0; k < n_classes; k++)
        c->counts[k][TRUE_NEGATIVE] = c->n - c->counts[k][TRUE_POSITIVE] -
                                      c->counts[k][FALSE_POSITIVE] - c->counts[k][FALSE_NEGATIVE];
    return true;
}

static bool class_occurs(const struct confusion *c, size_t k)
{
    return c->n - c->counts[k][TRUE_NEGATIVE] > 0.0;
}

static double macro_value(enum mon_metric m, const struct confusion *c)
{
    double sum = 0.0, classes = 0.0;
    for (size_t k = 0; k < c->n_classes; k++)
        if (class_occurs(c, k)) {
            double value = ratio_value(m, c->counts[k]);
            sum += isnan(value) ? 0.0 : value;
            classes += 1.0;
        }
    return classes > 0.0 ? sum / classes : NAN;
}

static double confusion_value(enum mon_metric m, const struct mon_labelled *rows,
                              const struct confusion *c)
{
    return rows->kind == LABEL_BINARY ? ratio_value(m, c->counts[1]) : macro_value(m, c);
}

/* The influence of a row is n x the change of the value with one more row like it; so that of its
 * mean over the rows, 0, is the value's. */
static void add_influence(enum mon_metric m, const struct mon_labelled *rows,
                          const struct confusion *c, size_t k, double share, double *influence)
{
    double gradient[N_OUTCOMES];
    ratio_gradient(m, c->counts[k], gradient);
    for (size_t i = 0; i < rows->n; i++)
        if (metric_row_is_known(rows, i)) {
            enum outcome o = outcome_of(label_class(rows, i) == k, predicted_class(rows, i) == k);
            influence[i] += share * c->n * gradient[o];
        }
}

static void confusion_influence(enum mon_metric m, const struct mon_labelled *rows,
                                const struct confusion *c, double *influence)
{
    double classes = 0.0;
    for (size_t i = 0; i < rows->n; i++)
        influence[i] = metric_row_is_known(rows, i) ? 0.0 : NAN;
    if (rows->kind == LABEL_BINARY) {
        add_influence(m, rows, c, 1, 1.0, influence);
        return;
    }
    for (size_t k = 0; k < c->n_classes; k++)
        classes += class_occurs(c, k);
    for (size_t k = 0; k < c->n_classes; k++)
        if (class_occurs(c, k))
            add_influence(m, rows, c, k, 1.0 / classes, influence);
}

static double from_confusion(enum mon_metric m, const struct mon_labelled *rows, double *influence)
{
    struct confusion c;
    double value = NAN;
    if (confusion_init(&c, rows)) {
        value = confusion_value(m, rows, &c);
        if (influence != NULL)
            confusion_influence(m, rows, &c, influence);
    }
    free(c.counts);
    return value;
}

static double from_losses(enum mon_metric m, const struct mon_labelled *rows, double *influence)
{
    double *losses = influence ? influence : malloc((rows->n ? rows->n : 1) * sizeof *losses);
    double value = NAN;
    if (losses != NULL && mon_metric_losses(m, rows, losses, NULL) == ERR_OK)
        value = longrun_mean(losses, rows->n, 0).mean;
    if (m == MON_RMSE)
        value = sqrt(value); /* d sqrt(x) = dx / (2 sqrt(x)) */
    for (size_t i = 0; m == MON_RMSE && influence != NULL && i < rows->n; i++)
        influence[i] = value > 0.0 ? influence[i] / (2.0 * value) : influence[i];
    if (influence == NULL)
        free(losses);
    return m == MON_ACCURACY ? 1.0 - value : value;
}

/* influence: rows->n values or NULL; their mean has the variance of the value. */
static double evaluate(enum mon_metric m, const struct mon_labelled *rows, double *influence)
{
    switch (m) {
    case MON_ACCURACY:
    case MON_LOG_LOSS:
    case MON_RMSE:
    case MON_MAE:
        return from_losses(m, rows, influence);
    case MON_AUC:
        return influence != NULL ? auc_influence(rows, influence) : auc_value(rows);
    case MON_PRECISION:
    case MON_RECALL:
    case MON_F1:
    case MON_SPECIFICITY:
        return from_confusion(m, rows, influence);
    }
    return NAN;
}

double mon_metric_compute(enum mon_metric m, const struct mon_labelled *rows)
{
    return evaluate(m, rows, NULL);
}

/* The standard error of the mean of influences in time order. */
static void measure_error(const double *influence, size_t n, size_t lag, struct mon_measured *out)
{
    bool automatic = lag == MON_LAG_AUTO;
    struct clustering c = automatic ? clustering_of_rows(influence, n) : clustering_none();
    double variance = longrun_mean(influence, n, automatic ? 0 : lag).mean_variance;
    out->standard_error = sqrt(variance * c.rows_per_draw);
    out->rows_per_draw = c.rows_per_draw;
    out->freedom = c.freedom;
}

struct mon_measured mon_metric_measure(enum mon_metric m, const struct mon_labelled *rows,
                                       size_t lag)
{
    struct mon_measured out = {0.0, NAN, NAN, 1.0, INFINITY};
    double *influence = malloc((rows->n > 0 ? rows->n : 1) * sizeof *influence);
    for (size_t i = 0; i < rows->n; i++)
        out.n += metric_row_is_known(rows, i);
    if (influence != NULL)
        out.value = evaluate(m, rows, influence);
    if (isfinite(out.value))
        measure_error(influence, rows->n, lag, &out);
    free(influence);
    return out;
}
