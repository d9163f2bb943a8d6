/*
 * loss_model.h - performance of a regression before its labels arrive (DLE, direct loss estimation:
 * NannyML): a small second model, fitted on the reference, says which loss rows like these had.
 *
 * The model is additive and made of steps: the prediction and every feature are cut at their
 * reference quantiles, and a row's expected loss is the mean loss plus one effect per input, that
 * of the bin it falls into; missing values have a bin of their own. Effects are fitted by
 * backfitting (Hastie & Tibshirani 1990, ch. 4), each a mean of residuals drawn towards 0 as if
 * `shrinkage` rows without effect had been seen as well. So it needs no scaling, bears outliers in
 * the inputs, and never extrapolates beyond what the reference saw. It holds while equal inputs
 * have equal losses: a change of concept is not seen (see owed.h for the labels that show it).
 *
 * Read-only after fit; any thread.
 */
#ifndef MONITORS_LOSS_MODEL_H
#define MONITORS_LOSS_MODEL_H

#include <stddef.h>

#include "base/err.h"
#include "base/safetensors.h"
#include "monitors/estimate.h"
#include "monitors/performance.h"

struct mon_loss_options {
    size_t max_bins;  /* of an input; default 16 */
    double shrinkage; /* rows; default 5 */
    size_t n_folds;   /* consecutive stretches left out in turn, to learn the model's own error;
                         default 10 */
};
/* Writes the defaults above. */
void mon_loss_options_init(struct mon_loss_options *o);

struct mon_loss_model;

/*
 * metric: MON_MAE (absolute errors) or MON_RMSE (squared ones). rows: regression, in time order;
 * features: rows->n x n_features row-major, codes for categories (taken as numbers), NaN missing.
 * Rows without score or label are left out; fewer than 2 x n_folds left, another metric or kind:
 * ERR_INVALID. O(n (n_features + 1) log n). *out is owned; free with mon_loss_model_free.
 */
enum err_code mon_loss_model_fit(enum mon_metric metric, const struct mon_labelled *rows,
                                 const double *features, size_t n_features,
                                 const struct mon_loss_options *o, struct mon_loss_model **out,
                                 struct err *e);
void mon_loss_model_free(struct mon_loss_model *m); /* NULL allowed */

/* The expected loss of one row (squared error for rmse), never below 0. NaN prediction: NaN. */
double mon_loss_model_row(const struct mon_loss_model *m, double prediction,
                          const double *features);

/*
 * The metric thought over a window: predictions n; features n x n_features, row-major (NULL for
 * none). out->n counts the rows with a finite prediction, out->of[] has the metric that the model
 * was fitted for, the others are NaN; n = 0: all NaN. sampling_error: a row's loss is taken to vary
 * in proportion to its expectation, by the factor seen on the reference. model_error: what the
 * model missed on stretches that it was not fitted on, beyond that; and its effects' own errors, as
 * far as bins are visited unlike in the reference. Judge it by mon_estimate_check. ERR_NOMEM only.
 */
enum err_code mon_loss_model_estimate(const struct mon_loss_model *m, const float *predictions,
                                      const double *features, size_t n, struct mon_estimates *out,
                                      struct err *e);

/* As tensors "<prefix>loss/...": *keep (may become NULL) is an owned buffer to free after the file
 * is written. Fails with ERR_NOMEM, or as the writer does. */
enum err_code mon_loss_model_to_st(const struct mon_loss_model *m, const char *prefix,
                                   struct st_writer *w, void **keep, struct err *e);
/* Reads them back, into memory of its own: f may go. Checks sizes, order of cuts, and that all
 * numbers are finite. *out is owned, free with mon_loss_model_free; unchanged where it fails: a
 * tensor that is missing or spoilt is named. */
enum err_code mon_loss_model_from_st(const struct st_file *f, const char *prefix,
                                     struct mon_loss_model **out, struct err *e);

#endif
