/* test_watch_labels.c - labelled rows into performance points, alarms and decisions. */
#include "watch_bench.h"

#include "base/json.h"

static size_t fold(struct bench *b)
{
    size_t n_points = 0;
    assert_ok(watch_fold_labels(b->w, b->f->s, BENCH_MODEL, &n_points, e));
    return n_points;
}

static cJSON *points(struct bench *b)
{
    cJSON *j = NULL;
    assert_ok(watch_performance_json(b->w, b->f->s, BENCH_MODEL, 500, &j, e));
    return j;
}

static struct policy_decision decide(struct bench *b)
{
    struct policy_decision d = {0};
    bool has_policy = false;
    assert_ok(watch_decide(b->w, b->f->s, BENCH_MODEL, NULL, b->now_ms, &has_policy, &d, e));
    return d;
}

static void assert_decides(struct bench *b, enum policy_outcome outcome, const char *trigger)
{
    struct policy_decision d = decide(b);
    if (d.outcome != outcome)
        print_error("%s: %s\n", policy_outcome_name(d.outcome), d.reason);
    assert_int_equal(d.outcome, outcome);
    assert_string_equal(d.trigger_name, trigger);
    policy_decision_deinit(&d);
}

static double number_at(const cJSON *j, const char *path)
{
    double value = -1;
    json_opt_double(j, path, -1e300, 1e300, &value, NULL);
    return value;
}

static void good_answers_ask_for_nothing(void **state)
{
    struct bench *b = *state;
    bench_label(b, &(struct bench_rows){.n = 400, .sha256 = b->champion, .wrong_every = 20});
    assert_int_equal(fold(b), 8); /* every quarter of 200 rows */
    cJSON *list = points(b);
    const cJSON *last = cJSON_GetArrayItem(list, 7);
    assert_true(number_at(last, "value") == 0.95);
    assert_true(number_at(last, "reference") == 0.9);
    assert_true(number_at(last, "n") == 200);
    assert_decides(b, POLICY_NOTHING, "");
    cJSON_Delete(list);
}

static void a_drop_gives_a_point_and_a_retrain(void **state)
{
    struct bench *b = *state;
    const char *verdict = "";
    bench_label(b, &(struct bench_rows){.n = 200, .sha256 = b->champion, .wrong_every = 20});
    fold(b);
    assert_decides(b, POLICY_NOTHING, "");
    bench_label(b, &(struct bench_rows){.n = 200, .sha256 = b->champion, .wrong_every = 3});
    assert_int_equal(fold(b), 4);
    cJSON *list = points(b);
    json_opt_string(cJSON_GetArrayItem(list, 7), "verdict", &verdict, NULL);
    assert_string_equal(verdict, "drift");
    assert_decides(b, POLICY_RETRAIN, "accuracy-fell");
    cJSON_Delete(list);
}

static void too_few_rows_are_insufficient(void **state)
{
    struct bench *b = *state;
    const char *verdict = "";
    bench_label(b, &(struct bench_rows){.n = 50, .sha256 = b->champion, .wrong_every = 1});
    assert_int_equal(fold(b), 1);
    cJSON *list = points(b);
    json_opt_string(cJSON_GetArrayItem(list, 0), "verdict", &verdict, NULL);
    assert_string_equal(verdict, "insufficient");
    assert_decides(b, POLICY_NOTHING, "");
    cJSON_Delete(list);
}

static void rows_of_another_version_do_not_count(void **state)
{
    struct bench *b = *state;
    bench_label(b, &(struct bench_rows){.n = 400, .sha256 = b->candidate, .wrong_every = 1});
    assert_int_equal(fold(b), 0);
    assert_decides(b, POLICY_NOTHING, "");
}

static void a_class_that_the_champion_does_not_know_is_passed_over(void **state)
{
    struct bench *b = *state;
    bench_label(b, &(struct bench_rows){.n = 400, .sha256 = b->champion, .label = "maybe"});
    assert_int_equal(fold(b), 0);
    bench_label(b, &(struct bench_rows){.n = 200, .sha256 = b->champion});
    assert_int_equal(fold(b), 4);
}

