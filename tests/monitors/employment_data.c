/*
 * employment_data.c - reads the stream's three files; categories in order of appearance.
 */
#include "employment_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/csv.h"

#define N_FEATURES EMPLOYMENT_FEATURES
#define MAX_CATEGORIES 32
#define MAX_ROWS 300000

static const char *const features[N_FEATURES] = {"AGEP", "SCHL", "MAR", "RELP", "DIS",      "ESP",
                                                 "CIT",  "MIG",  "MIL", "ANC",  "NATIVITY", "DEAR",
                                                 "DEYE", "DREM", "SEX", "RAC1P"};

bool employment_is_number(size_t feature)
{
    return feature == 0;
}

static const char *path_of(const char *folder, const char *part, char out[4096])
{
    snprintf(out, 4096, "%s/employment_MA_%s.csv.gz", folder, part);
    return out;
}

bool employment_exists(const char *folder)
{
    char path[4096];
    return access(path_of(folder, "reference", path), R_OK) == 0 &&
           access(path_of(folder, "analysis", path), R_OK) == 0 &&
           access(path_of(folder, "analysis_target", path), R_OK) == 0;
}

static void part_deinit(struct part *p)
{
    free(p->codes);
    free(p->scores);
    free(p->labels);
}

static enum err_code part_init(struct part *p, struct err *e)
{
    p->codes = malloc(MAX_ROWS * N_FEATURES * sizeof *p->codes);
    p->scores = malloc(MAX_ROWS * sizeof *p->scores);
    p->labels = malloc(MAX_ROWS * sizeof *p->labels);
    if (p->codes == NULL || p->scores == NULL || p->labels == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %d rows", MAX_ROWS);
    return ERR_OK;
}

/* Reads the named columns of every row into x: at most MAX_ROWS x n_columns. */
static enum err_code read_columns(const char *path, const char *const *names, size_t n_columns,
                                  double *x, size_t *n_rows, struct err *e)
{
    struct csv *c = NULL;
    const char *const *fields;
    bool more = true;
    enum err_code rc = csv_open(path, &c, e);
    for (*n_rows = 0; rc == ERR_OK; (*n_rows)++) {
        rc = csv_next(c, &fields, &more, e);
        if (rc != ERR_OK || !more)
            break;
        if (*n_rows == MAX_ROWS)
            rc = err_set(e, ERR_LIMIT, "%s: more than %d rows", path, MAX_ROWS);
        for (size_t k = 0; rc == ERR_OK && k < n_columns; k++) {
            int column = csv_find_column(c, names[k]);
            if (column < 0 || !csv_number(fields[column], &x[*n_rows * n_columns + k]))
                rc = err_set(e, ERR_INVALID, "%s: no number in column %s", path, names[k]);
        }
    }
    csv_close(c);
    return rc;
}

static enum err_code read_column(const char *path, const char *name, double *x, size_t *n,
                                 struct err *e)
{
    return read_columns(path, &name, 1, x, n, e);
}

static enum err_code read_scores(const char *path, struct part *p, struct err *e)
{
    double *x = malloc(MAX_ROWS * sizeof *x);
    enum err_code rc = x != NULL ? read_column(path, "predicted_probability", x, &p->n, e)
                                 : err_set(e, ERR_NOMEM, "out of memory for scores");
    for (size_t i = 0; rc == ERR_OK && i < p->n; i++)
        p->scores[i] = (float)x[i];
    free(x);
    return rc;
}

static enum err_code read_part(const char *path, const char *labels_path, struct part *p,
                               struct err *e)
{
    size_t n_labels = 0;
    enum err_code rc = part_init(p, e);
    if (rc == ERR_OK)
        rc = read_scores(path, p, e);
    if (rc == ERR_OK)
        rc = read_columns(path, features, N_FEATURES, p->codes, &p->n, e);
    if (rc == ERR_OK)
        rc = read_column(labels_path, "employed", p->labels, &n_labels, e);
    if (rc == ERR_OK && n_labels != p->n)
        rc = err_set(e, ERR_INVALID, "%s: %zu labels for %zu rows", labels_path, n_labels, p->n);
    return rc;
}

struct category {
    size_t n;
    double values[MAX_CATEGORIES]; /* in order of appearance */
    char texts[MAX_CATEGORIES][32];
    const char *views[MAX_CATEGORIES];
};

static size_t find_value(const struct category *c, double value)
{
    size_t i = 0;
    while (i < c->n && c->values[i] != value)
        i++;
    return i;
}

static void collect_categories(const struct part *reference, size_t feature, struct category *c)
{
    c->n = 0;
    for (size_t i = 0; i < reference->n; i++) {
        double value = reference->codes[i * N_FEATURES + feature];
        if (find_value(c, value) < c->n || c->n == MAX_CATEGORIES)
            continue;
        c->values[c->n] = value;
        rows_number_text(value, c->texts[c->n]);
        c->views[c->n] = c->texts[c->n];
        c->n++;
    }
}

static void encode(struct part *p, size_t feature, const struct category *c)
{
    for (size_t i = 0; i < p->n; i++) {
        double *value = &p->codes[i * N_FEATURES + feature];
        size_t code = find_value(c, *value);
        *value = code < c->n ? (double)code : CODE_UNSEEN;
    }
}

static enum err_code make_schema(struct schema **out, struct err *e)
{
    cJSON *json = cJSON_CreateObject(), *label;
    cJSON_AddStringToObject(json, "model", "employment");
    cJSON *list = cJSON_AddArrayToObject(json, "features");
    for (size_t f = 0; f < N_FEATURES; f++) {
        cJSON *feature = cJSON_CreateObject();
        cJSON_AddStringToObject(feature, "name", features[f]);
        cJSON_AddStringToObject(feature, "type",
                                employment_is_number(f) ? "numeric" : "categorical");
        cJSON_AddItemToArray(list, feature);
    }
    label = cJSON_AddObjectToObject(json, "label");
    cJSON_AddStringToObject(label, "name", "employed");
    cJSON_AddStringToObject(label, "type", "binary");
    cJSON *classes = cJSON_AddArrayToObject(label, "classes");
    cJSON_AddItemToArray(classes, cJSON_CreateString("0"));
    cJSON_AddItemToArray(classes, cJSON_CreateString("1"));
    enum err_code rc = schema_from_json(json, out, e);
    cJSON_Delete(json);
    return rc;
}

static enum err_code make_vocabulary(struct employment *d, struct err *e)
{
    const char *const *texts[N_FEATURES] = {NULL};
    size_t n[N_FEATURES] = {0};
    struct category *categories = calloc(N_FEATURES, sizeof *categories);
    if (categories == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for categories");
    for (size_t f = 0; f < N_FEATURES; f++)
        if (!employment_is_number(f)) {
            collect_categories(&d->reference, f, &categories[f]);
            encode(&d->reference, f, &categories[f]);
            encode(&d->analysis, f, &categories[f]);
            texts[f] = categories[f].views;
            n[f] = categories[f].n;
        }
    enum err_code rc = vocabulary_new(d->schema, texts, n, &d->vocabulary, e);
    free(categories);
    return rc;
}

enum err_code employment_load(const char *folder, struct employment **out, struct err *e)
{
    char path[4096], labels[4096];
    struct employment *d = calloc(1, sizeof *d);
    if (d == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for the stream");
    path_of(folder, "reference", path);
    enum err_code rc = read_part(path, path, &d->reference, e);
    path_of(folder, "analysis", path);
    path_of(folder, "analysis_target", labels);
    if (rc == ERR_OK)
        rc = read_part(path, labels, &d->analysis, e);
    if (rc == ERR_OK)
        rc = make_schema(&d->schema, e);
    if (rc == ERR_OK)
        rc = make_vocabulary(d, e);
    if (rc == ERR_OK)
        *out = d;
    else
        employment_free(d);
    return rc;
}

void employment_free(struct employment *d)
{
    if (d == NULL)
        return;
    part_deinit(&d->reference);
    part_deinit(&d->analysis);
    vocabulary_free(d->vocabulary);
    schema_free(d->schema);
    free(d);
}
