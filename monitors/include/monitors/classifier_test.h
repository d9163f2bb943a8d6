/*
 * classifier_test.h - two samples of rows: can a classifier tell them apart? (Lopez-Paz & Oquab
 * 2017.)
 *
 * A logistic regression with a ridge penalty is fitted to all folds but one and scores that one.
 * The area under the ROC curve, averaged over the folds, is 0.5 where the samples have one law. The
 * variance of a fold's area is DeLong's (DeLong, DeLong & Clarke-Pearson 1988) for the interval,
 * and for the one-sided p-value the one that equal laws give without ties (Mann & Whitney 1947);
 * that of the mean over folds whose training rows overlap is Nadeau & Bengio's (2003): added up as
 * if the folds were independent it is half as large as it should be, and the p-value cries wolf.
 *
 * The classifier is linear in the columns; with squares and products it also sees variances
 * and correlations. Columns are standardised inside. Rows are taken as independent: where they are
 * autocorrelated the p-value is too small. Pure; any thread.
 */
#ifndef MONITORS_CLASSIFIER_TEST_H
#define MONITORS_CLASSIFIER_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MON_CLASSIFIER_MAX_TERMS 1024 /* columns + squares + products */

struct mon_classifier_options {
    size_t n_folds;    /* default 5; 2 to 20 */
    bool squares;      /* default true */
    bool products;     /* of every pair of columns; default true */
    double ridge;      /* penalty ridge / 2 |weights|^2 against the sum of log losses; default 1 */
    double confidence; /* of the interval; default 0.95 */
    size_t max_rows;   /* a side; of more, so many are drawn by seed; default 5000 */
    uint64_t seed;     /* of the folds; default 1 */
};
void mon_classifier_options_init(struct mon_classifier_options *o);

struct mon_classifier {
    double auc;       /* NaN where a side has fewer rows than two a fold */
    double low, high; /* the interval, inside 0..1 */
    double p_value;   /* P(AUC as large | one law); NaN as auc */
    size_t n_x, n_y;  /* rows used: those with a value that is not finite, or beyond 1e150,
                         are left out */
    size_t n_terms;   /* of the classifier, without its intercept */
    size_t top;       /* column with the largest weights in the fit to all rows: root of the sum of
                         squares over the terms it is in; SIZE_MAX where there is none */
};

/* x: n_x x n_columns, y: n_y x n_columns, row-major. ERR_INVALID: no columns, an option outside its
 * range; ERR_LIMIT: more than MON_CLASSIFIER_MAX_TERMS terms (switch products off); ERR_NOMEM.
 * Constant data give an AUC of 0.5 and p = 0.5 or more. */
enum err_code mon_classifier_test(const double *x, size_t n_x, const double *y, size_t n_y,
                                  size_t n_columns, const struct mon_classifier_options *o,
                                  struct mon_classifier *out, struct err *e);

#endif
