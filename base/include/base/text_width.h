/*
 * text_width.h - how wide UTF-8 text is on a terminal, and where to cut or wrap it.
 *
 * One column a character: names and sentences of ours and of most users. East Asian wide
 * characters come out wider than counted, which bends a table and breaks nothing.
 */
#ifndef BASE_TEXT_WIDTH_H
#define BASE_TEXT_WIDTH_H

#include <stddef.h>

#include "base/buf.h"

size_t text_width(const char *text);

/* Bytes of text that fit into width columns. */
size_t text_bytes_within(const char *text, size_t width);

/* Bytes of the next line of at most width (>= 1) columns, broken at a space or a line feed where
 * there is one; *next is where the line after it begins (NULL: that was all). */
size_t text_next_line(const char *text, size_t width, const char **next);

/* Appends text with control characters as spaces and bytes that are not UTF-8 as '?': what a server
 * or a file says must not move the cursor. Line feeds stay. */
void text_put_clean(struct buf *out, const char *text);

/* Appends at most width columns of text, the last one being an ellipsis where it was cut. */
void text_put_cut(struct buf *out, const char *text, size_t width);

#endif