static void after_a_restart_the_fold_comes_to_the_same(void **state)
{
    struct bench *b = *state;
    bench_label(b, &(struct bench_rows){.n = 230, .sha256 = b->champion, .wrong_every = 20});
    bench_label(b, &(struct bench_rows){.n = 200, .sha256 = b->champion, .wrong_every = 3});
    fold(b);
    struct policy_decision before = decide(b);
    cJSON *points_before = points(b);
    bench_restart(b);
    assert_int_equal(fold(b), 0); /* every point is there already */
    struct policy_decision after = decide(b);
    cJSON *points_after = points(b);
    assert_int_equal(before.outcome, after.outcome);
    assert_string_equal(before.reason, after.reason);
    assert_true(cJSON_Compare(points_before, points_after, true));
    cJSON_Delete(points_before);
    cJSON_Delete(points_after);
    policy_decision_deinit(&before);
    policy_decision_deinit(&after);
}

static void new_rows_after_a_restart_are_added_to_what_was(void **state)
{
    struct bench *b = *state;
    bench_label(b, &(struct bench_rows){.n = 230, .sha256 = b->champion, .wrong_every = 20});
    fold(b);
    bench_restart(b);
    bench_label(b, &(struct bench_rows){.n = 20, .sha256 = b->champion});
    assert_int_equal(fold(b), 1); /* the 250th row */
}

static void a_fresh_start_forgets_what_was_seen(void **state)
{
    struct bench *b = *state;
    bench_label(b, &(struct bench_rows){.n = 400, .sha256 = b->champion, .wrong_every = 2});
    fold(b);
    assert_decides(b, POLICY_RETRAIN, "accuracy-fell");
    assert_ok(store_begin(b->f->s, e));
    assert_ok(watch_fresh_start(b->w, b->f->s, BENCH_MODEL, e));
    assert_ok(store_commit(b->f->s, e));
    assert_int_equal(fold(b), 0);
    assert_decides(b, POLICY_NOTHING, "");
}

static void a_decision_is_kept_over_a_restart(void **state)
{
    struct bench *b = *state;
    cJSON *j = NULL;
    const char *outcome = "";
    assert_ok(watch_decision_json(b->w, b->f->s, BENCH_MODEL, &j, e));
    assert_null(j);
    bench_label(b, &(struct bench_rows){.n = 400, .sha256 = b->champion, .wrong_every = 2});
    fold(b);
    assert_decides(b, POLICY_RETRAIN, "accuracy-fell");
    bench_restart(b);
    assert_ok(watch_decision_json(b->w, b->f->s, BENCH_MODEL, &j, e));
    json_opt_string(j, "outcome", &outcome, NULL);
    assert_string_equal(outcome, "retrain");
    cJSON_Delete(j);
}

/* ---- detectors, and other kinds of labels ---- */

static void *other_bench(enum label_kind kind, bool classes, const char *monitors)
{
    char policy[1024];
    void *f = NULL;
    fixture_open(&f);
    snprintf(policy, sizeof(policy),
             "leeway: 1\nmodel: loan\nwindow: {rows: 500}\nmonitors:\n%s"
             "guards: {cooldown: none, max_runs_per_day: none, min_labelled_rows: none}\n"
             "train: {window: {rows: 1000}}\nrollout: {steps: []}\n",
             monitors);
    return bench_open(f, kind, classes, policy);
}

static int open_detector(void **state)
{
    *state = other_bench(LABEL_BINARY, false,
                         "  - {name: errors, kind: detector, detector: adwin, on: error}\n"
                         "triggers: [{name: rose, kind: detector, monitor: errors}]\n");
    return 0;
}

/* The registered schema declares no classes: the champion's has them. */
static void a_rise_of_errors_raises_an_alarm(void **state)
{
    struct bench *b = *state;
    bench_label(b, &(struct bench_rows){.n = 1000, .sha256 = b->champion, .wrong_every = 20});
    fold(b);
    assert_decides(b, POLICY_NOTHING, "");
    bench_label(b, &(struct bench_rows){.n = 1000, .sha256 = b->champion, .wrong_every = 2});
    fold(b);
    assert_decides(b, POLICY_RETRAIN, "rose");
    bench_restart(b);
    fold(b);
    assert_decides(b, POLICY_RETRAIN, "rose");
}

static int open_regression(void **state)
{
    *state = other_bench(
        LABEL_REGRESSION, false,
        "  - {name: error, kind: performance, metric: mae, rows: 200, min_rows: 100}\n"
        "triggers: [{name: fell, kind: performance_drop, monitor: error, drop: 20%}]\n");
    return 0;
}

