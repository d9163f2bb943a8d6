/*
 * test_guards.c - each guard by itself, on a virtual clock, at both sides of its limit.
 */
#include "policies_testing.h"

#include "policies/decide.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

/* Asks one guard; the answer must come with words, and the retry time must be the wanted one. */
static void expect(enum policy_guard guard, const struct policy *p, const struct policy_input *in,
                   bool allowed, int64_t retry_unix_ms, const char *words)
{
    char why[256];
    int64_t retry = -1;
    bool got = guard_allows(guard, p, in, why, sizeof(why), &retry);

    if (got != allowed)
        fail_msg("%s: got %d, want %d (%s)", policy_guard_name(guard), got, allowed, why);
    if (retry != retry_unix_ms)
        fail_msg("%s: retry %lld, want %lld (%s)", policy_guard_name(guard), (long long)retry,
                 (long long)retry_unix_ms, why);
    if (strstr(why, words) == NULL)
        fail_msg("%s: got \"%s\", want it to say \"%s\"", policy_guard_name(guard), why, words);
}

static void cooldown_counts_from_the_end_of_the_last_run(void **state)
{
    struct policy *p = policy_with("guards: {cooldown: 2h}\n");
    struct policy_run runs[] = {{"a", "t", "failed", 1000 * HOUR, 1003 * HOUR},
                                {"b", "t", "promoted", 900 * HOUR, 901 * HOUR}};
    struct policy_input in = {.now_unix_ms = 1005 * HOUR - 1, .n_runs = 2, .runs = runs};

    (void)state;
    expect(GUARD_COOLDOWN, p, &in, false, 1005 * HOUR, "cooldown 2h");
    in.now_unix_ms = 1005 * HOUR;
    expect(GUARD_COOLDOWN, p, &in, true, 0, "ended 2h ago");
    in.now_unix_ms = 1002 * HOUR; /* a clock set back never shortens it */
    expect(GUARD_COOLDOWN, p, &in, false, 1005 * HOUR, "ended 0");
    in.n_runs = 0;
    expect(GUARD_COOLDOWN, p, &in, true, 0, "no run has ended");
    policy_free(p);
}

static void cooldown_rows_counts_rows(void **state)
{
    struct policy *p = policy_with("guards: {cooldown_rows: 500}\n");
    struct policy_run run = {"a", "t", "promoted", 1, 2};
    struct policy_input in = {.now_unix_ms = 10, .n_runs = 1, .runs = &run, .rows_since_run = 499};

    (void)state;
    expect(GUARD_COOLDOWN_ROWS, p, &in, false, 0, "499 rows");
    in.rows_since_run = 500;
    expect(GUARD_COOLDOWN_ROWS, p, &in, true, 0, "500 rows");
    in.n_runs = 0;
    in.rows_since_run = 0;
    expect(GUARD_COOLDOWN_ROWS, p, &in, true, 0, "no run has ended");
    policy_free(p);
}

static void the_budget_of_runs_is_over_any_24_hours(void **state)
{
    struct policy *p = policy_with("guards: {max_runs_per_day: 2}\n");
    struct policy_run runs[] = {{"a", "t", "failed", 100 * HOUR, 101 * HOUR},
                                {"b", "t", "failed", 110 * HOUR, 111 * HOUR},
                                {"c", "t", "failed", 120 * HOUR, 121 * HOUR}};
    struct policy_input in = {.now_unix_ms = 122 * HOUR, .n_runs = 3, .runs = runs};

    (void)state;
    expect(GUARD_MAX_RUNS, p, &in, false, 134 * HOUR, "3 runs in 24 hours, limit 2");
    in.now_unix_ms = 134 * HOUR - 1;
    expect(GUARD_MAX_RUNS, p, &in, false, 134 * HOUR, "2 runs");
    in.now_unix_ms = 134 * HOUR;
    expect(GUARD_MAX_RUNS, p, &in, true, 0, "1 runs");
    policy_free(p);
    p = policy_with("guards: {max_runs_per_day: none}\n");
    expect(GUARD_MAX_RUNS, p, &in, true, 0, "no limit");
    policy_free(p);
}

static void blackout_holds_over_midnight_and_names_its_end(void **state)
{
    struct policy *p =
        policy_with("guards:\n  blackout:\n    - times: [{start_time: '22:00', end_time: '24:00'}, "
                    "{start_time: "
                    "'00:00', end_time: '06:00'}]\n      location: America/New_York\n");
    struct policy_input in = {.now_unix_ms = at("2026-01-16T02:59:59Z")};

    (void)state;
    expect(GUARD_BLACKOUT, p, &in, true, 0, "not inside");
    in.now_unix_ms = at("2026-01-16T03:00:00Z"); /* 22:00 */
    expect(GUARD_BLACKOUT, p, &in, false, at("2026-01-16T11:00:00Z"), "America/New_York");
    in.now_unix_ms = at("2026-01-16T10:59:59Z");
    expect(GUARD_BLACKOUT, p, &in, false, at("2026-01-16T11:00:00Z"), "until 2026-01-16T11:00");
    in.now_unix_ms = at("2026-01-16T11:00:00Z");
    expect(GUARD_BLACKOUT, p, &in, true, 0, "not inside");
    in.now_unix_ms = at("2026-03-08T04:00:00Z"); /* the night that lacks an hour */
    expect(GUARD_BLACKOUT, p, &in, false, at("2026-03-08T10:00:00Z"), "inside");
    policy_free(p);
}

static void too_few_new_labels_forbid(void **state)
{
    struct policy *p = policy_with("guards: {min_labelled_rows: 300}\n");
    struct policy_input in = {.labelled_rows = 299};

    (void)state;
    expect(GUARD_MIN_LABELLED_ROWS, p, &in, false, 0, "299 rows");
    in.labelled_rows = 300;
    expect(GUARD_MIN_LABELLED_ROWS, p, &in, true, 0, "300 rows");
    policy_free(p);
}

static void one_run_at_a_time(void **state)
{
    struct policy *p = policy_with("");
    struct policy_input in = {.active_run = "run-7"};

    (void)state;
    expect(GUARD_ONE_RUN, p, &in, false, 0, "run-7 is in progress");
    in.active_run = NULL;
    expect(GUARD_ONE_RUN, p, &in, true, 0, "no run");
    policy_free(p);
}

static void observe_lets_only_people_start_runs(void **state)
{
    struct policy *p = policy_with("mode: observe\n");
    struct policy_request request = {"ann", "drill", false};
    struct policy_input in = {.now_unix_ms = 1};

    (void)state;
    expect(GUARD_OBSERVE, p, &in, false, 0, "only observes");
    in.request = &request;
    expect(GUARD_OBSERVE, p, &in, true, 0, "");
    policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cooldown_counts_from_the_end_of_the_last_run),
        cmocka_unit_test(cooldown_rows_counts_rows),
        cmocka_unit_test(the_budget_of_runs_is_over_any_24_hours),
        cmocka_unit_test(blackout_holds_over_midnight_and_names_its_end),
        cmocka_unit_test(too_few_new_labels_forbid),
        cmocka_unit_test(one_run_at_a_time),
        cmocka_unit_test(observe_lets_only_people_start_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
