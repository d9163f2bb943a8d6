/*
 * replay_private.h - one replay in memory: shared by replay.c (the whole) and replay_call.c (one
 * row in flight).
 */
#ifndef CLI_REPLAY_PRIVATE_H
#define CLI_REPLAY_PRIVATE_H

#include <uv.h>

#include "base/buf.h"
#include "base/csv.h"
#include "base/http_client.h"
#include "control_client.h"
#include "base/progress.h"
#include "replay.h"
#include "replay_fleet.h"
#include "replay_labels.h"
#include "replay_pace.h"
#include "row_map.h"

#define REPLAY_ID_BYTES 256

struct replay_row;

/* The request of a row to one of the two sides. */
struct replay_call {
    struct replay_row *row;
    enum replay_side side;
    uv_timer_t timer; /* before another try */
    char url[REPLAY_URL_BYTES];
    int64_t backoff_ms;
    bool answered;
    struct replay_answer answer;
};

/* A row in flight; slots are made once and used again. */
struct replay_row {
    struct replay *replay;
    bool busy;
    int64_t number; /* in the file, from 1 */
    char id[REPLAY_ID_BYTES];
    char *label; /* owned; NULL: none */
    struct buf body;
    int64_t give_up_mono_ms;
    int calls_left;
    struct err err; /* why nobody served it */
    struct replay_call calls[REPLAY_N_SIDES];
};

struct replay {
    const struct cli *cli;
    const struct replay_options *options;
    struct replay_result *result;
    uv_loop_t loop;
    uv_timer_t pump, beat;
    uv_signal_t signals[2];
    struct http_client *client;
    struct csv *csv;
    struct row_map map;
    struct control_answer model; /* the schema's JSON, which map points into */
    char *replica_token, *path;  /* path: of the infer call */
    struct replay_fleet fleet;
    struct replay_labels labels;
    struct replay_pace pace;
    struct progress progress;
    struct replay_row *rows; /* owned: options->concurrency slots */
    int64_t n_started, n_in_flight, n_failed_in_a_row;
    int64_t started_mono_ms, last_answer_mono_ms, last_label_mono_ms, next_talk_mono_ms;
    bool no_more_rows, pumping, closing;
    struct err err; /* why it stops before its end */
};

/* Sends a row that is filled in; replay_on_row_done comes later. */
void replay_call_start(struct replay_row *row);

/* A row has its answers, or none will come: in replay.c. */
void replay_on_row_done(struct replay_row *row);
/* Says now and then what is wrong and tried again. */
void replay_talk(struct replay *r, const char *message);

#endif
