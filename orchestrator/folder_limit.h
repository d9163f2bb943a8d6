/*
 * folder_limit.h - keeps a folder of files bounded: the newest so many stay.
 *
 * For snapshots and paired scores, which are of use while their run is under way and for looking at
 * the last few afterwards. Artifacts are not kept this way: the registry names them for ever.
 */
#ifndef ORCHESTRATOR_FOLDER_LIMIT_H
#define ORCHESTRATOR_FOLDER_LIMIT_H

#include <stddef.h>

#include "base/err.h"

/* Removes the oldest regular files of dir (by modification time) until at most keep are left;
 * *n_removed says how many went. Sub-folders and links are left alone. Blocks: worker thread. */
enum err_code folder_keep_newest(const char *dir, size_t keep, size_t *n_removed, struct err *e);

#endif
