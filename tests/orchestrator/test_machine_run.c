/*
 * test_machine_run.c - runs by script: events with a fake clock, and the whole trace compared as
 * text.
 *
 * A line of the trace: seconds, event -> state, action given out ("-": none), reason. A test that
 * fails prints both traces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "machine/run_machine.h"

#define T0 INT64_C(1767225600000)
#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SHA_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

struct script {
    struct run run;
    int64_t now_ms;
    struct buf trace;
    enum run_answer answer;
};

static struct run_plan plan_with_canary(void)
{
    struct run_plan p;

    run_plan_init(&p);
    p.rollout.n_stages = 3;
    p.rollout.stages[0] =
        (struct rollout_stage){.shadow = true, .min_requests = 10, .max_time_ms = 600000};
    p.rollout.stages[1] =
        (struct rollout_stage){.weight = 0.1, .min_requests = 10, .max_time_ms = 600000};
    p.rollout.stages[2] =
        (struct rollout_stage){.weight = 0.5, .min_requests = 10, .max_time_ms = 600000};
    return p;
}

static void script_begin(struct script *s, const struct run_plan *p, const char *champion)
{
    *s = (struct script){.now_ms = T0};
    run_init(&s->run, "r-1", "loan", "drift", p, champion, champion ? "v1" : NULL, T0);
}

static void feed(struct script *s, struct run_event ev)
{
    ev.action_seq = s->run.action_seq;
    struct run_outcome out = run_step(&s->run, &ev, s->now_ms);
    s->answer = out.answer;
    if (out.answer == RUN_IGNORED) {
        return;
    }
    buf_printf(&s->trace, "%g %s -> %s %s: %s\n", (double)(s->now_ms - T0) / 1000.0,
               run_event_name(ev.kind), run_state_name(s->run.state),
               out.action == RUN_ACT_NONE ? "-" : run_action_name(out.action), out.reason);
}

static void wait_s(struct script *s, double seconds)
{
    s->now_ms += (int64_t)(seconds * 1000.0);
}

static void ok(struct script *s)
{
    feed(s, (struct run_event){.kind = RUN_EV_ACTION_OK, .replicas = 3});
}

static void failure(struct script *s, bool retryable, const char *why)
{
    feed(s, (struct run_event){.kind = RUN_EV_ACTION_FAILED, .retryable = retryable, .text = why});
}

static void tick(struct script *s)
{
    feed(s, (struct run_event){.kind = RUN_EV_TICK});
}

static void job(struct script *s, enum run_job_state state, const char *text)
{
    feed(s, (struct run_event){
                .kind = RUN_EV_JOB_STATUS, .job = state, .progress = 0.5, .text = text});
}

static void numbers(struct script *s, enum rollout_verdict v, int64_t n)
{
    feed(s, (struct run_event){.kind = RUN_EV_ROLLOUT_NUMBERS,
                               .verdict = v,
                               .champion_requests = 9 * n,
                               .candidate_requests = n,
                               .text = "numbers"});
}

static void verb(struct script *s, enum run_event_kind kind)
{
    feed(s, (struct run_event){.kind = kind, .actor = "alice", .text = "because"});
}

static void to_train(struct script *s)
{
    feed(s, (struct run_event){.kind = RUN_EV_START});
    feed(s, (struct run_event){.kind = RUN_EV_ACTION_OK, .sha256 = SHA_C, .n_rows = 5000});
    ok(s);
    ok(s);
}

static void to_gate(struct script *s)
{
    to_train(s);
    job(s, RUN_JOB_SUCCEEDED, NULL);
    feed(s, (struct run_event){.kind = RUN_EV_ACTION_OK, .sha256 = SHA_B, .label = "v2"});
}

static void to_shadow(struct script *s)
{
    to_gate(s);
    feed(s, (struct run_event){.kind = RUN_EV_GATE_VERDICT,
                               .verdict = ROLLOUT_GOOD,
                               .text = "log_loss 0.40 against 0.45"});
    ok(s);
}

static void next_reading(struct script *s, enum rollout_verdict v, int64_t n)
{
    wait_s(s, 2);
    tick(s);
    numbers(s, v, n);
}

static void to_first_canary(struct script *s)
{
    to_shadow(s);
    ok(s);
    next_reading(s, ROLLOUT_GOOD, 20);
    ok(s);
}

/* Forgets what was traced so far. */
static void from_here(struct script *s)
{
    buf_clear(&s->trace);
}

