/*
 * test_monitors_history.c - ranks among earlier values, rings per series, thresholds that follow
 * the past (Modyn's quantile and rolling-average policies).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "monitors/history.h"

#define CASES LEEWAY_SHARED_DIR "/data/cases/09_modyn_trigger_policies.json"
#define MAX_VALUES 64

static void rank_is_the_share_of_smaller_values_with_ties_half(void **state)
{
    (void)state;
    const double values[] = {1, 3, 3, NAN, 5, INFINITY};
    assert_true(mon_history_rank(values, 6, 3.0) == 0.4);
    assert_true(mon_history_rank(values, 6, 0.0) == 0.0);
    assert_true(mon_history_rank(values, 6, INFINITY) == 0.9);
    assert_true(mon_history_rank(values, 1, 1.0) == 0.5);
    assert_true(isnan(mon_history_rank(values, 0, 3.0)));
    assert_true(isnan(mon_history_rank(values + 3, 1, 3.0)));
    assert_true(isnan(mon_history_rank(values, 6, NAN)));
}

static struct mon_signal signal_of(const char *monitor, const char *statistic, const char *feature,
                                   double value)
{
    struct mon_signal s;
    mon_signal_init(&s, monitor, MON_KIND_DRIFT, statistic);
    snprintf(s.feature, sizeof s.feature, "%s", feature);
    s.value = value;
    return s;
}

static struct mon_signal note(struct mon_history *h, const char *feature, double value)
{
    struct mon_signal s = signal_of("inputs", "psi", feature, value);
    assert_int_equal(mon_history_note(h, &s, NULL), ERR_OK);
    return s;
}

static void signal_is_ranked_among_what_was_noted_before_it(void **state)
{
    (void)state;
    struct mon_history *h = NULL;
    assert_int_equal(mon_history_new(3, 100, &h, NULL), ERR_OK);
    struct mon_signal s = note(h, "age", 0.5);
    assert_true(s.history_n == 0.0 && isnan(s.history_rank));
    s = note(h, "age", 0.7);
    assert_true(s.history_n == 1.0 && s.history_rank == 1.0);
    s = note(h, "income", 0.1);
    assert_true(s.history_n == 0.0);
    note(h, "age", 0.6);
    s = note(h, "age", 0.65); /* 0.5, 0.7, 0.6 before; 0.5 falls out */
    assert_true(s.history_n == 3.0 && fabs(s.history_rank - 2.0 / 3.0) < 1e-15);
    double values[3];
    assert_int_equal(mon_history_values(h, &s, values), 3);
    assert_true(values[0] == 0.7 && values[1] == 0.6 && values[2] == 0.65);
    mon_history_free(h);
}

static void values_that_are_not_finite_are_not_noted(void **state)
{
    (void)state;
    struct mon_history *h = NULL;
    assert_int_equal(mon_history_new(3, 100, &h, NULL), ERR_OK);
    note(h, "age", 0.5);
    struct mon_signal s = note(h, "age", NAN);
    assert_true(s.history_n == 1.0 && isnan(s.history_rank));
    note(h, "age", INFINITY);
    s = note(h, "age", 0.4);
    assert_true(s.history_n == 1.0 && s.history_rank == 0.0);
    mon_history_free(h);
}

static void series_differ_by_monitor_statistic_and_feature(void **state)
{
    (void)state;
    struct mon_history *h = NULL;
    struct mon_signal s[] = {signal_of("a", "psi", "x", 1.0), signal_of("b", "psi", "x", 1.0),
                             signal_of("a", "ks", "x", 1.0), signal_of("a", "psi", "y", 1.0),
                             signal_of("ap", "si", "x", 1.0)};
    assert_int_equal(mon_history_new(3, 100, &h, NULL), ERR_OK);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(mon_history_note(h, &s[i], NULL), ERR_OK);
        assert_true(s[i].history_n == 0.0);
    }
    mon_history_free(h);
}

static void thousands_of_series_keep_their_values_and_the_bound_holds(void **state)
{
    (void)state;
    struct mon_history *h = NULL;
    struct err e = {0};
    char feature[32];
    assert_int_equal(mon_history_new(2, 3000, &h, NULL), ERR_OK);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 3000; i++) {
            snprintf(feature, sizeof feature, "f%d", i);
            struct mon_signal s = note(h, feature, i + round);
            assert_true(s.history_n == (round < 2 ? round : 2));
            assert_true(round == 0 || s.history_rank == 1.0);
        }
    struct mon_signal one_more = signal_of("inputs", "psi", "f3000", 1.0);
    assert_int_equal(mon_history_note(h, &one_more, &e), ERR_LIMIT);
    assert_string_equal(e.message, "no history for psi of f3000: 3000 series are kept already");
    assert_true(one_more.history_n == 0.0);
    mon_history_free(h);
}

