/*
 * signal_ledger.h - what each signal said over the windows so far: its strongest moment, how often
 * it drifted, its values. One entry for each place among a window's signals.
 */
#ifndef PROGRAM_SIGNAL_LEDGER_H
#define PROGRAM_SIGNAL_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "monitors/signal.h"

struct ledger_entry {
    struct mon_signal strongest; /* by ledger_stronger */
    uint64_t strongest_window;   /* index, from 1 */
    uint64_t n_windows, n_judged, n_drifted, first_drift;
};

struct signal_ledger {
    size_t n;
    struct ledger_entry *entries;
    uint64_t n_windows, n_drifted_windows, n_judged_windows;
    uint64_t n_looks;    /* signals judged, over all windows */
    double false_alarms; /* expected, of all looks: the sum of the windows' budgets */
};

void signal_ledger_deinit(struct signal_ledger *l);

/* Adds a window's signals: as many every time. rate: the window's false-alarm budget. */
enum err_code signal_ledger_add(struct signal_ledger *l, uint64_t window,
                                const struct mon_signal *signals, size_t n, double rate,
                                struct err *e);

/* Entries that drifted in any window. */
size_t signal_ledger_drifted(const struct signal_ledger *l);

/* Negative where a is stronger evidence than b: drift before ok before the rest, then the smaller p
 * value, then the larger share of the threshold. */
int signal_compare(const struct mon_signal *a, const struct mon_signal *b);

/* The entries by strength, *out owned; NULL: out of memory. */
const struct ledger_entry **signal_ledger_sorted(const struct signal_ledger *l);

#endif
