/*
 * test_monitors_distance.c - distances of counts against values worked out by hand, and against
 * oracle/two_sample_oracle.py.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>

#include "base/json.h"
#include "monitors/distance.h"

#define ORACLE TEST_DATA_DIR "/two_sample_oracle.json"
#define MAX_CELLS 128

static const struct mon_smoothing none = {MON_SMOOTHING_NONE, 0.0};
static const struct mon_smoothing half_a_row = {MON_SMOOTHING_ROWS, 0.5};
static const struct mon_smoothing a_ten_thousandth = {MON_SMOOTHING_FLOOR, 1e-4};

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
    const double some[] = {1, 2}, no[] = {0, 0}, at[] = {0, 1};
    assert_true(isnan(mon_distance_psi(some, no, 2)));
    assert_true(isnan(mon_distance_kl(no, some, 2, &half_a_row)));
    assert_true(isnan(mon_distance_js(no, some, 2)));
    assert_true(isnan(mon_distance_hellinger(no, some, 2)));
    assert_true(isnan(mon_distance_bhattacharyya(no, some, 2)));
    assert_true(isnan(mon_distance_total_variation(some, no, 2)));
    assert_true(isnan(mon_distance_l_infinity(some, no, 2)));
    assert_true(isnan(mon_distance_ks(some, no, 2)));
    assert_true(isnan(mon_distance_ks(some, some, 0)));
    assert_true(isnan(mon_distance_wasserstein(some, no, at, 2)));
    assert_true(isnan(mon_distance_wasserstein_normalised(no, some, at, 2, 0.0)));
    assert_true(isnan(mon_distance_energy(some, no, at, 2)));
}

static void one_row_and_one_cell_are_legal(void **state)
{
    (void)state;
    const double reference[] = {99}, window[] = {1};
    assert_close(mon_distance_psi(reference, window, 1), 0.0, 1e-15);
    assert_close(mon_distance_js(reference, window, 1), 0.0, 1e-15);
    assert_close(mon_distance_ks(reference, window, 1), 0.0, 0.0);
}

static void empty_cell_opposite_a_filled_one_does_what_the_smoothing_says(void **state)
{
    (void)state;
    const double reference[] = {50, 50, 0}, window[] = {25, 25, 50};
    assert_true(isinf(mon_distance_psi_smoothed(reference, window, 3, &none)));
    assert_true(isinf(mon_distance_kl(reference, window, 3, &none)));
    /* the other way round every cell of the window has a reference */
    assert_close(mon_distance_kl(window, reference, 3, &none), log(2.0), 1e-15);
    assert_close(mon_distance_psi_smoothed(reference, window, 3, &a_ten_thousandth),
                 0.5 * log(2.0) + (0.5 - 1e-4) * log(0.5 / 1e-4), 1e-12);
}

static void disjoint_counts_are_at_the_ends_of_the_bounded_distances(void **state)
{
    (void)state;
    const double reference[] = {10, 0}, window[] = {0, 3};
    assert_close(mon_distance_hellinger(reference, window, 2), 1.0, 1e-15);
    assert_close(mon_distance_total_variation(reference, window, 2), 1.0, 1e-15);
    assert_close(mon_distance_l_infinity(reference, window, 2), 1.0, 1e-15);
    assert_true(isinf(mon_distance_bhattacharyya(reference, window, 2)));
}

static void lengths_do_not_feel_an_offset(void **state)
{
    (void)state;
    const double reference[] = {1, 2, 1}, window[] = {0, 1, 3};
    const double at[] = {0, 0.25, 0.75}, far[] = {1e8, 1e8 + 0.25, 1e8 + 0.75};
    /* F: 1/4 3/4, G: 0 1/4: 1/4 x 1/4 + 1/2 x 1/2 */
    assert_close(mon_distance_wasserstein(reference, window, at, 3), 0.3125, 1e-15);
    assert_close(mon_distance_wasserstein(reference, window, far, 3), 0.3125, 1e-15);
    assert_close(mon_distance_wasserstein_normalised(reference, window, far, 3, 0.0),
                 mon_distance_wasserstein_normalised(reference, window, at, 3, 0.0), 1e-14);
    assert_close(mon_distance_energy(reference, window, far, 3),
                 sqrt(2.0 * (0.0625 * 0.25 + 0.25 * 0.5)), 1e-15);
}

