/*
 * test_monitors_charts.c - CUSUM, the geometric moving average and Page-Hinkley against the
 * positions that frouros' own tests state, and what their direction means.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "monitors/detectors.h"

static const struct chart {
    const char *theirs, *ours;
    const char *keys[4]; /* theirs, ours, in pairs */
} charts[] = {
    {"CUSUM", "cusum", {"delta", "delta"}},
    {"GMA", "gma", {"alpha", "alpha"}},
    {"PageHinkley", "page_hinkley", {"delta", "delta", "alpha", "alpha"}},
};
#define N_CHARTS (sizeof charts / sizeof charts[0])

static cJSON *load(void)
{
    cJSON *json = NULL;
    struct err e = {0};
    if (json_load(LEEWAY_SHARED_DIR "/data/cases/04_frouros_change_detectors.json", 1 << 20, &json,
                  &e) != ERR_OK) {
        print_message("skipped: %s\n", e.message);
        skip();
    }
    return json;
}

static struct mon_detector *make(const char *name, cJSON *params, const char *direction)
{
    struct mon_detector *d = NULL;
    struct err e = {0};
    cJSON_AddStringToObject(params, "direction", direction);
    if (mon_detector_new(name, params, &d, &e) != ERR_OK)
        fail_msg("%s", e.message);
    cJSON_Delete(params);
    return d;
}

static double param_of(const cJSON *json, const struct chart *c, const char *key)
{
    char path[64];
    snprintf(path, sizeof path, "params.%s.%s", c->theirs, key);
    const cJSON *item = json_at(json, path);
    assert_non_null(item);
    return item->valuedouble;
}

static cJSON *params_of(const cJSON *json, const struct chart *c)
{
    cJSON *ours = cJSON_CreateObject();
    for (size_t i = 0; i + 1 < 4 && c->keys[i] != NULL; i += 2)
        cJSON_AddNumberToObject(ours, c->keys[i + 1], param_of(json, c, c->keys[i]));
    if (strcmp(c->ours, "page_hinkley") == 0)
        cJSON_AddNumberToObject(ours, "from_extreme", 0);
    cJSON_AddNumberToObject(ours, "threshold", param_of(json, c, "lambda_"));
    cJSON_AddNumberToObject(ours, "min_instances", param_of(json, c, "min_num_instances"));
    return ours;
}

/* sign 1: the stream as it is; -1: upside down, so that its rises are falls. */
static void check(const cJSON *json, const struct chart *c, const char *direction, double sign)
{
    char path[64];
    struct mon_detector *d = make(c->ours, params_of(json, c), direction);
    const cJSON *x = NULL, *stream = json_at(json, "inputs.stream");
    snprintf(path, sizeof path, "expected.%s", c->theirs);
    const cJSON *expected = json_at(json, path);
    int at = 0, found = 0;
    cJSON_ArrayForEach(x, stream)
    {
        if (mon_detector_update(d, sign * x->valuedouble) == MON_CHANGE) {
            const cJSON *item = cJSON_GetArrayItem(expected, found++);
            if (item == NULL || item->valuedouble != at)
                fail_msg("%s: change %d at %d, expected at %g", c->ours, found, at,
                         item != NULL ? item->valuedouble : -1.0);
        }
        at++;
    }
    if (found != cJSON_GetArraySize(expected))
        fail_msg("%s: %d changes, expected %d", c->ours, found, cJSON_GetArraySize(expected));
    mon_detector_free(d);
}

static void charts_find_the_changes_that_frouros_finds(void **state)
{
    (void)state;
    cJSON *json = load();
    for (size_t i = 0; i < N_CHARTS; i++)
        check(json, &charts[i], "up", 1.0);
    cJSON_Delete(json);
}

static void falls_are_rises_upside_down(void **state)
{
    (void)state;
    cJSON *json = load();
    for (size_t i = 0; i < N_CHARTS; i++)
        check(json, &charts[i], "down", -1.0);
    cJSON_Delete(json);
}

static void charts_are_silent_about_the_other_direction(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CHARTS; i++) {
        struct mon_detector *up = make(charts[i].ours, cJSON_CreateObject(), "up");
        struct mon_detector *both = make(charts[i].ours, cJSON_CreateObject(), "both");
        for (int k = 0; k < 400; k++) {
            mon_detector_update(up, k < 200 ? 10.0 : 0.0);
            mon_detector_update(both, k < 200 ? 10.0 : 0.0);
        }
        assert_int_equal(mon_detector_changes(up), 0);
        assert_true(mon_detector_changes(both) > 0);
        assert_true(mon_detector_before(both) > 5.0);
        mon_detector_free(up);
        mon_detector_free(both);
    }
}

static void charts_never_find_a_change_in_a_constant(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CHARTS; i++) {
        struct mon_detector *d = make(charts[i].ours, cJSON_CreateObject(), "both");
        for (int k = 0; k < 5000; k++)
            assert_int_equal(mon_detector_update(d, 1e8), MON_STABLE);
        assert_true(mon_detector_estimate(d) == 1e8);
        mon_detector_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charts_find_the_changes_that_frouros_finds),
        cmocka_unit_test(falls_are_rises_upside_down),
        cmocka_unit_test(charts_are_silent_about_the_other_direction),
        cmocka_unit_test(charts_never_find_a_change_in_a_constant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
