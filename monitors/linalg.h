/*
 * linalg.h - private: eigenvectors of symmetric matrices, matrices seen in them, linear systems.
 * OpenBLAS and its LAPACK. All matrices n x n, row-major.
 */
#ifndef MONITORS_SRC_LINALG_H
#define MONITORS_SRC_LINALG_H

#include <stddef.h>

#include "base/err.h"

/* a: symmetric; becomes its eigenvectors, row k that of values[k], in falling order of values.
 * A value that is not finite is ERR_INVALID; n >= 1. */
enum err_code linalg_eigen(double *a, size_t n, double *values, struct err *e);

/* Solves a x = b in place of b; a: positive definite, its lower triangle is read, and becomes a
 * factor. ERR_INVALID where it is not positive definite. */
enum err_code linalg_solve(double *a, size_t n, double *b, struct err *e);

/* v c v' into out; room: n x n. c symmetric. */
void linalg_rotate(const double *v, const double *c, size_t n, double *room, double *out);
/* v' c v into out: the way back. */
void linalg_rotate_back(const double *v, const double *c, size_t n, double *room, double *out);
/* v x into out, and v' x. */
void linalg_apply(const double *v, const double *x, size_t n, double *out);
void linalg_apply_back(const double *v, const double *x, size_t n, double *out);

#endif
