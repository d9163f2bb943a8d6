/*
 * run_core.c - what all states of a run share: which action and which desired state a state stands
 * for, entering a state, acting, retrying with backoff, giving up.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "machine/run_private.h"

/* ---- making a run ---- */

void run_plan_init(struct run_plan *p)
{
    *p = (struct run_plan){
        .gate = true,
        .deadline_ms =
            {
#define X(symbol, name, deadline_ms, sentence) [symbol] = deadline_ms,
                RUN_STATE_LIST(X)
#undef X
            },
        .retry_min_ms = 500,
        .retry_max_ms = 30000,
        .poll_ms = 1000,
        .read_ms = 2000,
    };
}

enum err_code run_plan_check(const struct run_plan *p, struct err *e)
{
    for (int i = 0; i < RUN_N_STATES; i++) {
        if (p->deadline_ms[i] < 0) {
            return err_set(e, ERR_INVALID, "deadline_ms.%s: expected 0 or more, got %" PRId64,
                           run_state_name((enum run_state)i), p->deadline_ms[i]);
        }
    }
    if (p->retry_min_ms <= 0 || p->retry_max_ms < p->retry_min_ms) {
        return err_set(e, ERR_INVALID,
                       "retry: expected 0 < min <= max, got %" PRId64 " and %" PRId64,
                       p->retry_min_ms, p->retry_max_ms);
    }
    if (p->poll_ms <= 0 || p->read_ms <= 0) {
        return err_set(e, ERR_INVALID,
                       "poll_ms, read_ms: expected more than 0, got %" PRId64 " and %" PRId64,
                       p->poll_ms, p->read_ms);
    }
    if (p->job_retries < 0) {
        return err_set(e, ERR_INVALID, "job_retries: expected 0 or more, got %d", p->job_retries);
    }
    return rollout_plan_check(&p->rollout, e);
}

/* Texts come from other programs and are cut to size; what is saved as JSON must be UTF-8 all the
 * same. */
static void make_utf8(char *text)
{
    char *end = text + strlen(text);
    for (char *p = text; p < end;) {
        size_t n = utf8_char_len(p, (size_t)(end - p));
        if (n == 0) {
            *p = '?';
            n = 1;
        }
        p += n;
    }
}

void run_copy_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
    make_utf8(out);
}

static int64_t deadline_of(const struct run *r, enum run_state s, int64_t now_ms)
{
    return r->plan.deadline_ms[s] > 0 ? now_ms + r->plan.deadline_ms[s] : RUN_NEVER;
}

void run_init(struct run *r, const char *id, const char *model, const char *trigger,
              const struct run_plan *plan, const char *champion, const char *champion_label,
              int64_t now_ms)
{
    *r = (struct run){
        .plan = *plan,
        .state = plan->approve_training ? RUN_AWAITING_APPROVAL : RUN_SNAPSHOT,
        .end = RUN_FAILED,
        .created_ms = now_ms,
        .entered_ms = now_ms,
        .next_at_ms = now_ms,
        .again_ms = plan->approve_training ? RUN_NEVER : now_ms,
        .action = plan->approve_training ? RUN_ACT_NONE : RUN_ACT_BUILD_SNAPSHOT,
        .job_attempt = 1,
    };
    r->deadline_ms = deadline_of(r, r->state, now_ms);
    run_copy_text(r->id, sizeof(r->id), id);
    run_copy_text(r->model, sizeof(r->model), model);
    run_copy_text(r->trigger, sizeof(r->trigger), trigger);
    run_copy_text(r->champion, sizeof(r->champion), champion);
    run_copy_text(r->champion_label, sizeof(r->champion_label), champion_label);
}

/* ---- what a state stands for ---- */

bool run_state_is_end(enum run_state s)
{
    return s >= RUN_PROMOTED;
}

bool run_has_champion(const struct run *r)
{
    return r->champion[0] != '\0';
}

bool run_gate_is_open(const struct run *r)
{
    return !r->plan.gate || !run_has_champion(r);
}

/* The action a state works at. */
static enum run_action_kind action_of(const struct run *r)
{
    switch (r->state) {
    case RUN_SNAPSHOT:
        return RUN_ACT_BUILD_SNAPSHOT;
    case RUN_PUSH:
        return RUN_ACT_PUSH_SNAPSHOT;
    case RUN_SUBMIT:
        return RUN_ACT_SUBMIT_JOB;
    case RUN_TRAIN:
        return RUN_ACT_POLL_JOB;
    case RUN_FETCH:
        return RUN_ACT_FETCH_RESULT;
    case RUN_GATE:
        return run_gate_is_open(r) ? RUN_ACT_NONE : RUN_ACT_EVALUATE_GATE;
    case RUN_SHADOW:
    case RUN_CANARY:
        return r->pushed ? RUN_ACT_READ_ROLLOUT : RUN_ACT_PUSH_DESIRED;
    case RUN_AWAITING_PROMOTION:
        return RUN_ACT_READ_ROLLOUT;
    case RUN_DISTRIBUTE:
    case RUN_PROMOTE:
    case RUN_ROLL_BACK:
        return RUN_ACT_PUSH_DESIRED;
    case RUN_CANCEL:
        return RUN_ACT_CANCEL_JOB;
    case RUN_AWAITING_APPROVAL:
    case RUN_PROMOTED:
    case RUN_REJECTED:
    case RUN_ROLLED_BACK:
    case RUN_FAILED:
    case RUN_ABORTED:
    case RUN_EXPIRED:
        return RUN_ACT_NONE;
    }
    return RUN_ACT_NONE;
}

