/* observation_import.c - rows that come with their label, from a CSV: the first training set of a
 * model. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/json.h"
#include "store/observation_private.h"

struct import {
    const struct schema *schema;
    const struct observation_csv *options;
    struct csv *csv;
    int *columns;        /* of each feature; -1: a pii one */
    int label, time, id; /* columns; -1: none */
    int64_t n_rows, n_skipped;
};

/* ---- columns ---- */

static enum err_code find_column(const struct import *im, const char *name, int *out, struct err *e)
{
    *out = csv_find_column(im->csv, name);
    return *out >= 0
               ? ERR_OK
               : err_set(e, ERR_INVALID, "%s: there is no column \"%s\"", im->options->path, name);
}

static enum err_code find_optional(const struct import *im, const char *name, int *out,
                                   struct err *e)
{
    *out = -1;
    return name ? find_column(im, name, out, e) : ERR_OK;
}

static enum err_code find_columns(struct import *im, struct err *e)
{
    const struct schema *s = im->schema;
    enum err_code rc;

    im->columns = calloc(s->n_features ? s->n_features : 1, sizeof(*im->columns));
    if (!im->columns) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < s->n_features; i++) {
        im->columns[i] = -1; /* pii values go no further than this */
        if (!s->features[i].pii &&
            (rc = find_column(im, s->features[i].name, &im->columns[i], e))) {
            return rc;
        }
    }
    if ((rc = find_column(im, s->label, &im->label, e)) ||
        (rc = find_optional(im, im->options->time_column, &im->time, e)) ||
        (rc = find_optional(im, im->options->id_column, &im->id, e))) {
        return rc;
    }
    return ERR_OK;
}

/* ---- values ---- */

static enum err_code bad_value(const struct import *im, const char *column, const char *expected,
                               const char *got, struct err *e)
{
    return err_set(e, ERR_INVALID, "%s: row %" PRId64 ", column %s: expected %s, got \"%.64s\"",
                   im->options->path, csv_row_number(im->csv), column, expected, got);
}

static enum err_code number_node(const struct import *im, const struct feature *f,
                                 const char *field, cJSON **out, struct err *e)
{
    double value;

    if (!csv_number(field, &value) || isinf(value)) {
        return bad_value(im, f->name, "a finite number", field, e);
    }
    *out = isnan(value) ? cJSON_CreateNull() : cJSON_CreateNumber(value);
    return ERR_OK;
}

static enum err_code value_node(const struct import *im, size_t i, const char *const *fields,
                                cJSON **out, struct err *e)
{
    const struct feature *f = &im->schema->features[i];
    const char *field = im->columns[i] < 0 ? NULL : fields[im->columns[i]];

    if (field && f->kind == FEATURE_NUMERIC) {
        return number_node(im, f, field, out, e);
    }
    *out = field && !csv_is_missing(field) ? cJSON_CreateString(field) : cJSON_CreateNull();
    return ERR_OK;
}

/* The features as the observation log has them. */
static enum err_code features_text(const struct import *im, const char *const *fields, char **out,
                                   struct err *e)
{
    cJSON *array = cJSON_CreateArray();
    enum err_code rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < im->schema->n_features; i++) {
        cJSON *node = NULL;
        rc = value_node(im, i, fields, &node, e);
        if (rc == ERR_OK && !(node && cJSON_AddItemToArray(array, node))) {
            cJSON_Delete(node);
            rc = err_set(e, ERR_NOMEM, "out of memory");
        }
    }
    *out = rc == ERR_OK ? json_print(array) : NULL;
    cJSON_Delete(array);
    return rc == ERR_OK && !*out ? err_set(e, ERR_NOMEM, "out of memory") : rc;
}

static enum err_code row_time(const struct import *im, const char *const *fields, int64_t *out,
                              struct err *e)
{
    const char *field = im->time >= 0 ? fields[im->time] : NULL;
    char *end;

    if (!field) {
        *out = im->options->base_unix_ms + (csv_row_number(im->csv) - 1) * im->options->step_ms;
        return ERR_OK;
    }
    if (clock_parse_utc(field, out)) {
        return ERR_OK;
    }
    *out = strtoll(field, &end, 10);
    if (end == field || *end != '\0') {
        return bad_value(im, im->options->time_column, "RFC 3339 or unix milliseconds", field, e);
    }
    return ERR_OK;
}

