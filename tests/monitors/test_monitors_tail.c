/*
 * test_monitors_tail.c - tails against printed tables and closed forms.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>

#include "base/rand.h"
#include "martingale.h"
#include "quadratic_form.h"
#include "spectrum.h"
#include "tail.h"

static void assert_close(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("found %.12g, expected %.12g (within %g)", found, expected, tolerance);
}

static void kolmogorov_tail_has_the_table_values(void **state)
{
    (void)state;
    /* Smirnov 1948: K = 1.2238 -> 0.10, 1.3581 -> 0.05, 1.6276 -> 0.01, 1.9495 -> 0.001 */
    assert_close(tail_kolmogorov(1.2238 * 1.2238, INFINITY), 0.10, 5e-5);
    assert_close(tail_kolmogorov(1.3581 * 1.3581, INFINITY), 0.05, 1e-5);
    assert_close(tail_kolmogorov(1.6276 * 1.6276, INFINITY), 0.01, 2e-6);
    assert_close(tail_kolmogorov(1.9495 * 1.9495, INFINITY), 0.001, 1e-6);
}

static void kolmogorov_tail_with_estimated_scale_is_heavier_and_has_the_known_limit(void **state)
{
    (void)state;
    double known = tail_kolmogorov(4.0, INFINITY);
    assert_close(tail_kolmogorov(4.0, 1e5), known, 1e-6);
    assert_true(tail_kolmogorov(4.0, 20) > 2.0 * known);
    assert_true(tail_kolmogorov(0.0, 20) == 1.0);
    assert_true(tail_kolmogorov(NAN, 20) == 1.0);
    double last = 1.0;
    for (double x = 0.01; x < 50.0; x *= 1.05) {
        double p = tail_kolmogorov(x, 7.0);
        if (!(p <= last + 1e-12))
            fail_msg("tail rises at x = %g: %.15g after %.15g", x, p, last);
        last = p;
    }
}

static void f_tail_has_the_table_values(void **state)
{
    (void)state;
    /* 5 % points: F(5, 10) = 3.3258, F(9, 40) = 2.1240; chi-squared(9) = 16.919 */
    assert_close(tail_f(3.3258, 5, 10), 0.05, 1e-5);
    assert_close(tail_f(2.1240, 9, 40), 0.05, 1e-5);
    assert_close(tail_f(16.919 / 9, 9, INFINITY), 0.05, 1e-5);
    assert_true(tail_f(NAN, 9, 40) == 1.0);
    assert_true(tail_f(INFINITY, 9, 40) == 0.0);
    assert_true(tail_f(-1.0, 9, 40) == 1.0);
}

static void exact_tests_have_their_closed_forms(void **state)
{
    (void)state;
    /* Fisher's tea: 4 of 4 right among 8 cups, 1 / C(8, 4) */
    assert_close(tail_hypergeometric(4, 4, 0, 4), 1.0 / 70.0, 1e-12);
    assert_close(tail_hypergeometric(3, 4, 1, 4), 17.0 / 70.0, 1e-12);
    assert_true(tail_hypergeometric(0, 10, 5, 10) == 1.0);
    /* ten heads of ten; at least 8 of 10: 56 / 1024 */
    assert_close(tail_binomial(10, 10, 0.5), 1.0 / 1024.0, 1e-15);
    assert_close(tail_binomial(8, 10, 0.5), 56.0 / 1024.0, 1e-15);
    assert_true(tail_binomial(1, 10, 0.0) == 0.0);
    assert_true(tail_binomial(11, 10, 0.5) == 0.0);
}

static void normal_and_t_have_the_table_values(void **state)
{
    (void)state;
    assert_close(tail_normal(1.6448536), 0.05, 1e-8);
    assert_close(quantile_t(0.975, 10), 2.228139, 1e-6);
    assert_close(quantile_t(0.95, 1e9), 1.644854, 1e-6);
}

