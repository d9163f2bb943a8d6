/* test_campaign.c - runs made durable: one transaction a step, what it means for registry and
 * fleet. */
#include "watch_bench.h"

#include "base/json.h"
#include "campaign.h"
#include "run_json.h"
#include "store/audit.h"
#include "store/registry.h"
#include "store/run_store.h"

#define SNAPSHOT SHA_A

static struct campaign_decision decide(struct bench *b, const struct policy_request *request,
                                       struct campaign_step *step)
{
    struct campaign_decision d = {0};
    size_t n = 0;
    assert_ok(watch_fold_labels(b->w, b->f->s, BENCH_MODEL, &n, e));
    assert_ok(campaign_decide(b->w, b->f->s, BENCH_MODEL, request, b->now_ms, &d, step, e));
    return d;
}

static struct campaign_step start(struct bench *b)
{
    static const struct policy_request request = {
        .actor = "alice", .reason = "a try", .force = true};
    struct campaign_step step = {0};
    struct campaign_decision d = decide(b, &request, &step);
    assert_true(d.started);
    return step;
}

static struct campaign_step feed(struct bench *b, const struct campaign_step *last,
                                 struct run_event ev)
{
    struct campaign_step step = {0};
    ev.action_seq = last->run.action_seq;
    b->now_ms += 1000;
    assert_ok(campaign_step(b->w, b->f->s, last->run.id, &ev, NULL, b->now_ms, &step, e));
    return step;
}

static struct campaign_step fetched(struct bench *b, const struct campaign_step *last)
{
    struct campaign_step step = {0};
    struct run_event ev = {.kind = RUN_EV_ACTION_OK, .action_seq = last->run.action_seq};
    struct campaign_version version = {
        .sha256 = b->candidate, .path = "somewhere", .manifest_json = "{}"};
    assert_ok(campaign_step(b->w, b->f->s, last->run.id, &ev, &version, b->now_ms, &step, e));
    return step;
}

/* As far as the gate. */
static struct campaign_step to_gate(struct bench *b)
{
    struct campaign_step step = start(b);
    step = feed(b, &step,
                (struct run_event){.kind = RUN_EV_ACTION_OK, .sha256 = SNAPSHOT, .n_rows = 9});
    step = feed(b, &step, (struct run_event){.kind = RUN_EV_ACTION_OK}); /* pushed */
    step = feed(b, &step, (struct run_event){.kind = RUN_EV_ACTION_OK}); /* submitted */
    step = feed(b, &step, (struct run_event){.kind = RUN_EV_JOB_STATUS, .job = RUN_JOB_SUCCEEDED});
    assert_int_equal(step.run.state, RUN_FETCH);
    step = fetched(b, &step);
    assert_int_equal(step.run.state, RUN_GATE);
    return step;
}

static struct campaign_step to_canary(struct bench *b)
{
    struct campaign_step step = to_gate(b);
    step = feed(
        b, &step,
        (struct run_event){.kind = RUN_EV_GATE_VERDICT, .verdict = ROLLOUT_GOOD, .text = "ok"});
    assert_int_equal(step.run.state, RUN_DISTRIBUTE);
    step = feed(b, &step, (struct run_event){.kind = RUN_EV_ACTION_OK, .replicas = 1});
    assert_int_equal(step.run.state, RUN_CANARY);
    return step;
}

static struct campaign_step to_promoted(struct bench *b)
{
    struct campaign_step step = to_canary(b);
    step = feed(b, &step, (struct run_event){.kind = RUN_EV_PROMOTE, .actor = "bob"});
    step = feed(b, &step, (struct run_event){.kind = RUN_EV_ACTION_OK, .replicas = 1});
    assert_int_equal(step.run.state, RUN_PROMOTED);
    return step;
}

static cJSON *desired(struct bench *b, int64_t *generation)
{
    cJSON *body = NULL;
    assert_ok(registry_get_desired(b->f->s, BENCH_MODEL, &body, generation, e));
    return body;
}

static const char *text_at(const cJSON *j, const char *path)
{
    const char *text = "";
    json_opt_string(j, path, &text, NULL);
    return text;
}

