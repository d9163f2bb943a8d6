/*
 * clock.c - reading the two clocks, and the text forms of instants (RFC 3339) and durations.
 *
 * Calendar arithmetic is done here in integers (days-from-civil, Howard Hinnant) instead of through
 * struct tm: no time zone, no locale, no year-2038, the same on every machine.
 */
#include "base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

#define DAY_MS INT64_C(86400000)
#define MAX_DURATION_MS (INT64_C(36525) * DAY_MS) /* 100 years */

static int64_t read_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t); /* cannot fail for the two clocks that are read here */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_unix_ms(void)
{
    return read_ns(CLOCK_REALTIME) / 1000000;
}

int64_t clock_mono_ms(void)
{
    return read_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t clock_mono_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

/* Days since 1970-01-01 of a proleptic Gregorian date. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = yoe + era * 400 + (*month <= 2);
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

char *clock_format_utc(int64_t unix_ms, char *out, size_t size_bytes)
{
    int64_t days = unix_ms / DAY_MS, rest = unix_ms % DAY_MS;
    if (rest < 0) {
        rest += DAY_MS;
        days--;
    }
    int64_t year;
    int month, day;
    civil_from_days(days, &year, &month, &day);
    int s = (int)(rest / 1000);
    snprintf(out, size_bytes, "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", (long long)year, month, day,
             s / 3600, s / 60 % 60, s % 60, (int)(rest % 1000));
    return out;
}

/* Exactly n digits at *p -> value, and *p behind them. */
static bool take_digits(const char **p, int n, int *value)
{
    int v = 0;
    for (int i = 0; i < n; i++, (*p)++) {
        if (!isdigit((unsigned char)**p)) {
            return false;
        }
        v = v * 10 + (**p - '0');
    }
    *value = v;
    return true;
}

static bool take_char(const char **p, char c)
{
    if (**p != c) {
        return false;
    }
    (*p)++;
    return true;
}

/* ".678" -> 678; digits beyond milliseconds are cut off, none at all is no fraction. */
static bool take_fraction_ms(const char **p, int *ms)
{
    *ms = 0;
    if (!take_char(p, '.')) {
        return true;
    }
    if (!isdigit((unsigned char)**p)) {
        return false;
    }
    for (int scale = 100; isdigit((unsigned char)**p); (*p)++, scale /= 10) {
        *ms += (**p - '0') * scale;
    }
    return true;
}

/* "Z" or "+02:00" -> minutes to subtract. */
static bool take_offset(const char **p, int *minutes)
{
    *minutes = 0;
    if (take_char(p, 'Z') || take_char(p, 'z')) {
        return true;
    }
    int sign = **p == '-' ? -1 : 1, h, m;
    if (!(take_char(p, '+') || take_char(p, '-')) || !take_digits(p, 2, &h) || !take_char(p, ':') ||
        !take_digits(p, 2, &m) || h > 23 || m > 59) {
        return false;
    }
    *minutes = sign * (h * 60 + m);
    return true;
}

static bool take_date(const char **p, int64_t *days)
{
    int year, month, day;
    if (!take_digits(p, 4, &year) || !take_char(p, '-') || !take_digits(p, 2, &month) ||
        !take_char(p, '-') || !take_digits(p, 2, &day) || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month)) {
        return false;
    }
    *days = days_from_civil(year, month, day);
    return true;
}

/* A leap second (":60") is read as the first moment of the next minute, as POSIX time has it. */
static bool take_time(const char **p, int64_t *ms)
{
    int h, m, s, fraction;
    if (!take_digits(p, 2, &h) || !take_char(p, ':') || !take_digits(p, 2, &m) ||
        !take_char(p, ':') || !take_digits(p, 2, &s) || h > 23 || m > 59 || s > 60 ||
        !take_fraction_ms(p, &fraction)) {
        return false;
    }
    *ms = ((h * INT64_C(60) + m) * 60 + s) * 1000 + fraction;
    return true;
}

bool clock_parse_utc(const char *text, int64_t *unix_ms)
{
    const char *p = text;
    int64_t days, ms;
    int offset_minutes;
    if (!take_date(&p, &days) ||
        !(take_char(&p, 'T') || take_char(&p, 't') || take_char(&p, ' ')) || !take_time(&p, &ms) ||
        !take_offset(&p, &offset_minutes) || *p != '\0') {
        return false;
    }
    *unix_ms = days * DAY_MS + ms - offset_minutes * INT64_C(60000);
    return true;
}

static const struct unit {
    const char *name;
    int64_t ms;
} units[] = {
    {"w", 7 * DAY_MS}, {"d", DAY_MS}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};
#define N_UNITS (sizeof units / sizeof units[0])

static bool unit_ms(const char *name, int64_t *ms)
{
    for (size_t i = 0; i < N_UNITS; i++) {
        const char *a = units[i].name, *b = name;
        while (*a && *a == *b) {
            a++;
            b++;
        }
        if (*a == *b) {
            *ms = units[i].ms;
            return true;
        }
    }
    return false;
}

bool clock_parse_duration(const char *text, int64_t *ms)
{
    const char *p = text;
    double value = 0, scale = 1;
    if (!isdigit((unsigned char)*p)) {
        return false; /* by hand, because strtod also takes signs, blanks, hex, "inf" and exponents
                       */
    }
    for (; isdigit((unsigned char)*p); p++) {
        value = value * 10 + (*p - '0');
    }
    if (take_char(&p, '.')) {
        if (!isdigit((unsigned char)*p)) {
            return false;
        }
        for (; isdigit((unsigned char)*p); p++) {
            value = value * 10 + (*p - '0');
            scale *= 10;
        }
    }
    int64_t unit;
    if (!unit_ms(p, &unit)) {
        return false;
    }
    double result = value / scale * (double)unit;
    if (!(result <= (double)MAX_DURATION_MS)) { /* also refuses inf/inf of absurdly many digits */
        return false;
    }
    *ms = (int64_t)(result + 0.5);
    return true;
}

char *clock_format_duration(int64_t ms, char *out, size_t size_bytes)
{
    if (size_bytes == 0) {
        return out;
    }
    if (ms == 0) {
        snprintf(out, size_bytes, "0s");
        return out;
    }
    uint64_t rest = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
    size_t len = 0;
    out[0] = '\0';
    if (ms < 0) {
        len = (size_t)snprintf(out, size_bytes, "-");
    }
    for (size_t i = 0; i < N_UNITS && rest && len < size_bytes; i++) {
        uint64_t n = rest / (uint64_t)units[i].ms;
        rest %= (uint64_t)units[i].ms;
        /* Weeks are for writing policies; people read "30d" more easily than "4w2d". */
        if (i == 0) {
            rest += n * (uint64_t)units[0].ms;
        } else if (n) {
            len += (size_t)snprintf(out + len, size_bytes - len, "%llu%s", (unsigned long long)n,
                                    units[i].name);
        }
    }
    return out;
}
