/*
 * schema_read.c - a schema from JSON. Every error names the path of what it is about and the value
 * seen.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "model/rows.h"
#include "model/schema.h"
#include "base/text_map.h"

static enum err_code prefixed(struct err *e, const char *path, enum err_code code)
{
    err_prefix(e, "%s", path);
    return code;
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static enum err_code check_name(const char *path, const char *name, struct err *e)
{
    size_t len = strlen(name);
    if (len == 0 || len >= SCHEMA_NAME_BYTES)
        return err_set(e, ERR_INVALID, "%s: expected 1 to %d bytes, got %zu", path,
                       SCHEMA_NAME_BYTES - 1, len);
    if (has_control(name))
        return err_set(e, ERR_INVALID, "%s: expected text without control characters", path);
    return ERR_OK;
}

static enum err_code read_name(const cJSON *node, const char *path, char out[SCHEMA_NAME_BYTES],
                               struct err *e)
{
    const char *name;
    enum err_code code = json_get_string(node, "name", &name, e);
    if (code)
        return prefixed(e, path, code);
    char full[64];
    snprintf(full, sizeof full, "%s.name", path);
    code = check_name(full, name, e);
    if (!code)
        memcpy(out, name, strlen(name) + 1);
    return code;
}

static enum err_code read_model(struct schema *s, const cJSON *json, struct err *e)
{
    const char *name;
    enum err_code code = json_get_string(json, "model", &name, e);
    if (!code)
        code = check_name("model", name, e);
    if (code)
        return code;
    size_t ok = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    if (name[ok] || name[0] == '.')
        return err_set(e, ERR_INVALID,
                       "model: expected letters, digits, '_', '.' and '-', not starting with '.', "
                       "got \"%s\"",
                       name);
    memcpy(s->model, name, strlen(name) + 1);
    return ERR_OK;
}

/* YAML turns `classes: [0, 1]` and `[true, false]` into numbers and booleans: taken as their text.
 */
static const char *text_of(const cJSON *item, char room[32])
{
    if (cJSON_IsString(item))
        return item->valuestring;
    if (cJSON_IsBool(item))
        return cJSON_IsTrue(item) ? "true" : "false";
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
        return NULL;
    rows_number_text(item->valuedouble, room);
    return room;
}

/* An array of distinct texts at most max long. */
static enum err_code read_texts(const cJSON *array, const char *path, size_t max, size_t max_bytes,
                                char ***out, size_t *n_out, struct err *e)
{
    size_t n = (size_t)cJSON_GetArraySize(array), done = 0;
    if (!cJSON_IsArray(array) || n > max)
        return err_set(e, ERR_INVALID, "%s: expected an array of at most %zu texts", path, max);
    struct text_map seen = TEXT_MAP_INIT;
    char **texts = calloc(n + 1, sizeof *texts);
    enum err_code code = texts ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        char room[32];
        const char *text = code ? NULL : text_of(item, room);
        if (code)
            break;
        if (!text || strlen(text) >= max_bytes || has_control(text))
            code = err_set(e, ERR_INVALID, "%s[%zu]: expected a text of at most %zu bytes", path,
                           done, max_bytes - 1);
        else if (text_map_find(&seen, text, strlen(text)) >= 0)
            code = err_set(e, ERR_INVALID, "%s[%zu]: \"%s\" is given twice", path, done, text);
        else if (text_map_add(&seen, text, strlen(text)) < 0 || !(texts[done] = strdup(text)))
            code = err_set(e, ERR_NOMEM, "out of memory");
        else
            done++;
    }
    text_map_deinit(&seen);
    if (code) {
        for (size_t i = 0; i < done; i++)
            free(texts[i]);
        free(texts);
        return code;
    }
    *out = texts;
    *n_out = n;
    return ERR_OK;
}

static enum err_code read_impute(struct feature *f, const cJSON *t, const char *path, struct err *e)
{
    const cJSON *impute = json_at(t, "impute");
    if (!impute)
        return ERR_OK;
    if (cJSON_IsNumber(impute) && isfinite(impute->valuedouble)) {
        f->impute = IMPUTE_CONSTANT;
        f->impute_value = impute->valuedouble;
    } else if (cJSON_IsString(impute) && strcmp(impute->valuestring, "median") == 0) {
        f->impute = IMPUTE_MEDIAN;
    } else if (cJSON_IsString(impute) && strcmp(impute->valuestring, "mean") == 0) {
        f->impute = IMPUTE_MEAN;
    } else {
        return err_set(e, ERR_INVALID,
                       "%s.transform.impute: expected \"median\", \"mean\" or a number", path);
    }
    return ERR_OK;
}

