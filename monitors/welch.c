/*
 * welch.c - Welch's t test, and the lengths between two samples: Wasserstein and energy distance.
 * What needs means or lengths looks at the finite groups only.
 */
#include <math.h>

#include "pooled.h"
#include "tail.h"

/* In units of 2^exponent. */
struct spread {
    double mean;   /* from the lowest finite value, which keeps the digits of large offsets */
    double sum_sq; /* of distances to the mean */
};

static struct spread spread_of(const struct mon_pooled *p, const struct pooled_finite *f,
                               const uint64_t *counts, double n)
{
    struct spread s = {0.0, 0.0};
    double origin = p->values[f->first];
    for (size_t g = f->first; g < f->last; g++)
        s.mean += (double)counts[g] * (pooled_length(f, origin, p->values[g]) / n);
    for (size_t g = f->first; g < f->last; g++) {
        double apart = pooled_length(f, origin, p->values[g]) - s.mean;
        s.sum_sq += (double)counts[g] * apart * apart;
    }
    return s;
}

/* All of one value: counting the groups is exact where a variance is only nearly 0. */
static bool is_constant(const struct pooled_finite *f, const uint64_t *counts)
{
    size_t n = 0;
    for (size_t g = f->first; g < f->last; g++)
        n += counts[g] > 0;
    return n < 2;
}

struct mon_evidence mon_welch_test(const struct mon_pooled *p)
{
    struct pooled_finite f = pooled_finite(p);
    struct mon_evidence found = pooled_finite_insufficient(p, &f);
    if (f.n1 < 2.0 || f.n2 < 2.0)
        return found;
    struct spread x = spread_of(p, &f, p->in_x, f.n1), y = spread_of(p, &f, p->in_y, f.n2);
    double vx = is_constant(&f, p->in_x) ? 0.0 : x.sum_sq / (f.n1 - 1.0) / f.n1;
    double vy = is_constant(&f, p->in_y) ? 0.0 : y.sum_sq / (f.n2 - 1.0) / f.n2;
    double apart = x.mean - y.mean, v = vx + vy;
    found.method = "Student's t, Satterthwaite";
    if (v > 0.0) {
        double nu = v * v / (vx * vx / (f.n1 - 1.0) + vy * vy / (f.n2 - 1.0));
        found.statistic = apart / sqrt(v);
        found.p_value = fmin(2.0 * tail_t(fabs(found.statistic), nu), 1.0);
    } else {
        bool equal = f.last - f.first == 1;
        found.statistic = equal ? 0.0 : copysign(INFINITY, apart);
        found.p_value = equal ? 1.0 : 0.0;
    }
    return found;
}

/* Integral of |F - G|^power between the first and the last finite value, in units. */
static double area(const struct mon_pooled *p, const struct pooled_finite *f, int power)
{
    double i = 0.0, j = 0.0, sum = 0.0;
    for (size_t g = f->first; g + 1 < f->last; g++) {
        i += (double)p->in_x[g];
        j += (double)p->in_y[g];
        double apart = fabs(i / f->n1 - j / f->n2);
        sum +=
            (power == 2 ? apart * apart : apart) * pooled_length(f, p->values[g], p->values[g + 1]);
    }
    return sum;
}

double mon_wasserstein(const struct mon_pooled *p)
{
    struct pooled_finite f = pooled_finite(p);
    return f.n1 > 0.0 && f.n2 > 0.0 ? ldexp(area(p, &f, 1), f.exponent) : NAN;
}

double mon_wasserstein_normalised(const struct mon_pooled *p, double floor)
{
    struct pooled_finite f = pooled_finite(p);
    if (!(f.n1 > 0.0) || !(f.n2 > 0.0))
        return NAN;
    double apart = area(p, &f, 1), deviation = sqrt(spread_of(p, &f, p->in_x, f.n1).sum_sq / f.n1);
    if (is_constant(&f, p->in_x))
        deviation = 0.0;
    return apart > 0.0 ? apart / fmax(deviation, ldexp(floor, -f.exponent)) : 0.0;
}

double mon_energy_distance(const struct mon_pooled *p)
{
    struct pooled_finite f = pooled_finite(p);
    return f.n1 > 0.0 && f.n2 > 0.0 ? sqrt(ldexp(area(p, &f, 2), f.exponent + 1)) : NAN;
}
