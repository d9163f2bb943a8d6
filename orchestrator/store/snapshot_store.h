/*
 * snapshot_store.h - cuts the training set of a run out of the observation store: the newest
 * labelled rows, the last of them held out for the gate.
 */
#ifndef STORE_SNAPSHOT_STORE_H
#define STORE_SNAPSHOT_STORE_H

#include <cjson/cJSON.h>

#include "base/sha256.h"
#include "base/store.h"
#include "model/schema.h"

struct snapshot_window {
    int64_t max_rows;                 /* 0: all that are kept */
    int64_t since_unix_ms;            /* 0: no lower bound */
    double holdout;                   /* share of the rows, the newest; 0..0.9 */
    int64_t min_holdout, max_holdout; /* rows; max 0: no bound */
};

struct snapshot_result {
    char sha256[SHA256_HEX_BYTES];
    int64_t n_rows, n_holdout;
    int64_t n_skipped; /* labels that do not fit the schema */
    int64_t from_unix_ms, to_unix_ms;
};

/* Writes the file at path. lineage (NULL allowed, borrowed) is completed with "from_unix_ms",
 * "to_unix_ms" and "snapshot_rows". ERR_INVALID with the count where there are fewer than two rows.
 */
enum err_code snapshot_from_store(struct store *s, const struct schema *schema,
                                  const struct snapshot_window *w, const cJSON *lineage,
                                  const char *path, struct snapshot_result *out, struct err *e);

#endif
