/*
 * cron.c - five-field cron expressions: parsing into bit sets, and the search for the next match.
 */
#include "policies/cron.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MINUTE_MS 60000
#define SEARCH_DAYS                                                                                \
    (9 * 366) /* 29 February may be eight years away (1896 to 1904, 2096 to 2104)                  \
               */
#define MAX_TEXT 127

struct field {
    const char *what;
    int min, max;
    const char *const *names; /* of min, min + 1, ...; NULL: none */
};

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                          "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, N_FIELDS };

static const struct field fields[N_FIELDS] = {
    [MINUTE] = {"minute", 0, 59, NULL},
    [HOUR] = {"hour", 0, 23, NULL},
    [DAY] = {"day of month", 1, 31, NULL},
    [MONTH] = {"month", 1, 12, month_names},
    [WEEKDAY] = {"day of week", 0, 7, weekday_names},
};

static const struct {
    const char *name, *text;
} shorthands[] = {
    {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},   {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
};

static bool read_number(const char **at, int *out)
{
    int value = 0;

    if (!isdigit((unsigned char)**at))
        return false;
    while (isdigit((unsigned char)**at) && value < 10000)
        value = value * 10 + (*(*at)++ - '0');
    *out = value;
    return true;
}

static bool read_name(const struct field *f, const char **at, int *out)
{
    if (f->names == NULL)
        return false;
    for (int i = 0; f->names[i] != NULL; i++) {
        if (strncasecmp(*at, f->names[i], 3) == 0 && !isalnum((unsigned char)(*at)[3])) {
            *at += 3;
            *out = f->min + i;
            return true;
        }
    }
    return false;
}

static bool read_value(const struct field *f, const char **at, int *out)
{
    return (read_number(at, out) || read_name(f, at, out)) && *out >= f->min && *out <= f->max;
}

/* One item of a list: `*`, a value or a range, and a step behind the first two of those. */
static bool read_item(const struct field *f, const char **at, uint64_t *bits)
{
    int low = f->min, high = f->max, step = 1;
    bool range = true;

    if (**at == '*') {
        ++*at;
        high -= f == &fields[WEEKDAY]; /* Sunday is in the star once, as 0 */
    } else {
        if (!read_value(f, at, &low))
            return false;
        high = low;
        range = **at == '-';
        if (range && (++*at, !read_value(f, at, &high) || high < low))
            return false;
    }
    if (**at == '/' && (!range || (++*at, !read_number(at, &step) || step < 1)))
        return false;
    for (int i = low; i <= high; i += step)
        *bits |= UINT64_C(1) << i;
    return true;
}

/* text is one field; *star says that it is (or steps over) `*`. */
static bool read_field(const struct field *f, const char *text, uint64_t *bits, bool *star)
{
    const char *at = text;

    *bits = 0;
    *star = text[0] == '*';
    do {
        if (!read_item(f, &at, bits))
            return false;
    } while (*at == ',' && *++at != '\0');
    return *at == '\0' && at[-1] != ',';
}

static const char *expand_shorthand(const char *text)
{
    for (size_t i = 0; i < sizeof(shorthands) / sizeof(shorthands[0]); i++) {
        if (strcasecmp(text, shorthands[i].name) == 0)
            return shorthands[i].text;
    }
    return text;
}

static enum err_code bad_field(const struct field *f, const char *word, struct err *e)
{
    return err_set(e, ERR_PARSE,
                   "%s \"%s\": expected *, numbers in %d..%d%s, ranges a-b or steps /n", f->what,
                   word, f->min, f->max, f->names != NULL ? ", names" : "");
}

enum err_code cron_parse(const char *text, struct cron *out, struct err *e)
{
    char copy[MAX_TEXT + 1], *rest = NULL, *word;
    uint64_t bits[N_FIELDS];
    bool star[N_FIELDS];
    int n = 0;

    if (strlen(text) > MAX_TEXT)
        return err_set(e, ERR_PARSE, "a cron expression has at most %d characters", MAX_TEXT);
    snprintf(copy, sizeof(copy), "%s", expand_shorthand(text));
    for (word = strtok_r(copy, " \t", &rest); word != NULL; word = strtok_r(NULL, " \t", &rest)) {
        if (n < N_FIELDS && !read_field(&fields[n], word, &bits[n], &star[n]))
            return bad_field(&fields[n], word, e);
        n++;
    }
    if (n != N_FIELDS)
        return err_set(e, ERR_PARSE,
                       "%d fields, expected 5 (minute hour day-of-month month day-of-week)", n);
    bits[WEEKDAY] = (bits[WEEKDAY] | bits[WEEKDAY] >> 7) & 0x7f;
    *out = (struct cron){
        .minutes = bits[MINUTE],
        .hours = (uint32_t)bits[HOUR],
        .days = (uint32_t)bits[DAY],
        .months = (uint32_t)bits[MONTH],
        .weekdays = (uint32_t)bits[WEEKDAY],
        .any_day = star[DAY],
        .any_weekday = star[WEEKDAY],
        .fixed_time = !star[MINUTE] && !star[HOUR],
    };
    return ERR_OK;
}

static bool has(uint64_t bits, int i)
{
    return (bits >> i & 1) != 0;
}

static bool day_matches(const struct cron *c, const struct tz_civil *t)
{
    bool day = has(c->days, t->day), weekday = has(c->weekdays, t->weekday);

    if (!has(c->months, t->month))
        return false;
    /* Vixie's rule: two restricted day fields are alternatives. */
    return c->any_day || c->any_weekday ? day && weekday : day || weekday;
}

/* Fixed times: the first of the day's times (each at its first occurrence) after after_unix_ms. */
static bool next_on_day(const struct cron *c, const struct tz *tz, struct tz_civil day,
                        int64_t after_unix_ms, int64_t *next)
{
    day.second = 0;
    for (day.hour = 0; day.hour < 24; day.hour++) {
        for (day.minute = 0; has(c->hours, day.hour) && day.minute < 60; day.minute++) {
            if (!has(c->minutes, day.minute))
                continue;
            *next = tz_to_unix_ms(tz, &day, TZ_EARLIER);
            if (*next > after_unix_ms)
                return true;
        }
    }
    return false;
}

static bool next_fixed(const struct cron *c, const struct tz *tz, int64_t after_unix_ms,
                       int64_t *next)
{
    struct tz_civil day;

    tz_civil_at(tz, after_unix_ms, &day);
    for (int i = 0; i < SEARCH_DAYS; i++) {
        int64_t number = tz_days_from_civil(day.year, day.month, day.day);

        day.weekday = (int)(((number + 4) % 7 + 7) % 7);
        if (day_matches(c, &day) && next_on_day(c, tz, day, after_unix_ms, next))
            return true;
        tz_civil_from_days(number + 1, &day.year, &day.month, &day.day);
    }
    return false;
}

/* The start of the next day on the wall, always later than now. */
static int64_t next_midnight(const struct tz *tz, struct tz_civil t)
{
    t.day++;
    t.hour = t.minute = t.second = 0;
    return tz_to_unix_ms(tz, &t, TZ_EARLIER);
}

/* Times with a `*`: walks the clock on the wall, in strides while day or hour do not match. */
static bool next_on_wall(const struct cron *c, const struct tz *tz, int64_t after_unix_ms,
                         int64_t *next)
{
    int64_t limit = after_unix_ms + (int64_t)SEARCH_DAYS * 24 * 60 * MINUTE_MS;
    int64_t t = after_unix_ms - ((after_unix_ms % MINUTE_MS) + MINUTE_MS) % MINUTE_MS + MINUTE_MS;
    struct tz_civil at;

    while (t <= limit) {
        tz_civil_at(tz, t, &at);
        if (!day_matches(c, &at)) {
            int64_t midnight = next_midnight(tz, at);
            t = midnight > t ? midnight : t + MINUTE_MS;
        } else if (!has(c->hours, at.hour)) {
            t += (int64_t)(60 - at.minute) * MINUTE_MS - at.second * 1000;
        } else if (!has(c->minutes, at.minute)) {
            t += MINUTE_MS;
        } else {
            *next = t;
            return true;
        }
    }
    return false;
}

bool cron_next(const struct cron *c, const struct tz *tz, int64_t after_unix_ms,
               int64_t *next_unix_ms)
{
    int64_t next;
    bool found = c->fixed_time ? next_fixed(c, tz, after_unix_ms, &next)
                               : next_on_wall(c, tz, after_unix_ms, &next);

    if (found)
        *next_unix_ms = next;
    return found;
}
