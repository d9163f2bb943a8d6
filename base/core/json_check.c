/*
 * json_check.c - a recursive-descent reader that builds nothing: it finds the first mistake and
 * says where it is.
 *
 * cJSON alone is too kind for control messages: it takes "01", raw control characters and invalid
 * UTF-8, cuts strings at \u0000, reads at most 63 characters of a number, and reports an error only
 * as a pointer. What passes here, cJSON reads as written.
 */
#include "json_check.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

#define MAX_NUMBER_CHARS 63

struct scan {
    const char *name, *text;
    size_t len, at;
    int depth;
    size_t n_keys;     /* object keys seen so far */
    size_t wanted_key; /* json_find_key: the key whose place is noted */
    size_t wanted_at;
    struct err *e;
};

static void place_of(const char *text, size_t at, int *line, int *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        } else {
            ++*column;
        }
    }
}

/* What stands at the current place, for messages. */
static const char *found(const struct scan *s, char out[16])
{
    if (s->at >= s->len) {
        return "the end";
    }
    unsigned char c = (unsigned char)s->text[s->at];
    snprintf(out, 16, isgraph(c) ? "'%c'" : "byte 0x%02x", c);
    return out;
}

static enum err_code fail(struct scan *s, enum err_code code, const char *expected)
{
    int line, column;
    char what[16];
    place_of(s->text, s->at, &line, &column);
    return err_set(s->e, code, "%s:%d:%d: expected %s, got %s", s->name, line, column, expected,
                   found(s, what));
}

static int peek(const struct scan *s)
{
    return s->at < s->len ? (unsigned char)s->text[s->at] : -1;
}

static void skip_space(struct scan *s)
{
    while (s->at < s->len && memchr(" \t\r\n", s->text[s->at], 4)) {
        s->at++;
    }
}

static bool take(struct scan *s, char c)
{
    if (peek(s) != (unsigned char)c) {
        return false;
    }
    s->at++;
    return true;
}

static enum err_code scan_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);
    if (s->len - s->at < n || memcmp(s->text + s->at, word, n) != 0) {
        return fail(s, ERR_PARSE, "a JSON value");
    }
    s->at += n;
    return ERR_OK;
}

static size_t skip_digits(struct scan *s)
{
    size_t start = s->at;
    while (isdigit(peek(s))) {
        s->at++;
    }
    return s->at - start;
}

static enum err_code scan_number(struct scan *s)
{
    size_t start = s->at;
    take(s, '-');
    if (!take(s, '0') && skip_digits(s) == 0) {
        return fail(s, ERR_PARSE, "a digit");
    }
    if (isdigit(peek(s))) {
        return fail(s, ERR_PARSE, "no digit after a leading zero");
    }
    if (take(s, '.') && skip_digits(s) == 0) {
        return fail(s, ERR_PARSE, "a digit after the decimal point");
    }
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+')) {
            take(s, '-');
        }
        if (skip_digits(s) == 0) {
            return fail(s, ERR_PARSE, "a digit in the exponent");
        }
    }
    if (s->at - start > MAX_NUMBER_CHARS) {
        s->at = start;
        return fail(s, ERR_LIMIT, "a number of at most 63 characters");
    }
    return ERR_OK;
}

/* Four hex digits at the current place -> code unit, or -1. */
static int32_t take_hex4(struct scan *s)
{
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int c = peek(s);
        if (!isxdigit(c)) {
            return -1;
        }
        unit = unit * 16 + (isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
        s->at++;
    }
    return unit;
}

