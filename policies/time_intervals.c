/*
 * time_intervals.c - Alertmanager's time intervals: parsing of its range texts, and "is it now?".
 */
#include "policies/time_intervals.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SEARCH_DAYS 400
#define DAY_MINUTES 1440

static const char *const weekday_names[] = {"sunday",   "monday", "tuesday", "wednesday",
                                            "thursday", "friday", "saturday"};
static const char *const month_names[] = {"january",   "february", "march",    "april",
                                          "may",       "june",     "july",     "august",
                                          "september", "october",  "november", "december"};

struct range_rule {
    const char *expected;
    int min, max;
    const char *const *names; /* of first_named, first_named + 1, ... */
    size_t n_names;
    int first_named;
    bool numbers; /* may be given as numbers too */
};

static const struct range_rule rules[] = {
    [TIME_WEEKDAYS] =
        {"a weekday or a range of them within a week from sunday, such as monday:friday", 0, 6,
         weekday_names, 7, 0, false},
    [TIME_DAYS_OF_MONTH] = {"a day 1..31 or -31..-1 (from the month's end) or a range such as 1:7",
                            -31, 31, NULL, 0, 0, true},
    [TIME_MONTHS] = {"a month by name or number, or a range such as january:march", 1, 12,
                     month_names, 12, 1, true},
    [TIME_YEARS] = {"a year 1970..9999 or a range such as 2026:2027", 1970, 9999, NULL, 0, 0, true},
};

static bool parse_bound(const struct range_rule *rule, const char *text, size_t len, int *out)
{
    char copy[16], *end;

    if (len == 0 || len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    for (size_t i = 0; i < rule->n_names; i++) {
        if (strcasecmp(copy, rule->names[i]) == 0) {
            *out = rule->first_named + (int)i;
            return true;
        }
    }
    if (!rule->numbers || !(isdigit((unsigned char)copy[0]) || copy[0] == '-'))
        return false;
    *out = (int)strtol(copy, &end, 10);
    return *end == '\0' && *out >= rule->min && *out <= rule->max;
}

enum err_code time_range_parse(enum time_range_kind kind, const char *text, struct time_range *out,
                               struct err *e)
{
    const struct range_rule *rule = &rules[kind];
    const char *colon = strchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);
    struct time_range r;
    bool zero_day;

    if (!parse_bound(rule, text, len, &r.begin))
        return err_set(e, ERR_PARSE, "%s", rule->expected);
    r.end = r.begin;
    if (colon != NULL && !parse_bound(rule, colon + 1, strlen(colon + 1), &r.end))
        return err_set(e, ERR_PARSE, "%s", rule->expected);
    zero_day = kind == TIME_DAYS_OF_MONTH && (r.begin == 0 || r.end == 0);
    /* 20:-1 (from the 20th to the end) is fine, -5:3 can never match. */
    if (zero_day || ((r.begin < 0) == (r.end < 0) && r.end < r.begin) || (r.begin < 0 && r.end > 0))
        return err_set(e, ERR_PARSE, "%s, its start not after its end", rule->expected);
    *out = r;
    return ERR_OK;
}

static void format_bound(const struct range_rule *rule, int value, char *out, size_t size_bytes)
{
    size_t name = (size_t)(value - rule->first_named);

    if (value >= rule->first_named && name < rule->n_names)
        snprintf(out, size_bytes, "%s", rule->names[name]);
    else
        snprintf(out, size_bytes, "%d", value);
}

char *time_range_format(enum time_range_kind kind, const struct time_range *range, char *out,
                        size_t size_bytes)
{
    char begin[16], end[16];

    format_bound(&rules[kind], range->begin, begin, sizeof(begin));
    format_bound(&rules[kind], range->end, end, sizeof(end));
    snprintf(out, size_bytes, "%s:%s", begin, end);
    return out;
}

