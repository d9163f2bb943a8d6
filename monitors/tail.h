/*
 * tail.h - private: upper tails of the null distributions, with an estimated scale.
 */
#ifndef MONITORS_SRC_TAIL_H
#define MONITORS_SRC_TAIL_H

/* P(F > ratio) with d and nu degrees of freedom; nu = INFINITY: chi-squared over d. 1 for ratio <=
 * 0 or NaN. d > 0. */
double tail_f(double ratio, double d, double nu);

/*
 * Kolmogorov's tail 2 sum (-1)^(j-1) exp(-2 j^2 x) for x = n D^2 (Kolmogorov 1933), where x was
 * divided by a scale estimated with nu degrees of freedom: each exponential is integrated over that
 * chi-squared, giving (1 + 4 j^2 x / nu)^(-nu/2). nu = INFINITY: the scale is known. 1 for x <= 0
 * or NaN.
 */
double tail_kolmogorov(double x, double nu);

/* P(X >= k) where k of the k + other events fell on one side holding n1 of n1 + n2 trials:
 * hypergeometric. Arguments are whole numbers. */
double tail_hypergeometric(double k, double n1, double other, double n2);

/* Kuiper's tail 2 sum (4 j^2 lambda^2 - 1) exp(-2 j^2 lambda^2) (Kuiper 1960); 1 for lambda < 0.4
 * or NaN. */
double tail_kuiper(double lambda);

/* P(X = k), hypergeometric: k of `drawn` are among the n1 marked of n1 + n2. Whole numbers below
 * 2^32. */
double pmf_hypergeometric(double k, double n1, double n2, double drawn);

/* P(X >= k), binomial. */
double tail_binomial(double k, double n, double p);

double tail_normal(double z);           /* P(Z > z) */
double tail_t(double t, double nu);     /* P(T > t), Student's; 1 for NaN */
double quantile_normal(double p);       /* z with P(Z <= z) = p */
double quantile_t(double p, double nu); /* t with P(T <= t) = p */

#endif
