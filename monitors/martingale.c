/*
 * martingale.c - evidence from counts that may be looked at as often as one likes.
 */
#include "martingale.h"

#include <math.h>

#define PRIOR 0.5
#define GOLDEN 0.6180339887498949

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign); /* lgamma writes a global */
}

static double log_beta(double a, double b)
{
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b);
}

static double log_likelihood(const struct flips *f, double p)
{
    double misses = f->n - f->events, log_p = 0.0;
    if (f->events > 0.0)
        log_p += f->events * log(p);
    if (misses > 0.0)
        log_p += misses * log1p(-p);
    return log_p;
}

static double log_mixture(const struct flips *f)
{
    return log_beta(f->events + PRIOR, f->n - f->events + PRIOR) - log_beta(PRIOR, PRIOR);
}

double martingale_log(const struct flips *f, double p)
{
    return log_mixture(f) - log_likelihood(f, p);
}

/* From the estimate, where the martingale is least, towards an end: it rises (it is convex in p).
 */
static double bound_towards(const struct flips *f, double end, double alpha)
{
    double inside = f->n > 0.0 ? f->events / f->n : 0.5, outside = end;
    if (martingale_log(f, end) < -log(alpha))
        return end;
    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (inside + outside);
        if (martingale_log(f, middle) < -log(alpha))
            inside = middle;
        else
            outside = middle;
    }
    return outside;
}

double martingale_lower(const struct flips *f, double alpha)
{
    return bound_towards(f, 0.0, alpha);
}

double martingale_upper(const struct flips *f, double alpha)
{
    return bound_towards(f, 1.0, alpha);
}

/* The likelihood of both streams is concave along the line p_b = p_a + difference: golden section.
 */
static double most_likely_pair(const struct flips *a, const struct flips *b, double difference)
{
    double low = fmax(0.0, -difference), high = fmin(1.0, 1.0 - difference);
    double left = high - GOLDEN * (high - low), right = low + GOLDEN * (high - low);
    double at_left = log_likelihood(a, left) + log_likelihood(b, left + difference);
    double at_right = log_likelihood(a, right) + log_likelihood(b, right + difference);
    while (high - low > 1e-10) {
        if (at_left >= at_right) {
            high = right;
            right = left;
            at_right = at_left;
            left = high - GOLDEN * (high - low);
            at_left = log_likelihood(a, left) + log_likelihood(b, left + difference);
        } else {
            low = left;
            left = right;
            at_left = at_right;
            right = low + GOLDEN * (high - low);
            at_right = log_likelihood(a, right) + log_likelihood(b, right + difference);
        }
    }
    return fmax(at_left, at_right);
}

double martingale_log_pair(const struct flips *a, const struct flips *b, double difference)
{
    return log_mixture(a) + log_mixture(b) - most_likely_pair(a, b, difference);
}

static double log_dirichlet_multinomial(const double *counts, size_t n_cells)
{
    double n = 0.0, sum = 0.0;
    for (size_t i = 0; i < n_cells; i++) {
        n += counts[i];
        sum += log_gamma(counts[i] + PRIOR) - log_gamma(PRIOR);
    }
    double cells = (double)n_cells * PRIOR;
    return sum + log_gamma(cells) - log_gamma(n + cells);
}

double martingale_log_equal(const double *a, const double *b, size_t n_cells)
{
    double n = 0.0, pooled = 0.0;
    for (size_t i = 0; i < n_cells; i++)
        n += a[i] + b[i];
    for (size_t i = 0; i < n_cells; i++)
        if (a[i] + b[i] > 0.0)
            pooled += (a[i] + b[i]) * log((a[i] + b[i]) / n);
    return log_dirichlet_multinomial(a, n_cells) + log_dirichlet_multinomial(b, n_cells) - pooled;
}
