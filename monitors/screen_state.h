/*
 * screen_state.h - private: what a screen holds, and its limits.
 */
#ifndef MONITORS_SRC_SCREEN_STATE_H
#define MONITORS_SRC_SCREEN_STATE_H

#include "drift_check.h"
#include "monitors/screen.h"
#include "sweep.h"

/* What a pair's value is held against, squared (psi is a square already) and at h = 1: a square and
 * its limit both scale with h (screen.h). */
struct screen_limit {
    double beyond;   /* p-value = the statistic's rate */
    double alone;    /* p-value = rate / number of series: signal.threshold */
    double reach;    /* the largest a window can have; not scaled */
    size_t n_groups; /* the pooling that this is for */
    bool of_runs;    /* and whether windows as long as the null's runs are */
};

struct screen_statistic {
    struct mon_drift_options options; /* with its share of the rate */
    struct mon_null *null;
    struct check check;
    struct screen_limit *limits; /* by watched series */
};

struct mon_screen {
    const struct profile *reference; /* borrowed */
    bool tell_all;
    size_t n_series;
    size_t *series; /* watched: index in the ruler */
    size_t n_statistics;
    struct screen_statistic statistics[MON_N_STATISTICS];
    struct sweep *sweep;
    /* of the window at hand */
    struct mon_screen_pair *pairs; /* n_statistics x n_series */
    bool *suspect;                 /* as pairs: to be looked at exactly */
    size_t max_signals;
    struct mon_signal *signals;
    size_t *places;
};

/* What a statistic's limit is made of, for the i-th watched series and windows of that many rows.
 */
void screen_limit_make(struct screen_statistic *k, size_t series, double window_rows,
                       struct screen_limit *out);

/* A value held against its limit. */
enum screen_side {
    SCREEN_ABSENT,       /* there is no value: unavailable */
    SCREEN_SUSPECT,      /* p at the rate or below, or too close to a limit to say */
    SCREEN_OUT_OF_REACH, /* p above the rate, threshold beyond any value: unavailable */
    SCREEN_BELOW,        /* p above the rate: ok, whatever the other series do */
};
enum screen_side screen_limit_side(const struct screen_statistic *k, const struct screen_limit *l,
                                   const struct sweep_value *v);

/* What signal.threshold is, but for its last digits. */
double screen_limit_threshold(const struct screen_statistic *k, const struct screen_limit *l,
                              double inverse_rows);

#endif
