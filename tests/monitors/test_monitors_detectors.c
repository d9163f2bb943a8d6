/*
 * test_monitors_detectors.c - ADWIN and Page-Hinkley against indices that river's and MOA's own
 * code gives, invariants, and saved state.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/rand.h"
#include "monitors/detectors.h"

#define CASES LEEWAY_SHARED_DIR "/data/cases/"
#define MAX_ROWS 5000

static double streams[4][MAX_ROWS];
static size_t stream_rows[4];

static cJSON *load(const char *name)
{
    char path[1024];
    cJSON *json = NULL;
    struct err e = {0};
    snprintf(path, sizeof path, "%s%s", CASES, name);
    if (json_load(path, 1 << 20, &json, &e) != ERR_OK) {
        print_message("skipped: %s\n", e.message);
        skip();
    }
    return json;
}

/* index,s1,s2,s3,s4; a short stream's cells are empty */
static void read_streams(void)
{
    char line[256];
    FILE *f = fopen(CASES "streams_river.csv", "r");
    if (f == NULL) {
        print_message("skipped: no %sstreams_river.csv\n", CASES);
        skip();
        return;
    }
    memset(stream_rows, 0, sizeof stream_rows);
    assert_non_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f) != NULL) {
        const char *cell = line;
        for (size_t s = 0; s < 4 && (cell = strchr(cell, ',')) != NULL; s++) {
            cell++;
            char *end;
            double x = strtod(cell, &end);
            if (end != cell && stream_rows[s] < MAX_ROWS)
                streams[s][stream_rows[s]++] = x;
        }
    }
    fclose(f);
}

static struct mon_detector *make(const char *name, const char *params)
{
    struct mon_detector *d = NULL;
    cJSON *json = NULL;
    struct err e = {0};
    if (params != NULL)
        assert_int_equal(json_parse("params", params, strlen(params), &json, NULL), ERR_OK);
    if (mon_detector_new(name, json, &d, &e) != ERR_OK)
        fail_msg("%s", e.message);
    cJSON_Delete(json);
    return d;
}

static void check_indices(struct mon_detector *d, size_t stream, const cJSON *expected, bool renew)
{
    int found = 0, n_expected = cJSON_GetArraySize(expected);
    for (size_t i = 0; i < stream_rows[stream]; i++) {
        if (mon_detector_update(d, streams[stream][i]) != MON_CHANGE)
            continue;
        const cJSON *item = cJSON_GetArrayItem(expected, found++);
        if (item == NULL || (size_t)item->valuedouble != i)
            fail_msg("s%zu: change %d at %zu, expected at %g", stream + 1, found, i,
                     item != NULL ? item->valuedouble : NAN);
        if (renew)
            mon_detector_reset(d);
    }
    if (found != n_expected)
        fail_msg("s%zu: %d changes, expected %d", stream + 1, found, n_expected);
}

static void adwin_finds_the_changes_that_river_and_moa_find(void **state)
{
    (void)state;
    cJSON *cases = load("01_adwin.json");
    read_streams();
    for (size_t s = 0; s < 4; s++) {
        char path[32];
        struct mon_detector *d = make("adwin", NULL);
        snprintf(path, sizeof path, "expected_indices.s%zu", s + 1);
        check_indices(d, s, json_at(cases, path), true);
        mon_detector_free(d);
    }
    cJSON_Delete(cases);
}

static void page_hinkley_finds_the_changes_that_river_finds(void **state)
{
    (void)state;
    static const char *const directions[] = {"up", "down", "both"};
    cJSON *cases = load("03_page_hinkley.json");
    read_streams();
    for (size_t i = 0; i < 3; i++) {
        char text[64], path[32];
        snprintf(text, sizeof text, "{\"direction\": \"%s\"}", directions[i]);
        snprintf(path, sizeof path, "expected.%s", directions[i]);
        struct mon_detector *d = make("page_hinkley", text);
        check_indices(d, 2, json_at(cases, path), false);
        mon_detector_free(d);
    }
    cJSON_Delete(cases);
}

