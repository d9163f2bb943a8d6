/*
 * sweep_path.h - private: the inner loops of a sweep, in plain C and for a processor's vectors.
 */
#ifndef MONITORS_SRC_SWEEP_PATH_H
#define MONITORS_SRC_SWEEP_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Cumulated counts of both sides over n cells, and the rows that they are shares of, > 0. */
struct sweep_below {
    const double *reference, *window;
    size_t n;
    double n_reference, n_window;
};

/* Two count vectors over n cells. */
struct sweep_pair {
    const double *reference, *window;
    size_t n;
    double n_reference, n_window; /* their sums, > 0 */
};

struct sweep_path {
    const char *name;
    bool (*supported)(void);
    /* below[i]: the sum of counts[0..i], n values. */
    void (*cumulate)(const uint64_t *counts, size_t n, double *below);
    double (*ks)(const struct sweep_below *b);
    double (*cramer_von_mises)(const struct sweep_below *b);
    double (*wasserstein)(const struct sweep_below *b, const double *widths);
    double (*psi)(const struct sweep_pair *p);
    double (*js)(const struct sweep_pair *p);
    double (*hellinger)(const struct sweep_pair *p);
};

extern const struct sweep_path sweep_scalar;
#ifdef __x86_64__
extern const struct sweep_path sweep_avx512;
#endif

const struct sweep_path *sweep_best_path(void);

struct sweep;
/* For tests: from now on by this path, which must be supported. */
void sweep_set_path(struct sweep *s, const struct sweep_path *path);

#endif
