/*
 * test_monitors_detectors_state.c - what holds for every detector: saved and restored at every step
 * it goes on exactly, reset it is as new, and no value or saved state makes it misbehave.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/rand.h"
#include "monitors/detectors.h"

#define N_ROWS 1200

/* Each finds the rise of errors from 0.1 to 0.6 with these. */
static const struct setting {
    const char *name, *params;
} settings[] = {
    {"adwin", "{}"},
    {"page_hinkley", "{\"threshold\": 10}"},
    {"cusum", "{\"threshold\": 10}"},
    {"gma", "{\"threshold\": 0.2, \"alpha\": 0.95}"},
    {"rate_scan", "{}"},
    {"rate_scan", "{\"direction\": \"both\", \"low\": -1, \"high\": 2}"},
    {"ddm", "{}"},
    {"eddm", "{}"},
    {"rddm", "{}"},
    {"rddm", "{\"min_concept\": 50, \"max_concept\": 200, \"warn_limit\": 20}"},
    {"hddm_a", "{}"},
    {"hddm_a", "{\"direction\": \"both\", \"low\": -1, \"high\": 2}"},
    {"hddm_w", "{\"direction\": \"both\"}"},
    {"fhddm", "{}"},
    {"ecdd", "{}"},
    {"ecdd", "{\"control_limit\": 3, \"lambda\": 0.05}"},
    {"stepd", "{}"},
    {"stepd", "{\"direction\": \"both\", \"window\": 65}"},
    {"kswin", "{\"alpha\": 0.01}"},
    {"bocd", "{\"data_var\": 0.2}"},
    {"bocd", "{\"max_runs\": 64}"},
};
#define N_SETTINGS (sizeof settings / sizeof settings[0])

static struct mon_detector *make(const char *name, const char *params)
{
    struct mon_detector *d = NULL;
    cJSON *json = NULL;
    struct err e = {0};
    assert_int_equal(json_parse("params", params, strlen(params), &json, NULL), ERR_OK);
    if (mon_detector_new(name, json, &d, &e) != ERR_OK)
        fail_msg("%s", e.message);
    cJSON_Delete(json);
    return d;
}

/* Errors of rate 0.1, from the middle on 0.6. */
static double error_at(struct rng *r, int i)
{
    return rng_uniform(r) < (i < N_ROWS / 2 ? 0.1 : 0.6);
}

static struct mon_detector *through_json(struct mon_detector *d)
{
    struct mon_detector *copy = NULL;
    struct err e = {0};
    cJSON *saved = mon_detector_to_json(d), *read = NULL;
    assert_non_null(saved);
    char *text = json_print(saved);
    assert_int_equal(json_parse("state", text, strlen(text), &read, NULL), ERR_OK);
    if (mon_detector_from_json(read, &copy, &e) != ERR_OK)
        fail_msg("%s in %s", e.message, text);
    cJSON_Delete(saved);
    cJSON_Delete(read);
    free(text);
    mon_detector_free(d);
    return copy;
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void expect_same(const struct mon_detector *a, const struct mon_detector *b, int row)
{
    if (!same(mon_detector_estimate(a), mon_detector_estimate(b)) ||
        !same(mon_detector_before(a), mon_detector_before(b)) ||
        !same(mon_detector_width(a), mon_detector_width(b)) ||
        mon_detector_changes(a) != mon_detector_changes(b))
        fail_msg("%s, row %d: mean %.17g and %.17g, before %.17g and %.17g, width %g and %g",
                 mon_detector_name(a), row, mon_detector_estimate(a), mon_detector_estimate(b),
                 mon_detector_before(a), mon_detector_before(b), mon_detector_width(a),
                 mon_detector_width(b));
}

static void detector_restored_at_every_step_goes_on_exactly(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_SETTINGS; k++) {
        struct rng r;
        struct mon_detector *d = make(settings[k].name, settings[k].params);
        struct mon_detector *copy = make(settings[k].name, settings[k].params);
        rng_seed(&r, 3);
        for (int i = 0; i < N_ROWS; i++) {
            double x = error_at(&r, i);
            copy = through_json(copy);
            assert_int_equal(mon_detector_update(d, x), mon_detector_update(copy, x));
            expect_same(d, copy, i);
        }
        if (mon_detector_changes(d) == 0)
            fail_msg("%s %s found no change to go on from", settings[k].name, settings[k].params);
        mon_detector_free(d);
        mon_detector_free(copy);
    }
}

