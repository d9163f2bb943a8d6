/*
 * run_machine.c - one function per state, in the order a run goes through them, and the step that
 * chooses among them.
 */
#include "machine/run_machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "machine/run_private.h"

#define MAX_FORGOTTEN 5 /* a trainer that keeps forgetting its jobs is not asked for ever */

static void step_AWAITING_APPROVAL(struct step *s)
{
    step_keep_at_it(s); /* the approval is an operator's verb */
}

/* A content hash that is none is a broken shell, and final. */
static bool take_sha256(struct step *s, char out[SHA256_HEX_BYTES])
{
    if (s->ev->sha256 && sha256_is_hex(s->ev->sha256)) {
        run_copy_text(out, SHA256_HEX_BYTES, s->ev->sha256);
        return true;
    }
    step_because(s, "%s gave no SHA-256", run_action_name(s->r->action));
    step_give_up(s);
    return false;
}

static void step_SNAPSHOT(struct step *s)
{
    if (s->ev->kind != RUN_EV_ACTION_OK) {
        step_keep_at_it(s);
        return;
    }
    if (take_sha256(s, s->r->snapshot)) {
        s->r->snapshot_rows = s->ev->n_rows;
        step_because(s, "snapshot %.12s of %" PRId64 " rows", s->r->snapshot, s->ev->n_rows);
        step_enter(s, RUN_PUSH);
    }
}

static void step_PUSH(struct step *s)
{
    if (s->ev->kind != RUN_EV_ACTION_OK) {
        step_keep_at_it(s);
        return;
    }
    step_because(s, "the trainer has the snapshot%s",
                 run_has_champion(s->r) ? " and the champion" : "");
    step_enter(s, RUN_SUBMIT);
}

static void step_SUBMIT(struct step *s)
{
    char id[RUN_JOB_ID_BYTES];

    if (s->ev->kind != RUN_EV_ACTION_OK) {
        step_keep_at_it(s);
        return;
    }
    s->r->job_state = RUN_JOB_QUEUED;
    s->r->job_progress = 0.0;
    run_job_id(s->r, id);
    step_because(s, "the trainer took job %s", id);
    step_enter(s, RUN_TRAIN);
}

static void job_goes_on(struct step *s)
{
    s->r->job_state = s->ev->job;
    s->r->job_progress = s->ev->progress;
    s->r->attempt = 0;
    step_act_later(s, s->r->plan.poll_ms);
}

/* The trainer lost its memory: hand over everything again, under the same id. */
static void job_is_unknown(struct step *s)
{
    if (++s->r->forgotten > MAX_FORGOTTEN) {
        step_because(s, "the trainer forgot the job %d times", MAX_FORGOTTEN);
        step_give_up(s);
        return;
    }
    step_because(s, "the trainer does not know the job: it is handed over again");
    step_enter(s, RUN_PUSH);
}

static void job_has_failed(struct step *s)
{
    struct run *r = s->r;

    if (s->ev->retryable && r->job_attempt <= (uint32_t)r->plan.job_retries) {
        step_because(s, "job attempt %u failed: %s; another is made (%d allowed)", r->job_attempt,
                     step_text(s, "no reason given"), r->plan.job_retries + 1);
        r->job_attempt++;
        step_enter(s, RUN_PUSH);
        return;
    }
    step_because(s, "the job failed: %s", step_text(s, "no reason given"));
    step_enter(s, RUN_FAILED);
}

static void step_TRAIN(struct step *s)
{
    if (s->ev->kind != RUN_EV_JOB_STATUS) {
        step_keep_at_it(s);
        return;
    }
    switch (s->ev->job) {
    case RUN_JOB_QUEUED:
    case RUN_JOB_RUNNING:
        job_goes_on(s);
        return;
    case RUN_JOB_SUCCEEDED:
        s->r->job_state = RUN_JOB_SUCCEEDED;
        s->r->job_progress = 1.0;
        step_because(s, "the job succeeded%s%s", s->ev->text ? ": " : "", step_text(s, ""));
        step_enter(s, RUN_FETCH);
        return;
    case RUN_JOB_FAILED:
        s->r->job_state = RUN_JOB_FAILED;
        job_has_failed(s);
        return;
    case RUN_JOB_CANCELLED:
        s->r->job_state = RUN_JOB_CANCELLED;
        step_because(s, "the job was cancelled at the trainer: %s",
                     step_text(s, "not by this run"));
        step_enter(s, RUN_FAILED);
        return;
    case RUN_JOB_UNKNOWN:
        job_is_unknown(s);
        return;
    }
}

static void step_FETCH(struct step *s)
{
    if (s->ev->kind != RUN_EV_ACTION_OK) {
        step_keep_at_it(s);
        return;
    }
    if (take_sha256(s, s->r->candidate)) {
        run_copy_text(s->r->candidate_label, sizeof(s->r->candidate_label), s->ev->label);
        step_because(s, "candidate %s (%.12s) is here", s->r->candidate_label, s->r->candidate);
        step_enter(s, RUN_GATE);
    }
}

