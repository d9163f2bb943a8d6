/*
 * compute_openblas.c - the CPU backend: products by OpenBLAS, the rest as loops that the compiler
 * turns into vector code (this file is compiled with -O3 -fno-math-errno).
 *
 * It never sets OpenBLAS's threads: process_start decided on one before the library was loaded, and
 * with a fixed number of threads the sums, and so the fit, are the same each time.
 */
#include "trainer/compute.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compute/host_memory.h"

/* One output column (linear, logistic): a matrix-vector product reads the matrix once and is
 * several times faster than the general product at such shapes. */
static void product_by_vector(const struct compute_gemm *g)
{
    blasint rows = (blasint)(g->transpose_a ? g->k : g->m);
    blasint cols = (blasint)(g->transpose_a ? g->m : g->k);
    cblas_sgemv(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans, rows, cols, 1.0F, g->a,
                cols, g->b, 1, g->beta, g->c, 1);
}

static void openblas_gemm(void *ctx, const struct compute_gemm *g)
{
    (void)ctx;
    if (g->n == 1) {
        product_by_vector(g);
        return;
    }
    blasint lda = (blasint)(g->transpose_a ? g->m : g->k);
    blasint ldb = (blasint)(g->transpose_b ? g->k : g->n);
    cblas_sgemm(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans,
                g->transpose_b ? CblasTrans : CblasNoTrans, (blasint)g->m, (blasint)g->n,
                (blasint)g->k, 1.0F, g->a, lda, g->b, ldb, g->beta, g->c, (blasint)g->n);
}

static void openblas_bias(void *ctx, float *z, const float *bias, size_t n_rows, size_t n_cols,
                          bool relu)
{
    (void)ctx;
    for (size_t i = 0; i < n_rows; i++) {
        float *restrict row = z + i * n_cols;
        if (relu) {
            for (size_t j = 0; j < n_cols; j++) {
                float value = row[j] + bias[j];
                row[j] = value < 0 ? 0 : value; /* NaN stays: the loss must see it */
            }
        } else {
            for (size_t j = 0; j < n_cols; j++) {
                row[j] += bias[j];
            }
        }
    }
}

static void openblas_relu_backward(void *ctx, float *grad, const float *activation, size_t n)
{
    (void)ctx;
    float *restrict g = grad;
    for (size_t i = 0; i < n; i++) {
        g[i] = activation[i] <= 0 ? 0 : g[i];
    }
}

static void openblas_column_sums(void *ctx, float *sums, const float *x, size_t n_rows,
                                 size_t n_cols)
{
    (void)ctx;
    float *restrict out = sums;
    memset(out, 0, n_cols * sizeof *out);
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t j = 0; j < n_cols; j++) {
            out[j] += x[i * n_cols + j];
        }
    }
}

static void openblas_adam(void *ctx, const struct compute_adam *a)
{
    (void)ctx;
    float *restrict params = a->params, *restrict m = a->m, *restrict v = a->v;
    const float *restrict grads = a->grads;
    const float beta1 = a->beta1, beta2 = a->beta2, step = a->step_size, eps = a->epsilon;
    const float l2 = a->l2;
    for (size_t i = 0; i < a->n; i++) {
        float g = grads[i] + l2 * params[i];
        m[i] = beta1 * m[i] + (1 - beta1) * g;
        v[i] = beta2 * v[i] + (1 - beta2) * g * g;
        params[i] -= step * m[i] / (sqrtf(v[i]) + eps);
    }
}

static const struct compute_ops ops = {
    .name = "openblas",
    .alloc = host_alloc,
    .release = host_release,
    .upload = host_copy,
    .download = host_copy,
    .copy = host_copy,
    .zero = host_zero,
    .gather_rows = host_gather_rows,
    .gemm = openblas_gemm,
    .bias = openblas_bias,
    .relu_backward = openblas_relu_backward,
    .column_sums = openblas_column_sums,
    .loss = compute_reference_loss,
    .adam = openblas_adam,
    .sync = host_sync,
    .close = host_close,
};

enum err_code compute_openblas_open(struct compute *out, struct err *e)
{
    (void)e;
    *out = (struct compute){.ops = &ops};
    snprintf(out->device, sizeof out->device, "cpu");
    return ERR_OK;
}
