/*
 * joint_null.h - private: what joint statistics do on a stream that has not changed.
 */
#ifndef MONITORS_SRC_JOINT_NULL_H
#define MONITORS_SRC_JOINT_NULL_H

#include "joint_model.h"

#define JOINT_MIN_CHUNKS 8
#define JOINT_ENOUGH_CHUNKS 128 /* more of them are merged while they stay within a window */
#define JOINT_MAX_CHUNKS 1024   /* however short windows are: each costs eigenvectors */
#define JOINT_SHORTEST_WINDOW                                                                      \
    0.9 /* of a chunk: how far apart shorter windows lie is not measured */

/* One estimate of a statistic's mean without drift, for 1 / n_window + 1 / n_reference = 1. */
struct joint_scale {
    double mean;
    double nu; /* degrees of freedom behind it */
};

struct joint_tail {
    struct joint_scale chunks, blocks;
    double degrees, skew_degrees; /* spectrum.h */
    /* pca_error: rows that the components were not fitted to leave more over than those they were,
     * by optimism / rows of the reference; 0 for the others. */
    double optimism;
};

struct mon_joint_null {
    struct joint_model model;
    size_t n_chunks; /* used, after merging; 0: not calibrated */
    double chunk_rows, window_rows;
    struct joint_tail tails[MON_N_JOINT];
    double *pair_variance; /* of Fisher's z of each pair, on the same scale as the means */
    double pair_nu;
};

/* 1 / n_reference + 1 / n_window: what means are multiplied by. */
static inline double joint_inverse_rows(double n_reference, double n_window)
{
    return 1.0 / n_reference + 1.0 / n_window;
}

/* P(squared length >= square) without drift; not for correlation. */
double joint_p_value(const struct joint_tail *t, double inverse_rows, double square);
/* The squared length whose p-value is p; 0 < p < 1. */
double joint_quantile(const struct joint_tail *t, double inverse_rows, double p);
/* The mean of the squared length. */
double joint_null_mean(const struct joint_tail *t, double inverse_rows);

/* Standard error of the difference of a pair's Fisher z. */
double joint_pair_error(const struct mon_joint_null *null, size_t pair, double inverse_rows);
/* P(the largest of all pairs' |difference| / error >= largest). */
double joint_pairs_p_value(const struct mon_joint_null *null, double largest);
double joint_pairs_quantile(const struct mon_joint_null *null, double p);

#endif
