/*
 * vocabulary.c - one text map a feature; encoding turns columns of raw values into rows of doubles.
 */
#include "model/vocabulary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text_map.h"

struct vocabulary {
    size_t n_features;
    struct text_map maps[]; /* empty for numeric and pii features */
};

static bool is_encoded(const struct feature *f)
{
    return f->kind == FEATURE_CATEGORICAL && !f->pii;
}

static struct vocabulary *vocabulary_alloc(size_t n_features)
{
    struct vocabulary *v = calloc(1, sizeof *v + n_features * sizeof v->maps[0]);
    if (v)
        v->n_features = n_features;
    return v;
}

void vocabulary_free(struct vocabulary *v)
{
    if (!v)
        return;
    for (size_t f = 0; f < v->n_features; f++)
        text_map_deinit(&v->maps[f]);
    free(v);
}

static enum err_code add_category(struct text_map *map, const struct feature *f, const char *text,
                                  struct err *e)
{
    size_t len = strlen(text);
    if (map->n == SCHEMA_MAX_CATEGORIES)
        return err_set(e, ERR_LIMIT, "feature %s: more than %d categories", f->name,
                       SCHEMA_MAX_CATEGORIES);
    if (len >= SCHEMA_CATEGORY_BYTES)
        return err_set(e, ERR_INVALID, "feature %s: a category of %zu bytes, expected at most %d",
                       f->name, len, SCHEMA_CATEGORY_BYTES - 1);
    if (text_map_find(map, text, len) >= 0)
        return err_set(e, ERR_INVALID, "feature %s: category \"%.64s\" is given twice", f->name,
                       text);
    if (text_map_add(map, text, len) < 0)
        return err_set(e, ERR_NOMEM, "out of memory for the categories of %s", f->name);
    return ERR_OK;
}

enum err_code vocabulary_new(const struct schema *s, const char *const *const *categories,
                             const size_t *n_categories, struct vocabulary **out, struct err *e)
{
    struct vocabulary *v = vocabulary_alloc(s->n_features);
    enum err_code code = v ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory for a vocabulary");
    for (size_t f = 0; !code && f < s->n_features; f++) {
        if (!is_encoded(&s->features[f]))
            continue;
        for (size_t i = 0; !code && i < n_categories[f]; i++)
            code = add_category(&v->maps[f], &s->features[f], categories[f][i], e);
    }
    if (code)
        vocabulary_free(v);
    else
        *out = v;
    return code;
}

size_t vocabulary_size(const struct vocabulary *v, size_t feature)
{
    return v->maps[feature].n;
}

const char *vocabulary_text(const struct vocabulary *v, size_t feature, size_t code)
{
    return v->maps[feature].texts[code];
}

int vocabulary_code(const struct vocabulary *v, size_t feature, const char *s, size_t len)
{
    return text_map_find(&v->maps[feature], s, len);
}

static double encode_number(const struct feature *f, double value)
{
    return f->pii && !isnan(value) ? CODE_PRESENT : value;
}

static double encode_text(const struct vocabulary *v, size_t feature, bool pii, struct text text)
{
    if (!text.s)
        return NAN;
    if (pii)
        return CODE_PRESENT;
    int code = text_map_find(&v->maps[feature], text.s, text.len);
    return code < 0 ? CODE_UNSEEN : code;
}

void vocabulary_encode(const struct vocabulary *v, const struct schema *s, const struct rows *rows,
                       double *codes)
{
    size_t n = s->n_features;
    for (size_t f = 0; f < n; f++) {
        const struct feature *feature = &s->features[f];
        const struct column *c = &rows->columns[f];
        if (feature->kind == FEATURE_NUMERIC)
            for (size_t i = 0; i < rows->n_rows; i++)
                codes[i * n + f] = encode_number(feature, c->numbers[i]);
        else
            for (size_t i = 0; i < rows->n_rows; i++)
                codes[i * n + f] = encode_text(v, f, feature->pii, c->texts[i]);
    }
}

cJSON *vocabulary_to_json(const struct vocabulary *v, const struct schema *s)
{
    cJSON *json = cJSON_CreateObject();
    for (size_t f = 0; json && f < s->n_features; f++) {
        if (!is_encoded(&s->features[f]))
            continue;
        const struct text_map *map = &v->maps[f];
        cJSON *texts = cJSON_CreateStringArray((const char *const *)map->texts, (int)map->n);
        if (!texts || !cJSON_AddItemToObject(json, s->features[f].name, texts)) {
            cJSON_Delete(texts);
            cJSON_Delete(json);
            return NULL;
        }
    }
    return json;
}

static enum err_code read_feature(struct text_map *map, const struct feature *f, const cJSON *json,
                                  struct err *e)
{
    const cJSON *texts = cJSON_GetObjectItemCaseSensitive(json, f->name), *item;
    if (!cJSON_IsArray(texts))
        return err_set(e, ERR_INVALID, "vocabulary: expected an array of texts for feature %s",
                       f->name);
    enum err_code code = ERR_OK;
    cJSON_ArrayForEach(item, texts)
    {
        if (!code && !cJSON_IsString(item))
            code = err_set(e, ERR_INVALID, "vocabulary: feature %s has a category that is no text",
                           f->name);
        if (!code)
            code = add_category(map, f, item->valuestring, e);
    }
    return code;
}

enum err_code vocabulary_from_json(const cJSON *json, const struct schema *s,
                                   struct vocabulary **out, struct err *e)
{
    if (!cJSON_IsObject(json))
        return err_set(e, ERR_INVALID, "vocabulary: expected an object");
    struct vocabulary *v = vocabulary_alloc(s->n_features);
    enum err_code code = v ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory for a vocabulary");
    size_t n_read = 0;
    for (size_t f = 0; !code && f < s->n_features; f++) {
        if (!is_encoded(&s->features[f]))
            continue;
        code = read_feature(&v->maps[f], &s->features[f], json, e);
        n_read++;
    }
    if (!code && n_read != (size_t)cJSON_GetArraySize(json))
        code = err_set(e, ERR_INVALID,
                       "vocabulary: %d entries, but the schema has %zu categorical features",
                       cJSON_GetArraySize(json), n_read);
    if (code)
        vocabulary_free(v);
    else
        *out = v;
    return code;
}
