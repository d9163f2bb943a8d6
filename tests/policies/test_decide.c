/*
 * test_decide.c - who asks, who forbids, and what is said: decisions as a whole, and a month of
 * them on a virtual clock.
 */
#include "decide_testing.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const char one_feature[] =
    "monitors: [{name: inputs, kind: drift}]\n"
    "triggers: [{name: moved, kind: drift_share, monitor: inputs, share: 50%}]\n";

static struct policy *drifting_policy(const char *more)
{
    char text[2048];

    snprintf(text, sizeof(text), "%s%s", one_feature, more);
    return policy_with(text);
}

static void feed_drift(struct feed *f)
{
    feed_init(f);
    feed_psi(f, 1, "age", 0.4);
}

static void a_guard_holds_back_with_both_reasons(void **state)
{
    struct policy *p = drifting_policy("guards: {cooldown: 1h}\n");
    struct policy_run run = {"a", "moved", "rejected", 0, 0};
    struct policy_decision d;
    struct feed f;

    (void)state;
    feed_drift(&f);
    run.started_unix_ms = f.in.now_unix_ms - HOUR;
    run.ended_unix_ms = f.in.now_unix_ms - 10 * MINUTE;
    f.in.runs = &run;
    f.in.n_runs = 1;
    assert_int_equal(policy_decide(p, &f.in, &d, NULL), ERR_OK);
    assert_int_equal(d.outcome, POLICY_HOLD_BACK);
    assert_int_equal(d.guard, GUARD_COOLDOWN);
    assert_int_equal(d.retry_unix_ms, f.in.now_unix_ms + 50 * MINUTE);
    assert_string_equal(d.trigger_name, "moved");
    assert_string_equal(
        d.reason, "psi 0.4 > 0.25 on 1 of 1 series (age 0.4); held back by cooldown: the last "
                  "run ended 10m ago, cooldown 1h");
    policy_decision_deinit(&d);
    policy_free(p);
}

static void the_first_trigger_of_the_file_is_the_reason(void **state)
{
    struct policy *p =
        policy_with("monitors: [{name: inputs, kind: drift}]\n"
                    "triggers:\n"
                    "  - {name: never, kind: labelled_rows, rows: 999999}\n"
                    "  - {name: labels, kind: labelled_rows, rows: 1000}\n"
                    "  - {name: moved, kind: drift_share, monitor: inputs, share: 1%}\n");
    struct policy_decision d;
    struct feed f;

    (void)state;
    feed_drift(&f);
    assert_int_equal(policy_decide(p, &f.in, &d, NULL), ERR_OK);
    assert_int_equal(d.outcome, POLICY_RETRAIN);
    assert_int_equal(d.trigger, 1);
    assert_string_equal(d.trigger_name, "labels");
    policy_decision_deinit(&d);
    policy_free(p);
}

static void evidence_holds_every_trigger_and_guard(void **state)
{
    struct policy *p = drifting_policy("");
    struct policy_decision d;
    const cJSON *signal;
    const char *text = NULL;
    struct feed f;

    (void)state;
    feed_drift(&f);
    assert_int_equal(policy_decide(p, &f.in, &d, NULL), ERR_OK);
    assert_int_equal(json_get_string(d.evidence, "outcome", &text, NULL), ERR_OK);
    assert_string_equal(text, "retrain");
    assert_int_equal(json_get_string(d.evidence, "reason", &text, NULL), ERR_OK);
    assert_string_equal(text, d.reason);
    signal = json_at(d.evidence, "triggers[0].windows[0].signals[0]");
    assert_non_null(signal);
    assert_float_equal(json_at(signal, "value")->valuedouble, 0.4, 1e-12);
    assert_float_equal(json_at(signal, "threshold")->valuedouble, 0.25, 1e-12);
    assert_null(json_at(signal, "reference")); /* NaN has no place in JSON */
    assert_int_equal(cJSON_GetArraySize(json_at(d.evidence, "guards")), GUARD_NONE);
    policy_decision_deinit(&d);
    policy_free(p);
}

static void a_person_may_always_ask(void **state)
{
    struct policy *p = policy_with("mode: observe\nguards: {cooldown: 1h, approval: train}\n");
    struct policy_request request = {"ann", "new schema", false};
    struct policy_run run = {"a", "x", "failed", 0, 0};
    struct policy_decision d;
    struct feed f;

    (void)state;
    feed_init(&f);
    expect_decision(p, &f, POLICY_NOTHING, GUARD_NONE, "no triggers; only a person may ask");
    f.in.request = &request;
    assert_int_equal(policy_decide(p, &f.in, &d, NULL), ERR_OK);
    assert_int_equal(d.outcome, POLICY_RETRAIN);
    assert_string_equal(d.trigger_name, DECISION_MANUAL);
    assert_string_equal(d.reason, "asked for by ann: new schema");
    assert_false(d.needs_approval); /* asking is approving */
    policy_decision_deinit(&d);

    run.started_unix_ms = run.ended_unix_ms = f.in.now_unix_ms - MINUTE;
    f.in.runs = &run;
    f.in.n_runs = 1;
    expect_decision(p, &f, POLICY_HOLD_BACK, GUARD_COOLDOWN, "held back by cooldown");
    request.force = true;
    expect_decision(p, &f, POLICY_RETRAIN, GUARD_NONE, "guards overridden");
    f.in.active_run = "run-9";
    expect_decision(p, &f, POLICY_HOLD_BACK, GUARD_ONE_RUN, "run-9 is in progress");
    policy_free(p);
}

