/*
 * snapshot_build.c - a training set, collected row by row and written as one safetensors file.
 *
 * Categories and classes get their indices as they come; when the file is written they are put in
 * order (declared ones first, as declared; then sorted), so that the same rows give the same bytes
 * whatever came first.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "model/snapshot.h"
#include "st_json.h"
#include "base/text_map.h"

struct column_builder {
    double *numbers; /* numeric */
    int32_t *codes;  /* categorical: in the order the categories came */
    struct text_map categories;
};

struct snapshot_builder {
    struct schema *schema;
    size_t n_rows, cap;
    struct column_builder *columns;
    struct text_map classes;
    double *labels;
    int64_t *times;
};

void snapshot_builder_free(struct snapshot_builder *b)
{
    if (!b)
        return;
    for (size_t f = 0; b->columns && f < b->schema->n_features; f++) {
        free(b->columns[f].numbers);
        free(b->columns[f].codes);
        text_map_deinit(&b->columns[f].categories);
    }
    free(b->columns);
    text_map_deinit(&b->classes);
    free(b->labels);
    free(b->times);
    schema_free(b->schema);
    free(b);
}

static int declare(struct text_map *map, char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text_map_add(map, texts[i], strlen(texts[i])) < 0)
            return -1;
    return 0;
}

enum err_code snapshot_builder_new(const struct schema *s, struct snapshot_builder **out,
                                   struct err *e)
{
    struct snapshot_builder *b = calloc(1, sizeof *b);
    if (!b || !(b->schema = schema_copy(s)))
        goto fail;
    b->columns = calloc(s->n_features, sizeof *b->columns);
    if (!b->columns || declare(&b->classes, s->classes, s->n_classes) < 0)
        goto fail;
    for (size_t f = 0; f < s->n_features; f++) {
        const struct feature *feature = &s->features[f];
        if (declare(&b->columns[f].categories, feature->categories, feature->n_categories) < 0)
            goto fail;
    }
    *out = b;
    return ERR_OK;
fail:
    snapshot_builder_free(b);
    return err_set(e, ERR_NOMEM, "out of memory for a snapshot");
}

size_t snapshot_builder_rows(const struct snapshot_builder *b)
{
    return b->n_rows;
}

/* Makes *array hold cap items of item_bytes. */
static bool enlarge(void *array, size_t cap, size_t item_bytes)
{
    void **at = array, *bigger = realloc(*at, cap * item_bytes);
    if (bigger)
        *at = bigger;
    return bigger != NULL;
}

static enum err_code make_room(struct snapshot_builder *b, struct err *e)
{
    if (b->n_rows < b->cap)
        return ERR_OK;
    size_t cap = b->cap ? 2 * b->cap : 1024;
    bool ok =
        enlarge(&b->labels, cap, sizeof *b->labels) && enlarge(&b->times, cap, sizeof *b->times);
    for (size_t f = 0; ok && f < b->schema->n_features; f++) {
        struct column_builder *c = &b->columns[f];
        if (b->schema->features[f].pii)
            continue;
        ok = b->schema->features[f].kind == FEATURE_NUMERIC
                 ? enlarge(&c->numbers, cap, sizeof *c->numbers)
                 : enlarge(&c->codes, cap, sizeof *c->codes);
    }
    if (!ok)
        return err_set(e, ERR_NOMEM, "out of memory for a snapshot of %zu rows", cap);
    b->cap = cap;
    return ERR_OK;
}

