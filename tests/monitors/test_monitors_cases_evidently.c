/*
 * test_monitors_cases_evidently.c - every case of Evidently's stattests (06), over its own bins.
 * Where its number is a fault of its own, `faults` says which, and the test holds us to the value
 * of the right rule, which oracle/cases_oracle.py prints.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "monitors/contingency.h"
#include "monitors/distance.h"
#include "two_sample_cases.h"

static const struct case_fault faults[] = {
    {"mannwhitney_one_sided_less", 0.962866061197499,
     "the peer asks one side only (alternative less): a shift the other way is never seen"},
    {"anderson", 910.0 / 12870.0,
     "interpolated between the seven levels of a table; 8 against 8 can be counted out"},
    {"num400_300_t_test", 1.5564853736679522e-05, "Student's pooled variance; Welch needs none"},
    {"num400_300_cramer_von_mises", 1.01249709688189e-6,
     "SciPy 1.10 stops its series at terms of 1e-7, which is what is left of a p-value of 1e-6"},
    {"num400_300_anderson_darling_test", 3.37785079746807e-7,
     "clipped to 0.001, the end of a table"},
};

#define N_FAULTS (sizeof faults / sizeof *faults)

static const struct mon_smoothing a_ten_thousandth = {MON_SMOOTHING_FLOOR, 1e-4};

static double p_of(enum err_code (*test)(const struct mon_pooled *, enum mon_p,
                                         struct mon_evidence *, struct err *),
                   const struct case_sides *b, enum mon_p how)
{
    struct mon_evidence e;
    assert_int_equal(test(b->pooled, how, &e, NULL), ERR_OK);
    return e.p_value;
}

static double evidently_psi(const struct case_sides *b)
{
    return mon_distance_psi_smoothed(b->in_ref, b->in_cur, b->n_cells, &a_ten_thousandth);
}

/* the divergence of the reference from the window: the sides change places */
static double evidently_kl(const struct case_sides *b)
{
    return mon_distance_kl(b->in_cur, b->in_ref, b->n_cells, &a_ten_thousandth);
}

static double evidently_js(const struct case_sides *b)
{
    return mon_distance_js(b->in_ref, b->in_cur, b->n_cells) * sqrt(M_LN2);
}

static double evidently_hellinger(const struct case_sides *b)
{
    return mon_distance_hellinger(b->in_ref, b->in_cur, b->n_cells);
}

static double evidently_chisquare(const struct case_sides *b)
{
    return mon_chi_squared_fit(b->in_ref, b->in_cur, b->n_cells).p_value;
}

static double evidently_g_test(const struct case_sides *b)
{
    return mon_g_fit(b->in_ref, b->in_cur, b->n_cells).p_value;
}

static double evidently_fisher(const struct case_sides *b)
{
    return mon_fisher_exact(b->in_ref[0], b->in_ref[1], b->in_cur[0], b->in_cur[1]).p_value;
}

static double evidently_z(const struct case_sides *b)
{
    return mon_proportions_z(b->in_ref[0], (double)b->ref.n, b->in_cur[0], (double)b->cur.n)
        .p_value;
}

static double evidently_ks(const struct case_sides *b)
{
    return p_of(mon_ks_test, b, MON_P_AUTO);
}

static double evidently_mann_whitney(const struct case_sides *b)
{
    return p_of(mon_mann_whitney_test, b, MON_P_AUTO);
}

static double evidently_cramer_von_mises(const struct case_sides *b)
{
    return p_of(mon_cramer_von_mises_test, b, MON_P_AUTO);
}

static double evidently_anderson(const struct case_sides *b)
{
    return p_of(mon_anderson_darling_test, b, MON_P_AUTO);
}

static double evidently_t_test(const struct case_sides *b)
{
    return mon_welch_test(b->pooled).p_value;
}

static double evidently_wasserstein(const struct case_sides *b)
{
    return mon_wasserstein_normalised(b->pooled, 0.001);
}

static double evidently_energy(const struct case_sides *b)
{
    return mon_energy_distance(b->pooled);
}

static double evidently_epps_singleton(const struct case_sides *b)
{
    return mon_epps_singleton_test(b->pooled).p_value;
}

