/*
 * test_monitors_two_sample.c - tests of raw samples against oracle/two_sample_oracle.py, and what
 * they give for ties, constants, NaN, infinities, one value and none.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "monitors/histogram.h"
#include "monitors/two_sample.h"

#define ORACLE TEST_DATA_DIR "/two_sample_oracle.json"
#define MAX_N 5000

/* The oracle's generator, see its head. */
struct lcg {
    uint64_t state;
};

static double lcg_uniform(struct lcg *g)
{
    g->state = g->state * 6364136223846793005u + 1442695040888963407u;
    return (double)(g->state >> 11) / 9007199254740992.0;
}

static double lcg_normal(struct lcg *g)
{
    double sum = 0.0;
    for (int i = 0; i < 12; i++)
        sum += lcg_uniform(g);
    return sum - 6.0;
}

static double draw(struct lcg *g, const char *law)
{
    if (strcmp(law, "normal") == 0)
        return lcg_normal(g);
    if (strcmp(law, "offset") == 0)
        return 1e8 + lcg_normal(g);
    if (strcmp(law, "heavy") == 0) {
        double v = 2.0 * lcg_uniform(g) - 1.0;
        return v / (1.0 - fabs(v) + 0x1p-40);
    }
    if (strcmp(law, "ties") == 0)
        return floor(5.0 * lcg_uniform(g));
    if (strcmp(law, "coarse") == 0)
        return floor(8.0 * lcg_normal(g)) / 8.0;
    assert_string_equal(law, "constant");
    return 3.0;
}

