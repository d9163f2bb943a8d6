/*
 * judge_quality.h - a window's data themselves: values missing, unseen, out of range, infinite,
 * mistyped; columns that stopped varying; and, where windows are lengths of time, how many rows
 * came.
 */
#ifndef PROGRAM_JUDGE_QUALITY_H
#define PROGRAM_JUDGE_QUALITY_H

#include "judge_inputs.h"

struct judge_quality;

/* s outlives *out, which is owned. */
enum err_code judge_quality_new(const struct judge_setting *s, struct judge_quality **out,
                                struct err *e);
void judge_quality_free(struct judge_quality *q);

/* Most signals that a window gets. */
size_t judge_quality_max(const struct mon_reference *ref);

/* Writes the signals and returns how many: as many for every window. */
size_t judge_quality_check(struct judge_quality *q, const struct window *w,
                           struct mon_signal *signals);

#endif
