/*
 * json_scan.c - the JSON cursor (RFC 8259).
 *
 * Numbers: up to 19 digits are gathered in an integer; where it is below 2^53 and the power of ten
 * at most 22, one multiplication or division of exact doubles gives the correctly rounded value
 * (Clinger 1990); strtod does the rest.
 */
#include "json_scan.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_scan_init(struct json_scan *s, const char *text, size_t len, struct arena *arena,
                    struct err *e)
{
    *s = (struct json_scan){.start = text, .p = text, .end = text + len, .arena = arena, .e = e};
}

bool json_scan_fail(struct json_scan *s, const char *fmt, ...)
{
    if (s->failed) {
        return false;
    }
    s->failed = true;
    char what[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    err_set(s->e, ERR_PARSE, "byte %zu: %s", (size_t)(s->p - s->start), what);
    return false;
}

/* The failure that is met most: something else stands here. */
static bool fail_expected(struct json_scan *s, const char *expected)
{
    if (s->p >= s->end) {
        return json_scan_fail(s, "expected %s, got the end", expected);
    }
    unsigned char c = (unsigned char)*s->p;
    if (c < 0x20 || c >= 0x7f) {
        return json_scan_fail(s, "expected %s, got byte 0x%02x", expected, c);
    }
    return json_scan_fail(s, "expected %s, got '%c'", expected, c);
}

static void skip_space(struct json_scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t')) {
        s->p++;
    }
}

char json_scan_peek(struct json_scan *s)
{
    skip_space(s);
    return s->p < s->end && !s->failed ? *s->p : 0;
}

/* Steps over c, or fails. */
static bool take(struct json_scan *s, char c, const char *expected)
{
    if (json_scan_peek(s) != c || s->failed || s->p >= s->end) {
        return s->failed ? false : fail_expected(s, expected);
    }
    s->p++;
    return true;
}

bool json_scan_enter(struct json_scan *s, char open)
{
    if (!take(s, open, open == '{' ? "an object" : "an array")) {
        return false;
    }
    if (++s->depth > JSON_SCAN_MAX_DEPTH) {
        return json_scan_fail(s, "nested deeper than %d", JSON_SCAN_MAX_DEPTH);
    }
    return true;
}

/* Common to objects and arrays: false after the closing bracket; true where an element follows. */
static bool next_element(struct json_scan *s, bool *first, char close)
{
    if (json_scan_peek(s) == close && s->p < s->end) {
        s->p++;
        s->depth--;
        return false;
    }
    if (*first) {
        *first = false;
        return !s->failed;
    }
    return take(s, ',', close == '}' ? "',' or '}'" : "',' or ']'");
}

bool json_scan_next_item(struct json_scan *s, bool *first)
{
    return !s->failed && next_element(s, first, ']');
}

bool json_scan_next_key(struct json_scan *s, bool *first, struct text *key)
{
    if (s->failed || !next_element(s, first, '}')) {
        return false;
    }
    if (json_scan_peek(s) != '"') {
        return fail_expected(s, "a key");
    }
    return json_scan_string(s, key) && take(s, ':', "':'");
}

/* ---- strings ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at s->p, which moves behind them; -1 on failure. */
static int read_hex4(struct json_scan *s)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = s->p < s->end ? hex_digit(*s->p) : -1;
        if (digit < 0) {
            fail_expected(s, "four hex digits after \\u");
            return -1;
        }
        value = value * 16 + digit;
        s->p++;
    }
    return value;
}

static char *put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *out++ = (char)(0xe0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    } else {
        *out++ = (char)(0xf0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
        *out++ = (char)(0x80 | (c & 0x3f));
    }
    return out;
}

