/*
 * stream.h - made-up streams for monitor tests: columns with known laws, a reference cut into
 * chunks as an artifact would hold it, windows of any size.
 */
#ifndef TESTS_MONITORS_STREAM_H
#define TESTS_MONITORS_STREAM_H

#include "base/rand.h"
#include "model/profile.h"

/* X(symbol, text) */
#define LAW_LIST(X)                                                                                \
    X(LAW_NORMAL, "normal")                                                                        \
    X(LAW_HEAVY, "heavy-tailed") /* Student's t, 2 degrees of freedom */                           \
    X(LAW_DISCRETE, "discrete")  /* five values, geometric */                                      \
    X(LAW_AR, "AR(1) 0.9")                                                                         \
    X(LAW_CATEGORY, "categories") /* eight, one in 500 rows the rarest; 1 % missing */             \
    X(LAW_COUNTER, "counter")     /* 1, 2, 3, ...: never stationary */

enum law {
#define X(symbol, text) symbol,
    LAW_LIST(X)
#undef X
};

/* How a stream differs from the reference's. */
struct change {
    double shift;   /* in standard deviations, numeric laws */
    double scale;   /* factor; 0 means 1 */
    double missing; /* share of values made missing */
};

struct stream {
    enum law law;
    size_t n_features;
    struct rng rng;
    double *level; /* n_features: state of AR(1) and counter */
    struct schema *schema;
    struct vocabulary *vocabulary;
    struct ruler *ruler;
    struct profile *reference;
    size_t n_chunks;
    struct profile **chunks;
};

/* Draws the reference and lays the ruler. Fails the running test on errors. */
void stream_init(struct stream *s, enum law law, size_t n_features, size_t n_reference,
                 size_t chunk_rows, uint64_t seed);
/* The same, the reference itself drawn with a change. */
void stream_init_changed(struct stream *s, enum law law, const struct change *change,
                         size_t n_features, size_t n_reference, size_t chunk_rows, uint64_t seed);
void stream_deinit(struct stream *s);

/* Goes on with the stream: the next n_rows rows, as a new profile. */
struct profile *stream_window(struct stream *s, size_t n_rows, const struct change *change);

/* codes: n_rows x n_features, row-major; scores: n_rows, uniform. */
void stream_draw(struct stream *s, size_t n_rows, const struct change *change, double *codes,
                 float *scores);

#endif