static enum version_state state_of(struct bench *b, const char *sha256)
{
    struct registry_version v = {0};
    assert_ok(registry_get_version(b->f->s, BENCH_MODEL, sha256, &v, e));
    enum version_state state = v.state;
    registry_version_deinit(&v);
    return state;
}

static size_t n_active(struct bench *b)
{
    struct run *runs = NULL;
    size_t n = 0;
    assert_ok(run_store_load_active(b->f->s, &runs, &n, e));
    free(runs);
    return n;
}

/* ---- starting ---- */

static void evidence_starts_one_run_only(void **state)
{
    struct bench *b = *state;
    struct campaign_step step = {0};
    bench_label(b, &(struct bench_rows){.n = 400, .sha256 = b->champion, .wrong_every = 2});
    struct campaign_decision first = decide(b, NULL, &step);
    assert_int_equal(first.outcome, POLICY_RETRAIN);
    assert_true(first.started);
    assert_string_equal(first.trigger, "accuracy-fell");
    assert_int_equal(step.outcome.action, RUN_ACT_BUILD_SNAPSHOT);
    struct campaign_decision second = decide(b, NULL, &step);
    assert_int_equal(second.outcome, POLICY_HOLD_BACK);
    assert_false(second.started);
    bench_restart(b);
    struct campaign_decision third = decide(b, NULL, &step);
    assert_false(third.started);
    assert_int_equal(n_active(b), 1);
}

static void a_run_says_who_asked_and_why(void **state)
{
    struct bench *b = *state;
    struct campaign_step step = start(b);
    cJSON *j = NULL;
    assert_ok(run_full_json(b->f->s, step.run.id, true, &j, e));
    assert_string_equal(text_at(j, "trigger.name"), "manual");
    assert_string_equal(text_at(j, "trigger.actor"), "alice");
    assert_non_null(strstr(text_at(j, "trigger.reason"), "a try"));
    assert_string_equal(text_at(j, "state"), "snapshot");
    assert_true(cJSON_IsNull(json_at(j, "ended_unix_ms")));
    assert_true(cJSON_IsNull(json_at(j, "rows_at_end")));
    cJSON_Delete(j);
}

/* ---- steps ---- */

static void a_step_that_cannot_be_stored_changes_nothing(void **state)
{
    struct bench *b = *state;
    struct campaign_step step = to_gate(b), failed = {0};
    struct run before = step.run, after = {0};
    struct run_event ev = {
        .kind = RUN_EV_GATE_VERDICT, .action_seq = step.run.action_seq, .verdict = ROLLOUT_GOOD};
    /* The last thing that a step into DISTRIBUTE writes: run, timeline, audit and desired state are
     * in. */
    assert_ok(store_exec(b->f->s,
                         "CREATE TRIGGER full BEFORE INSERT ON accumulator BEGIN"
                         " SELECT raise(ABORT, 'full'); END",
                         e));
    int64_t seq_before = 0, seq_after = 0, generation = 0;
    char head[SHA256_HEX_BYTES];
    assert_ok(audit_head(b->f->s, &seq_before, head, e));
    assert_int_not_equal(
        campaign_step(b->w, b->f->s, step.run.id, &ev, NULL, b->now_ms, &failed, NULL), ERR_OK);
    assert_ok(audit_head(b->f->s, &seq_after, head, e));
    assert_int_equal(seq_after, seq_before);
    assert_ok(run_store_load(b->f->s, step.run.id, &after, e));
    assert_int_equal(after.state, before.state);
    assert_int_equal(after.action_seq, before.action_seq);
    cJSON *body = NULL;
    assert_int_equal(registry_get_desired(b->f->s, BENCH_MODEL, &body, &generation, NULL),
                     ERR_NOT_FOUND);
    assert_ok(store_exec(b->f->s, "DROP TRIGGER full", e));
    step = feed(b, &step, (struct run_event){.kind = RUN_EV_GATE_VERDICT, .verdict = ROLLOUT_GOOD});
    assert_int_equal(step.run.state, RUN_DISTRIBUTE);
    assert_true(step.desired_changed);
}