/* The champion answers 0.9; its mean absolute error was 0.8. */
static void a_regressions_error_is_its_distance(void **state)
{
    struct bench *b = *state;
    bench_label(b, &(struct bench_rows){.n = 200, .sha256 = b->champion, .label = "1.4"});
    fold(b);
    cJSON *list = points(b);
    double value = number_at(cJSON_GetArrayItem(list, 3), "value");
    cJSON_Delete(list);
    assert_true(value > 0.4999 && value < 0.5001);
    assert_decides(b, POLICY_NOTHING, "");
    bench_label(b, &(struct bench_rows){.n = 200, .sha256 = b->champion, .label = "3"});
    bench_label(b, &(struct bench_rows){.n = 50, .sha256 = b->champion, .label = "none"});
    fold(b);
    assert_decides(b, POLICY_RETRAIN, "fell");
}

static int open_multiclass(void **state)
{
    *state = other_bench(
        LABEL_MULTICLASS, true,
        "  - {name: acc, kind: performance, metric: accuracy, rows: 100, min_rows: 50}\n"
        "triggers: [{name: fell, kind: performance_drop, monitor: acc, drop: 2%}]\n");
    return 0;
}

static void rows_with_another_number_of_outputs_are_passed_over(void **state)
{
    struct bench *b = *state;
    bench_label(b, &(struct bench_rows){.n = 100, .sha256 = b->champion, .label = "b"});
    assert_int_equal(fold(b), 0);
}

#define with(test, setup) cmocka_unit_test_setup_teardown(test, setup, bench_teardown)

static void every_detector_that_a_policy_can_name_finds_a_broken_champion(void **state)
{
    (void)state;
    for (int d = 0; d <= POLICY_DETECTOR_BOCD; d++) {
        const char *name = policy_detector_name((enum policy_detector)d);
        char monitors[256];
        snprintf(monitors, sizeof(monitors),
                 "  - {name: errors, kind: detector, detector: %s}\n"
                 "triggers: [{name: rose, kind: detector, monitor: errors}]\n",
                 name);
        struct bench *b = other_bench(LABEL_BINARY, true, monitors);
        void *bench = b;
        bench_label(b, &(struct bench_rows){.n = 1000, .sha256 = b->champion, .wrong_every = 20});
        bench_label(b, &(struct bench_rows){.n = 1000, .sha256 = b->champion, .wrong_every = 1});
        fold(b);
        struct policy_decision decision = decide(b);
        if (decision.outcome != POLICY_RETRAIN)
            print_error("%s: %s\n", name, decision.reason);
        assert_int_equal(decision.outcome, POLICY_RETRAIN);
        policy_decision_deinit(&decision);
        bench_teardown(&bench);
    }
}

/* ---- harm ---- */

static int open_harm(void **state)
{
    *state = other_bench(LABEL_BINARY, true,
                         "  - {name: risk, kind: harm, min_rows: 100}\n"
                         "triggers: [{name: hurts, kind: harm, monitor: risk}]\n");
    return 0;
}

/* The champion is wrong on four of ten validation rows: so it may be in service. */
static void harm_is_what_exceeds_the_reference_and_ends_with_it(void **state)
{
    struct bench *b = *state;
    bench_label(b, &(struct bench_rows){.n = 1000, .sha256 = b->champion, .wrong_every = 3});
    fold(b);
    assert_decides(b, POLICY_NOTHING, "");
    bench_label(b, &(struct bench_rows){.n = 300, .sha256 = b->champion, .wrong_every = 1});
    fold(b);
    assert_decides(b, POLICY_RETRAIN, "hurts");
    bench_restart(b);
    fold(b);
    assert_decides(b, POLICY_RETRAIN, "hurts");
    bench_label(b, &(struct bench_rows){.n = 1500, .sha256 = b->champion, .wrong_every = 3});
    fold(b);
    assert_decides(b, POLICY_NOTHING, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(good_answers_ask_for_nothing),
        bench_test(a_drop_gives_a_point_and_a_retrain),
        bench_test(too_few_rows_are_insufficient),
        bench_test(rows_of_another_version_do_not_count),
        bench_test(a_class_that_the_champion_does_not_know_is_passed_over),
        bench_test(after_a_restart_the_fold_comes_to_the_same),
        bench_test(new_rows_after_a_restart_are_added_to_what_was),
        bench_test(a_fresh_start_forgets_what_was_seen),
        bench_test(a_decision_is_kept_over_a_restart),
        with(a_rise_of_errors_raises_an_alarm, open_detector),
        with(a_regressions_error_is_its_distance, open_regression),
        with(rows_with_another_number_of_outputs_are_passed_over, open_multiclass),
        cmocka_unit_test(every_detector_that_a_policy_can_name_finds_a_broken_champion),
        cmocka_unit_test_setup_teardown(harm_is_what_exceeds_the_reference_and_ends_with_it,
                                        open_harm, bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
