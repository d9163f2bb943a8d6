/*
 * tz.h - IANA time zones without the process-global TZ variable: one immutable struct per zone,
 * read from the system's TZif files (RFC 8536), usable from any thread.
 *
 * glibc can convert only in the zone that TZ names, for the whole process; a policy may name
 * several zones, and decisions are pure. So this reads the compiled zone files itself: transitions,
 * and the POSIX rule in the footer for times after the last one. It knows no leap seconds, as POSIX
 * time does not. "UTC" needs no file. Who calls it: cron.h, time_intervals.h.
 */
#ifndef POLICIES_TZ_H
#define POLICIES_TZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TZ_NAME_BYTES 64

struct tz;

/* A civil (wall clock) time; proleptic Gregorian. */
struct tz_civil {
    int year, month, day;     /* month 1..12, day 1..31 */
    int hour, minute, second; /* hour 0..23; 24:00 is accepted by tz_to_unix */
    int weekday;              /* 0 = Sunday; ignored by tz_to_unix */
    int offset_s;             /* seconds east of UTC; ignored by tz_to_unix */
};

enum tz_fold { TZ_EARLIER, TZ_LATER }; /* which of two instants where clocks were set back */

/* Reads the zone `name` ("Europe/Berlin", "UTC") from ZONEINFO's folder /usr/share/zoneinfo.
 * Unknown, malformed or path-like names are ERR_NOT_FOUND. *out is owned; free with tz_free. */
enum err_code tz_load(const char *name, struct tz **out, struct err *e);
/* The same over the bytes of a TZif file, for tests and fuzzing. */
enum err_code tz_parse(const char *name, const void *data, size_t len, struct tz **out,
                       struct err *e);
void tz_free(struct tz *tz); /* NULL is fine */

const char *tz_name(const struct tz *tz); /* view; "UTC" for NULL */

/* Seconds east of UTC at that instant. tz NULL means UTC, here and below. */
int tz_offset_s(const struct tz *tz, int64_t unix_s);

/* What the clock on the wall shows at that instant. */
void tz_civil_at(const struct tz *tz, int64_t unix_ms, struct tz_civil *out);

/* The instant at which the wall shows c. Times that happen twice give the one that fold names;
 * times that are skipped give the first instant after the gap. Days and months out of range are
 * carried on (day 0 is the last of the month before), so that "the next day" is day + 1. */
int64_t tz_to_unix_ms(const struct tz *tz, const struct tz_civil *c, enum tz_fold fold);

/* Days from 1970-01-01 to a civil date, and back; day and month carried on as above. */
int64_t tz_days_from_civil(int year, int month, int day);
void tz_civil_from_days(int64_t days, int *year, int *month, int *day);

#endif
