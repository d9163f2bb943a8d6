/*
 * replay_labels.h - the labels of a replay on their way to leewayd: each waits until enough later
 * rows have gone, then goes out with others, one call at a time, again and again until it is
 * accepted. Loop thread only.
 */
#ifndef CLI_REPLAY_LABELS_H
#define CLI_REPLAY_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/http_client.h"
#include "cli.h"

struct replay_label {
    int64_t row;
    char *text; /* owned */
};

struct replay_labels {
    /* set by the owner before init */
    const struct cli *cli;
    const char *model, *id_prefix;
    int64_t delay_rows;
    bool regression;
    void (*on_accepted)(void *user);                      /* after each call that went well */
    void (*on_problem)(const char *message, void *user);  /* tried again */
    void (*on_failed)(const struct err *err, void *user); /* leewayd will never take them */
    void *user;

    struct http_client *client;
    uv_timer_t timer; /* the tick, or the wait before another try */
    struct replay_label *ring;
    size_t head, n, capacity;
    size_t n_due; /* of the ring's first ones */
    int64_t n_rows_gone;
    bool all;     /* everything is due */
    bool sending; /* a call runs, or waits to be repeated */
    bool closed;
    size_t n_in_call;
    struct buf url, body;
    char *token;
    int64_t backoff_ms;
    int64_t accepted, duplicates, conflicts, retries;
};

enum err_code replay_labels_init(struct replay_labels *l, uv_loop_t *loop,
                                 struct http_client *client, struct err *e);
/* Closes the timer; what is queued is forgotten. */
void replay_labels_close(struct replay_labels *l);
void replay_labels_free(struct replay_labels *l); /* after the loop has ended */

/* Queues a row's label. row counts from 1; text is copied. */
enum err_code replay_labels_add(struct replay_labels *l, int64_t row, const char *text,
                                struct err *e);
/* Rows that have gone out so far: what makes labels due. */
void replay_labels_rows_gone(struct replay_labels *l, int64_t n_rows);
/* From now on every label is due. */
void replay_labels_flush(struct replay_labels *l);

size_t replay_labels_n_due(struct replay_labels *l); /* not yet accepted, due or being sent */

#endif
