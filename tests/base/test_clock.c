/* test_clock.c - instants against the C library's calendar, durations against written values. */
#include "testing.h"

#include <time.h>

#include "base/clock.h"
#include "base/rand.h"

static void clocks_move_forward(void **state)
{
    (void)state;
    int64_t a = clock_mono_ns(), b = clock_mono_ns();
    assert_true(b >= a);
    assert_true(llabs(clock_unix_ms() - (int64_t)time(NULL) * 1000) < 2000);
    assert_true(llabs(clock_mono_ms() - clock_mono_ns() / 1000000) < 1000);
}

static void format_utc_agrees_with_gmtime(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 11);
    for (int i = 0; i < 20000; i++) {
        /* years 0000 to 9999 */
        int64_t ms = INT64_C(-62167219200000) + (int64_t)rng_below(&r, UINT64_C(315569519999999));
        time_t s = (time_t)((ms - ((ms % 1000) + 1000) % 1000) / 1000);
        struct tm tm;
        char want[64], got[CLOCK_TEXT_BYTES];
        gmtime_r(&s, &tm);
        snprintf(want, sizeof want, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                 (int)(((ms % 1000) + 1000) % 1000));
        assert_string_equal(clock_format_utc(ms, got, sizeof got), want);
        int64_t back;
        assert_true(clock_parse_utc(got, &back));
        assert_int_equal(back, ms);
    }
}

static void parse_utc_reads_the_forms_of_rfc3339(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t want;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1985-04-12T23:20:50.52Z", 482196050520},        /* RFC 3339, section 5.8 */
        {"1996-12-19T16:39:57-08:00", 851042397000},      /* the same section */
        {"1990-12-31T23:59:60Z", 662688000000},           /* the same section, a leap second */
        {"1937-01-01T12:00:27.87+00:20", -1041337172130}, /* the same section */
        {"2024-02-29t00:00:00z", 1709164800000},
        {"2024-02-29 00:00:00.1239999Z", 1709164800123},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t got = -1;
        assert_true(clock_parse_utc(cases[i].text, &got));
        assert_int_equal(got, cases[i].want);
    }
}

static void parse_utc_refuses_everything_else(void **state)
{
    (void)state;
    const char *const bad[] = {
        "",
        "now",
        "2024-01-01",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-01-32T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00+2:00",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00Zjunk",
        "2024-01-01T00:00:00Z ",
        " 2024-01-01T00:00:00Z",
        "24-01-01T00:00:00Z",
        "2024-1-01T00:00:00Z",
        "2100-02-29T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t got = 42;
        if (clock_parse_utc(bad[i], &got)) {
            fail_msg("\"%s\" was read as %lld", bad[i], (long long)got);
        }
        assert_int_equal(got, 42);
    }
}

static void parse_duration_reads_one_unit(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t want;
    } cases[] = {
        {"250ms", 250},      {"90s", 90000},
        {"15m", 900000},     {"6h", 21600000},
        {"30d", 2592000000}, {"2w", 1209600000},
        {"0s", 0},           {"1.5h", 5400000},
        {"0.25s", 250},      {"36500d", INT64_C(3153600000000)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t got = -1;
        assert_true(clock_parse_duration(cases[i].text, &got));
        assert_int_equal(got, cases[i].want);
    }
}

static void parse_duration_refuses_junk(void **state)
{
    (void)state;
    const char *const bad[] = {
        "",
        "5",
        "s",
        "-5s",
        "+5s",
        " 5s",
        "5s ",
        "5 s",
        "5sec",
        "1h30m",
        "1.s",
        ".5s",
        "1e3s",
        "0x10s",
        "nans",
        "infs",
        "5S",
        "5M",
        "5y",
        "1..5s",
        "5msx",
        "101000d",
        "99999999999999999999999999999999w",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t got = 42;
        if (clock_parse_duration(bad[i], &got)) {
            fail_msg("\"%s\" was read as %lld", bad[i], (long long)got);
        }
        assert_int_equal(got, 42);
    }
}

static void parse_duration_survives_ten_thousand_digits(void **state)
{
    (void)state;
    char text[10010];
    int64_t got = 42;
    memset(text, '9', 10000);
    strcpy(text + 10000, "ms");
    assert_false(clock_parse_duration(text, &got));
    memset(text, '0', 10000);
    assert_true(clock_parse_duration(text, &got));
    assert_int_equal(got, 0);
}

static void format_duration_is_short(void **state)
{
    (void)state;
    const struct {
        int64_t ms;
        const char *want;
    } cases[] = {
        {5400000, "1h30m"},        {0, "0s"},         {250, "250ms"},
        {2592000000, "30d"},       {1500, "1s500ms"}, {-90000, "-1m30s"},
        {90061001, "1d1h1m1s1ms"},
    };
    char got[CLOCK_TEXT_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(clock_format_duration(cases[i].ms, got, sizeof got), cases[i].want);
    }
    clock_format_duration(INT64_MIN, got, sizeof got);
    assert_true(strlen(got) < sizeof got);
    assert_string_equal(clock_format_duration(90061001, got, 5), "1d1h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_move_forward),
        cmocka_unit_test(format_utc_agrees_with_gmtime),
        cmocka_unit_test(parse_utc_reads_the_forms_of_rfc3339),
        cmocka_unit_test(parse_utc_refuses_everything_else),
        cmocka_unit_test(parse_duration_reads_one_unit),
        cmocka_unit_test(parse_duration_refuses_junk),
        cmocka_unit_test(parse_duration_survives_ten_thousand_digits),
        cmocka_unit_test(format_duration_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
