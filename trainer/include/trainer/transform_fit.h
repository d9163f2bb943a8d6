/*
 * transform_fit.h - measures what model/transform.h applies: imputation, means, scales, and which
 * features need a "was missing" column. From training rows only, so that nothing of the validation
 * or holdout rows leaks into the inputs.
 */
#ifndef TRAINER_TRANSFORM_FIT_H
#define TRAINER_TRANSFORM_FIT_H

#include "base/err.h"
#include "model/schema.h"
#include "model/transform.h"
#include "model/vocabulary.h"

/*
 * codes: n_rows x n_features row-major, encoded with v. Numeric features, in the space after clip
 * and log1p: impute is the median (mean of the middle two), mean or constant of the present values;
 * mean and scale (n-1) are of the present values. A constant or wholly missing feature gets scale
 * 1, so that it becomes 0; wholly missing, also impute 0 unless the schema states a constant.
 * Infinite values count as missing. *out is owned; free with transform_free.
 */
enum err_code transform_fit(const struct schema *s, const struct vocabulary *v, const double *codes,
                            size_t n_rows, struct transform **out, struct err *e);

#endif
