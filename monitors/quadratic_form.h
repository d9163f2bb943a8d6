/*
 * quadratic_form.h - private: upper tails of the limit laws of Cramer-von Mises and
 * Anderson-Darling, both weighted sums of independent squared normals.
 */
#ifndef MONITORS_SRC_QUADRATIC_FORM_H
#define MONITORS_SRC_QUADRATIC_FORM_H

/*
 * P(Q > x) for Q = sum Z_j^2 / lambda_j with simple lambda_1 < lambda_2 < ..., by Smirnov's formula
 * (1937; Durbin & Knott 1972, eq. 5.4): an alternating sum of integrals over [lambda_2k-1,
 * lambda_2k] of exp(-xu/2) / (pi u sqrt|D(u)|), D(u) = prod (1 - u / lambda_j). Every integrand is
 * positive, so a tail of 1e-200 has as many digits as one of 0.1. 1 for NaN and for
 * x <= 0.003, or 0.02 with Anderson-Darling: the laws have less than 1e-12 there.
 */
double tail_cramer_von_mises(double x); /* lambda_j = j^2 pi^2 */
double tail_anderson_darling(double x); /* lambda_j = j (j + 1) */

#endif
