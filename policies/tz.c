/*
 * tz.c - civil time and instants in a zone. The zone files are read in tz_file.c.
 *
 * Calendar arithmetic after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
#include "policies/tz.h"

#include <stdlib.h>

#include "tz_data.h"

#define DAY_S 86400

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t tz_days_from_civil(int year, int month, int day)
{
    int64_t y = year + floor_div(month - 1, 12);
    int64_t m = (month - 1) - 12 * floor_div(month - 1, 12) + 1;
    int64_t era, year_of_era, day_of_year;

    y -= m <= 2;
    era = floor_div(y, 400);
    year_of_era = y - era * 400;
    day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year +
           day - 719469;
}

void tz_civil_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

void tz_free(struct tz *tz)
{
    if (tz == NULL)
        return;
    free(tz->at_s);
    free(tz->after_s);
    free(tz);
}

const char *tz_name(const struct tz *tz)
{
    return tz != NULL ? tz->name : "UTC";
}

/* Number of transitions at or before unix_s. */
static size_t transitions_until(const struct tz *tz, int64_t unix_s)
{
    size_t low = 0, high = tz->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tz->at_s[middle] <= unix_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int tz_offset_s(const struct tz *tz, int64_t unix_s)
{
    size_t i;

    if (tz == NULL)
        return 0;
    i = transitions_until(tz, unix_s);
    if (i == tz->n && tz->has_rule)
        return tz_rule_offset_s(&tz->rule, unix_s);
    return i == 0 ? tz->before_s : tz->after_s[i - 1];
}

void tz_civil_at(const struct tz *tz, int64_t unix_ms, struct tz_civil *out)
{
    int64_t unix_s = floor_div(unix_ms, 1000);
    int offset = tz_offset_s(tz, unix_s);
    int64_t wall = unix_s + offset, days = floor_div(wall, DAY_S);
    int second_of_day = (int)(wall - days * DAY_S);

    tz_civil_from_days(days, &out->year, &out->month, &out->day);
    out->hour = second_of_day / 3600;
    out->minute = second_of_day / 60 % 60;
    out->second = second_of_day % 60;
    out->weekday = (int)(((days + 4) % 7 + 7) % 7);
    out->offset_s = offset;
}

/* The instant in (low, high] from which the offset is that of high. */
static int64_t find_change(const struct tz *tz, int64_t low, int64_t high)
{
    int after = tz_offset_s(tz, high);

    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (tz_offset_s(tz, middle) == after)
            high = middle;
        else
            low = middle;
    }
    return high;
}

int64_t tz_to_unix_ms(const struct tz *tz, const struct tz_civil *c, enum tz_fold fold)
{
    int64_t wall = tz_days_from_civil(c->year, c->month, c->day) * DAY_S + c->hour * 3600 +
                   c->minute * 60 + c->second;
    /* The offsets a day before and a day after are the only candidates: no zone has changed its
     * clocks twice in two days. */
    int64_t before = wall - tz_offset_s(tz, wall - DAY_S);
    int64_t after = wall - tz_offset_s(tz, wall + DAY_S);
    bool before_fits = before + tz_offset_s(tz, before) == wall;
    bool after_fits = after + tz_offset_s(tz, after) == wall;

    if (before_fits && after_fits) /* set back: before is the earlier of the two */
        return (fold == TZ_EARLIER ? before : after) * 1000;
    if (before_fits || after_fits)
        return (before_fits ? before : after) * 1000;
    return find_change(tz, after, before) * 1000;
}
