/*
 * monitors_speed.h - what the parts of bench_monitors share: timing, the report, made-up tables.
 */
#ifndef BENCH_MONITORS_SPEED_H
#define BENCH_MONITORS_SPEED_H

#include "model/profile.h"

#define MAX_RESULTS 96
#define MAX_BARS 16

/* What one thing costs: processor time of this thread, several runs after one that is not counted.
 */
struct result {
    const char *section;
    char name[64];
    const char *unit; /* of which there are units in a run */
    double units;
    int n_runs;
    double least_s, median_s, most_s; /* a run */
};

/* A promise and what was seen. */
struct bar {
    char name[80];
    const char *unit;
    double target, seen;
    bool at_least; /* else at most */
};

struct report {
    size_t n_results, n_bars;
    struct result results[MAX_RESULTS];
    struct bar bars[MAX_BARS];
};

/* Runs once(context) until the median is worth something; returns the new entry. */
struct result *report_time(struct report *r, const char *section, const char *name,
                           const char *unit, double units, void (*once)(void *), void *context);
void report_bar(struct report *r, const char *name, const char *unit, double target, double seen,
                bool at_least);

double result_per_second(const struct result *r);

/* Rows of independent columns, the ruler laid over the first N_REFERENCE of them. */
struct table {
    size_t n_rows, n_features;
    struct schema *schema;
    struct vocabulary *vocabulary;
    struct ruler *ruler;
    double *f64; /* n_rows x n_features, of values that are floats */
    float *f32;
};

#define N_REFERENCE 5000

/* X(symbol, text) */
#define COLUMN_LIST(X)                                                                             \
    X(COLUMN_NORMAL, "normal")                                                                     \
    X(COLUMN_MISSING, "normal, 10 % missing")                                                      \
    X(COLUMN_WHOLE, "whole numbers 0..39")                                                         \
    X(COLUMN_HEAVY, "Cauchy, 10 % in the tails")                                                   \
    X(COLUMN_MIXED, "normal, one in four whole or Cauchy")

enum column_law {
#define X(symbol, text) symbol,
    COLUMN_LIST(X)
#undef X
        N_COLUMNS
};
extern const char *const column_names[N_COLUMNS];

/* Exits with a message where something fails. n_rows >= N_REFERENCE. */
void table_init(struct table *t, enum column_law column, size_t n_rows, size_t n_features,
                uint64_t seed);
void table_deinit(struct table *t);
struct profile *table_profile(const struct table *t, size_t from, size_t n_rows);

/* Bytes that the allocator has given out. */
size_t bench_memory_bytes(void);
void bench_fail(const char *what, const struct err *e) __attribute__((noreturn));

void bench_counting(struct report *r);
void bench_detectors(struct report *r);
void bench_windows(struct report *r);
void bench_full_report(struct report *r);

#endif
