/*
 * replay_fleet.h - which replica gets the next request: round robin over a fixed list or a
 * Prometheus file_sd file that is read again when it changes; a replica that failed is left alone
 * for a while.
 */
#ifndef CLI_REPLAY_FLEET_H
#define CLI_REPLAY_FLEET_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/opt.h"

#define REPLAY_URL_BYTES 300
#define REPLAY_MAX_REPLICAS 1024

struct replay_replica {
    char url[REPLAY_URL_BYTES]; /* without a final slash */
    int64_t not_before_ms;      /* after a failure */
    int64_t backoff_ms;
};

struct replay_fleet {
    size_t n, next;
    struct replay_replica *replicas; /* owned */
    const char *path;                /* NULL: a fixed list */
    uv_fs_poll_t poll;
    void (*on_problem)(const char *message, void *user);
    void *user;
};

/* One of the two is given. A file that cannot be read later leaves the fleet as it was and is told
 * to on_problem. Free with replay_fleet_free once the loop has ended. */
enum err_code replay_fleet_open(struct replay_fleet *f, const char *path,
                                const struct opt_list *urls, struct err *e);
void replay_fleet_free(struct replay_fleet *f);

/* Starts and ends watching the file. */
void replay_fleet_watch(struct replay_fleet *f, uv_loop_t *loop);
void replay_fleet_unwatch(struct replay_fleet *f);

/* The next replica that is not being left alone; NULL: none, look again in *wait_ms. A view, valid
 * until the loop goes on. */
const char *replay_fleet_pick(struct replay_fleet *f, int64_t now_ms, int64_t *wait_ms);

/* What came of it; a replica that left the fleet meanwhile is ignored. */
void replay_fleet_succeeded(struct replay_fleet *f, const char *url);
void replay_fleet_failed(struct replay_fleet *f, const char *url, int64_t now_ms);

#endif