static void every_kind_is_covered_by_these_tests(void **state)
{
    (void)state;
    for (size_t i = 0; mon_detector_kind(i) != NULL; i++) {
        bool found = false;
        for (size_t k = 0; k < N_SETTINGS; k++)
            found |= strcmp(settings[k].name, mon_detector_kind(i)) == 0;
        if (!found)
            fail_msg("%s has no setting here", mon_detector_kind(i));
    }
}

static void reset_detector_is_as_new(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_SETTINGS; k++) {
        struct rng r;
        struct mon_detector *used = make(settings[k].name, settings[k].params);
        struct mon_detector *fresh = make(settings[k].name, settings[k].params);
        rng_seed(&r, 9);
        for (int i = 0; i < 777; i++)
            mon_detector_update(used, error_at(&r, i));
        mon_detector_reset(used);
        assert_int_equal(mon_detector_n(used), 0);
        for (int i = 0; i < N_ROWS; i++) {
            double x = error_at(&r, i);
            assert_int_equal(mon_detector_update(used, x), mon_detector_update(fresh, x));
            expect_same(used, fresh, i);
        }
        mon_detector_free(used);
        mon_detector_free(fresh);
    }
}

static void constant_stream_has_no_change(void **state)
{
    (void)state;
    static const double values[] = {0.0, 1.0, 0.25, -3.5, 1e8};
    for (size_t k = 0; k < N_SETTINGS; k++)
        for (size_t v = 0; v < 5; v++) {
            struct mon_detector *d = make(settings[k].name, settings[k].params);
            for (int i = 0; i < 600; i++)
                if (mon_detector_update(d, values[v]) == MON_CHANGE)
                    fail_msg("%s: change at %d of a constant %g", settings[k].name, i, values[v]);
            mon_detector_free(d);
        }
}

static void mean_of_nothing_is_0_and_of_one_value_that_value(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_SETTINGS; k++) {
        struct mon_detector *d = make(settings[k].name, settings[k].params);
        assert_true(mon_detector_estimate(d) == 0.0);
        assert_true(mon_detector_width(d) == 0.0);
        assert_true(isnan(mon_detector_before(d)));
        assert_int_equal(mon_detector_update(d, NAN), MON_STABLE);
        assert_int_equal(mon_detector_update(d, INFINITY), MON_STABLE);
        assert_int_equal(mon_detector_update(d, -INFINITY), MON_STABLE);
        assert_int_equal(mon_detector_n(d), 0);
        mon_detector_update(d, 1.0);
        assert_int_equal(mon_detector_n(d), 1);
        double mean = mon_detector_estimate(d);
        /* ecdd's mean starts from 0, bocd's from the prior's */
        bool shrunk =
            strcmp(settings[k].name, "ecdd") == 0 || strcmp(settings[k].name, "bocd") == 0;
        if (shrunk ? !(mean > 0.0 && mean < 1.0) : mean != 1.0)
            fail_msg("%s: mean %g of one 1", settings[k].name, mean);
        mon_detector_free(d);
    }
}

static void largest_values_leave_a_finite_state(void **state)
{
    (void)state;
    static const double values[] = {DBL_MAX, -DBL_MAX, 0.0, DBL_MIN, -1e300, 1e-320, 5.0};
    for (size_t k = 0; k < N_SETTINGS; k++) {
        struct rng r;
        struct mon_detector *d = make(settings[k].name, settings[k].params);
        rng_seed(&r, 1);
        for (int i = 0; i < 800; i++)
            mon_detector_update(d, values[rng_below(&r, 7)]);
        if (!isfinite(mon_detector_estimate(d)) || !isfinite(mon_detector_width(d)))
            fail_msg("%s: mean %g, width %g", settings[k].name, mon_detector_estimate(d),
                     mon_detector_width(d));
        d = through_json(d);
        mon_detector_free(d);
    }
}

static void any_number_above_a_half_is_an_error(void **state)
{
    (void)state;
    static const char *const names[] = {"ddm", "eddm", "rddm", "fhddm", "ecdd", "stepd"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        struct rng r;
        struct mon_detector *bits = make(names[k], "{}"), *numbers = make(names[k], "{}");
        rng_seed(&r, 4);
        for (int i = 0; i < N_ROWS; i++) {
            bool error = error_at(&r, i) > 0.0;
            double number = error ? 0.5 + 7.0 * (1.0 - rng_uniform(&r)) : 0.5 - rng_uniform(&r);
            assert_int_equal(mon_detector_update(bits, error),
                             mon_detector_update(numbers, number));
        }
        assert_true(mon_detector_changes(bits) > 0);
        mon_detector_free(bits);
        mon_detector_free(numbers);
    }
}