static void the_same_outcome_twice_steps_once(void **state)
{
    struct bench *b = *state;
    struct campaign_step step = start(b), again = {0};
    struct run_event ev = {.kind = RUN_EV_ACTION_OK,
                           .action_seq = step.run.action_seq,
                           .sha256 = SNAPSHOT,
                           .n_rows = 9};
    assert_ok(campaign_step(b->w, b->f->s, step.run.id, &ev, NULL, b->now_ms, &again, e));
    assert_int_equal(again.run.state, RUN_PUSH);
    assert_ok(campaign_step(b->w, b->f->s, step.run.id, &ev, NULL, b->now_ms, &again, e));
    assert_int_equal(again.run.state, RUN_PUSH);
    assert_int_equal(again.outcome.answer, RUN_IGNORED);
    assert_false(again.outcome.changed);
}

static void a_run_that_nobody_knows_is_not_found(void **state)
{
    struct bench *b = *state;
    struct campaign_step step = {0};
    struct run_event ev = {.kind = RUN_EV_TICK};
    assert_int_equal(campaign_step(b->w, b->f->s, "r-none", &ev, NULL, b->now_ms, &step, NULL),
                     ERR_NOT_FOUND);
}

static void a_canary_is_desired_with_its_weight_beside_the_champion(void **state)
{
    struct bench *b = *state;
    int64_t first = 0, second = 0;
    double weight = -1;
    struct campaign_step step = to_gate(b);
    step = feed(b, &step, (struct run_event){.kind = RUN_EV_GATE_VERDICT, .verdict = ROLLOUT_GOOD});
    cJSON *loading = desired(b, &first);
    json_opt_double(loading, "candidate.weight", 0, 1, &weight, NULL);
    assert_true(weight == 0);
    step = feed(b, &step, (struct run_event){.kind = RUN_EV_ACTION_OK, .replicas = 1});
    assert_true(step.desired_changed);
    cJSON *canary = desired(b, &second);
    assert_int_equal(second, first + 1);
    assert_string_equal(text_at(canary, "champion.sha256"), b->champion);
    assert_string_equal(text_at(canary, "candidate.sha256"), b->candidate);
    assert_string_equal(text_at(canary, "candidate.label"), "v2");
    json_opt_double(canary, "candidate.weight", 0, 1, &weight, NULL);
    assert_true(weight == 0.5);
    cJSON_Delete(loading);
    cJSON_Delete(canary);
}

static void a_promoted_candidate_is_the_champion_everywhere(void **state)
{
    struct bench *b = *state;
    int64_t generation = 0;
    struct registry_champion champion = {0};
    struct campaign_step step = to_promoted(b);
    assert_ok(registry_champion(b->f->s, BENCH_MODEL, &champion, e));
    assert_string_equal(champion.sha256, b->candidate);
    assert_int_equal(state_of(b, b->candidate), VERSION_CHAMPION);
    assert_int_equal(state_of(b, b->champion), VERSION_RETIRED);
    cJSON *body = desired(b, &generation);
    assert_string_equal(text_at(body, "champion.sha256"), b->candidate);
    assert_true(cJSON_IsNull(json_at(body, "candidate")));
    assert_string_equal(text_at(body, "warm[0]"), b->champion); /* to go back with one push */
    assert_int_equal(n_active(b), 0);
    assert_string_equal(step.notice.event, "promoted");
    assert_ok(audit_verify(b->f->s, &(struct audit_check){0}, e));
    cJSON_Delete(body);
    /* The watch goes by the new champion at once. */
    struct sim s;
    sim_init(&s, b, "r1", "i1");
    sim_serve(&s, &(struct sim_requests){.sha256 = b->candidate, .role = "champion", .n = 33});
    sim_report(&s, "http://a");
    assert_int_equal(bench_open_rows(b), 33);
    sim_clean_up(&s);
}

