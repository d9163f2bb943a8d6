/*
 * tz_data.h - what a time zone is made of; private to tz.c, tz_file.c and tz_rule.c.
 */
#ifndef POLICIES_TZ_DATA_H
#define POLICIES_TZ_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policies/tz.h"

enum tz_day_kind { TZ_JULIAN_NO_LEAP /* Jn */, TZ_DAY_OF_YEAR /* n */, TZ_MONTH_WEEK /* Mm.w.d */ };

/* One change of the clocks in a POSIX rule: a day of the year and seconds after its midnight. */
struct tz_change {
    enum tz_day_kind kind;
    int day;         /* Jn: 1..365; n: 0..365; Mm.w.d: weekday 0..6 */
    int month, week; /* Mm.w.d: 1..12, 1..5 (5 = last) */
    int time_s;      /* wall time before the change; may be negative or beyond a day */
};

/* A POSIX TZ string, "CET-1CEST,M3.5.0,M10.5.0/3". */
struct tz_rule {
    int standard_s, summer_s; /* seconds east of UTC */
    bool has_summer;
    struct tz_change start, end; /* of summer time */
};

struct tz {
    char name[TZ_NAME_BYTES];
    size_t n;         /* transitions, ascending */
    int64_t *at_s;    /* n: from this instant on */
    int32_t *after_s; /* n: this offset holds */
    int32_t before_s; /* before the first transition */
    bool has_rule;
    struct tz_rule rule; /* after the last transition */
};

/* Parses a POSIX TZ string of len bytes; false where it is none. */
bool tz_rule_parse(const char *text, size_t len, struct tz_rule *out);
int tz_rule_offset_s(const struct tz_rule *rule, int64_t unix_s);

#endif
