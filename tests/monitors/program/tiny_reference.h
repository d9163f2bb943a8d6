/*
 * tiny_reference.h - small references made by a seed, for the tests and the fuzzer of references:
 * features "x" and "z" (numbers, 5 % of z missing), "town" (three categories), "ssn" (pii); a
 * binary label with scores; a time, one row a minute.
 */
#ifndef TESTS_TINY_REFERENCE_H
#define TESTS_TINY_REFERENCE_H

#include "monitors/reference.h"

#define TINY_FEATURES 4

struct tiny_row {
    struct mon_value values[TINY_FEATURES];
    float score;
    double label;
    int64_t unix_ms;
};

/* Row i of the table that seed stands for. */
struct tiny_row tiny_row_make(uint64_t seed, size_t i);
struct mon_row tiny_row_view(const struct tiny_row *row); /* borrows row */

struct schema *tiny_reference_schema(void);

/* Over rows 0..n-1; aborts with the message where it cannot be made. options NULL: the defaults. */
struct mon_reference *tiny_reference(size_t n, const struct mon_reference_options *options);

#endif
