/*
 * test_cron.c - next times against written instants (daylight saving included) and against a walk
 * over every minute with glibc's calendar.
 */
#include "policies_testing.h"

#include <time.h>

#include "base/rand.h"
#include "policies/cron.h"

static struct cron parse(const char *text)
{
    struct cron c = {0};
    struct err e;

    if (cron_parse(text, &c, &e) != ERR_OK)
        fail_msg("%s: %s", text, e.message);
    return c;
}

static void next_times_are_those_written_down(void **state)
{
    static const struct {
        const char *cron, *zone, *after, *next;
    } cases[] = {
        {"0 0 * * *", "UTC", "2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z"},
        {"*/15 * * * *", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T00:15:00Z"},
        {"*/15 * * * *", "UTC", "2026-01-01T00:14:59.999Z", "2026-01-01T00:15:00Z"},
        {"0 9-17/4 * * mon-fri", "UTC", "2026-01-02T17:00:00Z", "2026-01-05T09:00:00Z"},
        {"30 4 1,15 * fri", "UTC", "2026-01-02T04:30:00Z", "2026-01-09T04:30:00Z"}, /* either */
        {"0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"},
        {"0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
        {"0 0 * jan sun", "UTC", "2026-01-26T00:00:00Z", "2027-01-03T00:00:00Z"},
        {"0 0 * * 7", "UTC", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"},
        {"@weekly", "UTC", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"},
        {"@monthly", "Europe/Berlin", "2026-01-01T00:00:00Z", "2026-01-31T23:00:00Z"},
        {"0 3 * * *", "Europe/Berlin", "2026-07-01T00:00:00Z", "2026-07-01T01:00:00Z"},
        /* Berlin springs from 02:00 to 03:00: 02:30 runs right after the gap, once */
        {"30 2 * * *", "Europe/Berlin", "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z"},
        {"30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"},
        /* a wildcard job has no 02:xx that day */
        {"*/30 2 * * *", "Europe/Berlin", "2026-03-28T02:00:00Z", "2026-03-30T00:00:00Z"},
        {"*/30 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"},
        /* Berlin falls back from 03:00 to 02:00: a fixed 02:30 runs the first time only */
        {"30 2 * * *", "Europe/Berlin", "2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z"},
        {"30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
        {"30 2 * * *", "Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-26T01:30:00Z"},
        /* and a wildcard job both times */
        {"30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
        {"30 2 * * *", "America/New_York", "2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z"},
        {"30 1 * * *", "America/New_York", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"},
        {"30 * * * *", "America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"},
        /* Lord Howe shifts by half an hour; Santiago has no midnight that day */
        {"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z"},
        {"0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cron c = parse(cases[i].cron);
        struct tz *tz = NULL;
        int64_t next = 0;

        assert_int_equal(tz_load(cases[i].zone, &tz, NULL), ERR_OK);
        if (!cron_next(&c, tz, at(cases[i].after), &next))
            fail_msg("%s after %s: nothing found", cases[i].cron, cases[i].after);
        assert_instant(cases[i].cron, next, cases[i].next);
        tz_free(tz);
    }
}

/* A field is written as a star, a value or a range, at random; the oracle knows the numbers alone.
 */
struct random_field {
    int min, max, low, high, step;
    bool star;
};

static void draw(struct rng *r, struct random_field *f, char *text, size_t size_bytes)
{
    f->star = rng_below(r, 2) == 0;
    f->low = f->min + (int)rng_below(r, (uint64_t)(f->max - f->min + 1));
    f->high = f->low + (int)rng_below(r, (uint64_t)(f->max - f->low + 1));
    f->step = 1 + (int)rng_below(r, 5);
    if (f->star && f->step == 1)
        snprintf(text, size_bytes, "*");
    else if (f->star)
        snprintf(text, size_bytes, "*/%d", f->step);
    else
        snprintf(text, size_bytes, "%d-%d/%d", f->low, f->high, f->step);
    if (f->star) {
        f->low = f->min;
        f->high = f->max;
    }
}

static bool field_has(const struct random_field *f, int value)
{
    return value >= f->low && value <= f->high && (value - f->low) % f->step == 0;
}

static bool oracle_matches(const struct random_field f[5], const struct tm *tm)
{
    bool day = field_has(&f[2], tm->tm_mday), weekday = field_has(&f[4], tm->tm_wday);
    bool either = !f[2].star && !f[4].star;

    return field_has(&f[0], tm->tm_min) && field_has(&f[1], tm->tm_hour) &&
           field_has(&f[3], tm->tm_mon + 1) && (either ? day || weekday : day && weekday);
}

/* Outside the nights of the change, fixed and wildcard times mean the same. */
static void next_times_agree_with_a_walk_over_minutes(void **state)
{
    struct rng r;
    struct tz *tz = NULL;
    int found = 0;

    (void)state;
    rng_seed(&r, 3);
    setenv("TZ", "America/New_York", 1);
    tzset();
    assert_int_equal(tz_load("America/New_York", &tz, NULL), ERR_OK);
    for (int i = 0; i < 300; i++) {
        struct random_field f[5] = {
            {.max = 59}, {.max = 23}, {.min = 1, .max = 31}, {.min = 1, .max = 12}, {.max = 6}};
        char words[5][16], text[96];
        time_t after = (time_t)(at("2026-04-01T00:00:00Z") / 1000 +
                                (int64_t)rng_below(&r, UINT64_C(150) * 86400));
        time_t limit = after + 30 * 86400, t = after - after % 60 + 60;
        int64_t next = 0;
        struct cron c;
        struct tm tm;

        for (int j = 0; j < 5; j++)
            draw(&r, &f[j], words[j], sizeof(words[j]));
        snprintf(text, sizeof(text), "%s %s %s %s %s", words[0], words[1], words[2], words[3],
                 words[4]);
        c = parse(text);
        for (; t <= limit && (localtime_r(&t, &tm), !oracle_matches(f, &tm)); t += 60)
            ;
        if (!cron_next(&c, tz, (int64_t)after * 1000, &next))
            next = INT64_MAX;
        if (t <= limit && next != (int64_t)t * 1000)
            fail_msg("\"%s\" after %lld: got %lld, the walk %lld", text, (long long)after,
                     (long long)(next / 1000), (long long)t);
        if (t > limit && next <= (int64_t)limit * 1000)
            fail_msg("\"%s\" after %lld: got %lld, the walk found none until %lld", text,
                     (long long)after, (long long)(next / 1000), (long long)limit);
        found += t <= limit;
    }
    assert_true(found > 100);
    tz_free(tz);
}

static void dates_that_never_come_are_not_found(void **state)
{
    struct cron c = parse("0 0 30 2 *"), d = parse("* * 31 4,6,9,11 *");
    int64_t next = 42;

    (void)state;
    assert_false(cron_next(&c, NULL, 0, &next));
    assert_false(cron_next(&d, NULL, 0, &next));
    assert_int_equal(next, 42);
}

static void malformed_expressions_name_the_field(void **state)
{
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "0 fields"},
        {"* * * *", "4 fields"},
        {"* * * * * *", "6 fields"},
        {"60 * * * *", "minute \"60\""},
        {"* 24 * * *", "hour \"24\""},
        {"* * 0 * *", "day of month \"0\""},
        {"* * * 13 *", "month \"13\""},
        {"* * * * 8", "day of week \"8\""},
        {"5-1 * * * *", "minute \"5-1\""},
        {"*/0 * * * *", "minute \"*/0\""},
        {"5/2 * * * *", "minute \"5/2\""},
        {"1, * * * *", "minute \"1,\""},
        {",1 * * * *", "minute \",1\""},
        {"1-2-3 * * * *", "minute"},
        {"* * * janu *", "month \"janu\""},
        {"99999999999999999999 * * * *", "minute"},
        {"@often", "minute \"@often\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err e = {ERR_OK, ""};
        struct cron c;

        assert_int_equal(cron_parse(cases[i].text, &c, &e), ERR_PARSE);
        if (strstr(e.message, cases[i].part) == NULL)
            fail_msg("\"%s\": got \"%s\", want it to say %s", cases[i].text, e.message,
                     cases[i].part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_times_are_those_written_down),
        cmocka_unit_test(next_times_agree_with_a_walk_over_minutes),
        cmocka_unit_test(dates_that_never_come_are_not_found),
        cmocka_unit_test(malformed_expressions_name_the_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
