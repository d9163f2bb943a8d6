/*
 * anderson_darling.c - the Anderson-Darling test of two samples (Scholz & Stephens 1987).
 */
#include <math.h>

#include "enumerate.h"
#include "pooled.h"
#include "quadratic_form.h"

#define M_EULER 0.57721566490153286
#define MAX_SUMMED 1e6

/* Eq. 7, k = 2: midranks inside groups. 0 where all values are equal. */
static double a_squared(const struct mon_pooled *p)
{
    double n1 = (double)p->n1, n2 = (double)p->n2, n = n1 + n2, sum = 0.0;
    double below_x = 0.0, below = 0.0;
    for (size_t g = 0; g < p->n_groups; g++) {
        double in_x = (double)p->in_x[g], size = in_x + (double)p->in_y[g];
        double m = below_x + 0.5 * in_x, b = below + 0.5 * size;
        double apart = n * m - b * n1; /* the second sample's is the same, negated */
        double scale = b * (n - b) - 0.25 * n * size;
        if (scale > 0.0)
            sum += size / n * apart * apart / scale;
        below_x += in_x;
        below += size;
    }
    return (n - 1.0) / n * sum * (1.0 / n1 + 1.0 / n2);
}

/* h = sum 1 / i to n - 1 and g = sum over i < j < n of 1 / ((n - i) j), whose limits serve where
 * summing would take longer than the test. */
static void harmonic_sums(double n, double *h, double *g)
{
    double rest = 0.0;
    *g = 0.0;
    if (n > MAX_SUMMED) {
        *h = log(n - 1.0) + M_EULER + 0.5 / (n - 1.0);
        *g = M_PI * M_PI / 6.0 - (2.0 * (log(n) + M_EULER) + 1.0) / n;
        return;
    }
    for (double i = n - 2.0; i >= 1.0; i--) {
        rest += 1.0 / (i + 1.0);
        *g += rest / (n - i);
    }
    *h = rest + 1.0;
}

/* Eq. 4: the variance of A2 for k = 2 samples; n >= 4. */
static double variance_of(double n1, double n2)
{
    double n = n1 + n2, H = 1.0 / n1 + 1.0 / n2, g, h;
    harmonic_sums(n, &h, &g);
    double a = (4.0 * g - 6.0) + (10.0 - 6.0 * g) * H;
    double b = 4.0 * (2.0 * g - 4.0) + 8.0 * h + (2.0 * g - 14.0 * h - 4.0) * H + 4.0 * g - 6.0;
    double c = 4.0 * (6.0 * h + 2.0 * g - 2.0) + 2.0 * (4.0 * h - 4.0 * g + 6.0) +
               (2.0 * h - 6.0) * H + 4.0 * h;
    double d = 4.0 * (2.0 * h + 6.0) - 8.0 * h;
    return (((a * n + b) * n + c) * n + d) / ((n - 1.0) * (n - 2.0) * (n - 3.0));
}

/* The limit law has mean 1 and variance 2 (pi^2 - 9) / 3. */
static double limit_p_value(double standardised)
{
    return tail_anderson_darling(1.0 + standardised * sqrt(2.0 * (M_PI * M_PI - 9.0) / 3.0));
}

enum err_code mon_anderson_darling_test(const struct mon_pooled *p, enum mon_p how,
                                        struct mon_evidence *out, struct err *e)
{
    struct mon_evidence found = pooled_insufficient(p);
    if (pooled_has_both(p) && p->n1 + p->n2 >= 4 && p->n_groups > 1) {
        found.statistic = (a_squared(p) - 1.0) / sqrt(variance_of((double)p->n1, (double)p->n2));
        if (how == MON_P_AUTO && enumerate_is_cheap(p)) {
            found.method = "exact: enumeration";
            enum err_code code = enumerate_p_value(p, a_squared, &found.p_value, e);
            if (code != ERR_OK)
                return code;
        } else {
            found.method = "asymptotic: limit law, variance matched";
            found.p_value = limit_p_value(found.statistic);
        }
    }
    *out = found;
    return ERR_OK;
}
