/*
 * histogram.c - laying bins over a sample, and counting others in them. Every step that rounds is
 * done as numpy does it, so that a value on an edge falls to the same side.
 */
#include "monitors/histogram.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sorted.h"

struct sample {
    double *sorted; /* finite ones, ascending */
    size_t n;
};

static double range_of(const struct sample *s)
{
    return s->sorted[s->n - 1] - s->sorted[0];
}

static double sturges_width(const struct sample *s)
{
    return range_of(s) / (log2((double)s->n) + 1.0);
}

/* Mean cube of the standardised values; 0 where they are all equal. */
static double skewness(const struct sample *s)
{
    double mean = 0.0, second = 0.0, third = 0.0, n = (double)s->n, origin = s->sorted[0];
    for (size_t i = 0; i < s->n; i++)
        mean += (s->sorted[i] - origin) / n;
    for (size_t i = 0; i < s->n; i++) {
        double apart = s->sorted[i] - origin - mean;
        second += apart * apart / n;
        third += apart * apart * apart / n;
    }
    return second > 0.0 ? third / (second * sqrt(second)) : 0.0;
}

static double doane_width(const struct sample *s)
{
    double n = (double)s->n;
    if (s->n < 3)
        return 0.0;
    double deviation = sqrt(6.0 * (n - 2.0) / ((n + 1.0) * (n + 3.0)));
    return range_of(s) / (1.0 + log2(n) + log2(1.0 + fabs(skewness(s)) / deviation));
}

static double freedman_width(const struct sample *s)
{
    double width =
        2.0 * (sorted_quantile(s->sorted, s->n, 0.75) - sorted_quantile(s->sorted, s->n, 0.25)) /
        cbrt((double)s->n);
    return width > 0.0 ? width : sturges_width(s);
}

/* Of one bin; 0: one bin holds all. */
static double width_by(enum mon_bin_rule rule, const struct sample *s)
{
    switch (rule) {
    case MON_BINS_STURGES:
        return sturges_width(s);
    case MON_BINS_DOANE:
        return doane_width(s);
    case MON_BINS_FREEDMAN:
        return freedman_width(s);
    case MON_BINS_AUTO:
        return fmin(freedman_width(s), sturges_width(s));
    case MON_BINS_EQUAL:
    case MON_BINS_QUANTILES:
        return 0.0;
    }
    return 0.0;
}

static size_t bins_by(enum mon_bin_rule rule, const struct sample *s)
{
    double width = width_by(rule, s), n = ceil(range_of(s) / width);
    if (!(n >= 1.0)) /* also where a range beyond the doubles left NaN */
        return 1;
    return n < MON_HISTOGRAM_MAX_BINS ? (size_t)n : width > 0.0 ? MON_HISTOGRAM_MAX_BINS : 1;
}

/* As numpy's linspace rounds it; a range beyond the doubles is divided before it is formed. */
static double edge_at(double low, double high, size_t i, size_t n_bins)
{
    double range = high - low, share = (double)i / (double)n_bins;
    return isinf(range) ? (1.0 - share) * low + share * high
                        : (double)i * (range / (double)n_bins) + low;
}

static void lay_equal(struct mon_histogram *h, const struct sample *s, size_t n_bins)
{
    double low = s->sorted[0], high = s->sorted[s->n - 1];
    if (low == high) {
        low = fmin(low - 0.5, nextafter(low, -DBL_MAX)); /* 0.5 is nothing beyond 2^53 */
        high = fmax(high + 0.5, nextafter(high, DBL_MAX));
    }
    for (size_t i = 0; i < n_bins; i++)
        h->edges[i] = edge_at(low, high, i, n_bins);
    h->edges[n_bins] = high;
    h->n_bins = n_bins;
}

static void lay_quantiles(struct mon_histogram *h, const struct sample *s, size_t n_bins)
{
    size_t n = 0;
    for (size_t i = 0; i <= n_bins; i++) {
        double edge = sorted_quantile(s->sorted, s->n, (double)i / (double)n_bins);
        if (n == 0 || edge > h->edges[n - 1])
            h->edges[n++] = edge;
    }
    h->n_bins = n - 1;
    if (n == 1)
        lay_equal(h, s, 1);
}

static enum err_code sample_init(struct sample *s, const double *x, size_t n, struct err *e)
{
    *s = (struct sample){.sorted = calloc(n + 1, sizeof *s->sorted)};
    if (s->sorted == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu values", n);
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i]))
            s->sorted[s->n++] = x[i];
    if (s->n == 0) {
        free(s->sorted);
        return err_set(e, ERR_INVALID, "no finite value among %zu to lay bins on", n);
    }
    sorted_ascending(s->sorted, s->n);
    return ERR_OK;
}

enum err_code mon_histogram_init(struct mon_histogram *h, enum mon_bin_rule rule, size_t n_bins,
                                 const double *x, size_t n, struct err *e)
{
    struct sample s;
    bool fixed = rule == MON_BINS_EQUAL || rule == MON_BINS_QUANTILES;
    if (fixed && (n_bins < 1 || n_bins > MON_HISTOGRAM_MAX_BINS))
        return err_set(e, ERR_INVALID, "%zu bins: 1 to %d are possible", n_bins,
                       MON_HISTOGRAM_MAX_BINS);
    enum err_code code = sample_init(&s, x, n, e);
    if (code != ERR_OK)
        return code;
    size_t wanted = fixed ? n_bins : bins_by(rule, &s);
    struct mon_histogram laid = {.edges = calloc(wanted + 2, sizeof *laid.edges)};
    if (laid.edges == NULL) {
        code = err_set(e, ERR_NOMEM, "out of memory for %zu bins", wanted);
    } else {
        (rule == MON_BINS_QUANTILES ? lay_quantiles : lay_equal)(&laid, &s, wanted);
        *h = laid;
    }
    free(s.sorted);
    return code;
}

void mon_histogram_deinit(struct mon_histogram *h)
{
    free(h->edges);
    *h = (struct mon_histogram){0};
}

/* The bin of a value inside the edges. */
static size_t bin_of(const struct mon_histogram *h, double x)
{
    size_t low = 0, high = h->n_bins; /* edges[low] <= x, and x < edges[high] or high == n_bins */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (x < h->edges[middle])
            high = middle;
        else
            low = middle;
    }
    return low;
}

void mon_histogram_count(const struct mon_histogram *h, const double *x, size_t n, double *counts)
{
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        if (x[i] < h->edges[0])
            counts[h->n_bins] += 1.0;
        else if (x[i] > h->edges[h->n_bins])
            counts[h->n_bins + 1] += 1.0;
        else
            counts[bin_of(h, x[i])] += 1.0;
    }
}
