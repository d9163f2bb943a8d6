/*
 * detector_error.h - private: what the detectors of right and wrong answers share.
 */
#ifndef MONITORS_SRC_DETECTOR_ERROR_H
#define MONITORS_SRC_DETECTOR_ERROR_H

#include <math.h>
#include <stdbool.h>

/* These methods are defined for errors 0 and 1. Any other number counts as the nearer of the two:
 * above 0.5 it is an error. */
static inline bool is_error(double x)
{
    return x > 0.5;
}

/* Standard deviation of a rate p seen in n answers; 0 for n = 0. */
static inline double rate_sd(double p, double n)
{
    return n > 0.0 ? sqrt(fmax(0.0, p * (1.0 - p)) / n) : 0.0;
}

#endif
