/*
 * judge_screen.h - several statistics of all features or predictions by a screen, as one signal
 * each.
 */
#ifndef PROGRAM_JUDGE_SCREEN_H
#define PROGRAM_JUDGE_SCREEN_H

#include "judge_inputs.h"
#include "monitors/screen.h"

struct judge_screen;

/* All of the options' statistics, which share the setting's rate. *out is owned. */
enum err_code judge_screen_new(const struct judge_setting *s, bool predictions,
                               struct judge_screen **out, struct err *e);
void judge_screen_free(struct judge_screen *j);

/* As judge_inputs_check. Signals of wide tables that are nowhere near their limit have no p-value
 * and no effect: the screen did not work them out. */
enum err_code judge_screen_check(struct judge_screen *j, const struct window *w,
                                 struct mon_signal *signals, size_t *n, struct err *e);

#endif
