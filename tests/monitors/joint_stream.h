/*
 * joint_stream.h - made-up streams of several features for the joint monitors' tests and bench: a
 * reference cut into chunks, windows that have changed in a stated way.
 */
#ifndef TESTS_MONITORS_JOINT_STREAM_H
#define TESTS_MONITORS_JOINT_STREAM_H

#include "base/rand.h"
#include "monitors/joint.h"

/* X(symbol, text) */
#define JOINT_LAW_LIST(X)                                                                          \
    X(JOINT_NORMAL, "normal")                                                                      \
    X(JOINT_HEAVY, "heavy-tailed, t3")                                                             \
    X(JOINT_DISCRETE, "discrete, five values")                                                     \
    X(JOINT_AR, "AR(1) 0.9")                                                                       \
    X(JOINT_WEEKLY,                                                                                \
      "weekly season") /* of half a deviation, 100 rows a day, phases of their own */              \
    X(JOINT_FACTORS, "three factors") /* correlations of about 0.4 between a third of the columns  \
                                       */

enum joint_law {
#define X(symbol, text) symbol,
    JOINT_LAW_LIST(X)
#undef X
};

extern const char *const joint_law_names[];

/* How a window differs from the reference. */
struct joint_change {
    double rho;     /* correlation put between features 0 and 1; their own laws stay (normal) */
    double shift;   /* added to feature 0, in deviations */
    double scatter; /* factor of feature 0; 0 means 1 */
    double outlier; /* added to feature 2 of the window's first row, in deviations */
    double missing; /* share of feature 0's values that are made missing */
};

struct joint_stream {
    enum joint_law law;
    size_t n_features;
    struct rng rng;
    uint64_t n_drawn;
    double *level; /* n_features + 3: state of AR(1); scratch of the factors */
    struct schema *schema;
    struct mon_joint_space *space;
    struct mon_joint_sums *reference;
    size_t n_chunks;
    struct mon_joint_sums **chunks;
};

/* Draws a reference of n_chunks x chunk_rows rows. Exits on errors. */
void joint_stream_init(struct joint_stream *s, enum joint_law law, size_t n_features,
                       size_t n_chunks, size_t chunk_rows, uint64_t seed);
void joint_stream_deinit(struct joint_stream *s);

/* The next n_rows rows; change may be NULL. codes: n_rows x n_features. */
void joint_stream_draw(struct joint_stream *s, size_t n_rows, const struct joint_change *change,
                       double *codes);
/* The same, counted; free with mon_joint_sums_free. */
struct mon_joint_sums *joint_stream_window(struct joint_stream *s, size_t n_rows,
                                           const struct joint_change *change);
/* For windows of window_rows. */
struct mon_joint_null *joint_stream_null(const struct joint_stream *s, double window_rows);

/* "f0", "f1", ... all numeric. */
struct schema *joint_stream_schema(size_t n_features);

#endif
