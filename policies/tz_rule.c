/*
 * tz_rule.c - POSIX TZ strings (POSIX.1-2017, 8.3; RFC 8536, 3.3.1): the footer of a zone file,
 * which says how the clocks go after its last transition.
 */
#include "tz_data.h"

#include <ctype.h>

#define DAY_S 86400
#define MAX_HOURS 167 /* RFC 8536: times of a rule may reach over a week */

struct reader {
    const char *at, *end;
};

static int peek(const struct reader *r)
{
    return r->at < r->end ? (unsigned char)*r->at : -1;
}

static bool take(struct reader *r, char c)
{
    if (peek(r) != c)
        return false;
    r->at++;
    return true;
}

static bool read_number(struct reader *r, int max, int *out)
{
    int value = 0;

    if (!isdigit(peek(r)))
        return false;
    while (isdigit(peek(r))) {
        value = value * 10 + (*r->at++ - '0');
        if (value > max)
            return false;
    }
    *out = value;
    return true;
}

/* "CEST" or "<+0330>". */
static bool skip_name(struct reader *r)
{
    const char *start = r->at;

    if (take(r, '<')) {
        while (peek(r) > 0 && peek(r) != '>')
            r->at++;
        return take(r, '>');
    }
    while (isalpha(peek(r)))
        r->at++;
    return r->at - start >= 3;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool read_time(struct reader *r, int *seconds)
{
    int sign = take(r, '-') ? -1 : 1;
    int h = 0, m = 0, s = 0;

    if (sign > 0)
        take(r, '+');
    if (!read_number(r, MAX_HOURS, &h))
        return false;
    if (take(r, ':') && !read_number(r, 59, &m))
        return false;
    if (take(r, ':') && !read_number(r, 59, &s))
        return false;
    *seconds = sign * (h * 3600 + m * 60 + s);
    return true;
}

static bool read_month_week(struct reader *r, struct tz_change *c)
{
    c->kind = TZ_MONTH_WEEK;
    return read_number(r, 12, &c->month) && c->month >= 1 && take(r, '.') &&
           read_number(r, 5, &c->week) && c->week >= 1 && take(r, '.') &&
           read_number(r, 6, &c->day);
}

static bool read_change(struct reader *r, struct tz_change *c)
{
    bool ok;

    if (!take(r, ','))
        return false;
    if (take(r, 'M')) {
        ok = read_month_week(r, c);
    } else if (take(r, 'J')) {
        c->kind = TZ_JULIAN_NO_LEAP;
        ok = read_number(r, 365, &c->day) && c->day >= 1;
    } else {
        c->kind = TZ_DAY_OF_YEAR;
        ok = read_number(r, 365, &c->day);
    }
    c->time_s = 2 * 3600;
    if (ok && take(r, '/'))
        ok = read_time(r, &c->time_s);
    return ok;
}

bool tz_rule_parse(const char *text, size_t len, struct tz_rule *out)
{
    struct reader r = {text, text + len};
    struct tz_rule rule = {0};
    int west;

    if (!skip_name(&r) || !read_time(&r, &west))
        return false;
    rule.standard_s = rule.summer_s = -west;
    if (r.at < r.end) {
        rule.has_summer = true;
        rule.summer_s = rule.standard_s + 3600;
        if (!skip_name(&r))
            return false;
        if (peek(&r) != ',') {
            if (!read_time(&r, &west))
                return false;
            rule.summer_s = -west;
        }
        if (!read_change(&r, &rule.start) || !read_change(&r, &rule.end) || r.at != r.end)
            return false;
    }
    *out = rule;
    return true;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Day number of the week-th weekday of a month; week 5 is the last one. */
static int64_t nth_weekday(int year, const struct tz_change *c)
{
    int64_t first = tz_days_from_civil(year, c->month, 1);
    int64_t next_month = tz_days_from_civil(year, c->month + 1, 1);
    int first_weekday = (int)(((first + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    int64_t day = first + (c->day - first_weekday + 7) % 7 + 7 * (c->week - 1);

    return day >= next_month ? day - 7 : day;
}

/* The change's instant in a year, as seconds of the wall clock that it ends. */
static int64_t change_wall_s(const struct tz_change *c, int year)
{
    int64_t january = tz_days_from_civil(year, 1, 1), day = january;

    switch (c->kind) {
    case TZ_JULIAN_NO_LEAP: /* day 60 is 1 March in every year */
        day = january + c->day - 1 + (is_leap(year) && c->day >= 60);
        break;
    case TZ_DAY_OF_YEAR:
        day = january + c->day;
        break;
    case TZ_MONTH_WEEK:
        day = nth_weekday(year, c);
        break;
    }
    return day * DAY_S + c->time_s;
}

int tz_rule_offset_s(const struct tz_rule *rule, int64_t unix_s)
{
    int year, month, day;
    int64_t start, end, wall = unix_s + rule->standard_s;
    bool summer;

    if (!rule->has_summer)
        return rule->standard_s;
    tz_civil_from_days((wall - (wall % DAY_S + DAY_S) % DAY_S) / DAY_S, &year, &month, &day);
    start = change_wall_s(&rule->start, year) - rule->standard_s;
    end = change_wall_s(&rule->end, year) - rule->summer_s;
    if (start < end)
        summer = unix_s >= start && unix_s < end;
    else /* south of the equator summer spans the new year */
        summer = unix_s >= start || unix_s < end;
    return summer ? rule->summer_s : rule->standard_s;
}
