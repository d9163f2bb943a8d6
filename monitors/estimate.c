/*
 * estimate.c - a window's expected metrics from scores or from a profile's counts.
 */
#include "monitors/estimate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expected.h"
#include "metric.h"
#include "ratio.h"

void estimates_clear(struct mon_estimates *out)
{
    out->n = 0.0;
    out->true_positive = out->false_positive = NAN;
    out->false_negative = out->true_negative = NAN;
    for (int m = 0; m < MON_N_METRICS; m++)
        out->of[m] = (struct mon_estimate){NAN, NAN, NAN};
}

double mon_estimate_error(const struct mon_estimate *e)
{
    return hypot(e->sampling_error, e->model_error);
}

static bool scores_are_finite(const float *scores, size_t n_outputs)
{
    for (size_t k = 0; k < n_outputs; k++)
        if (!isfinite(scores[k]))
            return false;
    return true;
}

static void binary_estimates(struct items *t, struct mon_estimates *out)
{
    double counts[N_OUTCOMES];
    if (!(out->n > 0.0))
        return;
    expected_counts(t, counts);
    out->true_positive = counts[TRUE_POSITIVE];
    out->false_positive = counts[FALSE_POSITIVE];
    out->false_negative = counts[FALSE_NEGATIVE];
    out->true_negative = counts[TRUE_NEGATIVE];
    for (int m = 0; m < MON_N_METRICS; m++)
        if (ratio_exists((enum mon_metric)m))
            out->of[m] = expected_ratio((enum mon_metric)m, t);
    out->of[MON_AUC] = expected_auc(t);
    out->of[MON_LOG_LOSS] = expected_log_loss(t);
}

/* The classes' rows predicted right are different rows: variances add. */
static void add_hits(struct mon_estimate *accuracy, const struct mon_estimate *hits)
{
    accuracy->value += hits->value;
    accuracy->sampling_error = hypot(accuracy->sampling_error, hits->sampling_error);
    accuracy->model_error = hypot(accuracy->model_error, hits->model_error);
}

/* A class without a value counts 0, as in the realised macro mean. */
static void add_class(struct mon_estimate *mean, const struct mon_estimate *class, double share)
{
    if (isnan(class->value))
        return;
    mean->value += share * class->value;
    mean->sampling_error += share * class->sampling_error;
    mean->model_error += share * class->model_error;
}

static void multiclass_start(struct mon_estimates *out)
{
    for (int m = 0; m < MON_N_METRICS; m++)
        if (ratio_exists((enum mon_metric)m))
            out->of[m] = (struct mon_estimate){0.0, 0.0, 0.0};
}

static void multiclass_add(struct items *t, double share, struct mon_estimates *out)
{
    for (int m = 0; m < MON_N_METRICS; m++) {
        if (m == MON_ACCURACY) {
            struct mon_estimate hits = expected_hits(t, out->n);
            add_hits(&out->of[m], &hits);
        } else if (ratio_exists((enum mon_metric)m)) {
            struct mon_estimate class = expected_ratio((enum mon_metric)m, t);
            add_class(&out->of[m], &class, share);
        }
    }
}

static void take_scores(struct items *t, const struct mon_calibrator *c, size_t class,
                        const float *scores, size_t n)
{
    t->n = 0;
    t->curve = &c->curves[class];
    for (size_t i = 0; i < n; i++) {
        const float *row = scores + i * c->n_outputs;
        if (!scores_are_finite(row, c->n_outputs))
            continue;
        size_t predicted = metric_predicted_class(c->kind, row, c->n_outputs);
        bool is_class = c->kind == LABEL_BINARY ? predicted == 1 : predicted == class;
        items_add(t, (double)row[class], 1.0, is_class);
    }
    items_sort(t);
}

static void estimate_classes(struct items *t, const struct mon_calibrator *c, const float *scores,
                             size_t n, struct mon_estimates *out)
{
    for (size_t k = 0; k < c->n_outputs; k++) {
        take_scores(t, c, k, scores, n);
        if (t->n == 0)
            return;
        if (k == 0)
            multiclass_start(out);
        out->n = (double)t->n;
        multiclass_add(t, 1.0 / (double)c->n_outputs, out);
    }
}

enum err_code mon_estimate_scores(const struct mon_calibrator *c, const float *scores, size_t n,
                                  struct mon_estimates *out, struct err *e)
{
    struct items t;
    enum err_code rc = ERR_OK;
    if (!items_init(&t, n)) {
        rc = err_set(e, ERR_NOMEM, "out of memory for the scores of %zu rows", n);
    } else {
        estimates_clear(out);
        if (c->kind == LABEL_BINARY) {
            take_scores(&t, c, 0, scores, n);
            out->n = (double)t.n;
            binary_estimates(&t, out);
        } else {
            estimate_classes(&t, c, scores, n, out);
        }
    }
    items_deinit(&t);
    return rc;
}

static const struct series *prediction_series(const struct profile *p)
{
    for (size_t i = p->ruler->n_features; i < p->ruler->n_series; i++)
        if (p->ruler->series[i].kind == SERIES_NUMERIC &&
            strcmp(p->ruler->series[i].name, "prediction") == 0)
            return &p->ruler->series[i];
    return NULL;
}

/* Where a cell's scores lie: probabilities end at 0 and 1, also in the open cells. */
static void cell_range(const struct series *s, size_t cell, double *low, double *high)
{
    double first = s->n_edges > 0 ? fmin(0.0, s->edges[0]) : 0.0;
    double last = s->n_edges > 0 ? fmax(1.0, s->edges[s->n_edges - 1]) : 1.0;
    *low = cell > 0 ? s->edges[cell - 1] : first;
    *high = cell < s->n_edges ? s->edges[cell] : last;
}

static void add_cell(struct items *t, double low, double high, double rows)
{
    const double threshold = (double)MON_DECISION_THRESHOLD;
    if (low < threshold && threshold < high) {
        double below = rows * (threshold - low) / (high - low);
        items_add(t, 0.5 * (low + threshold), below, false);
        items_add(t, 0.5 * (threshold + high), rows - below, true);
    } else {
        items_add(t, 0.5 * (low + high), rows, low >= threshold);
    }
}

static double take_counts(struct items *t, const struct series *s, const uint64_t *counts)
{
    double rows = 0.0, low, high;
    for (size_t cell = 0; cell <= s->n_edges; cell++)
        if (counts[cell] > 0) {
            cell_range(s, cell, &low, &high);
            add_cell(t, low, high, (double)counts[cell]);
            rows += (double)counts[cell];
        }
    return rows;
}

enum err_code mon_estimate_counts(const struct mon_calibrator *c, const struct profile *p,
                                  struct mon_estimates *out, struct err *e)
{
    const struct series *s = prediction_series(p);
    if (c->kind != LABEL_BINARY)
        return err_set(e, ERR_UNSUPPORTED,
                       "counts tell a binary version's performance only; give the scores of all "
                       "%zu classes",
                       c->n_outputs);
    if (s == NULL)
        return err_set(e, ERR_INVALID, "the profile has no series \"prediction\"");
    struct items t;
    enum err_code rc = ERR_OK;
    if (!items_init(&t, s->n_cells + 1)) {
        rc = err_set(e, ERR_NOMEM, "out of memory for %zu cells", s->n_cells);
    } else {
        t.curve = &c->curves[0];
        estimates_clear(out);
        out->n = take_counts(&t, s, p->counts + s->first_cell);
        binary_estimates(&t, out);
    }
    items_deinit(&t);
    return rc;
}
