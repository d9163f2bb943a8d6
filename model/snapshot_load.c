/*
 * snapshot_load.c - a training set from its file, every value checked before training sees it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "model/snapshot.h"
#include "st_json.h"

void snapshot_free(struct snapshot *s)
{
    if (!s)
        return;
    schema_free(s->schema);
    vocabulary_free(s->vocabulary);
    free(s->codes);
    free(s->labels);
    free(s->time_unix_ms);
    cJSON_Delete(s->lineage);
    free(s);
}

/* The schema, its classes taken from metadata "classes". */
static enum err_code read_schema(struct snapshot *s, const struct st_file *f, struct err *e)
{
    cJSON *json = NULL, *classes = NULL;
    enum err_code code = st_json_get(f, "schema", &json, e);
    if (!code && st_metadata(f, "classes"))
        code = st_json_get(f, "classes", &classes, e);
    cJSON *label = cJSON_GetObjectItemCaseSensitive(json, "label");
    if (!code && classes && cJSON_IsObject(label)) {
        cJSON_DeleteItemFromObjectCaseSensitive(label, "classes");
        if (!cJSON_AddItemReferenceToObject(label, "classes", classes))
            code = err_set(e, ERR_NOMEM, "out of memory");
    }
    if (!code)
        code = schema_from_json(json, &s->schema, e);
    cJSON_Delete(json);
    cJSON_Delete(classes);
    if (!code && s->schema->label_kind != LABEL_REGRESSION && s->schema->n_classes == 0)
        code = err_set(e, ERR_PARSE, "the file has no metadata \"classes\" for label %s",
                       s->schema->label);
    return code;
}

static enum err_code read_vocabulary(struct snapshot *s, const struct st_file *f, struct err *e)
{
    cJSON *json = NULL;
    enum err_code code = st_json_get(f, "categories", &json, e);
    if (!code)
        code = vocabulary_from_json(json, s->schema, &s->vocabulary, e);
    cJSON_Delete(json);
    return code;
}

static enum err_code read_holdout(struct snapshot *s, const struct st_file *f, struct err *e)
{
    const char *text = st_metadata(f, "holdout");
    char *end = NULL;
    unsigned long long n = text ? strtoull(text, &end, 10) : 0;
    if (!text || end == text || *end || text[0] == '-' || n >= s->n_rows)
        return err_set(e, ERR_PARSE, "metadata \"holdout\": expected 0 to %zu, got \"%.32s\"",
                       s->n_rows - 1, text ? text : "nothing");
    s->n_holdout = (size_t)n;
    return ERR_OK;
}

static enum err_code check_label(const struct snapshot *s, size_t row, struct err *e)
{
    double y = s->labels[row], n = (double)s->schema->n_classes;
    if (s->schema->label_kind == LABEL_REGRESSION) {
        if (!isfinite(y))
            return err_set(e, ERR_INVALID, "y, row %zu: label %s is %g, expected a finite number",
                           row, s->schema->label, y);
    } else if (!(y >= 0 && y < n && y == floor(y))) {
        return err_set(e, ERR_INVALID, "y, row %zu: label %s is %g, expected a class of 0 to %g",
                       row, s->schema->label, y, n - 1);
    }
    return ERR_OK;
}

static enum err_code read_labels(struct snapshot *s, const struct st_file *f, struct err *e)
{
    const int64_t any = -1;
    const struct st_tensor *y, *time;
    enum err_code code = st_need(f, "y", ST_F64, 1, &any, &y, e);
    if (!code && y->n_elements == 0)
        code = err_set(e, ERR_INVALID, "the snapshot has no rows");
    if (!code)
        code = st_need(f, "time", ST_I64, 1, y->shape, &time, e);
    if (code)
        return code;
    s->n_rows = (size_t)y->n_elements;
    s->labels = malloc(y->size_bytes);
    s->time_unix_ms = malloc(time->size_bytes);
    if (!s->labels || !s->time_unix_ms)
        return err_set(e, ERR_NOMEM, "out of memory for %zu labels", s->n_rows);
    memcpy(s->labels, y->data, y->size_bytes);
    memcpy(s->time_unix_ms, time->data, time->size_bytes);
    for (size_t i = 0; !code && i < s->n_rows; i++) {
        if (i > 0 && s->time_unix_ms[i] < s->time_unix_ms[i - 1])
            return err_set(e, ERR_INVALID, "time, row %zu: %lld is before the row before it, %lld",
                           i, (long long)s->time_unix_ms[i], (long long)s->time_unix_ms[i - 1]);
        code = check_label(s, i, e);
    }
    return code;
}

