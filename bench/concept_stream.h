/*
 * concept_stream.h - labelled rows whose concept (the law of the label given the row) changes at
 * known places: made up from a seed, or read from a CSV file.
 */
#ifndef BENCH_CONCEPT_STREAM_H
#define BENCH_CONCEPT_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CONCEPT_MAX_FEATURES 8
#define CONCEPT_MAX_CHANGES 8

struct concept_stream {
    char name[64];
    size_t n_rows, n_features, n_changes;
    size_t changes[CONCEPT_MAX_CHANGES]; /* the first row that may follow the new concept */
    size_t width;                        /* rows of a transition, 0: at once */
    double low[CONCEPT_MAX_FEATURES], high[CONCEPT_MAX_FEATURES]; /* ranges of the features */
    double *x; /* n_rows x n_features, row-major */
    double *y; /* n_rows: 0 or 1 */
};

/* X(symbol, text): families of concepts */
#define CONCEPT_FAMILY_LIST(X)                                                                     \
    X(CONCEPT_SEA, "sea")         /* Street & Kim 2001: x1 + x2 <= theta, third feature idle */    \
    X(CONCEPT_SINE, "sine")       /* Gama et al. 2004: above or below a sine */                    \
    X(CONCEPT_STAGGER, "stagger") /* Schlimmer & Granger 1986: three rules over categories */      \
    X(CONCEPT_MIXED, "mixed")     /* Gama et al. 2004: two of three conditions */                  \
    X(CONCEPT_HYPERPLANE, "hyperplane") /* Hulten et al. 2001: turns by 20 to 90 degrees */        \
    X(CONCEPT_TREE, "tree")             /* random axis-parallel trees of depth 5 */

enum concept_family {
#define X(symbol, text) symbol,
    CONCEPT_FAMILY_LIST(X)
#undef X
        CONCEPT_N_FAMILIES
};

struct concept_law {
    enum concept_family family;
    size_t n_rows, n_changes; /* changes at equal distances; 0: none */
    size_t width;             /* rows of a transition, 0: at once */
    double noise;             /* share of labels turned over */
    uint64_t seed;
};

const char *concept_family_name(enum concept_family f);

/* out->x and y are owned; free with concept_stream_deinit. */
enum err_code concept_stream_make(const struct concept_law *law, struct concept_stream *out,
                                  struct err *e);

/* The last column is the label; the changes are the caller's knowledge. */
enum err_code concept_stream_read(const char *path, struct concept_stream *out, struct err *e);

/* Puts the rows between two changes into another order. */
void concept_stream_shuffle(struct concept_stream *s, uint64_t seed);

void concept_stream_deinit(struct concept_stream *s);

#endif
