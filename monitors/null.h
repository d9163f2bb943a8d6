/*
 * null.h - private: what a statistic does on a stream that has not changed.
 */
#ifndef MONITORS_SRC_NULL_H
#define MONITORS_SRC_NULL_H

#include "monitors/drift.h"

#define NULL_MIN_CHUNKS 8

/* One estimate of how much wider than for independent rows the statistic scatters. */
struct effect_estimate {
    double design_effect; /* 1: as independent rows */
    double nu;            /* degrees of freedom behind the estimate; INFINITY: known */
};

struct series_null {
    struct effect_estimate chunks, blocks;
    /* Of the shape, as shares of the degrees of freedom that independent rows have: spectrum.h. */
    double degrees_share, skew_share;
};

struct mon_null {
    enum mon_statistic statistic;
    size_t n_chunks;   /* used; 0: the asymptotic null */
    double chunk_rows; /* mean size */
    size_t n_series;
    struct series_null *series;
};

/* One statistic on one series, as the tails need it. */
struct null_case {
    enum mon_statistic statistic;
    size_t n_cells; /* after pooling */
    double n_reference, n_window;
    const struct series_null *series; /* NULL: independent rows */
};

/* Mean of the squared distance (ks, js) or of the index (psi) without drift. */
double null_mean(const struct null_case *c);
/* P(statistic >= value) without drift: the largest over the three estimates. */
double null_p_value(const struct null_case *c, double value);
/* The value whose p-value is p; 0 < p < 1. */
double null_quantile(const struct null_case *c, double p);
/* The value less what it has without drift, >= 0. */
double null_excess(const struct null_case *c, double value);

#endif
