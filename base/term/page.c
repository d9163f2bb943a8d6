/*
 * page.c - see base/page.h.
 */
#include "base/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text_width.h"

#define DEFAULT_WIDTH 80
#define MIN_WIDTH 20
#define MAX_WIDTH 1000
#define FIELD_COLUMN 16

static size_t find_width(bool tty)
{
    const char *columns = getenv("COLUMNS");
    long width = columns ? strtol(columns, NULL, 10) : 0;
    struct winsize size;
    if (width <= 0 && tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width <= 0)
        width = DEFAULT_WIDTH;
    return width < MIN_WIDTH ? MIN_WIDTH : width > MAX_WIDTH ? MAX_WIDTH : (size_t)width;
}

struct page page_new(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    bool tty = isatty(STDOUT_FILENO);
    bool dumb = !term || strcmp(term, "dumb") == 0;
    return (struct page){
        .width = find_width(tty), .tty = tty, .colour = tty && !dumb && !(no_color && no_color[0])};
}

struct page page_plain(size_t width)
{
    return (struct page){.width = width};
}

void page_free(struct page *p)
{
    buf_free(&p->text);
}

void page_put_styled(struct page *p, enum style style, const char *text)
{
    static const char *const codes[] = {
        [STYLE_PLAIN] = "",        [STYLE_BOLD] = "\033[1m",  [STYLE_DIM] = "\033[2m",
        [STYLE_GOOD] = "\033[32m", [STYLE_WARN] = "\033[33m", [STYLE_BAD] = "\033[31m",
    };
    bool styled = p->colour && style != STYLE_PLAIN && text[0];
    if (styled)
        buf_puts(&p->text, codes[style]);
    buf_puts(&p->text, text);
    if (styled)
        buf_puts(&p->text, "\033[0m");
}

/* Wraps clean text; the first line goes on at column `at`, later ones begin at indent. */
static void put_wrapped(struct page *p, size_t at, size_t indent, enum style style,
                        const char *text)
{
    size_t room = p->width > indent + 10 ? p->width - indent : 10;
    const char *next = text;
    for (bool first = true; next; first = false) {
        struct buf line = BUF_INIT;
        const char *from = next;
        buf_append(&line, from, text_next_line(from, room, &next));
        buf_printf(&p->text, "%*s", (int)(first ? indent - at : indent), "");
        page_put_styled(p, style, line.data ? line.data : "");
        buf_puts(&p->text, "\n");
        buf_free(&line);
    }
}

static void put_clean_wrapped(struct page *p, size_t at, size_t indent, enum style style,
                              const char *text)
{
    struct buf clean = BUF_INIT;
    text_put_clean(&clean, text);
    put_wrapped(p, at, indent, style, clean.data ? clean.data : "");
    buf_free(&clean);
}

/* *out is owned; NULL: out of memory. */
static char *format(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));
static char *format(const char *fmt, va_list args)
{
    char *out = NULL;
    return vasprintf(&out, fmt, args) < 0 ? NULL : out;
}

void page_line(struct page *p, enum style style, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = format(fmt, args);
    va_end(args);
    put_clean_wrapped(p, 0, 0, style, text ? text : "");
    free(text);
}

void page_indented(struct page *p, size_t indent, enum style style, const char *text)
{
    if (indent > p->width / 2)
        indent = p->width / 2;
    put_clean_wrapped(p, 0, indent, style, text);
}

void page_field(struct page *p, const char *name, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = format(fmt, args);
    va_end(args);
    if (text && text[0]) {
        size_t at = text_width(name);
        page_put_styled(p, STYLE_DIM, name);
        if (at + 1 > FIELD_COLUMN) {
            buf_puts(&p->text, "\n");
            at = 0;
        }
        put_clean_wrapped(p, at, FIELD_COLUMN, STYLE_PLAIN, text);
    }
    free(text);
}

void page_gap(struct page *p)
{
    size_t len = p->text.len;
    if (len > 0 && !(len > 1 && p->text.data[len - 2] == '\n'))
        buf_puts(&p->text, "\n");
}

void page_show(struct page *p, bool clear)
{
    if (clear && p->tty)
        fputs("\033[H\033[2J", stdout);
    if (p->text.len)
        fwrite(p->text.data, 1, p->text.len, stdout);
    fflush(stdout);
    buf_clear(&p->text);
}
