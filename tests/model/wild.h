/*
 * wild.h - a ruler over columns of every shape, some of them categories or pii, and rows to count
 * that hold whatever breaks counting: edges and their neighbours, infinities, denormals, no codes.
 */
#ifndef TESTS_WILD_H
#define TESTS_WILD_H

#include "model/profile.h"

#define WILD_ROWS 700
#define WILD_CLASSES 3
#define WILD_MAX_FEATURES 40

struct wild {
    size_t n_features;
    struct schema *schema;
    struct vocabulary *vocabulary;
    struct ruler *ruler;
    double *codes;  /* WILD_ROWS x n_features */
    double *scores; /* WILD_ROWS x WILD_CLASSES */
};

/* Always the same for the same n_features, 1..WILD_MAX_FEATURES. Free with wild_free. */
struct wild wild_new(size_t n_features);
void wild_free(struct wild *b);

#endif
