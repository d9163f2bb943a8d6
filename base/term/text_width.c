/*
 * text_width.c - see base/text_width.h.
 */
#include "base/text_width.h"

#include <string.h>

#include "base/utf8.h"

/* Bytes of the character at text, at least 1: what is not UTF-8 counts byte by byte. */
static size_t char_bytes(const char *text)
{
    size_t n = utf8_char_len(text, strlen(text) < 4 ? strlen(text) : 4);
    return n ? n : 1;
}

size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text; text += char_bytes(text))
        width++;
    return width;
}

size_t text_bytes_within(const char *text, size_t width)
{
    const char *p = text;
    for (; *p && width > 0; width--)
        p += char_bytes(p);
    return (size_t)(p - text);
}

static const char *skip_spaces(const char *text)
{
    while (*text == ' ')
        text++;
    return text;
}

size_t text_next_line(const char *text, size_t width, const char **next)
{
    size_t fit = text_bytes_within(text, width), feed = strcspn(text, "\n");
    if (feed <= fit) {
        *next = text[feed] ? text + feed + 1 : NULL;
        return feed;
    }
    size_t cut = fit;
    if (text[fit] != ' ')
        while (cut > 0 && text[cut - 1] != ' ')
            cut--;
    if (cut == 0)
        cut = fit; /* one word longer than the line */
    *next = skip_spaces(text + cut);
    if (**next == '\0')
        *next = NULL;
    while (cut > 0 && text[cut - 1] == ' ')
        cut--;
    return cut;
}

void text_put_clean(struct buf *out, const char *text)
{
    while (*text) {
        size_t n = utf8_char_len(text, strlen(text) < 4 ? strlen(text) : 4);
        unsigned char c = (unsigned char)*text;
        if (n == 0)
            buf_puts(out, "?");
        else if ((c < 0x20 && c != '\n') || c == 0x7f ||
                 (c == 0xc2 && (unsigned char)text[1] < 0xa0))
            buf_puts(out, " "); /* C0, DEL, and the C1 codes that some terminals obey */
        else
            buf_append(out, text, n);
        text += n ? n : 1;
    }
}

void text_put_cut(struct buf *out, const char *text, size_t width)
{
    if (text_width(text) <= width) {
        buf_puts(out, text);
    } else if (width > 0) {
        buf_append(out, text, text_bytes_within(text, width - 1));
        buf_puts(out, "…");
    }
}