enum err_code time_of_day_parse(const char *text, int *minute, struct err *e)
{
    bool shape = strlen(text) == 5 && isdigit((unsigned char)text[0]) &&
                 isdigit((unsigned char)text[1]) && text[2] == ':' &&
                 isdigit((unsigned char)text[3]) && isdigit((unsigned char)text[4]);
    int h = shape ? (text[0] - '0') * 10 + text[1] - '0' : 0;
    int m = shape ? (text[3] - '0') * 10 + text[4] - '0' : 0;

    if (!shape || m > 59 || h * 60 + m > DAY_MINUTES)
        return err_set(e, ERR_PARSE, "a time of day 00:00..24:00, as \"09:30\"");
    *minute = h * 60 + m;
    return ERR_OK;
}

static bool ranges_contain(const struct time_ranges *r, int value)
{
    for (size_t i = 0; i < r->n; i++) {
        if (value >= r->items[i].begin && value <= r->items[i].end)
            return true;
    }
    return r->n == 0;
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

/* Days counted from the month's end are turned into days from its start; both ends are cut to it.
 */
static bool days_contain(const struct time_ranges *r, const struct tz_civil *t)
{
    int length = (int)(tz_days_from_civil(t->year, t->month + 1, 1) -
                       tz_days_from_civil(t->year, t->month, 1));

    for (size_t i = 0; i < r->n; i++) {
        int begin = r->items[i].begin, end = r->items[i].end;

        if (begin > length) /* the 31st of a month that has none */
            continue;
        begin = begin < 0 ? length + 1 + begin : begin;
        end = end < 0 ? length + 1 + end : end;
        if (t->day >= clamp(begin, 1, length) && t->day <= clamp(end, 0, length))
            return true;
    }
    return r->n == 0;
}

static bool times_contain(const struct time_interval *t, int minute)
{
    for (size_t i = 0; i < t->n_times; i++) {
        if (minute >= t->times[i].start_minute && minute < t->times[i].end_minute)
            return true;
    }
    return t->n_times == 0;
}

bool time_interval_contains(const struct time_interval *t, int64_t unix_ms)
{
    struct tz_civil at;

    tz_civil_at(t->location.tz, unix_ms, &at);
    return times_contain(t, at.hour * 60 + at.minute) && days_contain(&t->days_of_month, &at) &&
           ranges_contain(&t->weekdays, at.weekday) && ranges_contain(&t->months, at.month) &&
           ranges_contain(&t->years, at.year);
}

int time_intervals_find(const struct time_interval *list, size_t n, int64_t unix_ms)
{
    for (size_t i = 0; i < n; i++) {
        if (time_interval_contains(&list[i], unix_ms))
            return (int)i;
    }
    return -1;
}

/* The first moment after unix_ms at which interval t may end: one of its end times, or midnight. */
static int64_t next_edge(const struct time_interval *t, int64_t unix_ms)
{
    struct tz_civil day;
    int64_t best;

    tz_civil_at(t->location.tz, unix_ms, &day);
    day.second = 0;
    day.hour = 24;
    day.minute = 0;
    best = tz_to_unix_ms(t->location.tz, &day, TZ_EARLIER);
    for (size_t i = 0; i < t->n_times; i++) {
        for (int fold = TZ_EARLIER; fold <= TZ_LATER; fold++) {
            int64_t edge;

            day.hour = t->times[i].end_minute / 60;
            day.minute = t->times[i].end_minute % 60;
            edge = tz_to_unix_ms(t->location.tz, &day, (enum tz_fold)fold);
            if (edge > unix_ms && edge < best)
                best = edge;
        }
    }
    return best > unix_ms ? best : unix_ms + 60000;
}

int64_t time_intervals_free_at(const struct time_interval *list, size_t n, int64_t unix_ms)
{
    int64_t limit = unix_ms + (int64_t)SEARCH_DAYS * DAY_MINUTES * 60000;

    while (unix_ms <= limit) {
        int inside = time_intervals_find(list, n, unix_ms);

        if (inside < 0)
            return unix_ms;
        unix_ms = next_edge(&list[inside], unix_ms);
    }
    return 0;
}
