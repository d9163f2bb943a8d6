/*
 * test_machine_random.c - thousands of runs under random outcomes, faults, operators, crashes and
 * time jumps, against a little model of the world outside; what must hold always is asserted after
 * each step.
 *
 * Each run is driven twice with the same seed: once straight, once written to JSON and read back
 * before every step (a crash between any two steps). Both traces must be the same.
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
#include "base/rand.h"
#include "machine/run_machine.h"

#define N_RUNS 3000
#define MAX_STEPS 3000
#define T0 INT64_C(1767225600000)
#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SHA_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

/* What the world outside saw. */
struct world {
    struct rng rng;
    int64_t now_ms;
    enum run_action_kind in_flight;
    uint32_t in_flight_seq;
    int64_t candidate_requests;
    char live_job[RUN_JOB_ID_BYTES]; /* submitted, and not yet reported as ended */
    bool gate_said_good, rollout_said_good, operator_promoted, operator_pushed;
    int n_jobs;
};

static bool chance(struct world *w, double p)
{
    return rng_uniform(&w->rng) < p;
}

static struct run_plan random_plan(struct world *w)
{
    struct run_plan p;

    run_plan_init(&p);
    p.approve_training = chance(w, 0.2);
    p.approve_promotion = chance(w, 0.3);
    p.gate = chance(w, 0.8);
    p.job_retries = (int)rng_below(&w->rng, 3);
    p.rollout.undecided_goes_on = chance(w, 0.2);
    p.rollout.n_stages = (size_t)rng_below(&w->rng, 4);
    for (size_t i = 0; i < p.rollout.n_stages; i++) {
        bool shadow = i == 0 && chance(w, 0.5);
        p.rollout.stages[i] = (struct rollout_stage){
            .shadow = shadow,
            .weight = shadow ? 0.0 : 0.1 * (double)(i + 1),
            .min_requests = (int64_t)rng_below(&w->rng, 300),
            .min_time_ms = (int64_t)rng_below(&w->rng, 10000),
            .max_time_ms = 10000 + (int64_t)rng_below(&w->rng, 600000),
        };
    }
    return p;
}

static struct run_event outcome_of_poll(struct world *w)
{
    static const enum run_job_state states[] = {
        RUN_JOB_QUEUED,    RUN_JOB_RUNNING, RUN_JOB_RUNNING,   RUN_JOB_SUCCEEDED,
        RUN_JOB_SUCCEEDED, RUN_JOB_FAILED,  RUN_JOB_CANCELLED, RUN_JOB_UNKNOWN};
    struct run_event ev = {.kind = RUN_EV_JOB_STATUS, .progress = rng_uniform(&w->rng)};

    ev.job = states[rng_below(&w->rng, sizeof(states) / sizeof(*states))];
    ev.retryable = chance(w, 0.5);
    if (ev.job != RUN_JOB_QUEUED && ev.job != RUN_JOB_RUNNING) {
        w->live_job[0] = '\0';
    }
    return ev;
}

static struct run_event outcome_of_reading(struct world *w)
{
    struct run_event ev = {.kind = RUN_EV_ROLLOUT_NUMBERS};

    w->candidate_requests += (int64_t)rng_below(&w->rng, 200);
    ev.verdict = chance(w, 0.06) ? ROLLOUT_BAD : chance(w, 0.6) ? ROLLOUT_GOOD : ROLLOUT_NOT_ENOUGH;
    ev.candidate_requests = w->candidate_requests;
    ev.champion_requests = 9 * w->candidate_requests;
    w->rollout_said_good |= ev.verdict == ROLLOUT_GOOD;
    return ev;
}

/* How the action in flight ended. */
static struct run_event random_outcome(struct world *w)
{
    struct run_event ev = {.kind = RUN_EV_ACTION_OK, .replicas = 3};

