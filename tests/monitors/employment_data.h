/*
 * employment_data.h - the employment stream's rows in memory, encoded; for employment.c.
 */
#ifndef TESTS_MONITORS_EMPLOYMENT_DATA_H
#define TESTS_MONITORS_EMPLOYMENT_DATA_H

#include "employment.h"
#include "model/vocabulary.h"

#define EMPLOYMENT_FEATURES 16

struct part {
    size_t n;
    double *codes;  /* n x EMPLOYMENT_FEATURES, row-major */
    float *scores;  /* n: P(employed), the deployed model's */
    double *labels; /* n: 0, 1 */
};

struct employment {
    struct part reference, analysis;
    struct schema *schema;
    struct vocabulary *vocabulary;
};

/* Age is the one number; the others are census codes. */
bool employment_is_number(size_t feature);

#endif
