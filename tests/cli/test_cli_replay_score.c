/* test_cli_replay_score.c - answers are read and counted per side, version and thousand rows. */
#include "cli_testing.h"

#include <math.h>

#include "replay_score.h"

static struct replay_answer answer(const char *version, const char *class_name, double value)
{
    struct replay_answer a = {.value = value};
    snprintf(a.version, sizeof a.version, "%s", version);
    snprintf(a.class_name, sizeof a.class_name, "%s", class_name);
    return a;
}

static void assert_number(const cJSON *json, const char *path, double want)
{
    const cJSON *at = json_at(json, path);
    if (!cJSON_IsNumber(at) || fabs(at->valuedouble - want) > 1e-12)
        fail_msg("%s: expected %g, got %g", path, want, at ? at->valuedouble : NAN);
}

static void score_counts_right_classes_by_version_and_by_thousand(void **state)
{
    (void)state;
    struct replay_score s = {.has_frozen = true};
    struct replay_answer v1 = answer("v1", "UP", 0), v2 = answer("v2", "DOWN", 0);
    assert_true(replay_score_add(&s, 0, REPLAY_SERVED, &v1, "UP"));
    assert_false(replay_score_add(&s, 1, REPLAY_SERVED, &v1, "DOWN"));
    assert_true(replay_score_add(&s, 1000, REPLAY_SERVED, &v2, "DOWN"));
    assert_false(replay_score_add(&s, 1001, REPLAY_SERVED, &v2, NULL)); /* no label, not judged */
    assert_false(replay_score_add(&s, 1000, REPLAY_FROZEN, &v1, "DOWN"));
    cJSON *json = cJSON_CreateObject();
    replay_score_to_json(&s, json);
    assert_number(json, "served.accuracy", 2.0 / 3);
    assert_number(json, "frozen.accuracy", 0);
    assert_number(json, "by_version.v1.accuracy", 0.5);
    assert_number(json, "by_version.v2.rows", 2);
    assert_number(json, "by_version.v2.first_row", 1000);
    assert_number(json, "per_1000[0].served", 0.5);
    assert_number(json, "per_1000[1].served", 1);
    assert_number(json, "per_1000[1].frozen", 0);
    assert_true(cJSON_IsNull(json_at(json, "per_1000[0].frozen")));
    cJSON_Delete(json);
    replay_score_free(&s);
}

static void score_of_a_regression_is_the_root_of_the_mean_square(void **state)
{
    (void)state;
    struct replay_score s = {.regression = true};
    struct replay_answer three = answer("v1", "", 3);
    replay_score_add(&s, 0, REPLAY_SERVED, &three, "0");
    replay_score_add(&s, 1, REPLAY_SERVED, &three, "7");
    replay_score_add(&s, 2, REPLAY_SERVED, &three, "a lot"); /* not a number: not judged */
    assert_int_equal(s.sides[REPLAY_SERVED].n, 2);
    assert_true(fabs(replay_tally_value(&s.sides[REPLAY_SERVED], true) - sqrt(12.5)) < 1e-12);
    assert_string_equal(replay_score_metric(&s), "rmse");
    replay_score_free(&s);
}

static void answers_are_read_by_the_name_of_their_output(void **state)
{
    (void)state;
    struct replay_answer a;
    struct err e = {0};
    cJSON *json =
        parse_json("{\"model_version\": \"v7\", \"outputs\": [{\"name\": \"score\", \"data\": "
                   "[0.3]}, {\"name\": \"class\", \"data\": [\"DOWN\"]}]}");
    assert_ok(replay_answer_read(json, false, &a, &e), &e);
    assert_string_equal(a.version, "v7");
    assert_string_equal(a.class_name, "DOWN");
    assert_fails(replay_answer_read(json, true, &a, &e), &e, ERR_INVALID, "no output \"value\"");
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(score_counts_right_classes_by_version_and_by_thousand),
        cmocka_unit_test(score_of_a_regression_is_the_root_of_the_mean_square),
        cmocka_unit_test(answers_are_read_by_the_name_of_their_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