static void pass_gate(struct step *s)
{
    s->r->gate_verdict = ROLLOUT_GOOD;
    step_enter(s, run_has_champion(s->r) ? RUN_DISTRIBUTE : RUN_PROMOTE);
}

static void step_GATE(struct step *s)
{
    const struct run *r = s->r;
    enum run_event_kind k = s->ev->kind;

    if (k == RUN_EV_GATE_VERDICT && s->ev->verdict == ROLLOUT_GOOD) {
        step_because(s, "the gate: good: %s", step_text(s, "no words given"));
        pass_gate(s);
    } else if (k == RUN_EV_GATE_VERDICT) {
        s->r->gate_verdict = s->ev->verdict;
        step_because(s, "the gate: %s: %s", rollout_verdict_name(s->ev->verdict),
                     step_text(s, "no words given"));
        step_enter(s, RUN_REJECTED);
    } else if ((k == RUN_EV_TICK || k == RUN_EV_START) && run_gate_is_open(r) && !r->paused) {
        step_because(s, "the gate: %s",
                     run_has_champion(r) ? "switched off" : "no champion to compare with");
        pass_gate(s);
    } else {
        step_keep_at_it(s);
    }
}

/* "3 replicas run it, 1 is away" */
static void fleet_text(const struct step *s, char *out, size_t size)
{
    snprintf(out, size, "%d replica%s, %d away", s->ev->replicas, s->ev->replicas == 1 ? "" : "s",
             s->ev->replicas_away);
}

static void enter_stage(struct step *s)
{
    step_enter(s, run_stage(s->r)->shadow ? RUN_SHADOW : RUN_CANARY);
}

static void end_rollout(struct step *s)
{
    step_enter(s, s->r->plan.approve_promotion ? RUN_AWAITING_PROMOTION : RUN_PROMOTE);
}

static void step_DISTRIBUTE(struct step *s)
{
    char fleet[64];

    if (s->ev->kind != RUN_EV_ACTION_OK) {
        step_keep_at_it(s);
        return;
    }
    fleet_text(s, fleet, sizeof(fleet));
    step_because(s, "%s is loaded: %s", s->r->candidate_label, fleet);
    if (s->r->plan.rollout.n_stages > 0) {
        enter_stage(s);
    } else {
        end_rollout(s);
    }
}

/* Feeds the rollout and follows its move; false: it stays. */
static bool roll(struct step *s, const struct rollout_event *ev)
{
    struct run *r = s->r;
    char reason[ROLLOUT_REASON_BYTES];
    enum rollout_move move = rollout_step(&r->rollout, &r->plan.rollout, ev, s->now_ms, reason);

    if (move != ROLLOUT_STAY) {
        step_because(s, "%s", reason);
    }
    switch (move) {
    case ROLLOUT_STAY:
        return false;
    case ROLLOUT_NEXT:
        enter_stage(s);
        return true;
    case ROLLOUT_PASS:
        end_rollout(s);
        return true;
    case ROLLOUT_BACK:
        step_take_back(s, RUN_ROLL_BACK, RUN_ROLLED_BACK);
        return true;
    }
    return false;
}

static void stage_is_pushed(struct step *s)
{
    struct run *r = s->r;
    char fleet[64];

    r->pushed = true;
    r->attempt = 0;
    r->reading[0] = '\0';
    r->deadline_ms = RUN_NEVER;
    roll(s, &(struct rollout_event){.kind = ROLLOUT_EV_ENTER});
    fleet_text(s, fleet, sizeof(fleet));
    step_because(s, "the fleet runs it: %s", fleet);
    run_copy_text(r->reason, sizeof(r->reason), s->out.reason);
    step_act_later(s, r->plan.read_ms);
}

static void read_numbers(struct step *s)
{
    struct rollout_event numbers = {.kind = ROLLOUT_EV_NUMBERS,
                                    .verdict = s->ev->verdict,
                                    .champion_requests = s->ev->champion_requests,
                                    .candidate_requests = s->ev->candidate_requests,
                                    .text = s->ev->text};

    s->r->attempt = 0;
    run_copy_text(s->r->reading, sizeof(s->r->reading), s->ev->text);
    if (!roll(s, &numbers)) {
        step_act_later(s, s->r->plan.read_ms);
    }
}

static void step_stage(struct step *s)
{
    enum run_event_kind k = s->ev->kind;
    const struct rollout_event time_passed = {.kind = ROLLOUT_EV_TICK,
                                              .text = s->r->reading[0] ? s->r->reading : NULL};

    if (k == RUN_EV_ACTION_OK && !s->r->pushed) {
        stage_is_pushed(s);
    } else if (k == RUN_EV_ROLLOUT_NUMBERS && s->r->pushed) {
        read_numbers(s);
    } else if ((k != RUN_EV_TICK && k != RUN_EV_START) || !roll(s, &time_passed)) {
        step_keep_at_it(s);
    }
}

static void step_SHADOW(struct step *s)
{
    step_stage(s);
}

