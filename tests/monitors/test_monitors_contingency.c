/*
 * test_monitors_contingency.c - tests of count tables against oracle/two_sample_oracle.py, and at
 * the edges: empty sides, one category, new categories, huge tables.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "monitors/contingency.h"

#define ORACLE TEST_DATA_DIR "/two_sample_oracle.json"
#define MAX_CELLS 64

struct table {
    size_t k;
    double reference[MAX_CELLS], window[MAX_CELLS];
    const cJSON *expected;
};

static void expect(const struct table *t, const char *path, double found)
{
    const cJSON *item = json_at(t->expected, path);
    if (item == NULL || !cJSON_IsNumber(item))
        return;
    if (!(fabs(found - item->valuedouble) <= 1e-9 * fabs(item->valuedouble) + 1e-13))
        fail_msg("%s of table %s: found %.17g, oracle %.17g", path,
                 cJSON_PrintUnformatted(json_at(t->expected, "window")), found, item->valuedouble);
}

static void expect_evidence(const struct table *t, const char *name, struct mon_evidence found)
{
    char path[32];
    snprintf(path, sizeof path, "%s[0]", name);
    expect(t, path, found.statistic);
    snprintf(path, sizeof path, "%s[1]", name);
    expect(t, path, found.p_value);
}

static void check_table(const struct table *t)
{
    const double *r = t->reference, *w = t->window;
    expect_evidence(t, "chi_two", mon_chi_squared_two(r, w, t->k));
    expect_evidence(t, "g_two", mon_g_two(r, w, t->k));
    expect_evidence(t, "chi_fit", mon_chi_squared_fit(r, w, t->k));
    expect_evidence(t, "g_fit", mon_g_fit(r, w, t->k));
    expect(t, "cramers_v", mon_cramers_v(r, w, t->k));
    if (t->k != 2)
        return;
    expect_evidence(t, "fisher", mon_fisher_exact(r[0], r[1], w[0], w[1]));
    expect_evidence(t, "z", mon_proportions_z(r[0], r[0] + r[1], w[0], w[0] + w[1]));
}

static void tables_have_scipys_values(void **state)
{
    (void)state;
    cJSON *json = NULL;
    const cJSON *one, *item;
    size_t n = 0;
    assert_int_equal(json_load(ORACLE, 1 << 20, &json, NULL), ERR_OK);
    cJSON_ArrayForEach(one, json_at(json, "tables"))
    {
        struct table t = {.expected = one};
        size_t k = 0;
        cJSON_ArrayForEach(item, json_at(one, "reference")) t.reference[t.k++] = item->valuedouble;
        cJSON_ArrayForEach(item, json_at(one, "window")) t.window[k++] = item->valuedouble;
        check_table(&t);
        n++;
    }
    assert_true(n > 50);
    cJSON_Delete(json);
}

static void assert_insufficient(struct mon_evidence e)
{
    assert_true(isnan(e.statistic) && isnan(e.p_value));
    assert_string_equal(e.method, "insufficient");
}

static void a_side_without_rows_is_insufficient(void **state)
{
    (void)state;
    const double some[] = {3, 4}, none[] = {0, 0}, odd[] = {1, NAN};
    assert_insufficient(mon_chi_squared_fit(some, none, 2));
    assert_insufficient(mon_chi_squared_two(none, some, 2));
    assert_insufficient(mon_g_two(some, odd, 2));
    assert_insufficient(mon_g_fit(some, some, 0));
    assert_insufficient(mon_fisher_exact(0, 0, 3, 4));
    assert_insufficient(mon_proportions_z(0, 0, 3, 4));
    assert_insufficient(mon_proportions_z(NAN, 3, 3, 4));
    assert_true(isnan(mon_cramers_v(some, none, 2)));
}

static void one_category_leaves_nothing_to_compare(void **state)
{
    (void)state;
    const double a[] = {5, 0}, b[] = {9, 0};
    assert_true(mon_chi_squared_two(a, b, 2).p_value == 1.0);
    assert_true(mon_g_fit(a, b, 2).statistic == 0.0);
    assert_true(mon_cramers_v(a, b, 2) == 0.0);
    struct mon_evidence fisher = mon_fisher_exact(5, 0, 9, 0);
    assert_true(isnan(fisher.statistic) && fisher.p_value == 1.0);
    struct mon_evidence z = mon_proportions_z(5, 5, 9, 9);
    assert_true(z.statistic == 0.0 && z.p_value == 1.0);
}

static void category_that_the_reference_has_not_cannot_be_fitted(void **state)
{
    (void)state;
    const double reference[] = {50, 0}, window[] = {49, 1};
    struct mon_evidence e = mon_chi_squared_fit(reference, window, 2);
    assert_true(isinf(e.statistic) && e.p_value == 0.0);
    e = mon_g_fit(reference, window, 2);
    assert_true(isinf(e.statistic) && e.p_value == 0.0);
    /* as two samples, one row is no news */
    e = mon_chi_squared_two(reference, window, 2);
    assert_true(e.p_value > 0.3 && e.p_value < 0.4);
}

static void complete_association_has_an_effect_of_one(void **state)
{
    (void)state;
    const double a[] = {5, 0, 7}, b[] = {0, 9, 0};
    assert_true(fabs(mon_cramers_v(a, b, 3) - 1.0) < 1e-15);
}

static void fisher_of_a_huge_table_says_that_it_is_the_chi_squared_law(void **state)
{
    (void)state;
    struct mon_evidence e = mon_fisher_exact(3e9, 1e9, 3e9, 1e9);
    assert_string_equal(e.method, "chi-squared: too many tables for Fisher");
    assert_true(fabs(e.p_value - 1.0) < 1e-9 && e.statistic == 1.0);
    /* a million on each side, and a small margin, is still exact */
    e = mon_fisher_exact(10, 999990, 30, 999970);
    assert_string_equal(e.method, "exact: Fisher");
    assert_true(e.p_value > 1e-3 && e.p_value < 5e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_have_scipys_values),
        cmocka_unit_test(a_side_without_rows_is_insufficient),
        cmocka_unit_test(one_category_leaves_nothing_to_compare),
        cmocka_unit_test(category_that_the_reference_has_not_cannot_be_fitted),
        cmocka_unit_test(complete_association_has_an_effect_of_one),
        cmocka_unit_test(fisher_of_a_huge_table_says_that_it_is_the_chi_squared_law),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
