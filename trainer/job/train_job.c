/*
 * train_job.c - the job, in the order in which it happens: load, prepare, fit, calibrate, build,
 * score, save. struct work holds what has been made so far; one clean-up frees it.
 */
#include "trainer/train_job.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "job/train_manifest.h"
#include "model/artifact.h"
#include "trainer/artifact_build.h"
#include "trainer/calibrate.h"
#include "trainer/score_holdout.h"
#include "trainer/train_data.h"
#include "trainer/train_metrics.h"
#include "trainer/transform_fit.h"
#include "trainer/warm_start.h"

struct work {
    const struct train_job *job;
    struct train_job_report *report;
    struct train_parameters parameters; /* resolved */
    struct snapshot *snapshot;
    struct artifact *champion;
    struct train_data *data;
    struct artifact *artifact; /* the candidate; owns transform and predictor from the start */
    float *x, *y, *weight;     /* n_fit x n_columns, n_fit, n_fit */
    float *logits, *scores;    /* n_fit x n_outputs: the backend's; the artifact's, calibrated */
    struct compute compute;
};

static void path_in(const struct work *w, const char *name, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", w->job->folder, name);
}

/* ---- load ---- */

static enum err_code load(struct work *w, struct err *e)
{
    const struct train_job *job = w->job;
    enum err_code code = snapshot_load(job->snapshot_path, job->snapshot_sha256, &w->snapshot, e);
    if (code) {
        return err_prefix(e, "snapshot");
    }
    const struct schema *s = w->snapshot->schema;
    if (job->model && strcmp(job->model, s->model) != 0) {
        return err_set(e, ERR_INVALID, "the snapshot is for model \"%s\", the job for \"%s\"",
                       s->model, job->model);
    }
    code = train_parameters_resolve(&w->parameters, s->label_kind, e);
    if (!code && job->champion_path &&
        artifact_load(job->champion_path, job->champion_sha256, &w->champion, e)) {
        code = err_prefix(e, "champion");
    }
    w->report->algorithm = train_algorithm_name(w->parameters.algorithm);
    return code;
}

/* ---- prepare ---- */

static enum err_code new_predictor(struct work *w, struct err *e)
{
    const struct schema *s = w->data->schema;
    static const enum predict_link links[] = {[LABEL_BINARY] = LINK_SIGMOID,
                                              [LABEL_MULTICLASS] = LINK_SOFTMAX,
                                              [LABEL_REGRESSION] = LINK_IDENTITY};
    size_t sizes[TRAIN_MAX_HIDDEN + 2], n = 0;
    sizes[n++] = w->artifact->transform->n_columns;
    if (sizes[0] == 0) {
        return err_set(e, ERR_INVALID, "no feature to learn from: all %zu are pii", s->n_features);
    }
    for (size_t i = 0; i < w->parameters.n_hidden; i++) {
        sizes[n++] = w->parameters.hidden[i];
    }
    sizes[n] = schema_n_outputs(s);
    return predictor_new(sizes, n, links[s->label_kind], &w->artifact->predictor, e);
}

static enum err_code alloc_matrices(struct work *w, struct err *e)
{
    size_t n = train_data_n_fit(w->data), n_columns = w->artifact->transform->n_columns;
    size_t n_outputs = schema_n_outputs(w->data->schema);
    w->x = calloc(n, n_columns * sizeof *w->x);
    w->y = calloc(n, sizeof *w->y);
    w->weight = calloc(n, sizeof *w->weight);
    w->logits = calloc(n, n_outputs * sizeof *w->logits);
    w->scores = calloc(n, n_outputs * sizeof *w->scores);
    if (w->x && w->y && w->weight && w->logits && w->scores) {
        return ERR_OK;
    }
    return err_set(e, ERR_NOMEM, "out of memory for %zu rows of %zu model inputs", n, n_columns);
}

/* Regression is fitted to (label - mean) / scale; the way back is the link's a and b. */
static void standardise_labels(struct work *w)
{
    double mean = 0, sum_sq = 0;
    for (size_t i = 0; i < w->data->n_train; i++) {
        double delta = w->data->labels[i] - mean;
        mean += delta / (double)(i + 1);
        sum_sq += delta * (w->data->labels[i] - mean);
    }
    double scale = sqrt(sum_sq / (double)w->data->n_train);
    struct predictor *p = w->artifact->predictor;
    p->calibration_a = scale > 1e-12 * fabs(mean) && scale > 0 ? scale : 1;
    p->calibration_b = mean;
    for (size_t i = 0; i < train_data_n_fit(w->data); i++) {
        w->y[i] = (float)((w->data->labels[i] - mean) / p->calibration_a);
    }
}

/* Balanced: a class's rows together weigh as much as any other class's; the mean weight stays 1. */
static void weigh_rows(struct work *w)
{
    size_t counts[SCHEMA_MAX_CLASSES] = {0}, present = 0;
    bool balanced = w->parameters.class_weights == CLASS_WEIGHTS_BALANCED;
    for (size_t i = 0; balanced && i < w->data->n_train; i++) {
        present += counts[(size_t)w->data->labels[i]]++ == 0;
    }
    for (size_t i = 0; i < train_data_n_fit(w->data); i++) {
        size_t count = balanced ? counts[(size_t)w->data->labels[i]] : 0;
        w->weight[i] =
            count ? (float)((double)w->data->n_train / ((double)present * (double)count)) : 1;
    }
}

