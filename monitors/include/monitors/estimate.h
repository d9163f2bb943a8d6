/*
 * estimate.h - performance before labels arrive: what it is thought to be, and whether it has
 * fallen. For classifiers from calibrated scores (CBPE, confidence-based performance estimation:
 * NannyML; Bialek, Kuberski, Perrakis & Bifet, arXiv 2401.08348).
 *
 * A calibrated score says how likely the row is positive. So every row is a true positive with its
 * chance and a false one with the rest, and the sums over a window are its expected confusion
 * matrix; the metrics follow. This holds while the chance at a score stays what it was in the
 * reference: inputs may drift, the concept may not. Where labels do arrive, a gap beyond the errors
 * says that the concept has moved (mon_estimate_gap).
 *
 * Regressions are estimated by loss_model.h, whose answers have the same form. Pure; any thread.
 */
#ifndef MONITORS_ESTIMATE_H
#define MONITORS_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "model/profile.h"
#include "monitors/calibration.h"
#include "monitors/performance.h"
#include "monitors/signal.h"

/* What a metric is thought to be. The two errors are standard deviations and independent: the first
 * is how far the realised metric of these very rows strays from the estimate because labels are
 * chance, the second how far the estimate may be off because the calibrator, or the loss model, was
 * fitted on finitely many rows. */
struct mon_estimate {
    double value; /* NaN: not defined for these rows, or not for this kind */
    double sampling_error;
    double model_error;
};

struct mon_estimates {
    double n; /* rows used */
    double true_positive, false_positive, false_negative,
        true_negative;                     /* expected rows; binary, else NaN */
    struct mon_estimate of[MON_N_METRICS]; /* by enum mon_metric */
};

/* The root of the sum of both errors' squares; NaN where the value is. */
double mon_estimate_error(const struct mon_estimate *e);

/*
 * The estimates from raw scores (n x c->n_outputs, row-major, borrowed): each expectation of a sum
 * over rows where the realised metric has the sum. Rows with a score that is not finite are left
 * out. Binary: accuracy, log_loss, AUC (ordered by the raw score, ties half, as the realised one),
 * precision, recall, f1, specificity. Multiclass: accuracy is the mean calibrated chance of the
 * predicted class; precision, recall, f1 and specificity are one-vs-rest and then the unweighted
 * mean over the classes (macro), with the mean of their errors, an upper bound of the error of the
 * mean; log_loss and AUC are NaN. Errors by the delta method, over the rows' chances with the
 * variance p (1 - p) each, and over the calibrator's blocks with chance (1 - chance) / rows each.
 * n = 0 or no row left: out->n 0, the rest NaN; n = 1: AUC NaN. Fails with ERR_NOMEM only. O(n log
 * n) an output.
 */
enum err_code mon_estimate_scores(const struct mon_calibrator *c, const float *scores, size_t n,
                                  struct mon_estimates *out, struct err *e);

/*
 * The same from counts: a profile's "prediction" series, so that replicas need not send rows. Each
 * cell's rows are taken at the cell's middle, a cell around the decision threshold is split in
 * proportion, missing and infinite scores are left out. docs/monitors-harm.md says what the cells
 * cost in accuracy. Binary only: the chance of the predicted class cannot be had from each class's
 * own histogram (ERR_UNSUPPORTED). A profile without a "prediction" series: ERR_INVALID.
 */
enum err_code mon_estimate_counts(const struct mon_calibrator *c, const struct profile *p,
                                  struct mon_estimates *out, struct err *e);

struct mon_estimate_options {
    char monitor[MON_NAME_BYTES];
    enum mon_metric metric; /* default accuracy */
    double min_rows;        /* default 200 */
    double max_drop;        /* worsening in the metric's unit; default 0.02 */
    bool relative;          /* max_drop is a share of the reference value; for rmse, mae */
    double confidence;      /* default 0.95; one-sided, that the worsening exceeds max_drop */
};
/* Writes the defaults above. */
void mon_estimate_options_init(struct mon_estimate_options *o);

/*
 * Compares a window's estimate with the metric's value on the reference (measured over reference_n
 * labelled rows with the standard error reference_error, 0 where exact; mon_metric_measure): drift
 * where the worsening exceeds max_drop by more than the errors of the
 * estimate and of the reference allow at the confidence (normal). Kind estimated_performance,
 * statistic "estimated_" + the metric's name; p_value is of "the worsening is at most max_drop".
 * NaN estimate or reference: unavailable; fewer than min_rows: insufficient.
 */
void mon_estimate_check(const struct mon_estimate_options *o, const struct mon_estimates *window,
                        double reference_value, double reference_error, double reference_n,
                        struct mon_signal *out);

/*
 * Has the concept moved? The realised metric of labelled rows against the estimate for the very
 * same rows: drift where they differ, either way, by more than max_drop (relative: a share of the
 * estimate) and more than the estimate's errors allow at the confidence. Kind
 * estimated_performance, statistic the metric's name + "_gap"; value realised, reference_value
 * estimated, effect the realised worsening beyond the estimate; p_value of "the gap is at most
 * max_drop". Fewer labelled rows than min_rows: insufficient; a side without value: unavailable.
 */
void mon_estimate_gap(const struct mon_estimate_options *o, const struct mon_estimates *estimate,
                      const struct mon_labelled *rows, struct mon_signal *out);

#endif
