/*
 * buf.h - a growing byte buffer, for text that is built piece by piece (metrics, NDJSON, HTML).
 *
 * Failure is sticky: after out of memory every append is a no-op and buf_failed says so, so that a
 * writer checks once at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* always NUL-terminated after the first append; NULL before */
    size_t len, cap;
    bool failed;
};

#define BUF_INIT ((struct buf){0})

void buf_free(struct buf *b);
void buf_clear(struct buf *b); /* keeps the memory */
void buf_append(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool buf_failed(const struct buf *b);

/* Gives up the data: returns owned (free with free), NULL where the buffer failed; b is empty. */
char *buf_take(struct buf *b, size_t *len);

#endif
