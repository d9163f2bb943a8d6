/*
 * joint_sums.c - counting, merging and subtracting joint sums. OpenBLAS adds the squares; that its
 * kernels add in an order of their own changes no bit, because nothing is rounded (joint_sums.h).
 */
#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "joint_space.h"
#include "joint_waves.h"

#define BLOCK_ROWS 32  /* of MON_JOINT_MAX_COLUMNS on the stack: 64 KiB */
#define BLOCK_WAVES 64 /* 16 KiB */

enum err_code mon_joint_sums_new(const struct mon_joint_space *space, struct mon_joint_sums **out,
                                 struct err *e)
{
    size_t n = space->n_columns, n_doubles = n + n * n + 2 * space->n_waves;
    struct mon_joint_sums *s =
        calloc(1, sizeof *s + n_doubles * sizeof(double) + n * sizeof(uint64_t));
    if (s == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for joint sums of %zu columns", n);
    s->space = space;
    s->sum = (double *)(s + 1);
    s->gram = s->sum + n;
    s->waves = s->gram + n * n;
    s->missing = (uint64_t *)(s->waves + 2 * space->n_waves);
    *out = s;
    return ERR_OK;
}

void mon_joint_sums_free(struct mon_joint_sums *s)
{
    free(s);
}

void mon_joint_sums_clear(struct mon_joint_sums *s)
{
    size_t n = s->space->n_columns;
    s->rows = 0;
    memset(s->sum, 0, (n + n * n + 2 * s->space->n_waves) * sizeof *s->sum);
    memset(s->missing, 0, n * sizeof *s->missing);
}

static void count_waves(struct mon_joint_sums *s, const double *z, size_t n_rows)
{
    const struct mon_joint_space *space = s->space;
    double turns[BLOCK_ROWS * BLOCK_WAVES];
    int columns = (int)space->n_columns, rows = (int)n_rows;
    for (size_t first = 0; first < space->n_waves; first += BLOCK_WAVES) {
        size_t left = space->n_waves - first, n = left < BLOCK_WAVES ? left : BLOCK_WAVES;
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, (int)n, columns, 1.0, z, columns,
                    space->waves + first * space->n_columns, columns, 0.0, turns, (int)n);
        joint_waves_add(turns, n_rows, n, s->waves + first, s->waves + space->n_waves + first);
    }
}

/* Adds to the lower triangle of the Gram matrix alone. */
static void count_block(struct mon_joint_sums *s, const double *codes, size_t n_rows)
{
    double z[BLOCK_ROWS * MON_JOINT_MAX_COLUMNS];
    size_t n = s->space->n_columns;
    joint_space_encode(s->space, codes, n_rows, z, s->missing);
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n; j++)
            s->sum[j] += z[i * n + j];
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (int)n, (int)n_rows, 1.0, z, (int)n, 1.0,
                s->gram, (int)n);
    count_waves(s, z, n_rows);
    s->rows += n_rows;
}

void mon_joint_sums_count(struct mon_joint_sums *s, const double *codes, size_t n_rows)
{
    size_t n = s->space->n_columns;
    for (size_t first = 0; first < n_rows; first += BLOCK_ROWS) {
        size_t left = n_rows - first;
        count_block(s, codes + first * s->space->n_features, left < BLOCK_ROWS ? left : BLOCK_ROWS);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            s->gram[j * n + i] = s->gram[i * n + j];
}

/* sum, gram and waves lie one after the other. */
static void add_scaled(struct mon_joint_sums *dst, const struct mon_joint_sums *src, double sign)
{
    size_t n = dst->space->n_columns, n_doubles = n + n * n + 2 * dst->space->n_waves;
    for (size_t i = 0; i < n_doubles; i++)
        dst->sum[i] += sign * src->sum[i];
}

void mon_joint_sums_merge(struct mon_joint_sums *dst, const struct mon_joint_sums *src)
{
    dst->rows += src->rows;
    for (size_t j = 0; j < dst->space->n_columns; j++)
        dst->missing[j] += src->missing[j];
    add_scaled(dst, src, 1.0);
}

enum err_code mon_joint_sums_subtract(struct mon_joint_sums *dst,
                                      const struct mon_joint_sums *earlier, struct err *e)
{
    size_t n = dst->space->n_columns;
    if (earlier->rows > dst->rows)
        return err_set(e, ERR_INVALID, "joint sums of %llu rows less %llu rows",
                       (unsigned long long)dst->rows, (unsigned long long)earlier->rows);
    for (size_t j = 0; j < n; j++)
        if (earlier->missing[j] > dst->missing[j] ||
            earlier->gram[j * n + j] > dst->gram[j * n + j])
            return err_set(e, ERR_INVALID, "joint sums: the earlier ones have more of column %s",
                           dst->space->columns[j].name);
    dst->rows -= earlier->rows;
    for (size_t j = 0; j < n; j++)
        dst->missing[j] -= earlier->missing[j];
    add_scaled(dst, earlier, -1.0);
    return ERR_OK;
}

uint64_t mon_joint_sums_rows(const struct mon_joint_sums *s)
{
    return s->rows;
}

uint64_t mon_joint_sums_missing(const struct mon_joint_sums *s, size_t column)
{
    return s->missing[column];
}

void mon_joint_sums_mean(const struct mon_joint_sums *s, double *mean)
{
    for (size_t j = 0; j < s->space->n_columns; j++)
        mean[j] = s->rows > 0 ? s->sum[j] / (double)s->rows : NAN;
}

void mon_joint_sums_covariance(const struct mon_joint_sums *s, double *covariance)
{
    size_t n = s->space->n_columns;
    double rows = (double)s->rows;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            covariance[i * n + j] =
                s->rows < 2 ? 0.0
                            : (s->gram[i * n + j] - s->sum[i] * s->sum[j] / rows) / (rows - 1.0);
}

void mon_joint_sums_embedding(const struct mon_joint_sums *s, double *embedding)
{
    for (size_t k = 0; k < 2 * s->space->n_waves; k++)
        embedding[k] = s->rows > 0 ? s->waves[k] / (double)s->rows : NAN;
}
