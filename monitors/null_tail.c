/*
 * null_tail.c - p-values and thresholds from a design effect: the three statistics' distributions.
 *
 * With h = 1/n_reference + 1/n_window and G cells, on independent rows: PSI ~ h chi2(G - 1) (it is
 * twice a symmetric Kullback-Leibler divergence to second order; Yurdakul & Naranjo 2020), the
 * squared JS distance in bits is PSI / (8 ln 2) to second order (Lin 1991), and D sqrt(1/h) has
 * Kolmogorov's distribution. A design effect multiplies h.
 */
#include <math.h>

#include "null.h"
#include "tail.h"

#define JS_PER_PSI (1.0 / (8.0 * M_LN2))
#define KOLMOGOROV_MEAN_SQUARE (M_PI * M_PI / 12.0)

static double inverse_rows(const struct null_case *c)
{
    return 1.0 / c->n_reference + 1.0 / c->n_window;
}

static double degrees(const struct null_case *c)
{
    return c->n_cells > 2 ? (double)c->n_cells - 1.0 : 1.0;
}

static double independent_mean(const struct null_case *c)
{
    switch (c->statistic) {
    case MON_PSI:
        return degrees(c) * inverse_rows(c);
    case MON_JS:
        return degrees(c) * inverse_rows(c) * JS_PER_PSI;
    case MON_KS:
        return KOLMOGOROV_MEAN_SQUARE * inverse_rows(c);
    }
    return NAN;
}

/* psi is quadratic already; the distances are squared */
static double squared(const struct null_case *c, double value)
{
    return c->statistic == MON_PSI ? value : value * value;
}

static double unsquared(const struct null_case *c, double square)
{
    return c->statistic == MON_PSI ? square : sqrt(square);
}

/* How a statistic scatters under one estimate. */
struct shape {
    double design_effect, nu, degrees, skew_degrees;
};

static struct shape shape_of(const struct null_case *c, struct effect_estimate estimate)
{
    double most = degrees(c);
    return (struct shape){estimate.design_effect, estimate.nu,
                          fmax(1.0, most * c->series->degrees_share),
                          fmax(1.0, most * c->series->skew_share)};
}

/* Three moments (Hall, Buckley & Eagleson): (T / mean - 1) sqrt(degrees) and its chi-squared of
 * skew_degrees have the same variance and skewness; F for the mean's estimate. */
static double p_under(const struct null_case *c, double value, struct shape s)
{
    double square = squared(c, value);
    if (c->statistic == MON_KS)
        return tail_kolmogorov(square / (inverse_rows(c) * s.design_effect), s.nu);
    double ratio = square / (independent_mean(c) * s.design_effect);
    double stretched = 1.0 + (ratio - 1.0) * sqrt(s.degrees / s.skew_degrees);
    return tail_f(stretched, s.skew_degrees, s.nu);
}

double null_p_value(const struct null_case *c, double value)
{
    const struct shape independent = {1.0, INFINITY, degrees(c), degrees(c)};
    double p = p_under(c, value, independent);
    if (c->series == NULL)
        return p;
    p = fmax(p, p_under(c, value, shape_of(c, c->series->chunks)));
    return fmax(p, p_under(c, value, shape_of(c, c->series->blocks)));
}

double null_mean(const struct null_case *c)
{
    double effect = 1.0;
    if (c->series != NULL)
        effect =
            fmax(effect, fmax(c->series->chunks.design_effect, c->series->blocks.design_effect));
    return independent_mean(c) * effect;
}

double null_excess(const struct null_case *c, double value)
{
    return unsquared(c, fmax(0.0, squared(c, value) - null_mean(c)));
}

/* Bisection on the logarithm: p falls with value, over some decades above the mean. */
double null_quantile(const struct null_case *c, double p)
{
    double low = 1e-3 * unsquared(c, null_mean(c)), high = 1e6 * low;
    for (int i = 0; i < 60 && high > low * (1.0 + 1e-9); i++) {
        double middle = sqrt(low * high);
        if (null_p_value(c, middle) > p)
            low = middle;
        else
            high = middle;
    }
    return high;
}
