/*
 * null.h - private: what a statistic does on a stream that has not changed.
 */
#ifndef MONITORS_SRC_NULL_H
#define MONITORS_SRC_NULL_H

#include "monitors/drift.h"
#include "statistic.h"

#define NULL_MIN_CHUNKS 8

/* One estimate of how the statistic scatters, relative to independent rows (statistic_unit). */
struct estimate {
    double design_effect;             /* of the square's mean; 1: as independent rows */
    double degrees_share, skew_share; /* of the degrees of freedom that independent rows have */
    double nu;                        /* degrees of freedom behind the estimate; INFINITY: known */
};

struct series_null {
    struct estimate chunks, blocks;
};

struct mon_null {
    enum mon_statistic statistic;
    const struct mon_season *season; /* borrowed; NULL: none */
    size_t n_chunks;                 /* used; 0: the null for independent rows */
    double chunk_rows;               /* mean size */
    double run_rows;                 /* of the runs measured, or of the window where that is less */
    size_t n_series;
    struct series_null *whole;  /* against the whole reference */
    struct series_null *phases; /* within phases; NULL without a season */
};

/* Measures all series into out: from chunks (null->n_chunks of them), within the phases of season
 * where it is not NULL. */
enum err_code null_measure(const struct mon_null *null, const struct profile *reference,
                           struct profile *const *chunks, const struct mon_season *season,
                           double window_rows, struct series_null *out, struct err *e);

/* Chunks in a run of a window's size; 1 or more. */
size_t null_block_chunks(size_t n_chunks, double chunk_rows, double window_rows);

/* One statistic on one series, as the tails need it. */
struct null_case {
    enum mon_statistic statistic;
    struct statistic_unit unit;
    double inverse_rows;              /* 1/reference + 1/window */
    const struct series_null *series; /* NULL: independent rows */
    bool of_runs; /* the window is as long as the runs: chunks' scatter that runs average out is
                     not its own */
};

/* Mean of the squared distance, or of the index where it is a square already, without drift. */
double null_mean(const struct null_case *c);
/* P(statistic >= value) without drift: the largest over the three estimates. NaN for NaN. */
double null_p_value(const struct null_case *c, double value);
/* The value whose p-value is p; 0 < p < 1. */
double null_quantile(const struct null_case *c, double p);
/* The value less what it has without drift, >= 0. */
double null_excess(const struct null_case *c, double value);

#endif
