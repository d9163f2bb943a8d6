/*
 * table.c - see base/table.h.
 */
#include "base/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text_width.h"

#define GAP 2
#define BELOW_INDENT 4
#define MIN_TEXT_WIDTH 8
#define MIN_WRAP_WIDTH 16

struct cell {
    char *text; /* owned, clean, one line */
    enum style style;
};

struct table {
    const struct table_column *columns;
    size_t n_columns, n_across; /* n_across: without the one below */
    size_t n_cells, capacity;
    struct cell *cells;
    bool failed;
};

struct table *table_new(const struct table_column *columns, size_t n_columns)
{
    struct table *t = calloc(1, sizeof(*t));
    bool below = columns[n_columns - 1].fit == TABLE_BELOW;
    if (t)
        *t = (struct table){
            .columns = columns, .n_columns = n_columns, .n_across = n_columns - below};
    return t;
}

void table_free(struct table *t)
{
    for (size_t i = 0; t && i < t->n_cells; i++)
        free(t->cells[i].text);
    free(t ? t->cells : NULL);
    free(t);
}

static bool grow(struct table *t)
{
    if (t->n_cells < t->capacity)
        return true;
    size_t capacity = t->capacity ? t->capacity * 2 : 64;
    struct cell *cells = realloc(t->cells, capacity * sizeof(*cells));
    if (!cells)
        return false;
    t->cells = cells;
    t->capacity = capacity;
    return true;
}

static char *clean_line(const char *text)
{
    struct buf b = BUF_INIT;
    buf_puts(&b, "");
    text_put_clean(&b, text);
    for (char *p = b.data; p && *p; p++)
        if (*p == '\n')
            *p = ' ';
    return buf_take(&b, &(size_t){0});
}

void table_cell(struct table *t, enum style style, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    if (!t || t->failed)
        return;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    struct cell cell = {.text = n < 0 ? NULL : clean_line(text), .style = style};
    if (n >= 0)
        free(text);
    t->failed = !cell.text || !grow(t);
    if (t->failed)
        free(cell.text);
    else
        t->cells[t->n_cells++] = cell;
}

size_t table_n_rows(const struct table *t)
{
    return t ? t->n_cells / t->n_columns : 0;
}

static const struct cell *cell_at(const struct table *t, size_t row, size_t column)
{
    return &t->cells[row * t->n_columns + column];
}

/* ---- layout ---- */

static size_t natural_width(const struct table *t, size_t column)
{
    size_t width = text_width(t->columns[column].title);
    for (size_t r = 0; r < table_n_rows(t); r++) {
        size_t w = text_width(cell_at(t, r, column)->text);
        width = w > width ? w : width;
    }
    return width;
}

static size_t least_width(const struct table *t, size_t column, size_t natural)
{
    size_t title = text_width(t->columns[column].title), least = natural;
    if (t->columns[column].fit == TABLE_CUT)
        least = title > MIN_TEXT_WIDTH ? title : MIN_TEXT_WIDTH;
    if (t->columns[column].fit == TABLE_WRAP)
        least = title > MIN_WRAP_WIDTH ? title : MIN_WRAP_WIDTH;
    return least < natural ? least : natural;
}

/* The widest column that may still give a character; n_columns where none may. */
static size_t widest_flexible(const struct table *t, const size_t *widths, const size_t *least)
{
    size_t best = t->n_across;
    for (size_t c = 0; c < t->n_across; c++)
        if (widths[c] > least[c] && (best == t->n_across || widths[c] > widths[best]))
            best = c;
    return best;
}

bool table_layout(const struct table *t, size_t width, size_t widths[TABLE_MAX_COLUMNS])
{
    size_t least[TABLE_MAX_COLUMNS], total = GAP * (t->n_across - 1);
    for (size_t c = 0; c < t->n_across; c++) {
        widths[c] = natural_width(t, c);
        least[c] = least_width(t, c, widths[c]);
        total += widths[c];
    }
    while (total > width) {
        size_t c = widest_flexible(t, widths, least);
        if (c == t->n_across)
            return false;
        widths[c]--;
        total--;
    }
    return true;
}