static enum err_code add_text(struct snapshot_builder *b, size_t f, const char *text, struct err *e)
{
    struct column_builder *c = &b->columns[f];
    const char *name = b->schema->features[f].name;
    size_t len = text ? strlen(text) : 0;
    int code = text ? text_map_find(&c->categories, text, len) : -1;
    if (text && code < 0) {
        if (len >= SCHEMA_CATEGORY_BYTES)
            return err_set(e, ERR_INVALID,
                           "row %zu, feature %s: a category of %zu bytes, expected at most %d",
                           b->n_rows, name, len, SCHEMA_CATEGORY_BYTES - 1);
        if (c->categories.n >= SCHEMA_MAX_CATEGORIES)
            return err_set(e, ERR_LIMIT,
                           "row %zu, feature %s: more than %d categories; is it an identifier?",
                           b->n_rows, name, SCHEMA_MAX_CATEGORIES);
        code = text_map_add(&c->categories, text, len);
        if (code < 0)
            return err_set(e, ERR_NOMEM, "out of memory for the categories of %s", name);
    }
    c->codes[b->n_rows] = code;
    return ERR_OK;
}

/* A class that is not known yet: learnt, where the schema leaves the classes to the data. */
static enum err_code learn_class(struct snapshot_builder *b, const char *label, double *out,
                                 struct err *e)
{
    const struct schema *s = b->schema;
    size_t max = s->label_kind == LABEL_BINARY ? 2 : SCHEMA_MAX_CLASSES;
    if (s->n_classes)
        return err_set(e, ERR_INVALID,
                       "row %zu: label %s is \"%.64s\", which is none of its classes", b->n_rows,
                       s->label, label);
    if (strlen(label) == 0 || strlen(label) >= SCHEMA_NAME_BYTES)
        return err_set(e, ERR_INVALID, "row %zu: label %s has %zu bytes, expected 1 to %d",
                       b->n_rows, s->label, strlen(label), SCHEMA_NAME_BYTES - 1);
    if (b->classes.n == max)
        return err_set(e, ERR_INVALID,
                       "row %zu: label %s is \"%.64s\", its class %zu; a %s label has %zu",
                       b->n_rows, s->label, label, max + 1, label_kind_name(s->label_kind), max);
    int code = text_map_add(&b->classes, label, strlen(label));
    if (code < 0)
        return err_set(e, ERR_NOMEM, "out of memory for the classes of %s", s->label);
    *out = code;
    return ERR_OK;
}

static enum err_code read_label(struct snapshot_builder *b, const char *label, double *out,
                                struct err *e)
{
    if (!label)
        return err_set(e, ERR_INVALID, "row %zu: label %s is missing", b->n_rows, b->schema->label);
    if (b->schema->label_kind == LABEL_REGRESSION) {
        if (!csv_number(label, out) || !isfinite(*out))
            return err_set(e, ERR_INVALID, "row %zu: label %s is \"%.64s\", expected a number",
                           b->n_rows, b->schema->label, label);
        return ERR_OK;
    }
    int code = text_map_find(&b->classes, label, strlen(label));
    if (code < 0)
        return learn_class(b, label, out, e);
    *out = code;
    return ERR_OK;
}

enum err_code snapshot_builder_add(struct snapshot_builder *b, int64_t time_unix_ms,
                                   const struct snapshot_value *values, const char *label,
                                   struct err *e)
{
    double y = 0;
    if (b->n_rows > 0 && time_unix_ms < b->times[b->n_rows - 1])
        return err_set(e, ERR_INVALID, "row %zu: time %lld is before the row before it, %lld",
                       b->n_rows, (long long)time_unix_ms, (long long)b->times[b->n_rows - 1]);
    enum err_code code = make_room(b, e);
    if (!code)
        code = read_label(b, label, &y, e);
    for (size_t f = 0; !code && f < b->schema->n_features; f++) {
        if (b->schema->features[f].pii)
            continue;
        if (b->schema->features[f].kind == FEATURE_NUMERIC)
            b->columns[f].numbers[b->n_rows] = values[f].number;
        else
            code = add_text(b, f, values[f].text, e);
    }
    if (code)
        return code;
    b->labels[b->n_rows] = y;
    b->times[b->n_rows] = time_unix_ms;
    b->n_rows++;
    return ERR_OK;
}

