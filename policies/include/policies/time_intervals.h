/*
 * time_intervals.h - stretches of time in Alertmanager's time_intervals form: times of day,
 * weekdays, days of month, months, years, in a location. All given fields must match; an absent
 * field matches.
 *
 * Used for blackout windows. Reading them from YAML is policy.h's; here is the arithmetic.
 */
#ifndef POLICIES_TIME_INTERVALS_H
#define POLICIES_TIME_INTERVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "policies/tz.h"

#define TIME_INTERVAL_MAX_RANGES 16

struct time_of_day_range {
    int start_minute, end_minute; /* minutes since midnight, [start, end); end up to 1440 */
};

struct time_range {
    int begin, end; /* both included; days of month may be negative: -1 is the month's last day */
};

struct time_ranges {
    size_t n; /* 0: everything matches */
    struct time_range items[TIME_INTERVAL_MAX_RANGES];
};

struct time_zone_ref {
    char name[TZ_NAME_BYTES]; /* "UTC" where none was given */
    struct tz *tz;            /* owned by whoever owns this struct; NULL: UTC */
};

struct time_interval {
    size_t n_times; /* 0: the whole day */
    struct time_of_day_range times[TIME_INTERVAL_MAX_RANGES];
    struct time_ranges weekdays; /* 0 = Sunday */
    struct time_ranges days_of_month;
    struct time_ranges months;
    struct time_ranges years;
    struct time_zone_ref location;
};

/* Which kind of value a range holds; decides names and limits. */
enum time_range_kind { TIME_WEEKDAYS, TIME_DAYS_OF_MONTH, TIME_MONTHS, TIME_YEARS };

/* "monday:friday", "-3:-1", "may", "2026" -> *out. The error says what was expected. */
enum err_code time_range_parse(enum time_range_kind kind, const char *text, struct time_range *out,
                               struct err *e);
/* The canonical text, "monday:friday"; "5:5" for a single value. Returns out. */
char *time_range_format(enum time_range_kind kind, const struct time_range *range, char *out,
                        size_t size_bytes);
/* "09:00" -> 540; "24:00" -> 1440. */
enum err_code time_of_day_parse(const char *text, int *minute, struct err *e);

bool time_interval_contains(const struct time_interval *t, int64_t unix_ms);

/* Index of the first interval that contains unix_ms, or -1. */
int time_intervals_find(const struct time_interval *list, size_t n, int64_t unix_ms);

/* The first instant at or after unix_ms that no interval contains; 0 where there is none within
 * 400 days. */
int64_t time_intervals_free_at(const struct time_interval *list, size_t n, int64_t unix_ms);

#endif
