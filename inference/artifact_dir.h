/*
 * artifact_dir.h - the artifact files on this replica's disk, named by their SHA-256.
 */
#ifndef INFERENCE_ARTIFACT_DIR_H
#define INFERENCE_ARTIFACT_DIR_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"

#define ARTIFACT_DIR_KEEP 8 /* unused files that stay, the last ones by use */

struct artifact_dir {
    char path[PATH_MAX - 128];
};

/* Creates the folder. */
enum err_code artifact_dir_init(struct artifact_dir *d, const char *data_dir, struct err *e);

void artifact_dir_file(const struct artifact_dir *d, const char *sha256, char out[PATH_MAX]);
bool artifact_dir_has(const struct artifact_dir *d, const char *sha256);

/* Checks the hash of file (on the same file system) and moves it in; ERR_REFUSED where the hash is
 * another one. *is_new is false where a good one was there already; a damaged one is replaced. */
enum err_code artifact_dir_put(const struct artifact_dir *d, const char *sha256, const char *file,
                               bool *is_new, struct err *e);

/* Marks as used now. */
void artifact_dir_touch(const struct artifact_dir *d, const char *sha256);
void artifact_dir_remove(const struct artifact_dir *d, const char *sha256);

/* Removes what is not in use, but for the last ARTIFACT_DIR_KEEP. */
void artifact_dir_prune(const struct artifact_dir *d,
                        bool (*in_use)(const char *sha256, void *user), void *user);

#endif
