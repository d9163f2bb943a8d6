/*
 * log.c - builds one logfmt line on the stack and writes it with one write(2), so that lines of
 * several threads and processes never mix. A line too long loses its tail, visibly ("...").
 */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_BYTES 4096

static _Atomic int set_level = LOG_INFO;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

struct line {
    char text[LINE_BYTES];
    size_t len;
    bool cut;
};

/* The last 5 bytes stay free for "...\n". */
static void put(struct line *l, const char *text, size_t len)
{
    size_t room = sizeof l->text - 5 - l->len;
    if (len > room) {
        len = room;
        l->cut = true;
    }
    memcpy(l->text + l->len, text, len);
    l->len += len;
}

static void put_text(struct line *l, const char *text)
{
    put(l, text, strlen(text));
}

static bool needs_quotes(const char *s)
{
    if (*s == '\0') {
        return true;
    }
    for (; *s; s++) {
        if ((unsigned char)*s <= ' ' || *s == '"' || *s == '=' || *s == '\\' || *s == 0x7f) {
            return true;
        }
    }
    return false;
}

static void put_escaped(struct line *l, unsigned char c)
{
    char hex[8];
    if (c == '"' || c == '\\') {
        put(l, (char[]){'\\', (char)c}, 2);
    } else if (c == '\n') {
        put(l, "\\n", 2);
    } else if (c == '\r') {
        put(l, "\\r", 2);
    } else if (c == '\t') {
        put(l, "\\t", 2);
    } else if (c < ' ' || c == 0x7f) {
        put(l, hex, (size_t)snprintf(hex, sizeof hex, "\\u%04x", c));
    } else {
        put(l, (const char *)&c, 1);
    }
}

static void put_string(struct line *l, const char *s)
{
    if (!s) {
        s = "";
    }
    if (!needs_quotes(s)) {
        put_text(l, s);
        return;
    }
    put(l, "\"", 1);
    for (; *s; s++) {
        put_escaped(l, (unsigned char)*s);
    }
    put(l, "\"", 1);
}

static void put_field(struct line *l, const struct log_field *f)
{
    char number[40];
    put(l, " ", 1);
    put_text(l, f->key);
    put(l, "=", 1);
    switch (f->kind) {
    case LOG_KIND_END:
        break;
    case LOG_KIND_STR:
        put_string(l, f->value.s);
        break;
    case LOG_KIND_INT:
        put(l, number, (size_t)snprintf(number, sizeof number, "%" PRId64, f->value.i));
        break;
    case LOG_KIND_FLOAT:
        put(l, number, (size_t)snprintf(number, sizeof number, "%.6g", f->value.f));
        break;
    case LOG_KIND_BOOL:
        put_text(l, f->value.b ? "true" : "false");
        break;
    }
}

static void write_all(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, text, len);
        if (n < 0 && errno != EINTR) {
            return; /* there is nobody left to tell */
        }
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    if ((int)level < atomic_load_explicit(&set_level, memory_order_relaxed)) {
        return;
    }
    int saved_errno = errno;
    struct line l;
    l.len = 0;
    l.cut = false;
    char ts[CLOCK_TEXT_BYTES];
    put_text(&l, "ts=");
    put_text(&l, clock_format_utc(clock_unix_ms(), ts, sizeof ts));
    put_text(&l, " level=");
    put_text(&l, level_names[level]);
    put_text(&l, " event=");
    put_string(&l, event);
    for (; fields && fields->kind != LOG_KIND_END; fields++) {
        put_field(&l, fields);
    }
    if (l.cut) {
        memcpy(l.text + l.len, "...", 3);
        l.len += 3;
    }
    l.text[l.len++] = '\n';
    write_all(l.text, l.len);
    errno = saved_errno;
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&set_level, (int)level, memory_order_relaxed);
}

bool log_level_parse(const char *text, enum log_level *out)
{
    for (int i = 0; i <= LOG_ERROR; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}
