/*
 * artifact.c - a model version in memory: scoring, golden rows, and the check that its parts fit
 * each other. artifact_file.c saves and loads it.
 */
#include "model/artifact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "artifact_private.h"
#include "model/chunks.h"

#define BLOCK_ROWS 512 /* the inputs of a block stay in the second-level cache */

struct artifact *artifact_new(void)
{
    return calloc(1, sizeof(struct artifact));
}

void artifact_free(struct artifact *a)
{
    if (!a)
        return;
    chunks_free(a->chunks, a->n_chunks);
    free(a->chunk_spans);
    free(a->validation_scores);
    free(a->validation_labels);
    profile_free(a->reference);
    ruler_free(a->ruler);
    predictor_free(a->predictor);
    transform_free(a->transform);
    vocabulary_free(a->vocabulary);
    schema_free(a->schema);
    free(a->golden_codes);
    free(a->golden_outputs);
    cJSON_Delete(a->manifest);
    free(a);
}

size_t artifact_n_outputs(const struct artifact *a)
{
    return schema_n_outputs(a->schema);
}

struct artifact_scratch {
    size_t block_rows;
    struct predict_scratch *predict;
    float inputs[]; /* block_rows x n_columns */
};

enum err_code artifact_scratch_new(const struct artifact *a, size_t max_rows,
                                   struct artifact_scratch **out, struct err *e)
{
    size_t rows = max_rows < 1 ? 1 : max_rows > BLOCK_ROWS ? BLOCK_ROWS : max_rows;
    size_t n_floats = rows * a->transform->n_columns;
    struct artifact_scratch *s = malloc(sizeof *s + n_floats * sizeof(float));
    if (!s)
        return err_set(e, ERR_NOMEM, "out of memory to score %zu rows", rows);
    s->block_rows = rows;
    enum err_code code = predict_scratch_new(a->predictor, rows, &s->predict, e);
    if (code)
        free(s);
    else
        *out = s;
    return code;
}

void artifact_scratch_free(struct artifact_scratch *s)
{
    if (!s)
        return;
    predict_scratch_free(s->predict);
    free(s);
}

static enum err_code check_scores(const struct artifact *a, const float *scores, size_t n_rows,
                                  struct err *e)
{
    size_t n_outputs = artifact_n_outputs(a);
    for (size_t i = 0; i < n_rows * n_outputs; i++)
        if (!isfinite(scores[i]))
            return err_set(e, ERR_INTERNAL, "row %zu, output %zu: the model gives %g",
                           i / n_outputs, i % n_outputs, (double)scores[i]);
    return ERR_OK;
}

enum err_code artifact_score_codes(const struct artifact *a, struct artifact_scratch *s,
                                   const double *codes, size_t n_rows, float *scores, struct err *e)
{
    size_t n_features = a->schema->n_features, n_outputs = artifact_n_outputs(a);
    for (size_t i = 0; i < n_rows; i += s->block_rows) {
        size_t n = n_rows - i < s->block_rows ? n_rows - i : s->block_rows;
        transform_apply(a->transform, codes + i * n_features, n, s->inputs);
        predict_batch(a->predictor, s->predict, s->inputs, n, scores + i * n_outputs);
    }
    return check_scores(a, scores, n_rows, e);
}

enum err_code artifact_score(const struct artifact *a, struct artifact_scratch *s,
                             const struct rows *rows, double *codes, float *scores, struct err *e)
{
    if (rows->n_columns != a->schema->n_features)
        return err_set(e, ERR_INVALID, "rows of %zu columns, the model has %zu features",
                       rows->n_columns, a->schema->n_features);
    vocabulary_encode(a->vocabulary, a->schema, rows, codes);
    return artifact_score_codes(a, s, codes, rows->n_rows, scores, e);
}

/* What a difference may be: absolute for probabilities, relative to the largest value else. */
static double golden_limit(const struct artifact *a)
{
    double size = 0;
    if (a->schema->label_kind != LABEL_REGRESSION)
        return a->golden_tolerance;
    for (size_t i = 0; i < a->n_golden * artifact_n_outputs(a); i++)
        size = fmax(size, fabsf(a->golden_outputs[i]));
    return a->golden_tolerance * (size > 0 ? size : 1);
}

