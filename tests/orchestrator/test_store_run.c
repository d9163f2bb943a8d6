/* test_store_run.c - runs and timelines; a transition is saved whole or not at all. */
#include "store_fixture.h"

#include "base/json.h"
#include "store/audit.h"
#include "store/run_store.h"

static struct run new_run(const char *id, int64_t now_ms)
{
    struct run_plan p;
    struct run r;

    run_plan_init(&p);
    run_init(&r, id, "loan", "drift", &p, SHA_A, "v1", now_ms);
    return r;
}

static void create(struct store *s, const struct run *r)
{
    cJSON *evidence = cJSON_Parse("{\"psi\":0.31,\"limit\":0.25}");

    assert_ok(store_begin(s, e));
    assert_ok(run_store_create(s, r, evidence, SHA_C, "system", e));
    assert_ok(store_commit(s, e));
    cJSON_Delete(evidence);
}

static void step_and_save(struct store *s, struct run *r, struct run_event ev, int64_t now_ms)
{
    ev.action_seq = r->action_seq;
    struct run_outcome out = run_step(r, &ev, now_ms);

    assert_true(out.changed);
    assert_ok(store_begin(s, e));
    assert_ok(run_store_save(s, r, &ev, &out, now_ms, e));
    assert_ok(store_commit(s, e));
}

static int64_t audit_length(struct store *s)
{
    struct audit_check c = {0};

    assert_ok(audit_verify(s, &c, e));
    return c.n;
}

static void saved_run_comes_back_complete(void **state)
{
    struct fixture *f = *state;
    struct run r = new_run("r-1", T0), back, *active = NULL;
    size_t n = 0;

    create(f->s, &r);
    step_and_save(f->s, &r, (struct run_event){.kind = RUN_EV_START}, T0);
    step_and_save(f->s, &r,
                  (struct run_event){.kind = RUN_EV_ACTION_OK, .sha256 = SHA_B, .n_rows = 500},
                  T0 + 10);
    fixture_reopen(f);
    assert_ok(run_store_load(f->s, "r-1", &back, e));
    cJSON *a = run_to_json(&r), *b = run_to_json(&back);
    assert_true(cJSON_Compare(a, b, true));
    cJSON_Delete(a);
    cJSON_Delete(b);
    assert_ok(run_store_load_active(f->s, &active, &n, e));
    assert_int_equal(n, 1);
    assert_int_equal(active[0].action, RUN_ACT_PUSH_SNAPSHOT);
    assert_true(active[0].in_flight);
    free(active);
    assert_int_equal(run_store_load(f->s, "r-2", &back, NULL), ERR_NOT_FOUND);
}

static void timeline_holds_reasons_and_numbers(void **state)
{
    struct fixture *f = *state;
    struct run r = new_run("r-1", T0);
    cJSON *json = NULL;

    create(f->s, &r);
    step_and_save(f->s, &r, (struct run_event){.kind = RUN_EV_START}, T0);
    step_and_save(
        f->s, &r,
        (struct run_event){
            .kind = RUN_EV_ACTION_OK, .sha256 = SHA_B, .n_rows = 500, .detail = "{\"oldest\":7}"},
        T0 + 10);
    step_and_save(f->s, &r,
                  (struct run_event){.kind = RUN_EV_ABORT, .actor = "alice", .text = "holiday"},
                  T0 + 20);
    assert_ok(run_store_show(f->s, "r-1", &json, e));
    assert_int_equal(cJSON_GetArraySize(json_at(json, "timeline")), 3);
    assert_true(json_at(json, "timeline[0].numbers.psi")->valuedouble == 0.31);
    assert_string_equal(json_at(json, "timeline[1].reason")->valuestring,
                        "snapshot bbbbbbbbbbbb of 500 rows");
    assert_int_equal(json_at(json, "timeline[1].numbers.rows")->valueint, 500);
    assert_int_equal(json_at(json, "timeline[1].numbers.detail.oldest")->valueint, 7);
    assert_string_equal(json_at(json, "timeline[2].actor")->valuestring, "alice");
    assert_string_equal(json_at(json, "timeline[2].to")->valuestring, "aborted");
    assert_string_equal(json_at(json, "state")->valuestring, "aborted");
    assert_int_equal((int64_t)json_at(json, "ended_unix_ms")->valuedouble, T0 + 20);
    assert_true(cJSON_IsNull(json_at(json, "candidate")));
    assert_true(json_at(json, "evidence.limit")->valuedouble == 0.25);
    assert_non_null(json_at(json, "plan.deadline_ms.train"));
    cJSON_Delete(json);
    assert_int_equal(audit_length(f->s), 3);
}

