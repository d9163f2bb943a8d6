/*
 * tail.c - upper tails, over GSL's distributions. GSL reports bad arguments through a global
 * handler that aborts, so every argument is checked here first.
 */
#include "tail.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <limits.h>
#include <math.h>

/* Beyond this GSL's F agrees with the limit to more digits than it has. */
#define NU_INFINITE 1e6

static double probability(double p)
{
    return isfinite(p) ? fmin(fmax(p, 0.0), 1.0) : 1.0;
}

double tail_f(double ratio, double d, double nu)
{
    if (!(ratio > 0.0) || !(d > 0.0))
        return 1.0;
    if (isinf(ratio))
        return 0.0;
    if (nu > NU_INFINITE)
        return probability(gsl_cdf_chisq_Q(ratio * d, d));
    return probability(gsl_cdf_fdist_Q(ratio, d, nu));
}

static double kolmogorov_term(double x, double nu)
{
    return nu > NU_INFINITE ? exp(-2.0 * x) : pow(1.0 + 4.0 * x / nu, -0.5 * nu);
}

double tail_kolmogorov(double x, double nu)
{
    if (!(x > 0.05)) /* the tail is 1 to 1e-9 there, and the series slow */
        return 1.0;
    double sum = 0.0, sign = 2.0;
    for (int j = 1; j <= 200; j++) {
        double term = kolmogorov_term((double)j * j * x, nu);
        sum += sign * term;
        sign = -sign;
        if (term < 1e-17 * sum)
            break;
    }
    return probability(sum);
}

double tail_kuiper(double lambda)
{
    if (!(lambda >= 0.4)) /* the tail is 1 to 7 digits there, and the series slow */
        return 1.0;
    double sum = 0.0;
    for (int j = 1; j <= 100; j++) {
        double x = 2.0 * j * j * lambda * lambda, term = 2.0 * (2.0 * x - 1.0) * exp(-x);
        sum += term;
        if (fabs(term) < 1e-17 * sum)
            break;
    }
    return probability(sum);
}

double pmf_hypergeometric(double k, double n1, double n2, double drawn)
{
    return gsl_ran_hypergeometric_pdf((unsigned)k, (unsigned)n1, (unsigned)n2, (unsigned)drawn);
}

double tail_hypergeometric(double k, double n1, double other, double n2)
{
    double events = k + other;
    if (k <= 0.0)
        return 1.0;
    if (n1 + n2 > (double)UINT_MAX)
        return tail_binomial(k, events, n1 / (n1 + n2));
    return probability(gsl_cdf_hypergeometric_Q((unsigned)k - 1, (unsigned)events,
                                                (unsigned)(n1 + n2 - events), (unsigned)n1));
}

double tail_binomial(double k, double n, double p)
{
    if (k <= 0.0)
        return 1.0;
    if (k > n || p <= 0.0)
        return 0.0;
    if (p >= 1.0)
        return 1.0;
    return probability(gsl_cdf_beta_P(p, k, n - k + 1.0));
}

double tail_normal(double z)
{
    return isnan(z) ? 1.0 : gsl_cdf_ugaussian_Q(z);
}

double tail_t(double t, double nu)
{
    if (isnan(t) || isnan(nu))
        return 1.0;
    return nu > NU_INFINITE ? gsl_cdf_ugaussian_Q(t) : gsl_cdf_tdist_Q(t, nu);
}

double quantile_normal(double p)
{
    return gsl_cdf_ugaussian_Pinv(p);
}

double quantile_t(double p, double nu)
{
    return nu > NU_INFINITE ? gsl_cdf_ugaussian_Pinv(p) : gsl_cdf_tdist_Pinv(p, nu);
}