static void kuipers_tail_has_the_table_values(void **state)
{
    (void)state;
    /* Stephens 1970, to three decimals: 1.620 -> 0.10, 1.747 -> 0.05, 2.001 -> 0.01 */
    assert_close(tail_kuiper(1.620), 0.10, 3e-4);
    assert_close(tail_kuiper(1.747), 0.05, 2e-4);
    assert_close(tail_kuiper(2.001), 0.01, 5e-5);
    assert_true(tail_kuiper(0.0) == 1.0 && tail_kuiper(NAN) == 1.0);
    assert_close(tail_kuiper(0.41), 1.0, 1e-6);
}

static void upper_t_and_hypergeometric_have_their_closed_forms(void **state)
{
    (void)state;
    assert_close(tail_t(1.0, 1.0), 0.25, 1e-12);                  /* Cauchy */
    assert_close(tail_t(2.0, 2.0), 0.5 - 1.0 / sqrt(6.0), 1e-12); /* t / (2 sqrt(2 + t^2)) */
    assert_close(tail_t(1.6448536, 1e9), 0.05, 1e-8);
    assert_true(tail_t(NAN, 3.0) == 1.0 && tail_t(INFINITY, 3.0) == 0.0);
    assert_close(pmf_hypergeometric(3, 4, 4, 4), 16.0 / 70.0, 1e-12);
}

/* Anderson & Darling 1952 and Stephens 1986 for the levels; the far tails by mpmath from the series
 * of either law, which share nothing with Smirnov's formula. */
static void limit_laws_have_their_tables_and_their_tails(void **state)
{
    (void)state;
    assert_close(tail_cramer_von_mises(0.34730), 0.10, 1e-5);
    assert_close(tail_cramer_von_mises(0.46136), 0.05, 1e-5);
    assert_close(tail_cramer_von_mises(0.74346), 0.01, 1e-6);
    assert_close(tail_cramer_von_mises(0.021), 0.99596392113846676, 1e-12);
    assert_close(tail_cramer_von_mises(10.0) / 4.1789410928852881e-23, 1.0, 1e-11);
    assert_close(tail_anderson_darling(1.933), 0.10, 5e-5);
    assert_close(tail_anderson_darling(2.492), 0.050022186359607866, 1e-13);
    assert_close(tail_anderson_darling(10.0) / 1.3815035410685864e-5, 1.0, 1e-11);
    assert_close(tail_anderson_darling(40.0) / 6.5341264414759556e-19, 1.0, 1e-11);
    assert_true(tail_anderson_darling(0.0) == 1.0 && tail_cramer_von_mises(NAN) == 1.0);
    assert_true(tail_anderson_darling(INFINITY) == 0.0);
}

static void limit_laws_fall_without_a_step(void **state)
{
    (void)state;
    double cvm = 1.0, ad = 1.0;
    for (double x = 0.001; x < 500.0; x *= 1.02) {
        double c = tail_cramer_von_mises(x), a = tail_anderson_darling(x);
        if (!(c <= cvm + 1e-12) || !(a <= ad + 1e-12))
            fail_msg("a tail rises at %g: %.15g after %.15g, %.15g after %.15g", x, c, cvm, a, ad);
        cvm = c;
        ad = a;
    }
}

static void beta_mixture_is_the_closed_form(void **state)
{
    (void)state;
    /* Two events in two flips: B(2.5, 0.5) / B(0.5, 0.5) = 3/8; over (1/2)^2: 1.5 */
    struct flips f = {2, 2};
    assert_close(exp(martingale_log(&f, 0.5)), 1.5, 1e-12);
    assert_true(isinf(martingale_log(&f, 0.0)));
    struct flips none = {0, 0};
    assert_close(martingale_log(&none, 0.3), 0.0, 1e-12);
    assert_true(martingale_lower(&none, 0.05) == 0.0);
    assert_true(martingale_upper(&none, 0.05) == 1.0);
}

