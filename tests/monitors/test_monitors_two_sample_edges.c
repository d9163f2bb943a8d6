/*
 * test_monitors_two_sample_edges.c - what the tests of raw samples give for no value, one, NaN,
 * infinities, constants, the ends of the doubles, counts instead of values.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/rand.h"
#include "monitors/two_sample.h"

typedef enum err_code test_function(const struct mon_pooled *, enum mon_p, struct mon_evidence *,
                                    struct err *);

static struct mon_pooled *pool(const double *x, size_t n1, const double *y, size_t n2)
{
    struct mon_pooled *p = NULL;
    assert_int_equal(mon_pooled_new(x, n1, y, n2, &p, NULL), ERR_OK);
    return p;
}

static test_function *const tests_with_p[] = {mon_ks_test, mon_kuiper_test,
                                              mon_cramer_von_mises_test, mon_anderson_darling_test,
                                              mon_mann_whitney_test};
#define N_TESTS (sizeof tests_with_p / sizeof *tests_with_p)

static struct mon_evidence run(size_t i, const struct mon_pooled *p, enum mon_p how)
{
    struct mon_evidence found;
    assert_int_equal(tests_with_p[i](p, how, &found, NULL), ERR_OK);
    return found;
}

static void no_values_on_a_side_are_insufficient(void **state)
{
    (void)state;
    const double x[] = {1, 2, NAN}, nothing[] = {NAN, NAN};
    struct mon_pooled *p = pool(x, 3, nothing, 2), *empty = pool(NULL, 0, NULL, 0);
    for (size_t i = 0; i < N_TESTS; i++) {
        struct mon_evidence found = run(i, p, MON_P_AUTO);
        assert_true(isnan(found.statistic) && isnan(found.p_value));
        assert_string_equal(found.method, "insufficient");
        assert_true(found.n1 == 2.0 && found.n2 == 0.0 && found.n_left_out == 3.0);
        assert_true(isnan(run(i, empty, MON_P_AUTO).p_value));
    }
    assert_true(isnan(mon_wasserstein(p)) && isnan(mon_energy_distance(empty)));
    assert_true(isnan(mon_wasserstein_normalised(p, 0.0)));
    assert_true(isnan(mon_welch_test(p).p_value) && isnan(mon_epps_singleton_test(p).statistic));
    mon_pooled_free(p);
    mon_pooled_free(empty);
}

static void nan_are_left_out_and_counted(void **state)
{
    (void)state;
    const double x[] = {NAN, 1, 4, NAN, 2}, y[] = {3, NAN, 5}, x1[] = {1, 4, 2}, y1[] = {3, 5};
    struct mon_pooled *with = pool(x, 5, y, 3), *without = pool(x1, 3, y1, 2);
    for (size_t i = 0; i < N_TESTS; i++) {
        struct mon_evidence a = run(i, with, MON_P_AUTO), b = run(i, without, MON_P_AUTO);
        assert_true(a.statistic == b.statistic && a.p_value == b.p_value);
        assert_true(a.n_left_out == 3.0 && b.n_left_out == 0.0);
    }
    mon_pooled_free(with);
    mon_pooled_free(without);
}

static void infinities_are_ranks_and_no_lengths(void **state)
{
    (void)state;
    const double x[] = {-INFINITY, 1, 2, 3}, y[] = {2, 4, 6, INFINITY};
    const double ranked_x[] = {-9, 1, 2, 3}, ranked_y[] = {2, 4, 6, 99};
    const double finite_x[] = {1, 2, 3}, finite_y[] = {2, 4, 6};
    struct mon_pooled *p = pool(x, 4, y, 4), *ranked = pool(ranked_x, 4, ranked_y, 4);
    struct mon_pooled *finite = pool(finite_x, 3, finite_y, 3);
    for (size_t i = 0; i < N_TESTS; i++)
        assert_true(run(i, p, MON_P_AUTO).p_value == run(i, ranked, MON_P_AUTO).p_value);
    assert_true(mon_wasserstein(p) == mon_wasserstein(finite) && mon_wasserstein(p) == 2.0);
    assert_true(mon_energy_distance(p) == mon_energy_distance(finite));
    struct mon_evidence t = mon_welch_test(p);
    assert_true(t.statistic == mon_welch_test(finite).statistic);
    assert_true(t.n_left_out == 2.0 && t.n1 == 3.0);
    mon_pooled_free(p);
    mon_pooled_free(ranked);
    mon_pooled_free(finite);
}

static void equal_constants_differ_in_nothing(void **state)
{
    (void)state;
    const double x[] = {7, 7, 7, 7, 7}, y[] = {7, 7, 7};
    struct mon_pooled *p = pool(x, 5, y, 3);
    for (enum mon_p how = MON_P_AUTO; how <= MON_P_ASYMPTOTIC; how++) {
        assert_true(run(0, p, how).statistic == 0.0 && run(0, p, how).p_value == 1.0);
        assert_true(run(1, p, how).statistic == 0.0 && run(1, p, how).p_value == 1.0);
        assert_true(run(2, p, how).p_value == 1.0);
        assert_true(isnan(run(3, p, how).statistic));
        assert_true(run(4, p, how).statistic == 7.5 && run(4, p, how).p_value == 1.0);
    }
    struct mon_evidence t = mon_welch_test(p);
    assert_true(t.statistic == 0.0 && t.p_value == 1.0);
    assert_true(mon_wasserstein_normalised(p, 0.0) == 0.0);
    mon_pooled_free(p);
}

static void different_constants_are_infinitely_apart_for_welch(void **state)
{
    (void)state;
    const double x[] = {7, 7, 7}, y[] = {8, 8, 8};
    struct mon_pooled *p = pool(x, 3, y, 3);
    struct mon_evidence t = mon_welch_test(p);
    assert_true(isinf(t.statistic) && t.statistic < 0.0 && t.p_value == 0.0);
    assert_true(run(0, p, MON_P_AUTO).statistic == 1.0);
    assert_true(fabs(run(0, p, MON_P_AUTO).p_value - 0.1) < 1e-15); /* 2 of C(6, 3) */
    assert_true(isinf(mon_wasserstein_normalised(p, 0.0)));
    assert_true(mon_wasserstein_normalised(p, 0.5) == 2.0);
    mon_pooled_free(p);
}