    if (chance(w, 0.2)) {
        ev = (struct run_event){
            .kind = RUN_EV_ACTION_FAILED, .retryable = chance(w, 0.97), .text = "fault"};
    } else if (w->in_flight == RUN_ACT_BUILD_SNAPSHOT) {
        ev.sha256 = SHA_C;
        ev.n_rows = 1000;
    } else if (w->in_flight == RUN_ACT_FETCH_RESULT) {
        ev.sha256 = SHA_B;
        ev.label = "v2";
    } else if (w->in_flight == RUN_ACT_POLL_JOB) {
        ev = outcome_of_poll(w);
    } else if (w->in_flight == RUN_ACT_EVALUATE_GATE) {
        ev = (struct run_event){.kind = RUN_EV_GATE_VERDICT,
                                .verdict = chance(w, 0.7) ? ROLLOUT_GOOD : ROLLOUT_BAD};
        w->gate_said_good = ev.verdict == ROLLOUT_GOOD;
    } else if (w->in_flight == RUN_ACT_READ_ROLLOUT) {
        ev = outcome_of_reading(w);
    } else if (w->in_flight == RUN_ACT_CANCEL_JOB) {
        w->live_job[0] = '\0';
    }
    ev.action_seq = w->in_flight_seq;
    w->in_flight = RUN_ACT_NONE;
    return ev;
}

static struct run_event random_verb(struct world *w, const struct run *r)
{
    struct run_event ev = {.actor = "alice"};

    ev.kind = (enum run_event_kind)(RUN_EV_APPROVE + (int)rng_below(&w->rng, 6));
    w->operator_promoted |= ev.kind == RUN_EV_PROMOTE && r->candidate[0];
    return ev;
}

static struct run_event random_event(struct world *w, const struct run *r)
{
    if (chance(w, 0.03)) {
        return random_verb(w, r);
    }
    if (chance(w, 0.02)) {
        w->in_flight = RUN_ACT_NONE; /* the daemon was killed: what was in flight has no outcome */
        return (struct run_event){.kind = RUN_EV_START};
    }
    if (w->in_flight != RUN_ACT_NONE && chance(w, 0.8)) {
        return random_outcome(w);
    }
    if (chance(w, 0.1)) { /* an outcome of an action long gone */
        return (struct run_event){.kind = RUN_EV_ACTION_OK,
                                  .action_seq = r->action_seq - 1 - (uint32_t)rng_below(&w->rng, 9),
                                  .sha256 = SHA_B};
    }
    return (struct run_event){.kind = RUN_EV_TICK};
}

static void pass_time(struct world *w, const struct run *r)
{
    if (chance(w, 0.02)) {
        w->now_ms -= (int64_t)rng_below(&w->rng, 3600000); /* the wall clock was set back */
    } else if (chance(w, 0.001)) {
        w->now_ms += INT64_C(30) * 86400000; /* the machine slept */
    } else if (r->next_at_ms != INT64_MAX && r->next_at_ms > w->now_ms &&
               chance(w, w->in_flight == RUN_ACT_NONE ? 0.7 : 0.01)) {
        w->now_ms = r->next_at_ms;
    } else {
        w->now_ms += (int64_t)rng_below(&w->rng, 2000);
    }
}

/* The shell: carries out what was asked for. */
static void carry_out(struct world *w, const struct run *r, enum run_action_kind action)
{
    char id[RUN_JOB_ID_BYTES];

    if (action == RUN_ACT_NONE) {
        return;
    }
    w->in_flight = action;
    w->in_flight_seq = r->action_seq;
    if (action == RUN_ACT_SUBMIT_JOB) {
        run_job_id(r, id);
        assert_true(w->live_job[0] == '\0' || strcmp(w->live_job, id) == 0);
        if (strcmp(w->live_job, id) != 0) {
            w->n_jobs++;
        }
        snprintf(w->live_job, sizeof(w->live_job), "%s", id);
    }
}

static void assert_promotion_is_earned(const struct world *w, const struct run *r)
{
    if (w->operator_promoted || r->champion[0] == '\0') {
        return;
    }
    assert_true(w->gate_said_good || !r->plan.gate);
    assert_true(w->rollout_said_good || r->plan.rollout.n_stages == 0 ||
                r->plan.rollout.undecided_goes_on);
}