static enum err_code fill_categorical(struct snapshot *s, size_t f, const struct st_tensor *t,
                                      struct err *e)
{
    const int32_t *codes = t->data;
    int64_t n = (int64_t)vocabulary_size(s->vocabulary, f);
    for (size_t i = 0; i < s->n_rows; i++) {
        if (codes[i] < -1 || codes[i] >= n)
            return err_set(e, ERR_INVALID, "%s, row %zu: category %d, expected -1 to %lld", t->name,
                           i, codes[i], (long long)n - 1);
        s->codes[i * s->schema->n_features + f] = codes[i] < 0 ? NAN : codes[i];
    }
    return ERR_OK;
}

static enum err_code read_feature(struct snapshot *s, const struct st_file *file, size_t f,
                                  struct err *e)
{
    const struct feature *feature = &s->schema->features[f];
    const int64_t n = (int64_t)s->n_rows;
    const struct st_tensor *t;
    char name[SCHEMA_NAME_BYTES + 2];
    snprintf(name, sizeof name, "x/%s", feature->name);
    bool numeric = feature->kind == FEATURE_NUMERIC;
    enum err_code code = st_need(file, name, numeric ? ST_F64 : ST_I32, 1, &n, &t, e);
    if (code || !numeric)
        return code ? code : fill_categorical(s, f, t, e);
    for (size_t i = 0; i < s->n_rows; i++)
        s->codes[i * s->schema->n_features + f] = ((const double *)t->data)[i];
    return ERR_OK;
}

static enum err_code read_features(struct snapshot *s, const struct st_file *file, struct err *e)
{
    size_t n = s->schema->n_features;
    enum err_code code = ERR_OK;
    if (s->n_rows > SIZE_MAX / sizeof(double) / n ||
        !(s->codes = malloc(s->n_rows * n * sizeof(double))))
        return err_set(e, ERR_NOMEM, "out of memory for %zu rows of %zu features", s->n_rows, n);
    for (size_t f = 0; !code && f < n; f++) {
        if (!s->schema->features[f].pii)
            code = read_feature(s, file, f, e);
        else
            for (size_t i = 0; i < s->n_rows; i++)
                s->codes[i * n + f] = NAN;
    }
    return code;
}

static enum err_code read_all(struct snapshot *s, const struct st_file *f, struct err *e)
{
    enum err_code code = read_schema(s, f, e);
    if (!code)
        code = read_vocabulary(s, f, e);
    if (!code)
        code = read_labels(s, f, e);
    if (!code)
        code = read_holdout(s, f, e);
    if (!code)
        code = read_features(s, f, e);
    if (!code && st_metadata(f, "lineage"))
        code = st_json_get(f, "lineage", &s->lineage, e);
    return code;
}

enum err_code snapshot_load(const char *path, const char *expected_sha256, struct snapshot **out,
                            struct err *e)
{
    struct st_file *f = NULL;
    struct snapshot *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(e, ERR_NOMEM, "out of memory to load a snapshot");
    enum err_code code = st_check_sha256(path, expected_sha256, s->sha256, e);
    if (!code)
        code = st_open(path, &f, e);
    if (!code) {
        code = read_all(s, f, e);
        if (code)
            err_prefix(e, "%s", path);
    }
    st_close(f);
    if (code)
        snapshot_free(s);
    else
        *out = s;
    return code;
}