struct ranked {
    const char *text;
    double number;
    size_t index;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct ranked *)a)->text, ((const struct ranked *)b)->text);
}

static int by_number(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return strcmp(x->text, y->text);
}

/* order[i]: which text of the map comes i-th. The first n_declared stay; the rest is sorted, as
 * numbers where all of it is ("9" before "10"). NULL: out of memory. */
static struct ranked *rank(const struct text_map *map, size_t n_declared)
{
    struct ranked *order = calloc(map->n + 1, sizeof *order);
    bool numbers = true;
    for (size_t i = 0; order && i < map->n; i++) {
        order[i] = (struct ranked){map->texts[i], 0, i};
        if (i >= n_declared)
            numbers =
                csv_number(map->texts[i], &order[i].number) && isfinite(order[i].number) && numbers;
    }
    if (order)
        qsort(order + n_declared, map->n - n_declared, sizeof *order,
              numbers ? by_number : by_text);
    return order;
}

static cJSON *texts_json(const struct ranked *order, size_t n)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; array && i < n; i++)
        if (!cJSON_AddItemToArray(array, cJSON_CreateString(order[i].text))) {
            cJSON_Delete(array);
            return NULL;
        }
    return array;
}

/* What one save works with: buffers that the writer borrows, and the metadata. */
struct saving {
    struct st_writer *w;
    void **buffers; /* one per feature, and the labels' */
    cJSON *categories;
};

static enum err_code add_categorical(const struct snapshot_builder *b, size_t f, struct saving *s,
                                     const char *tensor, struct err *e)
{
    const struct column_builder *c = &b->columns[f];
    const struct feature *feature = &b->schema->features[f];
    struct ranked *order = rank(&c->categories, feature->n_categories);
    int32_t *to = calloc(c->categories.n + 1, sizeof *to);
    int32_t *codes = s->buffers[f] = malloc(b->n_rows * sizeof *codes);
    cJSON *texts = order ? texts_json(order, c->categories.n) : NULL;
    enum err_code code = ERR_OK;
    if (!order || !to || !codes || !texts ||
        !cJSON_AddItemToObject(s->categories, feature->name, texts)) {
        cJSON_Delete(texts);
        code = err_set(e, ERR_NOMEM, "out of memory to save feature %s", feature->name);
    }
    for (size_t i = 0; !code && i < c->categories.n; i++)
        to[order[i].index] = (int32_t)i;
    for (size_t i = 0; !code && i < b->n_rows; i++)
        codes[i] = c->codes[i] < 0 ? -1 : to[c->codes[i]];
    free(order);
    free(to);
    const int64_t n = (int64_t)b->n_rows;
    return code ? code : st_writer_add(s->w, tensor, ST_I32, 1, &n, codes, e);
}

static enum err_code add_features(const struct snapshot_builder *b, struct saving *s, struct err *e)
{
    const int64_t n = (int64_t)b->n_rows;
    enum err_code code = ERR_OK;
    for (size_t f = 0; !code && f < b->schema->n_features; f++) {
        const struct feature *feature = &b->schema->features[f];
        char tensor[SCHEMA_NAME_BYTES + 2];
        snprintf(tensor, sizeof tensor, "x/%s", feature->name);
        if (feature->pii)
            continue;
        code = feature->kind == FEATURE_NUMERIC
                   ? st_writer_add(s->w, tensor, ST_F64, 1, &n, b->columns[f].numbers, e)
                   : add_categorical(b, f, s, tensor, e);
    }
    return code ? code : st_json_put(s->w, "categories", s->categories, e);
}

static enum err_code need_classes(const struct snapshot_builder *b, struct err *e)
{
    if (b->schema->label_kind == LABEL_REGRESSION || b->classes.n >= 2)
        return ERR_OK;
    return err_set(e, ERR_INVALID, "label %s holds one class only, \"%.64s\", in %zu rows",
                   b->schema->label, b->classes.texts[0], b->n_rows);
}

