/*
 * metric.h - private: what one labelled row contributes to a metric, and the rank sums of AUC.
 */
#ifndef MONITORS_SRC_METRIC_H
#define MONITORS_SRC_METRIC_H

#include "monitors/performance.h"

/* Neither the label nor a score is NaN. */
bool metric_row_is_known(const struct mon_labelled *rows, size_t i);

/* The class the version answers: P >= MON_DECISION_THRESHOLD, or the first of the largest. */
size_t metric_predicted_class(enum label_kind kind, const float *scores, size_t n_outputs);

/* The area under the curve; NaN without both classes, or without memory. */
double auc_value(const struct mon_labelled *rows);

/*
 * Each row's influence on it: the share of the other class that it is ordered rightly against, less
 * the area, over its own class's share of the rows (DeLong et al. 1988). influence: rows->n values,
 * NaN for rows left out. Returns the area; where it is NaN, influence is not written.
 */
double auc_influence(const struct mon_labelled *rows, double *influence);

#endif
