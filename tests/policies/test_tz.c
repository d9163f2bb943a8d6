/*
 * test_tz.c - zones against glibc's own conversion (which needs the process-global TZ, so only
 * tests may use it), and gaps and overlaps against written instants.
 */
#include "policies_testing.h"

#include <time.h>

#include "base/rand.h"
#include "policies/tz.h"

static const char *const zones[] = {
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Cairo",
    "America/Santiago",
    "Pacific/Apia",
    "Europe/Dublin",
    "Asia/Jerusalem",
    "Pacific/Chatham",
    "America/Havana",
    "Africa/Casablanca",
};
#define N_ZONES (sizeof(zones) / sizeof(zones[0]))

static struct tz *load(const char *name)
{
    struct tz *tz = NULL;
    struct err e;

    if (tz_load(name, &tz, &e) != ERR_OK)
        fail_msg("%s", e.message);
    return tz;
}

static void use_glibc_zone(const char *name)
{
    setenv("TZ", name, 1);
    tzset();
}

static void offsets_and_civil_times_agree_with_glibc(void **state)
{
    struct rng r;

    (void)state;
    rng_seed(&r, 1);
    for (size_t z = 0; z < N_ZONES; z++) {
        struct tz *tz = load(zones[z]);

        use_glibc_zone(zones[z]);
        for (int i = 0; i < 5000; i++) {
            time_t s =
                (time_t)(-INT64_C(2500000000) + (int64_t)rng_below(&r, UINT64_C(8000000000)));
            struct tz_civil got;
            struct tm want;

            localtime_r(&s, &want);
            tz_civil_at(tz, (int64_t)s * 1000, &got);
            if (got.offset_s != want.tm_gmtoff || got.year != want.tm_year + 1900 ||
                got.month != want.tm_mon + 1 || got.day != want.tm_mday ||
                got.hour != want.tm_hour || got.minute != want.tm_min ||
                got.second != want.tm_sec || got.weekday != want.tm_wday)
                fail_msg(
                    "%s at %lld: got %04d-%02d-%02d %02d:%02d:%02d offset %d weekday %d, glibc "
                    "%04d-%02d-%02d %02d:%02d:%02d offset %ld weekday %d",
                    zones[z], (long long)s, got.year, got.month, got.day, got.hour, got.minute,
                    got.second, got.offset_s, got.weekday, want.tm_year + 1900, want.tm_mon + 1,
                    want.tm_mday, want.tm_hour, want.tm_min, want.tm_sec, want.tm_gmtoff,
                    want.tm_wday);
        }
        tz_free(tz);
    }
}

/* Whatever the wall shows leads back to an instant at which it shows the same. */
static void civil_times_lead_back_to_their_instant(void **state)
{
    struct rng r;

    (void)state;
    rng_seed(&r, 2);
    for (size_t z = 0; z < N_ZONES; z++) {
        struct tz *tz = load(zones[z]);

        for (int i = 0; i < 5000; i++) {
            int64_t ms = (int64_t)rng_below(&r, UINT64_C(4000000000)) * 1000;
            struct tz_civil c;
            int64_t early, late;

            tz_civil_at(tz, ms, &c);
            early = tz_to_unix_ms(tz, &c, TZ_EARLIER);
            late = tz_to_unix_ms(tz, &c, TZ_LATER);
            if (early != ms && late != ms)
                fail_msg("%s: %lld became %lld or %lld", zones[z], (long long)ms, (long long)early,
                         (long long)late);
        }
        tz_free(tz);
    }
}

static int64_t instant(const struct tz *tz, int month, int day, int hour, int minute,
                       enum tz_fold fold)
{
    struct tz_civil c = {2026, month, day, hour, minute, 0, 0, 0};

    return tz_to_unix_ms(tz, &c, fold);
}

static void skipped_times_are_the_end_of_the_gap(void **state)
{
    struct tz *berlin = load("Europe/Berlin"), *york = load("America/New_York");

    (void)state;
    assert_instant("Berlin 02:30", instant(berlin, 3, 29, 2, 30, TZ_EARLIER),
                   "2026-03-29T01:00:00Z");
    assert_instant("Berlin 02:00", instant(berlin, 3, 29, 2, 0, TZ_LATER), "2026-03-29T01:00:00Z");
    assert_instant("Berlin 03:00", instant(berlin, 3, 29, 3, 0, TZ_EARLIER),
                   "2026-03-29T01:00:00Z");
    assert_instant("Berlin 01:59", instant(berlin, 3, 29, 1, 59, TZ_EARLIER),
                   "2026-03-29T00:59:00Z");
    assert_instant("New York 02:30", instant(york, 3, 8, 2, 30, TZ_EARLIER),
                   "2026-03-08T07:00:00Z");
    tz_free(berlin);
    tz_free(york);
}

static void repeated_times_have_two_instants(void **state)
{
    struct tz *berlin = load("Europe/Berlin"), *york = load("America/New_York");

    (void)state;
    assert_instant("Berlin first", instant(berlin, 10, 25, 2, 30, TZ_EARLIER),
                   "2026-10-25T00:30:00Z");
    assert_instant("Berlin second", instant(berlin, 10, 25, 2, 30, TZ_LATER),
                   "2026-10-25T01:30:00Z");
    assert_instant("York first", instant(york, 11, 1, 1, 30, TZ_EARLIER), "2026-11-01T05:30:00Z");
    assert_instant("York second", instant(york, 11, 1, 1, 30, TZ_LATER), "2026-11-01T06:30:00Z");
    tz_free(berlin);
    tz_free(york);
}

static void far_years_follow_the_rule_of_the_footer(void **state)
{
    struct tz *berlin = load("Europe/Berlin");

    (void)state;
    assert_int_equal(tz_offset_s(berlin, at("2090-07-01T00:00:00Z") / 1000), 7200);
    assert_int_equal(tz_offset_s(berlin, at("2090-12-01T00:00:00Z") / 1000), 3600);
    tz_free(berlin);
}

static void names_that_are_no_zones_are_refused(void **state)
{
    static const char *const bad[] = {"",         "Europe/Berln", "../../etc/passwd", "/etc/passwd",
                                      "Europe",   "Europe/",      "Europe//Berlin",   "a b",
                                      "tzdata.zi"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tz *tz = NULL;
        enum err_code code = tz_load(bad[i], &tz, NULL);

        if (code == ERR_OK)
            fail_msg("\"%s\" was taken for a zone", bad[i]);
        assert_null(tz);
    }
}

static void truncated_files_are_refused(void **state)
{
    unsigned char bytes[4096];
    FILE *f = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
    size_t len;

    (void)state;
    assert_non_null(f);
    len = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    for (size_t n = 0; n < len; n++) {
        unsigned char *exact = malloc(n + 1);
        struct tz *tz = NULL;

        memcpy(exact, bytes, n);
        assert_int_not_equal(tz_parse("cut", exact, n, &tz, NULL), ERR_OK);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_and_civil_times_agree_with_glibc),
        cmocka_unit_test(civil_times_lead_back_to_their_instant),
        cmocka_unit_test(skipped_times_are_the_end_of_the_gap),
        cmocka_unit_test(repeated_times_have_two_instants),
        cmocka_unit_test(far_years_follow_the_rule_of_the_footer),
        cmocka_unit_test(names_that_are_no_zones_are_refused),
        cmocka_unit_test(truncated_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