static const struct {
    const char *name;
    double (*value)(const struct case_sides *b);
} methods[] = {
    {"psi", evidently_psi},
    {"kl_div", evidently_kl},
    {"jensenshannon", evidently_js},
    {"hellinger", evidently_hellinger},
    {"chisquare", evidently_chisquare},
    {"g_test", evidently_g_test},
    {"fisher_exact", evidently_fisher},
    {"z", evidently_z},
    {"ks", evidently_ks},
    {"mannw", evidently_mann_whitney},
    {"cramer_von_mises", evidently_cramer_von_mises},
    {"anderson", evidently_anderson},
    {"t_test", evidently_t_test},
    {"wasserstein", evidently_wasserstein},
    {"ed", evidently_energy},
    {"es", evidently_epps_singleton},
};

static double evidently_value(const char *method, const struct case_sides *b)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i].name, method) == 0)
            return methods[i].value(b);
    fail_msg("no method %s", method);
    return NAN;
}

static void check_evidently(const cJSON *one, struct case_sides *b)
{
    const char *name = json_at(one, "name")->valuestring;
    case_from_json(&b->ref, json_at(one, "ref"));
    case_from_json(&b->cur, json_at(one, "cur"));
    if (strcmp(json_at(one, "type")->valuestring, "num") == 0)
        case_count_over_both(b, MON_BINS_STURGES, 0);
    else
        case_count_categories(b);
    case_pool(b);
    double found = evidently_value(json_at(one, "method")->valuestring, b);
    const struct case_fault *fault = case_fault_of(faults, N_FAULTS, name);
    if (fault != NULL)
        case_expect(fault->name, found, fault->right, 1e-9, 0.0);
    else
        case_expect(name, found, json_at(one, "value")->valuedouble, 1e-9, 1e-12);
}

static void evidentlys_values_are_ours_but_for_the_listed_faults(void **state)
{
    (void)state;
    cJSON *json = case_load("06_evidently_stattests.json");
    const cJSON *one;
    struct case_sides b;
    case_init(&b);
    cJSON_ArrayForEach(one, json_at(json, "cases")) check_evidently(one, &b);
    case_deinit(&b);
    cJSON_Delete(json);
}

/* The peers' p-value of Anderson-Darling can be had from our statistic: a parabola fitted to the
 * seven levels of Scholz & Stephens 1987, table 2 (k = 2), in log p. */
static void statistic_of_anderson_darling_gives_the_peers_interpolated_p_value(void **state)
{
    (void)state;
    static const double level[] = {0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001};
    static const double critical[] = {0.325, 1.226, 1.961, 2.718, 3.752, 4.592, 6.546};
    const double x[] = {38.7, 41.5, 43.8, 44.5, 45.5, 46.0, 47.7, 58.0};
    const double y[] = {39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8};
    double m[3][4] = {{0}};
    for (size_t i = 0; i < 7; i++)
        for (int row = 0; row < 3; row++) {
            for (int column = 0; column < 3; column++)
                m[row][column] += pow(critical[i], row + column);
            m[row][3] += pow(critical[i], row) * log(level[i]);
        }
    for (int k = 0; k < 3; k++)
        for (int row = 0; row < 3; row++) {
            double factor = m[row][k] / m[k][k];
            for (int column = k; row != k && column < 4; column++)
                m[row][column] -= factor * m[k][column];
        }
    struct mon_pooled *p = NULL;
    struct mon_evidence e;
    assert_int_equal(mon_pooled_new(x, 8, y, 8, &p, NULL), ERR_OK);
    assert_int_equal(mon_anderson_darling_test(p, MON_P_AUTO, &e, NULL), ERR_OK);
    double a = e.statistic;
    case_expect("anderson",
                exp(m[0][3] / m[0][0] + a * m[1][3] / m[1][1] + a * a * m[2][3] / m[2][2]),
                0.0635146772876083, 1e-9, 0.0);
    mon_pooled_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidentlys_values_are_ours_but_for_the_listed_faults),
        cmocka_unit_test(statistic_of_anderson_darling_gives_the_peers_interpolated_p_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
