/*
 * spectrum.c - traces of powers of a sample covariance, freed of their bias.
 */
#include "spectrum.h"

#include <math.h>
#include <string.h>

/* Both Gram matrices have the same traces: the smaller one is made. */
static void gram_of_rows(const double *z, size_t n_rows, size_t n_columns, double *out)
{
    for (size_t a = 0; a < n_rows; a++)
        for (size_t b = 0; b <= a; b++) {
            const double *x = z + a * n_columns, *y = z + b * n_columns;
            double sum = 0.0;
            for (size_t i = 0; i < n_columns; i++)
                sum += x[i] * y[i];
            out[a * n_rows + b] = out[b * n_rows + a] = sum;
        }
}

static void gram_of_columns(const double *z, size_t n_rows, size_t n_columns, double *out)
{
    memset(out, 0, n_columns * n_columns * sizeof *out);
    for (size_t k = 0; k < n_rows; k++)
        for (size_t a = 0; a < n_columns; a++) {
            const double *x = z + k * n_columns;
            for (size_t b = 0; x[a] != 0.0 && b < n_columns; b++)
                out[a * n_columns + b] += x[a] * x[b];
        }
}

static size_t gram(const double *z, size_t n_rows, size_t n_columns, double divisor, double *out)
{
    size_t n = n_rows <= n_columns ? n_rows : n_columns;
    if (n_rows <= n_columns)
        gram_of_rows(z, n_rows, n_columns, out);
    else
        gram_of_columns(z, n_rows, n_columns, out);
    for (size_t i = 0; i < n * n; i++)
        out[i] /= divisor;
    return n;
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
    double most = fmax(1.0, (double)n_columns);
    size_t n = gram(z, n_rows, n_columns, f, room);
    struct traces t = unbiased(traces_of(room, n), f);
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
