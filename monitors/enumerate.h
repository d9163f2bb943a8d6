/*
 * enumerate.h - private: the exact p-value of any two-sample statistic by looking at every way in
 * which the pooled values could have been dealt to the two samples.
 */
#ifndef MONITORS_SRC_ENUMERATE_H
#define MONITORS_SRC_ENUMERATE_H

#include <stdbool.h>

#include "pooled.h"

/* n over k; exact while it is below 2^53. */
double enumerate_choose(uint64_t n, uint64_t k);

/* Up to 8 against 8, 3 against 28, 1 against 600. */
bool enumerate_is_cheap(const struct mon_pooled *p);

/* Share of the ways whose statistic is at least the one of p (to 1e-12 of it: the same value may be
 * summed in another order). Only where enumerate_is_cheap. ERR_NOMEM. */
enum err_code enumerate_p_value(const struct mon_pooled *p,
                                double (*statistic)(const struct mon_pooled *p), double *p_value,
                                struct err *e);

#endif