/* The sides may change places: same p-values; statistics with a sign change it. */
static void sides_may_change_places(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 99);
    double x[30], y[17];
    for (size_t i = 0; i < 30; i++)
        x[i] = round(8.0 * rng_normal(&r)) / 8.0;
    for (size_t i = 0; i < 17; i++)
        y[i] = round(8.0 * rng_normal(&r)) / 8.0 + 0.5;
    struct mon_pooled *p = pool(x, 30, y, 17), *q = pool(y, 17, x, 30);
    for (size_t i = 0; i < N_TESTS; i++) {
        double a = run(i, p, MON_P_AUTO).p_value, b = run(i, q, MON_P_AUTO).p_value;
        if (!(fabs(a - b) <= 1e-12 * a))
            fail_msg("test %zu: %.17g, exchanged %.17g", i, a, b);
    }
    assert_true(fabs(mon_welch_test(p).statistic + mon_welch_test(q).statistic) < 1e-12);
    mon_pooled_free(p);
    mon_pooled_free(q);
}

static void counts_over_cells_are_the_sample_they_count(void **state)
{
    (void)state;
    const double at[] = {0, 1, 2, 5}, cx[] = {3, 0, 2, 0}, cy[] = {1, 0, 4, 2};
    const double x[] = {0, 0, 0, 2, 2}, y[] = {0, 2, 2, 2, 2, 5, 5};
    struct mon_pooled *cells = NULL, *raw = pool(x, 5, y, 7);
    assert_int_equal(mon_pooled_from_counts(at, cx, cy, 4, &cells, NULL), ERR_OK);
    for (size_t i = 0; i < N_TESTS; i++)
        assert_true(run(i, cells, MON_P_AUTO).p_value == run(i, raw, MON_P_AUTO).p_value);
    assert_true(mon_wasserstein(cells) == mon_wasserstein(raw));
    mon_pooled_free(cells);
    mon_pooled_free(raw);
}

