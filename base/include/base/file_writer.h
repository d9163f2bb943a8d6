/*
 * file_writer.h - a file written piece by piece that appears under its name only when it is whole
 * and on disk. file_write_atomic is the same for data that are in memory already.
 */
#ifndef BASE_FILE_WRITER_H
#define BASE_FILE_WRITER_H

#include <stddef.h>

#include "base/err.h"

struct file_writer;

/* Creates a temporary file beside path. *out is owned; ended by commit or abort. */
enum err_code file_writer_open(const char *path, struct file_writer **out, struct err *e);

enum err_code file_writer_append(struct file_writer *w, const void *data, size_t len,
                                 struct err *e);

/* fsync, rename over path, fsync of the folder; frees w. On an error nothing is left behind. */
enum err_code file_writer_commit(struct file_writer *w, struct err *e);

/* Removes the temporary file and frees w; NULL is fine. */
void file_writer_abort(struct file_writer *w);

#endif
