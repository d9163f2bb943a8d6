/*
 * reference_builder.h - what the two passes over a reference's rows share. Private to
 * reference_build.c (categories, sample, grid), reference_count.c and reference_joint.c.
 */
#ifndef MONITORS_REFERENCE_BUILDER_H
#define MONITORS_REFERENCE_BUILDER_H

#include <math.h>

#include "base/rand.h"
#include "base/text_map.h"
#include "monitors/duplicates.h"
#include "monitors/reference.h"

#define REFERENCE_BLOCK_ROWS 256 /* counted at once */

struct mon_reference_builder {
    struct mon_reference *ref; /* schema at once, the rest from lay on */
    struct mon_reference_options options;
    size_t n_outputs;
    /* first pass */
    struct text_map *categories; /* by feature, in the order they came */
    struct rng rng;
    uint64_t n_scanned;
    struct mon_span scanned; /* of all rows */
    size_t sample_cap, n_sample;
    double *sample_codes; /* n_sample x n_features; categories by categories[f] */
    float *sample_scores; /* n_sample x n_outputs */
    double *row_codes;    /* one row */
    /* second pass */
    size_t chunk_rows, chunk_cap, n_block;
    double *block_codes;
    float *block_scores;
    struct profile *chunk; /* the open one */
    struct mon_span span;  /* of it */
    uint64_t n_labelled;   /* rows with label and scores so far; every keep_every-th is kept */
    uint64_t keep_every;
    size_t validation_cap;
    uint64_t joint_rows;            /* of a joint stretch */
    struct mon_duplicates *repeats; /* of all rows; NULL: not counted */
};

static inline void reference_widen(struct mon_span *span, int64_t unix_ms)
{
    span->from_unix_ms = unix_ms < span->from_unix_ms ? unix_ms : span->from_unix_ms;
    span->to_unix_ms = unix_ms >= span->to_unix_ms ? unix_ms + 1 : span->to_unix_ms;
}

/* The code of a numeric feature's value. */
double reference_number(const struct feature *f, double x);

/* NaN where a row has none. */
static inline void reference_copy_scores(float *to, const float *scores, size_t n_outputs)
{
    for (size_t i = 0; i < n_outputs; i++)
        to[i] = scores ? scores[i] : NAN;
}

#endif
