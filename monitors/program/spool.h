/*
 * spool.h - stdin as a file that can be read twice: its bytes in a temporary file without a name.
 */
#ifndef PROGRAM_SPOOL_H
#define PROGRAM_SPOOL_H

#include <stddef.h>

#include "base/err.h"

struct spool {
    int fd; /* -1: nothing was spooled */
    char path[32];
};

/* *out is the path to open as often as needed: path itself, or for "-" (and for anything else that
 * is no regular file) one that leads to the copy, which is in $TMPDIR, else /tmp, and gone after
 * spool_close, or when the program ends. */
enum err_code spool_open(const char *path, struct spool *s, const char **out, struct err *e);
void spool_close(struct spool *s);

#endif
