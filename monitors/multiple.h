/*
 * multiple.h - private: corrections over many p-values, most of which are known to be too large.
 */
#ifndef MONITORS_SRC_MULTIPLE_H
#define MONITORS_SRC_MULTIPLE_H

#include <stdbool.h>
#include <stddef.h>

/* As mon_holm and mon_benjamini_hochberg over n_tests p-values, of which the n given are all that
 * do not exceed the level, and maybe others. NaN is left out and does not count among n_tests. */
size_t multiple_holm(const double *p_values, size_t n, size_t n_tests, double alpha, bool *reject);
size_t multiple_benjamini_hochberg(const double *p_values, size_t n, size_t n_tests, double q,
                                   bool *reject);

#endif
