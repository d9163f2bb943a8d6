/*
 * sweep_path.h - private: the inner loops of a sweep, in plain C and for a processor's vectors.
 */
#ifndef MONITORS_SRC_SWEEP_PATH_H
#define MONITORS_SRC_SWEEP_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One row of a profile's totals on either side. */
struct sweep_totals {
    double reference, window;               /* all rows */
    double finite_reference, finite_window; /* rows with a finite value; > 0 or no Wasserstein */
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
    /* The largest distance of the cumulated shares, and the sum of the finite ones' distances
     * times widths, over n cells. widths NULL: only the first; *area is then not written. */
    void (*compare)(const double *reference, const double *window, const double *widths, size_t n,
                    const struct sweep_totals *t, double *largest, double *area);
    void (*diverge)(const struct sweep_pair *p, double *psi, double *js);
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
