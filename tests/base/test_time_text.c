/* test_time_text.c - the spellings of a point in time. */
#include "testing.h"

#include <math.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/rand.h"
#include "base/time_text.h"

static void reads(const char *text, enum time_format f, const char *want)
{
    char got[CLOCK_TEXT_BYTES];
    int64_t at = 0;
    if (!time_text_parse(text, f, &at))
        fail_msg("\"%s\" as %s: expected %s, got nothing", text, time_format_name(f), want);
    clock_format_utc(at, got, sizeof got);
    if (strcmp(got, want) != 0)
        fail_msg("\"%s\" as %s: expected %s, got %s", text, time_format_name(f), want, got);
}

static void refuses(const char *text, enum time_format f)
{
    int64_t at = 42;
    if (time_text_parse(text, f, &at) || at != 42)
        fail_msg("\"%s\" as %s: expected nothing, got %lld", text, time_format_name(f),
                 (long long)at);
}

static void iso8601_is_read_in_its_looser_spellings(void **state)
{
    (void)state;
    reads("2026-01-02", TIME_ISO8601, "2026-01-02T00:00:00.000Z");
    reads(" 2026-01-02 03:04 ", TIME_ISO8601, "2026-01-02T03:04:00.000Z");
    reads("2026-01-02T03:04:05", TIME_ISO8601, "2026-01-02T03:04:05.000Z");
    reads("2026-01-02 03:04:05.678", TIME_ISO8601, "2026-01-02T03:04:05.678Z");
    reads("2026-01-02T03:04:05+02:00", TIME_ISO8601, "2026-01-02T01:04:05.000Z");
    reads("2026-01-02T03:04:05 Z", TIME_ISO8601, "2026-01-02T03:04:05.000Z");
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const not_iso[] = {"",
                                          "2026",
                                          "2026-13-01",
                                          "2026-01-02x",
                                          "2026-01-02 3",
                                          "01/02/2026",
                                          "2026-01-02 25:00:00",
                                          "yesterday",
                                          "2026-01-02T03:04:05+2"};
    for (size_t i = 0; i < sizeof not_iso / sizeof not_iso[0]; i++)
        refuses(not_iso[i], TIME_ISO8601);
    refuses("", TIME_UNIX);
    refuses("NA", TIME_UNIX);
    refuses("1e300", TIME_UNIX);
    refuses("1735689600000", TIME_UNIX); /* milliseconds taken for seconds: the year 56971 */
    refuses("12 monkeys", TIME_UNIX_MS);
}

static void unix_times_are_read_with_their_fraction(void **state)
{
    (void)state;
    reads("0", TIME_UNIX, "1970-01-01T00:00:00.000Z");
    reads("1767323045.678", TIME_UNIX, "2026-01-02T03:04:05.678Z");
    reads("1767323045678", TIME_UNIX_MS, "2026-01-02T03:04:05.678Z");
    reads("-0.5", TIME_UNIX, "1969-12-31T23:59:59.500Z");
}

static void names_of_formats_lead_back(void **state)
{
    (void)state;
    enum time_format f = TIME_UNIX_MS;
    assert_true(time_format_from_name("iso8601", &f) && f == TIME_ISO8601);
    assert_false(time_format_from_name("stardate", &f));
    assert_int_equal(f, TIME_ISO8601);
}

/* The short way for numbers of few digits gives strtod's very bits. */
static void numbers_of_a_file_are_strtods(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 7);
    for (int i = 0; i < 200000; i++) {
        char text[64];
        double got, x = (rng_uniform(&r) - 0.5) * pow(10, (double)(int)(rng_uniform(&r) * 20));
        snprintf(text, sizeof text, "%.*f", (int)(rng_uniform(&r) * 12), x);
        double want = strtod(text, NULL);
        if (!csv_number(text, &got) || memcmp(&got, &want, sizeof got) != 0)
            fail_msg("\"%s\": expected %.17g, got %.17g", text, want, got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso8601_is_read_in_its_looser_spellings),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(unix_times_are_read_with_their_fraction),
        cmocka_unit_test(names_of_formats_lead_back),
        cmocka_unit_test(numbers_of_a_file_are_strtods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
