/*
 * table.h - rows and columns on a page. A table that does not fit is narrowed: wide text columns
 * first, cut with an ellipsis or wrapped; where even that is too wide, each row becomes a block of
 * "title value" lines. Numbers are never cut.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/page.h"

#define TABLE_MAX_COLUMNS 16

enum table_fit {
    TABLE_CUT,    /* text: cut where there is no room */
    TABLE_WRAP,   /* text: wrapped */
    TABLE_KEEP,   /* text that is useless when cut: ids, glyphs */
    TABLE_NUMBER, /* to the right, never cut */
    TABLE_BELOW,  /* last column only: a sentence, wrapped on lines of its own under the row */
};

struct table_column {
    const char *title;
    enum table_fit fit;
};

struct table;

/* columns: borrowed, at most TABLE_MAX_COLUMNS. Owned; NULL: out of memory, which every function
 * below accepts. */
struct table *table_new(const struct table_column *columns, size_t n_columns);
void table_free(struct table *t);

/* The next cell; after the last column the next row begins. */
void table_cell(struct table *t, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

size_t table_n_rows(const struct table *t);

/* Widths that fit into width with two columns between; false where there are none. */
bool table_layout(const struct table *t, size_t width, size_t widths[TABLE_MAX_COLUMNS]);

/* Appends the table, titles first; nothing where it has no rows. */
void table_print(const struct table *t, struct page *out);

#endif
