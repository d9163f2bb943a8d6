/*
 * artifact_file.c - a model version as one safetensors file and back.
 *
 * Tensors: transform/, predictor/, ruler/, reference/, chunks/ (model/chunks.h), validation/
 * (scores, labels; absent where none were kept), golden/ (codes, outputs, tolerance). Metadata:
 * leeway.format, schema, vocabulary, predictor, manifest. The bytes depend on the artifact alone,
 * so that saving what was loaded gives the same hash.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "artifact_private.h"
#include "base/json.h"
#include "model/chunks.h"
#include "st_json.h"

#define TEXT_OF(x) TEXT_OF_(x)
#define TEXT_OF_(x) #x

enum { KEEP_TRANSFORM, KEEP_RULER, KEEP_REFERENCE, N_KEEP };

static enum err_code put_json(struct st_writer *w, const char *key, cJSON *json, struct err *e)
{
    enum err_code code = st_json_put(w, key, json, e);
    cJSON_Delete(json);
    return code;
}

static enum err_code add_metadata(const struct artifact *a, struct st_writer *w, struct err *e)
{
    enum err_code code = st_writer_meta(w, "leeway.format", TEXT_OF(ARTIFACT_FORMAT), e);
    if (!code)
        code = put_json(w, "schema", schema_to_json(a->schema), e);
    if (!code)
        code = put_json(w, "vocabulary", vocabulary_to_json(a->vocabulary, a->schema), e);
    return code ? code : st_json_put(w, "manifest", a->manifest, e);
}

static enum err_code add_golden(const struct artifact *a, struct st_writer *w, struct err *e)
{
    const int64_t n = (int64_t)a->n_golden, one = 1;
    const int64_t codes[2] = {n, (int64_t)a->schema->n_features};
    const int64_t outputs[2] = {n, (int64_t)artifact_n_outputs(a)};
    enum err_code code = st_writer_add(w, "golden/codes", ST_F64, 2, codes, a->golden_codes, e);
    if (!code)
        code = st_writer_add(w, "golden/outputs", ST_F32, 2, outputs, a->golden_outputs, e);
    if (!code)
        code = st_writer_add(w, "golden/tolerance", ST_F64, 1, &one, &a->golden_tolerance, e);
    return code;
}

static enum err_code add_validation(const struct artifact *a, struct st_writer *w, struct err *e)
{
    const int64_t n = (int64_t)a->n_validation;
    const int64_t scores[2] = {n, (int64_t)artifact_n_outputs(a)};
    if (n == 0)
        return ERR_OK;
    enum err_code code =
        st_writer_add(w, "validation/scores", ST_F32, 2, scores, a->validation_scores, e);
    return code ? code
                : st_writer_add(w, "validation/labels", ST_F64, 1, &n, a->validation_labels, e);
}

static enum err_code add_tensors(const struct artifact *a, struct st_writer *w, void **keep,
                                 struct chunks_packed *chunks, struct err *e)
{
    enum err_code code = transform_to_st(a->transform, w, &keep[KEEP_TRANSFORM], e);
    if (!code)
        code = predictor_to_st(a->predictor, w, e);
    if (!code)
        code = ruler_to_st(a->ruler, w, &keep[KEEP_RULER], e);
    if (!code)
        code = profile_to_st(a->reference, "reference/", w, &keep[KEEP_REFERENCE], e);
    if (!code)
        code = chunks_to_st(a->ruler, a->chunks, a->n_chunks, w, chunks, e);
    if (!code)
        code = chunks_spans_to_st(a->chunk_spans, a->n_chunks, w, e);
    if (!code)
        code = add_validation(a, w, e);
    return code ? code : add_golden(a, w, e);
}

enum err_code artifact_save(struct artifact *a, const char *path, struct err *e)
{
    void *keep[N_KEEP] = {NULL};
    struct chunks_packed chunks = {0};
    enum err_code code = artifact_check(a, e);
    if (code)
        return code;
    struct st_writer *w = st_writer_new();
    if (!w)
        return err_set(e, ERR_NOMEM, "out of memory to save a model");
    code = add_metadata(a, w, e);
    if (!code)
        code = add_tensors(a, w, keep, &chunks, e);
    if (!code)
        code = st_writer_save(w, path, a->sha256, e);
    st_writer_free(w);
    for (size_t i = 0; i < N_KEEP; i++)
        free(keep[i]);
    chunks_packed_deinit(&chunks);
    return code;
}

static enum err_code check_format(const struct st_file *f, struct err *e)
{
    const char *format = st_metadata(f, "leeway.format");
    if (!format)
        return err_set(e, ERR_PARSE, "no metadata \"leeway.format\": not a model of Leeway's");
    if (strcmp(format, TEXT_OF(ARTIFACT_FORMAT)) != 0)
        return err_set(e, ERR_UNSUPPORTED, "format %.16s, this program reads %d", format,
                       ARTIFACT_FORMAT);
    return ERR_OK;
}

static enum err_code read_schema(struct artifact *a, const struct st_file *f, struct err *e)
{
    cJSON *json = NULL;
    enum err_code code = st_json_get(f, "schema", &json, e);
    if (!code)
        code = schema_from_json(json, &a->schema, e);
    cJSON_Delete(json);
    json = NULL;
    if (!code)
        code = st_json_get(f, "vocabulary", &json, e);
    if (!code)
        code = vocabulary_from_json(json, a->schema, &a->vocabulary, e);
    cJSON_Delete(json);
    return code;
}

static enum err_code read_manifest(struct artifact *a, const struct st_file *f, struct err *e)
{
    enum err_code code = st_json_get(f, "manifest", &a->manifest, e);
    if (!code && !cJSON_IsObject(a->manifest))
        code = err_set(e, ERR_PARSE, "manifest: expected an object");
    return code;
}

static enum err_code read_golden(struct artifact *a, const struct st_file *f, struct err *e)
{
    const int64_t n_features = (int64_t)a->schema->n_features, one = 1;
    const struct st_tensor *codes, *outputs, *tolerance;
    enum err_code code =
        st_need(f, "golden/codes", ST_F64, 2, (const int64_t[]){-1, n_features}, &codes, e);
    if (code)
        return code;
    const int64_t shape[2] = {codes->shape[0], (int64_t)artifact_n_outputs(a)};
    code = st_need(f, "golden/outputs", ST_F32, 2, shape, &outputs, e);
    if (!code)
        code = st_need(f, "golden/tolerance", ST_F64, 1, &one, &tolerance, e);
    if (code)
        return code;
    a->golden_codes = malloc(codes->size_bytes + 1);
    a->golden_outputs = malloc(outputs->size_bytes + 1);
    if (!a->golden_codes || !a->golden_outputs)
        return err_set(e, ERR_NOMEM, "out of memory for golden rows");
    a->n_golden = (size_t)codes->shape[0];
    memcpy(a->golden_codes, codes->data, codes->size_bytes);
    memcpy(a->golden_outputs, outputs->data, outputs->size_bytes);
    memcpy(&a->golden_tolerance, tolerance->data, sizeof a->golden_tolerance);
    return ERR_OK;
}

static enum err_code read_validation(struct artifact *a, const struct st_file *f, struct err *e)
{
    const int64_t n_outputs = (int64_t)artifact_n_outputs(a);
    const struct st_tensor *scores, *labels;
    if (!st_find(f, "validation/scores"))
        return ERR_OK;
    enum err_code code =
        st_need(f, "validation/scores", ST_F32, 2, (const int64_t[]){-1, n_outputs}, &scores, e);
    if (!code)
        code = st_need(f, "validation/labels", ST_F64, 1, &scores->shape[0], &labels, e);
    if (!code && scores->shape[0] > ARTIFACT_VALIDATION_ROWS)
        code = err_set(e, ERR_LIMIT, "validation/scores: %lld rows, expected at most %d",
                       (long long)scores->shape[0], ARTIFACT_VALIDATION_ROWS);
    if (code)
        return code;
    a->validation_scores = malloc(scores->size_bytes + 1);
    a->validation_labels = malloc(labels->size_bytes + 1);
    if (!a->validation_scores || !a->validation_labels)
        return err_set(e, ERR_NOMEM, "out of memory for validation rows");
    a->n_validation = (size_t)scores->shape[0];
    memcpy(a->validation_scores, scores->data, scores->size_bytes);
    memcpy(a->validation_labels, labels->data, labels->size_bytes);
    return ERR_OK;
}

static enum err_code read_all(struct artifact *a, const struct st_file *f, struct err *e)
{
    enum err_code code = check_format(f, e);
    if (!code)
        code = read_schema(a, f, e);
    if (!code)
        code = read_manifest(a, f, e);
    if (!code)
        code = transform_from_st(f, a->schema, &a->transform, e);
    if (!code)
        code = predictor_from_st(f, &a->predictor, e);
    if (!code)
        code = read_golden(a, f, e);
    if (!code)
        code = artifact_check(a, e);
    if (!code)
        code = ruler_from_st(f, a->schema, a->vocabulary, &a->ruler, e);
    if (!code)
        code = profile_from_st(f, "reference/", a->ruler, &a->reference, e);
    if (!code)
        code = chunks_from_st(f, a->ruler, &a->chunks, &a->n_chunks, e);
    if (!code)
        code = chunks_spans_from_st(f, a->n_chunks, &a->chunk_spans, e);
    return code ? code : read_validation(a, f, e);
}

enum err_code artifact_load(const char *path, const char *expected_sha256, struct artifact **out,
                            struct err *e)
{
    struct st_file *f = NULL;
    struct artifact *a = artifact_new();
    if (!a)
        return err_set(e, ERR_NOMEM, "out of memory to load a model");
    enum err_code code = st_check_sha256(path, expected_sha256, a->sha256, e);
    if (!code)
        code = st_open(path, &f, e);
    if (!code) { /* errors before this name the file already */
        code = read_all(a, f, e);
        if (!code)
            code = artifact_check_golden(a, e);
        if (code)
            err_prefix(e, "%s", path);
    }
    st_close(f);
    if (code)
        artifact_free(a);
    else
        *out = a;
    return code;
}
