/*
 * csv_snapshot.c - rows of a CSV into the snapshot builder.
 */
#include "trainer/csv_snapshot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/json.h"
#include "model/snapshot.h"

#define MAX_SCHEMA_BYTES (8 << 20)

struct import {
    const struct csv_snapshot *c;
    struct schema *schema;
    struct csv *csv;
    struct snapshot_builder *builder;
    struct snapshot_value *values; /* one row */
    int *columns;                  /* of the features in the file; -1 for pii */
    int label, time;               /* likewise; time -1: none */
};

static enum err_code load_schema(const char *path, struct schema **out, struct err *e)
{
    cJSON *json;
    enum err_code code = json_load(path, MAX_SCHEMA_BYTES, &json, e);
    if (code) {
        return code;
    }
    code = schema_from_json(json, out, e);
    cJSON_Delete(json);
    return code ? err_prefix(e, "%s", path) : ERR_OK;
}

static enum err_code find_column(const struct import *im, const char *name, int *out, struct err *e)
{
    *out = csv_find_column(im->csv, name);
    return *out >= 0 ? ERR_OK
                     : err_set(e, ERR_INVALID, "%s has no column \"%s\"", im->c->csv_path, name);
}

static enum err_code find_columns(struct import *im, struct err *e)
{
    const struct schema *s = im->schema;
    enum err_code code = find_column(im, s->label, &im->label, e);
    im->time = -1;
    if (!code && im->c->time_column) {
        code = find_column(im, im->c->time_column, &im->time, e);
    }
    for (size_t j = 0; !code && j < s->n_features; j++) {
        im->columns[j] = -1;
        if (!s->features[j].pii) {
            code = find_column(im, s->features[j].name, &im->columns[j], e);
        }
    }
    return code;
}

static enum err_code open_all(struct import *im, struct err *e)
{
    enum err_code code = load_schema(im->c->schema_path, &im->schema, e);
    code = code ? code : csv_open(im->c->csv_path, &im->csv, e);
    code = code ? code : snapshot_builder_new(im->schema, &im->builder, e);
    if (code) {
        return code;
    }
    im->values = calloc(im->schema->n_features, sizeof *im->values);
    im->columns = calloc(im->schema->n_features, sizeof *im->columns);
    if (!im->values || !im->columns) {
        return err_set(e, ERR_NOMEM, "out of memory reading %s", im->c->csv_path);
    }
    return find_columns(im, e);
}

static bool parse_time(const char *text, int64_t *unix_ms)
{
    if (clock_parse_utc(text, unix_ms)) {
        return true;
    }
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end) {
        return false;
    }
    *unix_ms = value;
    return true;
}

static enum err_code read_time(const struct import *im, const char *const *fields, int64_t *out,
                               struct err *e)
{
    int64_t row = csv_row_number(im->csv);
    if (im->time < 0) {
        *out = (row - 1) * 1000;
        return ERR_OK;
    }
    if (parse_time(fields[im->time], out)) {
        return ERR_OK;
    }
    return err_set(e, ERR_INVALID,
                   "%s row %lld column \"%s\": expected an RFC 3339 time or unix milliseconds, got "
                   "\"%.40s\"",
                   im->c->csv_path, (long long)row, im->c->time_column, fields[im->time]);
}

static enum err_code read_value(const struct import *im, size_t j, const char *text,
                                struct snapshot_value *out, struct err *e)
{
    const struct feature *f = &im->schema->features[j];
    *out = (struct snapshot_value){.number = NAN};
    if (f->kind == FEATURE_CATEGORICAL) {
        out->text = csv_is_missing(text) ? NULL : text;
        return ERR_OK;
    }
    if (csv_number(text, &out->number)) {
        return ERR_OK;
    }
    return err_set(e, ERR_INVALID, "%s row %lld column \"%s\": expected a number, got \"%.40s\"",
                   im->c->csv_path, (long long)csv_row_number(im->csv), f->name, text);
}

static enum err_code add_row(struct import *im, const char *const *fields, struct err *e)
{
    int64_t time_unix_ms;
    enum err_code code = read_time(im, fields, &time_unix_ms, e);
    for (size_t j = 0; !code && j < im->schema->n_features; j++) {
        if (im->columns[j] >= 0) {
            code = read_value(im, j, fields[im->columns[j]], &im->values[j], e);
        }
    }
    const char *label = fields[im->label];
    if (!code && csv_is_missing(label)) {
        code = err_set(e, ERR_INVALID, "label \"%s\" of row %lld is missing", im->schema->label,
                       (long long)csv_row_number(im->csv));
    }
    if (code) {
        return code;
    }
    code = snapshot_builder_add(im->builder, time_unix_ms, im->values, label, e);
    return code ? err_prefix(e, "%s row %lld", im->c->csv_path, (long long)csv_row_number(im->csv))
                : ERR_OK;
}

static enum err_code add_rows(struct import *im, struct err *e)
{
    int64_t limit = im->c->max_rows > 0 ? im->c->max_rows : INT64_MAX;
    bool more = true;
    while (more && csv_row_number(im->csv) < limit) {
        const char *const *fields;
        enum err_code code = csv_next(im->csv, &fields, &more, e);
        if (!code && more) {
            code = add_row(im, fields, e);
        }
        if (code) {
            return code;
        }
    }
    return ERR_OK;
}

static enum err_code save(const struct import *im, const char *path, char sha256[SHA256_HEX_BYTES],
                          struct err *e)
{
    size_t n = snapshot_builder_rows(im->builder), held = (size_t)im->c->n_holdout;
    if (n == 0) {
        return err_set(e, ERR_INVALID, "%s has no rows", im->c->csv_path);
    }
    if (held >= n) {
        return err_set(e, ERR_INVALID, "%s has %zu rows, all of them would be held out (%zu)",
                       im->c->csv_path, n, held);
    }
    return snapshot_builder_save(im->builder, held, NULL, path, sha256, e);
}

enum err_code csv_snapshot_write(const struct csv_snapshot *c, const char *path,
                                 char sha256[SHA256_HEX_BYTES], struct err *e)
{
    struct import im = {.c = c};
    enum err_code code = open_all(&im, e);
    code = code ? code : add_rows(&im, e);
    code = code ? code : save(&im, path, sha256, e);
    snapshot_builder_free(im.builder);
    csv_close(im.csv);
    schema_free(im.schema);
    free(im.values);
    free(im.columns);
    return code;
}
