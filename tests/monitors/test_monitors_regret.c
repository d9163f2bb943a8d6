/*
 * test_monitors_regret.c - the accumulated cost of not retraining and the forecast cost of a
 * training: Modyn's cases, sums by hand, inputs that make no sense.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "monitors/regret.h"

#define CASES LEEWAY_SHARED_DIR "/data/cases/09_modyn_trigger_policies.json"
#define MAX_VALUES 16

static void expect(double found, double expected)
{
    if (!(fabs(found - expected) <= 1e-12 * fabs(expected)))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

static cJSON *load_cases(void)
{
    cJSON *json = NULL;
    struct err e = {0};
    if (json_load(CASES, 1 << 20, &json, &e) != ERR_OK) {
        print_message("skipped: %s\n", e.message);
        skip();
    }
    return json;
}

static double item(const cJSON *array, int i)
{
    return cJSON_GetArrayItem(array, i)->valuedouble;
}

static void regret_that_arrives_evenly_accumulates_as_modyns(void **state)
{
    (void)state;
    cJSON *json = load_cases();
    const cJSON *step;
    struct mon_regret r = {0};
    cJSON_ArrayForEach(step, json_at(json, "incorporation_latency[0].steps"))
        expect(mon_regret_add(&r, item(step, 0), item(step, 1)), item(step, 2));
    mon_regret_reset(&r);
    expect(mon_regret_add(&r, 2.0, 1.0), 1.0); /* "after" */
    cJSON_Delete(json);
}

static void regret_with_times_accumulates_as_modyns(void **state)
{
    (void)state;
    cJSON *json = load_cases();
    const cJSON *step, *pair;
    struct mon_regret r = {0};
    cJSON_ArrayForEach(step, json_at(json, "incorporation_latency[1].steps"))
    {
        double times_s[MAX_VALUES], regrets[MAX_VALUES];
        size_t n = 0;
        cJSON_ArrayForEach(pair, json_at(step, "regrets"))
        {
            times_s[n] = item(pair, 0);
            regrets[n++] = item(pair, 1);
        }
        expect(mon_regret_add_each(&r, times_s, regrets, n, json_at(step, "start")->valuedouble,
                                   json_at(step, "duration")->valuedouble),
               json_at(step, "cumulative")->valuedouble);
    }
    cJSON_Delete(json);
}

static void times_outside_the_stretch_are_taken_at_its_ends(void **state)
{
    (void)state;
    const double times_s[] = {-100, 99, NAN, 5}, regrets[] = {1, 1, 1, NAN};
    struct mon_regret r = {0};
    expect(mon_regret_add_each(&r, times_s, regrets, 4, 0.0, 10.0), 10.0);
    expect(r.present, 2.0);
}

static void nonsense_changes_nothing(void **state)
{
    (void)state;
    struct mon_regret r = {1.0, 7.0};
    assert_true(mon_regret_add(&r, NAN, 1.0) == 7.0 && mon_regret_add(&r, 1.0, -1.0) == 7.0);
    assert_true(mon_regret_add(&r, INFINITY, 1.0) == 7.0);
    assert_true(mon_regret_add_each(&r, NULL, NULL, 0, NAN, 1.0) == 7.0);
    assert_true(r.present == 1.0);
    expect(mon_regret_add_each(&r, NULL, NULL, 0, 0.0, 2.0), 9.0);
}

static void cost_is_forecast_as_modyns(void **state)
{
    (void)state;
    cJSON *json = load_cases();
    const cJSON *one;
    struct mon_cost *c = NULL;
    assert_int_equal(mon_cost_new(10, &c, NULL), ERR_OK);
    assert_true(isnan(mon_cost_forecast(c, 10.0)));
    cJSON_ArrayForEach(one, json_at(json, "cost_model.observations"))
        mon_cost_add(c, item(one, 0), item(one, 1));
    cJSON_ArrayForEach(one, json_at(json, "cost_model.forecast"))
        expect(mon_cost_forecast(c, atof(one->string)), one->valuedouble);
    mon_cost_free(c);
    cJSON_Delete(json);
}

/* Rows 1, 2, 3 and seconds 2, 4, 9: slope 7 / (2 + 1), mean 5 at 2 rows. */
static void cost_is_the_ridge_line_over_the_last_trainings(void **state)
{
    (void)state;
    struct mon_cost *c = NULL;
    assert_int_equal(mon_cost_new(3, &c, NULL), ERR_OK);
    mon_cost_add(c, 1000.0, 1.0); /* falls out */
    mon_cost_add(c, 1.0, 2.0);
    mon_cost_add(c, 2.0, 4.0);
    mon_cost_add(c, NAN, 4.0); /* passed over */
    mon_cost_add(c, 3.0, -4.0);
    mon_cost_add(c, 3.0, 9.0);
    expect(mon_cost_forecast(c, 5.0), 5.0 + 7.0 / 3.0 * 3.0);
    assert_true(mon_cost_forecast(c, 0.0) > 0.0);
    assert_true(mon_cost_forecast(c, -100.0) == 0.0); /* no training takes less than nothing */
    mon_cost_free(c);
}

static void window_of_no_training_is_refused(void **state)
{
    (void)state;
    struct mon_cost *c = NULL;
    assert_int_equal(mon_cost_new(0, &c, NULL), ERR_INVALID);
    assert_int_equal(mon_cost_new(10001, &c, NULL), ERR_INVALID);
    mon_cost_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regret_that_arrives_evenly_accumulates_as_modyns),
        cmocka_unit_test(regret_with_times_accumulates_as_modyns),
        cmocka_unit_test(times_outside_the_stretch_are_taken_at_its_ends),
        cmocka_unit_test(nonsense_changes_nothing),
        cmocka_unit_test(cost_is_forecast_as_modyns),
        cmocka_unit_test(cost_is_the_ridge_line_over_the_last_trainings),
        cmocka_unit_test(window_of_no_training_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
