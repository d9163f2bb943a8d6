/*
 * row_batch.h - rows or labels on their way to leewayd, many to a call: {"rows": [...]}. Both calls
 * may be repeated (ids are known), so each is tried again until the time is up.
 */
#ifndef CLI_ROW_BATCH_H
#define CLI_ROW_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "cli.h"
#include "control_client.h"

struct row_batch {
    const struct cli *cli;
    struct buf path; /* "/v1/models/loan/import" */
    const char *key; /* "rows" */
    struct buf body; /* items so far, without the end of the list */
    size_t n_items;
    int64_t n_sent, accepted, duplicates, waiting, conflicts;
};

/* call: "import" or "labels". Free with row_batch_clean_up. */
void row_batch_init(struct row_batch *b, const struct cli *cli, const char *model, const char *call,
                    const char *key);
void row_batch_clean_up(struct row_batch *b);

/* Where the next item is to be appended, separated from the one before. */
struct buf *row_batch_next(struct row_batch *b);

/* Sends what is there if it is enough for a call, or in any case. */
enum err_code row_batch_send_if_full(struct row_batch *b, struct err *e);
enum err_code row_batch_send(struct row_batch *b, struct err *e);

#endif
