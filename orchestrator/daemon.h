/*
 * daemon.h - leewayd as one struct: what its parts share. Passed down, never global.
 *
 * Two threads, one rule. The loop thread owns everything here: timers, HTTP, replicas, the view of
 * the models. The worker (the store queue, strictly one closure at a time) owns the store and
 * struct watch. Work items own their inputs; results come back by value.
 */
#ifndef ORCHESTRATOR_DAEMON_H
#define ORCHESTRATOR_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/http_client.h"
#include "base/http_server.h"
#include "base/store.h"
#include "fleet.h"
#include "hub.h"
#include "job_backend.h"

struct driver;
struct replica;
struct store_health;
struct trainer_health;
struct watch;

#define DAEMON_PATH_BYTES 4096
#define DAEMON_MAX_MODELS 256
#define DAEMON_MAX_PROBLEMS 32

struct daemon_options {
    const char *data_dir;
    const char *listen_host;
    int listen_port;
    const char *port_file;
    const char *fleet_file;
    const char *trainer_url;
    const char *token_file, *cert_file, *key_file; /* of our own server */
    const char
        *peer_token_file; /* the token sent to replicas and the trainer: the file's first line */
    const char *peer_ca_file;
    int64_t collect_ms; /* pause between two visits to a replica */
    int64_t tick_ms;    /* how often active runs and policies are looked at */
    int64_t keep_rows;  /* observations kept per model */
};

/* What the loop thread needs to know of a model: copied out of the store after every change. */
struct model_view {
    char name[128];
    int64_t generation; /* 0: nothing to serve yet */
    char *desired;      /* owned JSON of docs/wire.md; NULL: not to be served */
    int last_outcome;   /* enum policy_outcome of the newest decision: changes are logged */
};

struct daemon_counters { /* for /metrics; loop thread */
    uint64_t collect_passes, collect_failures, observations_ingested, reports_ingested;
    uint64_t labels_accepted, decisions[3], transitions, store_failures;
};

struct daemon {
    struct daemon_options options;
    uv_loop_t *loop;
    int lock_fd; /* held on the data folder; -1: not yet */
    struct store *store;
    struct store_queue *queue;
    struct store_health *store_health;
    struct watch *watch; /* worker thread only, after start */
    struct http_client *client;
    struct http_server *server;
    struct job_backend *backend;           /* NULL: no trainer configured */
    struct trainer_health *trainer_health; /* NULL without a backend */
    struct fleet *fleet;
    struct hub hub;
    struct driver *driver;

    struct replica **replicas;
    size_t n_replicas;
    struct model_view models[DAEMON_MAX_MODELS];
    size_t n_models;
    bool refresh_running, refresh_again, refresh_failed;

    char *peer_token;
    char artifact_dir[DAEMON_PATH_BYTES], snapshot_dir[DAEMON_PATH_BYTES],
        spool_dir[DAEMON_PATH_BYTES];
    char fleet_problem[512];
    int64_t started_unix_ms;
    struct daemon_counters counters;
    uv_timer_t *housekeeping;
    bool stopping;
};

/* Opens everything and starts listening; on failure everything is closed again. d->options is
 * filled in by the caller. */
enum err_code daemon_start(struct daemon *d, uv_loop_t *loop, struct err *e);
/* Begins a clean shutdown; the loop ends when it is done. */
void daemon_stop(struct daemon *d);
void daemon_clean_up(struct daemon *d); /* after the loop has ended */

/* Reads the models and their desired states from the store again; replicas see them at their next
 * visit. */
void daemon_refresh_models(struct daemon *d);
const struct model_view *daemon_model(const struct daemon *d, const char *name); /* NULL: unknown */

/* How a piece of work on the store ended: see store_health.h. */
void daemon_note_store(struct daemon *d, const struct err *e);

/* <artifact_dir>/<sha256>.safetensors */
void daemon_artifact_path(const struct daemon *d, const char *sha256, char *out, size_t size_bytes);
void daemon_snapshot_path(const struct daemon *d, const char *sha256, char *out, size_t size_bytes);

/* Submits work to the store queue; where that is impossible, done runs with the error. */
void daemon_work(struct daemon *d, store_work *work, store_done *done, void *data);

#endif
