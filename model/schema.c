/*
 * schema.c - a schema's life, look-ups, and its way back to JSON. schema_read.c reads one.
 */
#include "model/schema.h"

#include <stdlib.h>
#include <string.h>

static void free_texts(char **texts, size_t n)
{
    for (size_t i = 0; texts && i < n; i++)
        free(texts[i]);
    free(texts);
}

void schema_free(struct schema *s)
{
    if (!s)
        return;
    for (size_t i = 0; s->features && i < s->n_features; i++)
        free_texts(s->features[i].categories, s->features[i].n_categories);
    free(s->features);
    free_texts(s->classes, s->n_classes);
    free(s);
}

/* NULL on out of memory; n == 0 gives an empty array, so that NULL always means failure. */
static char **copy_texts(char *const *texts, size_t n)
{
    char **copy = calloc(n + 1, sizeof *copy);
    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = strdup(texts[i]);
        if (!copy[i]) {
            free_texts(copy, i);
            return NULL;
        }
    }
    return copy;
}

struct schema *schema_copy(const struct schema *s)
{
    struct schema *copy = malloc(sizeof *copy);
    if (!copy)
        return NULL;
    *copy = *s;
    copy->features = calloc(s->n_features + 1, sizeof *copy->features);
    copy->classes = copy_texts(s->classes, s->n_classes);
    if (!copy->features || !copy->classes)
        goto fail;
    for (size_t i = 0; i < s->n_features; i++) {
        const struct feature *from = &s->features[i];
        copy->features[i] = *from;
        copy->features[i].categories = copy_texts(from->categories, from->n_categories);
        if (!copy->features[i].categories) {
            memset(&copy->features[i], 0, sizeof copy->features[i]);
            goto fail;
        }
    }
    return copy;
fail:
    schema_free(copy);
    return NULL;
}

int schema_find_feature(const struct schema *s, const char *name)
{
    for (size_t i = 0; i < s->n_features; i++)
        if (strcmp(s->features[i].name, name) == 0)
            return (int)i;
    return -1;
}

int schema_find_class(const struct schema *s, const char *name)
{
    for (size_t i = 0; i < s->n_classes; i++)
        if (strcmp(s->classes[i], name) == 0)
            return (int)i;
    return -1;
}

size_t schema_n_outputs(const struct schema *s)
{
    return s->label_kind == LABEL_MULTICLASS ? s->n_classes : 1;
}

const char *feature_kind_name(enum feature_kind k)
{
    switch (k) {
    case FEATURE_NUMERIC:
        return "numeric";
    case FEATURE_CATEGORICAL:
        return "categorical";
    }
    return "?";
}

const char *label_kind_name(enum label_kind k)
{
    switch (k) {
    case LABEL_BINARY:
        return "binary";
    case LABEL_MULTICLASS:
        return "multiclass";
    case LABEL_REGRESSION:
        return "regression";
    }
    return "?";
}

static bool add_texts(cJSON *object, const char *key, char *const *texts, size_t n)
{
    cJSON *array = cJSON_AddArrayToObject(object, key);
    for (size_t i = 0; array && i < n; i++)
        if (!cJSON_AddItemToArray(array, cJSON_CreateString(texts[i])))
            return false;
    return array != NULL;
}

static bool add_impute(cJSON *t, const struct feature *f)
{
    switch (f->impute) {
    case IMPUTE_MEDIAN:
        return cJSON_AddStringToObject(t, "impute", "median");
    case IMPUTE_MEAN:
        return cJSON_AddStringToObject(t, "impute", "mean");
    case IMPUTE_CONSTANT:
        return cJSON_AddNumberToObject(t, "impute", f->impute_value);
    }
    return false;
}

static bool add_transform(cJSON *object, const struct feature *f)
{
    cJSON *t = cJSON_AddObjectToObject(object, "transform");
    if (!t || !add_impute(t, f) || !cJSON_AddBoolToObject(t, "log1p", f->log1p))
        return false;
    if (f->has_clip) {
        const double limits[2] = {f->clip_low, f->clip_high};
        if (!cJSON_AddItemToObject(t, "clip", cJSON_CreateDoubleArray(limits, 2)))
            return false;
    }
    return cJSON_AddBoolToObject(t, "standardise", f->standardise);
}

static bool fill_feature(cJSON *object, const struct feature *f)
{
    if (!cJSON_AddStringToObject(object, "name", f->name) ||
        !cJSON_AddStringToObject(object, "type", feature_kind_name(f->kind)))
        return false;
    if (f->pii)
        return cJSON_AddTrueToObject(object, "pii");
    if (f->kind == FEATURE_NUMERIC)
        return add_transform(object, f);
    return f->n_categories == 0 || add_texts(object, "categories", f->categories, f->n_categories);
}

static bool fill_label(cJSON *root, const struct schema *s)
{
    cJSON *label = cJSON_AddObjectToObject(root, "label");
    if (!label || !cJSON_AddStringToObject(label, "name", s->label) ||
        !cJSON_AddStringToObject(label, "type", label_kind_name(s->label_kind)))
        return false;
    return s->n_classes == 0 || add_texts(label, "classes", s->classes, s->n_classes);
}

static bool fill_time(cJSON *root, const struct schema *s)
{
    if (!s->time.name[0])
        return true;
    cJSON *time = cJSON_AddObjectToObject(root, "time");
    return time && cJSON_AddStringToObject(time, "name", s->time.name) &&
           cJSON_AddStringToObject(time, "format", time_format_name(s->time.format));
}

cJSON *schema_to_json(const struct schema *s)
{
    cJSON *root = cJSON_CreateObject();
    if (!root || !cJSON_AddStringToObject(root, "model", s->model))
        goto fail;
    cJSON *features = cJSON_AddArrayToObject(root, "features");
    for (size_t i = 0; i < s->n_features; i++) {
        cJSON *feature = cJSON_CreateObject();
        if (!feature || !cJSON_AddItemToArray(features, feature)) {
            cJSON_Delete(feature);
            goto fail;
        }
        if (!fill_feature(feature, &s->features[i]))
            goto fail;
    }
    if (!fill_label(root, s) || !fill_time(root, s))
        goto fail;
    return root;
fail:
    cJSON_Delete(root);
    return NULL;
}
