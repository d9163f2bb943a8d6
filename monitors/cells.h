/*
 * cells.h - private: the cells that a statistic is taken over, for one series and one window size.
 */
#ifndef MONITORS_SRC_CELLS_H
#define MONITORS_SRC_CELLS_H

#include <stdint.h>

#include "model/profile.h"
#include "monitors/drift.h"

/* Groups expected to hold fewer rows than this in the window are pooled: the chi-squared
 * approximation behind the tails needs it (Cochran 1954). */
#define CELLS_MIN_EXPECTED 5.0

struct cells {
    size_t n;              /* after pooling */
    size_t n_from;         /* series->n_cells */
    uint32_t *map;         /* n_from values: cell of the ruler -> cell here */
    double *counts;        /* scratch, by the ruler's cell */
    double *group_rows;    /* scratch, by the ruler's group */
    uint32_t *group_index; /* scratch */
};

/* Room for the largest series of the ruler. */
enum err_code cells_init(struct cells *c, const struct ruler *r, struct err *e);
void cells_deinit(struct cells *c);
size_t cells_largest(const struct ruler *r);

/* Statistics of groups: the series' groups, rare ones pooled under the reference's shares at
 * window_rows; the others: its cells as they are. reference: the series' counts. */
void cells_layout(struct cells *c, const struct series *s, const uint64_t *reference,
                  enum mon_statistic statistic, double window_rows);

/* The same where the reference is a mixture of phases. */
void cells_layout_expected(struct cells *c, const struct series *s, const double *reference,
                           enum mon_statistic statistic, double window_rows);

/* Sums the series' counts into out (c->n values). */
void cells_sum(const struct cells *c, const uint64_t *counts, double *out);
void cells_sum_expected(const struct cells *c, const double *counts, double *out);

#endif