static void start_weights(struct work *w)
{
    struct artifact *a = w->artifact;
    if (w->parameters.warm_start) {
        struct err why = {.code = ERR_INVALID, .message = "the job names no champion"};
        w->report->warm_started = w->champion && warm_start(w->champion, a->schema, a->vocabulary,
                                                            a->transform, a->predictor, &why);
        if (w->report->warm_started) {
            return;
        }
        w->report->cold_because = why;
    }
    struct rng rng;
    rng_seed(&rng, (uint64_t)w->parameters.seed);
    fit_init_weights(a->predictor, w->x, w->data->n_train, &rng);
}

static enum err_code prepare(struct work *w, struct err *e)
{
    enum err_code code = train_data_new(w->snapshot, w->parameters.validation, &w->data, e);
    if (code) {
        return code;
    }
    struct train_data *d = w->data;
    if (w->parameters.flip_labels > 0) {
        train_data_flip_labels(d, w->parameters.flip_labels, (uint64_t)w->parameters.seed);
    }
    code =
        transform_fit(d->schema, d->vocabulary, d->codes, d->n_train, &w->artifact->transform, e);
    code = code ? code : new_predictor(w, e);
    code = code ? code : alloc_matrices(w, e);
    if (code) {
        return code;
    }
    w->artifact->schema = d->schema;
    w->artifact->vocabulary = d->vocabulary;
    transform_apply(w->artifact->transform, d->codes, train_data_n_fit(d), w->x);
    if (d->schema->label_kind == LABEL_REGRESSION) {
        standardise_labels(w);
    } else {
        for (size_t i = 0; i < train_data_n_fit(d); i++) {
            w->y[i] = (float)d->labels[i];
        }
    }
    weigh_rows(w);
    start_weights(w);
    w->report->n_rows = w->snapshot->n_rows;
    w->report->n_columns = w->artifact->transform->n_columns;
    return ERR_OK;
}

/* ---- fit, calibrate ---- */

static enum err_code fit(struct work *w, struct err *e)
{
    static const enum compute_loss losses[] = {[LABEL_BINARY] = LOSS_LOGISTIC,
                                               [LABEL_MULTICLASS] = LOSS_SOFTMAX,
                                               [LABEL_REGRESSION] = LOSS_SQUARED};
    const struct train_parameters *p = &w->parameters;
    struct fit_problem problem = {.n_train = w->data->n_train,
                                  .n_validation = w->data->n_validation,
                                  .n_columns = w->artifact->transform->n_columns,
                                  .x = w->x,
                                  .y = w->y,
                                  .weight = w->weight,
                                  .loss = losses[w->data->schema->label_kind]};
    struct fit_options options = {.epochs = (int)p->epochs,
                                  .batch = (int)p->batch,
                                  .patience = (int)p->patience,
                                  .learning_rate = p->learning_rate,
                                  .l2 = p->l2,
                                  .seed = (uint64_t)p->seed,
                                  .warm = w->report->warm_started,
                                  .on_epoch = w->job->on_epoch,
                                  .user = w->job->user};
    enum err_code code = compute_open(w->job->backend, &w->compute, e);
    if (code) {
        return code;
    }
    snprintf(w->report->backend, sizeof w->report->backend, "%s", w->compute.ops->name);
    snprintf(w->report->device, sizeof w->report->device, "%s", w->compute.device);
    return fit_run(&w->compute, &problem, &options, w->artifact->predictor, w->logits,
                   &w->report->fit, e);
}

static void calibrate(struct work *w)
{
    struct predictor *p = w->artifact->predictor;
    const struct train_data *d = w->data;
    size_t n_outputs = schema_n_outputs(d->schema);
    const float *z = w->logits + d->n_train * n_outputs;
    const double *labels = d->labels + d->n_train;
    if (!w->parameters.calibrate) {
        return;
    }
    bool weighted = w->parameters.class_weights != CLASS_WEIGHTS_NONE;
    if (d->schema->label_kind == LABEL_BINARY && !weighted) {
        /* The loss itself sets the offset, on many more rows than validation has; fitting it again
         * on the newest few moves the threshold with every swing of the class shares. */
        w->report->calibrated = calibrate_slope(z, labels, d->n_validation, &p->calibration_a);
    } else if (d->schema->label_kind == LABEL_BINARY) {
        w->report->calibrated =
            calibrate_platt(z, labels, d->n_validation, &p->calibration_a, &p->calibration_b);
    } else if (d->schema->label_kind == LABEL_MULTICLASS) {
        w->report->calibrated =
            calibrate_temperature(z, labels, d->n_validation, n_outputs, &p->temperature);
    }
}

/* ---- build, score, save ---- */

