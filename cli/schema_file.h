/*
 * schema_file.h - a schema as the CLI needs it: read from YAML or JSON, passed on as JSON. Its
 * rules are model/'s and are checked by leewayd; here only what a client must know: names and
 * kinds.
 */
#ifndef CLI_SCHEMA_FILE_H
#define CLI_SCHEMA_FILE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* *out is owned. */
enum err_code schema_file_load(const char *path, cJSON **out, struct err *e);

struct schema_column {
    const char *name; /* view into the JSON */
    bool numeric, pii;
};

struct schema_columns {
    size_t n;
    struct schema_column *items;
    const char *label;      /* name of the label's column; a view */
    const char *label_type; /* "binary", "multiclass" or "regression"; a view */
};

/* Views are valid while schema lives. Free with schema_columns_free. */
enum err_code schema_columns_read(const cJSON *schema, struct schema_columns *out, struct err *e);
void schema_columns_free(struct schema_columns *c);

#endif
