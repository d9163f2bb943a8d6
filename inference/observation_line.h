/*
 * observation_line.h - scored rows as lines of the observation log, but for their sequence numbers,
 * which the log puts in front. Pure.
 */
#ifndef INFERENCE_OBSERVATION_LINE_H
#define INFERENCE_OBSERVATION_LINE_H

#include <stdint.h>

#include "base/buf.h"
#include "model/rows.h"
#include "model/schema.h"

struct observation_batch {
    const struct schema *schema; /* of the version that answered: x is in its order */
    const struct rows *rows;
    struct text id, key; /* key.s NULL: the client gave none */
    int64_t time_unix_ms;
    const char *version, *role;
    const float *scores; /* n_rows x schema_n_outputs(schema) */
    /* the shadow's answer for the same rows; NULL: none */
    const char *shadow_version;
    const float *shadow_scores; /* n_rows x n_shadow_outputs */
    size_t n_shadow_outputs;
};

/* Appends one line a row: `"id":...}` and a newline. pii features are null. */
void observation_lines_write(const struct observation_batch *batch, struct buf *out);

#endif