static enum err_code row_id(const struct import *im, const char *const *fields,
                            char id[OBSERVATION_ID_BYTES], struct err *e)
{
    int len = im->id >= 0 ? snprintf(id, OBSERVATION_ID_BYTES, "%s", fields[im->id])
                          : snprintf(id, OBSERVATION_ID_BYTES, "%s#%" PRId64, im->options->source,
                                     csv_row_number(im->csv));

    return len > 0 && len < OBSERVATION_ID_BYTES
               ? ERR_OK
               : bad_value(im, im->id >= 0 ? im->options->id_column : "source", "a short id",
                           im->id >= 0 ? fields[im->id] : im->options->source, e);
}

static enum err_code check_label(const struct import *im, const char *label, struct err *e)
{
    if (!observation_label_fits(im->schema, label)) {
        return bad_value(im, im->schema->label,
                         im->schema->label_kind == LABEL_REGRESSION ? "a finite number"
                                                                    : "one of the schema's classes",
                         label, e);
    }
    return obs_check_label(label, e);
}

bool observation_label_fits(const struct schema *schema, const char *label)
{
    double value;

    if (schema->label_kind == LABEL_REGRESSION) {
        return csv_number(label, &value) && isfinite(value);
    }
    return schema->n_classes == 0 || schema_find_class(schema, label) >= 0;
}

/* ---- rows ---- */

static enum err_code store_row(struct obs *o, struct import *im, const char *const *fields,
                               const char *x, struct err *e)
{
    char id[OBSERVATION_ID_BYTES];
    struct observation row = {.id = id, .x = x, .role = OBSERVATION_IMPORTED};
    bool added = false;
    enum err_code rc;

    if ((rc = row_id(im, fields, id, e)) || (rc = row_time(im, fields, &row.unix_ms, e)) ||
        (rc = obs_insert(o, &row, fields[im->label], row.unix_ms, &added, e))) {
        return rc;
    }
    o->account.imported += added;
    o->account.duplicates += !added;
    im->n_rows += added;
    im->n_skipped += !added;
    return ERR_OK;
}

static enum err_code import_row(struct obs *o, struct import *im, const char *const *fields,
                                struct err *e)
{
    char *x = NULL;
    enum err_code rc;

    if (csv_is_missing(fields[im->label])) {
        im->n_skipped++;
        return ERR_OK;
    }
    if ((rc = check_label(im, fields[im->label], e)) || (rc = features_text(im, fields, &x, e))) {
        return rc;
    }
    rc = store_row(o, im, fields, x, e);
    free(x);
    return rc;
}

static enum err_code import_rows(struct obs *o, struct import *im, struct err *e)
{
    const char *const *fields;
    bool more = true;
    enum err_code rc = ERR_OK;

    while (rc == ERR_OK &&
           (im->options->max_rows == 0 || csv_row_number(im->csv) < im->options->max_rows) &&
           (rc = csv_next(im->csv, &fields, &more, e)) == ERR_OK && more) {
        rc = import_row(o, im, fields, e);
    }
    return rc;
}

static enum err_code import_opened(struct store *s, struct import *im, struct err *e)
{
    struct obs o;
    enum err_code rc;

    if ((rc = find_columns(im, e)) || (rc = obs_begin(s, im->schema->model, &o, e))) {
        return rc;
    }
    return obs_end(&o, import_rows(&o, im, e), e);
}

enum err_code observation_import_csv(struct store *s, const struct schema *schema,
                                     const struct observation_csv *csv, int64_t *n_rows,
                                     int64_t *n_skipped, struct err *e)
{
    struct import im = {.schema = schema, .options = csv};
    enum err_code rc = csv_open(csv->path, &im.csv, e);

    if (rc == ERR_OK) {
        rc = import_opened(s, &im, e);
    }
    csv_close(im.csv);
    free(im.columns);
    if (rc == ERR_OK) {
        *n_rows = im.n_rows;
        *n_skipped = im.n_skipped;
    }
    return rc;
}
