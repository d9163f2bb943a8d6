/*
 * contingency.c - chi-squared and G tests, Fisher's exact test, Cramer's V, the z-test.
 */
#include "monitors/contingency.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>

#include "tail.h"

#define FISHER_MAX_TABLES 1e6

static double total(const double *counts, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += counts[i];
    return sum;
}

static bool start(struct mon_evidence *e, double n1, double n2)
{
    bool enough = n1 > 0.0 && n2 > 0.0;
    *e = (struct mon_evidence){
        .statistic = NAN, .p_value = NAN, .n1 = n1, .n2 = n2, .method = "insufficient"};
    return enough;
}

/* What one cell adds to the statistic. */
static double pearson(double observed, double expected)
{
    double apart = observed - expected;
    return expected > 0.0 ? apart * apart / expected : INFINITY;
}

static double likelihood(double observed, double expected)
{
    return observed > 0.0 ? 2.0 * observed * log(observed / expected) : 0.0;
}

static void finish(struct mon_evidence *e, double statistic, size_t n_cells)
{
    e->statistic = fmax(statistic, 0.0); /* G of equal shares may come out as -1e-15 */
    e->p_value = 1.0;
    if (n_cells > 1)
        e->p_value = tail_f(e->statistic / (double)(n_cells - 1), (double)(n_cells - 1), INFINITY);
    e->method = "chi-squared";
}

/* One category's part of the statistic, against the reference's shares taken as known. */
static double fitted(double before, double now, double n1, double n2,
                     double (*cell)(double, double))
{
    return cell(now, before / n1 * n2);
}

/* The same against the shares of both sides together. */
static double pooled(double before, double now, double n1, double n2,
                     double (*cell)(double, double))
{
    double share = (before + now) / (n1 + n2);
    return cell(before, share * n1) + cell(now, share * n2);
}

typedef double expectation(double before, double now, double n1, double n2,
                           double (*cell)(double, double));

static struct mon_evidence compare(const double *reference, const double *window, size_t k,
                                   expectation *part, double (*cell)(double, double))
{
    struct mon_evidence e;
    double n1 = total(reference, k), n2 = total(window, k), sum = 0.0;
    size_t n_cells = 0;
    if (!start(&e, n1, n2))
        return e;
    for (size_t i = 0; i < k; i++) {
        if (!(reference[i] > 0.0) && !(window[i] > 0.0))
            continue;
        sum += part(reference[i], window[i], n1, n2, cell);
        n_cells++;
    }
    finish(&e, sum, n_cells);
    return e;
}

struct mon_evidence mon_chi_squared_fit(const double *reference, const double *window, size_t k)
{
    return compare(reference, window, k, fitted, pearson);
}

struct mon_evidence mon_g_fit(const double *reference, const double *window, size_t k)
{
    return compare(reference, window, k, fitted, likelihood);
}

struct mon_evidence mon_chi_squared_two(const double *reference, const double *window, size_t k)
{
    return compare(reference, window, k, pooled, pearson);
}

struct mon_evidence mon_g_two(const double *reference, const double *window, size_t k)
{
    return compare(reference, window, k, pooled, likelihood);
}

double mon_cramers_v(const double *reference, const double *window, size_t k)
{
    struct mon_evidence e = mon_chi_squared_two(reference, window, k);
    return isnan(e.statistic) ? NAN : fmin(sqrt(e.statistic / (e.n1 + e.n2)), 1.0);
}

/* Sum over the tables with these margins that are at most as likely as a; from low to high. */
static double no_likelier(double a, double low, double high, double row1, double row2,
                          double column1)
{
    double limit = pmf_hypergeometric(a, row1, row2, column1) * (1.0 + 1e-7), sum = 0.0;
    for (double i = low; i <= high; i++) {
        double chance = pmf_hypergeometric(i, row1, row2, column1);
        sum += chance <= limit ? chance : 0.0;
    }
    return fmin(sum, 1.0);
}

struct mon_evidence mon_fisher_exact(double a, double b, double c, double d)
{
    struct mon_evidence e;
    double low = fmax(0.0, a - d), high = fmin(a + b, a + c), n = a + b + c + d;
    if (!start(&e, a + b, c + d))
        return e;
    e.method = "exact: Fisher";
    e.p_value = 1.0;
    if (a + c == 0.0 || b + d == 0.0)
        return e;
    e.statistic = b * c > 0.0 ? a * d / (b * c) : INFINITY;
    if (high - low > FISHER_MAX_TABLES || n > (double)UINT_MAX) {
        const double top[] = {a, b}, bottom[] = {c, d};
        e.method = "chi-squared: too many tables for Fisher";
        e.p_value = mon_chi_squared_two(top, bottom, 2).p_value;
        return e;
    }
    e.p_value = no_likelier(a, low, high, a + b, c + d, a + c);
    return e;
}

struct mon_evidence mon_proportions_z(double hits1, double n1, double hits2, double n2)
{
    struct mon_evidence e;
    if (!start(&e, n1, n2) || isnan(hits1) || isnan(hits2))
        return e;
    double pooled = (hits1 + hits2) / (n1 + n2);
    double deviation = sqrt(pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2));
    e.statistic = deviation > 0.0 ? (hits2 / n2 - hits1 / n1) / deviation : 0.0;
    e.p_value = fmin(2.0 * tail_normal(fabs(e.statistic)), 1.0);
    e.method = "normal, pooled variance";
    return e;
}
