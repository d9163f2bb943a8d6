/*
 * reference_file.c - a reference as one safetensors file and back; a model's artifact read as one.
 *
 * Tensors: ruler/, reference/ (with mismatched U64 [n_features] and repeated U64 [1] where these
 * are known), chunks/ (model/chunks.h), validation/ (scores F32 [n, n_outputs], labels F64 [n])
 * where rows have both, joint sums (reference_joint.c). Metadata: leeway.format, schema,
 * vocabulary, as in an artifact; and "reference", JSON: {"format": 1, "sampled_rows", "scores":
 * whether predictions were counted, "score_columns": [names] where they are known}.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "model/chunks.h"
#include "monitors/reference.h"
#include "reference_joint.h"

#define MODEL_FORMAT "1" /* leeway.format: of the tensors and metadata shared with artifacts */

/* ---- saving ---- */

static enum err_code put_json(struct st_writer *w, const char *key, cJSON *json, struct err *e)
{
    char *text = json ? json_print(json) : NULL;
    enum err_code code = text ? st_writer_meta(w, key, text, e)
                              : err_set(e, ERR_NOMEM, "out of memory for the metadata \"%s\"", key);
    free(text);
    cJSON_Delete(json);
    return code;
}

static bool describe_scores(cJSON *json, const struct mon_reference *r)
{
    if (!r->score_columns)
        return true;
    cJSON *names = cJSON_CreateStringArray((const char *const *)r->score_columns,
                                           (int)schema_n_outputs(r->schema));
    return names && cJSON_AddItemToObject(json, "score_columns", names);
}

static cJSON *describe(const struct mon_reference *r)
{
    cJSON *json = cJSON_CreateObject();
    if (json && cJSON_AddNumberToObject(json, "format", MON_REFERENCE_FORMAT) &&
        cJSON_AddNumberToObject(json, "sampled_rows", (double)r->n_sampled) &&
        cJSON_AddBoolToObject(json, "scores", r->has_scores) && describe_scores(json, r))
        return json;
    cJSON_Delete(json);
    return NULL;
}

static enum err_code add_metadata(const struct mon_reference *r, struct st_writer *w, struct err *e)
{
    enum err_code code = st_writer_meta(w, "leeway.format", MODEL_FORMAT, e);
    if (!code)
        code = put_json(w, "schema", schema_to_json(r->schema), e);
    if (!code)
        code = put_json(w, "vocabulary", vocabulary_to_json(r->vocabulary, r->schema), e);
    return code ? code : put_json(w, "reference", describe(r), e);
}

static enum err_code add_mismatched(const struct mon_reference *r, struct st_writer *w,
                                    struct err *e)
{
    const int64_t n = (int64_t)r->schema->n_features;
    return r->mismatched ? st_writer_add(w, "reference/mismatched", ST_U64, 1, &n, r->mismatched, e)
                         : ERR_OK;
}

static enum err_code add_repeated(const struct mon_reference *r, struct st_writer *w, struct err *e)
{
    const int64_t one = 1;
    return r->has_repeats
               ? st_writer_add(w, "reference/repeated", ST_U64, 1, &one, &r->n_repeated, e)
               : ERR_OK;
}

static enum err_code add_validation(const struct mon_reference *r, struct st_writer *w,
                                    struct err *e)
{
    const int64_t n = (int64_t)r->n_validation;
    const int64_t shape[2] = {n, (int64_t)schema_n_outputs(r->schema)};
    if (n == 0)
        return ERR_OK;
    enum err_code code =
        st_writer_add(w, "validation/scores", ST_F32, 2, shape, r->validation_scores, e);
    return code ? code
                : st_writer_add(w, "validation/labels", ST_F64, 1, &n, r->validation_labels, e);
}

enum err_code mon_reference_save(const struct mon_reference *r, const char *path, struct err *e)
{
    void *keep_ruler = NULL, *keep_profile = NULL, *keep_joint = NULL;
    struct chunks_packed chunks = {0};
    struct st_writer *w = st_writer_new();
    if (!w)
        return err_set(e, ERR_NOMEM, "out of memory to save a reference");
    enum err_code code = add_metadata(r, w, e);
    if (!code)
        code = ruler_to_st(r->ruler, w, &keep_ruler, e);
    if (!code)
        code = profile_to_st(r->profile, "reference/", w, &keep_profile, e);
    if (!code)
        code = chunks_to_st(r->ruler, r->chunks, r->n_chunks, w, &chunks, e);
    if (!code)
        code = chunks_spans_to_st((const int64_t *)r->spans, r->n_chunks, w, e);
    if (!code)
        code = add_mismatched(r, w, e);
    if (!code)
        code = add_repeated(r, w, e);
    if (!code)
        code = add_validation(r, w, e);
    if (!code)
        code = reference_joint_to_st(r, w, &keep_joint, e);
    if (!code)
        code = st_writer_save(w, path, NULL, e);
    st_writer_free(w);
    free(keep_ruler);
    free(keep_profile);
    free(keep_joint);
    chunks_packed_deinit(&chunks);
    return code;
}

