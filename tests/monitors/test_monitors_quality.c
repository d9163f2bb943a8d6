/*
 * test_monitors_quality.c - rates of missing, unseen, out-of-range and infinite values.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "monitors/quality.h"
#include "stream.h"

#define N_FEATURES 3

static struct stream stream;
static struct mon_signal signals[MON_N_RATES * N_FEATURES];

static size_t check(const struct mon_quality_options *o, struct profile *window)
{
    return mon_quality_check(o, stream.reference, window, signals);
}

static void count_value(struct profile *p, double value, size_t n_rows)
{
    const double codes[N_FEATURES] = {value, value, value};
    const float score = 0.5f;
    for (size_t i = 0; i < n_rows; i++)
        profile_count(p, codes, &score, 1);
}

static void expect_drift_in(size_t n, const char *statistic)
{
    char sentence[MON_SENTENCE_BYTES];
    for (size_t i = 0; i < n; i++) {
        bool expected = strcmp(signals[i].statistic, statistic) == 0;
        if ((signals[i].verdict == MON_DRIFT) != expected)
            fail_msg("only %s was expected: %s", statistic,
                     mon_signal_sentence(&signals[i], sentence));
    }
}

static void spoil(enum law law, double value, const char *statistic)
{
    struct mon_quality_options o;
    mon_quality_options_init(&o);
    stream_init(&stream, law, N_FEATURES, 2000, 100, 3);
    struct profile *window = stream_window(&stream, 950, NULL);
    size_t n = check(&o, window);
    expect_drift_in(n, "none");
    count_value(window, value, 50);
    assert_int_equal(check(&o, window), n);
    expect_drift_in(n, statistic);
    profile_free(window);
    stream_deinit(&stream);
}

static void each_kind_of_bad_value_raises_its_own_rate(void **state)
{
    (void)state;
    spoil(LAW_NORMAL, NAN, "missing_rate");
    spoil(LAW_NORMAL, INFINITY, "infinite_rate");
    spoil(LAW_NORMAL, -INFINITY, "infinite_rate");
    spoil(LAW_NORMAL, 1e9, "out_of_range_rate");
    spoil(LAW_NORMAL, -1e9, "out_of_range_rate");
    spoil(LAW_CATEGORY, CODE_UNSEEN, "unseen_rate");
    spoil(LAW_CATEGORY, NAN, "missing_rate");
}

static void numbers_are_both_rates_and_their_difference(void **state)
{
    (void)state;
    struct mon_quality_options o;
    mon_quality_options_init(&o);
    o.max_rise[MON_RATE_RANGE] = o.max_rise[MON_RATE_INFINITE] = NAN;
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 2000, 100, 3);
    struct profile *window = stream_window(&stream, 900, NULL);
    count_value(window, NAN, 100);
    assert_int_equal(check(&o, window), N_FEATURES);
    assert_true(signals[0].value == 0.1);
    assert_true(signals[0].reference_value == 0.0);
    assert_true(signals[0].threshold == 0.01);
    assert_true(signals[0].n == 1000.0 && signals[0].n_reference == 2000.0);
    assert_true(mon_quality_rate(window, 0, MON_RATE_MISSING) == 0.1);
    assert_true(isnan(mon_quality_rate(window, 0, MON_RATE_UNSEEN)));
    profile_free(window);
    stream_deinit(&stream);
}

/* 3 of 200 is above 1 %, and happens by chance: at 0.3 % once in 40 windows. */
static void rise_that_may_be_chance_is_ok(void **state)
{
    (void)state;
    struct mon_quality_options o;
    mon_quality_options_init(&o);
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 2000, 100, 3);
    count_value(stream.reference, NAN, 6);
    struct profile *window = stream_window(&stream, 197, NULL);
    count_value(window, NAN, 3);
    size_t n = check(&o, window);
    expect_drift_in(n, "none");
    assert_true(signals[0].effect > 0.01);
    assert_true(signals[0].p_value > 0.01);
    profile_free(window);
    stream_deinit(&stream);
}

static void falling_rate_is_ok(void **state)
{
    (void)state;
    struct mon_quality_options o;
    mon_quality_options_init(&o);
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 2000, 100, 3);
    count_value(stream.reference, NAN, 500);
    struct profile *window = stream_window(&stream, 1000, NULL);
    expect_drift_in(check(&o, window), "none");
    assert_true(signals[0].effect < -0.1);
    profile_free(window);
    stream_deinit(&stream);
}

static void few_rows_are_insufficient(void **state)
{
    (void)state;
    struct mon_quality_options o;
    mon_quality_options_init(&o);
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 2000, 100, 3);
    struct profile *window = stream_window(&stream, 0, NULL);
    count_value(window, NAN, 50);
    size_t n = check(&o, window);
    assert_int_equal(mon_signals_count(signals, n, MON_INSUFFICIENT), n);
    profile_clear(window);
    o.min_rows = 0.0;
    n = check(&o, window);
    assert_int_equal(mon_signals_count(signals, n, MON_INSUFFICIENT), n);
    profile_free(window);
    stream_deinit(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_bad_value_raises_its_own_rate),
        cmocka_unit_test(numbers_are_both_rates_and_their_difference),
        cmocka_unit_test(rise_that_may_be_chance_is_ok),
        cmocka_unit_test(falling_rate_is_ok),
        cmocka_unit_test(few_rows_are_insufficient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
