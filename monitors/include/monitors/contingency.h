/*
 * contingency.h - tests and effect sizes of count tables: categories against a reference's, two
 * proportions, 2 x 2 tables.
 *
 * Counts are whole numbers >= 0 as doubles. Cells empty on both sides are left out. A side with
 * total 0 gives NaN and "insufficient"; a table without anything to compare (one category) has
 * statistic 0 and p = 1. NaN counts give "insufficient" too; a total is NaN then. The chi-squared
 * law wants expected counts of about 5 or more; for smaller 2 x 2 tables use mon_fisher_exact.
 * Pure; any thread. In struct mon_evidence n1 is the reference's total and n2 the window's.
 */
#ifndef MONITORS_CONTINGENCY_H
#define MONITORS_CONTINGENCY_H

#include <stddef.h>

#include "monitors/evidence.h"

/*
 * Goodness of fit: are the window's counts drawn from the reference's shares, these taken as known
 * (Pearson 1900)? Right where the reference is much larger than the window; else too eager, and
 * mon_chi_squared_two is meant. k - 1 degrees of freedom. A category that the reference has not:
 * statistic INFINITY, p = 0.
 */
struct mon_evidence mon_chi_squared_fit(const double *reference, const double *window, size_t k);

/* The same with the likelihood ratio G = 2 sum O ln(O / E) (Wilks 1938). */
struct mon_evidence mon_g_fit(const double *reference, const double *window, size_t k);

/* Homogeneity of the 2 x k table: are both sides drawn from the same shares? No continuity
 * correction. k - 1 degrees of freedom. */
struct mon_evidence mon_chi_squared_two(const double *reference, const double *window, size_t k);
/* The same with the likelihood ratio G = 2 sum O ln(O / E) over both sides, E from the common
 * shares (Wilks 1938). k - 1 degrees of freedom. */
struct mon_evidence mon_g_two(const double *reference, const double *window, size_t k);

/* Cramer's V of the 2 x k table, sqrt(chi-squared / N), 0..1 (Cramer 1946): the effect size of
 * mon_chi_squared_two. NaN where a side is empty. */
double mon_cramers_v(const double *reference, const double *window, size_t k);

/*
 * Fisher's exact test of the 2 x 2 table {{a, b}, {c, d}}, two-sided: the tables with the same
 * margins that are no likelier than this one (to 1e-7 of it). statistic is the odds ratio a d / (b
 * c), INFINITY where b c = 0. An empty margin: p = 1, statistic NaN. Exact where the smallest
 * margin is at most 1e6 and the total below 2^32; else method says that it is the chi-squared law.
 */
struct mon_evidence mon_fisher_exact(double a, double b, double c, double d);

/* z-test of two proportions, hits1 of n1 against hits2 of n2, pooled variance, two-sided; z > 0
 * where the second is larger. All or none on both sides: z = 0, p = 1. */
struct mon_evidence mon_proportions_z(double hits1, double n1, double hits2, double n2);

#endif
