/*
 * train_metrics.c - accuracy, log-loss, AUC, RMSE, MAE. AUC after Mann & Whitney 1947: the share of
 * (positive, negative) pairs in the right order, from the positives' mid-ranks.
 */
#include "trainer/train_metrics.h"

#include <math.h>
#include <stdlib.h>

#define P_MIN                                                                                      \
    1e-7 /* float32 probabilities reach 0 and 1; one sure mistake must not cost infinity */

struct scored {
    float score;
    int positive;
};

static int by_score(const void *a, const void *b)
{
    float x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;
    return (x > y) - (x < y);
}

/* Sum of the positives' ranks (1.. n), ties sharing their mean rank. */
static double positive_ranks(const struct scored *s, size_t n)
{
    double sum = 0;
    for (size_t i = 0, end; i < n; i = end) {
        size_t positives = 0;
        for (end = i; end < n && s[end].score == s[i].score; end++) {
            positives += (size_t)s[end].positive;
        }
        sum += (double)positives * (double)(i + 1 + end) / 2;
    }
    return sum;
}

static enum err_code compute_auc(const float *scores, const double *labels, size_t n, double *out,
                                 struct err *e)
{
    struct scored *s = malloc((n ? n : 1) * sizeof *s);
    if (!s) {
        return err_set(e, ERR_NOMEM, "out of memory ranking %zu rows", n);
    }
    size_t positives = 0;
    for (size_t i = 0; i < n; i++) {
        s[i] = (struct scored){scores[i], labels[i] > 0.5};
        positives += (size_t)s[i].positive;
    }
    qsort(s, n, sizeof *s, by_score);
    double p = (double)positives, q = (double)(n - positives);
    *out = p > 0 && q > 0 ? (positive_ranks(s, n) - p * (p + 1) / 2) / (p * q) : NAN;
    free(s);
    return ERR_OK;
}

static double probability_of(const float *row, size_t n_outputs, size_t label)
{
    double p = n_outputs > 1 ? (double)row[label] : label ? (double)row[0] : 1 - (double)row[0];
    return fmin(fmax(p, P_MIN), 1 - P_MIN);
}

static size_t class_of(const float *row, size_t n_outputs)
{
    if (n_outputs == 1) {
        return row[0] >= 0.5F;
    }
    size_t best = 0;
    for (size_t j = 1; j < n_outputs; j++) {
        best = row[j] > row[best] ? j : best;
    }
    return best;
}

static void classifier(const float *scores, const double *labels, size_t n, size_t n_outputs,
                       struct train_metrics *m)
{
    double right = 0, loss = 0;
    for (size_t i = 0; i < n; i++) {
        const float *row = scores + i * n_outputs;
        size_t label = (size_t)labels[i];
        right += class_of(row, n_outputs) == label;
        loss -= log(probability_of(row, n_outputs, label));
    }
    m->accuracy = right / (double)n;
    m->log_loss = loss / (double)n;
}

static void regression(const float *scores, const double *labels, size_t n, struct train_metrics *m)
{
    double squares = 0, absolute = 0;
    for (size_t i = 0; i < n; i++) {
        double error = (double)scores[i] - labels[i];
        squares += error * error;
        absolute += fabs(error);
    }
    m->rmse = sqrt(squares / (double)n);
    m->mae = absolute / (double)n;
}

enum err_code train_metrics_compute(enum label_kind kind, const float *scores, const double *labels,
                                    size_t n_rows, size_t n_outputs, struct train_metrics *out,
                                    struct err *e)
{
    struct train_metrics m = {kind, n_rows, NAN, NAN, NAN, NAN, NAN};
    enum err_code code = ERR_OK;
    if (n_rows > 0 && kind == LABEL_REGRESSION) {
        regression(scores, labels, n_rows, &m);
    } else if (n_rows > 0) {
        classifier(scores, labels, n_rows, n_outputs, &m);
    }
    if (kind == LABEL_BINARY) {
        code = compute_auc(scores, labels, n_rows, &m.auc, e);
    }
    if (!code) {
        *out = m;
    }
    return code;
}

cJSON *train_metrics_to_json(const struct train_metrics *m)
{
    const struct {
        const char *name;
        double value;
    } all[] = {{"accuracy", m->accuracy},
               {"log_loss", m->log_loss},
               {"auc", m->auc},
               {"rmse", m->rmse},
               {"mae", m->mae}};
    cJSON *json = cJSON_CreateObject();
    bool ok = cJSON_AddNumberToObject(json, "n", (double)m->n) != NULL;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (isfinite(all[i].value)) {
            ok = ok && cJSON_AddNumberToObject(json, all[i].name, all[i].value);
        }
    }
    if (!ok) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}
