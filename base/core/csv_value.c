/*
 * csv_value.c - what a field says: nothing, a number, or something else.
 *
 * Most numbers of most files have at most 15 digits and a small exponent: their digits as a whole
 * number and the power of ten are both exact doubles, so one multiplication or division rounds
 * correctly (Clinger 1990) and strtod, ten times slower, is left for the rest.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/csv.h"

#define EXACT_DIGITS 15

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* field without blanks around it. */
static size_t trim(const char **field)
{
    while (is_blank(**field))
        ++*field;
    size_t len = strlen(*field);
    while (len > 0 && is_blank((*field)[len - 1]))
        len--;
    return len;
}

static bool is_missing_word(const char *field, size_t len)
{
    static const char *const words[] = {"NA", "NaN", "null", "?"};
    if (len == 0)
        return true;
    if (len > 4 || !strchr("nN?", field[0]))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == len && strncasecmp(field, words[i], len) == 0)
            return true;
    return false;
}

bool csv_is_missing(const char *field)
{
    size_t len = trim(&field);
    return is_missing_word(field, len);
}

/* The digits at *p appended to *mantissa; returns how many there were. */
static size_t take_digits(const char **p, uint64_t *mantissa)
{
    const char *start = *p;
    for (; **p >= '0' && **p <= '9'; ++*p)
        *mantissa = *mantissa * 10 + (uint64_t)(**p - '0');
    return (size_t)(*p - start);
}

/* "-12.5" and the like, without an exponent, of at most EXACT_DIGITS digits. */
static bool read_exact(const char *field, size_t len, double *out)
{
    static const double powers[EXACT_DIGITS + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *p = field;
    uint64_t mantissa = 0;
    bool negative = *p == '-';
    if (len > EXACT_DIGITS + 2) /* a sign and a point */
        return false;
    p += negative;
    size_t n_whole = take_digits(&p, &mantissa), n_part = 0;
    if (*p == '.') {
        p++;
        n_part = take_digits(&p, &mantissa);
    }
    if (p != field + len || n_whole + n_part == 0 || n_whole + n_part > EXACT_DIGITS)
        return false;
    double value = (double)mantissa / powers[n_part];
    *out = negative ? -value : value;
    return true;
}

bool csv_infinity(const char *field, double *out)
{
    size_t len = trim(&field);
    bool negative = *field == '-';
    if (negative || *field == '+') {
        field++;
        len--;
    }
    bool found = (len == 3 && strncasecmp(field, "inf", len) == 0) ||
                 (len == 8 && strncasecmp(field, "infinity", len) == 0);
    if (found)
        *out = negative ? -INFINITY : INFINITY;
    return found;
}

bool csv_number(const char *field, double *out)
{
    size_t len = trim(&field);
    char *end;
    if (read_exact(field, len, out))
        return true;
    if (is_missing_word(field, len)) {
        *out = NAN;
        return true;
    }
    /* strtod alone would also take "inf", "nan(x)" and hexadecimal. */
    if (strspn(field, "0123456789+-.eE") != len)
        return false;
    double value = strtod(field, &end);
    if (end != field + len || !isfinite(value))
        return false;
    *out = value;
    return true;
}
