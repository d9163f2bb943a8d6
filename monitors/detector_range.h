/*
 * detector_range.h - private: values of a known range low..high as 0..1, for bounds that need one.
 */
#ifndef MONITORS_SRC_DETECTOR_RANGE_H
#define MONITORS_SRC_DETECTOR_RANGE_H

#include <math.h>

#include "base/err.h"

struct detector_range {
    double low, high;
};

static inline enum err_code range_check(const struct detector_range *r, struct err *e)
{
    if (r->low < r->high)
        return ERR_OK;
    return err_set(e, ERR_INVALID, "low: expected less than high (%g), got %g", r->high, r->low);
}

/* A value outside counts as the nearer end. */
static inline double range_to_unit(const struct detector_range *r, double x)
{
    return fmin(1.0, fmax(0.0, (x - r->low) / (r->high - r->low)));
}

static inline double range_from_unit(const struct detector_range *r, double unit)
{
    return r->low + (r->high - r->low) * unit;
}

#endif