static void expect(struct script *s, const char *trace)
{
    const char *got = s->trace.data ? s->trace.data : "";

    if (strcmp(got, trace) != 0) {
        print_error("expected:\n%s\ngot:\n%s\n", trace, got);
    }
    assert_string_equal(got, trace);
    buf_free(&s->trace);
}

/* ---- the straight way ---- */

static void run_goes_from_trigger_to_promotion(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    script_begin(&s, &p, SHA_A);
    to_train(&s);
    job(&s, RUN_JOB_RUNNING, NULL);
    wait_s(&s, 1);
    tick(&s);
    job(&s, RUN_JOB_SUCCEEDED, NULL);
    feed(&s, (struct run_event){.kind = RUN_EV_ACTION_OK, .sha256 = SHA_B, .label = "v2"});
    feed(&s, (struct run_event){.kind = RUN_EV_GATE_VERDICT,
                                .verdict = ROLLOUT_GOOD,
                                .text = "log_loss 0.40 against 0.45"});
    ok(&s);
    ok(&s);
    next_reading(&s, ROLLOUT_GOOD, 20);
    ok(&s);
    next_reading(&s, ROLLOUT_NOT_ENOUGH, 30);
    next_reading(&s, ROLLOUT_GOOD, 40);
    ok(&s);
    next_reading(&s, ROLLOUT_GOOD, 60);
    ok(&s);
    expect(&s,
           "0 start -> snapshot build_snapshot: \n"
           "0 action_ok -> push push_snapshot: snapshot cccccccccccc of 5000 rows\n"
           "0 action_ok -> submit submit_job: the trainer has the snapshot and the champion\n"
           "0 action_ok -> train poll_job: the trainer took job r-1-1\n"
           "0 job_status -> train -: \n"
           "1 tick -> train poll_job: \n"
           "1 job_status -> fetch fetch_result: the job succeeded\n"
           "1 action_ok -> gate evaluate_gate: candidate v2 (bbbbbbbbbbbb) is here\n"
           "1 gate_verdict -> distribute push_desired: the gate: good: log_loss 0.40 against 0.45\n"
           "1 action_ok -> shadow push_desired: v2 is loaded: 3 replicas, 0 away\n"
           "1 action_ok -> shadow -: the fleet runs it: 3 replicas, 0 away\n"
           "3 tick -> shadow read_rollout: \n"
           "3 rollout_numbers -> canary push_desired: stage 1 of 3 (shadow) passed after 2s: good: "
           "numbers (candidate 20 requests in this stage, 10 asked for)\n"
           "3 action_ok -> canary -: the fleet runs it: 3 replicas, 0 away\n"
           "5 tick -> canary read_rollout: \n"
           "5 rollout_numbers -> canary -: \n"
           "7 tick -> canary read_rollout: \n"
           "7 rollout_numbers -> canary push_desired: stage 2 of 3 (weight 0.1) passed after 4s: "
           "good: numbers (candidate 20 requests in this stage, 10 asked for)\n"
           "7 action_ok -> canary -: the fleet runs it: 3 replicas, 0 away\n"
           "9 tick -> canary read_rollout: \n"
           "9 rollout_numbers -> promote push_desired: stage 3 of 3 (weight 0.5) passed after 2s: "
           "good: numbers (candidate 20 requests in this stage, 10 asked for)\n"
           "9 action_ok -> promoted -: v2 is the champion: 3 replicas, 0 away\n");
}

static void first_version_is_promoted_directly(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;
    struct run_desired d;

    (void)state;
    script_begin(&s, &p, NULL);
    to_gate(&s);
    from_here(&s);
    assert_int_equal(s.run.next_at_ms, s.now_ms);
    tick(&s);
    ok(&s);
    expect(&s, "0 tick -> promote push_desired: the gate: no champion to compare with\n"
               "0 action_ok -> promoted -: v2 is the champion: 3 replicas, 0 away\n");
    run_desired(&s.run, &d);
    assert_string_equal(d.champion, SHA_B);
    assert_string_equal(d.warm, "");
}

static void gate_that_is_switched_off_still_leads_through_the_rollout(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    p.gate = false;
    script_begin(&s, &p, SHA_A);
    to_gate(&s);
    from_here(&s);
    tick(&s);
    expect(&s, "0 tick -> distribute push_desired: the gate: switched off\n");
}

