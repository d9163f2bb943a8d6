/*
 * test_monitors_two_sample.c - tests of raw samples against oracle/two_sample_oracle.py: sizes from
 * 1 to 5,000, ties, constants, heavy tails, offsets of 1e8.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