static void cells_that_are_none_are_refused(void **state)
{
    (void)state;
    const double at[] = {0, 1, 1}, good[] = {3, 2, 1},
                 bad[][3] = {{3, -1, 1}, {NAN, 1, 1}, {1, 1, INFINITY}};
    struct mon_pooled *p = NULL;
    struct err e = {0};
    assert_int_equal(mon_pooled_from_counts(at, good, good, 3, &p, &e), ERR_INVALID);
    assert_string_equal(e.message, "cell 2: counts 1 and 1 at 1");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(mon_pooled_from_counts(NULL, good, bad[i], 3, &p, NULL), ERR_INVALID);
    assert_null(p);
}

/* Squares of 1e-200 vanish and those of 1e300 overflow; the test is the same in any unit. */
static void tests_do_not_depend_on_the_unit(void **state)
{
    (void)state;
    const double units[] = {1e-300, 1e-200, 1.0, 1e200, 0x1p1022};
    const double x[] = {-1, -0.5, 0.25, 0.5, 1, 0}, y[] = {0.75, 1, 0.5, 0.9, 0.25};
    struct mon_evidence reference = {0};
    struct mon_pooled *p = pool(x, 6, y, 5);
    reference = mon_welch_test(p);
    double normalised = mon_wasserstein_normalised(p, 0.0), raw = mon_wasserstein(p);
    double energy = mon_energy_distance(p);
    mon_pooled_free(p);
    for (size_t u = 0; u < 5; u++) {
        double sx[6], sy[5];
        for (size_t i = 0; i < 6; i++)
            sx[i] = x[i] * units[u];
        for (size_t i = 0; i < 5; i++)
            sy[i] = y[i] * units[u];
        p = pool(sx, 6, sy, 5);
        struct mon_evidence t = mon_welch_test(p);
        if (!(fabs(t.p_value - reference.p_value) < 1e-12 * reference.p_value))
            fail_msg("unit %g: p %.17g, in units of 1 %.17g", units[u], t.p_value,
                     reference.p_value);
        assert_true(fabs(mon_wasserstein_normalised(p, 0.0) - normalised) < 1e-12);
        assert_true(fabs(mon_wasserstein(p) / units[u] - raw) < 1e-12);
        assert_true(fabs(mon_energy_distance(p) / sqrt(units[u]) - energy) < 1e-12);
        mon_pooled_free(p);
    }
}

/* Where the sums are too long to be made, their limits take over: a million values and a few more
 * give the same statistic. */
static void anderson_darling_of_counted_millions_is_quick_and_steady(void **state)
{
    (void)state;
    struct mon_evidence found[3];
    const double rows[] = {249924, 249926, 1e9};
    for (size_t i = 0; i < 3; i++) {
        const double cx[] = {rows[i], rows[i] + 300}, cy[] = {rows[i], rows[i]};
        struct mon_pooled *p = NULL;
        assert_int_equal(mon_pooled_from_counts(NULL, cx, cy, 2, &p, NULL), ERR_OK);
        found[i] = run(3, p, MON_P_AUTO);
        mon_pooled_free(p);
    }
    if (!(fabs(found[0].statistic - found[1].statistic) < 1e-4))
        fail_msg("A2 of a million values %.10g, of eight more %.10g", found[0].statistic,
                 found[1].statistic);
    assert_true(found[2].statistic < found[1].statistic && found[2].p_value <= 1.0);
}