static void beta_mixture_has_mean_one_under_its_null(void **state)
{
    (void)state;
    /* exactly: the sum over all outcomes of C(n, k) p^k (1-p)^(n-k) M = 1 */
    const double p = 0.07;
    const int n = 60;
    double sum = 0.0;
    for (int k = 0; k <= n; k++) {
        struct flips f = {k, n};
        double log_weight =
            lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p);
        sum += exp(log_weight + martingale_log(&f, p));
    }
    assert_close(sum, 1.0, 1e-9);
}

/* Independent columns with variances 8, 4, 2, 1: c1 15, c2 85, c3 585. */
static void spectrum_finds_the_shape_of_known_variances(void **state)
{
    (void)state;
    enum { n_rows = 4000, n_columns = 4 };
    static double z[n_rows * n_columns], room[n_columns * n_columns];
    struct rng r;
    rng_seed(&r, 3);
    for (size_t j = 0; j < n_columns; j++) {
        double mean = 0.0;
        for (size_t i = 0; i < n_rows; i++)
            mean += (z[i * n_columns + j] = sqrt((double)(8 >> j)) * rng_normal(&r)) / n_rows;
        for (size_t i = 0; i < n_rows; i++)
            z[i * n_columns + j] -= mean;
    }
    struct spectrum s = spectrum_of(z, n_rows, n_columns, n_rows - 1, room);
    assert_close(s.degrees, 225.0 / 85.0, 0.1);
    assert_close(s.skew_degrees, 85.0 * 85.0 * 85.0 / (585.0 * 585.0), 0.1);
}

/* The same numbers read with more columns than rows: both Gram matrices have one set of traces. */
static void spectrum_does_not_depend_on_the_side_it_is_taken_from(void **state)
{
    (void)state;
    enum { n = 12, wide = 30 };
    double z[n * wide] = {0}, narrow[n * n] = {0}, room[wide * wide];
    struct rng r;
    rng_seed(&r, 5);
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < n; i++)
            z[i * wide + j] = narrow[i * n + j] = rng_normal(&r) * (j == 0 ? 3.0 : 1.0);
    struct spectrum a = spectrum_of(z, n, wide, n - 1, room),
                    b = spectrum_of(narrow, n, n, n - 1, room);
    assert_close(a.degrees, b.degrees, 1e-9);
    assert_close(a.skew_degrees, b.skew_degrees, 1e-9);
}

static void spectrum_of_nothing_is_one_degree(void **state)
{
    (void)state;
    double z[20] = {0}, room[16];
    assert_close(spectrum_of(z, 5, 4, 4, room).degrees, 1.0, 0.0);
    assert_close(spectrum_of(z, 3, 4, 2, room).degrees, 1.0, 0.0);
    assert_close(spectrum_of(z, 5, 0, 4, room).skew_degrees, 1.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kolmogorov_tail_has_the_table_values),
        cmocka_unit_test(kolmogorov_tail_with_estimated_scale_is_heavier_and_has_the_known_limit),
        cmocka_unit_test(f_tail_has_the_table_values),
        cmocka_unit_test(exact_tests_have_their_closed_forms),
        cmocka_unit_test(normal_and_t_have_the_table_values),
        cmocka_unit_test(kuipers_tail_has_the_table_values),
        cmocka_unit_test(upper_t_and_hypergeometric_have_their_closed_forms),
        cmocka_unit_test(limit_laws_have_their_tables_and_their_tails),
        cmocka_unit_test(limit_laws_fall_without_a_step),
        cmocka_unit_test(beta_mixture_is_the_closed_form),
        cmocka_unit_test(spectrum_finds_the_shape_of_known_variances),
        cmocka_unit_test(spectrum_does_not_depend_on_the_side_it_is_taken_from),
        cmocka_unit_test(spectrum_of_nothing_is_one_degree),
        cmocka_unit_test(beta_mixture_has_mean_one_under_its_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
