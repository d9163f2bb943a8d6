/*
 * histogram.h - bins for raw samples, by rules that are named: laid on one sample (the reference),
 * counted on any.
 *
 * A profile (model/profile.h) is the ruler of Leeway's own monitors. These are for samples without
 * one, and for comparing with other tools, whose bins must be laid as they lay them. Bins laid over
 * reference and window together (Evidently, Frouros) change with every window and are widened by
 * its outliers: lay them on the reference, and let what is outside be seen. Pure; any thread.
 */
#ifndef MONITORS_HISTOGRAM_H
#define MONITORS_HISTOGRAM_H

#include <stddef.h>

#include "base/err.h"

#define MON_HISTOGRAM_MAX_BINS 100000

enum mon_bin_rule {
    MON_BINS_EQUAL,    /* n_bins of one width */
    MON_BINS_STURGES,  /* width range / (log2 n + 1) (Sturges 1926) */
    MON_BINS_DOANE,    /* Sturges with the skewness taken in (Doane 1976) */
    MON_BINS_FREEDMAN, /* width 2 IQR / n^(1/3) (Freedman & Diaconis 1981); Sturges where that is 0
                        */
    MON_BINS_AUTO,     /* the narrower of Freedman and Sturges */
    MON_BINS_QUANTILES /* n_bins holding equal shares of the sample; fewer where values repeat */
};

struct mon_histogram {
    size_t n_bins;
    double *edges; /* n_bins + 1, ascending; owned */
};

/*
 * Lays bins over the n finite values of x; NaN and infinities are passed over. n_bins is for
 * MON_BINS_EQUAL and MON_BINS_QUANTILES, 1..MON_HISTOGRAM_MAX_BINS, else ignored. Rules give
 * numpy's edges (histogram_bin_edges), at most MON_HISTOGRAM_MAX_BINS. All values equal to v: one
 * bin from v
 * - 0.5 to v + 0.5 (n_bins for EQUAL, as numpy). No finite value: ERR_INVALID. ERR_NOMEM. Free with
 * mon_histogram_deinit.
 */
enum err_code mon_histogram_init(struct mon_histogram *h, enum mon_bin_rule rule, size_t n_bins,
                                 const double *x, size_t n, struct err *e);
void mon_histogram_deinit(struct mon_histogram *h);

/* Adds n values to counts: n_bins + 2 doubles, the bins and then below, above. A bin holds edges[i]
 * <= x < edges[i + 1], the last one its upper edge too; infinities are below and above; NaN are
 * passed over. */
void mon_histogram_count(const struct mon_histogram *h, const double *x, size_t n, double *counts);

#endif
