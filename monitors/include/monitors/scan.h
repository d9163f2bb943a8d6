/*
 * scan.h - the last 1, 2, 4, 8 ... windows together, so that a shift too small for one window is
 * seen once enough of them have passed.
 *
 * Windows are merged in a binary counter: after window t, each length 2^k that divides t is
 * complete: the last 2^k windows, no window in two blocks of one length. Testing length 2^k at its
 * own alpha (mon_budget_over_scales) keeps a budget per window in expectation, whatever the
 * dependence between windows, lengths and features, and though all of them are compared with one
 * reference. Multiplying p- or e-values of windows would not: the reference's own noise is in every
 * one of them.
 *
 * Memory: one profile a length. Pure but for its own state; one thread at a time.
 */
#ifndef MONITORS_SCAN_H
#define MONITORS_SCAN_H

#include "base/safetensors.h"
#include "monitors/budget.h"
#include "monitors/season.h"

struct mon_scan;

/* n_scales 1..MON_SCALES_MAX: lengths 1 .. 2^(n_scales-1). Windows of another ruler are refused
 * later; the ruler is borrowed. *out is owned; free with mon_scan_free. ERR_INVALID, ERR_NOMEM. */
enum err_code mon_scan_new(const struct ruler *ruler, size_t n_scales, struct mon_scan **out,
                           struct err *e);
void mon_scan_free(struct mon_scan *s);

/* What became complete with a window. */
struct mon_scan_block {
    size_t scale;                    /* k */
    size_t n_windows;                /* 2^k */
    const struct profile *profile;   /* view, valid until the next call on the scan */
    const struct mon_phase_mix *mix; /* view; all zero where no window gave one */
};

/*
 * Adds a window (borrowed for the call; mix may be NULL) and writes the blocks it completes to
 * blocks (room for n_scales), shortest first: always the window itself, then as many lengths as
 * divide the number of windows so far. Returns how many. A window without rows counts like others:
 * a length is a number of windows, not of rows.
 */
size_t mon_scan_add(struct mon_scan *s, const struct profile *window,
                    const struct mon_phase_mix *mix, struct mon_scan_block *blocks);

size_t mon_scan_n_scales(const struct mon_scan *s);
uint64_t mon_scan_windows(const struct mon_scan *s); /* added so far */
/* Forgets all windows: after a new reference, or once a change was dealt with. */
void mon_scan_clear(struct mon_scan *s);

/* The state as tensors "<prefix>N/..." and "<prefix>windows": the scan must not change until the
 * file is written. */
enum err_code mon_scan_to_st(const struct mon_scan *s, const char *prefix, struct st_writer *w,
                             struct err *e);
/* Fills a new scan of the same ruler and n_scales; ERR_PARSE, ERR_NOT_FOUND, ERR_INVALID leave it
 * cleared. */
enum err_code mon_scan_from_st(struct mon_scan *s, const struct st_file *f, const char *prefix,
                               struct err *e);

#endif
