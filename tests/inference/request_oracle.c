/*
 * request_oracle.c - the V2 request over cJSON.
 */
#include "request_oracle.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends the leaves of nested arrays in row-major order; false where an array has another size
 * than the shape says. level counts from 0. */
static bool flatten(const cJSON *data, const double *shape, int n_dims, int level,
                    const cJSON **leaves, size_t max, size_t *n)
{
    if (!cJSON_IsArray(data)) {
        return false;
    }
    bool nested = cJSON_IsArray(data->child);
    double below = 1;
    for (int i = level + 1; i < n_dims; i++) {
        below *= shape[i];
    }
    double want = nested ? shape[level] : shape[level] * below;
    if (cJSON_GetArraySize(data) != want || (nested && level + 1 >= n_dims)) {
        return false;
    }
    for (const cJSON *item = data->child; item; item = item->next) {
        if (nested) {
            if (!flatten(item, shape, n_dims, level + 1, leaves, max, n)) {
                return false;
            }
        } else if (*n == max || cJSON_IsArray(item) || cJSON_IsObject(item)) {
            return false;
        } else {
            leaves[(*n)++] = item;
        }
    }
    return true;
}

static bool whole_in_range(double v, double low, double high)
{
    return v == floor(v) && v >= low && v <= high;
}

static bool type_takes(const char *type, const cJSON *leaf)
{
    if (cJSON_IsNull(leaf)) {
        return true;
    }
    if (strcmp(type, "BYTES") == 0) {
        return cJSON_IsString(leaf);
    }
    if (strcmp(type, "BOOL") == 0) {
        return cJSON_IsBool(leaf) ||
               (cJSON_IsNumber(leaf) && (leaf->valuedouble == 0 || leaf->valuedouble == 1));
    }
    if (!cJSON_IsNumber(leaf) || !isfinite(leaf->valuedouble)) {
        return false;
    }
    const char *digits = strpbrk(type, "0123456789");
    int bits = digits ? atoi(digits) : 0;
    if (bits != 8 && bits != 16 && bits != 32 && bits != 64) {
        return false;
    }
    double span = pow(2, bits), v = leaf->valuedouble; /* the largest double below the end */
    if (strncmp(type, "INT", 3) == 0) {
        return whole_in_range(v, -span / 2, nextafter(span / 2, 0));
    }
    if (strncmp(type, "UINT", 4) == 0) {
        return whole_in_range(v, 0, nextafter(span, 0));
    }
    return strncmp(type, "FP", 2) == 0 && bits > 8;
}

static bool put_number(const cJSON *leaf, double *out)
{
    char *rest;
    if (cJSON_IsNull(leaf) || (cJSON_IsString(leaf) && !*leaf->valuestring)) {
        *out = NAN;
    } else if (cJSON_IsString(leaf)) {
        *out = strtod(leaf->valuestring, &rest);
        return !*rest && isfinite(*out) && !strpbrk(leaf->valuestring, "xXnN \t\n\r\f\v+");
    } else {
        *out = cJSON_IsBool(leaf) ? cJSON_IsTrue(leaf) : leaf->valuedouble;
    }
    return true;
}

static char *category(const char *type, const cJSON *leaf)
{
    char text[32];
    if (cJSON_IsNull(leaf)) {
        return NULL;
    }
    if (cJSON_IsString(leaf)) {
        return *leaf->valuestring ? strdup(leaf->valuestring) : NULL;
    }
    if (strcmp(type, "BOOL") == 0) {
        return strdup(cJSON_IsTrue(leaf) || leaf->valuedouble == 1 ? "true" : "false");
    }
    text[rows_number_text(leaf->valuedouble, text)] = '\0';
    return strdup(text);
}