static void gate_rejects_bad_and_not_enough(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    for (int v = 0; v < 3; v++) {
        if (v == ROLLOUT_GOOD) {
            continue;
        }
        script_begin(&s, &p, SHA_A);
        to_gate(&s);
        feed(&s,
             (struct run_event){.kind = RUN_EV_GATE_VERDICT, .verdict = (enum rollout_verdict)v});
        assert_int_equal(s.run.state, RUN_REJECTED);
        buf_free(&s.trace);
    }
}

/* ---- what goes wrong ---- */

static void unreachable_trainer_is_retried_with_backoff(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    p.retry_max_ms = 2000;
    script_begin(&s, &p, SHA_A);
    feed(&s, (struct run_event){.kind = RUN_EV_START});
    feed(&s, (struct run_event){.kind = RUN_EV_ACTION_OK, .sha256 = SHA_C, .n_rows = 5000});
    from_here(&s);
    for (int i = 0; i < 4; i++) {
        failure(&s, true, "connection refused");
        wait_s(&s, 0.499);
        tick(&s);
        s.now_ms = s.run.next_at_ms;
        tick(&s);
    }
    ok(&s);
    expect(&s,
           "0 action_failed -> push -: push_snapshot failed (attempt 1): connection refused; again "
           "in 500ms\n"
           "0.5 tick -> push push_snapshot: \n"
           "0.5 action_failed -> push -: push_snapshot failed (attempt 2): connection refused; "
           "again in 1s\n"
           "1.5 tick -> push push_snapshot: \n"
           "1.5 action_failed -> push -: push_snapshot failed (attempt 3): connection refused; "
           "again in 2s\n"
           "3.5 tick -> push push_snapshot: \n"
           "3.5 action_failed -> push -: push_snapshot failed (attempt 4): connection refused; "
           "again in 2s\n"
           "5.5 tick -> push push_snapshot: \n"
           "5.5 action_ok -> submit submit_job: the trainer has the snapshot and the champion\n");
}

static void run_cancels_job_when_deadline_passes(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    p.deadline_ms[RUN_TRAIN] = 60000;
    script_begin(&s, &p, SHA_A);
    to_train(&s);
    job(&s, RUN_JOB_RUNNING, NULL);
    from_here(&s);
    wait_s(&s, 60);
    tick(&s);
    ok(&s);
    expect(&s, "60 tick -> cancel cancel_job: train: the deadline passed after 1m and 0 failures\n"
               "60 action_ok -> failed -: train: the deadline passed after 1m and 0 failures; the "
               "job is cancelled\n");
}

static void failed_job_ends_the_run_with_the_trainers_words(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    script_begin(&s, &p, SHA_A);
    to_train(&s);
    from_here(&s);
    job(&s, RUN_JOB_FAILED, "no rows with label UP");
    expect(&s, "0 job_status -> failed -: the job failed: no rows with label UP\n");
}

static void job_that_crashed_is_made_again_under_another_id(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;
    struct run_event crash = {.kind = RUN_EV_JOB_STATUS,
                              .job = RUN_JOB_FAILED,
                              .retryable = true,
                              .text = "killed by signal 9"};

    (void)state;
    p.job_retries = 1;
    script_begin(&s, &p, SHA_A);
    to_train(&s);
    from_here(&s);
    feed(&s, crash);
    ok(&s);
    ok(&s);
    feed(&s, crash);
    expect(&s, "0 job_status -> push push_snapshot: job attempt 1 failed: killed by signal 9; "
               "another is made (2 allowed)\n"
               "0 action_ok -> submit submit_job: the trainer has the snapshot and the champion\n"
               "0 action_ok -> train poll_job: the trainer took job r-1-2\n"
               "0 job_status -> failed -: the job failed: killed by signal 9\n");
}

static void forgotten_job_is_handed_over_again_under_the_same_id(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    script_begin(&s, &p, SHA_A);
    to_train(&s);
    from_here(&s);
    job(&s, RUN_JOB_UNKNOWN, NULL);
    ok(&s);
    ok(&s);
    expect(&s,
           "0 job_status -> push push_snapshot: the trainer does not know the job: it is handed "
           "over again\n"
           "0 action_ok -> submit submit_job: the trainer has the snapshot and the champion\n"
           "0 action_ok -> train poll_job: the trainer took job r-1-1\n");
}

