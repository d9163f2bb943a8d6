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

/* Writes to a temporary file beside path, fsyncs, renames over path, fsyncs the folder. For data that
 * come piece by piece see file_writer.h. */
enum err_code file_write_atomic(const char *path, const void *data, size_t len, struct err *e);

/* Creates a folder and its parents (mode 0700 for the last); an existing folder is fine. */
enum err_code file_mkdirs(const char *path, struct err *e);

/* Removes a file or a whole folder tree (never follows links); absent is fine. */
enum err_code file_remove_tree(const char *path, struct err *e);

bool file_exists(const char *path);

#endif
