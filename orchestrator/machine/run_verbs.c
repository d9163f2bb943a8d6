/*
 * run_verbs.c - the operator's verbs. Every verb has an answer in every state: done, already so, or
 * refused with the reason.
 */
#include "machine/run_private.h"

/* "paused by alice: a look at the numbers first" */
static void said(struct step *s, const char *what)
{
    const char *text = step_text(s, "");

    step_because(s, "%s by %s%s%s", what, s->ev->actor ? s->ev->actor : "an operator",
                 text[0] ? ": " : "", text);
}

static void refuse(struct step *s, const char *why)
{
    s->out.answer = RUN_REFUSED;
    step_because(s, "the run is in state %s: %s", run_state_name(s->r->state), why);
}

static void already(struct step *s, const char *how)
{
    s->out.answer = RUN_ALREADY;
    step_because(s, "the run is in state %s: %s", run_state_name(s->r->state), how);
}

/* A verb that changes no state still gets its line in the timeline. */
static void note(struct step *s, const char *what)
{
    said(s, what);
    run_copy_text(s->r->reason, sizeof(s->r->reason), s->out.reason);
    s->out.transition = true;
}

/* The clocks of state and stage go on where the pause stopped them. */
static void let_clocks_run(struct step *s)
{
    struct run *r = s->r;
    char unused[ROLLOUT_REASON_BYTES];
    int64_t since_ms = r->paused_ms > r->entered_ms ? r->paused_ms : r->entered_ms;

    if (!r->paused) {
        return;
    }
    if (r->deadline_ms != RUN_NEVER && s->now_ms > since_ms) {
        r->deadline_ms += s->now_ms - since_ms;
    }
    r->paused = false;
    rollout_step(&r->rollout, &r->plan.rollout, &(struct rollout_event){.kind = ROLLOUT_EV_RESUME},
                 s->now_ms, unused);
}

static void verb_approve(struct step *s)
{
    const struct run *r = s->r;

    if (r->state == RUN_AWAITING_APPROVAL) {
        said(s, "training approved");
        step_enter(s, RUN_SNAPSHOT);
    } else if (r->state == RUN_AWAITING_PROMOTION) {
        said(s, "promotion approved");
        step_enter(s, RUN_PROMOTE);
    } else if ((r->plan.approve_training && r->state > RUN_AWAITING_APPROVAL &&
                r->state < RUN_DISTRIBUTE) ||
               (r->plan.approve_promotion &&
                (r->state == RUN_PROMOTE || r->state == RUN_PROMOTED))) {
        already(s, "it was approved");
    } else {
        refuse(s, "nothing waits for an approval");
    }
}

static void verb_pause(struct step *s)
{
    struct run *r = s->r;
    char unused[ROLLOUT_REASON_BYTES];

    if (run_state_is_end(r->state)) {
        refuse(s, "it has ended");
    } else if (r->state == RUN_ROLL_BACK || r->state == RUN_CANCEL) {
        refuse(s, "taking back is not paused");
    } else if (r->paused) {
        already(s, "it is paused");
    } else {
        r->paused = true;
        r->paused_ms = s->now_ms;
        rollout_step(&r->rollout, &r->plan.rollout,
                     &(struct rollout_event){.kind = ROLLOUT_EV_PAUSE}, s->now_ms, unused);
        note(s, "paused");
    }
}

static void verb_resume(struct step *s)
{
    if (run_state_is_end(s->r->state)) {
        refuse(s, "it has ended");
    } else if (!s->r->paused) {
        already(s, "it is not paused");
    } else {
        let_clocks_run(s);
        note(s, "resumed");
        if (!s->r->in_flight && s->r->again_ms == RUN_NEVER) {
            step_act(s);
        }
    }
}

static void promote_now(struct step *s)
{
    said(s, "promoted, skipping what was left,");
    let_clocks_run(s);
    step_enter(s, RUN_PROMOTE);
}