static void adwin_never_finds_a_change_in_a_constant(void **state)
{
    (void)state;
    struct mon_detector *d = make("adwin", NULL);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(mon_detector_update(d, 1.0), MON_STABLE);
    assert_true(mon_detector_width(d) == 5000.0);
    assert_true(mon_detector_estimate(d) == 1.0);
    mon_detector_free(d);
}

static void adwin_keeps_width_and_mean_exactly(void **state)
{
    (void)state;
    struct mon_detector *d = make("adwin", "{\"clock\": 1000000}");
    double total = 0.0;
    assert_true(mon_detector_estimate(d) == 0.0);
    for (int i = 0; i < 200; i++) {
        mon_detector_update(d, i % 7);
        total += i % 7;
    }
    assert_true(mon_detector_width(d) == 200.0);
    assert_true(fabs(mon_detector_estimate(d) - total / 200.0) < 1e-12);
    mon_detector_free(d);
}

static void adwin_finds_a_rise_on_an_offset_of_1e8(void **state)
{
    (void)state;
    struct mon_detector *d = make("adwin", NULL);
    int at = -1;
    for (int i = 0; i < 2000 && at < 0; i++)
        if (mon_detector_update(d, 1e8 + (i >= 1000)) == MON_CHANGE)
            at = i;
    if (at < 1000 || at > 1100)
        fail_msg("change found at %d, expected in 1000..1100", at);
    mon_detector_free(d);
}

static void direction_up_is_silent_about_a_fall(void **state)
{
    (void)state;
    static const char *const names[] = {"adwin", "page_hinkley"};
    for (int k = 0; k < 2; k++) {
        struct mon_detector *up = make(names[k], "{\"direction\": \"up\"}");
        struct mon_detector *down = make(names[k], "{\"direction\": \"down\"}");
        for (int i = 0; i < 2000; i++) {
            mon_detector_update(up, i < 1000);
            mon_detector_update(down, i < 1000);
        }
        assert_int_equal(mon_detector_changes(up), 0);
        assert_true(mon_detector_changes(down) > 0);
        assert_true(mon_detector_before(down) > 0.5);
        mon_detector_free(up);
        mon_detector_free(down);
    }
}

static void values_that_are_no_numbers_change_nothing(void **state)
{
    (void)state;
    struct mon_detector *d = make("adwin", NULL);
    assert_int_equal(mon_detector_update(d, NAN), MON_STABLE);
    assert_int_equal(mon_detector_update(d, INFINITY), MON_STABLE);
    assert_int_equal(mon_detector_n(d), 0);
    assert_true(mon_detector_width(d) == 0.0);
    mon_detector_free(d);
}

/* Errors of rate 0.2 with ADWIN's default confidence: its guarantee is delta per check; 40 streams
 * of 5,000 rows with no change. */
static void adwin_seldom_cries_wolf(void **state)
{
    (void)state;
    struct rng r;
    int alarms = 0;
    rng_seed(&r, 11);
    for (int k = 0; k < 40; k++) {
        struct mon_detector *d = make("adwin", NULL);
        for (int i = 0; i < 5000; i++)
            alarms += mon_detector_update(d, rng_uniform(&r) < 0.2) == MON_CHANGE;
        mon_detector_free(d);
    }
    print_message("adwin: %d alarms in 200,000 rows without a change\n", alarms);
    assert_true(alarms <= 4);
}

static struct mon_detector *through_json(const struct mon_detector *d)
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
    return copy;
}

static void restored_detector_goes_on_exactly(void **state)
{
    (void)state;
    static const char *const names[] = {"adwin", "page_hinkley"};
    for (int k = 0; k < 2; k++) {
        struct rng r;
        struct mon_detector *d = make(names[k], NULL), *copy = NULL;
        rng_seed(&r, 5);
        for (int i = 0; i < 3000; i++) {
            double x = rng_normal(&r) + (i > 1700 ? 2.0 : 0.0);
            if (i % 701 == 0) {
                mon_detector_free(copy);
                copy = through_json(d);
            }
            assert_int_equal(mon_detector_update(d, x), mon_detector_update(copy, x));
            assert_true(mon_detector_estimate(d) == mon_detector_estimate(copy));
            assert_true(mon_detector_width(d) == mon_detector_width(copy));
        }
        assert_true(mon_detector_changes(d) > 0);
        assert_int_equal(mon_detector_changes(d), mon_detector_changes(copy));
        mon_detector_free(d);
        mon_detector_free(copy);
    }
}

