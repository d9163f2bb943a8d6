/*
 * judge_truth.h - what the scores and labels of a window say: performance estimated without labels,
 * realised performance, harm. Against the reference's labelled rows.
 */
#ifndef PROGRAM_JUDGE_TRUTH_H
#define PROGRAM_JUDGE_TRUTH_H

#include "compare_options.h"
#include "monitors/reference.h"
#include "window_pairs.h"

#define TRUTH_MAX_SIGNALS 3

struct judge_truth;

/*
 * wanted: by enum compare_monitor; what cannot be had is set false, unless options->monitors_said:
 * then it is an error that says why. rate: of false alarms, a window and monitor. window_rows:
 * expected. *out is owned; NULL where nothing is left to do.
 */
enum err_code judge_truth_new(const struct mon_reference *ref, const struct compare_options *o,
                              bool wanted[COMPARE_N_MONITORS], struct judge_truth **out,
                              struct err *e);
void judge_truth_free(struct judge_truth *t);

/* Once, before the first window: what a false alarm may cost. */
enum err_code judge_truth_budget(struct judge_truth *t, double rate, double window_rows,
                                 double min_rows, struct err *e);

/* Writes a signal per monitor and their number to *n; signals has room for TRUTH_MAX_SIGNALS. The
 * harm test goes on from window to window. */
enum err_code judge_truth_check(struct judge_truth *t, const struct window_pairs *pairs,
                                struct mon_signal *signals, size_t *n, struct err *e);

#endif