static void approval_is_asked_for_what_the_policy_names(void **state)
{
    static const struct {
        const char *approval;
        bool needed;
    } cases[] = {{"none", false}, {"train", true}, {"promote", false}, {"both", true}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char guards[64];
        struct policy_decision d;
        struct policy *p;
        struct feed f;

        snprintf(guards, sizeof(guards), "guards: {approval: %s}\n", cases[i].approval);
        p = drifting_policy(guards);
        feed_drift(&f);
        assert_int_equal(policy_decide(p, &f.in, &d, NULL), ERR_OK);
        if (d.outcome != POLICY_RETRAIN || d.needs_approval != cases[i].needed)
            fail_msg("approval %s: got %d, want %d", cases[i].approval, d.needs_approval,
                     cases[i].needed);
        policy_decision_deinit(&d);
        policy_free(p);
    }
}

static void observe_says_what_it_would_have_done(void **state)
{
    struct policy *p = drifting_policy("mode: observe\n");
    struct feed f;

    (void)state;
    feed_drift(&f);
    expect_decision(p, &f, POLICY_HOLD_BACK, GUARD_OBSERVE, "psi 0.4 > 0.25");
    policy_free(p);
}

static void signals_of_unknown_monitors_are_refused(void **state)
{
    struct policy *p = drifting_policy("");
    struct policy_decision d;
    struct err e;
    struct feed f;

    (void)state;
    feed_drift(&f);
    f.signals[0].monitor = 1;
    assert_int_equal(policy_decide(p, &f.in, &d, &e), ERR_INVALID);
    assert_string_equal(e.message, "signal 0: monitor 1, the policy has 1");
    policy_free(p);
}

/* A stream that drifts without end is decided on every five minutes for 30 days; each run takes an
 * hour and is rejected. The guards alone keep the runs few. */
static void a_month_of_lasting_drift_keeps_to_the_budget(void **state)
{
    struct policy *p = drifting_policy("guards:\n  cooldown: 3h\n  max_runs_per_day: 4\n"
                                       "  blackout: [{weekdays: [saturday, sunday]}]\n");
    int64_t start = at("2026-06-01T00:00:00Z"); /* a Monday; 22 working days follow */
    struct policy_run runs[200];
    struct feed f;
    size_t n = 0;

    (void)state;
    feed_drift(&f);
    f.in.runs = runs;
    for (int64_t now = start; now < start + 30 * DAY; now += 5 * MINUTE) {
        bool active = n > 0 && now < runs[n - 1].started_unix_ms + HOUR;
        struct policy_decision d;

        if (n > 0 && !active)
            runs[n - 1].ended_unix_ms = runs[n - 1].started_unix_ms + HOUR;
        f.in.now_unix_ms = now;
        f.in.n_runs = n;
        f.in.active_run = active ? "running" : NULL;
        assert_int_equal(policy_decide(p, &f.in, &d, NULL), ERR_OK);
        if (d.outcome == POLICY_RETRAIN) {
            assert_true(n < 200);
            runs[n++] = (struct policy_run){"r", d.trigger_name[0] != '\0' ? "moved" : "",
                                            "rejected", now, 0};
        } else if (d.retry_unix_ms != 0) {
            assert_true(d.retry_unix_ms > now);
        }
        policy_decision_deinit(&d);
    }
    /* 00:00, 04:00, 08:00, 12:00, then the budget until 00:00: 4 on each of the 22 working days */
    assert_int_equal(n, 4 * 22);
    for (size_t i = 4; i < n; i++) {
        if (runs[i].started_unix_ms - runs[i - 4].started_unix_ms < DAY)
            fail_msg("runs %zu to %zu started within 24 hours", i - 4, i);
    }
    policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guard_holds_back_with_both_reasons),
        cmocka_unit_test(the_first_trigger_of_the_file_is_the_reason),
        cmocka_unit_test(evidence_holds_every_trigger_and_guard),
        cmocka_unit_test(a_person_may_always_ask),
        cmocka_unit_test(approval_is_asked_for_what_the_policy_names),
        cmocka_unit_test(observe_says_what_it_would_have_done),
        cmocka_unit_test(signals_of_unknown_monitors_are_refused),
        cmocka_unit_test(a_month_of_lasting_drift_keeps_to_the_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
