/*
 * train_metrics.h - how good predictions are, for manifests and the gate's report.
 */
#ifndef TRAINER_TRAIN_METRICS_H
#define TRAINER_TRAIN_METRICS_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "model/schema.h"

struct train_metrics {
    enum label_kind kind;
    size_t n;
    double
        accuracy; /* classifiers: share where the most probable class (binary: p >= 0.5) is right */
    double log_loss;  /* classifiers: mean -log p(label), p kept within [1e-7, 1 - 1e-7] */
    double auc;       /* binary: Mann-Whitney with ties as one half; NaN where one class only */
    double rmse, mae; /* regression */
};

/* scores: n_rows x n_outputs; labels: class index or value. n_rows 0 gives NaN everywhere. */
enum err_code train_metrics_compute(enum label_kind kind, const float *scores, const double *labels,
                                    size_t n_rows, size_t n_outputs, struct train_metrics *out,
                                    struct err *e);

/* {"n", ...}: what applies to the label kind; what is not finite is left out. Owned; NULL: no
 * memory. */
cJSON *train_metrics_to_json(const struct train_metrics *m);

#endif
