/*
 * test_time_intervals.c - blackout arithmetic: ranges, nights, months' ends, clocks that change.
 */
#include "policies_testing.h"

static struct policy *blackout(const char *intervals)
{
    char text[2048];

    snprintf(text, sizeof(text), "guards:\n  blackout: %s\n", intervals);
    return policy_with(text);
}

static void intervals_contain_what_they_say(void **state)
{
    static const char night[] = "[{times: [{start_time: '22:00', end_time: '24:00'}, {start_time: "
                                "'00:00', end_time: '06:00'}], location: Europe/Berlin}]";
    static const char week[] = "[{weekdays: ['monday:friday'], times: [{start_time: '09:00', "
                               "end_time: '17:00'}], location: America/New_York}]";
    static const char month_end[] = "[{days_of_month: ['-3:-1']}]";
    static const char from_20th[] = "[{days_of_month: ['20:-1'], months: [december, '2']}]";
    static const char years[] = "[{years: ['2026:2027'], months: ['june:august']}]";
    static const struct {
        const char *intervals, *when;
        bool inside;
    } cases[] = {
        {night, "2026-01-15T20:59:59Z", false}, /* 21:59:59 in Berlin */
        {night, "2026-01-15T21:00:00Z", true},
        {night, "2026-01-15T23:00:00Z", true},
        {night, "2026-01-16T04:59:59Z", true},
        {night, "2026-01-16T05:00:00Z", false},
        {night, "2026-07-15T19:59:59Z", false},
        {night, "2026-07-15T20:00:00Z", true}, /* summer */
        /* the night of the change in spring: 05:59:59 summer time is 03:59:59 UTC */
        {night, "2026-03-29T03:59:59Z", true},
        {night, "2026-03-29T04:00:00Z", false},
        /* and in autumn: 06:00 winter time is 05:00 UTC */
        {night, "2026-10-25T04:59:59Z", true},
        {night, "2026-10-25T05:00:00Z", false},
        {week, "2026-01-05T14:00:00Z", true}, /* Monday 09:00 in New York */
        {week, "2026-01-05T13:59:59Z", false},
        {week, "2026-01-04T15:00:00Z", false},
        {month_end, "2026-02-25T12:00:00Z", false},
        {month_end, "2026-02-26T00:00:00Z", true},
        {month_end, "2028-02-26T12:00:00Z", false},
        {month_end, "2028-02-27T00:00:00Z", true},
        {from_20th, "2026-12-19T23:59:59Z", false},
        {from_20th, "2026-12-31T23:59:59Z", true},
        {from_20th, "2026-02-28T12:00:00Z", true},
        {from_20th, "2026-03-25T12:00:00Z", false},
        {years, "2026-07-01T00:00:00Z", true},
        {years, "2028-07-01T00:00:00Z", false},
        {years, "2027-05-31T23:59:59Z", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct policy *p = blackout(cases[i].intervals);
        bool inside =
            time_intervals_find(p->guards.blackout, p->guards.n_blackout, at(cases[i].when)) >= 0;

        if (inside != cases[i].inside)
            fail_msg("%s at %s: got %d, want %d", cases[i].intervals, cases[i].when, inside,
                     cases[i].inside);
        policy_free(p);
    }
}

static void the_free_moment_is_found_across_nights_and_weekends(void **state)
{
    static const char night[] = "[{times: [{start_time: '22:00', end_time: '24:00'}, {start_time: "
                                "'00:00', end_time: '06:00'}], location: Europe/Berlin}";
    static const struct {
        const char *more, *now, *free_at;
    } cases[] = {
        {"]", "2026-01-15T12:00:00Z", "2026-01-15T12:00:00Z"},
        {"]", "2026-01-15T22:30:00Z", "2026-01-16T05:00:00Z"},
        {"]", "2026-03-28T22:30:00Z", "2026-03-29T04:00:00Z"}, /* spring forward */
        {"]", "2026-10-24T22:30:00Z", "2026-10-25T05:00:00Z"}, /* fall back */
        {", {weekdays: [saturday, sunday], location: Europe/Berlin}]", "2026-01-16T21:30:00Z",
         "2026-01-19T05:00:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        struct policy *p;

        snprintf(text, sizeof(text), "%s%s", night, cases[i].more);
        p = blackout(text);
        assert_instant(
            cases[i].now,
            time_intervals_free_at(p->guards.blackout, p->guards.n_blackout, at(cases[i].now)),
            cases[i].free_at);
        policy_free(p);
    }
}

static void range_texts_are_checked(void **state)
{
    static const struct {
        enum time_range_kind kind;
        const char *text;
        int begin, end; /* begin > end: refused */
    } cases[] = {
        {TIME_WEEKDAYS, "monday:friday", 1, 5},
        {TIME_WEEKDAYS, "Sunday", 0, 0},
        {TIME_WEEKDAYS, "saturday:sunday", 1, 0},
        {TIME_WEEKDAYS, "1", 1, 0},
        {TIME_DAYS_OF_MONTH, "1:31", 1, 31},
        {TIME_DAYS_OF_MONTH, "-3:-1", -3, -1},
        {TIME_DAYS_OF_MONTH, "20:-1", 20, -1},
        {TIME_DAYS_OF_MONTH, "0", 1, 0},
        {TIME_DAYS_OF_MONTH, "-1:5", 1, 0},
        {TIME_DAYS_OF_MONTH, "32", 1, 0},
        {TIME_DAYS_OF_MONTH, "5:", 1, 0},
        {TIME_DAYS_OF_MONTH, "1:2:3", 1, 0},
        {TIME_MONTHS, "january:march", 1, 3},
        {TIME_MONTHS, "5", 5, 5},
        {TIME_MONTHS, "may", 5, 5},
        {TIME_MONTHS, "13", 1, 0},
        {TIME_MONTHS, "march:january", 1, 0},
        {TIME_YEARS, "2026:2027", 2026, 2027},
        {TIME_YEARS, "26", 1, 0},
        {TIME_YEARS, "", 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct time_range r = {0, 0};
        enum err_code code = time_range_parse(cases[i].kind, cases[i].text, &r, NULL);
        bool refused = cases[i].begin > cases[i].end && cases[i].end >= 0;

        if ((code != ERR_OK) != refused)
            fail_msg("\"%s\": code %d, want %s", cases[i].text, code, refused ? "refused" : "ok");
        if (!refused && (r.begin != cases[i].begin || r.end != cases[i].end))
            fail_msg("\"%s\": got %d:%d, want %d:%d", cases[i].text, r.begin, r.end, cases[i].begin,
                     cases[i].end);
    }
}

static void times_of_day_are_checked(void **state)
{
    static const char *const bad[] = {"", "9:00", "24:01", "12:60", "12-00", "12:00:00", "ab:cd"};
    int minute = -1;

    (void)state;
    assert_int_equal(time_of_day_parse("00:00", &minute, NULL), ERR_OK);
    assert_int_equal(minute, 0);
    assert_int_equal(time_of_day_parse("24:00", &minute, NULL), ERR_OK);
    assert_int_equal(minute, 1440);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (time_of_day_parse(bad[i], &minute, NULL) == ERR_OK)
            fail_msg("\"%s\" was taken for a time", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_contain_what_they_say),
        cmocka_unit_test(the_free_moment_is_found_across_nights_and_weekends),
        cmocka_unit_test(range_texts_are_checked),
        cmocka_unit_test(times_of_day_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
