/*
 * monitor_schema.h - the schema that a reference is built over: a file's, or one suggested from the
 * rows and told on stderr.
 */
#ifndef PROGRAM_MONITOR_SCHEMA_H
#define PROGRAM_MONITOR_SCHEMA_H

#include "column_roles.h"
#include "model/schema.h"

/* Reads YAML or JSON; a schema without a label gets the one that stands for none
 * (monitors/reference.h). *out is owned. */
enum err_code monitor_schema_load(const char *path, struct schema **out, struct err *e);

/* Suggests one from the first rows of a CSV file and says on stderr, unless quiet, what each column
 * was taken for. name: how the file is called in what is said. *out is owned. */
enum err_code monitor_schema_suggest(const char *path, const char *name,
                                     const struct column_options *o, bool quiet,
                                     struct schema **out, struct err *e);

/* "data/my loans.csv.gz" -> "my-loans" into out: a model's name. */
void monitor_schema_name(const char *file, char *out, size_t size_bytes);

#endif
