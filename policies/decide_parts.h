/*
 * decide_parts.h - what decide.c, triggers.c and trigger_windows.c share. Private to policies/.
 */
#ifndef POLICIES_DECIDE_PARTS_H
#define POLICIES_DECIDE_PARTS_H

#include "policies/decide.h"

#define TRIGGER_WHY_BYTES 512

/* What one trigger says. */
struct trigger_word {
    bool fired;
    char why[TRIGGER_WHY_BYTES]; /* in both cases a phrase with the numbers */
    cJSON *numbers;              /* an object that the trigger may add to; owned by the caller */
};

/* Fills *out, whose numbers is an empty object. */
enum err_code trigger_ask(const struct policy *p, const struct policy_trigger *t,
                          const struct policy_input *in, struct trigger_word *out, struct err *e);

/* The kinds that look at windows of signals (trigger_windows.c). */
enum err_code trigger_ask_windows(const struct policy *p, const struct policy_trigger *t,
                                  const struct policy_input *in, struct trigger_word *out,
                                  struct err *e);

#endif