static void hddm_of_a_stretched_stream_with_its_range_is_the_same(void **state)
{
    (void)state;
    static const char *const names[] = {"hddm_a", "hddm_w"};
    for (size_t k = 0; k < 2; k++) {
        struct rng r;
        struct mon_detector *unit = make(names[k], "{}");
        struct mon_detector *wide = make(names[k], "{\"low\": -64, \"high\": 64}");
        rng_seed(&r, 6);
        for (int i = 0; i < N_ROWS; i++) {
            double x = error_at(&r, i);
            assert_int_equal(mon_detector_update(unit, x),
                             mon_detector_update(wide, 128.0 * x - 64.0 + (x > 0.0 ? 9.0 : 0.0)));
        }
        assert_true(mon_detector_changes(unit) > 0);
        assert_true(mon_detector_before(wide) == 128.0 * mon_detector_before(unit) - 64.0);
        mon_detector_free(unit);
        mon_detector_free(wide);
    }
}

static void change_is_reported_with_the_means_on_both_sides(void **state)
{
    (void)state;
    static const char *const names[] = {"hddm_a", "hddm_w", "stepd", "fhddm"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        struct mon_signal s;
        struct mon_detector *d = make(names[k], "{}");
        int i = 0;
        while (i < 2000 && mon_detector_update(d, i < 1000 ? i % 10 == 0 : i % 2) != MON_CHANGE)
            i++;
        mon_detector_signal(d, "errors", true, &s);
        if (!(fabs(s.reference_value - 0.1) < 0.05 && s.value > 0.2 && s.value < 0.7))
            fail_msg("%s: from %g to %g at row %d, expected from 0.1 to about 0.5", names[k],
                     s.reference_value, s.value, i);
        mon_detector_free(d);
    }
}

static void one_direction_is_silent_about_the_other(void **state)
{
    (void)state;
    static const char *const names[] = {"hddm_a", "hddm_w", "stepd", "kswin", "bocd"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        struct rng r;
        struct mon_detector *up = make(names[k], "{\"direction\": \"up\"}");
        struct mon_detector *down = make(names[k], "{\"direction\": \"down\"}");
        rng_seed(&r, 8);
        for (int i = 0; i < 600; i++) {
            double noise = 0.1 * rng_uniform(&r);
            mon_detector_update(up, (i < 300 ? 0.9 : 0.1) + noise - 0.1 * (i < 300));
            mon_detector_update(down, (i < 300 ? 0.9 : 0.1) + noise - 0.1 * (i < 300));
        }
        if (mon_detector_changes(up) != 0 || mon_detector_changes(down) == 0)
            fail_msg("%s: a fall gave %d changes up, %d down", names[k],
                     (int)mon_detector_changes(up), (int)mon_detector_changes(down));
        mon_detector_free(up);
        mon_detector_free(down);
    }
}

/* Where the default's 200 joined runs find the first change, and where 1000 do. */
static void bocd_of_few_runs_finds_what_many_find(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct rng r;
        struct mon_detector *few = make("bocd", "{\"data_var\": 0.3}");
        struct mon_detector *many = make("bocd", "{\"data_var\": 0.3, \"max_runs\": 1500}");
        int at_few = -1, at_many = -1;
        rng_seed(&r, seed);
        for (int i = 0; i < N_ROWS; i++) {
            double x = error_at(&r, i);
            if (mon_detector_update(few, x) == MON_CHANGE && at_few < 0)
                at_few = i;
            if (mon_detector_update(many, x) == MON_CHANGE && at_many < 0)
                at_many = i;
        }
        if (at_many < N_ROWS / 2 || abs(at_few - at_many) > 2)
            fail_msg("seed %d: change at %d with 200 runs, %d with 1500", (int)seed, at_few,
                     at_many);
        mon_detector_free(few);
        mon_detector_free(many);
    }
}

