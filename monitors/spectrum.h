/*
 * spectrum.h - private: the shape of a weighted sum of chi-squareds from samples, without its
 * weights.
 */
#ifndef MONITORS_SRC_SPECTRUM_H
#define MONITORS_SRC_SPECTRUM_H

#include <stddef.h>

/*
 * The squared length of a normal vector with covariance S is a sum of chi-squareds weighted by the
 * eigenvalues of S. With c_k = tr(S^k): degrees = c1^2 / c2 matches two moments (Satterthwaite
 * 1946), skew_degrees = c2^3 / c3^2 the third (Hall 1983, Buckley & Eagleson 1988). Both
 * are 1..n_columns, and skew_degrees <= degrees.
 */
struct spectrum {
    double degrees, skew_degrees;
};

/* z: n_rows x n_columns, row-major: samples of the vector, with f degrees of freedom (n_rows - 1
 * where one mean was taken off all of them). room: the square of the smaller of the two, in
 * doubles. f < 3 or all of z 0: one degree. */
struct spectrum spectrum_of(const double *z, size_t n_rows, size_t n_columns, double f,
                            double *room);

#endif