static void reference_in_one_cell_has_no_scale_of_its_own(void **state)
{
    (void)state;
    const double reference[] = {9, 0}, window[] = {1, 1}, at[] = {5, 6};
    assert_true(isinf(mon_distance_wasserstein_normalised(reference, window, at, 2, 0.0)));
    assert_close(mon_distance_wasserstein_normalised(reference, window, at, 2, 0.1), 5.0, 1e-14);
    assert_close(mon_distance_wasserstein_normalised(reference, reference, at, 2, 0.0), 0.0, 0.0);
}

/* Two sides of counts with the values that the oracle found for them. */
struct pair {
    size_t n;
    double reference[MAX_CELLS], window[MAX_CELLS], at[MAX_CELLS];
    const cJSON *expected;
};

static void expect(const struct pair *p, const char *name, double found)
{
    double expected = json_at(p->expected, name)->valuedouble;
    if (!(fabs(found - expected) <= 1e-10 * fabs(expected) + 1e-9))
        fail_msg("%s over %zu cells: found %.17g, oracle %.17g", name, p->n, found, expected);
}

static void check_pair(const struct pair *p)
{
    const double *r = p->reference, *w = p->window;
    expect(p, "psi", mon_distance_psi(r, w, p->n));
    expect(p, "psi_floor", mon_distance_psi_smoothed(r, w, p->n, &a_ten_thousandth));
    expect(p, "kl_rows", mon_distance_kl(r, w, p->n, &half_a_row));
    expect(p, "kl_floor", mon_distance_kl(r, w, p->n, &a_ten_thousandth));
    expect(p, "hellinger", mon_distance_hellinger(r, w, p->n));
    expect(p, "bhattacharyya", mon_distance_bhattacharyya(r, w, p->n));
    expect(p, "tv", mon_distance_total_variation(r, w, p->n));
    expect(p, "linf", mon_distance_l_infinity(r, w, p->n));
    expect(p, "ks", mon_distance_ks(r, w, p->n));
    expect(p, "wasserstein", mon_distance_wasserstein(r, w, p->at, p->n));
    expect(p, "wasserstein_sd", mon_distance_wasserstein_normalised(r, w, p->at, p->n, 0.0));
    expect(p, "energy", mon_distance_energy(r, w, p->at, p->n));
}

static void distances_over_cells_have_the_oracles_values(void **state)
{
    (void)state;
    cJSON *json = NULL;
    const cJSON *one, *item;
    size_t n = 0;
    assert_int_equal(json_load(ORACLE, 1 << 20, &json, NULL), ERR_OK);
    cJSON_ArrayForEach(one, json_at(json, "cells"))
    {
        struct pair p = {.expected = one};
        size_t k = 0;
        cJSON_ArrayForEach(item, json_at(one, "reference")) p.reference[p.n++] = item->valuedouble;
        cJSON_ArrayForEach(item, json_at(one, "window")) p.window[k++] = item->valuedouble;
        for (size_t i = 0; i < p.n; i++)
            p.at[i] = sqrt((double)i);
        check_pair(&p);
        n++;
    }
    assert_true(n > 20);
    cJSON_Delete(json);
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
        cmocka_unit_test(empty_cell_opposite_a_filled_one_does_what_the_smoothing_says),
        cmocka_unit_test(disjoint_counts_are_at_the_ends_of_the_bounded_distances),
        cmocka_unit_test(lengths_do_not_feel_an_offset),
        cmocka_unit_test(reference_in_one_cell_has_no_scale_of_its_own),
        cmocka_unit_test(distances_over_cells_have_the_oracles_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
