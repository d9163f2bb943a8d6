/*
 * stream.h - made-up streams for monitor tests: columns with known laws, a reference cut into
 * chunks as an artifact would hold it, windows of any size.
 */
#ifndef TESTS_MONITORS_STREAM_H
#define TESTS_MONITORS_STREAM_H

#include "base/rand.h"
#include "model/profile.h"
#include "monitors/season.h"

#define STREAM_BEGIN_MS INT64_C(1704067200000) /* Monday 2024-01-01T00:00Z */

/* X(symbol, text) */
#define LAW_LIST(X)                                                                                \
    X(LAW_NORMAL, "normal")                                                                        \
    X(LAW_HEAVY, "heavy-tailed") /* Student's t, 2 degrees of freedom */                           \
    X(LAW_DISCRETE, "discrete")  /* five values, geometric */                                      \
    X(LAW_AR, "AR(1) 0.9")                                                                         \
    X(LAW_CATEGORY, "categories")  /* eight, one in 500 rows the rarest; 1 % missing */            \
    X(LAW_WEEKLY, "weekly season") /* normal, its mean swinging over the week and the day */       \
    X(LAW_COUNTER, "counter")      /* 1, 2, 3, ...: never stationary */

enum law {
#define X(symbol, text) symbol,
    LAW_LIST(X)
#undef X
};

const char *law_name(enum law law);

/* How a stream differs from the reference's. */
struct change {
    double shift;         /* in standard deviations, numeric laws */
    double scale;         /* factor; 0 means 1 */
    double missing;       /* share of values made missing */
    double doubled;       /* share of other values made category 0: 1/7 doubles it */
    size_t outlier_every; /* rows; one of so many is 1,000 standard deviations away; 0: none */
    bool one_feature;     /* only the first feature changes; outliers do in all */
};

struct stream {
    enum law law;
    size_t n_features;
    struct rng rng;
    double *level;  /* n_features: state of AR(1) and counter */
    double *mean;   /* n_features: of the present hour, weekly season */
    int64_t hour;   /* since the beginning */
    int64_t now_ms; /* of the next row: begins at STREAM_BEGIN_MS */
    int64_t row_ms; /* between rows; 36,000: a hundred rows an hour */
    struct schema *schema;
    struct vocabulary *vocabulary;
    struct ruler *ruler;
    struct profile *reference;
    size_t n_chunks;
    struct profile **chunks;
    struct mon_span *spans; /* of the chunks */
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

/* When the next n_rows rows will have happened. */
struct mon_span stream_span(const struct stream *s, size_t n_rows);

/* codes: n_rows x n_features, row-major; scores: n_rows, uniform. */
void stream_draw(struct stream *s, size_t n_rows, const struct change *change, double *codes,
                 float *scores);

#endif
