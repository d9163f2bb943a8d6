/*
 * comparison.h - private: how a comparison starts, and how bounds become a verdict.
 */
#ifndef MONITORS_SRC_COMPARISON_H
#define MONITORS_SRC_COMPARISON_H

#include "monitors/compare.h"

/* Not enough, numbers NaN; what: the default where the options have none. */
void comparison_start(struct mon_comparison *c, const struct mon_compare_options *o,
                      const char *what, const char *rule);

/* Good or bad where min_n is reached on both sides and a bound is past the margin. */
void comparison_judge_bounds(struct mon_comparison *c, const struct mon_compare_options *o);

#endif