static double number(const cJSON *json, const char *path)
{
    const cJSON *item = json_at(json, path);
    return item != NULL && cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static struct mon_pooled *pool(const double *x, size_t n1, const double *y, size_t n2)
{
    struct mon_pooled *p = NULL;
    assert_int_equal(mon_pooled_new(x, n1, y, n2, &p, NULL), ERR_OK);
    return p;
}

static struct mon_pooled *sample_of(const cJSON *one)
{
    static double x[MAX_N], y[MAX_N];
    size_t n1 = (size_t)number(one, "n1"), n2 = (size_t)number(one, "n2");
    const char *law = json_at(one, "law")->valuestring;
    struct lcg g = {(uint64_t)number(one, "seed")};
    assert_true(n1 <= MAX_N && n2 <= MAX_N);
    for (size_t i = 0; i < n1; i++)
        x[i] = draw(&g, law);
    for (size_t i = 0; i < n2; i++)
        y[i] = draw(&g, law) + number(one, "shift");
    if (y[n2 - 1] != number(one, "last"))
        fail_msg("the generators differ: %.17g, oracle %.17g", y[n2 - 1], number(one, "last"));
    return pool(x, n1, y, n2);
}

/* A value that the oracle leaves out (null) is not compared. */
static void expect(const cJSON *one, const char *what, double found, double expected,
                   double tolerance)
{
    if (!isnan(expected) && !(fabs(found - expected) <= tolerance * fabs(expected) + 1e-13))
        fail_msg("%s of %s %g and %g, shift %g, seed %g: found %.17g, oracle %.17g", what,
                 json_at(one, "law")->valuestring, number(one, "n1"), number(one, "n2"),
                 number(one, "shift"), number(one, "seed"), found, expected);
}

typedef enum err_code test_function(const struct mon_pooled *, enum mon_p, struct mon_evidence *,
                                    struct err *);

/* Over all samples; the tolerances of statistic and p-value are relative. */
static void compare_with_oracle(const char *name, test_function *test, double statistic_tolerance,
                                double p_tolerance)
{
    cJSON *json = NULL;
    const cJSON *one;
    char path[2][32];
    size_t n_p_values = 0;
    snprintf(path[0], sizeof path[0], "%s[0]", name);
    snprintf(path[1], sizeof path[1], "%s[1]", name);
    assert_int_equal(json_load(ORACLE, 1 << 20, &json, NULL), ERR_OK);
    cJSON_ArrayForEach(one, json_at(json, "samples"))
    {
        struct mon_pooled *p = sample_of(one);
        struct mon_evidence found;
        assert_int_equal(test(p, MON_P_AUTO, &found, NULL), ERR_OK);
        expect(one, name, found.statistic, number(one, path[0]), statistic_tolerance);
        expect(one, found.method, found.p_value, number(one, path[1]), p_tolerance);
        n_p_values += !isnan(number(one, path[1]));
        mon_pooled_free(p);
    }
    assert_true(n_p_values > 100);
    cJSON_Delete(json);
}

static void kolmogorov_smirnov_is_scipys_and_exact_with_ties(void **state)
{
    (void)state;
    compare_with_oracle("ks", mon_ks_test, 1e-10, 1e-9);
}

static void kuiper_is_brute_force_when_small_and_stephens_beyond(void **state)
{
    (void)state;
    compare_with_oracle("kuiper", mon_kuiper_test, 1e-10, 1e-9);
}

static void cramer_von_mises_is_scipys_and_exact_with_ties(void **state)
{
    (void)state;
    compare_with_oracle("cvm", mon_cramer_von_mises_test, 1e-10, 1e-7);
}

static void anderson_darling_is_scipys_and_its_p_value_is_not_clipped(void **state)
{
    (void)state;
    compare_with_oracle("ad", mon_anderson_darling_test, 1e-10, 1e-7);
}

static void mann_whitney_is_scipys(void **state)
{
    (void)state;
    compare_with_oracle("mw", mon_mann_whitney_test, 1e-10, 1e-9);
}

static enum err_code welch(const struct mon_pooled *p, enum mon_p how, struct mon_evidence *out,
                           struct err *e)
{
    (void)how;
    (void)e;
    *out = mon_welch_test(p);
    return ERR_OK;
}

static void welch_is_scipys(void **state)
{
    (void)state;
    compare_with_oracle("welch", welch, 1e-10, 1e-7);
}

static enum err_code epps(const struct mon_pooled *p, enum mon_p how, struct mon_evidence *out,
                          struct err *e)
{
    (void)how;
    (void)e;
    *out = mon_epps_singleton_test(p);
    return ERR_OK;
}

static void epps_singleton_is_scipys(void **state)
{
    (void)state;
    /* five values on a side leave the covariance ill conditioned */
    compare_with_oracle("es", epps, 1e-8, 1e-6);
}

static void wasserstein_and_energy_are_scipys(void **state)
{
    (void)state;
    cJSON *json = NULL;
    const cJSON *one;
    assert_int_equal(json_load(ORACLE, 1 << 20, &json, NULL), ERR_OK);
    cJSON_ArrayForEach(one, json_at(json, "samples"))
    {
        struct mon_pooled *p = sample_of(one);
        /* the oracle takes off the offset of 1e8, which rounds the shift to 1e-8 */
        expect(one, "wasserstein", mon_wasserstein(p), number(one, "wasserstein"), 1e-9);
        expect(one, "energy", mon_energy_distance(p), number(one, "energy"), 1e-9);
        mon_pooled_free(p);
    }
    cJSON_Delete(json);
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
    struct lcg g = {99};
    double x[30], y[17];
    for (size_t i = 0; i < 30; i++)
        x[i] = draw(&g, "coarse");
    for (size_t i = 0; i < 17; i++)
        y[i] = draw(&g, "coarse") + 0.5;
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
    struct lcg g = {7};
    static double x[2000], y[2000];
    for (size_t i = 0; i < 2000; i++) {
        x[i] = lcg_normal(&g);
        y[i] = lcg_normal(&g) + 0.05;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kolmogorov_smirnov_is_scipys_and_exact_with_ties),
        cmocka_unit_test(kuiper_is_brute_force_when_small_and_stephens_beyond),
        cmocka_unit_test(cramer_von_mises_is_scipys_and_exact_with_ties),
        cmocka_unit_test(anderson_darling_is_scipys_and_its_p_value_is_not_clipped),
        cmocka_unit_test(mann_whitney_is_scipys),
        cmocka_unit_test(welch_is_scipys),
        cmocka_unit_test(epps_singleton_is_scipys),
        cmocka_unit_test(wasserstein_and_energy_are_scipys),
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
        cmocka_unit_test(bins_are_laid_on_the_finite_values_by_the_named_rule),
        cmocka_unit_test(bins_of_a_constant_hold_it_also_where_half_is_nothing),
        cmocka_unit_test(bins_over_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
