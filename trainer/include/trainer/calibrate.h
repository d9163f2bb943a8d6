/*
 * calibrate.h - turns scores into probabilities that mean what they say, fitted on validation rows:
 * a slope for binary (Platt's sigmoid where classes were weighted), temperature for softmax. Regression needs none.
 */
#ifndef TRAINER_CALIBRATE_H
#define TRAINER_CALIBRATE_H

#include <stdbool.h>
#include <stddef.h>

/* Fewer rows than this say too little about a slope: calibration is then left as it is. */
#define CALIBRATE_MIN_ROWS 50

/*
 * P(y = 1) = sigmoid(a z + b), by Newton's method with backtracking on Platt's smoothed targets
 * (Platt 1999; Lin, Lin & Weng 2007, algorithm 1). labels: 0 or 1. False, and outputs untouched,
 * where there are fewer than CALIBRATE_MIN_ROWS rows or one class only, where it does not converge,
 * or where the slope comes out at 0 or below: reversing the model's order is no calibration.
 */
bool calibrate_platt(const float *z, const double *labels, size_t n_rows, double *a, double *b);

/*
 * softmax(z / t): the t in [0.05, 20] with the least log-loss (Guo et al. 2017), by golden section
 * in log t, in which the loss has one minimum. z: n_rows x n_classes. False below
 * CALIBRATE_MIN_ROWS rows.
 */
bool calibrate_temperature(const float *z, const double *labels, size_t n_rows, size_t n_classes,
                           double *t);

/* P(y = 1) = sigmoid(a z): the temperature of the two classes' logits (0, z), so that no threshold
 * moves. False below CALIBRATE_MIN_ROWS rows, or out of memory. */
bool calibrate_slope(const float *z, const double *labels, size_t n_rows, double *a);

#endif
