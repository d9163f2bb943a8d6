/*
 * utf8.c - RFC 3629, section 4: the table of well-formed byte sequences.
 */
#include "base/utf8.h"

static bool is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* The range of the second byte is what rules out overlong forms, surrogates and too large values.
 */
static bool second_ok(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return is_tail(second);
    }
}

size_t utf8_char_len(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80) {
        return 1;
    }
    size_t len = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
                 : p[0] >= 0xe0 && p[0] <= 0xef ? 3
                 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                                : 0;
    if (len == 0 || n < len || !second_ok(p[0], p[1])) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if (!is_tail(p[i])) {
            return 0;
        }
    }
    return len;
}

bool utf8_is_valid(const char *text, size_t len)
{
    while (len > 0) {
        size_t n = utf8_char_len(text, len);
        if (n == 0) {
            return false;
        }
        text += n;
        len -= n;
    }
    return true;
}
