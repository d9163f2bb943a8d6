/*
 * expected.h - private: expected metrics of rows whose labels are known by their chances alone, for
 * one class against the rest.
 */
#ifndef MONITORS_SRC_EXPECTED_H
#define MONITORS_SRC_EXPECTED_H

#include <stdbool.h>
#include <stddef.h>

#include "monitors/estimate.h"

/* Rows alike: one row, or all rows of a cell. */
struct item {
    double score, chance, rows; /* chance of the class; rows > 0 */
    size_t block;               /* of the calibration curve that chance came from */
    bool predicted;             /* the version answers this class */
};

struct items {
    const struct mon_calibration_curve *curve; /* borrowed */
    size_t n;
    struct item *of;   /* by score, ascending */
    double *change_by; /* scratch: of the metric, with one row of the item turning positive */
};

/* No rows, all NaN. */
void estimates_clear(struct mon_estimates *out);

bool items_init(struct items *t, size_t max_items); /* false: out of memory */
void items_deinit(struct items *t);
/* Chance and block from the curve. */
void items_add(struct items *t, double score, double rows, bool predicted);
void items_sort(struct items *t);

/* Expected rows of each outcome (ratio.h). */
void expected_counts(const struct items *t, double *counts);

/* The metrics; NaN where the items do not define them. */
struct mon_estimate expected_ratio(enum mon_metric m, struct items *t);
struct mon_estimate expected_auc(struct items *t);
struct mon_estimate expected_log_loss(struct items *t);
/* Expected rows that are predicted to be of the class and are, over n_rows. */
struct mon_estimate expected_hits(struct items *t, double n_rows);

#endif