/* A pause holds what leads forward; looking and taking back go on. */
static bool is_held(const struct run *r)
{
    return r->paused && r->action != RUN_ACT_POLL_JOB && r->action != RUN_ACT_READ_ROLLOUT &&
           r->state != RUN_ROLL_BACK && r->state != RUN_CANCEL;
}

const struct rollout_stage *run_stage(const struct run *r)
{
    size_t n = r->plan.rollout.n_stages;

    if (n == 0) {
        return NULL;
    }
    return &r->plan.rollout.stages[r->rollout.stage < n ? r->rollout.stage : n - 1];
}

static void desire_trial(const struct run *r, struct run_desired *out)
{
    const struct rollout_stage *st = r->state == RUN_DISTRIBUTE ? NULL : run_stage(r);

    out->candidate = r->candidate;
    out->candidate_label = r->candidate_label;
    out->weight = st ? st->weight : 0.0;
    out->shadow = st && st->shadow;
}

static void desire_candidate(const struct run *r, struct run_desired *out)
{
    out->champion = r->candidate;
    out->champion_label = r->candidate_label;
    out->warm = r->champion;
}

void run_desired(const struct run *r, struct run_desired *out)
{
    *out = (struct run_desired){
        .champion = r->champion,
        .champion_label = r->champion_label,
        .candidate = "",
        .candidate_label = "",
        .warm = "",
    };
    switch (r->state) {
    case RUN_DISTRIBUTE:
    case RUN_SHADOW:
    case RUN_CANARY:
    case RUN_AWAITING_PROMOTION:
        desire_trial(r, out);
        return;
    case RUN_PROMOTE:
    case RUN_PROMOTED:
        desire_candidate(r, out);
        return;
    case RUN_AWAITING_APPROVAL:
    case RUN_SNAPSHOT:
    case RUN_PUSH:
    case RUN_SUBMIT:
    case RUN_TRAIN:
    case RUN_FETCH:
    case RUN_GATE:
    case RUN_ROLL_BACK:
    case RUN_CANCEL:
    case RUN_REJECTED:
    case RUN_ROLLED_BACK:
    case RUN_FAILED:
    case RUN_ABORTED:
    case RUN_EXPIRED:
        return;
    }
}

/* ---- acting, entering, retrying ---- */

void step_act(struct step *s)
{
    struct run *r = s->r;

    r->action = action_of(r);
    r->in_flight = false;
    if (r->action == RUN_ACT_NONE || is_held(r)) {
        /* An open gate has nothing to wait for: the next tick goes through it. */
        r->again_ms = r->state == RUN_GATE && !r->paused ? s->now_ms : RUN_NEVER;
        return;
    }
    r->in_flight = true;
    r->action_seq++;
    r->again_ms = RUN_NEVER;
    s->out.action = r->action;
}

void step_act_later(struct step *s, int64_t delay_ms)
{
    s->r->action = action_of(s->r);
    s->r->in_flight = false;
    s->r->again_ms = s->now_ms + delay_ms;
}

void step_because(struct step *s, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(s->out.reason, sizeof(s->out.reason), fmt, args);
    va_end(args);
    make_utf8(s->out.reason);
}

/* The one way into a state; the reason has been given by step_because(). */
void step_enter(struct step *s, enum run_state state)
{
    struct run *r = s->r;

    r->state = state;
    r->entered_ms = s->now_ms;
    r->deadline_ms = deadline_of(r, state, s->now_ms);
    r->attempt = 0;
    r->pushed = false;
    if (state == RUN_ROLL_BACK || state == RUN_CANCEL || run_state_is_end(state)) {
        r->paused = false;
    }
    run_copy_text(r->reason, sizeof(r->reason), s->out.reason);
    s->out.transition = true;
    step_act(s);
}

/* Into ROLL_BACK or CANCEL, which lead to end. */
void step_take_back(struct step *s, enum run_state through, enum run_state end)
{
    s->r->end = end;
    run_copy_text(s->r->end_reason, sizeof(s->r->end_reason), s->out.reason);
    step_enter(s, through);
}

