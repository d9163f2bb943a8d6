/*
 * null_tail.c - p-values and thresholds: a statistic's distribution on independent rows, widened by
 * what was measured on the reference.
 *
 * A design effect multiplies 1/n + 1/m. Three moments (Hall 1983; Buckley & Eagleson 1988): (T /
 * mean - 1) sqrt(degrees) and its chi-squared of skew_degrees have the same variance and skewness.
 * That the scale is an estimate makes the chi-squared an F, and Kolmogorov's tail a mixture.
 */
#include <math.h>

#include "null.h"
#include "tail.h"

#define KOLMOGOROV_MEAN_SQUARE (M_PI * M_PI / 12.0)
#define QUANTILE_STEPS 60
#define QUANTILE_TOLERANCE 1e-7

static double squared(const struct null_case *c, double value)
{
    return statistic_is_square(c->statistic) ? value : value * value;
}

static double unsquared(const struct null_case *c, double square)
{
    return statistic_is_square(c->statistic) ? square : sqrt(square);
}

/* P(square / mean >= ratio) where the mean is the one of this estimate. */
static double tail(const struct null_case *c, const struct estimate *e, double ratio)
{
    if (c->statistic == MON_KS)
        return tail_kolmogorov(ratio * KOLMOGOROV_MEAN_SQUARE, e->nu);
    double degrees = fmax(1.0, c->unit.degrees * e->degrees_share);
    double skew_degrees = fmin(degrees, fmax(1.0, c->unit.skew_degrees * e->skew_share));
    double stretched = 1.0 + (ratio - 1.0) * sqrt(degrees / skew_degrees);
    return tail_f(stretched, skew_degrees, e->nu);
}

static double mean_under(const struct null_case *c, const struct estimate *e)
{
    return c->unit.mean * c->inverse_rows * e->design_effect;
}

static double p_under(const struct null_case *c, const struct estimate *e, double value)
{
    return tail(c, e, squared(c, value) / mean_under(c, e));
}

static const struct estimate independent_rows = {1.0, 1.0, 1.0, INFINITY};

double null_p_value(const struct null_case *c, double value)
{
    if (isnan(value))
        return NAN;
    double p = p_under(c, &independent_rows, value);
    if (c->series == NULL)
        return p;
    p = fmax(p, p_under(c, &c->series->chunks, value));
    return fmax(p, p_under(c, &c->series->blocks, value));
}

double null_mean(const struct null_case *c)
{
    double mean = mean_under(c, &independent_rows);
    if (c->series == NULL)
        return mean;
    return fmax(mean, fmax(mean_under(c, &c->series->chunks), mean_under(c, &c->series->blocks)));
}

double null_excess(const struct null_case *c, double value)
{
    return unsquared(c, fmax(0.0, squared(c, value) - null_mean(c)));
}

/* log P - log p falls almost straight in the ratio: false position, halving the end that stays
 * (Illinois; Dowell & Jarratt 1971). */
static double quantile_under(const struct null_case *c, const struct estimate *e, double p)
{
    double low = 1e-3, high = 2.0, at_low = log(tail(c, e, low) / p), at_high;
    while ((at_high = log(tail(c, e, high) / p)) > 0.0 && high < 1e12) {
        low = high;
        at_low = at_high;
        high *= 2.0;
    }
    for (int i = 0; i < QUANTILE_STEPS && high > low * (1.0 + QUANTILE_TOLERANCE); i++) {
        bool straight = i < QUANTILE_STEPS / 2 && isfinite(at_high);
        double part = straight ? at_low / (at_low - at_high) : 0.5;
        double middle = low + fmin(fmax(part, 1e-9), 1.0 - 1e-9) * (high - low);
        double at = log(tail(c, e, middle) / p);
        if (at > 0.0) {
            low = middle;
            at_low = at;
            at_high *= 0.5;
        } else {
            high = middle;
            at_high = at;
            at_low *= 0.5;
        }
    }
    return unsquared(c, high * mean_under(c, e));
}

/* The p-value is the largest of three, so its quantile is too: the others are only worked out where
 * they reach beyond. */
double null_quantile(const struct null_case *c, double p)
{
    double value = quantile_under(c, &independent_rows, p);
    if (c->series == NULL)
        return value;
    const struct estimate *measured[] = {&c->series->chunks, &c->series->blocks};
    for (size_t i = 0; i < 2; i++)
        if (p_under(c, measured[i], value) > p)
            value = quantile_under(c, measured[i], p);
    return value;
}
