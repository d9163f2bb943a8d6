/*
 * clustering.h - private: how much less rows say than as many independent ones, and the test of two
 * rates that goes with it.
 *
 * Rows that come in bursts make a rate vary more between stretches than chance does. The design
 * effect is by how much: that many rows say as much as one independent row (Kish 1965; Rao & Scott,
 * Biometrics 48 (1992), for counts in clusters). Counts divided by it are tested as if independent;
 * what is uncertain about the effect itself widens the tail (Student's t). Pure; any thread.
 */
#ifndef MONITORS_SRC_CLUSTERING_H
#define MONITORS_SRC_CLUSTERING_H

#include <stddef.h>

struct clustering {
    double rows_per_draw; /* >= 1; 1: nothing speaks against independent rows */
    double freedom;       /* degrees of freedom behind it; INFINITY where it is 1 */
};

struct clustering clustering_none(void);

/*
 * Of an event counted in n chunks in time order (rows and events, n each), for windows of
 * window_rows: from the chunks' rates and from those of runs of chunks as long as the window (at
 * most an eighth of all), the larger. Fewer than 8 chunks, no event or nothing but events, or no
 * more spread than chance leaves once in 20 times: none.
 */
struct clustering clustering_of_chunks(const double *rows, const double *events, size_t n,
                                       double window_rows);

/*
 * Of n values in time order, NaN left out: from the variance of the means of 20 stretches,
 * around one step where it explains most (a change is no dependence), and from
 * the correlation of neighbours (that of an autoregression of order one: Andrews, Econometrica 59
 * (1991)), the larger. Fewer than 100 values, no variance, or neither beyond what chance leaves
 * once in 20 times: none. O(n).
 */
struct clustering clustering_of_rows(const double *x, size_t n);

/* P(as many events in the window or more), given those of both: tail_hypergeometric over rows /
 * rows_per_draw, rounded towards less evidence, and widened to Student's t; never less than that of
 * the counts as they are. */
double clustering_rate_tail(double events, double rows, double reference_events,
                            double reference_rows, struct clustering c);

/* The same against a rate that is known exactly: tail_binomial. */
double clustering_binomial_tail(double events, double rows, double rate, struct clustering c);

/* P(normal > z), widened to Student's t where the scale rests on few degrees of freedom. */
double clustering_tail(double z, struct clustering c);

#endif