static void verb_promote(struct step *s)
{
    switch (s->r->state) {
    case RUN_AWAITING_APPROVAL:
    case RUN_SNAPSHOT:
    case RUN_PUSH:
    case RUN_SUBMIT:
    case RUN_TRAIN:
    case RUN_FETCH:
        refuse(s, "there is no candidate yet");
        return;
    case RUN_GATE:
    case RUN_DISTRIBUTE:
    case RUN_SHADOW:
    case RUN_CANARY:
    case RUN_AWAITING_PROMOTION:
        promote_now(s);
        return;
    case RUN_PROMOTE:
    case RUN_PROMOTED:
        already(s, "the candidate is being made champion, or is it");
        return;
    case RUN_ROLL_BACK:
    case RUN_CANCEL:
        refuse(s, "it is being taken back");
        return;
    case RUN_REJECTED:
    case RUN_ROLLED_BACK:
    case RUN_FAILED:
    case RUN_ABORTED:
    case RUN_EXPIRED:
        refuse(s, "it has ended");
        return;
    }
}

static void verb_abort(struct step *s)
{
    switch (s->r->state) {
    case RUN_AWAITING_APPROVAL:
    case RUN_SNAPSHOT:
    case RUN_PUSH:
    case RUN_FETCH:
    case RUN_GATE:
        said(s, "aborted");
        step_enter(s, RUN_ABORTED);
        return;
    case RUN_SUBMIT: /* under way: it may arrive */
    case RUN_TRAIN:
        said(s, "aborted");
        step_take_back(s, RUN_CANCEL, RUN_ABORTED);
        return;
    case RUN_DISTRIBUTE:
    case RUN_SHADOW:
    case RUN_CANARY:
    case RUN_AWAITING_PROMOTION:
    case RUN_PROMOTE:
        said(s, "aborted");
        step_take_back(s, RUN_ROLL_BACK, RUN_ABORTED);
        return;
    case RUN_ROLL_BACK:
    case RUN_CANCEL:
        already(s, "it is being taken back");
        return;
    case RUN_ABORTED:
        already(s, "it was aborted");
        return;
    case RUN_PROMOTED:
        refuse(s, "it has ended; to go back, roll the model back");
        return;
    case RUN_REJECTED:
    case RUN_ROLLED_BACK:
    case RUN_FAILED:
    case RUN_EXPIRED:
        refuse(s, "it has ended");
        return;
    }
}

static void verb_rollback(struct step *s)
{
    switch (s->r->state) {
    case RUN_AWAITING_APPROVAL:
    case RUN_SNAPSHOT:
    case RUN_PUSH:
    case RUN_SUBMIT:
    case RUN_TRAIN:
    case RUN_FETCH:
    case RUN_GATE:
        refuse(s, "nothing has been rolled out; abort it instead");
        return;
    case RUN_DISTRIBUTE:
    case RUN_SHADOW:
    case RUN_CANARY:
    case RUN_AWAITING_PROMOTION:
    case RUN_PROMOTE:
        said(s, "rolled back");
        step_take_back(s, RUN_ROLL_BACK, RUN_ROLLED_BACK);
        return;
    case RUN_ROLL_BACK:
    case RUN_ROLLED_BACK:
        already(s, "the candidate is taken back");
        return;
    case RUN_PROMOTED:
        refuse(s, "it has ended; to go back, roll the model back");
        return;
    case RUN_CANCEL:
    case RUN_REJECTED:
    case RUN_FAILED:
    case RUN_ABORTED:
    case RUN_EXPIRED:
        refuse(s, "no candidate is in service");
        return;
    }
}

void step_verb(struct step *s)
{
    switch (s->ev->kind) {
    case RUN_EV_APPROVE:
        verb_approve(s);
        return;
    case RUN_EV_PAUSE:
        verb_pause(s);
        return;
    case RUN_EV_RESUME:
        verb_resume(s);
        return;
    case RUN_EV_PROMOTE:
        verb_promote(s);
        return;
    case RUN_EV_ABORT:
        verb_abort(s);
        return;
    case RUN_EV_ROLLBACK:
        verb_rollback(s);
        return;
    case RUN_EV_START:
    case RUN_EV_TICK:
    case RUN_EV_ACTION_OK:
    case RUN_EV_ACTION_FAILED:
    case RUN_EV_JOB_STATUS:
    case RUN_EV_GATE_VERDICT:
    case RUN_EV_ROLLOUT_NUMBERS:
        return;
    }
}
