/* test_prom.c - text that Prometheus reads, byte by byte. */
#include "testing.h"

#include <math.h>

#include "base/prom.h"

static void prom_writes_families_and_samples(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    prom_family(&b, "leeway_rows_total", "counter", "Rows seen.\nC:\\x");
    prom_sample(&b, "leeway_rows_total", NULL, 3);
    prom_sample(&b, "leeway_rows_total",
                (const char *const[]){"model", "a\"b\\c\nd", "side", "champion", NULL}, 0.1);
    assert_string_equal(b.data,
                        "# HELP leeway_rows_total Rows seen.\\nC:\\\\x\n"
                        "# TYPE leeway_rows_total counter\n"
                        "leeway_rows_total 3\n"
                        "leeway_rows_total{model=\"a\\\"b\\\\c\\nd\",side=\"champion\"} 0.1\n");
    buf_free(&b);
}

static void prom_writes_special_values(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    prom_sample(&b, "x", NULL, NAN);
    prom_sample(&b, "x", NULL, INFINITY);
    prom_sample(&b, "x", NULL, -INFINITY);
    prom_sample(&b, "x", NULL, 1e300);
    prom_sample(&b, "x", NULL, 9007199254740993.0);
    assert_string_equal(b.data, "x NaN\nx +Inf\nx -Inf\nx 1e+300\nx 9007199254740992\n");
    buf_free(&b);
}

static void prom_histogram_buckets_are_cumulative(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    const double bounds[] = {0.001, 0.01};
    const uint64_t counts[] = {5, 2, 1};
    prom_histogram(&b, "t_seconds", (const char *const[]){"side", "c", NULL}, bounds, counts, 2,
                   0.25);
    assert_string_equal(b.data, "t_seconds_bucket{side=\"c\",le=\"0.001\"} 5\n"
                                "t_seconds_bucket{side=\"c\",le=\"0.01\"} 7\n"
                                "t_seconds_bucket{side=\"c\",le=\"+Inf\"} 8\n"
                                "t_seconds_sum{side=\"c\"} 0.25\n"
                                "t_seconds_count{side=\"c\"} 8\n");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prom_writes_families_and_samples),
        cmocka_unit_test(prom_writes_special_values),
        cmocka_unit_test(prom_histogram_buckets_are_cumulative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
