/*
 * run_private.h - what the files of the run machine share: one step in the making. run_core.c holds
 * what all states do, run_machine.c the states, run_verbs.c the operator.
 */
#ifndef MACHINE_RUN_PRIVATE_H
#define MACHINE_RUN_PRIVATE_H

#include "machine/run_machine.h"

#define RUN_NEVER INT64_MAX

/* One call of run_step. */
struct step {
    struct run *r;
    const struct run_event *ev;
    int64_t now_ms;
    struct run_outcome out;
};

/* Copies text (NULL: ""), cut to size. */
void run_copy_text(char *out, size_t size, const char *text);
bool run_has_champion(const struct run *r);
/* Nothing to compare: no champion, or no gate. */
bool run_gate_is_open(const struct run *r);
/* The present stage of the rollout (the last one when all are passed); NULL: the plan has none. */
const struct rollout_stage *run_stage(const struct run *r);

/* Gives the reason of what comes next. */
void step_because(struct step *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The event's text, or otherwise where it has none. */
const char *step_text(const struct step *s, const char *otherwise);
/* The one way into a state; the reason has been given. */
void step_enter(struct step *s, enum run_state state);
/* Into ROLL_BACK or CANCEL, which lead to end; the reason has been given. */
void step_take_back(struct step *s, enum run_state through, enum run_state end);
/* What becomes of a run whose state cannot be brought to its end; the reason has been given. */
void step_give_up(struct step *s);
/* Gives out the state's action now (unless a pause holds it), or after a delay. */
void step_act(struct step *s);
void step_act_later(struct step *s, int64_t delay_ms);
/* What every state does with events that are not its own: start, tick, retry, deadline. */
void step_keep_at_it(struct step *s);

/* run_verbs.c: an operator's event. */
void step_verb(struct step *s);

#endif
