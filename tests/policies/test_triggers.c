/*
 * test_triggers.c - when each kind of trigger fires, and above all when it does not.
 */
#include "decide_testing.h"

static const char drift_share[] =
    "monitors: [{name: inputs, kind: drift}]\n"
    "triggers: [{name: moved, kind: drift_share, monitor: inputs, share: 30%, windows: 2}]\n";

/* Eight features, of which the first n_drifting stand at psi. */
static void feed_window(struct feed *f, int64_t window, int n_drifting, double psi)
{
    static const char *const names[] = {"age", "salary", "car", "zip", "loan", "hours", "x", "y"};

    for (int i = 0; i < 8; i++)
        feed_psi(f, window, names[i], i < n_drifting ? psi : 0.1);
}

static void share_of_features_must_hold_for_all_windows(void **state)
{
    struct policy *p = policy_with(drift_share);
    struct feed f;

    (void)state;
    feed_init(&f);
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "no window of monitor inputs is closed yet");
    feed_window(&f, 7, 3, 0.31);
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "held for 1 of 2 windows");
    feed_window(&f, 8, 3, 0.31);
    expect_decision(
        p, &f, POLICY_RETRAIN, GUARD_NONE,
        "psi 0.31 > 0.25 on 3 of 8 series (age 0.31, car 0.31, salary 0.31) for 2 windows");
    feed_window(&f, 9, 2, 0.31); /* the newest window decides */
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "2 of 8 series drift, 25% < 30%");
    policy_free(p);
}

static void order_of_signals_does_not_matter(void **state)
{
    struct policy *p = policy_with(drift_share);
    struct feed f;

    (void)state;
    feed_init(&f);
    feed_window(&f, 8, 3, 0.31);
    feed_window(&f, 7, 3, 0.31);
    feed_window(&f, 6, 0, 0);
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE, "for 2 windows");
    policy_free(p);
}

static void insufficient_is_neither_drift_nor_ok(void **state)
{
    struct policy *p = policy_with(drift_share);
    struct feed f;

    (void)state;
    feed_init(&f);
    feed_window(&f, 7, 8, 0.9);
    feed_window(&f, 8, 8, NAN); /* ends the row of windows */
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "insufficient: 12 rows in window 8");
    feed_window(&f, 9, 8, 0.9); /* and does not bridge it */
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "held for 1 of 2 windows");
    feed_window(&f, 10, 8, 0.9);
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE, "8 of 8");
    policy_free(p);
}

static void the_share_is_of_those_that_could_be_judged(void **state)
{
    struct policy *p = policy_with(drift_share);
    struct feed f;

    (void)state;
    feed_init(&f);
    for (int64_t window = 1; window <= 2; window++) {
        feed_psi(&f, window, "a", 0.4);
        feed_psi(&f, window, "b", 0.1);
        for (int i = 0; i < 6; i++) {
            static const char *const rare[] = {"r1", "r2", "r3", "r4", "r5", "r6"};
            feed_psi(&f, window, rare[i], NAN);
        }
    }
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE, "on 1 of 2 series");
    policy_free(p);
}

/* Performance is numbered by labelled rows, in strides. */
static void windows_are_taken_in_order_whatever_their_numbers(void **state)
{
    struct policy *p = policy_with(drift_share);
    struct feed f;

    (void)state;
    feed_init(&f);
    feed_window(&f, 250, 8, 0.9);
    feed_window(&f, 500, 8, 0.9);
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE, "for 2 windows");
    feed_window(&f, 750, 0, 0);
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "held for 0 of 2 windows");
    policy_free(p);
}

static void several_rates_of_one_feature_count_once(void **state)
{
    struct policy *p =
        policy_with("monitors: [{name: q, kind: quality}]\n"
                    "triggers: [{name: broken, kind: drift_share, monitor: q, share: 50%}]\n");
    struct feed f;

    (void)state;
    feed_init(&f);
    feed_signal(&f,
                (struct policy_signal){0, 1, "a", "missing_rate", POLICY_DRIFT, 0.2, 0, 0.01, 500});
    feed_signal(&f,
                (struct policy_signal){0, 1, "a", "unseen_rate", POLICY_DRIFT, 0.1, 0, 0.01, 500});
    feed_signal(&f, (struct policy_signal){0, 1, "b", "missing_rate", POLICY_OK, 0, 0, 0.01, 500});
    feed_signal(&f, (struct policy_signal){0, 1, "c", "missing_rate", POLICY_OK, 0, 0, 0.01, 500});
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "1 of 3 series drift");
    policy_free(p);
}

