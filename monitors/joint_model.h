/*
 * joint_model.h - private: the reference in its own eigenvectors, and each joint statistic as the
 * squared length of a difference vector.
 *
 * That form is what makes a null possible: rows average into the vectors, so a difference between
 * two stretches scatters in proportion to 1 / rows of the one + 1 / rows of the other, and chunks
 * tell how much. mahalanobis, pca_error and mmd are of that form exactly; correlation on the scale
 * of Fisher's z is; frechet to second order: the tangent of the Bures metric at the reference is
 * 1/2 sum (v_i' D v_j)^2 / (l_i + l_j) for a difference D of covariances (Bhatia, Jain & Lim 2019).
 * Vectors are given in the columns' own coordinates, so that those of models whose eigenvectors
 * differ can be compared, and each entry belongs to a column or a pair.
 */
#ifndef MONITORS_SRC_JOINT_MODEL_H
#define MONITORS_SRC_JOINT_MODEL_H

#include "joint_space.h"
#include "monitors/joint.h"

/* Directions with less than this share of the mean variance count as having it. */
#define JOINT_VARIANCE_FLOOR 1e-4

/* Of one stretch, out of its sums. */
struct joint_moments {
    double rows;
    double *mean;       /* n_columns */
    double *covariance; /* n_columns x n_columns */
    double *embedding;  /* 2 x n_waves */
};

struct joint_model {
    const struct mon_joint_space *space;
    size_t n;        /* columns */
    size_t n_kept;   /* leading components of pca_error */
    double *mean;    /* of the reference */
    double *values;  /* of its covariance, falling, floored */
    double *vectors; /* n x n, row k of values[k] */
};

/* Room for the calculations: a few matrices. One per thread. */
struct joint_room {
    struct joint_moments a, b;
    double *x, *y, *matrix[3]; /* n; n x n each */
    double *block;
};

enum err_code joint_model_init(struct joint_model *m, const struct mon_joint_sums *reference,
                               double keep_variance, struct err *e);
void joint_model_deinit(struct joint_model *m);

enum err_code joint_room_init(struct joint_room *r, const struct mon_joint_space *space,
                              struct err *e);
void joint_room_deinit(struct joint_room *r);

void joint_moments_of(const struct mon_joint_sums *s, struct joint_moments *out);

/* Entries of the statistic's difference vector; 0: the space has no such statistic. */
size_t joint_length(const struct joint_model *m, enum mon_joint_statistic s);
/* The vector of room->a less that of room->b. */
void joint_difference(const struct joint_model *m, enum mon_joint_statistic s,
                      struct joint_room *room, double *out);

/* The difference of the covariances as frechet measures it, into room->matrix[0]: symmetric, and
 * its squares sum to what the covariances add. */
void joint_tangent(const struct joint_model *m, struct joint_room *room);

/* Correlation of columns i and j, within +-(1 - 1e-6); 0 where one is constant. */
double joint_correlation(const struct joint_moments *m, size_t n, size_t i, size_t j);
/* Mean square per row of what the components leave over. */
double joint_residual(const struct joint_model *m, const struct joint_moments *x,
                      struct joint_room *room);
/* The exact Frechet distance between room->a and room->b. */
enum err_code joint_frechet(const struct joint_model *m, struct joint_room *room, double *out,
                            struct err *e);

/* How much each column adds to the statistic's difference between room->a and room->b, n values;
 * they may be negative. Not for correlation, whose pairs are its entries. */
void joint_contributions(const struct joint_model *m, enum mon_joint_statistic s,
                         struct joint_room *room, double *out);

#endif