static enum err_code validation_metrics(struct work *w, cJSON **out, struct err *e)
{
    const struct train_data *d = w->data;
    size_t n_outputs = artifact_n_outputs(w->artifact);
    struct train_metrics m;
    enum err_code code =
        train_metrics_compute(d->schema->label_kind, w->scores + d->n_train * n_outputs,
                              d->labels + d->n_train, d->n_validation, n_outputs, &m, e);
    if (!code && !(*out = train_metrics_to_json(&m))) {
        code = err_set(e, ERR_NOMEM, "out of memory for metrics");
    }
    return code;
}

static enum err_code build_manifest(struct work *w, const cJSON *validation, struct err *e)
{
    struct train_manifest_inputs in = {.job = w->job,
                                       .report = w->report,
                                       .parameters = &w->parameters,
                                       .snapshot = w->snapshot,
                                       .champion = w->champion,
                                       .validation_metrics = validation,
                                       .now_unix_ms = clock_unix_ms()};
    return train_manifest_build(&in, &w->artifact->manifest, e);
}

static enum err_code build(struct work *w, cJSON **validation, struct err *e)
{
    struct artifact *a = w->artifact;
    size_t n = train_data_n_fit(w->data);
    enum err_code code = artifact_build_scores(a, w->data->codes, n, w->scores, e);
    code = code ? code : artifact_build_reference(a, w->data, w->scores, e);
    code = code ? code : artifact_build_validation(a, w->data, w->scores, e);
    if (code) {
        return code;
    }
    predict_link_apply(a->predictor, w->logits, n); /* the backend's own outputs from here on */
    code = artifact_build_golden(a, w->data, w->logits, e);
    code = code ? code : validation_metrics(w, validation, e);
    return code ? code : build_manifest(w, *validation, e);
}

static enum err_code save_artifact(struct work *w, struct err *e)
{
    char path[PATH_MAX];
    struct stat st;
    path_in(w, RESULT_ARTIFACT_FILE, path);
    enum err_code code = artifact_save(w->artifact, path, e);
    if (!code && stat(path, &st) != 0) {
        code = err_set(e, ERR_IO, "cannot stat %s", path);
    }
    if (!code) {
        struct result_manifest *r = &w->report->result;
        snprintf(r->artifact_sha256, sizeof r->artifact_sha256, "%s", w->artifact->sha256);
        r->artifact_bytes = st.st_size;
    }
    return code;
}

static enum err_code save_scores(struct work *w, cJSON **holdout, struct err *e)
{
    char path[PATH_MAX];
    path_in(w, RESULT_SCORES_FILE, path);
    if (w->data->n_holdout == 0) {
        return ERR_OK;
    }
    return score_holdout(w->snapshot, w->artifact, w->champion, path,
                         w->report->result.scores_sha256, holdout, e);
}

/* Takes validation and holdout (NULL where there was none). */
static enum err_code save_result(struct work *w, cJSON *validation, cJSON *holdout, struct err *e)
{
    struct result_manifest *r = &w->report->result;
    r->n_train = (int64_t)w->data->n_train;
    r->n_validation = (int64_t)w->data->n_validation;
    r->n_holdout = (int64_t)w->data->n_holdout;
    r->metrics = cJSON_CreateObject();
    if (!cJSON_AddItemToObject(r->metrics, "validation", validation)) {
        cJSON_Delete(validation);
        cJSON_Delete(holdout);
        return err_set(e, ERR_NOMEM, "out of memory for the result");
    }
    if (holdout) {
        cJSON_AddItemToObject(r->metrics, "holdout", holdout);
    }
    return result_manifest_save(r, w->job->folder, e);
}

static enum err_code finish(struct work *w, struct err *e)
{
    cJSON *validation = NULL, *holdout = NULL;
    enum err_code code = build(w, &validation, e);
    code = code ? code : save_artifact(w, e);
    code = code ? code : save_scores(w, &holdout, e);
    if (code) {
        cJSON_Delete(validation);
        cJSON_Delete(holdout);
        return code;
    }
    return save_result(w, validation, holdout, e);
}

static void work_deinit(struct work *w)
{
    compute_close(&w->compute);
    if (w->artifact && w->artifact->schema) { /* shared with, and freed by, the data */
        w->artifact->schema = NULL;
        w->artifact->vocabulary = NULL;
    }
    artifact_free(w->artifact);
    train_data_free(w->data);
    artifact_free(w->champion);
    snapshot_free(w->snapshot);
    free(w->x);
    free(w->y);
    free(w->weight);
    free(w->logits);
    free(w->scores);
}

enum err_code train_job_run(const struct train_job *job, struct train_job_report *report,
                            struct err *e)
{
    int64_t began_ns = clock_mono_ns();
    *report = (struct train_job_report){0};
    struct work w = {.job = job, .report = report, .parameters = job->parameters};
    w.artifact = artifact_new();
    enum err_code code =
        w.artifact ? load(&w, e) : err_set(e, ERR_NOMEM, "out of memory for an artifact");
    code = code ? code : prepare(&w, e);
    code = code ? code : fit(&w, e);
    if (!code) {
        calibrate(&w);
        code = finish(&w, e);
    }
    work_deinit(&w);
    report->seconds = (double)(clock_mono_ns() - began_ns) / 1e9;
    return code;
}