/* ---- loading ---- */

static enum err_code get_json(const struct st_file *f, const char *key, cJSON **out, struct err *e)
{
    const char *text = st_metadata(f, key);
    if (!text)
        return err_set(e, ERR_PARSE, "no metadata \"%s\": neither a reference nor a model", key);
    return json_parse(key, text, strlen(text), out, e);
}

static enum err_code check_format(const struct st_file *f, struct err *e)
{
    const char *format = st_metadata(f, "leeway.format");
    if (!format)
        return err_set(
            e, ERR_PARSE,
            "no metadata \"leeway.format\": neither a reference nor a model of Leeway's");
    if (strcmp(format, MODEL_FORMAT) != 0)
        return err_set(e, ERR_UNSUPPORTED, "format %.16s, this program reads " MODEL_FORMAT,
                       format);
    return ERR_OK;
}

static enum err_code read_schema(struct mon_reference *r, const struct st_file *f, struct err *e)
{
    cJSON *json = NULL;
    enum err_code code = get_json(f, "schema", &json, e);
    if (!code)
        code = schema_from_json(json, &r->schema, e);
    cJSON_Delete(json);
    json = NULL;
    if (!code)
        code = get_json(f, "vocabulary", &json, e);
    if (!code)
        code = vocabulary_from_json(json, r->schema, &r->vocabulary, e);
    cJSON_Delete(json);
    return code;
}

static enum err_code read_score_columns(struct mon_reference *r, const cJSON *json, struct err *e)
{
    const cJSON *names = json_at(json, "score_columns"), *name;
    size_t n = schema_n_outputs(r->schema), i = 0;
    if (!names)
        return ERR_OK;
    if (!cJSON_IsArray(names) || (size_t)cJSON_GetArraySize(names) != n)
        return err_set(e, ERR_INVALID, "reference.score_columns: expected %zu names", n);
    r->score_columns = calloc(n, sizeof *r->score_columns);
    if (!r->score_columns)
        return err_set(e, ERR_NOMEM, "out of memory for the names of scores");
    cJSON_ArrayForEach(name, names)
    {
        if (!cJSON_IsString(name))
            return err_set(e, ERR_INVALID, "reference.score_columns[%zu]: expected a text", i);
        if (!(r->score_columns[i++] = strdup(name->valuestring)))
            return err_set(e, ERR_NOMEM, "out of memory for the names of scores");
    }
    return ERR_OK;
}

/* A model's artifact has no such metadata: its predictions were counted, its sample is unknown. */
static enum err_code read_description(struct mon_reference *r, const struct st_file *f,
                                      struct err *e)
{
    cJSON *json = NULL;
    int64_t format = 0, n_sampled = 0;
    if (!st_metadata(f, "reference") && st_metadata(f, "manifest")) {
        r->has_scores = true;
        return ERR_OK;
    }
    enum err_code code = get_json(f, "reference", &json, e);
    if (!code)
        code = json_get_int(json, "format", 1, INT32_MAX, &format, e);
    if (!code && format != MON_REFERENCE_FORMAT)
        code = err_set(e, ERR_UNSUPPORTED, "reference format %lld, this program reads %d",
                       (long long)format, MON_REFERENCE_FORMAT);
    if (!code)
        code = json_get_int(json, "sampled_rows", 0, INT64_C(1) << 53, &n_sampled, e);
    if (!code)
        code = json_get_bool(json, "scores", &r->has_scores, e);
    if (!code)
        code = read_score_columns(r, json, e);
    cJSON_Delete(json);
    r->n_sampled = (uint64_t)n_sampled;
    return code;
}

static enum err_code read_spans(struct mon_reference *r, const struct st_file *f, struct err *e)
{
    _Static_assert(sizeof(struct mon_span) == 2 * sizeof(int64_t), "a span is a row of two");
    int64_t *spans = NULL;
    enum err_code code = chunks_spans_from_st(f, r->n_chunks, &spans, e);
    r->spans = (struct mon_span *)spans;
    return code;
}

static enum err_code read_mismatched(struct mon_reference *r, const struct st_file *f,
                                     struct err *e)
{
    const int64_t n = (int64_t)r->schema->n_features;
    const struct st_tensor *counts;
    if (!st_find(f, "reference/mismatched"))
        return ERR_OK;
    enum err_code code = st_need(f, "reference/mismatched", ST_U64, 1, &n, &counts, e);
    if (code)
        return code;
    for (int64_t i = 0; i < n; i++)
        if (((const uint64_t *)counts->data)[i] > r->profile->n_rows)
            return err_set(e, ERR_CORRUPT, "reference/mismatched: more than there are rows");
    r->mismatched = malloc(counts->size_bytes + 1);
    if (!r->mismatched)
        return err_set(e, ERR_NOMEM, "out of memory for %lld counts", (long long)n);
    memcpy(r->mismatched, counts->data, counts->size_bytes);
    return ERR_OK;
}