static void step_CANARY(struct step *s)
{
    step_stage(s);
}

/* The last stage goes on being watched: a bad verdict does not wait for a person. */
static void step_AWAITING_PROMOTION(struct step *s)
{
    if (s->ev->kind == RUN_EV_ROLLOUT_NUMBERS) {
        read_numbers(s);
    } else {
        step_keep_at_it(s);
    }
}

static void step_PROMOTE(struct step *s)
{
    char fleet[64];

    if (s->ev->kind != RUN_EV_ACTION_OK) {
        step_keep_at_it(s);
        return;
    }
    fleet_text(s, fleet, sizeof(fleet));
    step_because(s, "%s is the champion: %s", s->r->candidate_label, fleet);
    step_enter(s, RUN_PROMOTED);
}

static void step_ROLL_BACK(struct step *s)
{
    char fleet[64];

    if (s->ev->kind != RUN_EV_ACTION_OK) {
        step_keep_at_it(s);
        return;
    }
    fleet_text(s, fleet, sizeof(fleet));
    step_because(s, "%s; back on %s: %s", s->r->end_reason,
                 run_has_champion(s->r) ? s->r->champion_label : "no version", fleet);
    step_enter(s, s->r->end);
}

static void step_CANCEL(struct step *s)
{
    if (s->ev->kind != RUN_EV_ACTION_OK) {
        step_keep_at_it(s);
        return;
    }
    step_because(s, "%s; the job is cancelled", s->r->end_reason);
    step_enter(s, s->r->end);
}

static void step_ended(struct step *s)
{
    s->out.answer = RUN_IGNORED;
}

static void step_state(struct step *s)
{
    switch (s->r->state) {
    case RUN_AWAITING_APPROVAL:
        step_AWAITING_APPROVAL(s);
        return;
    case RUN_SNAPSHOT:
        step_SNAPSHOT(s);
        return;
    case RUN_PUSH:
        step_PUSH(s);
        return;
    case RUN_SUBMIT:
        step_SUBMIT(s);
        return;
    case RUN_TRAIN:
        step_TRAIN(s);
        return;
    case RUN_FETCH:
        step_FETCH(s);
        return;
    case RUN_GATE:
        step_GATE(s);
        return;
    case RUN_DISTRIBUTE:
        step_DISTRIBUTE(s);
        return;
    case RUN_SHADOW:
        step_SHADOW(s);
        return;
    case RUN_CANARY:
        step_CANARY(s);
        return;
    case RUN_AWAITING_PROMOTION:
        step_AWAITING_PROMOTION(s);
        return;
    case RUN_PROMOTE:
        step_PROMOTE(s);
        return;
    case RUN_ROLL_BACK:
        step_ROLL_BACK(s);
        return;
    case RUN_CANCEL:
        step_CANCEL(s);
        return;
    case RUN_PROMOTED:
    case RUN_REJECTED:
    case RUN_ROLLED_BACK:
    case RUN_FAILED:
    case RUN_ABORTED:
    case RUN_EXPIRED:
        step_ended(s);
        return;
    }
}

/* ---- the step ---- */

static bool is_outcome(enum run_event_kind k)
{
    return k == RUN_EV_ACTION_OK || k == RUN_EV_ACTION_FAILED || k == RUN_EV_JOB_STATUS ||
           k == RUN_EV_GATE_VERDICT || k == RUN_EV_ROLLOUT_NUMBERS;
}

static bool is_verb(enum run_event_kind k)
{
    static const bool verbs[] = {
#define X(symbol, name, verb, sentence) [symbol] = verb,
        RUN_EVENT_LIST(X)
#undef X
    };
    return verbs[k];
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

/* When the stage's max time is over. */
static int64_t stage_end_ms(const struct run *r)
{
    const struct rollout_stage *st = run_stage(r);

    return r->pushed && st && st->max_time_ms > 0 ? r->rollout.entered_ms + st->max_time_ms
                                                  : RUN_NEVER;
}

static void schedule(struct run *r)
{
    r->next_at_ms = r->again_ms;
    if (!r->paused) {
        r->next_at_ms = earlier(r->next_at_ms, earlier(r->deadline_ms, stage_end_ms(r)));
    }
}

struct run_outcome run_step(struct run *r, const struct run_event *ev, int64_t now_ms)
{
    struct step s = {.r = r,
                     .ev = ev,
                     .now_ms = now_ms,
                     .out = {.answer = RUN_DONE, .from = r->state, .action = RUN_ACT_NONE}};
    struct run before;

    memcpy(&before, r, sizeof(before)); /* padding too, so that memcmp compares like with like */

    if (is_verb(ev->kind)) {
        step_verb(&s);
    } else if (is_outcome(ev->kind) && !(r->in_flight && ev->action_seq == r->action_seq)) {
        s.out.answer = RUN_IGNORED;
    } else {
        step_state(&s);
    }
    schedule(r);
    s.out.changed = memcmp(&before, r, sizeof(before)) != 0;
    return s.out;
}
