/*
 * test_monitors_cases_frouros.c - every univariate case of Frouros' tests (05), over its own bins.
 * Where its number is a fault of its own, `faults` says which, and the test holds us to the value
 * of the right rule, which oracle/cases_oracle.py prints.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/csv.h"
#include "monitors/contingency.h"
#include "monitors/distance.h"
#include "two_sample_cases.h"

static const struct case_fault faults[] = {
    {"elec2 CramerVonMises", 0.0,
     "SciPy's series stops at terms of 1e-7; T = 3776 leaves nothing above 1e-300"},
    {"elec2 AndersonDarling", 0.0, "clipped to 0.001, the end of a table"},
    {"elec2 WelchT", -287.89658039707484, "means and variances summed and rounded as float16"},
};

#define N_FAULTS (sizeof faults / sizeof *faults)

static const struct mon_smoothing none = {MON_SMOOTHING_NONE, 0.0};

static void load_frouros(struct case_sides *b, const cJSON *json, const char *ref, const char *cur)
{
    case_from_json(&b->ref, json_at(json_at(json, "inputs"), ref));
    case_from_json(&b->cur, json_at(json_at(json, "inputs"), cur));
    case_count_over_both(b, MON_BINS_EQUAL, 10);
    case_pool(b);
}

static void expect_frouros(const cJSON *json, const char *group, const char *name, double found)
{
    const cJSON *item = json_at(json_at(json_at(json, "expected"), group), name);
    assert_non_null(item);
    case_expect(name, found, cJSON_IsString(item) ? INFINITY : item->valuedouble, 1e-5, 1e-8);
}

/* empty cells become the smallest double, which is how the same data came to a PSI of 461 */
static const struct mon_smoothing smallest = {MON_SMOOTHING_FLOOR, DBL_MIN};

/* Share of the histogram's law that lies below x, linear in the bins. */
static double below(const struct mon_histogram *h, const double *counts, double n, double x)
{
    double sum = 0.0;
    for (size_t i = 0; i < h->n_bins; i++) {
        double width = h->edges[i + 1] - h->edges[i], inside = (x - h->edges[i]) / width;
        sum += counts[i] * fmin(fmax(inside, 0.0), 1.0);
    }
    return sum / n;
}

/* Frouros' Jensen-Shannon: each side's own histogram ("auto"), read off at 10 common points. */
static void count_as_frouros_js(const struct case_side *s, double low, double high, double *shares)
{
    struct mon_histogram h;
    double counts[CASE_MAX_CELLS] = {0};
    assert_int_equal(mon_histogram_init(&h, MON_BINS_AUTO, 0, s->x, s->n, NULL), ERR_OK);
    assert_true(h.n_bins + 2 <= CASE_MAX_CELLS);
    mon_histogram_count(&h, s->x, s->n, counts);
    for (size_t i = 0; i < 9; i++)
        shares[i] = below(&h, counts, (double)s->n, low + (double)(i + 1) * (high - low) / 9.0) -
                    below(&h, counts, (double)s->n, low + (double)i * (high - low) / 9.0);
    mon_histogram_deinit(&h);
}

static void count_both_as_frouros_js(struct case_sides *b)
{
    double low = b->ref.x[0], high = b->ref.x[0];
    const struct case_side *sides[] = {&b->ref, &b->cur};
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < sides[s]->n; i++) {
            low = fmin(low, sides[s]->x[i]);
            high = fmax(high, sides[s]->x[i]);
        }
    count_as_frouros_js(&b->ref, low, high, b->in_ref);
    count_as_frouros_js(&b->cur, low, high, b->in_cur);
    b->n_cells = 9;
}

static void frouros_distances_are_ours_over_its_bins(void **state)
{
    (void)state;
    cJSON *json = case_load("05_frouros_distances_tests.json");
    struct case_sides b;
    case_init(&b);
    load_frouros(&b, json, "univariate_ref", "univariate_test");
    const double *r = b.in_ref, *c = b.in_cur;
    expect_frouros(json, "univariate", "EMD", mon_wasserstein(b.pooled));
    expect_frouros(json, "univariate", "EnergyDistance", mon_energy_distance(b.pooled));
    expect_frouros(json, "univariate", "KL", mon_distance_kl(r, c, b.n_cells, &none));
    expect_frouros(json, "univariate", "HI_normalized_complement",
                   mon_distance_total_variation(r, c, b.n_cells));
    expect_frouros(json, "univariate", "PSI_bins10",
                   mon_distance_psi_smoothed(r, c, b.n_cells, &smallest));
    expect_frouros(json, "univariate", "Hellinger_bins10", mon_distance_hellinger(r, c, b.n_cells));
    expect_frouros(json, "univariate", "Bhattacharyya_bins10",
                   mon_distance_bhattacharyya(r, c, b.n_cells));
    count_both_as_frouros_js(&b);
    expect_frouros(json, "univariate", "JS_num_bins10_natural_log_sqrt",
                   mon_distance_js(r, c, b.n_cells) * sqrt(M_LN2));
    load_frouros(&b, json, "same_ref", "same_test");
    expect_frouros(json, "same", "PSI_bins10",
                   mon_distance_psi_smoothed(r, c, b.n_cells, &smallest));
    expect_frouros(json, "same", "Hellinger_bins10", mon_distance_hellinger(r, c, b.n_cells));
    expect_frouros(json, "same", "Bhattacharyya_bins10",
                   mon_distance_bhattacharyya(r, c, b.n_cells));
    case_deinit(&b);
    cJSON_Delete(json);
}