static enum err_code read_clip(struct feature *f, const cJSON *t, const char *path, struct err *e)
{
    const cJSON *clip = json_at(t, "clip");
    if (!clip || cJSON_IsNull(clip))
        return ERR_OK;
    const cJSON *low = cJSON_GetArrayItem(clip, 0), *high = cJSON_GetArrayItem(clip, 1);
    if (!cJSON_IsArray(clip) || cJSON_GetArraySize(clip) != 2 || !cJSON_IsNumber(low) ||
        !cJSON_IsNumber(high) || !(low->valuedouble < high->valuedouble) ||
        !isfinite(low->valuedouble) || !isfinite(high->valuedouble))
        return err_set(e, ERR_INVALID,
                       "%s.transform.clip: expected [low, high], two numbers with low < high",
                       path);
    f->has_clip = true;
    f->clip_low = low->valuedouble;
    f->clip_high = high->valuedouble;
    return ERR_OK;
}

static enum err_code read_transform(struct feature *f, const cJSON *node, const char *path,
                                    struct err *e)
{
    static const char *const keys[] = {"impute", "log1p", "clip", "standardise", NULL};
    const cJSON *t = json_at(node, "transform");
    if (!t)
        return ERR_OK;
    enum err_code code = json_only_keys(node, "transform", keys, e);
    if (!code)
        code = json_opt_bool(node, "transform.log1p", &f->log1p, e);
    if (!code)
        code = json_opt_bool(node, "transform.standardise", &f->standardise, e);
    if (code)
        return prefixed(e, path, code);
    code = read_impute(f, t, path, e);
    return code ? code : read_clip(f, t, path, e);
}

static enum err_code read_kind(struct feature *f, const cJSON *node, const char *path,
                               struct err *e)
{
    const char *type;
    enum err_code code = json_get_string(node, "type", &type, e);
    if (code)
        return prefixed(e, path, code);
    if (strcmp(type, "numeric") == 0)
        f->kind = FEATURE_NUMERIC;
    else if (strcmp(type, "categorical") == 0)
        f->kind = FEATURE_CATEGORICAL;
    else
        return err_set(e, ERR_INVALID,
                       "%s.type: expected \"numeric\" or \"categorical\", got \"%s\"", path, type);
    return ERR_OK;
}

static enum err_code read_categories(struct feature *f, const cJSON *node, const char *path,
                                     struct err *e)
{
    const cJSON *categories = json_at(node, "categories");
    if (!categories)
        return ERR_OK;
    char full[64];
    snprintf(full, sizeof full, "%s.categories", path);
    return read_texts(categories, full, SCHEMA_MAX_CATEGORIES, SCHEMA_CATEGORY_BYTES,
                      &f->categories, &f->n_categories, e);
}

static enum err_code read_feature(struct feature *f, const cJSON *node, size_t i, struct err *e)
{
    static const char *const numeric[] = {"name", "type", "pii", "transform", NULL};
    static const char *const categorical[] = {"name", "type", "pii", "categories", NULL};
    char path[32];
    snprintf(path, sizeof path, "features[%zu]", i);
    f->standardise = true;
    enum err_code code = read_name(node, path, f->name, e);
    if (!code)
        code = read_kind(f, node, path, e);
    if (code)
        return code;
    code = json_only_keys(node, NULL, f->kind == FEATURE_NUMERIC ? numeric : categorical, e);
    if (!code)
        code = json_opt_bool(node, "pii", &f->pii, e);
    if (code)
        return prefixed(e, path, code);
    return f->kind == FEATURE_NUMERIC ? read_transform(f, node, path, e)
                                      : read_categories(f, node, path, e);
}

static enum err_code check_distinct(const struct schema *s, struct err *e)
{
    struct text_map seen = TEXT_MAP_INIT;
    enum err_code code = ERR_OK;
    for (size_t i = 0; !code && i < s->n_features; i++) {
        const char *name = s->features[i].name;
        int before = text_map_find(&seen, name, strlen(name));
        if (before >= 0)
            code = err_set(e, ERR_INVALID, "features[%zu].name: \"%s\" is features[%d] already", i,
                           name, before);
        else if (text_map_add(&seen, name, strlen(name)) < 0)
            code = err_set(e, ERR_NOMEM, "out of memory");
    }
    if (!code && text_map_find(&seen, s->label, strlen(s->label)) >= 0)
        code = err_set(e, ERR_INVALID, "label.name: \"%s\" is a feature, too", s->label);
    if (!code && (strcmp(s->time.name, s->label) == 0 ||
                  text_map_find(&seen, s->time.name, strlen(s->time.name)) >= 0))
        code = err_set(e, ERR_INVALID, "time.name: \"%s\" is a feature or the label, too",
                       s->time.name);
    text_map_deinit(&seen);
    return code;
}

