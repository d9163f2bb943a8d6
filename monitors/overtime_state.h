/*
 * overtime_state.h - private: what a monitor over time holds.
 */
#ifndef MONITORS_SRC_OVERTIME_STATE_H
#define MONITORS_SRC_OVERTIME_STATE_H

#include "monitors/overtime.h"

/* As stored: a row of the tensor "alarms". */
struct alarm_record {
    uint64_t raised, n_clear, n_raises, n_windows;
};

struct mon_overtime {
    struct mon_overtime_options options;
    const struct profile *reference; /* borrowed */
    size_t n_nulls;                  /* longer blocks use the last */
    struct mon_null *nulls[MON_SCALES_MAX];
    double alpha[MON_SCALES_MAX];
    struct alarm_record alarms[MON_SCALES_MAX];
    uint64_t n_raises; /* of the monitor */
    struct mon_scan *scan;
    struct mon_signal *room; /* one per series: of one length */
};

#endif
