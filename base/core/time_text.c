/*
 * time_text.c - see base/time_text.h. ISO 8601 in its looser spellings is completed to RFC 3339,
 * which clock.c reads.
 */
#include "base/time_text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/csv.h"

#define EARLIEST_UNIX_MS (-2208988800000)
#define LATEST_UNIX_MS 7258118400000
#define ISO_MAX_BYTES 40

static const char *const names[] = {
#define X(symbol, text) [symbol] = text,
    TIME_FORMAT_LIST(X)
#undef X
};

const char *time_format_name(enum time_format f)
{
    return names[f];
}

bool time_format_from_name(const char *name, enum time_format *out)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) {
            *out = (enum time_format)i;
            return true;
        }
    return false;
}

/* "12:30" or "12:30:05.1" and an offset, or nothing, to what RFC 3339 wants of them. */
static bool parse_iso8601(const char *text, size_t len, int64_t *unix_ms)
{
    char full[ISO_MAX_BYTES + 16], clock[ISO_MAX_BYTES] = "00:00:00", zone[ISO_MAX_BYTES] = "Z";
    if (len < 10 || len >= ISO_MAX_BYTES)
        return false;
    if (len > 10) {
        if (text[10] != ' ' && text[10] != 'T' && text[10] != 't')
            return false;
        size_t n = strspn(text + 11, "0123456789:.");
        n = n < len - 11 ? n : len - 11;
        snprintf(clock, sizeof clock, "%.*s%s", (int)n, text + 11, n == 5 ? ":00" : "");
        while (11 + n < len && text[11 + n] == ' ')
            n++;
        if (11 + n < len)
            snprintf(zone, sizeof zone, "%.*s", (int)(len - 11 - n), text + 11 + n);
    }
    snprintf(full, sizeof full, "%.10sT%s%s", text, clock, zone);
    return clock_parse_utc(full, unix_ms);
}

static bool parse_number(const char *text, double ms_per_unit, int64_t *unix_ms)
{
    double x = NAN;
    if (!csv_number(text, &x) || !(fabs(x * ms_per_unit) < 1e15))
        return false;
    *unix_ms = (int64_t)floor(x * ms_per_unit);
    return true;
}

static bool parse(const char *text, enum time_format f, int64_t *unix_ms)
{
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    switch (f) {
    case TIME_UNIX:
        return parse_number(text, 1000, unix_ms);
    case TIME_UNIX_MS:
        return parse_number(text, 1, unix_ms);
    case TIME_ISO8601:
        return parse_iso8601(text, len, unix_ms);
    }
    return false;
}

bool time_text_parse(const char *text, enum time_format f, int64_t *unix_ms)
{
    int64_t at = 0;
    while (isspace((unsigned char)*text))
        text++;
    if (!parse(text, f, &at) || at < EARLIEST_UNIX_MS || at > LATEST_UNIX_MS)
        return false;
    *unix_ms = at;
    return true;
}
