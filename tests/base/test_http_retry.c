/*
 * test_http_retry.c - the waits between tries, without any waiting.
 */
#include "testing.h"

#include "../../base/http_client/http_retry.h"

#define HOUR_MS 3600000

static void waits_double_up_to_the_cap(void **state)
{
    static const int64_t want_ms[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000};
    (void)state;
    for (int n = 1; n <= 9; n++)
        assert_int_equal(http_backoff_ms(200, n, 0, HOUR_MS, 0.5), want_ms[n - 1]);
    assert_int_equal(http_backoff_ms(200, 1000000, 0, HOUR_MS, 0.5), 5000);
}

static void jitter_covers_the_whole_range(void **state)
{
    (void)state;
    assert_int_equal(http_backoff_ms(1000, 3, 0, HOUR_MS, 0.0), 0);
    assert_int_equal(http_backoff_ms(1000, 3, 0, HOUR_MS, 0.999), 3996);
    assert_int_equal(http_backoff_ms(50000, 1, 0, HOUR_MS, 0.999), 9990);
}

static void retry_after_is_the_least_wait(void **state)
{
    (void)state;
    assert_int_equal(http_backoff_ms(200, 1, 3000, HOUR_MS, 0.5), 3000);
    assert_int_equal(http_backoff_ms(10000, 1, 3000, HOUR_MS, 0.9), 9000);
}

static void no_wait_beyond_the_deadline(void **state)
{
    (void)state;
    assert_int_equal(http_backoff_ms(200, 1, 0, 100, 0.5), -1);
    assert_int_equal(http_backoff_ms(200, 1, 0, 101, 0.5), 100);
    assert_int_equal(http_backoff_ms(200, 1, 0, -5, 0.0), -1);
    assert_int_equal(http_backoff_ms(200, 1, 60000, 50000, 0.5), -1);
}

static void only_passing_troubles_are_repeated(void **state)
{
    static const int yes[] = {408, 429, 502, 503, 504}, no[] = {200, 304, 400, 404, 409, 500, 501};
    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_true(http_status_is_passing(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        assert_false(http_status_is_passing(no[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_up_to_the_cap),
        cmocka_unit_test(jitter_covers_the_whole_range),
        cmocka_unit_test(retry_after_is_the_least_wait),
        cmocka_unit_test(no_wait_beyond_the_deadline),
        cmocka_unit_test(only_passing_troubles_are_repeated),
    };
    return cmocka_run_group_tests_name("http_retry", tests, NULL, NULL);
}