static bool put_tensor(const cJSON *tensor, const struct schema *schema, struct oracle_rows *out,
                       bool *given)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(tensor, "name");
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(tensor, "datatype");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(tensor, "shape");
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(tensor, "data");
    if (!cJSON_IsString(name) || !cJSON_IsString(type) || !cJSON_IsArray(shape)) {
        return false;
    }
    int n_dims = cJSON_GetArraySize(shape);
    int feature = schema_find_feature(schema, name->valuestring);
    double sizes[2] = {0, 1};
    if (feature < 0 || given[feature] || n_dims < 1 || n_dims > 2) {
        return false;
    }
    for (int i = 0; i < n_dims; i++) {
        const cJSON *size = cJSON_GetArrayItem(shape, i);
        if (!cJSON_IsNumber(size)) {
            return false;
        }
        sizes[i] = size->valuedouble;
    }
    if (sizes[1] != 1 || sizes[0] < 1 || sizes[0] != floor(sizes[0]) || sizes[0] > 1e6 ||
        (out->n_rows && sizes[0] != (double)out->n_rows)) {
        return false;
    }
    size_t n_rows = (size_t)sizes[0], n = 0;
    if (!out->n_rows) {
        out->n_rows = n_rows;
        out->numbers = calloc(n_rows * schema->n_features, sizeof *out->numbers);
        out->texts = calloc(n_rows * schema->n_features, sizeof *out->texts);
    }
    const cJSON **leaves = calloc(n_rows, sizeof *leaves);
    bool good = flatten(data, sizes, n_dims, 0, leaves, n_rows, &n) && n == n_rows;
    for (size_t i = 0; good && i < n; i++) {
        size_t at = (size_t)feature * n_rows + i;
        good = type_takes(type->valuestring, leaves[i]);
        if (good && schema->features[feature].kind == FEATURE_NUMERIC) {
            good = put_number(leaves[i], &out->numbers[at]);
        } else if (good) {
            out->texts[at] = category(type->valuestring, leaves[i]);
        }
    }
    given[feature] = true;
    free(leaves);
    return good;
}

bool oracle_read(const char *json, size_t len, const struct schema *schema, struct oracle_rows *out)
{
    *out = (struct oracle_rows){0};
    const char *end;
    cJSON *root = cJSON_ParseWithLengthOpts(json, len, &end, false);
    while (root && end < json + len && strchr(" \t\r\n", *end) && *end) {
        end++;
    }
    bool *given = calloc(schema->n_features, sizeof *given);
    const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(root, "inputs");
    bool good = root && end == json + len && cJSON_IsObject(root) && cJSON_IsArray(inputs);
    for (const cJSON *t = good ? inputs->child : NULL; good && t; t = t->next) {
        good = put_tensor(t, schema, out, given);
    }
    for (size_t f = 0; f < schema->n_features; f++) {
        good = good && given[f];
    }
    free(given);
    cJSON_Delete(root);
    if (!good) {
        oracle_free(out, schema);
    }
    return good;
}

void oracle_free(struct oracle_rows *o, const struct schema *schema)
{
    for (size_t i = 0; o->texts && i < schema->n_features * o->n_rows; i++) {
        free(o->texts[i]);
    }
    free(o->texts);
    free(o->numbers);
    *o = (struct oracle_rows){0};
}

const char *oracle_compare(const struct oracle_rows *o, const struct schema *schema,
                           const struct rows *rows)
{
    static char text[256];
    if (o->n_rows != rows->n_rows) {
        snprintf(text, sizeof text, "oracle has %zu rows, reader %zu", o->n_rows, rows->n_rows);
        return text;
    }
    for (size_t f = 0; f < schema->n_features; f++) {
        for (size_t i = 0; i < o->n_rows; i++) {
            double want = o->numbers[f * o->n_rows + i];
            const char *want_text = o->texts[f * o->n_rows + i];
            if (schema->features[f].kind == FEATURE_NUMERIC) {
                double got = rows->columns[f].numbers[i];
                if (got != want && !(isnan(got) && isnan(want))) {
                    snprintf(text, sizeof text, "feature %zu row %zu: oracle %.17g, reader %.17g",
                             f, i, want, got);
                    return text;
                }
                continue;
            }
            struct text got = rows->columns[f].texts[i];
            if (!want_text != !got.s || (got.s && (strlen(want_text) != got.len ||
                                                   memcmp(want_text, got.s, got.len) != 0))) {
                snprintf(text, sizeof text, "feature %zu row %zu: oracle \"%s\", reader \"%.*s\"",
                         f, i, want_text ? want_text : "(missing)", (int)got.len,
                         got.s ? got.s : "");
                return text;
            }
        }
    }
    return NULL;
}
