/*
 * time_text.h - points in time as columns of files and requests hold them, and which of the known
 * spellings a column has.
 */
#ifndef BASE_TIME_TEXT_H
#define BASE_TIME_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* X(symbol, text) */
#define TIME_FORMAT_LIST(X)                                                                        \
    X(TIME_UNIX, "unix")       /* seconds since 1970, a decimal number */                          \
    X(TIME_UNIX_MS, "unix_ms") /* milliseconds since 1970 */                                       \
    X(TIME_ISO8601, "iso8601") /* "2026-01-02", "2026-01-02 03:04", with seconds, with an offset   \
                                */

enum time_format {
#define X(symbol, text) symbol,
    TIME_FORMAT_LIST(X)
#undef X
};

const char *time_format_name(enum time_format f);
/* False where the name is not one of the list; *out is then unchanged. */
bool time_format_from_name(const char *name, enum time_format *out);

/* One point in time, blanks around it allowed. ISO 8601 without an offset is UTC, a date alone its
 * midnight. False where text is not that, or beyond the years 1900 to 2200; *unix_ms is then
 * unchanged. */
bool time_text_parse(const char *text, enum time_format f, int64_t *unix_ms);

#endif
