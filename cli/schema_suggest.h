/*
 * schema_suggest.h - a first schema out of a CSV file, as YAML with a comment on why each type was
 * chosen. A proposal to be read: the rules are simple and stated in base/core/csv_column.c.
 */
#ifndef CLI_SCHEMA_SUGGEST_H
#define CLI_SCHEMA_SUGGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/csv.h"
#include "base/err.h"

struct schema_suggest_options {
    const char *label; /* column */
    const char *model; /* name of the model */
    bool regression;
    int64_t max_rows;
};

/* Reads rows from csv and appends the YAML. */
enum err_code schema_suggest(struct csv *csv, const struct schema_suggest_options *o,
                             struct buf *out, struct err *e);

/* "data/my loans.csv.gz" -> "my-loans" into out: a model's name. */
void schema_suggest_name(const char *file, char *out, size_t size_bytes);

#endif
