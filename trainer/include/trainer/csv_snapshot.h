/*
 * csv_snapshot.h - a snapshot from a CSV and a schema, for training by hand and for a first
 * version.
 */
#ifndef TRAINER_CSV_SNAPSHOT_H
#define TRAINER_CSV_SNAPSHOT_H

#include <stdint.h>

#include "base/err.h"
#include "base/sha256.h"

struct csv_snapshot {        /* all borrowed */
    const char *csv_path;    /* "-": stdin; gzip is fine */
    const char *schema_path; /* JSON, as in model/schema.h */
    const char *time_column; /* RFC 3339 or unix ms, ascending; NULL: row i is at i seconds */
    int64_t max_rows;        /* of the file's start; 0: all */
    int64_t n_holdout;       /* of the rows read, the last */
};

/* Reads every row and writes the snapshot to path. Columns are found by the names in the schema;
 * the error for a value names row, column, and what was expected. */
enum err_code csv_snapshot_write(const struct csv_snapshot *c, const char *path,
                                 char sha256[SHA256_HEX_BYTES], struct err *e);

#endif