static void model_has_one_run_under_way(void **state)
{
    struct fixture *f = *state;
    struct run first = new_run("r-1", T0), second = new_run("r-2", T0 + 5);
    struct err e2 = {0};

    create(f->s, &first);
    assert_int_equal(run_store_create(f->s, &second, NULL, "", "system", &e2), ERR_CONFLICT);
    assert_non_null(strstr(e2.message, "under way"));
    step_and_save(f->s, &first, (struct run_event){.kind = RUN_EV_ABORT}, T0 + 1);
    create(f->s, &second);
    cJSON *list = NULL;
    assert_ok(run_store_list(f->s, "loan", 0, &list, e));
    assert_int_equal(cJSON_GetArraySize(list), 2);
    assert_string_equal(json_at(list, "[0].id")->valuestring, "r-2");
    cJSON_Delete(list);
}

static void history_counts_what_guards_ask(void **state)
{
    struct fixture *f = *state;
    struct run_history h;
    struct run r;
    char id[8];

    assert_ok(run_store_history(f->s, "loan", 0, &h, e));
    assert_int_equal(h.last_ended_unix_ms, 0);
    for (int i = 0; i < 3; i++) {
        snprintf(id, sizeof(id), "r-%d", i);
        r = new_run(id, T0 + i * 1000);
        create(f->s, &r);
        step_and_save(f->s, &r, (struct run_event){.kind = RUN_EV_ABORT}, T0 + i * 1000 + 500);
    }
    r = new_run("r-4", T0 + 9000);
    create(f->s, &r);
    assert_ok(run_store_history(f->s, "loan", T0 + 1000, &h, e));
    assert_int_equal(h.n_active, 1);
    assert_int_equal(h.n_started_since, 3);
    assert_int_equal(h.last_started_unix_ms, T0 + 9000);
    assert_int_equal(h.last_ended_unix_ms, T0 + 2500);
    assert_int_equal(h.n_failed_in_a_row, 3);
}

static void die_in_a_transition(struct store *s)
{
    struct run r;
    struct run_event ev = {.kind = RUN_EV_ACTION_OK, .sha256 = SHA_B};

    if (run_store_load(s, "r-1", &r, NULL) == ERR_OK) {
        ev.action_seq = r.action_seq;
        struct run_outcome out = run_step(&r, &ev, T0 + 10);
        store_begin(s, NULL);
        run_store_save(s, &r, &ev, &out, T0 + 10, NULL);
    }
}

static void killed_transition_leaves_no_trace(void **state)
{
    struct fixture *f = *state;
    struct run r = new_run("r-1", T0), back;
    cJSON *json = NULL;

    create(f->s, &r);
    step_and_save(f->s, &r, (struct run_event){.kind = RUN_EV_START}, T0);
    fixture_killed_in(f, die_in_a_transition);
    assert_ok(run_store_load(f->s, "r-1", &back, e));
    assert_int_equal(back.state, RUN_SNAPSHOT);
    assert_int_equal(audit_length(f->s), 1);
    assert_ok(run_store_show(f->s, "r-1", &json, e));
    assert_int_equal(cJSON_GetArraySize(json_at(json, "timeline")), 1);
    cJSON_Delete(json);

    struct run_outcome out = run_step(&back, &(struct run_event){.kind = RUN_EV_START}, T0 + 99);
    assert_int_equal(out.action, RUN_ACT_BUILD_SNAPSHOT);
    assert_int_equal(back.action_seq, r.action_seq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(saved_run_comes_back_complete),
        store_test(timeline_holds_reasons_and_numbers),
        store_test(model_has_one_run_under_way),
        store_test(history_counts_what_guards_ask),
        store_test(killed_transition_leaves_no_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
