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
#define CHANCE_ERRORS 3.0 /* standard errors that the runs' scatter may be off by */
#define QUANTILE_STEPS 60
#define QUANTILE_TOLERANCE 1e-7 /* of the ratio, and of log p */

static double squared(const struct null_case *c, double value)
{
    return statistic_is_square(c->statistic) ? value : value * value;
}

static double unsquared(const struct null_case *c, double square)
{
    return statistic_is_square(c->statistic) ? square : sqrt(square);
}

struct chi {
    double degrees, skew_degrees;
};

static struct chi chi_of(const struct null_case *c, const struct estimate *e)
{
    double degrees = fmax(1.0, c->unit.degrees * e->degrees_share);
    return (struct chi){degrees, fmin(degrees, fmax(1.0, c->unit.skew_degrees * e->skew_share))};
}

/* P(square / mean >= ratio) where the mean is the one of this estimate. */
static double tail(const struct null_case *c, const struct estimate *e, double ratio)
{
    if (c->statistic == MON_KS)
        return tail_kolmogorov(ratio * KOLMOGOROV_MEAN_SQUARE, e->nu);
    struct chi chi = chi_of(c, e);
    double stretched = 1.0 + (ratio - 1.0) * sqrt(chi.degrees / chi.skew_degrees);
    return tail_f(stretched, chi.skew_degrees, e->nu);
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

/* Where the window is as long as the runs that were measured, its chunks' own scatter is a second
 * opinion on theirs: it counts as far as theirs may be too small by chance. What goes beyond is a
 * cycle that a whole window averages out. */
static struct estimate chunks_of(const struct null_case *c)
{
    struct estimate chunks = c->series->chunks;
    const struct estimate *runs = &c->series->blocks;
    double most = runs->design_effect * (1.0 + CHANCE_ERRORS * sqrt(2.0 / runs->nu));
    if (c->of_runs)
        chunks.design_effect = fmin(chunks.design_effect, most);
    return chunks;
}

double null_p_value(const struct null_case *c, double value)
{
    if (isnan(value))
        return NAN;
    double p = p_under(c, &independent_rows, value);
    if (c->series == NULL)
        return p;
    struct estimate chunks = chunks_of(c);
    p = fmax(p, p_under(c, &chunks, value));
    return fmax(p, p_under(c, &c->series->blocks, value));
}

double null_mean(const struct null_case *c)
{
    double mean = mean_under(c, &independent_rows);
    if (c->series == NULL)
        return mean;
    struct estimate chunks = chunks_of(c);
    return fmax(mean, fmax(mean_under(c, &chunks), mean_under(c, &c->series->blocks)));
}

double null_excess(const struct null_case *c, double value)
{
    return unsquared(c, fmax(0.0, squared(c, value) - null_mean(c)));
}

/* Near the root: Wilson & Hilferty 1931 for a known scale; Kolmogorov's first term. */
static double first_guess(const struct null_case *c, const struct estimate *e, double p)
{
    if (c->statistic == MON_KS)
        return fmax(0.5, 0.5 * log(2.0 / p) / KOLMOGOROV_MEAN_SQUARE);
    struct chi chi = chi_of(c, e);
    double ninth = 2.0 / (9.0 * chi.skew_degrees);
    double root = 1.0 - ninth + quantile_normal(1.0 - p) * sqrt(ninth);
    double stretched = root > 0.0 ? root * root * root : 0.0;
    return fmax(0.1, 1.0 + (stretched - 1.0) / sqrt(chi.degrees / chi.skew_degrees));
}

/* A ratio and log P - log p there, which falls almost straight. */
struct point {
    double ratio, log_p;
};

static struct point point_at(const struct null_case *c, const struct estimate *e, double p,
                             double ratio)
{
    return (struct point){ratio, log(tail(c, e, ratio) / p)};
}

/* False position between a point below the root and one above it; the end that stays gives way
 * (Illinois; Dowell & Jarratt 1971). */
static double false_position(const struct null_case *c, const struct estimate *e, double p,
                             struct point low, struct point high)
{
    struct point middle = high;
    for (int i = 0; i < QUANTILE_STEPS && high.ratio - low.ratio > QUANTILE_TOLERANCE; i++) {
        bool straight = i < QUANTILE_STEPS / 2 && isfinite(high.log_p);
        double part = straight ? low.log_p / (low.log_p - high.log_p) : 0.5;
        part = fmin(fmax(part, 1e-9), 1.0 - 1e-9);
        middle = point_at(c, e, p, low.ratio + part * (high.ratio - low.ratio));
        if (fabs(middle.log_p) < QUANTILE_TOLERANCE)
            break;
        if (middle.log_p > 0.0) {
            low = middle;
            high.log_p *= 0.5;
        } else {
            high = middle;
            low.log_p *= 0.5;
        }
    }
    return middle.ratio;
}

static double quantile_under(const struct null_case *c, const struct estimate *e, double p)
{
    double guess = first_guess(c, e, p);
    struct point low = point_at(c, e, p, guess), high = low;
    while (low.log_p < 0.0 && low.ratio > 1e-3) {
        high = low;
        low = point_at(c, e, p, low.ratio * 0.8);
    }
    while (high.log_p > 0.0 && high.ratio < 1e12) {
        low = high;
        high = point_at(c, e, p, high.ratio * 1.25);
    }
    return unsquared(c, false_position(c, e, p, low, high) * mean_under(c, e));
}

/* The p-value is the largest of three, so its quantile is too. The widest is worked out; the others
 * only where they reach beyond it. */
double null_quantile(const struct null_case *c, double p)
{
    const struct estimate *of[3] = {&independent_rows};
    struct estimate chunks;
    size_t n = 1, widest = 0;
    if (c->series != NULL) {
        chunks = chunks_of(c);
        of[n++] = &chunks;
        of[n++] = &c->series->blocks;
    }
    for (size_t i = 1; i < n; i++)
        if (of[i]->design_effect >= of[widest]->design_effect)
            widest = i;
    double value = quantile_under(c, of[widest], p);
    for (size_t i = 0; i < n; i++)
        if (i != widest && p_under(c, of[i], value) > p * (1.0 + 1e-6))
            value = fmax(value, quantile_under(c, of[i], p));
    return value;
}