static void trainer_that_keeps_forgetting_fails_the_run(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    script_begin(&s, &p, SHA_A);
    to_train(&s);
    for (int i = 0; i < 6 && s.run.state == RUN_TRAIN; i++) {
        job(&s, RUN_JOB_UNKNOWN, NULL);
        ok(&s);
        ok(&s);
    }
    assert_int_equal(s.run.state, RUN_FAILED);
    buf_free(&s.trace);
}

static void replica_that_refuses_the_version_rolls_back(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    script_begin(&s, &p, SHA_A);
    to_gate(&s);
    feed(&s, (struct run_event){.kind = RUN_EV_GATE_VERDICT, .verdict = ROLLOUT_GOOD});
    from_here(&s);
    failure(&s, false, "r2: golden row 3 does not match");
    ok(&s);
    expect(&s,
           "0 action_failed -> roll_back push_desired: push_desired failed: r2: golden row 3 "
           "does not match\n"
           "0 action_ok -> rolled_back -: push_desired failed: r2: golden row 3 does not match; "
           "back on v1: 3 replicas, 0 away\n");
}

static void rollback_is_not_given_up_for_one_refusal(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    script_begin(&s, &p, SHA_A);
    to_first_canary(&s);
    verb(&s, RUN_EV_ROLLBACK);
    from_here(&s);
    failure(&s, false, "r2: 500");
    s.now_ms = s.run.next_at_ms;
    tick(&s);
    ok(&s);
    expect(&s, "2 action_failed -> roll_back -: push_desired failed (attempt 1): r2: 500; again in "
               "500ms\n"
               "2.5 tick -> roll_back push_desired: \n"
               "2.5 action_ok -> rolled_back -: rolled back by alice: because; back on v1: 3 "
               "replicas, 0 away\n");
}

/* ---- the rollout ---- */

static void bad_canary_is_taken_back_by_itself(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;
    struct run_desired d;

    (void)state;
    script_begin(&s, &p, SHA_A);
    to_first_canary(&s);
    run_desired(&s.run, &d);
    assert_true(d.weight == 0.1);
    assert_string_equal(d.candidate, SHA_B);
    from_here(&s);
    next_reading(&s, ROLLOUT_BAD, 25);
    run_desired(&s.run, &d);
    assert_string_equal(d.champion, SHA_A);
    assert_string_equal(d.candidate, "");
    ok(&s);
    expect(&s,
           "4 tick -> canary read_rollout: \n"
           "4 rollout_numbers -> roll_back push_desired: stage 2 of 3 (weight 0.1): bad: numbers "
           "(candidate 25 requests, champion 225)\n"
           "4 action_ok -> rolled_back -: stage 2 of 3 (weight 0.1): bad: numbers (candidate 25 "
           "requests, champion 225); back on v1: 3 replicas, 0 away\n");
}

static void canary_without_data_is_taken_back_even_where_reading_fails(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    p.retry_max_ms = 3600000;
    script_begin(&s, &p, SHA_A);
    to_first_canary(&s);
    wait_s(&s, 2);
    tick(&s);
    failure(&s, false, "no replica answers");
    from_here(&s);
    wait_s(&s, 600);
    s.run.again_ms = INT64_MAX; /* as if the next attempt were far away */
    tick(&s);
    expect(&s, "604 tick -> roll_back push_desired: stage 2 of 3 (weight 0.1): 10m are over with "
               "verdict not_enough after 0 candidate requests (10 asked for): no data never "
               "promotes\n");
}

static void waiting_for_promotion_does_not_stop_the_safety_checks(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    p.approve_promotion = true;
    p.rollout.n_stages = 1;
    script_begin(&s, &p, SHA_A);
    to_shadow(&s);
    ok(&s);
    from_here(&s);
    next_reading(&s, ROLLOUT_GOOD, 20);
    numbers(&s, ROLLOUT_GOOD, 30);
    verb(&s, RUN_EV_PAUSE);
    next_reading(&s, ROLLOUT_BAD, 40);
    expect(&s, "2 tick -> shadow read_rollout: \n"
               "2 rollout_numbers -> awaiting_promotion read_rollout: stage 1 of 1 (shadow) passed "
               "after 2s: good: numbers (candidate 20 requests in this stage, 10 asked for)\n"
               "2 rollout_numbers -> awaiting_promotion -: \n"
               "2 pause -> awaiting_promotion -: paused by alice: because\n"
               "4 tick -> awaiting_promotion read_rollout: \n"
               "4 rollout_numbers -> roll_back push_desired: after the last stage: bad: numbers "
               "(candidate 40 requests, champion 360)\n");
}