/* Behind "\u": one code point, which may take a second \u (a surrogate pair). */
static char *unescape_unicode(struct json_scan *s, char *out)
{
    int high = read_hex4(s);
    if (high < 0) {
        return NULL;
    }
    if (high < 0xd800 || high > 0xdfff) {
        return put_utf8(out, (uint32_t)high);
    }
    int low = -1;
    if (high < 0xdc00 && s->end - s->p >= 2 && s->p[0] == '\\' && s->p[1] == 'u') {
        s->p += 2;
        low = read_hex4(s);
    }
    if (low < 0xdc00 || low > 0xdfff) {
        json_scan_fail(s, "expected a surrogate pair");
        return NULL;
    }
    return put_utf8(out, 0x10000 + (((uint32_t)high - 0xd800) << 10) + ((uint32_t)low - 0xdc00));
}

/* s->p is behind a backslash; returns behind what was written, NULL on failure. */
static char *unescape(struct json_scan *s, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (s->p < s->end && *s->p == 'u') {
        s->p++;
        return unescape_unicode(s, out);
    }
    const char *found = s->p < s->end && *s->p ? strchr(from, *s->p) : NULL;
    if (!found) {
        fail_expected(s, "an escape");
        return NULL;
    }
    s->p++;
    *out++ = to[found - from];
    return out;
}

/* The way for strings with a backslash: begin is behind the opening quote. */
static bool read_escaped(struct json_scan *s, const char *begin, struct text *out)
{
    const char *close = s->p;
    while (close < s->end && *close != '"') {
        close += *close == '\\' ? 2 : 1;
    }
    if (close >= s->end) {
        s->p = s->end;
        return fail_expected(s, "'\"'");
    }
    char *copy = arena_alloc(s->arena, (size_t)(close - begin)); /* unescaping never lengthens */
    if (!copy) {
        return json_scan_fail(s, "out of memory");
    }
    char *o = copy;
    s->p = begin;
    while (s->p < close) {
        if ((unsigned char)*s->p < 0x20) {
            return fail_expected(s, "no control character in a string");
        }
        if (*s->p != '\\') {
            *o++ = *s->p++;
            continue;
        }
        s->p++;
        if (!(o = unescape(s, o))) {
            return false;
        }
    }
    s->p = close + 1;
    *out = (struct text){copy, (uint32_t)(o - copy)};
    return true;
}

bool json_scan_string(struct json_scan *s, struct text *out)
{
    if (!take(s, '"', "a string")) {
        return false;
    }
    const char *begin = s->p;
    while (s->p < s->end && *s->p != '"' && *s->p != '\\' && (unsigned char)*s->p >= 0x20) {
        s->p++;
    }
    if (s->p < s->end && *s->p == '\\') {
        return read_escaped(s, begin, out);
    }
    if (s->p >= s->end || *s->p != '"') {
        return fail_expected(s, "'\"'");
    }
    *out = (struct text){begin, (uint32_t)(s->p - begin)};
    s->p++;
    return true;
}

/* ---- numbers ---- */

/* What the digits say: value = digits x 10^exponent, where nothing was cut off. */
struct decimal {
    uint64_t digits;
    int n_digits;
    int exponent;
    bool cut; /* more than 19 digits */
};

/* A run of digits; each one adds `step` to the exponent (-1 behind the point). */
static const char *read_digits(const char *p, const char *end, struct decimal *d, int step)
{
    for (; p < end && (unsigned char)(*p - '0') < 10; p++) {
        if (d->n_digits == 19) {
            d->cut = true;
            continue;
        }
        d->digits = d->digits * 10 + (uint64_t)(*p - '0');
        d->n_digits += d->digits != 0;
        d->exponent += step;
    }
    return p;
}

static const char *read_exponent(const char *p, const char *end, struct decimal *d)
{
    bool minus = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    const char *begin = p;
    int exponent = 0;
    for (; p < end && (unsigned char)(*p - '0') < 10; p++) {
        exponent = exponent < 100000 ? exponent * 10 + (*p - '0') : exponent;
    }
    d->exponent += minus ? -exponent : exponent;
    return p > begin ? p : NULL;
}

