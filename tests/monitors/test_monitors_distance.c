/*
 * test_monitors_distance.c - PSI, Jensen-Shannon and KS against values worked out by hand.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>

#include "monitors/distance.h"

static void assert_close(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("found %.17g, expected %.17g (within %g)", found, expected, tolerance);
}

static void psi_is_the_sum_over_groups_with_half_a_row_added(void **state)
{
    (void)state;
    /* shares with half a row: (50.5, 50.5) / 101 and (30.5, 70.5) / 101 */
    const double reference[] = {50, 50}, window[] = {30, 70};
    double expected =
        (30.5 - 50.5) / 101 * log(30.5 / 50.5) + (70.5 - 50.5) / 101 * log(70.5 / 50.5);
    assert_close(mon_distance_psi(reference, window, 2), expected, 1e-15);
    assert_close(expected, 0.165918, 1e-6);
}

static void psi_of_large_counts_is_the_textbook_value(void **state)
{
    (void)state;
    /* (0.5, 0.5) against (0.25, 0.75): 0.25 ln 2 + 0.25 ln 1.5 = 0.27465307216702745 (= 0.25 ln 3)
     */
    const double reference[] = {5e11, 5e11}, window[] = {2.5e11, 7.5e11};
    assert_close(mon_distance_psi(reference, window, 2), 0.25 * log(3.0), 1e-9);
}

static void groups_empty_on_both_sides_do_not_count(void **state)
{
    (void)state;
    const double a[] = {50, 0, 50}, b[] = {30, 0, 70}, a2[] = {50, 50}, b2[] = {30, 70};
    assert_close(mon_distance_psi(a, b, 3), mon_distance_psi(a2, b2, 2), 1e-15);
    assert_close(mon_distance_js(a, b, 3), mon_distance_js(a2, b2, 2), 1e-15);
}

static void psi_stays_finite_where_a_group_is_new(void **state)
{
    (void)state;
    const double reference[] = {1000, 0}, window[] = {0, 1000};
    double expected = 2.0 * (1000.5 - 0.5) / 1001.0 * log(1000.5 / 0.5);
    assert_close(mon_distance_psi(reference, window, 2), expected, 1e-12);
}

static void jensen_shannon_of_disjoint_counts_is_one(void **state)
{
    (void)state;
    const double reference[] = {10, 0}, window[] = {0, 3};
    assert_close(mon_distance_js(reference, window, 2), 1.0, 1e-15);
}

static void jensen_shannon_is_the_root_of_the_divergence_in_bits(void **state)
{
    (void)state;
    /* p = (1/2, 1/2), q = (0, 1), m = (1/4, 3/4): JSD = 1/2 (1/2 log2 2 + 1/2 log2 (2/3))
     * + 1/2 log2 (4/3) = 0.31127812445913283 */
    const double reference[] = {1, 1}, window[] = {0, 7};
    assert_close(mon_distance_js(reference, window, 2), sqrt(0.31127812445913283), 1e-15);
}

static void ks_is_the_largest_gap_of_cumulative_shares(void **state)
{
    (void)state;
    /* cumulative 0.25 0.5 0.75 1 and 0.1 0.2 0.8 1 */
    const double reference[] = {25, 25, 25, 25}, window[] = {1, 1, 6, 2};
    assert_close(mon_distance_ks(reference, window, 4), 0.3, 1e-15);
}

static void equal_shares_have_distance_zero(void **state)
{
    (void)state;
    const double reference[] = {10, 20, 70}, window[] = {1, 2, 7};
    assert_close(mon_distance_js(reference, window, 3), 0.0, 1e-8);
    assert_close(mon_distance_ks(reference, window, 3), 0.0, 1e-15);
    assert_close(mon_distance_psi(reference, reference, 3), 0.0, 0.0);
}

static void a_side_without_rows_gives_nan(void **state)
{
    (void)state;
    const double some[] = {1, 2}, none[] = {0, 0};
    assert_true(isnan(mon_distance_psi(some, none, 2)));
    assert_true(isnan(mon_distance_js(none, some, 2)));
    assert_true(isnan(mon_distance_ks(some, none, 2)));
    assert_true(isnan(mon_distance_ks(some, some, 0)));
}

static void one_row_and_one_cell_are_legal(void **state)
{
    (void)state;
    const double reference[] = {99}, window[] = {1};
    assert_close(mon_distance_psi(reference, window, 1), 0.0, 1e-15);
    assert_close(mon_distance_js(reference, window, 1), 0.0, 1e-15);
    assert_close(mon_distance_ks(reference, window, 1), 0.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(psi_is_the_sum_over_groups_with_half_a_row_added),
        cmocka_unit_test(psi_of_large_counts_is_the_textbook_value),
        cmocka_unit_test(groups_empty_on_both_sides_do_not_count),
        cmocka_unit_test(psi_stays_finite_where_a_group_is_new),
        cmocka_unit_test(jensen_shannon_of_disjoint_counts_is_one),
        cmocka_unit_test(jensen_shannon_is_the_root_of_the_divergence_in_bits),
        cmocka_unit_test(ks_is_the_largest_gap_of_cumulative_shares),
        cmocka_unit_test(equal_shares_have_distance_zero),
        cmocka_unit_test(a_side_without_rows_gives_nan),
        cmocka_unit_test(one_row_and_one_cell_are_legal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
