/*
 * quadratic_form.c - Smirnov's formula with Gauss-Chebyshev quadrature: the integrands have inverse
 * square roots at both ends of their intervals, which is that rule's own weight.
 */
#include "quadratic_form.h"

#include <math.h>

#define N_NODES 128
#define N_INTERVALS 60

struct form {
    double (*lambda)(int j);
    double (*product)(double u); /* D(u) */
};

static double interval(const struct form *f, int k, double x)
{
    double low = f->lambda(2 * k - 1), high = f->lambda(2 * k);
    double middle = 0.5 * (low + high), half = 0.5 * (high - low), sum = 0.0;
    for (int i = 0; i < N_NODES; i++) {
        double angle = M_PI * (i + 0.5) / N_NODES, u = middle + half * cos(angle);
        sum += half * sin(angle) * exp(-0.5 * x * u) / (u * sqrt(fabs(f->product(u))));
    }
    return sum / N_NODES; /* pi / n of the rule over the pi of the formula */
}

static double tail(const struct form *f, double x)
{
    double sum = 0.0;
    for (int k = 1; k <= N_INTERVALS; k++) {
        double term = interval(f, k, x);
        sum += k % 2 == 1 ? term : -term;
        if (term <= 1e-17 * sum)
            break;
    }
    return fmin(fmax(sum, 0.0), 1.0);
}

static double cramer_von_mises_lambda(int j)
{
    return (double)j * j * M_PI * M_PI;
}

static double cramer_von_mises_product(double u)
{
    return sin(sqrt(u)) / sqrt(u);
}

double tail_cramer_von_mises(double x)
{
    static const struct form form = {cramer_von_mises_lambda, cramer_von_mises_product};
    return x > 0.003 ? tail(&form, x) : 1.0;
}

static double anderson_darling_lambda(int j)
{
    return (double)j * (j + 1);
}

static double anderson_darling_product(double u)
{
    return -cos(0.5 * M_PI * sqrt(1.0 + 4.0 * u)) / (M_PI * u);
}

double tail_anderson_darling(double x)
{
    static const struct form form = {anderson_darling_lambda, anderson_darling_product};
    return x > 0.02 ? tail(&form, x) : 1.0;
}