static void parameters_that_make_no_sense_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *params, *word;
    } cases[] = {
        {"ddm", "{\"warning\": 4}", "ddm: warning"},
        {"ddm", "{\"direction\": \"down\"}", "direction: down does not apply"},
        {"ddm", "{\"direction\": \"both\"}", "direction: both does not apply"},
        {"eddm", "{\"alpha\": 0.5}", "beta"},
        {"eddm", "{\"direction\": \"down\"}", "direction"},
        {"rddm", "{\"min_concept\": 50000}", "min_concept"},
        {"rddm", "{\"warning\": 3}", "warning"},
        {"hddm_a", "{\"drift_confidence\": 0.5}", "drift_confidence"},
        {"hddm_a", "{\"low\": 2}", "low"},
        {"hddm_w", "{\"high\": 0}", "low"},
        {"hddm_w", "{\"lambda\": 0}", "lambda"},
        {"fhddm", "{\"window\": 2.5}", "window"},
        {"fhddm", "{\"direction\": \"down\"}", "direction"},
        {"ecdd", "{\"arl0\": 200}", "arl0"},
        {"ecdd", "{\"lambda\": 0.1}", "control_limit"},
        {"stepd", "{\"alpha_drift\": 0.1}", "alpha_drift"},
        {"kswin", "{\"stat_size\": 60}", "window_size"},
        {"bocd", "{\"hazard\": 0}", "hazard"},
        {"bocd", "{\"data_var\": 0}", "data_var"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mon_detector *d = NULL;
        struct err e = {0};
        cJSON *json = NULL;
        const char *text = cases[i].params;
        assert_int_equal(json_parse("params", text, strlen(text), &json, NULL), ERR_OK);
        assert_int_equal(mon_detector_new(cases[i].name, json, &d, &e), ERR_INVALID);
        if (strstr(e.message, cases[i].word) == NULL)
            fail_msg("expected \"%s\" in \"%s\"", cases[i].word, e.message);
        cJSON_Delete(json);
    }
}

/* The state of a new detector with one key replaced. */
static void state_that_makes_no_sense_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *key, *value;
    } cases[] = {
        {"ddm", "errors", "5"},
        {"ddm", "n", "0.5"},
        {"ddm", "p_min", "2"},
        {"eddm", "last", "7"},
        {"rddm", "newest", "\"012\""},
        {"rddm", "errors", "1"},
        {"hddm_a", "least_n", "3"},
        {"hddm_w", "squares", "-1"},
        {"fhddm", "least", "900"},
        {"fhddm", "errors", "7"},
        {"ecdd", "z", "1.5"},
        {"stepd", "older_n", "60"},
        {"kswin", "window", "[1, \"a\"]"},
        {"kswin", "generator", "[\"0\", \"0\", \"0\", \"0\"]"},
        {"kswin", "generator",
         "[\"0000000000000000\", \"0000000000000000\", \"0000000000000000\", "
         "\"0000000000000000\"]"},
        {"bocd", "runs", "[]"},
        {"bocd", "runs", "[[3, 0.5, 1, 0], [0, 0.1, 1, 0]]"},
        {"bocd", "runs", "[[0, 0.5, 1, 0], [0, 0.1, 1, 0]]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mon_detector *d = make(cases[i].name, "{}"), *copy = NULL;
        struct err e = {0};
        cJSON *json = mon_detector_to_json(d), *value = NULL;
        const char *text = cases[i].value;
        assert_int_equal(json_parse("value", text, strlen(text), &value, NULL), ERR_OK);
        assert_true(
            cJSON_ReplaceItemInObject((cJSON *)json_at(json, "state"), cases[i].key, value));
        assert_int_equal(mon_detector_from_json(json, &copy, &e), ERR_INVALID);
        if (strstr(e.message, cases[i].key) == NULL)
            fail_msg("expected \"%s\" in \"%s\"", cases[i].key, e.message);
        cJSON_Delete(json);
        mon_detector_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_covered_by_these_tests),
        cmocka_unit_test(detector_restored_at_every_step_goes_on_exactly),
        cmocka_unit_test(reset_detector_is_as_new),
        cmocka_unit_test(constant_stream_has_no_change),
        cmocka_unit_test(mean_of_nothing_is_0_and_of_one_value_that_value),
        cmocka_unit_test(largest_values_leave_a_finite_state),
        cmocka_unit_test(any_number_above_a_half_is_an_error),
        cmocka_unit_test(hddm_of_a_stretched_stream_with_its_range_is_the_same),
        cmocka_unit_test(change_is_reported_with_the_means_on_both_sides),
        cmocka_unit_test(one_direction_is_silent_about_the_other),
        cmocka_unit_test(bocd_of_few_runs_finds_what_many_find),
        cmocka_unit_test(parameters_that_make_no_sense_are_refused_by_name),
        cmocka_unit_test(state_that_makes_no_sense_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
