/*
 * artifact_build.h - everything in an artifact that is measured after the weights are there:
 * reference profile, chunks, validation pairs, golden rows.
 */
#ifndef TRAINER_ARTIFACT_BUILD_H
#define TRAINER_ARTIFACT_BUILD_H

#include "model/artifact.h"
#include "trainer/train_data.h"

/* float32 sums in another order (another kernel, another batch size) differ in the sixth digit or
 * so; a wrong transform or a wrong weight differs in the first. */
#define GOLDEN_TOLERANCE 1e-4

/*
 * Scores rows of a's codes (n_rows x n_features) the way that serving does. scores: n_rows x
 * n_outputs.
 */
enum err_code artifact_build_scores(const struct artifact *a, const double *codes, size_t n_rows,
                                    float *scores, struct err *e);

/*
 * Adds ruler, reference and chunks over the training and validation rows. scores (n_fit x
 * n_outputs) are the calibrated ones of the same rows: were they of the training rows alone, an
 * overfitted model would look surer in its reference than it ever is in service, and every window
 * would seem to have drifted. The holdout is no part of it: the gate's rows must not shape what
 * they judge.
 */
enum err_code artifact_build_reference(struct artifact *a, const struct train_data *d,
                                       const float *scores, struct err *e);

/*
 * Keeps the newest validation rows' scores (of scores, n_fit x n_outputs, the calibrated ones) and
 * labels: the champion's losses and what its scores mean are read off them later.
 */
enum err_code artifact_build_validation(struct artifact *a, const struct train_data *d,
                                        const float *scores, struct err *e);

/*
 * Adds golden rows: some with missing values or unseen categories where there are any, the rest
 * evenly over the training and validation rows. outputs (n_fit x n_outputs) are the trainer's own,
 * computed by its backend; then checks that a, as serving will run it, reproduces them.
 */
enum err_code artifact_build_golden(struct artifact *a, const struct train_data *d,
                                    const float *outputs, struct err *e);

#endif