static enum err_code read_features(struct schema *s, const cJSON *json, struct err *e)
{
    const cJSON *array, *node;
    enum err_code code = json_get_array(json, "features", &array, e);
    if (code)
        return code;
    size_t n = (size_t)cJSON_GetArraySize(array), i = 0;
    if (n == 0 || n > SCHEMA_MAX_FEATURES)
        return err_set(e, ERR_INVALID, "features: expected 1 to %d features, got %zu",
                       SCHEMA_MAX_FEATURES, n);
    s->features = calloc(n, sizeof *s->features);
    if (!s->features)
        return err_set(e, ERR_NOMEM, "out of memory for %zu features", n);
    s->n_features = n;
    cJSON_ArrayForEach(node, array)
    {
        code = read_feature(&s->features[i], node, i, e);
        if (code)
            return code;
        i++;
    }
    return ERR_OK;
}

static enum err_code read_label_kind(struct schema *s, const cJSON *label, struct err *e)
{
    const char *type;
    enum err_code code = json_get_string(label, "type", &type, e);
    if (code)
        return prefixed(e, "label", code);
    for (int k = LABEL_BINARY; k <= LABEL_REGRESSION; k++)
        if (strcmp(type, label_kind_name((enum label_kind)k)) == 0) {
            s->label_kind = (enum label_kind)k;
            return ERR_OK;
        }
    return err_set(e, ERR_INVALID,
                   "label.type: expected \"binary\", \"multiclass\" or \"regression\", got \"%s\"",
                   type);
}

static enum err_code read_classes(struct schema *s, const cJSON *label, struct err *e)
{
    const cJSON *classes = json_at(label, "classes");
    if (!classes)
        return ERR_OK;
    if (s->label_kind == LABEL_REGRESSION)
        return err_set(e, ERR_INVALID, "label.classes: a regression has no classes");
    enum err_code code = read_texts(classes, "label.classes", SCHEMA_MAX_CLASSES, SCHEMA_NAME_BYTES,
                                    &s->classes, &s->n_classes, e);
    if (code)
        return code;
    if (s->label_kind == LABEL_BINARY ? s->n_classes != 2 : s->n_classes < 2)
        return err_set(e, ERR_INVALID, "label.classes: expected %s, got %zu",
                       s->label_kind == LABEL_BINARY ? "2 classes" : "2 classes or more",
                       s->n_classes);
    return ERR_OK;
}

static enum err_code read_label(struct schema *s, const cJSON *json, struct err *e)
{
    static const char *const keys[] = {"name", "type", "classes", NULL};
    const cJSON *label;
    enum err_code code = json_get_object(json, "label", &label, e);
    if (!code)
        code = json_only_keys(json, "label", keys, e);
    if (!code)
        code = read_name(label, "label", s->label, e);
    if (!code)
        code = read_label_kind(s, label, e);
    return code ? code : read_classes(s, label, e);
}

static enum err_code read_time(struct schema *s, const cJSON *json, struct err *e)
{
    static const char *const keys[] = {"name", "format", NULL};
    const cJSON *time = json_at(json, "time");
    const char *format;
    if (!time || cJSON_IsNull(time))
        return ERR_OK;
    enum err_code code = json_get_object(json, "time", &time, e);
    if (!code)
        code = json_only_keys(json, "time", keys, e);
    if (!code)
        code = read_name(time, "time", s->time.name, e);
    if (!code)
        code = json_get_string(json, "time.format", &format, e);
    if (!code && !time_format_from_name(format, &s->time.format))
        code = err_set(e, ERR_INVALID,
                       "time.format: expected \"unix\", \"unix_ms\" or \"iso8601\", got \"%s\"",
                       format);
    return code;
}

enum err_code schema_from_json(const cJSON *json, struct schema **out, struct err *e)
{
    static const char *const keys[] = {"model", "features", "label", "time", NULL};
    if (!cJSON_IsObject(json))
        return err_set(e, ERR_INVALID, "schema: expected an object");
    struct schema *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(e, ERR_NOMEM, "out of memory for a schema");
    enum err_code code = json_only_keys(json, NULL, keys, e);
    if (!code)
        code = read_model(s, json, e);
    if (!code)
        code = read_features(s, json, e);
    if (!code)
        code = read_label(s, json, e);
    if (!code)
        code = read_time(s, json, e);
    if (!code)
        code = check_distinct(s, e);
    if (code) {
        schema_free(s);
        return code;
    }
    *out = s;
    return ERR_OK;
}
