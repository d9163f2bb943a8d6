/*
 * spectrum.c - traces of powers of a sample covariance, freed of their bias.
 */
#include "spectrum.h"

#include <math.h>

/* A view of z by samples or by columns: both Gram matrices have the same traces. */
struct vectors {
    const double *z;
    size_t n, length, stride, step;
};

static struct vectors shorter_side(const double *z, size_t n_rows, size_t n_columns)
{
    if (n_rows <= n_columns)
        return (struct vectors){z, n_rows, n_columns, n_columns, 1};
    return (struct vectors){z, n_columns, n_rows, 1, n_columns};
}

static double dot(const struct vectors *v, size_t a, size_t b)
{
    const double *x = v->z + a * v->stride, *y = v->z + b * v->stride;
    double sum = 0.0;
    for (size_t i = 0; i < v->length; i++)
        sum += x[i * v->step] * y[i * v->step];
    return sum;
}

static void gram(const struct vectors *v, double divisor, double *out)
{
    for (size_t a = 0; a < v->n; a++)
        for (size_t b = 0; b <= a; b++)
            out[a * v->n + b] = out[b * v->n + a] = dot(v, a, b) / divisor;
}

struct traces {
    double first, second, third;
};

static struct traces traces_of(const double *m, size_t n)
{
    struct traces t = {0};
    for (size_t a = 0; a < n; a++) {
        t.first += m[a * n + a];
        for (size_t b = 0; b < n; b++) {
            double product = 0.0;
            for (size_t k = 0; k < n; k++)
                product += m[a * n + k] * m[b * n + k];
            t.second += m[a * n + b] * m[a * n + b];
            t.third += product * m[a * n + b];
        }
    }
    return t;
}

/* Unbiased for normal samples with f degrees of freedom: Bai & Saranadasa 1996; Srivastava 2005 for
 * the second, Himeno & Yamada 2014 for the third. */
static struct traces unbiased(struct traces t, double f)
{
    double second = f * f / ((f + 2) * (f - 1)) * (t.second - t.first * t.first / f);
    double third =
        f * f * f * f / ((f - 1) * (f - 2) * (f + 2) * (f + 4)) *
        (t.third - 3 * t.first * t.second / f + 2 * t.first * t.first * t.first / (f * f));
    return (struct traces){t.first, second, third};
}

struct spectrum spectrum_of(const double *z, size_t n_rows, size_t n_columns, double f,
                            double *room)
{
    const struct spectrum one = {1.0, 1.0};
    if (!(f >= 3.0) || n_columns == 0)
        return one;
    struct vectors v = shorter_side(z, n_rows, n_columns);
    double most = fmax(1.0, (double)n_columns);
    gram(&v, f, room);
    struct traces t = unbiased(traces_of(room, v.n), f);
    if (!(t.first > 0.0))
        return one;
    struct spectrum s = {most, most};
    if (t.second > 0.0)
        s.degrees = fmin(most, fmax(1.0, t.first * t.first / t.second));
    s.skew_degrees = s.degrees;
    if (t.second > 0.0 && t.third > 0.0) {
        double skew = t.second * t.second * t.second / (t.third * t.third);
        s.skew_degrees = fmin(s.degrees, fmax(1.0, skew));
    }
    return s;
}