static void promotion_nobody_approves_expires_and_is_taken_back(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    p.approve_promotion = true;
    p.deadline_ms[RUN_AWAITING_PROMOTION] = 60000;
    p.rollout.n_stages = 0;
    script_begin(&s, &p, SHA_A);
    to_shadow(&s);
    assert_int_equal(s.run.state, RUN_AWAITING_PROMOTION);
    wait_s(&s, 60);
    tick(&s);
    ok(&s);
    assert_int_equal(s.run.state, RUN_EXPIRED);
    buf_free(&s.trace);
}

static void training_nobody_approves_expires(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    p.approve_training = true;
    script_begin(&s, &p, SHA_A);
    feed(&s, (struct run_event){.kind = RUN_EV_START});
    assert_int_equal(s.run.next_at_ms, T0 + 604800000);
    wait_s(&s, 604800);
    tick(&s);
    expect(&s, "604800 tick -> expired -: awaiting_approval: the deadline passed after 7d and 0 "
               "failures\n");
}

/* ---- the operator ---- */

static void approval_starts_the_training(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    p.approve_training = true;
    script_begin(&s, &p, SHA_A);
    verb(&s, RUN_EV_APPROVE);
    verb(&s, RUN_EV_APPROVE);
    assert_int_equal(s.answer, RUN_ALREADY);
    expect(&s, "0 approve -> snapshot build_snapshot: training approved by alice: because\n"
               "0 approve -> snapshot -: the run is in state snapshot: it was approved\n");
}

static void abort_while_submitting_cancels_what_may_have_arrived(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    script_begin(&s, &p, SHA_A);
    feed(&s, (struct run_event){.kind = RUN_EV_START});
    feed(&s, (struct run_event){.kind = RUN_EV_ACTION_OK, .sha256 = SHA_C});
    ok(&s);
    from_here(&s);
    uint32_t submit_seq = s.run.action_seq;
    verb(&s, RUN_EV_ABORT);
    struct run_event late = {.kind = RUN_EV_ACTION_OK, .action_seq = submit_seq};
    assert_int_equal(run_step(&s.run, &late, s.now_ms).answer, RUN_IGNORED);
    ok(&s);
    expect(&s, "0 abort -> cancel cancel_job: aborted by alice: because\n"
               "0 action_ok -> aborted -: aborted by alice: because; the job is cancelled\n");
}

static void pause_holds_the_next_action_and_resume_gives_it_out(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    script_begin(&s, &p, SHA_A);
    to_train(&s);
    verb(&s, RUN_EV_PAUSE);
    from_here(&s);
    job(&s, RUN_JOB_SUCCEEDED, NULL);
    assert_int_equal(s.run.next_at_ms, INT64_MAX);
    int64_t deadline_ms = s.run.deadline_ms;
    wait_s(&s, 36000);
    tick(&s);
    assert_int_equal(s.answer, RUN_IGNORED);
    verb(&s, RUN_EV_RESUME);
    assert_int_equal(s.run.deadline_ms, deadline_ms + 36000000);
    expect(&s, "0 job_status -> fetch -: the job succeeded\n"
               "36000 resume -> fetch fetch_result: resumed by alice: because\n");
}

static void operator_promotes_from_a_paused_canary(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    script_begin(&s, &p, SHA_A);
    to_first_canary(&s);
    verb(&s, RUN_EV_PAUSE);
    from_here(&s);
    verb(&s, RUN_EV_PROMOTE);
    ok(&s);
    expect(&s, "2 promote -> promote push_desired: promoted, skipping what was left, by alice: "
               "because\n"
               "2 action_ok -> promoted -: v2 is the champion: 3 replicas, 0 away\n");
}

static void abort_during_the_rollout_rolls_back(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    script_begin(&s, &p, SHA_A);
    to_first_canary(&s);
    from_here(&s);
    verb(&s, RUN_EV_ABORT);
    verb(&s, RUN_EV_ABORT);
    assert_int_equal(s.answer, RUN_ALREADY);
    ok(&s);
    expect(&s, "2 abort -> roll_back push_desired: aborted by alice: because\n"
               "2 abort -> roll_back -: the run is in state roll_back: it is being taken back\n"
               "2 action_ok -> aborted -: aborted by alice: because; back on v1: 3 replicas, 0 "
               "away\n");
}

/* A bring-up table of all verbs in all states would repeat run_verbs.c; what matters is that each
 * answers with words, and that what it refused changed nothing. */
