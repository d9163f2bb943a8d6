/*
 * clock.h - one time type: int64_t milliseconds. `_unix_ms` is wall time, `_mono_ms` never jumps.
 *
 * Only shells read the clock; pure code gets `now` as a parameter.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_TEXT_BYTES 32

int64_t clock_unix_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_ns(void);

/* "2026-01-02T03:04:05.678Z" into out (at least CLOCK_TEXT_BYTES); returns out. */
char *clock_format_utc(int64_t unix_ms, char *out, size_t size_bytes);

/* RFC 3339 ("2026-01-02T03:04:05Z", ".678", "+02:00") -> *unix_ms; false where it is not that. */
bool clock_parse_utc(const char *text, int64_t *unix_ms);

/* "250ms", "90s", "15m", "6h", "30d", "2w" (one unit, a decimal number) -> milliseconds;
 * false where it is not that, negative, or over 100 years. */
bool clock_parse_duration(const char *text, int64_t *ms);

/* 5400000 -> "1h30m" into out (at least CLOCK_TEXT_BYTES); returns out. */
char *clock_format_duration(int64_t ms, char *out, size_t size_bytes);

#endif
