/*
 * file.h - whole files: read bounded, written so that a crash leaves the old or the new one.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Reads a whole file of at most max_bytes; *out is owned (free) and NUL-terminated after *len. */
enum err_code file_read(const char *path, size_t max_bytes, char **out, size_t *len, struct err *e);

/* Writes to a temporary file beside path, fsyncs, renames over path, fsyncs the folder. For data
 * that come piece by piece see file_writer.h. */
enum err_code file_write_atomic(const char *path, const void *data, size_t len, struct err *e);

/* Creates a folder and its parents (mode 0700 for the last); an existing folder is fine. */
enum err_code file_mkdirs(const char *path, struct err *e);

/* Removes a file or a whole folder tree (never follows links); absent is fine. */
enum err_code file_remove_tree(const char *path, struct err *e);

bool file_exists(const char *path);

/*
 * Makes this process the only one that uses a folder, by a lock on FOLDER/lock; waits up to a
 * second, because a process killed between fork and exec leaves a child with its descriptors, the
 * lock among them, for an instant. *fd_out holds the lock until it is closed or the process ends,
 * however it ends. ERR_CONFLICT: another process has it. Blocks: for a program's start.
 */
enum err_code file_lock_folder(const char *folder, int *fd_out, struct err *e);

#endif