static void assert_desired_is_sane(const struct run *r)
{
    struct run_desired d;

    run_desired(r, &d);
    assert_true(d.weight >= 0.0 && d.weight <= 1.0);
    assert_true(d.weight == 0.0 || d.candidate[0]);
    if (r->state == RUN_PROMOTED) {
        assert_string_equal(d.champion, SHA_B);
    } else if (run_state_is_end(r->state)) {
        assert_string_equal(d.champion, r->champion);
        assert_string_equal(d.candidate, "");
    }
}

static void assert_invariants(const struct world *w, const struct run *before, const struct run *r,
                              const struct run_outcome *out)
{
    assert_int_equal(out->from, before->state);
    assert_true(out->changed || !out->transition);
    assert_true(!out->transition || out->reason[0]);
    if (run_state_is_end(before->state)) {
        assert_false(out->changed);
        assert_int_equal(out->action, RUN_ACT_NONE);
    }
    if (run_state_is_end(r->state)) {
        assert_int_equal(r->next_at_ms, INT64_MAX);
        assert_false(r->in_flight);
    } else {
        assert_true(r->next_at_ms != INT64_MAX || r->in_flight || r->paused);
    }
    if (r->state == RUN_PROMOTE && before->state != RUN_PROMOTE) {
        assert_promotion_is_earned(w, r);
    }
    assert_desired_is_sane(r);
}

static void save(struct buf *saved, const struct run *r)
{
    cJSON *json = run_to_json(r);
    char *text = json_print(json);

    assert_non_null(text);
    buf_clear(saved);
    buf_puts(saved, text);
    cJSON_Delete(json);
    free(text);
}

static void load(const struct buf *saved, struct run *r)
{
    struct err e = {0};
    cJSON *json = NULL;

    memset(r, 0xa5, sizeof(*r)); /* nothing may come from memory */
    assert_int_equal(json_parse("run", saved->data, saved->len, &json, &e), ERR_OK);
    assert_int_equal(run_from_json(json, r, &e), ERR_OK);
    cJSON_Delete(json);
}

static enum run_state drive(uint64_t seed, bool crash, struct buf *trace)
{
    struct world w = {.now_ms = T0};
    struct buf saved = BUF_INIT;
    struct run r;

    rng_seed(&w.rng, seed);
    struct run_plan plan = random_plan(&w);
    run_init(&r, "r-1", "loan", "drift", &plan, chance(&w, 0.8) ? SHA_A : NULL, "v1", T0);
    save(&saved, &r);
    for (int i = 0; i < MAX_STEPS; i++) {
        if (crash) {
            load(&saved, &r);
        }
        struct run_event ev =
            i == 0 ? (struct run_event){.kind = RUN_EV_START} : random_event(&w, &r);
        struct run before = r;
        struct run_outcome out = run_step(&r, &ev, w.now_ms);
        assert_invariants(&w, &before, &r, &out);
        if (crash && out.changed) {
            save(&saved, &r);
        }
        carry_out(&w, &r, out.action);
        buf_printf(trace, "%lld %s %s %s %s\n", (long long)w.now_ms, run_event_name(ev.kind),
                   run_state_name(r.state), run_action_name(out.action), out.reason);
        pass_time(&w, &r);
        if (run_state_is_end(r.state) && chance(&w, 0.1)) {
            break;
        }
    }
    buf_free(&saved);
    return r.state;
}

static void random_runs_keep_the_invariants_and_survive_crashes(void **state)
{
    int ends[RUN_N_STATES] = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= N_RUNS; seed++) {
        struct buf straight = BUF_INIT, crashed = BUF_INIT;
        enum run_state end = drive(seed, false, &straight);
        ends[end]++;
        if (seed % 10 == 0) {
            drive(seed, true, &crashed);
            assert_string_equal(straight.data, crashed.data);
        }
        if (!run_state_is_end(end)) {
            print_error("seed %llu did not end\n", (unsigned long long)seed);
        }
        assert_true(run_state_is_end(end));
        buf_free(&straight);
        buf_free(&crashed);
    }
    for (int i = 0; i < RUN_N_STATES; i++) {
        if (run_state_is_end((enum run_state)i)) {
            print_message("  %-12s %d\n", run_state_name((enum run_state)i), ends[i]);
            assert_true(ends[i] > 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_runs_keep_the_invariants_and_survive_crashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