static void a_constant_column_is_at_its_limit(void **state)
{
    struct policy *p =
        policy_with("monitors: [{name: q, kind: quality}]\n"
                    "triggers: [{name: broken, kind: drift_share, monitor: q, share: 50%}]\n");
    struct feed f;

    (void)state;
    feed_init(&f);
    feed_signal(&f, (struct policy_signal){0, 1, "a", "constant", POLICY_DRIFT, 1, 0.5, 1, 500});
    feed_signal(&f, (struct policy_signal){0, 1, "b", "constant", POLICY_OK, 0.5, 0.5, 1, 500});
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE, "constant 1 >= 1 on 1 of 2 series (a 1)");
    policy_free(p);
}

static void named_features_any_or_all(void **state)
{
    static const char text[] =
        "monitors: [{name: inputs, kind: drift}]\n"
        "triggers: [{name: key, kind: drift_features, monitor: inputs, features: [age, car], "
        "match: %s}]\n";
    char any[512], all[512];
    struct policy *p_any, *p_all;
    struct feed f;

    (void)state;
    snprintf(any, sizeof(any), text, "any");
    snprintf(all, sizeof(all), text, "all");
    p_any = policy_with(any);
    p_all = policy_with(all);
    feed_init(&f);
    feed_psi(&f, 1, "salary", 3.0); /* not named */
    feed_psi(&f, 1, "age", 0.1);
    feed_psi(&f, 1, "car", 0.3);
    expect_decision(p_any, &f, POLICY_RETRAIN, GUARD_NONE, "on 1 of 2 named features (car 0.3)");
    expect_decision(p_all, &f, POLICY_NOTHING, GUARD_NONE, "1 of 2 named features drift, 2 needed");
    feed_psi(&f, 2, "age", 0.5);
    feed_psi(&f, 2, "car", NAN); /* not known is not drift */
    expect_decision(p_all, &f, POLICY_NOTHING, GUARD_NONE, "some have too few rows");
    feed_psi(&f, 3, "age", 0.5);
    feed_psi(&f, 3, "car", 0.3);
    expect_decision(p_all, &f, POLICY_RETRAIN, GUARD_NONE, "on 2 of 2 named features");
    policy_free(p_any);
    policy_free(p_all);
}

static void feed_metric(struct feed *f, int64_t window, enum policy_verdict v, double value,
                        double reference)
{
    feed_signal(f,
                (struct policy_signal){0, window, "", "accuracy", v, value, reference, NAN, 800});
}

static void performance_needs_effect_and_evidence(void **state)
{
    struct policy *p =
        policy_with("monitors: [{name: acc, kind: performance}]\n"
                    "triggers: [{name: fell, kind: performance_drop, monitor: acc, drop: 3%}]\n");
    struct feed f;

    (void)state;
    feed_init(&f);
    feed_metric(&f, 1, POLICY_DRIFT, 0.88, 0.90); /* sure, but small */
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "worse by 2 points (limit 3 points)");
    feed_metric(&f, 2, POLICY_OK, 0.85, 0.90); /* large, but it may be chance */
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "not significant");
    feed_metric(&f, 3, POLICY_OK, 0.92, 0.90);
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "better by 2 points");
    feed_metric(&f, 4, POLICY_INSUFFICIENT, 0.5, 0.90);
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "insufficient: 800 rows");
    feed_metric(&f, 5, POLICY_DRIFT, NAN, 0.90);
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "insufficient");
    feed_metric(&f, 6, POLICY_DRIFT, 0.85, 0.90);
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE,
                    "accuracy 0.85 against the reference's 0.9, worse by 5 points");
    policy_free(p);
}

static void errors_of_regression_are_relative(void **state)
{
    struct policy *p =
        policy_with("monitors: [{name: rmse, kind: performance}]\n"
                    "triggers: [{name: grew, kind: performance_drop, monitor: rmse, drop: 10%}]\n");
    struct feed f;

    (void)state;
    feed_init(&f);
    f.in.label = POLICY_LABEL_REGRESSION;
    feed_metric(&f, 1, POLICY_DRIFT, 1090, 1000);
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "worse by 9% (limit 10%)");
    feed_metric(&f, 2, POLICY_DRIFT, 1100, 1000);
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE, "rmse 1100 against the reference's 1000");
    policy_free(p);
}

static void an_estimated_drop_fires_and_says_that_it_is_estimated(void **state)
{
    struct policy *p =
        policy_with("monitors: [{name: guess, kind: estimated_performance, metric: auc}]\n"
                    "triggers: [{name: fell, kind: performance_drop, monitor: guess, drop: 3%}]\n");
    struct feed f;

    (void)state;
    feed_init(&f);
    feed_metric(&f, 1, POLICY_DRIFT, 0.85, 0.90);
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE,
                    "estimated auc 0.85 against the reference's 0.9, worse by 5 points (limit 3 "
                    "points) over 800 rows");
    policy_free(p);
}

