/*
 * compare_run.h - the run of leeway-monitor compare: rows become windows, windows are judged and
 * reported as they close. What is said at the end is monitor_compare.c's.
 */
#ifndef PROGRAM_COMPARE_RUN_H
#define PROGRAM_COMPARE_RUN_H

#include "coded_row.h"
#include "compare_explain.h"
#include "compare_options.h"
#include "monitors/cadence.h"
#include "row_source.h"
#include "signal_ledger.h"
#include "window_judge.h"

struct compare_run {
    const struct compare_options *options;
    const char *reference_name, *file;
    struct mon_reference *ref;
    struct window_judge *judge;
    struct row_source source;
    struct mon_cadence cadence;
    struct window window;
    bool keeps_pairs;        /* a monitor looks at scores and labels row by row */
    struct explain *explain; /* NULL: not asked for */
    struct signal_ledger ledger;
    uint64_t n_rows, n_rows_left;
    /* A row that would open a window waits for the next: a time far ahead of both its neighbours'
     * is a mistake, and would leave the rows after it without a window of their own. */
    struct coded_row row, waiting;
    bool waits;
    uint64_t n_stray, n_late;        /* times ahead of their neighbours; before the open window */
    int64_t first_stray, first_late; /* lines */
    /* rows that wait to be counted */
    size_t n_block;
    double *codes;
    float *scores;
};

/* Loads the reference, opens the file, and finds what of both can be compared. *c has its three
 * borrowed members and is else zero; compare_run_deinit it whatever is returned. */
enum err_code compare_run_prepare(struct compare_run *c, struct err *e);
/* Reads the file to its end, or to Ctrl-C, or until nobody reads stdout any more. */
enum err_code compare_run_read(struct compare_run *c, struct err *e);
void compare_run_deinit(struct compare_run *c);

#endif