static void expect_refusal(const char *name, const char *params, const char *word)
{
    struct mon_detector *d = NULL;
    struct err e = {0};
    cJSON *json = NULL;
    assert_int_equal(json_parse("params", params, strlen(params), &json, NULL), ERR_OK);
    assert_int_equal(mon_detector_new(name, json, &d, &e), ERR_INVALID);
    if (strstr(e.message, word) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", word, e.message);
    cJSON_Delete(json);
}

static void bad_parameters_are_refused_by_name(void **state)
{
    (void)state;
    expect_refusal("adwin", "{\"detla\": 0.1}", "detla");
    expect_refusal("adwin", "{\"delta\": 2}", "delta");
    expect_refusal("adwin", "{\"clock\": 1.5}", "clock");
    expect_refusal("page_hinkley", "{\"direction\": \"sideways\"}", "sideways");
    expect_refusal("ddm2", "{}", "ddm2");
    assert_true(mon_detector_exists("adwin"));
    assert_false(mon_detector_exists("ddm2"));
}

static void state_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "{\"detector\": \"adwin\", \"n\": 1, \"changes\": 2, \"params\": {}, \"state\": {}}",
        "{\"detector\": \"adwin\", \"n\": 1, \"changes\": 0, \"params\": {}, \"state\": "
        "{\"ticks\": 1, \"total\": 1, \"variance\": 0, \"rows\": "
        "[[1,0],[1,0,1,0,1,0,1,0,1,0,1,0]]}}",
        "{\"detector\": \"adwin\", \"n\": 1, \"changes\": 0, \"params\": {}, \"state\": "
        "{\"ticks\": 1, \"total\": 1, \"variance\": 0, \"rows\": [[1]]}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct mon_detector *d = NULL;
        cJSON *json = NULL;
        assert_int_equal(json_parse("state", texts[i], strlen(texts[i]), &json, NULL), ERR_OK);
        if (mon_detector_from_json(json, &d, NULL) == ERR_OK)
            fail_msg("accepted: %s", texts[i]);
        cJSON_Delete(json);
    }
}

static void signal_of_a_change_carries_both_means(void **state)
{
    (void)state;
    char sentence[MON_SENTENCE_BYTES];
    struct mon_signal s;
    struct mon_detector *d = make("adwin", NULL);
    mon_detector_signal(d, "errors", false, &s);
    assert_int_equal(s.verdict, MON_INSUFFICIENT);
    enum mon_detection found = MON_STABLE;
    for (int i = 0; i < 2000 && found != MON_CHANGE; i++)
        found = mon_detector_update(d, i < 1000 ? 0.0 : 1.0);
    mon_detector_signal(d, "errors", true, &s);
    assert_int_equal(s.verdict, MON_DRIFT);
    assert_true(s.value > s.reference_value);
    assert_non_null(strstr(mon_signal_sentence(&s, sentence), "adwin"));
    mon_detector_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adwin_finds_the_changes_that_river_and_moa_find),
        cmocka_unit_test(page_hinkley_finds_the_changes_that_river_finds),
        cmocka_unit_test(adwin_never_finds_a_change_in_a_constant),
        cmocka_unit_test(adwin_keeps_width_and_mean_exactly),
        cmocka_unit_test(adwin_finds_a_rise_on_an_offset_of_1e8),
        cmocka_unit_test(direction_up_is_silent_about_a_fall),
        cmocka_unit_test(values_that_are_no_numbers_change_nothing),
        cmocka_unit_test(adwin_seldom_cries_wolf),
        cmocka_unit_test(restored_detector_goes_on_exactly),
        cmocka_unit_test(bad_parameters_are_refused_by_name),
        cmocka_unit_test(state_that_makes_no_sense_is_refused),
        cmocka_unit_test(signal_of_a_change_carries_both_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