static enum err_code compare_golden(const struct artifact *a, const float *scores, struct err *e)
{
    size_t n_outputs = artifact_n_outputs(a);
    double limit = golden_limit(a);
    for (size_t i = 0; i < a->n_golden * n_outputs; i++) {
        double want = a->golden_outputs[i], got = scores[i];
        if (!(fabs(got - want) <= limit))
            return err_set(e, ERR_CORRUPT,
                           "golden row %zu, output %zu: the trainer saw %.9g, this program gives "
                           "%.9g, tolerance %.3g",
                           i / n_outputs, i % n_outputs, want, got, limit);
    }
    return ERR_OK;
}

enum err_code artifact_check_golden(const struct artifact *a, struct err *e)
{
    struct artifact_scratch *s = NULL;
    float *scores = malloc((a->n_golden * artifact_n_outputs(a) + 1) * sizeof *scores);
    enum err_code code = scores ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory for golden rows");
    if (!code)
        code = artifact_scratch_new(a, a->n_golden, &s, e);
    if (!code)
        code = artifact_score_codes(a, s, a->golden_codes, a->n_golden, scores, e);
    if (code == ERR_INTERNAL)
        err_prefix(e, "golden rows");
    if (!code)
        code = compare_golden(a, scores, e);
    artifact_scratch_free(s);
    free(scores);
    return code;
}

static enum predict_link link_of(enum label_kind kind)
{
    switch (kind) {
    case LABEL_BINARY:
        return LINK_SIGMOID;
    case LABEL_MULTICLASS:
        return LINK_SOFTMAX;
    case LABEL_REGRESSION:
        break;
    }
    return LINK_IDENTITY;
}

static enum err_code check_transform(const struct artifact *a, struct err *e)
{
    const struct transform *t = a->transform;
    if (t->n_features != a->schema->n_features)
        return err_set(e, ERR_PARSE, "the transform has %zu features, the schema %zu",
                       t->n_features, a->schema->n_features);
    for (size_t f = 0; f < t->n_features; f++)
        if (t->features[f].kind == FEATURE_CATEGORICAL && !t->features[f].skip &&
            t->features[f].n_categories != vocabulary_size(a->vocabulary, f))
            return err_set(e, ERR_PARSE,
                           "feature %s: the transform has %zu categories, the vocabulary %zu",
                           a->schema->features[f].name, t->features[f].n_categories,
                           vocabulary_size(a->vocabulary, f));
    return ERR_OK;
}

static enum err_code check_predictor(const struct artifact *a, struct err *e)
{
    const struct predictor *p = a->predictor;
    size_t n_in = p->layers[0].n_in, n_out = p->layers[p->n_layers - 1].n_out;
    if (n_in != a->transform->n_columns)
        return err_set(e, ERR_PARSE, "the predictor takes %zu inputs, the transform gives %zu",
                       n_in, a->transform->n_columns);
    if (n_out != artifact_n_outputs(a))
        return err_set(e, ERR_PARSE, "the predictor gives %zu outputs, a %s label needs %zu", n_out,
                       label_kind_name(a->schema->label_kind), artifact_n_outputs(a));
    if (p->link != link_of(a->schema->label_kind))
        return err_set(e, ERR_PARSE, "the predictor's link does not fit a %s label",
                       label_kind_name(a->schema->label_kind));
    return ERR_OK;
}

static enum err_code check_golden_shape(const struct artifact *a, struct err *e)
{
    if (a->n_golden < 1 || a->n_golden > ARTIFACT_GOLDEN_ROWS)
        return err_set(e, ERR_PARSE, "%zu golden rows, expected 1 to %d", a->n_golden,
                       ARTIFACT_GOLDEN_ROWS);
    if (!(a->golden_tolerance >= 0 && a->golden_tolerance <= ARTIFACT_MAX_TOLERANCE))
        return err_set(e, ERR_PARSE, "golden tolerance %g, expected 0 to %g", a->golden_tolerance,
                       ARTIFACT_MAX_TOLERANCE);
    return ERR_OK;
}

enum err_code artifact_check(const struct artifact *a, struct err *e)
{
    if (a->schema->label_kind != LABEL_REGRESSION && a->schema->n_classes < 2)
        return err_set(e, ERR_PARSE, "the schema has %zu classes, expected 2 or more",
                       a->schema->n_classes);
    enum err_code code = check_transform(a, e);
    if (!code)
        code = check_predictor(a, e);
    return code ? code : check_golden_shape(a, e);
}