static void the_end_of_a_run_says_at_which_row(void **state)
{
    struct bench *b = *state;
    cJSON *j = NULL;
    double at_trigger = -1, at_end = -1;
    bench_label(b, &(struct bench_rows){.n = 40, .sha256 = b->champion});
    struct campaign_step step = to_canary(b);
    bench_label(b, &(struct bench_rows){.n = 60, .sha256 = b->champion});
    step = feed(b, &step, (struct run_event){.kind = RUN_EV_PROMOTE, .actor = "bob"});
    step = feed(b, &step, (struct run_event){.kind = RUN_EV_ACTION_OK, .replicas = 1});
    assert_ok(run_full_json(b->f->s, step.run.id, true, &j, e));
    json_opt_double(j, "rows_at_trigger", 0, 1e9, &at_trigger, NULL);
    json_opt_double(j, "rows_at_end", 0, 1e9, &at_end, NULL);
    assert_true(at_trigger == 40);
    assert_true(at_end == 100);
    cJSON_Delete(j);
}

static void a_candidate_that_fails_the_gate_is_rejected(void **state)
{
    struct bench *b = *state;
    struct campaign_step step = to_gate(b);
    step = feed(
        b, &step,
        (struct run_event){.kind = RUN_EV_GATE_VERDICT, .verdict = ROLLOUT_BAD, .text = "worse"});
    assert_int_equal(step.run.state, RUN_REJECTED);
    assert_int_equal(state_of(b, b->candidate), VERSION_REJECTED);
    assert_int_equal(state_of(b, b->champion), VERSION_CHAMPION);
    assert_false(step.desired_changed); /* nothing had been rolled out */
}

static void an_aborted_canary_leaves_the_champion_alone_in_service(void **state)
{
    struct bench *b = *state;
    int64_t generation = 0;
    struct campaign_step step = to_canary(b);
    step = feed(b, &step, (struct run_event){.kind = RUN_EV_ABORT, .actor = "bob"});
    assert_int_equal(step.run.state, RUN_ROLL_BACK);
    assert_true(step.desired_changed);
    cJSON *body = desired(b, &generation);
    assert_string_equal(text_at(body, "champion.sha256"), b->champion);
    assert_true(cJSON_IsNull(json_at(body, "candidate")));
    cJSON_Delete(body);
    step = feed(b, &step, (struct run_event){.kind = RUN_EV_ACTION_OK, .replicas = 1});
    assert_int_equal(step.run.state, RUN_ABORTED);
    assert_int_equal(state_of(b, b->candidate), VERSION_REJECTED);
}

/* The trainer was asked for its result, the operator was faster. */
static void a_version_that_comes_after_the_abort_is_registered_and_rejected(void **state)
{
    struct bench *b = *state;
    struct campaign_step step = start(b), late = {0};
    struct campaign_version version = {
        .sha256 = b->candidate, .path = "somewhere", .manifest_json = "{}"};
    struct run_event ev = {.kind = RUN_EV_ACTION_OK, .action_seq = 99};
    feed(b, &step, (struct run_event){.kind = RUN_EV_ABORT, .actor = "bob"});
    assert_ok(campaign_step(b->w, b->f->s, step.run.id, &ev, &version, b->now_ms, &late, e));
    assert_int_equal(late.run.state, RUN_ABORTED);
    assert_int_equal(state_of(b, b->candidate), VERSION_REJECTED);
}

/* ---- rollback ---- */

static struct campaign_rollback roll_back(struct bench *b, const char *to)
{
    struct campaign_rollback out = {0};
    assert_ok(
        campaign_rollback(b->w, b->f->s, BENCH_MODEL, to, "carol", "it hurts", b->now_ms, &out, e));
    return out;
}

static void a_rollback_goes_to_the_champion_before(void **state)
{
    struct bench *b = *state;
    int64_t generation = 0;
    struct registry_champion champion = {0};
    to_promoted(b);
    struct campaign_rollback r = roll_back(b, NULL);
    assert_string_equal(r.from, "v2");
    assert_string_equal(r.to, "v1");
    cJSON *body = desired(b, &generation);
    assert_int_equal(r.generation, generation);
    assert_string_equal(text_at(body, "champion.sha256"), b->champion);
    assert_string_equal(text_at(body, "warm[0]"), b->candidate);
    assert_ok(registry_champion(b->f->s, BENCH_MODEL, &champion, e));
    assert_string_equal(champion.sha256, b->champion);
    cJSON_Delete(body);
    r = roll_back(b, "v2"); /* and forth */
    assert_string_equal(r.to, "v2");
}