/* Files of before repeats were counted have no such tensor, and models' artifacts neither. */
static enum err_code read_repeated(struct mon_reference *r, const struct st_file *f, struct err *e)
{
    const int64_t one = 1;
    const struct st_tensor *repeated;
    if (!st_find(f, "reference/repeated"))
        return ERR_OK;
    enum err_code code = st_need(f, "reference/repeated", ST_U64, 1, &one, &repeated, e);
    if (code)
        return code;
    r->n_repeated = *(const uint64_t *)repeated->data;
    if (r->n_repeated > r->profile->n_rows)
        return err_set(e, ERR_CORRUPT, "reference/repeated: %llu of %llu rows",
                       (unsigned long long)r->n_repeated, (unsigned long long)r->profile->n_rows);
    r->has_repeats = true;
    return ERR_OK;
}

static enum err_code check_labels(const struct mon_reference *r, struct err *e)
{
    bool classes = r->schema->label_kind != LABEL_REGRESSION;
    for (size_t i = 0; i < r->n_validation; i++) {
        double y = r->validation_labels[i];
        if (!isfinite(y) || (classes && (y < 0 || y >= (double)r->schema->n_classes)))
            return err_set(e, ERR_CORRUPT, "validation/labels: row %zu is %g", i, y);
    }
    return ERR_OK;
}

static enum err_code read_validation(struct mon_reference *r, const struct st_file *f,
                                     struct err *e)
{
    const int64_t n_outputs = (int64_t)schema_n_outputs(r->schema);
    const struct st_tensor *scores, *labels;
    if (!st_find(f, "validation/scores"))
        return ERR_OK;
    enum err_code code =
        st_need(f, "validation/scores", ST_F32, 2, (const int64_t[]){-1, n_outputs}, &scores, e);
    if (!code)
        code = st_need(f, "validation/labels", ST_F64, 1, &scores->shape[0], &labels, e);
    if (code)
        return code;
    r->validation_scores = malloc(scores->size_bytes + 1);
    r->validation_labels = malloc(labels->size_bytes + 1);
    if (!r->validation_scores || !r->validation_labels)
        return err_set(e, ERR_NOMEM, "out of memory for labelled rows");
    r->n_validation = (size_t)scores->shape[0];
    memcpy(r->validation_scores, scores->data, scores->size_bytes);
    memcpy(r->validation_labels, labels->data, labels->size_bytes);
    return check_labels(r, e);
}

static enum err_code read_all(struct mon_reference *r, const struct st_file *f, struct err *e)
{
    enum err_code code = check_format(f, e);
    if (!code)
        code = read_schema(r, f, e);
    if (!code)
        code = read_description(r, f, e);
    if (!code)
        code = ruler_from_st(f, r->schema, r->vocabulary, &r->ruler, e);
    if (!code)
        code = profile_from_st(f, "reference/", r->ruler, &r->profile, e);
    if (!code && r->profile->n_rows == 0)
        code = err_set(e, ERR_CORRUPT, "reference/rows: no row was counted");
    if (!code)
        code = chunks_from_st(f, r->ruler, &r->chunks, &r->n_chunks, e);
    if (!code)
        code = read_spans(r, f, e);
    if (!code)
        code = read_mismatched(r, f, e);
    if (!code)
        code = read_repeated(r, f, e);
    if (!code)
        code = read_validation(r, f, e);
    return code ? code : reference_joint_from_st(r, f, e);
}

static enum err_code load(const struct st_file *f, struct mon_reference **out, struct err *e)
{
    struct mon_reference *r = calloc(1, sizeof *r);
    enum err_code code =
        r ? read_all(r, f, e) : err_set(e, ERR_NOMEM, "out of memory for a reference");
    if (code)
        mon_reference_free(r);
    else
        *out = r;
    return code;
}

enum err_code mon_reference_load(const char *path, struct mon_reference **out, struct err *e)
{
    struct st_file *f = NULL;
    enum err_code code = st_open(path, &f, e);
    if (code)
        return code; /* names the file already */
    code = load(f, out, e);
    st_close(f);
    return code ? err_prefix(e, "%s", path) : ERR_OK;
}

enum err_code mon_reference_load_memory(const void *data, size_t size_bytes,
                                        struct mon_reference **out, struct err *e)
{
    struct st_file *f = NULL;
    enum err_code code = st_open_memory(data, size_bytes, &f, e);
    if (!code)
        code = load(f, out, e);
    st_close(f);
    return code;
}
