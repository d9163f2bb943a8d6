/*
 * two_sample.h - are two samples of raw numbers drawn from one distribution? Classical tests with
 * exact p-values where samples are small, and two distances.
 *
 * Both samples are pooled once (one sort); every test then reads the pooled groups of equal values,
 * so asking seven tests costs one sort. Or the groups are counts over shared ordered cells: the
 * tests are then exact for the cells.
 *
 * Rules for all of them. NaN values are left out and counted. Infinities are values beyond all
 * others for the rank tests (Kolmogorov-Smirnov, Kuiper, Cramer-von Mises, Anderson-Darling,
 * Mann-Whitney), and are left out and counted by those that need means and lengths (Welch,
 * Wasserstein, energy). A side without values gives NaN and "insufficient", never an error. Ties
 * are part of the null: exact p-values are conditional on the pooled values as they are (SciPy's
 * ignore ties and are then too large). "Enumerable" samples are those up to
 * 8 against 8, 3 against 28, 1 against 600. Equal constants give the statistic of no difference and
 * p = 1. Only differences of values enter, so an offset of 1e8 costs no more than the digits that
 * the values themselves lost. Functions are pure; a mon_pooled may be read by several threads. The
 * tests' only error is ERR_NOMEM.
 */
#ifndef MONITORS_TWO_SAMPLE_H
#define MONITORS_TWO_SAMPLE_H

#include <stddef.h>

#include "base/err.h"
#include "monitors/evidence.h"

/* How a p-value is to be got. */
enum mon_p {
    MON_P_AUTO,      /* exact where that is cheap, as each test says; else the limit law */
    MON_P_ASYMPTOTIC /* the limit law whatever the size: careful rather than eager in small samples.
                        At 5 % bench/two_sample_levels.c finds 0.8 % (Kolmogorov-Smirnov) to 5.7 %
                        (Anderson-Darling) for 5 against 5, 4.1 to 5.3 % for 200 against 200 */
};

struct mon_pooled;

/* Pools x (n1 values) and y (n2 values); NULL allowed with n = 0. Not changed, not kept.
 * O(N log N). *out is owned; free with mon_pooled_free. */
enum err_code mon_pooled_new(const double *x, size_t n1, const double *y, size_t n2,
                             struct mon_pooled **out, struct err *e);

/* Pools counts over the same n_cells cells in order: positions are the cells' values, ascending
 * (NULL: 0, 1, 2, ...); counts are whole numbers, a fraction is cut off. Cells empty on both sides
 * are nothing. ERR_INVALID names a cell with a count outside 0..2^53, or out of order. */
enum err_code mon_pooled_from_counts(const double *positions, const double *x_counts,
                                     const double *y_counts, size_t n_cells,
                                     struct mon_pooled **out, struct err *e);
void mon_pooled_free(struct mon_pooled *p); /* NULL allowed */

/*
 * Kolmogorov-Smirnov: the largest distance D of the two empirical distribution functions. Exact for
 * n1 x n2 <= 3e7 (O(n1 n2) time): lattice paths conditional on the ties (Schroeer & Trenkler 1995),
 * summed upwards so that small p-values keep their digits. Else Kolmogorov's limit with n1 n2 / N.
 */
enum err_code mon_ks_test(const struct mon_pooled *p, enum mon_p how, struct mon_evidence *out,
                          struct err *e);

/*
 * Kuiper's V = D+ + D- (Kuiper 1960): as sharp in the tails as in the middle. Exact for
 * enumerable samples, else the limit law with the finite-size term of Stephens 1965: lambda =
 * (sqrt(ne) + 0.155 + 0.24 / sqrt(ne)) V, ne = n1 n2 / N.
 */
enum err_code mon_kuiper_test(const struct mon_pooled *p, enum mon_p how, struct mon_evidence *out,
                              struct err *e);

/*
 * Cramer-von Mises T (Anderson 1962, eq. 9), midranks for ties. Exact for up to 20 values a side
 * (Xiao, Gordon & Yakovlev 2006, made conditional on ties), else T is brought to the limit's mean
 * and variance (eq. 15) and the limit law's tail is integrated, accurate however small. n1 = n2 = 1
 * is legal; its only p-value is 1.
 */
enum err_code mon_cramer_von_mises_test(const struct mon_pooled *p, enum mon_p how,
                                        struct mon_evidence *out, struct err *e);

/*
 * Anderson-Darling for two samples (Scholz & Stephens 1987, eq. 7: midranks): statistic is the
 * standardised (A2 - 1) / sigma_N. Exact for enumerable samples, else from
 * the limit law of A2 (Anderson & Darling 1952), which unlike an interpolation of the published
 * table (0.001 to 0.25) has no ends to be clipped at. Fewer than 4 values in all, or all equal:
 * statistic NaN for sigma_N is undefined, p-value NaN.
 */
enum err_code mon_anderson_darling_test(const struct mon_pooled *p, enum mon_p how,
                                        struct mon_evidence *out, struct err *e);

/*
 * Mann-Whitney, two-sided: statistic U of the first sample, ties half. Exact without ties for at
 * most 8 values on a side (and n1 x n2 <= 1e7), and with ties for enumerable samples;
 * else the normal law with tie correction and continuity correction 1/2. All values
 * equal: p = 1.
 */
enum err_code mon_mann_whitney_test(const struct mon_pooled *p, enum mon_p how,
                                    struct mon_evidence *out, struct err *e);

/*
 * Welch's t with Satterthwaite's degrees of freedom, two-sided: statistic t of mean(x) - mean(y).
 * Fewer than two values on a side: insufficient. Both sides constant: t = 0, p = 1 where equal,
 * else t = +-INFINITY, p = 0.
 */
struct mon_evidence mon_welch_test(const struct mon_pooled *p);

/*
 * Epps-Singleton (1986): the empirical characteristic functions at 0.4 and 0.8 of the pooled
 * semi-interquartile range, chi-squared with 4 degrees of freedom; corrected for both sides below
 * 25 values (Goerg & Kaiser 2009). Sees differences of shape that rank tests are slow to see.
 * Fewer than 5 values on a side, a pooled interquartile range of 0, or a singular covariance:
 * insufficient.
 */
struct mon_evidence mon_epps_singleton_test(const struct mon_pooled *p);

/* Wasserstein-1 distance, in the values' unit: the area between the distribution functions. No
 * p-value. NaN where a side has no finite value; n = 1 on a side is legal. */
double mon_wasserstein(const struct mon_pooled *p);

/* The same over the population standard deviation of x, or over floor where that is larger. A
 * constant x with floor 0: 0 for equal samples, else INFINITY. */
double mon_wasserstein_normalised(const struct mon_pooled *p, double floor);

/* Energy distance sqrt(2 integral (F - G)^2) = sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|) (Szekely &
 * Rizzo 2013). NaN where a side has no finite value. */
double mon_energy_distance(const struct mon_pooled *p);

#endif