/* ---- printing ---- */

struct printer {
    const struct table *t;
    struct page *out;
    size_t widths[TABLE_MAX_COLUMNS];
};

static void put_padding(struct printer *p, size_t n)
{
    buf_printf(&p->out->text, "%*s", (int)n, "");
}

static void put_cell(struct printer *p, size_t column, const char *text, enum style style)
{
    struct buf shown = BUF_INIT;
    size_t width = p->widths[column];
    bool last = column + 1 == p->t->n_across;
    buf_puts(&shown, "");
    text_put_cut(&shown, text, width);
    size_t pad = width - text_width(shown.data ? shown.data : "");
    if (p->t->columns[column].fit == TABLE_NUMBER)
        put_padding(p, pad);
    page_put_styled(p->out, style, shown.data ? shown.data : "");
    if (p->t->columns[column].fit != TABLE_NUMBER && !last)
        put_padding(p, pad);
    if (!last)
        put_padding(p, GAP);
    buf_free(&shown);
}

/* One line of a row: rest[c] is what is left of a wrapped cell, NULL where nothing is. */
static void put_line(struct printer *p, size_t row, const char **rest)
{
    for (size_t c = 0; c < p->t->n_across; c++) {
        const char *text = rest[c] ? rest[c] : "";
        struct buf part = BUF_INIT;
        buf_puts(&part, "");
        if (p->t->columns[c].fit == TABLE_WRAP && rest[c])
            buf_append(&part, text, text_next_line(text, p->widths[c], &rest[c]));
        else {
            buf_puts(&part, text);
            rest[c] = NULL;
        }
        put_cell(p, c, part.data ? part.data : "", cell_at(p->t, row, c)->style);
        buf_free(&part);
    }
    while (p->out->text.len && p->out->text.data[p->out->text.len - 1] == ' ')
        p->out->text.data[--p->out->text.len] = '\0';
    buf_puts(&p->out->text, "\n");
}

static bool any_left(const struct table *t, const char **rest)
{
    for (size_t c = 0; c < t->n_across; c++)
        if (rest[c])
            return true;
    return false;
}

static void put_below(struct printer *p, const struct cell *cell)
{
    if (cell->text[0])
        page_indented(p->out, BELOW_INDENT, cell->style, cell->text);
}

static void put_row(struct printer *p, size_t row)
{
    const char *rest[TABLE_MAX_COLUMNS];
    for (size_t c = 0; c < p->t->n_across; c++)
        rest[c] = cell_at(p->t, row, c)->text;
    do
        put_line(p, row, rest);
    while (any_left(p->t, rest));
    if (p->t->n_across < p->t->n_columns)
        put_below(p, cell_at(p->t, row, p->t->n_across));
}

static void put_titles(struct printer *p)
{
    for (size_t c = 0; c < p->t->n_across; c++)
        put_cell(p, c, p->t->columns[c].title, STYLE_BOLD);
    buf_puts(&p->out->text, "\n");
}

/* Too narrow for columns: a block of lines per row. */
static void print_blocks(const struct table *t, struct page *out)
{
    for (size_t r = 0; r < table_n_rows(t); r++) {
        if (r > 0)
            page_gap(out);
        for (size_t c = 0; c < t->n_columns; c++)
            page_field(out, t->columns[c].title, "%s", cell_at(t, r, c)->text);
    }
}

void table_print(const struct table *t, struct page *out)
{
    struct printer p = {.t = t, .out = out};
    if (table_n_rows(t) == 0)
        return;
    if (!table_layout(t, out->width, p.widths)) {
        print_blocks(t, out);
        return;
    }
    put_titles(&p);
    for (size_t r = 0; r < table_n_rows(t); r++)
        put_row(&p, r);
}
