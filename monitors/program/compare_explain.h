/*
 * compare_explain.h - everything about one feature: what was compared and how, its numbers, its
 * own past over the windows, and its groups in the reference and in the window that stands out.
 */
#ifndef PROGRAM_COMPARE_EXPLAIN_H
#define PROGRAM_COMPARE_EXPLAIN_H

#include "monitors/reference.h"
#include "monitors/signal.h"
#include "window_judge.h"

struct explain;

/* feature: a feature's or a prediction's name; another is ERR_INVALID, with the nearest one. ref
 * outlives *out, which is owned; free with explain_free. */
enum err_code explain_new(const struct mon_reference *ref, const char *feature,
                          struct explain **out, struct err *e);
void explain_free(struct explain *x);

/* Takes what a window said about the feature. */
enum err_code explain_add(struct explain *x, const struct window *w,
                          const struct mon_signal *signals, size_t n, struct err *e);

/* Prints the page. */
void explain_show(const struct explain *x);

#endif