/* Over the whole grammar; NULL where it is not met. */
static const char *read_decimal(const char *p, const char *end, struct decimal *d)
{
    const char *begin = p;
    p = read_digits(p, end, d, 0);
    if (p == begin || (*begin == '0' && p > begin + 1)) {
        return NULL;
    }
    if (p < end && *p == '.') {
        begin = ++p;
        p = read_digits(p, end, d, -1);
        if (p == begin) {
            return NULL;
        }
    }
    if (p < end && (*p | 0x20) == 'e') {
        p = read_exponent(p + 1, end, d);
    }
    return p;
}

/* The correctly rounded value of any number; text need not end in a terminator. */
static double slow_value(const char *text, size_t len)
{
    char small[64];
    char *copy = len < sizeof small ? small : malloc(len + 1);
    if (!copy) {
        return INFINITY; /* refused by the caller like any number out of range */
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    double value = strtod(copy, NULL);
    if (copy != small) {
        free(copy);
    }
    return value;
}

size_t json_number_parse(const char *text, size_t len, double *out)
{
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *end = text + len;
    struct decimal d = {0};
    bool negative = len > 0 && *text == '-';
    const char *p = read_decimal(text + negative, end, &d);
    if (!p) {
        return 0;
    }
    double value;
    if (!d.cut && d.digits <= (uint64_t)1 << 53 && d.exponent >= -22 && d.exponent <= 22) {
        double digits = (double)d.digits;
        value = d.exponent < 0 ? digits / power[-d.exponent] : digits * power[d.exponent];
        value = negative ? -value : value;
    } else {
        value = slow_value(text, (size_t)(p - text));
    }
    if (!isfinite(value)) {
        return 0;
    }
    *out = value;
    return (size_t)(p - text);
}

bool json_scan_number(struct json_scan *s, double *out)
{
    json_scan_peek(s);
    if (s->failed) {
        return false;
    }
    size_t len = json_number_parse(s->p, (size_t)(s->end - s->p), out);
    if (len == 0) {
        bool started = s->p < s->end && (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'));
        return started ? json_scan_fail(s, "expected a JSON number within the range of a double")
                       : fail_expected(s, "a number");
    }
    s->p += len;
    return true;
}

/* ---- words and skipping ---- */

static bool take_word(struct json_scan *s, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0) {
        return fail_expected(s, word);
    }
    s->p += len;
    return true;
}

bool json_scan_null(struct json_scan *s)
{
    json_scan_peek(s);
    return !s->failed && take_word(s, "null");
}

bool json_scan_bool(struct json_scan *s, bool *out)
{
    char c = json_scan_peek(s);
    if (s->failed || (c != 't' && c != 'f')) {
        return s->failed ? false : fail_expected(s, "true or false");
    }
    bool value = c == 't';
    if (!take_word(s, value ? "true" : "false")) {
        return false;
    }
    *out = value;
    return true;
}

bool json_scan_skip(struct json_scan *s)
{
    struct text text;
    double number;
    bool flag, first = true;
    switch (json_scan_peek(s)) {
    case '{':
        json_scan_enter(s, '{');
        while (json_scan_next_key(s, &first, &text)) {
            json_scan_skip(s);
        }
        return !s->failed;
    case '[':
        json_scan_enter(s, '[');
        while (json_scan_next_item(s, &first)) {
            json_scan_skip(s);
        }
        return !s->failed;
    case '"':
        return json_scan_string(s, &text);
    case 't':
    case 'f':
        return json_scan_bool(s, &flag);
    case 'n':
        return json_scan_null(s);
    default:
        return json_scan_number(s, &number);
    }
}

bool json_scan_end(struct json_scan *s)
{
    json_scan_peek(s);
    return !s->failed && (s->p == s->end || fail_expected(s, "the end"));
}

bool text_is(struct text t, const char *word)
{
    return t.s && strlen(word) == t.len && memcmp(t.s, word, t.len) == 0;
}
