/*
 * calibration.h - what a score means: the chance of the class among the reference's labelled rows
 * with that score, by isotonic regression.
 *
 * A calibrator is fitted once, on rows that the version was not trained on, travels in a
 * safetensors file, and is what the estimates without labels (estimate.h) rest on. One curve per
 * output: binary, P(positive) against its score; multiclass, one against the rest, each class by
 * itself.
 *
 * Does not: change what the version answers. Read-only after fit; any thread.
 */
#ifndef MONITORS_CALIBRATION_H
#define MONITORS_CALIBRATION_H

#include <stddef.h>

#include "base/err.h"
#include "base/safetensors.h"
#include "monitors/performance.h"

/* A stretch of scores over which the fitted chance is one number. */
struct mon_calibration_block {
    double low, high; /* smallest and largest score in it; low <= high < the next block's low */
    double chance;    /* 0..1, larger than the block's before */
    double rows;      /* weight behind it, > 0: how uncertain chance is */
};

struct mon_calibration_curve {
    size_t n_blocks; /* >= 1 */
    struct mon_calibration_block *blocks;
};

struct mon_calibrator {
    enum label_kind kind; /* binary, multiclass */
    size_t n_outputs;     /* binary: 1 */
    struct mon_calibration_curve *curves;
};

/*
 * Fits the curves: the non-decreasing function of the score that is closest to the labels in
 * weighted squares (pool adjacent violators; Ayer et al. 1955, Barlow & Brunk 1972). rows: in any
 * order; those with a NaN, or an infinite score, are left out. weights: rows->n values >= 0, or
 * NULL: all 1; rows of weight 0 or NaN are left out. O(n log n) a curve. No row left, regression:
 * ERR_INVALID. One row, constant scores: one block. One class: chance 0 or 1 everywhere. *out is
 * owned; free with mon_calibrator_free.
 */
enum err_code mon_calibrator_fit(const struct mon_labelled *rows, const double *weights,
                                 struct mon_calibrator **out, struct err *e);
void mon_calibrator_free(struct mon_calibrator *c); /* NULL allowed */

/* The chance at a score: the block's inside a block, linear between blocks, the end blocks' beyond
 * them (infinities too). NaN gives NaN. O(log n_blocks). */
double mon_calibration_chance(const struct mon_calibration_curve *c, double score);

/* Index of the block nearest to the score: its own, or whichever side is closer; of NaN the first.
 */
size_t mon_calibration_block_of(const struct mon_calibration_curve *c, double score);

/* Tensors "<prefix>calibration/blocks" (F64, all curves' blocks x 4: low, high, chance, rows) and
 * "<prefix>calibration/first" (I64, n_outputs + 1: where each curve's blocks begin, and the end).
 * *keep (may become NULL) is an owned buffer to free after the file is written. */
enum err_code mon_calibrator_to_st(const struct mon_calibrator *c, const char *prefix,
                                   struct st_writer *w, void **keep, struct err *e);
/* Checks every rule of the structs above; the kind follows from n_outputs (1: binary). *out is
 * owned. */
enum err_code mon_calibrator_from_st(const struct st_file *f, const char *prefix,
                                     struct mon_calibrator **out, struct err *e);

#endif