static int64_t backoff_ms(const struct run *r)
{
    int64_t delay_ms = r->plan.retry_min_ms;

    for (uint32_t i = 1; i < r->attempt && delay_ms < r->plan.retry_max_ms; i++) {
        delay_ms *= 2;
    }
    return delay_ms < r->plan.retry_max_ms ? delay_ms : r->plan.retry_max_ms;
}

const char *step_text(const struct step *s, const char *otherwise)
{
    return s->ev->text && s->ev->text[0] ? s->ev->text : otherwise;
}

/* What becomes of a run whose state cannot be brought to its end; the reason has been given. */
void step_give_up(struct step *s)
{
    struct run *r = s->r;

    switch (r->state) {
    case RUN_AWAITING_APPROVAL:
        step_enter(s, RUN_EXPIRED);
        return;
    case RUN_SNAPSHOT:
    case RUN_PUSH:
    case RUN_FETCH:
    case RUN_GATE:
        step_enter(s, RUN_FAILED);
        return;
    case RUN_SUBMIT: /* it may have arrived all the same */
    case RUN_TRAIN:
        step_take_back(s, RUN_CANCEL, RUN_FAILED);
        return;
    case RUN_DISTRIBUTE:
    case RUN_SHADOW:
    case RUN_CANARY:
    case RUN_PROMOTE:
        step_take_back(s, RUN_ROLL_BACK, run_has_champion(r) ? RUN_ROLLED_BACK : RUN_FAILED);
        return;
    case RUN_AWAITING_PROMOTION:
        step_take_back(s, RUN_ROLL_BACK, RUN_EXPIRED);
        return;
    case RUN_ROLL_BACK:
    case RUN_CANCEL:
        step_enter(s, r->end);
        return;
    case RUN_PROMOTED:
    case RUN_REJECTED:
    case RUN_ROLLED_BACK:
    case RUN_FAILED:
    case RUN_ABORTED:
    case RUN_EXPIRED:
        return;
    }
}

static bool deadline_has_passed(const struct step *s)
{
    return !s->r->paused && s->now_ms >= s->r->deadline_ms;
}

static void give_up_late(struct step *s)
{
    const struct run *r = s->r;
    char took[CLOCK_TEXT_BYTES];

    clock_format_duration(s->now_ms - r->entered_ms, took, sizeof(took));
    if (r->state == RUN_ROLL_BACK || r->state == RUN_CANCEL) {
        step_because(s, "%s; not confirmed after %s and %u failures, the collector goes on",
                     r->end_reason, took, r->attempt);
    } else {
        step_because(s, "%s: the deadline passed after %s and %u failures",
                     run_state_name(r->state), took, r->attempt);
    }
    step_give_up(s);
}

static void retry(struct step *s)
{
    char delay[CLOCK_TEXT_BYTES];

    s->r->attempt++;
    step_act_later(s, backoff_ms(s->r));
    step_because(s, "%s failed (attempt %u): %s; again in %s", run_action_name(s->r->action),
                 s->r->attempt, step_text(s, "no reason given"),
                 clock_format_duration(backoff_ms(s->r), delay, sizeof(delay)));
}

/* Looking at a rollout and taking things back are never given up for one failure. */
static bool failure_is_final(const struct step *s)
{
    return !s->ev->retryable && s->r->action != RUN_ACT_READ_ROLLOUT &&
           s->r->state != RUN_ROLL_BACK && s->r->state != RUN_CANCEL;
}

static void failed(struct step *s)
{
    if (!failure_is_final(s)) {
        retry(s);
        return;
    }
    step_because(s, "%s failed: %s", run_action_name(s->r->action),
                 step_text(s, "no reason given"));
    step_give_up(s);
}

static void tick(struct step *s)
{
    if (deadline_has_passed(s)) {
        give_up_late(s);
    } else if (!s->r->in_flight && s->now_ms >= s->r->again_ms) {
        step_act(s);
    } else {
        s->out.answer = RUN_IGNORED;
    }
}

/* After a restart: what was in flight is given out again, under the number it had. */
static void start(struct step *s)
{
    if (s->r->in_flight) {
        s->out.action = s->r->action;
    } else {
        tick(s);
    }
}

/* What every state does with the events that are not its own. */
void step_keep_at_it(struct step *s)
{
    switch (s->ev->kind) {
    case RUN_EV_START:
        start(s);
        return;
    case RUN_EV_TICK:
        tick(s);
        return;
    case RUN_EV_ACTION_FAILED:
        failed(s);
        return;
    case RUN_EV_ACTION_OK:
    case RUN_EV_JOB_STATUS:
    case RUN_EV_GATE_VERDICT:
    case RUN_EV_ROLLOUT_NUMBERS:
    case RUN_EV_APPROVE:
    case RUN_EV_PAUSE:
    case RUN_EV_RESUME:
    case RUN_EV_PROMOTE:
    case RUN_EV_ABORT:
    case RUN_EV_ROLLBACK:
        s->out.answer = RUN_IGNORED;
        return;
    }
}
