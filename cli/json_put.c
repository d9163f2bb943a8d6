/*
 * json_put.c - see json_put.h.
 */
#include "json_put.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static bool needs_care(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\' || c >= 0x80;
}

/* Writes one character that may not stand as it is; returns the bytes read. */
static size_t put_careful(struct buf *out, const char *p)
{
    unsigned char c = (unsigned char)*p;
    if (c == '"' || c == '\\') {
        buf_printf(out, "\\%c", c);
        return 1;
    }
    if (c < 0x20) {
        buf_printf(out, "\\u%04x", c);
        return 1;
    }
    size_t n = utf8_char_len(p, strlen(p) < 4 ? strlen(p) : 4);
    if (n == 0)
        buf_puts(out, "\xef\xbf\xbd");
    else
        buf_append(out, p, n);
    return n ? n : 1;
}

void json_put_string(struct buf *out, const char *text)
{
    buf_append(out, "\"", 1);
    while (*text) {
        size_t plain = 0;
        while (text[plain] && !needs_care((unsigned char)text[plain]))
            plain++;
        buf_append(out, text, plain);
        text += plain;
        if (*text)
            text += put_careful(out, text);
    }
    buf_append(out, "\"", 1);
}

void json_put_number(struct buf *out, double value)
{
    char text[32];
    if (!isfinite(value)) {
        buf_puts(out, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buf_puts(out, text);
}
