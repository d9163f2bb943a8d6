/*
 * scan_state.h - private: what a scan remembers.
 *
 * Slot k holds the older half of a block of 2^(k+1) windows while one is under way. It is in use
 * where bit k of n_windows is set, as a binary counter's digit is.
 */
#ifndef MONITORS_SRC_SCAN_STATE_H
#define MONITORS_SRC_SCAN_STATE_H

#include "monitors/scan.h"

struct scan_slot {
    struct profile *profile;
    struct mon_phase_mix mix;
};

struct mon_scan {
    const struct ruler *ruler;
    size_t n_scales;
    uint64_t n_windows;
    struct scan_slot slots[MON_SCALES_MAX - 1]; /* n_scales - 1 of them */
};

static inline bool scan_slot_in_use(const struct mon_scan *s, size_t k)
{
    return (s->n_windows >> k & 1) != 0;
}

#endif
