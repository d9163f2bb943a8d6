/*
 * epps_singleton.c - the Epps-Singleton test: do the empirical characteristic functions of two
 * samples agree at two points? Epps & Singleton 1986; Goerg & Kaiser 2009 for the scale and the
 * small-sample factor.
 */
#include <math.h>

#include "pooled.h"
#include "tail.h"

#define DIM 4 /* cosine and sine at either point */
#define MIN_SIDE 5.0
#define SMALL_SIDE 25.0

static const double points[] = {0.4, 0.8};

/* Mean and covariance (over n, not n - 1) of the DIM terms over one sample. */
struct terms {
    double mean[DIM];
    double cov[DIM][DIM];
};

static void terms_at(double z, double out[DIM])
{
    for (int t = 0; t < DIM / 2; t++) {
        out[t] = cos(points[t] * z);
        out[t + DIM / 2] = sin(points[t] * z);
    }
}

/* The k-th smallest (from 0) of the pooled finite values; groups first .. */
static double order_statistic(const struct mon_pooled *p, size_t first, double k)
{
    double before = 0.0;
    for (size_t g = first; g < p->n_groups; g++) {
        before += (double)(p->in_x[g] + p->in_y[g]);
        if (k < before)
            return p->values[g];
    }
    return p->values[p->n_groups - 1];
}

static double quantile(const struct mon_pooled *p, size_t first, double n, double q)
{
    double at = q * (n - 1.0), k = floor(at);
    double low = order_statistic(p, first, k), high = order_statistic(p, first, k + 1.0);
    return at > k ? low + (at - k) * (high - low) : low;
}

/* The test does not change when all values move: the lowest is taken as origin, for the digits. */
static void add_up(const struct mon_pooled *p, const struct pooled_finite *f, double scale,
                   const uint64_t *counts, double n, struct terms *out)
{
    double z[DIM];
    *out = (struct terms){0};
    for (size_t g = f->first; g < f->last; g++) {
        terms_at((p->values[g] - p->values[f->first]) / scale, z);
        for (int i = 0; i < DIM; i++)
            out->mean[i] += (double)counts[g] * z[i] / n;
    }
    for (size_t g = f->first; g < f->last; g++) {
        terms_at((p->values[g] - p->values[f->first]) / scale, z);
        for (int i = 0; i < DIM; i++)
            for (int j = 0; j <= i; j++)
                out->cov[i][j] +=
                    (double)counts[g] * (z[i] - out->mean[i]) * (z[j] - out->mean[j]) / n;
    }
}

/* d' S^-1 d by Cholesky over the lower half of s, which is overwritten; NaN where s is singular. */
static double inverse_form(double s[DIM][DIM], const double d[DIM])
{
    double form = 0.0, solved[DIM];
    for (int i = 0; i < DIM; i++) {
        double diagonal = s[i][i], pivot = diagonal, rest = d[i];
        for (int j = 0; j < i; j++) {
            for (int k = 0; k < j; k++)
                s[i][j] -= s[i][k] * s[j][k];
            s[i][j] /= s[j][j];
            pivot -= s[i][j] * s[i][j];
            rest -= s[i][j] * solved[j];
        }
        if (!(pivot > 1e-12 * diagonal))
            return NAN;
        s[i][i] = sqrt(pivot);
        solved[i] = rest / s[i][i];
        form += solved[i] * solved[i];
    }
    return form;
}

static double statistic_of(const struct mon_pooled *p, const struct pooled_finite *f, double scale)
{
    struct terms x, y;
    double s[DIM][DIM] = {{0}}, d[DIM], n = f->n1 + f->n2;
    add_up(p, f, scale, p->in_x, f->n1, &x);
    add_up(p, f, scale, p->in_y, f->n2, &y);
    for (int i = 0; i < DIM; i++) {
        d[i] = x.mean[i] - y.mean[i];
        for (int j = 0; j <= i; j++)
            s[i][j] = n / f->n1 * x.cov[i][j] + n / f->n2 * y.cov[i][j];
    }
    double w = n * inverse_form(s, d);
    if (fmax(f->n1, f->n2) < SMALL_SIDE)
        w /= 1.0 + pow(n, -0.45) + 10.1 * (pow(f->n1, -1.7) + pow(f->n2, -1.7));
    return w;
}

struct mon_evidence mon_epps_singleton_test(const struct mon_pooled *p)
{
    struct pooled_finite f = pooled_finite(p);
    struct mon_evidence found = pooled_finite_insufficient(p, &f);
    if (f.n1 < MIN_SIDE || f.n2 < MIN_SIDE)
        return found;
    double n = f.n1 + f.n2;
    double scale = 0.5 * (quantile(p, f.first, n, 0.75) - quantile(p, f.first, n, 0.25));
    double w = scale > 0.0 ? statistic_of(p, &f, scale) : NAN;
    if (isnan(w))
        return found;
    found.statistic = w;
    found.p_value = tail_f(w / DIM, DIM, INFINITY);
    found.method = "chi-squared, 4 degrees of freedom";
    return found;
}