static void every_verb_answers_in_every_state(void **state)
{
    struct run_plan p = plan_with_canary();

    (void)state;
    for (int st = 0; st < RUN_N_STATES; st++) {
        for (int k = RUN_EV_APPROVE; k <= RUN_EV_ROLLBACK; k++) {
            struct run r;
            run_init(&r, "r-1", "loan", "drift", &p, SHA_A, "v1", T0);
            r.state = (enum run_state)st;
            struct run_event ev = {.kind = (enum run_event_kind)k, .actor = "alice"};
            struct run_outcome out = run_step(&r, &ev, T0);
            assert_true(out.answer != RUN_IGNORED);
            assert_true(out.reason[0] != '\0');
            assert_int_equal(out.transition, out.answer == RUN_DONE);
            assert_true(out.answer == RUN_DONE || (int)r.state == st);
        }
    }
}

/* ---- restarts ---- */

static void restart_repeats_the_pending_action_under_its_number(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;

    (void)state;
    script_begin(&s, &p, SHA_A);
    feed(&s, (struct run_event){.kind = RUN_EV_START});
    feed(&s, (struct run_event){.kind = RUN_EV_ACTION_OK, .sha256 = SHA_C});
    ok(&s);
    uint32_t seq = s.run.action_seq;
    from_here(&s);
    feed(&s, (struct run_event){.kind = RUN_EV_START});
    assert_int_equal(s.run.action_seq, seq);
    expect(&s, "0 start -> submit submit_job: \n");
}

static void texts_that_are_cut_stay_utf8(void **state)
{
    struct run_plan p = plan_with_canary();
    struct script s;
    char *text = malloc(1001);

    (void)state;
    for (int i = 0; i < 1000; i += 2) {
        memcpy(text + i, "\xc3\xa9", 2);
    }
    text[1000] = '\0';
    script_begin(&s, &p, SHA_A);
    to_train(&s);
    job(&s, RUN_JOB_FAILED, text);
    cJSON *json = run_to_json(&s.run);
    struct run back;
    struct err e = {0};
    char *printed = cJSON_PrintUnformatted(json);
    cJSON *parsed = NULL;
    assert_int_equal(json_parse("run", printed, strlen(printed), &parsed, &e), ERR_OK);
    assert_int_equal(run_from_json(parsed, &back, &e), ERR_OK);
    assert_string_equal(back.reason, s.run.reason);
    cJSON_Delete(json);
    cJSON_Delete(parsed);
    free(printed);
    free(text);
    buf_free(&s.trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_goes_from_trigger_to_promotion),
        cmocka_unit_test(first_version_is_promoted_directly),
        cmocka_unit_test(gate_that_is_switched_off_still_leads_through_the_rollout),
        cmocka_unit_test(gate_rejects_bad_and_not_enough),
        cmocka_unit_test(unreachable_trainer_is_retried_with_backoff),
        cmocka_unit_test(run_cancels_job_when_deadline_passes),
        cmocka_unit_test(failed_job_ends_the_run_with_the_trainers_words),
        cmocka_unit_test(job_that_crashed_is_made_again_under_another_id),
        cmocka_unit_test(forgotten_job_is_handed_over_again_under_the_same_id),
        cmocka_unit_test(trainer_that_keeps_forgetting_fails_the_run),
        cmocka_unit_test(replica_that_refuses_the_version_rolls_back),
        cmocka_unit_test(rollback_is_not_given_up_for_one_refusal),
        cmocka_unit_test(bad_canary_is_taken_back_by_itself),
        cmocka_unit_test(canary_without_data_is_taken_back_even_where_reading_fails),
        cmocka_unit_test(waiting_for_promotion_does_not_stop_the_safety_checks),
        cmocka_unit_test(promotion_nobody_approves_expires_and_is_taken_back),
        cmocka_unit_test(training_nobody_approves_expires),
        cmocka_unit_test(approval_starts_the_training),
        cmocka_unit_test(abort_while_submitting_cancels_what_may_have_arrived),
        cmocka_unit_test(pause_holds_the_next_action_and_resume_gives_it_out),
        cmocka_unit_test(operator_promotes_from_a_paused_canary),
        cmocka_unit_test(abort_during_the_rollout_rolls_back),
        cmocka_unit_test(every_verb_answers_in_every_state),
        cmocka_unit_test(restart_repeats_the_pending_action_under_its_number),
        cmocka_unit_test(texts_that_are_cut_stay_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
