/*
 * pooled.h - private: two samples as groups of equal values in ascending order, which is all that
 * the two-sample tests look at.
 */
#ifndef MONITORS_SRC_POOLED_H
#define MONITORS_SRC_POOLED_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitors/two_sample.h"

struct mon_pooled {
    size_t n_groups;
    double *values; /* n_groups, ascending, no two equal; -inf and inf may be among them */
    uint64_t *in_x; /* n_groups: how many of the group are of the first sample */
    uint64_t *in_y;
    uint64_t n1, n2; /* sums of the two */
    uint64_t n_nan;  /* left out when pooled, both samples */
};

/* Everything NaN, "insufficient", but for the counts. */
struct mon_evidence pooled_insufficient(const struct mon_pooled *p);

/* What is finite: groups first .. last - 1 (infinities are at the ends) and their sizes. */
struct pooled_finite {
    size_t first, last;
    double n1, n2;
    int exponent; /* lengths are taken in units of 2^exponent, about the range, so that no square
                     overflows or vanishes, and no digit is lost */
};
struct pooled_finite pooled_finite(const struct mon_pooled *p);

/* From one finite value to another, in units of 2^exponent: below 2 in absolute value. */
static inline double pooled_length(const struct pooled_finite *f, double from, double to)
{
    double length = to - from;
    return isinf(length) ? ldexp(0.5 * to - 0.5 * from, 1 - f->exponent)
                         : ldexp(length, -f->exponent);
}

/* pooled_insufficient, with infinities counted as left out. */
struct mon_evidence pooled_finite_insufficient(const struct mon_pooled *p,
                                               const struct pooled_finite *f);

static inline bool pooled_has_both(const struct mon_pooled *p)
{
    return p->n1 > 0 && p->n2 > 0;
}

static inline bool pooled_has_ties(const struct mon_pooled *p)
{
    return p->n_groups < p->n1 + p->n2;
}

#endif
