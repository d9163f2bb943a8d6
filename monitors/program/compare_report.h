/*
 * compare_report.h - what leeway-monitor compare shows: a page for people, or JSON lines.
 */
#ifndef PROGRAM_COMPARE_REPORT_H
#define PROGRAM_COMPARE_REPORT_H

#include <stdio.h>

#include "base/page.h"
#include "compare_options.h"
#include "monitors/reference.h"
#include "signal_ledger.h"
#include "window_judge.h"

struct compare_result {
    const struct compare_options *options;
    const struct mon_reference *ref;
    const struct window_judge *judge;
    const struct signal_ledger *ledger;
    const char *reference_name, *file_name;
    uint64_t n_rows;      /* of the file */
    uint64_t n_rows_left; /* too few for a last window */
    uint64_t n_mismatched;
    double mean_window_rows;
};

/* One line on a window that closed, for people. */
void report_window(const struct window *w, const struct mon_signal *signals, size_t n);
/* One object per signal, a line each. */
void report_window_json(const struct window *w, const struct mon_signal *signals, size_t n);

/* The table, a sentence per drifted feature, looks and expected false alarms. */
void report_summary(const struct compare_result *r);
/* The same numbers as one object on one line: {"summary": {...}}. */
void report_summary_json(const struct compare_result *r);

#endif
