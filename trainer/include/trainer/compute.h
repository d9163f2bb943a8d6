/*
 * compute.h - what a fit needs of a machine: memory, matrix products and a few element-wise
 * kernels.
 *
 * One interface, three backends: reference (plain C, the oracle of the other two), openblas, and
 * cuda, which lives in a shared object that is loaded at run time, so that one build serves hosts
 * with and without a GPU. It knows nothing of models or data; fit/network.c is its caller.
 *
 * Memory from alloc belongs to the backend: only its own operations may touch it. Matrices are
 * row-major float32. Operations may be queued; sync (and download) waits for them and reports what
 * failed. One thread uses a backend at a time. This header is also compiled as CUDA C++.
 */
#ifndef TRAINER_COMPUTE_H
#define TRAINER_COMPUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define COMPUTE_ABI                                                                                \
    1 /* of struct compute_ops; the shared object says which one it was built with */

enum compute_loss {
    LOSS_SQUARED,  /* w (z - y)^2 / 2, one column */
    LOSS_LOGISTIC, /* -w log p(y), p = sigmoid(z), y 0 or 1, one column */
    LOSS_SOFTMAX,  /* -w log p(y), p = softmax(z), y a class index */
};

/* c = op(a) op(b) + beta c, with op(a): m x k, op(b): k x n, c: m x n. */
struct compute_gemm {
    bool transpose_a, transpose_b;
    size_t m, n, k;
    const float *a, *b;
    float beta;
    float *c;
};

/* One Adam update (Kingma & Ba 2015, algorithm 1); step_size holds the bias corrections already. */
struct compute_adam {
    size_t n;
    float *params, *m, *v;
    const float *grads;
    float step_size, beta1, beta2, epsilon;
    float l2; /* added to the gradient as l2 * param */
};

struct compute_ops {
    const char *name;

    void *(*alloc)(void *ctx, size_t size_bytes); /* zeroed; NULL: out of memory */
    void (*release)(void *ctx, void *memory);
    void (*upload)(void *ctx, void *to, const void *from, size_t size_bytes);
    void (*download)(void *ctx, void *to, const void *from, size_t size_bytes); /* waits */
    void (*copy)(void *ctx, void *to, const void *from, size_t size_bytes);
    void (*zero)(void *ctx, void *memory, size_t size_bytes);

    /* to[i] = from[index[i]], rows of n_cols; to: n_rows x n_cols. */
    void (*gather_rows)(void *ctx, float *to, const float *from, const uint32_t *index,
                        size_t n_rows, size_t n_cols);
    void (*gemm)(void *ctx, const struct compute_gemm *g);
    /* z[r][c] += bias[c], then max(0, .) where relu; z: n_rows x n_cols. */
    void (*bias)(void *ctx, float *z, const float *bias, size_t n_rows, size_t n_cols, bool relu);
    /* grad[i] = 0 where activation[i] <= 0. */
    void (*relu_backward)(void *ctx, float *grad, const float *activation, size_t n);
    void (*column_sums)(void *ctx, float *sums, const float *x, size_t n_rows, size_t n_cols);
    /* *sum += the loss over the rows; grad (may be NULL) = its derivative by z, divided by n_rows.
     * z, grad: n_rows x n_cols; y, weight: n_rows. */
    void (*loss)(void *ctx, enum compute_loss kind, const float *z, const float *y,
                 const float *weight, size_t n_rows, size_t n_cols, float *grad, double *sum);
    void (*adam)(void *ctx, const struct compute_adam *a);

    /* Waits for what is queued. 0, or -1 with a sentence in message: what failed since the last
     * sync. */
    int (*sync)(void *ctx, char *message, size_t size_bytes);
    void (*close)(void *ctx);
};

struct compute {
    const struct compute_ops *ops;
    void *ctx;
    void *library;    /* dlopen's handle, or NULL */
    char device[128]; /* for people: "cpu", "NVIDIA H100 PCIe" */
};

struct compute_device {
    char name[128];
    uint64_t memory_bytes;
};

/* What leeway_cuda.so exports. */
#define COMPUTE_CUDA_ABI_SYMBOL "leeway_cuda_abi"
#define COMPUTE_CUDA_DEVICES_SYMBOL "leeway_cuda_devices"
#define COMPUTE_CUDA_OPEN_SYMBOL "leeway_cuda_open"
typedef int compute_cuda_abi_fn(void);
/* The number of devices, at most max written; -1 with a sentence in message. */
typedef int compute_cuda_devices_fn(struct compute_device *out, int max, char *message,
                                    size_t size_bytes);
/* 0, or -1 with a sentence in message. */
typedef int compute_cuda_open_fn(const struct compute_ops **ops, void **ctx, char *message,
                                 size_t size_bytes);

/* name: "reference", "openblas", "cuda", or "auto" (cuda where a device answers, else openblas).
 * Errors say what is missing: the shared object, the driver, a device. Close with compute_close. */
enum err_code compute_open(const char *name, struct compute *out, struct err *e);
void compute_close(struct compute *c); /* a zeroed one is fine */

/* The GPUs that cuda could use; *n is 0 where none, and *e says why (the return is still ERR_OK).
 */
enum err_code compute_devices(struct compute_device *out, int max, int *n, struct err *e);

/* sync as an err. */
enum err_code compute_sync(const struct compute *c, struct err *e);

/* The backends' own constructors, for compute_open. */
enum err_code compute_reference_open(struct compute *out, struct err *e);
enum err_code compute_openblas_open(struct compute *out, struct err *e);
enum err_code compute_cuda_open(struct compute *out, struct err *e);

/* The reference's loss in plain C, which the openblas backend shares: not a hot spot, and its exp
 * and log must be the same for both. */
void compute_reference_loss(void *ctx, enum compute_loss kind, const float *z, const float *y,
                            const float *weight, size_t n_rows, size_t n_cols, float *grad,
                            double *sum);

#endif