static bool take_low_surrogate(struct scan *s)
{
    if (!take(s, '\\') || !take(s, 'u')) {
        return false;
    }
    int32_t unit = take_hex4(s);
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Behind the backslash. */
static enum err_code scan_escape(struct scan *s)
{
    size_t start = s->at;
    int c = peek(s);
    if (c != 'u') {
        if (c < 0 || !memchr("\"\\/bfnrt", c, 8)) {
            return fail(s, ERR_PARSE, "one of \" \\ / b f n r t u after the backslash");
        }
        s->at++;
        return ERR_OK;
    }
    s->at++;
    int32_t unit = take_hex4(s);
    if (unit < 0) {
        return fail(s, ERR_PARSE, "four hex digits after \\u");
    }
    bool low = unit >= 0xdc00 && unit <= 0xdfff, high = unit >= 0xd800 && unit <= 0xdbff;
    if (unit == 0 || low || (high && !take_low_surrogate(s))) {
        s->at = start;
        return fail(s, ERR_PARSE,
                    unit == 0 ? "no \\u0000 in a string" : "a complete surrogate pair");
    }
    return ERR_OK;
}

static enum err_code scan_string(struct scan *s)
{
    if (!take(s, '"')) {
        return fail(s, ERR_PARSE, "a string in double quotes");
    }
    while (!take(s, '"')) {
        if (s->at >= s->len) {
            return fail(s, ERR_PARSE, "the closing double quote");
        }
        if (peek(s) < 0x20) {
            return fail(s, ERR_PARSE, "control characters in a string to be escaped");
        }
        if (take(s, '\\')) {
            enum err_code code = scan_escape(s);
            if (code) {
                return code;
            }
            continue;
        }
        size_t n = utf8_char_len(s->text + s->at, s->len - s->at);
        if (n == 0) {
            return fail(s, ERR_PARSE, "UTF-8");
        }
        s->at += n;
    }
    return ERR_OK;
}

static enum err_code scan_value(struct scan *s);

static enum err_code scan_member(struct scan *s)
{
    if (s->n_keys++ == s->wanted_key) {
        s->wanted_at = s->at;
    }
    enum err_code code = scan_string(s);
    if (code) {
        return code;
    }
    skip_space(s);
    if (!take(s, ':')) {
        return fail(s, ERR_PARSE, "':' after the key");
    }
    return scan_value(s);
}

/* Behind the opening bracket: members or values up to the closing one. */
static enum err_code scan_items(struct scan *s, char close, const char *expected,
                                enum err_code (*scan_item)(struct scan *))
{
    skip_space(s);
    if (take(s, close)) {
        return ERR_OK;
    }
    for (;;) {
        skip_space(s);
        enum err_code code = scan_item(s);
        if (code) {
            return code;
        }
        skip_space(s);
        if (take(s, close)) {
            return ERR_OK;
        }
        if (!take(s, ',')) {
            return fail(s, ERR_PARSE, expected);
        }
    }
}

static enum err_code scan_nested(struct scan *s)
{
    if (s->depth == JSON_MAX_DEPTH) {
        return fail(s, ERR_LIMIT, "at most 64 levels of nesting");
    }
    s->depth++;
    bool is_object = s->text[s->at++] == '{';
    enum err_code code = is_object ? scan_items(s, '}', "',' or '}'", scan_member)
                                   : scan_items(s, ']', "',' or ']'", scan_value);
    s->depth--;
    return code;
}

static enum err_code scan_value(struct scan *s)
{
    skip_space(s);
    switch (peek(s)) {
    case '{':
    case '[':
        return scan_nested(s);
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        return peek(s) == '-' || isdigit(peek(s)) ? scan_number(s)
                                                  : fail(s, ERR_PARSE, "a JSON value");
    }
}

enum err_code json_check(const char *name, const char *text, size_t len, struct err *e)
{
    struct scan s = {.name = name, .text = text, .len = len, .wanted_key = SIZE_MAX, .e = e};
    enum err_code code = scan_value(&s);
    if (code) {
        return code;
    }
    skip_space(&s);
    return s.at == len ? ERR_OK : fail(&s, ERR_PARSE, "nothing after the JSON value");
}

void json_find_key(const char *text, size_t len, size_t key_index, int *line, int *column)
{
    struct scan s = {.name = "", .text = text, .len = len, .wanted_key = key_index};
    scan_value(&s);
    place_of(text, s.wanted_at, line, column);
}
