/*
 * linalg.c - LAPACK's dsyevd (divide and conquer) and dposv (Cholesky), products. Debian's OpenBLAS
 * brings LAPACK as Fortran symbols without a header: what is used is declared here.
 */
#include "linalg.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>

void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
             double *work, const int *lwork, int *iwork, const int *liwork, int *info);

void dposv_(const char *uplo, const int *n, const int *nrhs, double *a, const int *lda, double *b,
            const int *ldb, int *info);

static void reverse(double *a, size_t n, double *values)
{
    for (size_t low = 0, high = n - 1; low < high; low++, high--) {
        double value = values[low];
        values[low] = values[high];
        values[high] = value;
        cblas_dswap((int)n, a + low * n, 1, a + high * n, 1);
    }
}

static enum err_code decompose(double *a, int n, double *values, struct err *e)
{
    /* what the manual page of dsyevd asks for eigenvectors */
    int lwork = 1 + 6 * n + 2 * n * n, liwork = 3 + 5 * n, info = 0;
    double *work = malloc((size_t)lwork * sizeof *work);
    int *iwork = malloc((size_t)liwork * sizeof *iwork);
    enum err_code code = ERR_OK;
    if (work == NULL || iwork == NULL)
        code = err_set(e, ERR_NOMEM, "out of memory for the eigenvectors of %d x %d", n, n);
    else
        dsyevd_("V", "U", &n, a, &n, values, work, &lwork, iwork, &liwork, &info);
    if (info != 0)
        code = err_set(e, ERR_INVALID, "dsyevd of %d x %d: info %d", n, n, info);
    free(work);
    free(iwork);
    return code;
}

enum err_code linalg_eigen(double *a, size_t n, double *values, struct err *e)
{
    for (size_t i = 0; i < n * n; i++)
        if (!isfinite(a[i]))
            return err_set(e, ERR_INVALID, "a matrix with %g has no eigenvectors", a[i]);
    enum err_code code = decompose(a, (int)n, values, e);
    if (code == ERR_OK)
        reverse(a, n, values);
    return code;
}

enum err_code linalg_solve(double *a, size_t n, double *b, struct err *e)
{
    int order = (int)n, one = 1, info = 0;
    /* our lower triangle is Fortran's upper one */
    dposv_("U", &order, &one, a, &order, b, &order, &info);
    return info == 0 ? ERR_OK : err_set(e, ERR_INVALID, "dposv of %zu x %zu: info %d", n, n, info);
}

static void multiply(const double *a, enum CBLAS_TRANSPOSE ta, const double *b,
                     enum CBLAS_TRANSPOSE tb, size_t n, double *out)
{
    cblas_dgemm(CblasRowMajor, ta, tb, (int)n, (int)n, (int)n, 1.0, a, (int)n, b, (int)n, 0.0, out,
                (int)n);
}

void linalg_rotate(const double *v, const double *c, size_t n, double *room, double *out)
{
    multiply(v, CblasNoTrans, c, CblasNoTrans, n, room);
    multiply(room, CblasNoTrans, v, CblasTrans, n, out);
}

void linalg_rotate_back(const double *v, const double *c, size_t n, double *room, double *out)
{
    multiply(v, CblasTrans, c, CblasNoTrans, n, room);
    multiply(room, CblasNoTrans, v, CblasNoTrans, n, out);
}

void linalg_apply(const double *v, const double *x, size_t n, double *out)
{
    cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)n, (int)n, 1.0, v, (int)n, x, 1, 0.0, out, 1);
}

void linalg_apply_back(const double *v, const double *x, size_t n, double *out)
{
    cblas_dgemv(CblasRowMajor, CblasTrans, (int)n, (int)n, 1.0, v, (int)n, x, 1, 0.0, out, 1);
}
