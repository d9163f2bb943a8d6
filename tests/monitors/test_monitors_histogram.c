/*
 * test_monitors_histogram.c - bins of raw samples by named rules.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>

#include "monitors/histogram.h"

static void bins_are_laid_on_the_finite_values_by_the_named_rule(void **state)
{
    (void)state;
    const double x[] = {NAN, 0, 1, 2, 3, 4, 5, 6, 7, 8, INFINITY};
    struct mon_histogram h;
    double counts[16] = {0};
    assert_int_equal(mon_histogram_init(&h, MON_BINS_EQUAL, 4, x, 11, NULL), ERR_OK);
    assert_true(h.n_bins == 4 && h.edges[0] == 0.0 && h.edges[1] == 2.0 && h.edges[4] == 8.0);
    mon_histogram_count(&h, x, 11, counts);
    assert_true(counts[0] == 2 && counts[3] == 3 && counts[4] == 0 && counts[5] == 1);
    mon_histogram_deinit(&h);
    assert_int_equal(mon_histogram_init(&h, MON_BINS_STURGES, 0, x, 11, NULL), ERR_OK);
    assert_int_equal(h.n_bins, 5); /* log2 9 + 1 = 4.17 */
    mon_histogram_deinit(&h);
}

static void bins_of_a_constant_hold_it_also_where_half_is_nothing(void **state)
{
    (void)state;
    const double values[] = {3.0, 1e300, -1e17};
    for (size_t i = 0; i < 3; i++) {
        for (enum mon_bin_rule rule = MON_BINS_EQUAL; rule <= MON_BINS_QUANTILES; rule++) {
            const double x[] = {values[i], values[i], values[i]};
            struct mon_histogram h;
            double counts[3] = {0};
            assert_int_equal(mon_histogram_init(&h, rule, 1, x, 3, NULL), ERR_OK);
            assert_true(h.n_bins == 1 && h.edges[0] < h.edges[1]);
            mon_histogram_count(&h, x, 3, counts);
            assert_true(counts[0] == 3.0);
            mon_histogram_deinit(&h);
        }
    }
}

static void bins_over_nothing_are_refused(void **state)
{
    (void)state;
    const double x[] = {NAN, INFINITY};
    struct mon_histogram h;
    struct err e = {0};
    assert_int_equal(mon_histogram_init(&h, MON_BINS_STURGES, 0, x, 2, &e), ERR_INVALID);
    assert_string_equal(e.message, "no finite value among 2 to lay bins on");
    assert_int_equal(mon_histogram_init(&h, MON_BINS_EQUAL, 0, x, 2, &e), ERR_INVALID);
}

/* A range beyond the doubles still has ordered edges that hold every value. */
static void bins_over_all_doubles_are_in_order(void **state)
{
    (void)state;
    const double x[] = {-DBL_MAX, 0.0, 1.0, DBL_MAX};
    for (enum mon_bin_rule rule = MON_BINS_EQUAL; rule <= MON_BINS_QUANTILES; rule++) {
        struct mon_histogram h;
        double counts[6] = {0}, sum = 0.0;
        assert_int_equal(mon_histogram_init(&h, rule, 4, x, 4, NULL), ERR_OK);
        assert_true(h.n_bins <= 4);
        for (size_t i = 0; i < h.n_bins; i++)
            assert_true(h.edges[i] < h.edges[i + 1]);
        mon_histogram_count(&h, x, 4, counts);
        for (size_t i = 0; i < h.n_bins; i++)
            sum += counts[i];
        assert_true(sum == 4.0);
        mon_histogram_deinit(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_are_laid_on_the_finite_values_by_the_named_rule),
        cmocka_unit_test(bins_of_a_constant_hold_it_also_where_half_is_nothing),
        cmocka_unit_test(bins_over_nothing_are_refused),
        cmocka_unit_test(bins_over_all_doubles_are_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