static void histories_of_nothing_are_refused(void **state)
{
    (void)state;
    struct mon_history *h = NULL;
    assert_int_equal(mon_history_new(0, 1, &h, NULL), ERR_INVALID);
    assert_int_equal(mon_history_new(1, 0, &h, NULL), ERR_INVALID);
    mon_history_free(NULL);
}

/* Judges a case's sequence, each value appended to the past after it was judged. */
static void check_policy(const struct mon_dynamic *d, const cJSON *one)
{
    double values[MAX_VALUES];
    size_t n = 0;
    int i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, json_at(one, "prior")) values[n++] = item->valuedouble;
    cJSON_ArrayForEach(item, json_at(one, "sequence"))
    {
        enum mon_verdict verdict;
        double threshold;
        assert_int_equal(
            mon_dynamic_judge(d, values, n, item->valuedouble, &verdict, &threshold, NULL), ERR_OK);
        bool expected = cJSON_IsTrue(cJSON_GetArrayItem(json_at(one, "expected"), i));
        if ((verdict == MON_DRIFT) != expected)
            fail_msg("value %d: %.17g against %.17g is %s", i, item->valuedouble, threshold,
                     mon_verdict_name(verdict));
        i++;
        values[n++] = item->valuedouble;
    }
}

static enum mon_extreme extreme_of(const cJSON *one)
{
    return strcmp(json_at(one, "direction")->valuestring, "higher") == 0 ? MON_EXTREME_HIGHER
                                                                         : MON_EXTREME_LOWER;
}

static void thresholds_turn_where_modyns_do(void **state)
{
    (void)state;
    cJSON *json = NULL;
    const cJSON *one;
    struct err e = {0};
    if (json_load(CASES, 1 << 20, &json, &e) != ERR_OK) {
        print_message("skipped: %s\n", e.message);
        skip();
    }
    cJSON_ArrayForEach(one, json_at(json, "quantile_policy"))
    {
        struct mon_dynamic d = {.kind = MON_DYNAMIC_QUANTILE,
                                .extreme = extreme_of(one),
                                .window = (size_t)json_at(one, "window")->valuedouble,
                                .share = json_at(one, "quantile")->valuedouble};
        check_policy(&d, one);
    }
    cJSON_ArrayForEach(one, json_at(json, "rolling_average_policy"))
    {
        struct mon_dynamic d = {.kind = MON_DYNAMIC_AVERAGE,
                                .extreme = extreme_of(one),
                                .window = (size_t)json_at(one, "window")->valuedouble,
                                .deviation = json_at(one, "deviation")->valuedouble,
                                .absolute = cJSON_IsTrue(json_at(one, "absolute"))};
        check_policy(&d, one);
    }
    cJSON_Delete(json);
}

static enum mon_verdict judge(const struct mon_dynamic *d, const double *values, size_t n, double x,
                              double *threshold)
{
    enum mon_verdict verdict;
    assert_int_equal(mon_dynamic_judge(d, values, n, x, &verdict, threshold, NULL), ERR_OK);
    return verdict;
}

static void first_value_is_insufficient_and_a_constant_never_alarms(void **state)
{
    (void)state;
    const struct mon_dynamic d = {
        .kind = MON_DYNAMIC_QUANTILE, .extreme = MON_EXTREME_HIGHER, .window = 4, .share = 0.05};
    const double constant[] = {2, 2, 2, 2, 2};
    double threshold;
    assert_int_equal(judge(&d, NULL, 0, 1.0, &threshold), MON_INSUFFICIENT);
    assert_true(isnan(threshold));
    assert_int_equal(judge(&d, constant, 5, 2.0, &threshold), MON_OK);
    assert_true(threshold == 2.0);
    assert_int_equal(judge(&d, constant, 1, 2.5, NULL), MON_DRIFT);
    assert_int_equal(judge(&d, constant, 5, NAN, NULL), MON_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rank_is_the_share_of_smaller_values_with_ties_half),
        cmocka_unit_test(signal_is_ranked_among_what_was_noted_before_it),
        cmocka_unit_test(values_that_are_not_finite_are_not_noted),
        cmocka_unit_test(series_differ_by_monitor_statistic_and_feature),
        cmocka_unit_test(thousands_of_series_keep_their_values_and_the_bound_holds),
        cmocka_unit_test(histories_of_nothing_are_refused),
        cmocka_unit_test(thresholds_turn_where_modyns_do),
        cmocka_unit_test(first_value_is_insufficient_and_a_constant_never_alarms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
