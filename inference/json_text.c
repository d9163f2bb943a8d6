/*
 * json_text.c - shortest round-trip numbers and safe strings.
 *
 * A number is tried as an integer over 10^k, k = 0, 1, ...: numerator and power are exact doubles,
 * so the quotient is the correctly rounded value of that decimal, and equality proves the round
 * trip. Very large and very small values go through printf with growing precision.
 */
#include "json_text.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* The decimal point is put k digits from the right. */
static void put_scaled(struct buf *b, bool negative, uint64_t digits, int k)
{
    char text[40];
    char *p = text + sizeof text;
    for (int i = 0; digits > 0 || i <= k; i++) {
        if (i == k && k > 0) {
            *--p = '.';
        }
        *--p = (char)('0' + digits % 10);
        digits /= 10;
    }
    if (negative) {
        *--p = '-';
    }
    buf_append(b, p, (size_t)(text + sizeof text - p));
}

/* Reading the decimal as a double and rounding that to float32 is the same as rounding the decimal,
 * but for doubles half-way between two floats: those are not accepted. */
static bool reads_back_as_float(double value, float wanted)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bool half_way = (bits & 0x1fffffff) == 0x10000000;
    return !half_way && (float)value == wanted;
}

/* True where the value could be written as digits / 10^k. */
static bool put_decimal(struct buf *b, double value, bool single, int max_k)
{
    double magnitude = fabs(value), power = 1;
    for (int k = 0; k <= max_k; k++, power *= 10) {
        double digits = nearbyint(magnitude * power);
        if (digits > 9007199254740992.0) {
            return false;
        }
        double back = digits / power;
        if (single ? reads_back_as_float(back, (float)magnitude) : back == magnitude) {
            put_scaled(b, signbit(value) && digits > 0, (uint64_t)digits, k);
            return true;
        }
    }
    return false;
}

static void put_printed(struct buf *b, double value, bool single, int precision)
{
    char text[40];
    for (;; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, value);
        bool same = single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
        if (same || precision >= (single ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG)) {
            break;
        }
    }
    buf_puts(b, text);
}

void json_text_double(struct buf *b, double value)
{
    if (!isfinite(value)) {
        buf_append(b, "null", 4);
    } else if (value != 0 && fabs(value) < 1e-5) {
        put_printed(b, value, false, 1);
    } else if (!put_decimal(b, value, false, 17)) {
        put_printed(b, value, false, fabs(value) > 1e15 ? 1 : 17);
    }
}

void json_text_float(struct buf *b, float value)
{
    if (!isfinite(value)) {
        buf_append(b, "null", 4);
    } else if ((value != 0 && fabsf(value) < 1e-5f) || fabsf(value) > 16777216.0f) {
        put_printed(b, value, true, 1); /* from 2^24 on, whole floats have shorter neighbours */
    } else if (!put_decimal(b, value, true, 14)) {
        put_printed(b, value, true, 1);
    }
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void json_text_string(struct buf *b, const char *s, size_t len)
{
    if (!s) {
        buf_append(b, "null", 4);
        return;
    }
    const unsigned char *u = (const unsigned char *)s;
    buf_append(b, "\"", 1);
    for (size_t i = 0; i < len;) {
        size_t plain = i;
        while (plain < len && is_plain(u[plain])) {
            plain++;
        }
        buf_append(b, s + i, plain - i);
        i = plain;
        if (i == len) {
            break;
        }
        size_t n = utf8_char_len(s + i, len - i);
        if (u[i] == '"' || u[i] == '\\') {
            char pair[2] = {'\\', s[i]};
            buf_append(b, pair, 2);
        } else if (u[i] < 0x20 || u[i] == 0x7f) {
            buf_printf(b, "\\u%04x", u[i]);
        } else if (n == 0) {
            buf_puts(b, "\xef\xbf\xbd");
        } else {
            buf_append(b, s + i, n);
        }
        i += n ? n : 1;
    }
    buf_append(b, "\"", 1);
}