static void a_rollback_is_refused_where_there_is_nothing_to_go_to(void **state)
{
    struct bench *b = *state;
    struct campaign_rollback out = {0};
    enum err_code rc =
        campaign_rollback(b->w, b->f->s, BENCH_MODEL, NULL, "c", "r", b->now_ms, &out, NULL);
    assert_int_equal(rc, ERR_CONFLICT);
    rc = campaign_rollback(b->w, b->f->s, BENCH_MODEL, "v1", "c", "r", b->now_ms, &out, NULL);
    assert_int_equal(rc, ERR_CONFLICT); /* it is the champion */
    rc = campaign_rollback(b->w, b->f->s, BENCH_MODEL, "v9", "c", "r", b->now_ms, &out, NULL);
    assert_int_equal(rc, ERR_NOT_FOUND);
}

static void a_rollback_waits_for_the_run_under_way(void **state)
{
    struct bench *b = *state;
    struct campaign_rollback out = {0};
    struct err err = {0};
    struct campaign_step step = to_canary(b);
    enum err_code rc =
        campaign_rollback(b->w, b->f->s, BENCH_MODEL, "v2", "c", "r", b->now_ms, &out, &err);
    assert_int_equal(rc, ERR_CONFLICT);
    assert_non_null(strstr(err.message, step.run.id));
}

/* ---- what a job is given ---- */

static void a_jobs_spec_names_what_it_trains_on(void **state)
{
    struct bench *b = *state;
    cJSON *spec = NULL;
    struct campaign_step step = start(b);
    step = feed(b, &step,
                (struct run_event){.kind = RUN_EV_ACTION_OK, .sha256 = SNAPSHOT, .n_rows = 9});
    assert_ok(campaign_job_spec(b->w, b->f->s, &step.run, &spec, e));
    assert_string_equal(text_at(spec, "model"), BENCH_MODEL);
    assert_string_equal(text_at(spec, "snapshot"), SNAPSHOT);
    assert_string_equal(text_at(spec, "champion"), b->champion);
    assert_string_equal(text_at(spec, "lineage.run"), step.run.id);
    assert_string_equal(text_at(spec, "backend"), "auto");
    assert_true(cJSON_IsObject(json_at(spec, "parameters")));
    assert_true(cJSON_IsObject(json_at(spec, "lineage.trigger")));
    cJSON_Delete(spec);
}

static void a_snapshot_without_labelled_rows_is_an_error_in_words(void **state)
{
    struct bench *b = *state;
    char sha256[SHA256_HEX_BYTES];
    int64_t n_rows = 0;
    struct err err = {0};
    struct campaign_step step = start(b);
    assert_int_not_equal(
        campaign_snapshot(b->w, b->f->s, &step.run, b->f->folder, b->now_ms, sha256, &n_rows, &err),
        ERR_OK);
    assert_true(strlen(err.message) > 10);
    bench_label(b, &(struct bench_rows){.n = 300, .sha256 = b->champion, .wrong_every = 4});
    assert_ok(
        campaign_snapshot(b->w, b->f->s, &step.run, b->f->folder, b->now_ms, sha256, &n_rows, e));
    assert_int_equal(n_rows, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(evidence_starts_one_run_only),
        bench_test(a_run_says_who_asked_and_why),
        bench_test(a_step_that_cannot_be_stored_changes_nothing),
        bench_test(the_same_outcome_twice_steps_once),
        bench_test(a_run_that_nobody_knows_is_not_found),
        bench_test(a_canary_is_desired_with_its_weight_beside_the_champion),
        bench_test(a_promoted_candidate_is_the_champion_everywhere),
        bench_test(the_end_of_a_run_says_at_which_row),
        bench_test(a_candidate_that_fails_the_gate_is_rejected),
        bench_test(an_aborted_canary_leaves_the_champion_alone_in_service),
        bench_test(a_version_that_comes_after_the_abort_is_registered_and_rejected),
        bench_test(a_rollback_goes_to_the_champion_before),
        bench_test(a_rollback_is_refused_where_there_is_nothing_to_go_to),
        bench_test(a_rollback_waits_for_the_run_under_way),
        bench_test(a_jobs_spec_names_what_it_trains_on),
        bench_test(a_snapshot_without_labelled_rows_is_an_error_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
