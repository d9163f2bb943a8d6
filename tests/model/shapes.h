/*
 * shapes.h - a ruler over one numeric feature of a chosen shape: the distributions that break
 * grids.
 */
#ifndef TESTS_SHAPES_H
#define TESTS_SHAPES_H

#include "model/profile.h"

enum shape {
    NORMAL,
    HUGE_OFFSET,
    TINY_SCALE,
    LOG_NORMAL,
    CAUCHY,
    INTEGERS,
    ZERO_INFLATED,
    MOSTLY_ONE_VALUE,
    SENTINEL,
    GEOMETRIC,
    BINARY,
    TWO_ULPS,
    EXTREME,
    SUBNORMAL,
    CONSTANT,
    CONSTANT_ZERO,
    ALL_MISSING,
    ONE_OUTLIER,
    N_SHAPES
};

/* One numeric feature "x" and a regression; the score is the value, as float. */
struct shape_bench {
    struct schema *schema;
    struct vocabulary *vocabulary;
    struct ruler *ruler;
    double *values;
    float *scores;
    size_t n;
};

/* n values of a shape, always the same, and the ruler laid over them. Free with shape_free. */
struct shape_bench shape_bench(enum shape shape, size_t n);
void shape_free(struct shape_bench *b);

/* A profile of n rows. Owned; free with profile_free. */
struct profile *shape_count(const struct ruler *r, const double *codes, const float *scores,
                            size_t n);

/* A schema of "zip" (categorical), "ssn" (pii) and a binary label. */
extern const char shape_loan[];

#endif
