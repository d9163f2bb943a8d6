/*
 * pca.h - how badly rows fit the reference's leading principal components: the reconstruction error
 * per row, and its mean square from a covariance matrix alone.
 *
 * Columns are standardised by the reference's mean and population deviation (a constant column by
 * 1), the components kept are the fewest whose share of the variance exceeds keep_variance. The
 * error of a row is the Euclidean length of what the components leave over; a chunk's is the mean
 * over its rows (the rule of NannyML's data reconstruction). Pure; any thread.
 */
#ifndef MONITORS_PCA_H
#define MONITORS_PCA_H

#include <stddef.h>

#include "base/err.h"

#define MON_PCA_MAX_COLUMNS 1024

struct mon_pca; /* read-only after it was made */

/*
 * x: n_rows x n_columns, row-major. Values that are not finite, or beyond 1e150, are left out of
 * means and deviations and taken as the mean. ERR_INVALID: fewer than 2 rows, no columns,
 * keep_variance not in (0, 1]; ERR_LIMIT: more than MON_PCA_MAX_COLUMNS. Data without any variance
 * keep no component and every error is then the standardised distance from the constant. *out is
 * owned; free with mon_pca_free. Subtracts the mean before it squares: offsets of 1e8 cost no
 * digits but the data's own.
 */
enum err_code mon_pca_fit(const double *x, size_t n_rows, size_t n_columns, double keep_variance,
                          struct mon_pca **out, struct err *e);
void mon_pca_free(struct mon_pca *pca);

size_t mon_pca_n_components(const struct mon_pca *pca);

/* errors: n_rows values, caller's memory. Values of x that are not finite, or beyond 1e150,
 * are taken as the reference's mean. ERR_NOMEM. */
enum err_code mon_pca_errors(const struct mon_pca *pca, const double *x, size_t n_rows,
                             double *errors, struct err *e);

/* Mean of the errors; NaN for n_rows = 0. */
enum err_code mon_pca_mean_error(const struct mon_pca *pca, const double *x, size_t n_rows,
                                 double *out, struct err *e);

#endif
