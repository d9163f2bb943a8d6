/*
 * content_store.h - pushed snapshots and artifacts: files named by their SHA-256, the least
 * recently used removed when together they grow beyond a bound.
 *
 * Use is the file's mtime. Nothing is remembered in memory: what is on disk is the truth, also
 * after a crash. A file is there whole (renamed into place after its hash was checked) or not at
 * all.
 */
#ifndef TRAINER_DAEMON_CONTENT_STORE_H
#define TRAINER_DAEMON_CONTENT_STORE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sha256.h"

enum content_kind { CONTENT_SNAPSHOT, CONTENT_ARTIFACT };

struct content_store {
    char folder[PATH_MAX / 2];
    int64_t max_bytes;
};

/* Creates the folders. */
enum err_code content_store_init(struct content_store *s, const char *folder, int64_t max_bytes,
                                 struct err *e);

void content_store_path(const struct content_store *s, enum content_kind kind, const char *sha256,
                        char out[PATH_MAX]);

/* True where it is there; marks it used now. */
bool content_store_use(const struct content_store *s, enum content_kind kind, const char *sha256);

/* Checks file's hash (ERR_REFUSED where it is another one), syncs it and renames it into the store.
 * Reads the whole file: call it off the loop. Any thread. */
enum err_code content_store_admit(const struct content_store *s, enum content_kind kind,
                                  const char *sha256, const char *file, struct err *e);

/* Removes the least recently used files for which pinned says no until the bound is kept; returns
 * how many. */
int content_store_evict(const struct content_store *s, bool (*pinned)(const char *sha256, void *),
                        void *user);

int64_t content_store_bytes(const struct content_store *s);

#endif
