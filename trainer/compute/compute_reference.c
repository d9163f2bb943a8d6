/*
 * compute_reference.c - every operation in the most obvious C. It is the oracle of the fast
 * backends and stays in the tree for that: keep it slow and plain. Sums are in double.
 */
#include "trainer/compute.h"

#include <math.h>
#include <stdio.h>

#include "compute/host_memory.h"

static float at(const float *x, bool transpose, size_t row, size_t col, size_t rows, size_t cols)
{
    return transpose ? x[col * rows + row] : x[row * cols + col];
}

static void reference_gemm(void *ctx, const struct compute_gemm *g)
{
    (void)ctx;
    for (size_t i = 0; i < g->m; i++) {
        for (size_t j = 0; j < g->n; j++) {
            double sum = 0;
            for (size_t l = 0; l < g->k; l++) {
                sum += (double)at(g->a, g->transpose_a, i, l, g->m, g->k) *
                       (double)at(g->b, g->transpose_b, l, j, g->k, g->n);
            }
            float *c = &g->c[i * g->n + j];
            *c = (float)(sum + (g->beta == 0 ? 0.0 : (double)g->beta * (double)*c));
        }
    }
}

static void reference_bias(void *ctx, float *z, const float *bias, size_t n_rows, size_t n_cols,
                           bool relu)
{
    (void)ctx;
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t j = 0; j < n_cols; j++) {
            float value = z[i * n_cols + j] + bias[j];
            z[i * n_cols + j] = relu && value < 0 ? 0 : value; /* NaN stays: the loss must see it */
        }
    }
}

static void reference_relu_backward(void *ctx, float *grad, const float *activation, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        if (activation[i] <= 0) {
            grad[i] = 0;
        }
    }
}

static void reference_column_sums(void *ctx, float *sums, const float *x, size_t n_rows,
                                  size_t n_cols)
{
    (void)ctx;
    for (size_t j = 0; j < n_cols; j++) {
        double sum = 0;
        for (size_t i = 0; i < n_rows; i++) {
            sum += (double)x[i * n_cols + j];
        }
        sums[j] = (float)sum;
    }
}

/* Each returns the loss of one row and, where grad is not NULL, writes scale x its derivative by z.
 */

static double squared_row(const float *z, float y, double scale, float *grad)
{
    double residual = (double)z[0] - (double)y;
    if (grad) {
        grad[0] = (float)(scale * residual);
    }
    return residual * residual / 2;
}

static double logistic_row(const float *z, float y, double scale, float *grad)
{
    double x = (double)z[0];
    double small = exp(-fabs(x)); /* never overflows */
    double p = x >= 0 ? 1 / (1 + small) : small / (1 + small);
    if (grad) {
        grad[0] = (float)(scale * (p - (double)y));
    }
    return fmax(x, 0) - x * (double)y + log1p(small) + (isnan(x) ? NAN : 0);
}

static double softmax_row(const float *z, float y, size_t n_cols, double scale, float *grad)
{
    double top = (double)z[0], sum = 0;
    for (size_t j = 1; j < n_cols; j++) {
        top = fmax(top, (double)z[j]);
    }
    for (size_t j = 0; j < n_cols; j++) {
        sum += exp((double)z[j] - top);
    }
    for (size_t j = 0; grad && j < n_cols; j++) {
        double p = exp((double)z[j] - top) / sum;
        grad[j] = (float)(scale * (p - (j == (size_t)y ? 1 : 0)));
    }
    return log(sum) + top - (double)z[(size_t)y];
}

static double row_loss(enum compute_loss kind, const float *z, float y, size_t n_cols, double scale,
                       float *grad)
{
    switch (kind) {
    case LOSS_SQUARED:
        return squared_row(z, y, scale, grad);
    case LOSS_LOGISTIC:
        return logistic_row(z, y, scale, grad);
    case LOSS_SOFTMAX:
        return softmax_row(z, y, n_cols, scale, grad);
    }
    return NAN;
}

void compute_reference_loss(void *ctx, enum compute_loss kind, const float *z, const float *y,
                            const float *weight, size_t n_rows, size_t n_cols, float *grad,
                            double *sum)
{
    (void)ctx;
    for (size_t i = 0; i < n_rows; i++) {
        double scale = (double)weight[i] / (double)n_rows;
        *sum += (double)weight[i] * row_loss(kind, z + i * n_cols, y[i], n_cols, scale,
                                             grad ? grad + i * n_cols : NULL);
    }
}

static void reference_adam(void *ctx, const struct compute_adam *a)
{
    (void)ctx;
    for (size_t i = 0; i < a->n; i++) {
        float g = a->grads[i] + a->l2 * a->params[i];
        a->m[i] = a->beta1 * a->m[i] + (1 - a->beta1) * g;
        a->v[i] = a->beta2 * a->v[i] + (1 - a->beta2) * g * g;
        a->params[i] -= a->step_size * a->m[i] / (sqrtf(a->v[i]) + a->epsilon);
    }
}

static const struct compute_ops ops = {
    .name = "reference",
    .alloc = host_alloc,
    .release = host_release,
    .upload = host_copy,
    .download = host_copy,
    .copy = host_copy,
    .zero = host_zero,
    .gather_rows = host_gather_rows,
    .gemm = reference_gemm,
    .bias = reference_bias,
    .relu_backward = reference_relu_backward,
    .column_sums = reference_column_sums,
    .loss = compute_reference_loss,
    .adam = reference_adam,
    .sync = host_sync,
    .close = host_close,
};

enum err_code compute_reference_open(struct compute *out, struct err *e)
{
    (void)e;
    *out = (struct compute){.ops = &ops};
    snprintf(out->device, sizeof out->device, "cpu");
    return ERR_OK;
}
