/*
 * null_measure.h - private: what is at hand while a null is measured on chunks.
 */
#ifndef MONITORS_SRC_NULL_MEASURE_H
#define MONITORS_SRC_NULL_MEASURE_H

#include "null.h"
#include "spectrum.h"

#define THIN_COLUMNS 51 /* of which a fiftieth of the reference each */

struct measure {
    enum mon_statistic statistic;
    const struct profile *reference;
    struct profile *const *chunks;
    const struct mon_season *season; /* NULL: chunks belong with all others */
    struct profile *total;           /* of the chunks */
    double window_rows;
    size_t n_chunks, block; /* block: chunks in a window-sized run */
    size_t n_used;          /* chunks that belong with others */
    double dof;             /* of them, less one a phase */
    bool *used;             /* n_chunks */
    double *block_size;     /* n_chunks: of the run that ends there, in chunks; 0: none */
    struct cells cells;
    struct statistic_unit unit;
    double *laid;     /* cells: reference counts */
    double *counts;   /* cells: of a chunk */
    double *expected; /* cells: of what it belongs with */
    double *widths, *weights;
    double *shares;         /* cells: of what a run belongs with */
    double *square, *sum;   /* cells: of runs of chunks; sum, shares while y is made */
    double *independent;    /* cells: mean squares of y on independent rows */
    double independent_sum; /* and of y's sum */
    double *y;              /* n_chunks x cells */
    double *thin;           /* n_chunks x THIN_COLUMNS */
    double thin_factors[THIN_COLUMNS];
    double *room; /* n_chunks x n_chunks */
};

/*
 * How much larger than its second-order form the statistic is on runs of a window's size: mean over
 * mean, and the standard error of that on top; 1 or more. Where rows come in long stretches a window has few that count, groups are empty
 * or full, and the logarithms of PSI then weigh more than the chi-squared that stands for them. To
 * be called after the runs' scatter was taken: uses their memory.
 */
double null_curvature(struct measure *m, const struct series *s);

#endif
