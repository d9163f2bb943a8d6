/*
 * row_map.h - from the columns of a CSV file to the features of a model, and from a row to what is
 * sent: an infer request, a labelled row to import, a label.
 */
#ifndef CLI_ROW_MAP_H
#define CLI_ROW_MAP_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/csv.h"
#include "base/err.h"
#include "schema_file.h"

struct row_map {
    struct schema_columns columns; /* views into the schema */
    int *csv_columns;              /* by feature; -1: a pii feature that the file has not */
    int label_column;
    bool regression;
};

/* Finds every feature of the schema and the label's column in the file; what is missing is an error
 * naming it (but pii features, which no model learns from). schema must outlive the map. Free with
 * row_map_free. */
enum err_code row_map_new(const cJSON *schema, const struct csv *csv, const char *label,
                          struct row_map *out, struct err *e);
void row_map_free(struct row_map *m);

/* A V2 infer request of one row: a tensor per feature. An error names the column and the value. */
enum err_code row_map_put_infer(const struct row_map *m, const char *const *fields, const char *id,
                                struct buf *out, struct err *e);

/* {"id": ..., "x": [...], "label": ...} */
enum err_code row_map_put_import(const struct row_map *m, const char *const *fields, const char *id,
                                 struct buf *out, struct err *e);

/* {"id": ..., "label": ...} */
void row_map_put_label(bool regression, const char *id, const char *label, struct buf *out);

/* "name" (did you mean "nmae"?) for a column that the file has not. */
enum err_code row_map_find_column(const struct csv *csv, const char *name, int *out, struct err *e);

#endif
