/*
 * test_job_machine.c - scripts of events, and the states and actions that must come of them.
 */
#include "trainer_fixture.h"

#include <stdio.h>
#include <string.h>

#include "daemon/job_machine.h"

#define MAX_ATTEMPTS 2

struct line {
    enum job_event_kind event;
    enum job_state state; /* after it */
    enum job_action action;
};

static void play(struct job_status *s, const struct line *script, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct job_event event = {script[i].event, (int64_t)(1000 * (i + 1)), "because"};
        enum job_action action = job_step(s, &event, MAX_ATTEMPTS);
        if (s->state != script[i].state || action != script[i].action) {
            fail_msg("line %zu: got %s and action %d, expected %s and action %d", i,
                     job_state_name(s->state), (int)action, job_state_name(script[i].state),
                     (int)script[i].action);
        }
    }
}

#define PLAY(status, ...)                                                                          \
    play(status, (const struct line[]){__VA_ARGS__},                                               \
         sizeof((const struct line[]){__VA_ARGS__}) / sizeof(struct line))

static void job_succeeds_only_after_its_result_was_checked(void **state)
{
    (void)state;
    struct job_status s = {0};
    PLAY(&s, {JOB_ON_SLOT, JOB_RUNNING, JOB_DO_SPAWN}, {JOB_ON_GONE, JOB_CHECKING, JOB_DO_CHECK},
         {JOB_ON_VALID, JOB_SUCCEEDED, JOB_DO_NOTHING});
    assert_string_equal(s.error, "");
    assert_int_equal(s.started_unix_ms, 1000);
    assert_int_equal(s.ended_unix_ms, 3000);
}

static void invalid_result_fails_the_job_with_its_reason(void **state)
{
    (void)state;
    struct job_status s = {0};
    PLAY(&s, {JOB_ON_SLOT, JOB_RUNNING, JOB_DO_SPAWN}, {JOB_ON_GONE, JOB_CHECKING, JOB_DO_CHECK},
         {JOB_ON_INVALID, JOB_FAILED, JOB_DO_NOTHING});
    assert_string_equal(s.error, "because");
}

static void cancel_ends_with_a_kill_where_the_process_does_not_listen(void **state)
{
    (void)state;
    struct job_status s = {0};
    PLAY(&s, {JOB_ON_SLOT, JOB_RUNNING, JOB_DO_SPAWN},
         {JOB_ON_CANCEL, JOB_STOPPING, JOB_DO_TERMINATE},
         {JOB_ON_GRACE_OVER, JOB_STOPPING, JOB_DO_KILL},
         {JOB_ON_CANCEL, JOB_STOPPING, JOB_DO_NOTHING},
         {JOB_ON_GONE, JOB_CANCELLED, JOB_DO_NOTHING},
         {JOB_ON_CANCEL, JOB_CANCELLED, JOB_DO_NOTHING});
}

static void deadline_fails_the_job_and_says_after_how_long(void **state)
{
    (void)state;
    struct job_status s = {0};
    PLAY(&s, {JOB_ON_SLOT, JOB_RUNNING, JOB_DO_SPAWN},
         {JOB_ON_DEADLINE, JOB_STOPPING, JOB_DO_TERMINATE},
         {JOB_ON_GONE, JOB_FAILED, JOB_DO_NOTHING});
    assert_string_equal(s.error, "deadline exceeded: stopped after 2.0 s");
}

static void shutdown_queues_the_job_again_without_counting_the_attempt(void **state)
{
    (void)state;
    struct job_status s = {0};
    PLAY(&s, {JOB_ON_SLOT, JOB_RUNNING, JOB_DO_SPAWN},
         {JOB_ON_SHUTDOWN, JOB_STOPPING, JOB_DO_TERMINATE},
         {JOB_ON_GONE, JOB_QUEUED, JOB_DO_NOTHING});
    assert_int_equal(s.attempts, 0);
    assert_int_equal(s.stop, JOB_STOP_NONE);
}

static void interrupted_job_starts_over_until_its_attempts_are_spent(void **state)
{
    (void)state;
    struct job_status s = {0};
    PLAY(&s, {JOB_ON_SLOT, JOB_RUNNING, JOB_DO_SPAWN}, {JOB_ON_GONE, JOB_CHECKING, JOB_DO_CHECK},
         {JOB_ON_INTERRUPTED, JOB_QUEUED, JOB_DO_NOTHING}, {JOB_ON_SLOT, JOB_RUNNING, JOB_DO_SPAWN},
         {JOB_ON_GONE, JOB_CHECKING, JOB_DO_CHECK},
         {JOB_ON_INTERRUPTED, JOB_FAILED, JOB_DO_NOTHING});
    assert_contains(s.error, "interrupted 2 times");
}

static void cancel_while_checking_wins_over_the_result(void **state)
{
    (void)state;
    struct job_status s = {0};
    PLAY(&s, {JOB_ON_SLOT, JOB_RUNNING, JOB_DO_SPAWN}, {JOB_ON_GONE, JOB_CHECKING, JOB_DO_CHECK},
         {JOB_ON_CANCEL, JOB_CANCELLED, JOB_DO_NOTHING},
         {JOB_ON_VALID, JOB_CANCELLED, JOB_DO_NOTHING});
}

static void process_that_cannot_start_fails_the_job(void **state)
{
    (void)state;
    struct job_status s = {0};
    PLAY(&s, {JOB_ON_SLOT, JOB_RUNNING, JOB_DO_SPAWN},
         {JOB_ON_SPAWN_ERROR, JOB_FAILED, JOB_DO_NOTHING});
    assert_string_equal(s.error, "because");
}

static void ended_job_answers_no_event(void **state)
{
    (void)state;
    for (int event = JOB_ON_SLOT; event <= JOB_ON_INTERRUPTED; event++) {
        for (int over = JOB_SUCCEEDED; over <= JOB_CANCELLED; over++) {
            struct job_status s = {.state = (enum job_state)over};
            PLAY(&s, {(enum job_event_kind)event, (enum job_state)over, JOB_DO_NOTHING});
        }
    }
}

static void states_have_names_that_read_back(void **state)
{
    (void)state;
    for (int i = JOB_QUEUED; i <= JOB_CANCELLED; i++) {
        enum job_state s;
        assert_true(job_state_parse(job_state_name((enum job_state)i), &s));
        assert_int_equal(s, i);
    }
    enum job_state s;
    assert_false(job_state_parse("asleep", &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(job_succeeds_only_after_its_result_was_checked),
        cmocka_unit_test(invalid_result_fails_the_job_with_its_reason),
        cmocka_unit_test(cancel_ends_with_a_kill_where_the_process_does_not_listen),
        cmocka_unit_test(deadline_fails_the_job_and_says_after_how_long),
        cmocka_unit_test(shutdown_queues_the_job_again_without_counting_the_attempt),
        cmocka_unit_test(interrupted_job_starts_over_until_its_attempts_are_spent),
        cmocka_unit_test(cancel_while_checking_wins_over_the_result),
        cmocka_unit_test(process_that_cannot_start_fails_the_job),
        cmocka_unit_test(ended_job_answers_no_event),
        cmocka_unit_test(states_have_names_that_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
