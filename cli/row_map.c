/*
 * row_map.c - see row_map.h.
 */
#include "row_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "json_put.h"

enum err_code row_map_find_column(const struct csv *csv, const char *name, int *out, struct err *e)
{
    int at = csv_find_column(csv, name);
    if (at >= 0) {
        *out = at;
        return ERR_OK;
    }
    struct suggest s = suggest_start(name);
    for (size_t i = 0; i < csv_n_columns(csv); i++)
        suggest_add(&s, csv_column(csv, i));
    const char *near = suggest_best(&s);
    return err_set(e, ERR_NOT_FOUND, "the file has no column \"%.100s\"%s%.100s%s", name,
                   near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static enum err_code find_features(const struct csv *csv, struct row_map *m, struct err *e)
{
    for (size_t i = 0; i < m->columns.n; i++) {
        const struct schema_column *c = &m->columns.items[i];
        m->csv_columns[i] = csv_find_column(csv, c->name);
        if (m->csv_columns[i] >= 0 || c->pii)
            continue;
        if (row_map_find_column(csv, c->name, &m->csv_columns[i], e) != ERR_OK)
            return err_prefix(e, "feature \"%.100s\"", c->name);
    }
    return ERR_OK;
}

enum err_code row_map_new(const cJSON *schema, const struct csv *csv, const char *label,
                          struct row_map *out, struct err *e)
{
    struct row_map m = {0};
    enum err_code code = schema_columns_read(schema, &m.columns, e);
    if (code != ERR_OK)
        return code;
    m.regression = strcmp(m.columns.label_type, "regression") == 0;
    m.csv_columns = calloc(m.columns.n + 1, sizeof(*m.csv_columns));
    if (!m.csv_columns)
        code = err_set(e, ERR_NOMEM, "out of memory");
    if (code == ERR_OK)
        code = find_features(csv, &m, e);
    if (code == ERR_OK)
        code = row_map_find_column(csv, label, &m.label_column, e);
    if (code != ERR_OK) {
        row_map_free(&m);
        return code;
    }
    *out = m;
    return ERR_OK;
}

void row_map_free(struct row_map *m)
{
    schema_columns_free(&m->columns);
    free(m->csv_columns);
    *m = (struct row_map){0};
}

/* A feature's value as JSON: number, string, or null for a missing one. */
static enum err_code put_value(const struct row_map *m, size_t i, const char *const *fields,
                               struct buf *out, struct err *e)
{
    const struct schema_column *c = &m->columns.items[i];
    const char *field = m->csv_columns[i] >= 0 ? fields[m->csv_columns[i]] : "";
    double value = NAN;
    if (c->numeric && !csv_number(field, &value))
        return err_set(e, ERR_INVALID, "column \"%.100s\": expected a number, got \"%.100s\"",
                       c->name, field);
    if (csv_is_missing(field))
        buf_puts(out, "null");
    else if (c->numeric)
        json_put_number(out, value);
    else
        json_put_string(out, field);
    return ERR_OK;
}

enum err_code row_map_put_infer(const struct row_map *m, const char *const *fields, const char *id,
                                struct buf *out, struct err *e)
{
    enum err_code code = ERR_OK;
    buf_puts(out, "{\"id\":");
    json_put_string(out, id);
    buf_puts(out, ",\"inputs\":[");
    for (size_t i = 0; code == ERR_OK && i < m->columns.n; i++) {
        buf_puts(out, i ? ",{\"name\":" : "{\"name\":");
        json_put_string(out, m->columns.items[i].name);
        buf_printf(out, ",\"datatype\":\"%s\",\"shape\":[1],\"data\":[",
                   m->columns.items[i].numeric ? "FP64" : "BYTES");
        code = put_value(m, i, fields, out, e);
        buf_puts(out, "]}");
    }
    buf_puts(out, "]}");
    return code == ERR_OK && buf_failed(out) ? err_set(e, ERR_NOMEM, "out of memory") : code;
}

static void put_label(bool regression, const char *label, struct buf *out)
{
    double value = NAN;
    if (regression && csv_number(label, &value) && isfinite(value))
        json_put_number(out, value);
    else
        json_put_string(out, label); /* leewayd says what is wrong with it */
}

enum err_code row_map_put_import(const struct row_map *m, const char *const *fields, const char *id,
                                 struct buf *out, struct err *e)
{
    enum err_code code = ERR_OK;
    buf_puts(out, "{\"id\":");
    json_put_string(out, id);
    buf_puts(out, ",\"x\":[");
    for (size_t i = 0; code == ERR_OK && i < m->columns.n; i++) {
        if (i > 0)
            buf_puts(out, ",");
        code = put_value(m, i, fields, out, e);
    }
    buf_puts(out, "],\"label\":");
    put_label(m->regression, fields[m->label_column], out);
    buf_puts(out, "}");
    return code == ERR_OK && buf_failed(out) ? err_set(e, ERR_NOMEM, "out of memory") : code;
}

void row_map_put_label(bool regression, const char *id, const char *label, struct buf *out)
{
    buf_puts(out, "{\"id\":");
    json_put_string(out, id);
    buf_puts(out, ",\"label\":");
    put_label(regression, label, out);
    buf_puts(out, "}");
}
