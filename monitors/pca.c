/*
 * pca.c - reconstruction errors of rows under the reference's leading components. OpenBLAS forms
 * the covariance and the projections, block by block.
 */
#include "monitors/pca.h"

#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"

#define BLOCK_ROWS 256
#define LARGEST 1e150 /* whose square is finite */

struct mon_pca {
    size_t n_columns, n_components;
    double *shift;        /* n_columns: the first row's values; a mean of 1e8 would round to 1e-8 */
    double *mean, *scale; /* n_columns; the mean less the shift */
    double *components;   /* n_components x n_columns, orthonormal rows */
};

void mon_pca_free(struct mon_pca *pca)
{
    if (pca == NULL)
        return;
    free(pca->shift);
    free(pca);
}

size_t mon_pca_n_components(const struct mon_pca *pca)
{
    return pca->n_components;
}

/* shift, mean, scale and a full matrix of components in one block. */
static enum err_code pca_new(size_t n_columns, struct mon_pca **out, struct err *e)
{
    struct mon_pca *p = calloc(1, sizeof *p);
    if (p != NULL)
        p->shift = calloc(3 * n_columns + n_columns * n_columns, sizeof *p->shift);
    if (p == NULL || p->shift == NULL) {
        free(p);
        return err_set(e, ERR_NOMEM, "out of memory for the components of %zu columns", n_columns);
    }
    p->n_columns = n_columns;
    p->mean = p->shift + n_columns;
    p->scale = p->mean + n_columns;
    p->components = p->scale + n_columns;
    *out = p;
    return ERR_OK;
}

/* Welford's recursion; population deviation, 1 for a constant. */
static void fit_scale(struct mon_pca *p, const double *x, size_t n_rows, size_t column)
{
    double n = 0.0, mean = 0.0, squares = 0.0;
    for (size_t i = 0; i < n_rows; i++) {
        double value = x[i * p->n_columns + column];
        if (!(fabs(value) <= LARGEST))
            continue;
        if (n == 0.0)
            p->shift[column] = value;
        double moved = value - p->shift[column], step = moved - mean;
        mean += step / ++n;
        squares += step * (moved - mean);
    }
    double scale = n > 0.0 ? sqrt(squares / n) : 0.0;
    p->mean[column] = mean;
    p->scale[column] = scale > 0.0 && isfinite(scale) ? scale : 1.0;
}

static void standardise(const struct mon_pca *p, const double *x, size_t n_rows, double *z)
{
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < p->n_columns; j++) {
            double value = x[i * p->n_columns + j];
            z[i * p->n_columns + j] =
                fabs(value) <= LARGEST ? (value - p->shift[j] - p->mean[j]) / p->scale[j] : 0.0;
        }
}

/* The lower triangle of z'z, then all of it. */
static enum err_code gram(const struct mon_pca *p, const double *x, size_t n_rows, double *out,
                          struct err *e)
{
    size_t n = p->n_columns;
    double *z = malloc(BLOCK_ROWS * n * sizeof *z);
    if (z == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %d rows", BLOCK_ROWS);
    for (size_t first = 0; first < n_rows; first += BLOCK_ROWS) {
        size_t rows = n_rows - first < BLOCK_ROWS ? n_rows - first : BLOCK_ROWS;
        standardise(p, x + first * n, rows, z);
        cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (int)n, (int)rows, 1.0, z, (int)n, 1.0,
                    out, (int)n);
    }
    free(z);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            out[j * n + i] = out[i * n + j];
    return ERR_OK;
}

/* The fewest whose share exceeds what is to be kept. */
static size_t count_components(const double *values, size_t n, double keep)
{
    double total = 0.0, sum = 0.0;
    for (size_t k = 0; k < n; k++)
        total += fmax(values[k], 0.0);
    for (size_t k = 0; k < n && total > 0.0; k++) {
        sum += fmax(values[k], 0.0);
        if (sum > keep * total)
            return k + 1;
    }
    return total > 0.0 ? n : 0;
}

static enum err_code fit_components(struct mon_pca *p, const double *x, size_t n_rows, double keep,
                                    struct err *e)
{
    double *values = calloc(p->n_columns, sizeof *values);
    if (values == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu columns", p->n_columns);
    enum err_code code = gram(p, x, n_rows, p->components, e);
    if (code == ERR_OK)
        code = linalg_eigen(p->components, p->n_columns, values, e);
    if (code == ERR_OK)
        p->n_components = count_components(values, p->n_columns, keep);
    free(values);
    return code;
}

enum err_code mon_pca_fit(const double *x, size_t n_rows, size_t n_columns, double keep_variance,
                          struct mon_pca **out, struct err *e)
{
    if (n_rows < 2 || n_columns == 0)
        return err_set(e, ERR_INVALID, "principal components of %zu x %zu numbers", n_rows,
                       n_columns);
    if (n_columns > MON_PCA_MAX_COLUMNS)
        return err_set(e, ERR_LIMIT, "principal components of %zu columns: at most %d", n_columns,
                       MON_PCA_MAX_COLUMNS);
    if (!(keep_variance > 0.0 && keep_variance <= 1.0))
        return err_set(e, ERR_INVALID, "keep_variance: expected more than 0 and at most 1, got %g",
                       keep_variance);
    struct mon_pca *p = NULL;
    enum err_code code = pca_new(n_columns, &p, e);
    if (code != ERR_OK)
        return code;
    for (size_t j = 0; j < n_columns; j++)
        fit_scale(p, x, n_rows, j);
    code = fit_components(p, x, n_rows, keep_variance, e);
    if (code != ERR_OK)
        mon_pca_free(p);
    else
        *out = p;
    return code;
}

/* z less its projection; what is left, squared and summed, loses no digits as |z|^2 - |scores|^2
 * would. scores: BLOCK_ROWS x n_components. */
static void block_errors(const struct mon_pca *p, double *z, size_t rows, double *scores,
                         double *errors)
{
    int n = (int)p->n_columns, m = (int)p->n_components;
    if (m > 0) {
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, m, n, 1.0, z, n,
                    p->components, n, 0.0, scores, m);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, n, m, -1.0, scores, m,
                    p->components, n, 1.0, z, n);
    }
    for (size_t i = 0; i < rows; i++)
        errors[i] = cblas_dnrm2(n, z + i * p->n_columns, 1);
}

enum err_code mon_pca_errors(const struct mon_pca *pca, const double *x, size_t n_rows,
                             double *errors, struct err *e)
{
    size_t n = pca->n_columns;
    double *z = malloc(BLOCK_ROWS * 2 * n * sizeof *z);
    if (z == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %d rows", BLOCK_ROWS);
    for (size_t first = 0; first < n_rows; first += BLOCK_ROWS) {
        size_t rows = n_rows - first < BLOCK_ROWS ? n_rows - first : BLOCK_ROWS;
        standardise(pca, x + first * n, rows, z);
        block_errors(pca, z, rows, z + BLOCK_ROWS * n, errors + first);
    }
    free(z);
    return ERR_OK;
}

enum err_code mon_pca_mean_error(const struct mon_pca *pca, const double *x, size_t n_rows,
                                 double *out, struct err *e)
{
    double *errors = malloc((n_rows + 1) * sizeof *errors), sum = 0.0;
    if (errors == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for the errors of %zu rows", n_rows);
    enum err_code code = mon_pca_errors(pca, x, n_rows, errors, e);
    for (size_t i = 0; code == ERR_OK && i < n_rows; i++)
        sum += errors[i];
    free(errors);
    if (code == ERR_OK)
        *out = n_rows > 0 ? sum / (double)n_rows : NAN;
    return code;
}