static void frouros_chi_squared_is_ours(void **state)
{
    (void)state;
    cJSON *json = case_load("05_frouros_distances_tests.json");
    struct case_sides b;
    case_init(&b);
    case_from_json(&b.ref, json_at(json, "inputs.cat_ref"));
    case_from_json(&b.cur, json_at(json, "inputs.cat_test"));
    case_count_categories(&b);
    struct mon_evidence e = mon_chi_squared_two(b.in_ref, b.in_cur, b.n_cells);
    expect_frouros(json, "chi2", "statistic", e.statistic);
    expect_frouros(json, "chi2", "p_value", e.p_value);
    case_deinit(&b);
    cJSON_Delete(json);
}

/* The nearest IEEE half: 11 significant bits, down to steps of 2^-24. */
static double to_half(double x)
{
    int exponent;
    frexp(x, &exponent);
    double step = ldexp(1.0, exponent > -13 ? exponent - 11 : -24);
    return rint(x / step) * step;
}

static bool read_elec2(struct case_sides *b)
{
    struct csv *csv = NULL;
    const char *const *fields;
    bool more = true;
    double x;
    if (csv_open(LEEWAY_SHARED_DIR "/data/streams/electricity.csv.gz", &csv, NULL) != ERR_OK)
        return false;
    b->ref.n = b->cur.n = 0;
    while (csv_next(csv, &fields, &more, NULL) == ERR_OK && more)
        if (csv_number(fields[0], &x))
            case_put(b->ref.n < 22656 ? &b->ref : &b->cur, "", to_half(x));
    csv_close(csv);
    return true;
}

static void expect_elec2(const cJSON *json, const char *name, struct mon_evidence found)
{
    char key[64];
    const cJSON *values = json_at(json_at(json, "expected.elec2_date_column"), name);
    snprintf(key, sizeof key, "elec2 %s", name);
    const struct case_fault *fault = case_fault_of(faults, N_FAULTS, key);
    double statistic = cJSON_GetArrayItem(values, 0)->valuedouble;
    double p_value = cJSON_GetArrayItem(values, 1)->valuedouble;
    if (fault != NULL && fault->right != 0.0)
        statistic = fault->right;
    else if (fault != NULL)
        p_value = fault->right;
    case_expect(key, found.statistic, statistic, 1e-5, 1e-8);
    case_expect(key, found.p_value, p_value, 1e-5, 1e-8);
}

static void frouros_tests_of_a_long_column_are_ours_but_for_the_listed_faults(void **state)
{
    (void)state;
    cJSON *json = case_load("05_frouros_distances_tests.json");
    struct case_sides b;
    struct mon_evidence e;
    case_init(&b);
    if (!read_elec2(&b)) {
        print_message("skipped: no electricity.csv.gz\n");
        case_deinit(&b);
        cJSON_Delete(json);
        skip();
    }
    case_pool(&b);
    assert_int_equal(mon_ks_test(b.pooled, MON_P_AUTO, &e, NULL), ERR_OK);
    expect_elec2(json, "KS", e);
    assert_int_equal(mon_kuiper_test(b.pooled, MON_P_AUTO, &e, NULL), ERR_OK);
    expect_elec2(json, "Kuiper", e);
    assert_int_equal(mon_mann_whitney_test(b.pooled, MON_P_AUTO, &e, NULL), ERR_OK);
    expect_elec2(json, "MannWhitneyU", e);
    assert_int_equal(mon_cramer_von_mises_test(b.pooled, MON_P_AUTO, &e, NULL), ERR_OK);
    expect_elec2(json, "CramerVonMises", e);
    assert_int_equal(mon_anderson_darling_test(b.pooled, MON_P_AUTO, &e, NULL), ERR_OK);
    expect_elec2(json, "AndersonDarling", e);
    expect_elec2(json, "WelchT", mon_welch_test(b.pooled));
    case_deinit(&b);
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frouros_distances_are_ours_over_its_bins),
        cmocka_unit_test(frouros_chi_squared_is_ours),
        cmocka_unit_test(frouros_tests_of_a_long_column_are_ours_but_for_the_listed_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
