/*
 * ratio.h - private: metrics that are a ratio of two sums over a confusion matrix, and how they
 * change with it.
 */
#ifndef MONITORS_SRC_RATIO_H
#define MONITORS_SRC_RATIO_H

#include <stdbool.h>

#include "monitors/performance.h"

enum outcome { TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE, TRUE_NEGATIVE, N_OUTCOMES };

/* Accuracy, precision, recall, f1, specificity. */
bool ratio_exists(enum mon_metric m);

/* counts: N_OUTCOMES numbers of rows, whole or expected. NaN where the denominator is 0. */
double ratio_value(enum mon_metric m, const double *counts);

/* Change of the value with one more row of each outcome: gradient, N_OUTCOMES values; all 0 where
 * the value is NaN. */
void ratio_gradient(enum mon_metric m, const double *counts, double *gradient);

enum outcome outcome_of(bool positive, bool predicted_positive);

#endif
