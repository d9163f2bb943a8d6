/*
 * page.h - what a command shows to people: lines, wrapped paragraphs and fields, built in memory
 * and written at once, so that --watch does not flicker.
 */
#ifndef BASE_PAGE_H
#define BASE_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_WARN, STYLE_BAD };

struct page {
    struct buf text;
    size_t width;
    bool colour; /* stdout is a terminal, and NO_COLOR is not set */
    bool tty;
};

/* Looks at stdout, COLUMNS and NO_COLOR. */
struct page page_new(void);
/* For tests: that wide, plain. */
struct page page_plain(size_t width);
void page_free(struct page *p);

/* A line, wrapped at the width. */
void page_line(struct page *p, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same behind an indent, which later lines get, too. */
void page_indented(struct page *p, size_t indent, enum style style, const char *text);
/* "name        value", the value wrapped beside the name. Left out where the value is empty. */
void page_field(struct page *p, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void page_gap(struct page *p); /* an empty line, never the first and never two */

/* Appends text in a style; the text must be clean and have no line feed. */
void page_put_styled(struct page *p, enum style style, const char *text);

/* Writes everything to stdout and empties the page. clear: first clears the screen, on a terminal.
 */
void page_show(struct page *p, bool clear);

#endif