/* Beyond the exact sizes the limit law takes over without a jump. */
static void limit_laws_are_near_the_exact_p_values(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 7);
    static double x[2000], y[2000];
    for (size_t i = 0; i < 2000; i++) {
        x[i] = rng_normal(&r);
        y[i] = rng_normal(&r) + 0.05;
    }
    struct mon_pooled *large = pool(x, 2000, y, 2000), *small = pool(x, 20, y, 20);
    double exact = run(0, large, MON_P_AUTO).p_value,
           limit = run(0, large, MON_P_ASYMPTOTIC).p_value;
    if (!(fabs(exact - limit) <= 0.02 * exact))
        fail_msg("KS: exact %.6g, limit %.6g", exact, limit);
    exact = run(2, small, MON_P_AUTO).p_value;
    limit = run(2, small, MON_P_ASYMPTOTIC).p_value;
    if (!(fabs(exact - limit) <= 0.05 * exact)) /* at 20 against 20 the law is still coarse */
        fail_msg("Cramer-von Mises: exact %.6g, limit %.6g", exact, limit);
    mon_pooled_free(large);
    mon_pooled_free(small);
}

/* Any bits at all: a p-value in 0..1 with a statistic that is a number, or "insufficient". */
static void expect_evidence(struct mon_evidence e)
{
    bool judged = !isnan(e.statistic) && e.p_value >= 0.0 && e.p_value <= 1.0;
    bool insufficient =
        isnan(e.statistic) && isnan(e.p_value) && strcmp(e.method, "insufficient") == 0;
    if (!judged && !insufficient)
        fail_msg("statistic %g, p %g (%s) of %g and %g values", e.statistic, e.p_value, e.method,
                 e.n1, e.n2);
}

static double draw_odd(struct rng *r)
{
    static const double odd[] = {NAN,      INFINITY, -INFINITY, 0.0,    -0.0, 1.0,       DBL_MAX,
                                 -DBL_MAX, DBL_MIN,  5e-324,    1e-300, 1e8,  1e8 + 1e-8};
    return rng_below(r, 3) > 0 ? odd[rng_below(r, 13)] : rng_normal(r);
}

static void expect_lengths(const struct mon_pooled *p)
{
    double raw = mon_wasserstein(p), normalised = mon_wasserstein_normalised(p, 0.0);
    double energy = mon_energy_distance(p);
    if (isnan(raw) != isnan(normalised) || isnan(raw) != isnan(energy) || raw < 0.0 ||
        normalised < 0.0 || energy < 0.0)
        fail_msg("Wasserstein %g, normalised %g, energy %g", raw, normalised, energy);
}

static void no_values_make_a_p_value_that_is_none(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 31);
    for (int round = 0; round < 1000; round++) {
        double x[12], y[12];
        size_t n1 = rng_below(&r, round % 10 == 0 ? 13 : 7), n2 = rng_below(&r, 7);
        for (size_t i = 0; i < n1; i++)
            x[i] = draw_odd(&r);
        for (size_t i = 0; i < n2; i++)
            y[i] = draw_odd(&r);
        struct mon_pooled *p = pool(x, n1, y, n2);
        for (size_t i = 0; i < N_TESTS; i++) {
            expect_evidence(run(i, p, MON_P_AUTO));
            expect_evidence(run(i, p, MON_P_ASYMPTOTIC));
        }
        expect_evidence(mon_welch_test(p));
        expect_evidence(mon_epps_singleton_test(p));
        expect_lengths(p);
        mon_pooled_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_values_on_a_side_are_insufficient),
        cmocka_unit_test(nan_are_left_out_and_counted),
        cmocka_unit_test(infinities_are_ranks_and_no_lengths),
        cmocka_unit_test(equal_constants_differ_in_nothing),
        cmocka_unit_test(different_constants_are_infinitely_apart_for_welch),
        cmocka_unit_test(sides_may_change_places),
        cmocka_unit_test(counts_over_cells_are_the_sample_they_count),
        cmocka_unit_test(cells_that_are_none_are_refused),
        cmocka_unit_test(tests_do_not_depend_on_the_unit),
        cmocka_unit_test(anderson_darling_of_counted_millions_is_quick_and_steady),
        cmocka_unit_test(limit_laws_are_near_the_exact_p_values),
        cmocka_unit_test(no_values_make_a_p_value_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
