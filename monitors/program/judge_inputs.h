/*
 * judge_inputs.h - distributions of features or predictions by one statistic or several: window
 * against reference, like phase against like phase where rows have times, and, where asked for,
 * several windows together.
 */
#ifndef PROGRAM_JUDGE_INPUTS_H
#define PROGRAM_JUDGE_INPUTS_H

#include "compare_options.h"
#include "monitors/drift.h"
#include "monitors/reference.h"
#include "window.h"

struct judge_inputs;

/* What does not change from monitor to monitor. */
struct judge_setting {
    const struct mon_reference *ref; /* borrowed for the judges' life, as all here */
    const struct compare_options *options;
    const struct mon_season *season; /* NULL: none */
    double rate;                     /* of false alarms, a window and monitor */
    double window_rows, min_rows;    /* expected; to be judged */
};

/* predictions: those instead of the features. *out is owned. */
enum err_code judge_inputs_new(const struct judge_setting *s, bool predictions,
                               struct judge_inputs **out, struct err *e);
void judge_inputs_free(struct judge_inputs *j);

/* Writes one signal per statistic and series from signals[*n] on, in the same order for every
 * window, and moves *n behind them. ERR_NOMEM. */
enum err_code judge_inputs_check(struct judge_inputs *j, const struct window *w,
                                 struct mon_signal *signals, size_t *n, struct err *e);

#endif