/* The schema, with the classes that the labels turned out to have. */
static enum err_code put_schema(const struct snapshot_builder *b, struct saving *s,
                                const struct ranked *order, struct err *e)
{
    cJSON *schema = schema_to_json(b->schema), *classes = texts_json(order, b->classes.n);
    enum err_code code = schema && classes ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
    if (!code && b->classes.n) {
        code = st_json_put(s->w, "classes", classes, e);
        cJSON *label = cJSON_GetObjectItemCaseSensitive(schema, "label");
        cJSON_DeleteItemFromObjectCaseSensitive(label, "classes");
        if (!code && !cJSON_AddItemReferenceToObject(label, "classes", classes))
            code = err_set(e, ERR_NOMEM, "out of memory");
    }
    if (!code)
        code = st_json_put(s->w, "schema", schema, e);
    cJSON_Delete(schema);
    cJSON_Delete(classes);
    return code;
}

static enum err_code add_labels(const struct snapshot_builder *b, struct saving *s, struct err *e)
{
    struct ranked *order = rank(&b->classes, b->schema->n_classes);
    double *labels = s->buffers[b->schema->n_features] = malloc(b->n_rows * sizeof *labels);
    double *to = calloc(b->classes.n + 1, sizeof *to);
    enum err_code code =
        order && labels && to ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory to save the labels");
    for (size_t i = 0; !code && i < b->classes.n; i++)
        to[order[i].index] = (double)i;
    for (size_t i = 0; !code && i < b->n_rows; i++)
        labels[i] = b->classes.n ? to[(size_t)b->labels[i]] : b->labels[i];
    if (!code)
        code = put_schema(b, s, order, e);
    free(order);
    free(to);
    const int64_t n = (int64_t)b->n_rows;
    if (!code)
        code = st_writer_add(s->w, "y", ST_F64, 1, &n, labels, e);
    return code ? code : st_writer_add(s->w, "time", ST_I64, 1, &n, b->times, e);
}

static enum err_code fill_writer(const struct snapshot_builder *b, struct saving *s,
                                 size_t n_holdout, const cJSON *lineage, struct err *e)
{
    char holdout[24];
    snprintf(holdout, sizeof holdout, "%zu", n_holdout);
    enum err_code code = add_features(b, s, e);
    if (!code)
        code = add_labels(b, s, e);
    if (!code)
        code = st_writer_meta(s->w, "holdout", holdout, e);
    if (!code && lineage)
        code = st_json_put(s->w, "lineage", lineage, e);
    return code;
}

enum err_code snapshot_builder_save(struct snapshot_builder *b, size_t n_holdout,
                                    const cJSON *lineage, const char *path,
                                    char sha256[SHA256_HEX_BYTES], struct err *e)
{
    if (b->n_rows == 0)
        return err_set(e, ERR_INVALID, "the snapshot has no rows");
    if (n_holdout >= b->n_rows)
        return err_set(e, ERR_INVALID, "%zu of %zu rows held out, none is left to train on",
                       n_holdout, b->n_rows);
    enum err_code code = need_classes(b, e);
    if (code)
        return code;
    struct saving s = {.w = st_writer_new(),
                       .buffers = calloc(b->schema->n_features + 1, sizeof(void *)),
                       .categories = cJSON_CreateObject()};
    if (!s.w || !s.buffers || !s.categories)
        code = err_set(e, ERR_NOMEM, "out of memory to save a snapshot");
    if (!code)
        code = fill_writer(b, &s, n_holdout, lineage, e);
    if (!code)
        code = st_writer_save(s.w, path, sha256, e);
    st_writer_free(s.w);
    cJSON_Delete(s.categories);
    for (size_t f = 0; s.buffers && f <= b->schema->n_features; f++)
        free(s.buffers[f]);
    free(s.buffers);
    return code;
}
