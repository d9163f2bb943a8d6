/*
 * window_store.h - what the collector must not lose: the last cumulative counters of each source
 * (so that differences stay exact over a restart), windows being filled, and windows closed with
 * their signals. Profiles are opaque blobs here.
 */
#ifndef STORE_WINDOW_STORE_H
#define STORE_WINDOW_STORE_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sha256.h"
#include "base/store.h"

/* ---- sources: the last report of (model, replica, version, role) ---- */

struct window_source {
    const char *model, *replica;
    const char *sha256;
    const char *role;     /* "champion", "candidate", "shadow" */
    const char *instance; /* a new one: the replica restarted, its counters began at zero */
    int64_t unix_ms;
    const void *data;
    size_t len;
};
typedef enum err_code window_source_visit(void *user, const struct window_source *src,
                                          struct err *e);

/* Replaces what is known of this source. Caller's transaction (with the open window it went into).
 */
enum err_code window_store_put_source(struct store *s, const struct window_source *src,
                                      struct err *e);
/* All sources of a model (NULL: of all models); views, valid during the callback. */
enum err_code window_store_each_source(struct store *s, const char *model,
                                       window_source_visit *visit, void *user, struct err *e);

/* ---- accumulators: any named state of a model that must survive a restart ---- */

/* name: "window", "performance", "detector/adwin", "rollout", ... data NULL removes it. Caller's
 * transaction. */
enum err_code window_store_put_state(struct store *s, const char *model, const char *name,
                                     const void *data, size_t len, struct err *e);
/* *data is owned (free); ERR_NOT_FOUND. */
enum err_code window_store_get_state(struct store *s, const char *model, const char *name,
                                     void **data, size_t *len, struct err *e);

/* ---- closed windows ---- */

struct closed_window {
    const char *model;
    int64_t from_unix_ms, to_unix_ms;
    int64_t n_rows;
    const char *champion; /* sha256 */
    const void *profile;
    size_t profile_len;
    const cJSON *signals; /* array of {"monitor","feature","statistic","threshold","verdict",...} */
};
/* Caller's transaction. id may be NULL. */
enum err_code window_store_close(struct store *s, const struct closed_window *w, int64_t *id,
                                 struct err *e);

/* The newest limit windows, oldest first: [{"id","from_unix_ms","to_unix_ms","rows","champion",
 * "signals": [...]}]. feature NULL: all signals, else those of that feature alone. after_id 0: any.
 */
enum err_code window_store_list(struct store *s, const char *model, const char *feature,
                                int64_t after_id, int limit, cJSON **out, struct err *e);
/* The profile of one window (id 0: the newest). *data is owned (free). champion may be NULL. */
enum err_code window_store_profile(struct store *s, const char *model, int64_t id, void **data,
                                   size_t *len, char champion[SHA256_HEX_BYTES], struct err *e);
/* Keeps the newest keep windows and the profiles of the newest keep_profiles, and forgets sources
 * silent for 30 days. Caller's transaction. */
enum err_code window_store_trim(struct store *s, const char *model, int64_t keep,
                                int64_t keep_profiles, struct err *e);

#endif
