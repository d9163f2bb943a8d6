/* test_machine_rollout.c - the four rules of a rollout, each on its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "machine/rollout.h"

#define SECOND 1000
#define MINUTE (60 * SECOND)

static const struct rollout_plan two_stages = {
    .n_stages = 2,
    .stages =
        {
            {.weight = 0.1, .min_requests = 100, .min_time_ms = MINUTE, .max_time_ms = 10 * MINUTE},
            {.weight = 0.5, .min_requests = 100, .min_time_ms = MINUTE, .max_time_ms = 10 * MINUTE},
        },
};

static char reason[ROLLOUT_REASON_BYTES];

static enum rollout_move feed(struct rollout *r, const struct rollout_plan *p,
                              enum rollout_event_kind kind, int64_t now_ms)
{
    return rollout_step(r, p, &(struct rollout_event){.kind = kind}, now_ms, reason);
}

static enum rollout_move numbers(struct rollout *r, const struct rollout_plan *p,
                                 enum rollout_verdict v, int64_t candidate, int64_t now_ms)
{
    return rollout_step(r, p,
                        &(struct rollout_event){.kind = ROLLOUT_EV_NUMBERS,
                                                .verdict = v,
                                                .champion_requests = 10 * candidate,
                                                .candidate_requests = candidate,
                                                .text = "errors 0.1% against 0.1%"},
                        now_ms, reason);
}

static void bad_verdict_goes_back_at_once(void **state)
{
    struct rollout r = {0};

    (void)state;
    feed(&r, &two_stages, ROLLOUT_EV_ENTER, 0);
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_BAD, 3, 1), ROLLOUT_BACK);
    assert_string_equal(reason, "stage 1 of 2 (weight 0.1): bad: errors 0.1% against 0.1% "
                                "(candidate 3 requests, champion 30)");
}

static void bad_verdict_goes_back_while_paused(void **state)
{
    struct rollout r = {0};

    (void)state;
    feed(&r, &two_stages, ROLLOUT_EV_ENTER, 0);
    feed(&r, &two_stages, ROLLOUT_EV_PAUSE, 1);
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_BAD, 3, 2), ROLLOUT_BACK);
}

static void good_verdict_waits_for_requests_and_time(void **state)
{
    struct rollout r = {0};

    (void)state;
    feed(&r, &two_stages, ROLLOUT_EV_ENTER, 0);
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_GOOD, 99, 2 * MINUTE), ROLLOUT_STAY);
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_GOOD, 100, MINUTE - 1), ROLLOUT_STAY);
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_GOOD, 100, MINUTE), ROLLOUT_NEXT);
    assert_int_equal(r.stage, 1);
}

static void requests_of_an_earlier_stage_do_not_count_again(void **state)
{
    struct rollout r = {0};

    (void)state;
    feed(&r, &two_stages, ROLLOUT_EV_ENTER, 0);
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_GOOD, 150, MINUTE), ROLLOUT_NEXT);
    feed(&r, &two_stages, ROLLOUT_EV_ENTER, 2 * MINUTE);
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_GOOD, 249, 4 * MINUTE), ROLLOUT_STAY);
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_GOOD, 250, 4 * MINUTE), ROLLOUT_PASS);
}

static void numbers_before_the_fleet_runs_the_stage_never_advance(void **state)
{
    struct rollout r = {0};

    (void)state;
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_GOOD, 1000, 5 * MINUTE), ROLLOUT_STAY);
}

static void no_data_goes_back_when_max_time_is_over(void **state)
{
    struct rollout r = {0};

    (void)state;
    feed(&r, &two_stages, ROLLOUT_EV_ENTER, 0);
    assert_int_equal(feed(&r, &two_stages, ROLLOUT_EV_TICK, 10 * MINUTE - 1), ROLLOUT_STAY);
    assert_int_equal(feed(&r, &two_stages, ROLLOUT_EV_TICK, 10 * MINUTE), ROLLOUT_BACK);
    assert_string_equal(reason,
                        "stage 1 of 2 (weight 0.1): 10m are over with verdict not_enough "
                        "after 0 candidate requests (100 asked for): no data never promotes");
}

static void good_verdict_on_too_few_requests_goes_back_in_the_end(void **state)
{
    struct rollout r = {0};

    (void)state;
    feed(&r, &two_stages, ROLLOUT_EV_ENTER, 0);
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_GOOD, 99, 10 * MINUTE), ROLLOUT_BACK);
}

static void undecided_goes_on_only_where_the_plan_says_so_and_requests_came(void **state)
{
    struct rollout_plan p = two_stages;
    struct rollout r = {0};

    (void)state;
    p.undecided_goes_on = true;
    feed(&r, &p, ROLLOUT_EV_ENTER, 0);
    assert_int_equal(numbers(&r, &p, ROLLOUT_NOT_ENOUGH, 100, 10 * MINUTE), ROLLOUT_NEXT);
    feed(&r, &p, ROLLOUT_EV_ENTER, 10 * MINUTE);
    assert_int_equal(numbers(&r, &p, ROLLOUT_NOT_ENOUGH, 199, 20 * MINUTE), ROLLOUT_BACK);

    p.stages[0].min_requests = 0;
    r = (struct rollout){0};
    feed(&r, &p, ROLLOUT_EV_ENTER, 0);
    assert_int_equal(feed(&r, &p, ROLLOUT_EV_TICK, 10 * MINUTE), ROLLOUT_BACK);
}

static void pause_stops_the_stages_clock(void **state)
{
    struct rollout r = {0};

    (void)state;
    feed(&r, &two_stages, ROLLOUT_EV_ENTER, 0);
    feed(&r, &two_stages, ROLLOUT_EV_PAUSE, 9 * MINUTE);
    assert_int_equal(feed(&r, &two_stages, ROLLOUT_EV_TICK, 99 * MINUTE), ROLLOUT_STAY);
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_GOOD, 500, 99 * MINUTE), ROLLOUT_STAY);
    feed(&r, &two_stages, ROLLOUT_EV_RESUME, 100 * MINUTE);
    assert_int_equal(feed(&r, &two_stages, ROLLOUT_EV_TICK, 101 * MINUTE - 1), ROLLOUT_STAY);
    assert_int_equal(feed(&r, &two_stages, ROLLOUT_EV_TICK, 101 * MINUTE), ROLLOUT_BACK);
}

static void counting_that_began_anew_is_not_held_against_the_candidate(void **state)
{
    struct rollout r = {0};

    (void)state;
    feed(&r, &two_stages, ROLLOUT_EV_ENTER, 0);
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_GOOD, 1000, MINUTE), ROLLOUT_NEXT);
    feed(&r, &two_stages, ROLLOUT_EV_ENTER, MINUTE);
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_GOOD, 120, 3 * MINUTE), ROLLOUT_PASS);
}

static void after_the_last_stage_only_a_bad_verdict_moves(void **state)
{
    struct rollout r = {.stage = 2};

    (void)state;
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_GOOD, 1000, 999 * MINUTE), ROLLOUT_STAY);
    assert_int_equal(feed(&r, &two_stages, ROLLOUT_EV_TICK, 999 * MINUTE), ROLLOUT_STAY);
    assert_int_equal(numbers(&r, &two_stages, ROLLOUT_BAD, 1001, 999 * MINUTE), ROLLOUT_BACK);
}

static void plan_mistakes_are_named(void **state)
{
    static const struct {
        struct rollout_plan plan;
        const char *says;
    } cases[] = {
        {{.n_stages = 1, .stages = {{.weight = 1.5}}}, "stages[0].weight: expected 0..1, got 1.5"},
        {{.n_stages = 1, .stages = {{.weight = 0}}},
         "stages[0].weight: expected more than 0 for a canary stage, got 0"},
        {{.n_stages = 1, .stages = {{.weight = 0.1, .shadow = true}}},
         "stages[0].weight: expected 0 for a shadow stage, got 0.1"},
        {{.n_stages = 2, .stages = {{.weight = 0.5}, {.weight = 0.1}}},
         "stages[1].weight: expected at least the 0.5 of the stage before, got 0.1"},
        {{.n_stages = 1, .stages = {{.weight = 0.5, .min_time_ms = 2, .max_time_ms = 1}}},
         "stages[0].max_time_ms: expected at least min_time_ms (2), got 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct err e = {0};
        assert_int_equal(rollout_plan_check(&cases[i].plan, &e), ERR_INVALID);
        assert_string_equal(e.message, cases[i].says);
    }
}

static void plan_and_rollout_survive_json(void **state)
{
    struct rollout r = {.stage = 1,
                        .entered = true,
                        .entered_ms = 1767225600123,
                        .paused = true,
                        .paused_ms = 1767225600999,
                        .verdict = ROLLOUT_GOOD,
                        .champion_requests = 7,
                        .candidate_requests = 5,
                        .base_requests = 3};
    struct rollout r2;
    struct rollout_plan p2;
    struct err e = {0};
    cJSON *rj = rollout_to_json(&r), *pj = rollout_plan_to_json(&two_stages);

    (void)state;
    assert_int_equal(rollout_from_json(rj, &r2, &e), ERR_OK);
    assert_int_equal(rollout_plan_from_json(pj, &p2, &e), ERR_OK);
    assert_int_equal(r2.entered_ms, r.entered_ms);
    assert_int_equal(r2.base_requests, r.base_requests);
    assert_int_equal(r2.verdict, r.verdict);
    assert_true(r2.paused);
    assert_int_equal(p2.n_stages, 2);
    assert_true(p2.stages[1].weight == two_stages.stages[1].weight);
    assert_int_equal(p2.stages[1].max_time_ms, two_stages.stages[1].max_time_ms);
    cJSON_Delete(rj);
    cJSON_Delete(pj);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_verdict_goes_back_at_once),
        cmocka_unit_test(bad_verdict_goes_back_while_paused),
        cmocka_unit_test(good_verdict_waits_for_requests_and_time),
        cmocka_unit_test(requests_of_an_earlier_stage_do_not_count_again),
        cmocka_unit_test(numbers_before_the_fleet_runs_the_stage_never_advance),
        cmocka_unit_test(no_data_goes_back_when_max_time_is_over),
        cmocka_unit_test(good_verdict_on_too_few_requests_goes_back_in_the_end),
        cmocka_unit_test(undecided_goes_on_only_where_the_plan_says_so_and_requests_came),
        cmocka_unit_test(pause_stops_the_stages_clock),
        cmocka_unit_test(counting_that_began_anew_is_not_held_against_the_candidate),
        cmocka_unit_test(after_the_last_stage_only_a_bad_verdict_moves),
        cmocka_unit_test(plan_mistakes_are_named),
        cmocka_unit_test(plan_and_rollout_survive_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