static void harm_fires_as_long_as_it_lasts(void **state)
{
    struct policy *p = policy_with("monitors: [{name: risk, kind: harm}]\n"
                                   "triggers: [{name: hurts, kind: harm, monitor: risk}]\n");
    struct policy_signal s = {0, 1, "", "risk", POLICY_OK, 0.12, 0.11, 0.14, 500};
    struct feed f;

    (void)state;
    feed_init(&f);
    feed_signal(&f, s);
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "mean error 0.12 over 500 labelled rows");
    s = (struct policy_signal){0, 2, "", "risk", POLICY_OK, 0.15, 0.11, 0.14, 500};
    feed_signal(&f, s);
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "tolerated up to 0.14, not significant");
    s = (struct policy_signal){0, 3, "", "risk", POLICY_DRIFT, 0.31, 0.11, 0.14, 500};
    feed_signal(&f, s);
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE,
                    "mean error 0.31 over 500 labelled rows, the reference's 0.11, tolerated up to "
                    "0.14: harm");
    s = (struct policy_signal){0, 4, "", "risk", POLICY_INSUFFICIENT, NAN, 0.11, 0.14, 20};
    feed_signal(&f, s);
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "insufficient: 20 rows");
    policy_free(p);
}

static void detectors_fire_by_their_alarm(void **state)
{
    struct policy *p = policy_with("monitors: [{name: e, kind: detector, detector: adwin}]\n"
                                   "triggers: [{name: rose, kind: detector, monitor: e}]\n");
    struct policy_alarm alarm = {0, 5, 1200, 0.21, 0.34};
    struct feed f;

    (void)state;
    feed_init(&f);
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "adwin raised no alarm");
    f.in.alarms = &alarm;
    f.in.n_alarms = 1;
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE,
                    "adwin: mean error rose from 0.21 to 0.34, seen after 1200 labelled rows");
    policy_free(p);
}

static void labelled_rows_and_age(void **state)
{
    struct policy *p =
        policy_with("triggers:\n  - {name: enough, kind: labelled_rows, rows: 5000}\n"
                    "  - {name: old, kind: age, max: 30d}\n");
    struct feed f;

    (void)state;
    feed_init(&f);
    f.in.labelled_rows = 4999;
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "old: there is no champion yet");
    f.in.champion_trained_unix_ms = at("2026-05-02T12:00:00Z");
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "limit 30d");
    f.in.now_unix_ms += 1;
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE, "trained 30d");
    f.in.labelled_rows = 5000; /* stands first in the file */
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE, "5000 rows labelled");
    policy_free(p);
}

/* Sunday 31 May to Monday 1 June 2026; Berlin is at +2. */
static void schedules_fire_once_and_stay_due_while_held_back(void **state)
{
    struct policy *p =
        policy_with("triggers: [{name: weekly, kind: schedule, cron: '0 9 * * mon', time_zone: "
                    "Europe/Berlin}]\n"
                    "guards:\n  blackout: [{times: [{start_time: '06:00', end_time: '12:00'}]}]\n");
    struct policy_run run = {"a", "weekly", "promoted", 0, 0};
    struct feed f;

    (void)state;
    feed_init(&f);
    f.in.now_unix_ms = at("2026-06-01T06:59:59Z");
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "is next due at 2026-06-01T07:00:00");
    f.in.now_unix_ms = at("2026-06-01T07:00:00Z");
    expect_decision(p, &f, POLICY_HOLD_BACK, GUARD_BLACKOUT, "until 2026-06-01T12:00:00");
    f.in.now_unix_ms = at("2026-06-01T12:00:00Z");
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE, "was due at 2026-06-01T07:00:00");
    run.started_unix_ms = at("2026-06-01T12:00:01Z");
    run.ended_unix_ms = at("2026-06-01T12:10:00Z");
    f.in.runs = &run;
    f.in.n_runs = 1;
    f.in.now_unix_ms = at("2026-06-03T12:00:00Z");
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "is next due at 2026-06-08T07:00:00");
    policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(share_of_features_must_hold_for_all_windows),
        cmocka_unit_test(order_of_signals_does_not_matter),
        cmocka_unit_test(insufficient_is_neither_drift_nor_ok),
        cmocka_unit_test(the_share_is_of_those_that_could_be_judged),
        cmocka_unit_test(windows_are_taken_in_order_whatever_their_numbers),
        cmocka_unit_test(several_rates_of_one_feature_count_once),
        cmocka_unit_test(a_constant_column_is_at_its_limit),
        cmocka_unit_test(named_features_any_or_all),
        cmocka_unit_test(performance_needs_effect_and_evidence),
        cmocka_unit_test(errors_of_regression_are_relative),
        cmocka_unit_test(an_estimated_drop_fires_and_says_that_it_is_estimated),
        cmocka_unit_test(harm_fires_as_long_as_it_lasts),
        cmocka_unit_test(detectors_fire_by_their_alarm),
        cmocka_unit_test(labelled_rows_and_age),
        cmocka_unit_test(schedules_fire_once_and_stay_due_while_held_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
