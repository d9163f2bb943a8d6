/*
 * joint.h - has a window left the reference in a way that no feature shows alone? Five statistics
 * over joint sums (joint_sums.h), thresholds calibrated from the reference's own chunks.
 *
 * Statistics. All in z, the reference's deviations; m, C, R: mean, covariance and correlation of z
 * over the window (w) and the reference (r).
 *   mahalanobis  square root of (m_w - m_r)' C_r^-1 (m_w - m_r)                  (Mahalanobis 1936)
 *   correlation  the largest change of a pair's correlation, in its own standard errors, on the
 * scale of Fisher's z (1921): sees a pair that changed among thousands that did not frechet square
 * root of |m_w - m_r|^2 + tr(C_w + C_r - 2 (C_w C_r)^1/2), the 2-Wasserstein distance of the normal
 * laws (Dowson & Landau 1982; FID of Heusel et al. 2017) pca_error    mean square per row of what
 * the reference's leading components leave over: the reconstruction error, rising or falling mmd
 * distance of the mean embeddings: maximum mean discrepancy (Gretton et al. 2012) under the random
 * Fourier features of Rahimi & Recht 2007 Directions in which the reference has less than 1e-4 of
 * its mean variance count as having that.
 *
 * The null. Each statistic is, to second order, the squared length of a difference of vectors that
 * rows average into. Its mean without drift is measured on chunks of the reference against the REST
 * of it, and again on runs of chunks of the window's size: where rows remember longer than a chunk,
 * the second is larger and counts. The rest leaves out the neighbouring chunks (h-block
 * cross-validation: Burman, Chow & Nolan 1994), and eigenvectors are fitted to it alone: the
 * components fit best the rows they were fitted to, and a window is not among those. The tail is an
 * F (of three moments: Hall 1983, Buckley & Eagleson 1988) whose second degrees of freedom say how
 * few chunks and runs the mean was measured on. correlation: Student's t per pair, with the pair's
 * own standard error, Sidak over the pairs; never below what independent rows give. Over
 * statistics: Holm 1979.
 *
 * Limits. Rows that remember for longer than a quarter of the reference are beyond it. What chunks
 * show holds for windows that are no shorter than they are: a window of less than 0.9 chunks is
 * unavailable, and says so. There is no season: where windows do not hold whole cycles, what the
 * season moves is scatter between chunks, so that thresholds are wide, not crossed. A missing
 * value is z = 0, so that many of them weaken correlations: quality.h says so in its own signal.
 *
 * Does not: keep windows, decide. Pure; any thread.
 */
#ifndef MONITORS_JOINT_H
#define MONITORS_JOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "monitors/joint_sums.h"
#include "monitors/signal.h"

/* X(symbol, text) */
#define MON_JOINT_LIST(X)                                                                          \
    X(MON_JOINT_MAHALANOBIS, "mahalanobis")                                                        \
    X(MON_JOINT_CORRELATION, "correlation")                                                        \
    X(MON_JOINT_FRECHET, "frechet")                                                                \
    X(MON_JOINT_PCA, "pca_error")                                                                  \
    X(MON_JOINT_MMD, "mmd") /* only of a space with waves */

enum mon_joint_statistic {
#define X(symbol, text) symbol,
    MON_JOINT_LIST(X)
#undef X
        MON_N_JOINT
};

const char *mon_joint_name(enum mon_joint_statistic s);
/* False where the name is not one of the list; *out is then unchanged. */
bool mon_joint_from_name(const char *name, enum mon_joint_statistic *out);

struct mon_joint_null_options {
    double window_rows;   /* that windows will have, about; >= 1; default 1000 */
    double keep_variance; /* share that the leading components of pca_error explain; default 0.65 */
};
void mon_joint_null_options_init(struct mon_joint_null_options *o);

/* What the reference's chunks say about windows of about one size, and the reference's own
 * components. Read-only after it was made; borrows the reference's space, nothing else. */
struct mon_joint_null;

/*
 * chunks: in time order, over the reference's space, of about equal size but for the last, which is
 * left out where it is shorter than half its neighbour. Fewer than 8, or an empty one among them:
 * no calibration, and every signal is then unavailable and says so. Better 50 or more of 50 rows
 * or more; more than 128 are merged with their neighbours, as long as they stay within a window,
 * and more than 1,024 in any case. ERR_INVALID: an option outside its range, a reference of less
 * than 2 rows. Costs the eigenvectors of a columns x columns matrix for each chunk and each run:
 * make it once per version and window size. Deterministic. *out is owned; free with
 * mon_joint_null_free.
 */
enum err_code mon_joint_null_new(const struct mon_joint_sums *reference,
                                 struct mon_joint_sums *const *chunks, size_t n_chunks,
                                 const struct mon_joint_null_options *o,
                                 struct mon_joint_null **out, struct err *e);
void mon_joint_null_free(struct mon_joint_null *null);

struct mon_joint_options {
    char monitor[MON_NAME_BYTES];
    bool watch[MON_N_JOINT]; /* by enum mon_joint_statistic; default all */
    double min_rows;         /* of the window; default 200; never less than 10 */
    double false_alarm_rate; /* chance of any alarm in one window of an unchanged stream, over all
                                watched statistics; default 0.001 */
    /* Change below which evidence alone does not count, in the unit of signal.effect; defaults:
     * mahalanobis 0.1, correlation 0.1, frechet 0.1, pca_error 0.05, mmd 0.02. */
    double min_effect[MON_N_JOINT];
};
void mon_joint_options_init(struct mon_joint_options *o);

/*
 * Writes one signal per watched statistic that the space has, in the order of the list, and their
 * number to *n_signals; signals has room for MON_N_JOINT. reference and window are over the null's
 * space. Fewer rows than min_rows: insufficient; fewer than 0.9 times the null's chunks have:
 * unavailable, threshold_origin says why. A space of one column has no correlation:
 * unavailable.
 *
 * signal.value: as above; correlation: standard errors; pca_error: with the reference_value that
 * rows of the reference's law have which the components were not fitted to. threshold: the value
 * that this statistic alone would need (false_alarm_rate / watched statistics). effect:
 * mahalanobis, frechet, mmd: the value less its mean without drift (of squares, then the root);
 * correlation: absolute change of the pair's correlation; pca_error: relative change. feature: the
 * one that contributes most, or the pair "a & b"; rule: how much it contributes and who follows.
 *
 * O(columns^3). ERR_NOMEM; ERR_INVALID where LAPACK finds no eigenvectors. Nothing is then written.
 */
enum err_code mon_joint_check(const struct mon_joint_options *o, const struct mon_joint_null *null,
                              const struct mon_joint_sums *reference,
                              const struct mon_joint_sums *window, struct mon_signal *signals,
                              size_t *n_signals, struct err *e);

/* The plain numbers, uncalibrated. MON_JOINT_CORRELATION is here the largest absolute change of a
 * correlation. NaN: less than two rows on a side, no waves, one column. keep_variance as in struct
 * mon_joint_null_options. *out is written on success; errors as mon_joint_check. */
enum err_code mon_joint_distance(const struct mon_joint_sums *reference,
                                 const struct mon_joint_sums *window,
                                 enum mon_joint_statistic statistic, double keep_variance,
                                 double *out, struct err *e);

#endif
