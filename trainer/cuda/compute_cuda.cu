/*
 * compute_cuda.cu - the GPU backend: products by cuBLAS in fp32 (no TF32: the golden rows are checked on
 * CPUs), the rest by small kernels. Built into leeway_cuda.so, which compute/compute_cuda.c loads.
 *
 * Everything goes onto one stream, in order; errors are kept in struct cuda_backend until sync reports
 * them. Kernels are C-style: a grid-stride loop each, no templates. Sums over rows are done by one thread
 * a column, or one block, so that they do not depend on the order in which blocks run: a fit repeats
 * itself bit for bit. Requires compute capability 7.5 (CUDA 13's oldest).
 */
#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/compute.h"

#define BLOCK 256
#define MAX_BLOCKS 4096

struct cuda_backend {
    cublasHandle_t blas;
    cudaStream_t stream;
    cudaError_t error;       /* the first since the last sync */
    cublasStatus_t blas_error;
    const char *what; /* the operation that failed */
};

static struct cuda_backend *backend_of(void *ctx)
{
    return (struct cuda_backend *)ctx;
}

static void note(struct cuda_backend *b, cudaError_t error, const char *what)
{
    if (error != cudaSuccess && b->error == cudaSuccess) {
        b->error = error;
        b->what = what;
    }
}

static void note_blas(struct cuda_backend *b, cublasStatus_t status, const char *what)
{
    if (status != CUBLAS_STATUS_SUCCESS && b->blas_error == CUBLAS_STATUS_SUCCESS) {
        b->blas_error = status;
        b->what = what;
    }
}

static unsigned blocks_for(size_t n)
{
    size_t blocks = (n + BLOCK - 1) / BLOCK;
    return (unsigned)(blocks > MAX_BLOCKS ? MAX_BLOCKS : blocks ? blocks : 1);
}

/* ---- memory ---- */

static void *cuda_alloc(void *ctx, size_t size_bytes)
{
    void *memory = NULL;
    if (cudaMalloc(&memory, size_bytes ? size_bytes : 1) != cudaSuccess) {
        cudaGetLastError(); /* reported by the NULL; not again by the next sync */
        return NULL;
    }
    note(backend_of(ctx), cudaMemsetAsync(memory, 0, size_bytes, backend_of(ctx)->stream), "memset");
    return memory;
}

static void cuda_release(void *ctx, void *memory)
{
    note(backend_of(ctx), cudaFree(memory), "free");
}

static void cuda_upload(void *ctx, void *to, const void *from, size_t size_bytes)
{
    struct cuda_backend *b = backend_of(ctx);
    note(b, cudaMemcpyAsync(to, from, size_bytes, cudaMemcpyHostToDevice, b->stream), "upload");
    note(b, cudaStreamSynchronize(b->stream), "upload"); /* the caller may reuse from */
}

static void cuda_download(void *ctx, void *to, const void *from, size_t size_bytes)
{
    struct cuda_backend *b = backend_of(ctx);
    note(b, cudaMemcpyAsync(to, from, size_bytes, cudaMemcpyDeviceToHost, b->stream), "download");
    note(b, cudaStreamSynchronize(b->stream), "download");
}

static void cuda_copy(void *ctx, void *to, const void *from, size_t size_bytes)
{
    struct cuda_backend *b = backend_of(ctx);
    note(b, cudaMemcpyAsync(to, from, size_bytes, cudaMemcpyDeviceToDevice, b->stream), "copy");
}

static void cuda_zero(void *ctx, void *memory, size_t size_bytes)
{
    note(backend_of(ctx), cudaMemsetAsync(memory, 0, size_bytes, backend_of(ctx)->stream), "memset");
}

/* ---- kernels ---- */

/* to: n_rows x n_cols; from: any x n_cols; one thread an element. */
__global__ void gather_kernel(float *to, const float *from, const uint32_t *index, size_t n_rows,
                              size_t n_cols)
{
    size_t stride = (size_t)gridDim.x * blockDim.x;
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n_rows * n_cols; i += stride) {
        to[i] = from[(size_t)index[i / n_cols] * n_cols + i % n_cols];
    }
}

__global__ void bias_kernel(float *z, const float *bias, size_t n_rows, size_t n_cols, bool relu)
{
    size_t stride = (size_t)gridDim.x * blockDim.x;
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n_rows * n_cols; i += stride) {
        float value = z[i] + bias[i % n_cols];
        z[i] = relu && value < 0 ? 0 : value; /* NaN stays: the loss must see it */
    }
}

__global__ void relu_backward_kernel(float *grad, const float *activation, size_t n)
{
    size_t stride = (size_t)gridDim.x * blockDim.x;
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {
        if (activation[i] <= 0) {
            grad[i] = 0;
        }
    }
}

/* One thread a column; neighbours read neighbours. */
__global__ void column_sums_kernel(float *sums, const float *x, size_t n_rows, size_t n_cols)
{
    size_t stride = (size_t)gridDim.x * blockDim.x;
    for (size_t j = (size_t)blockIdx.x * blockDim.x + threadIdx.x; j < n_cols; j += stride) {
        float sum = 0;
        for (size_t i = 0; i < n_rows; i++) {
            sum += x[i * n_cols + j];
        }
        sums[j] = sum;
    }
}

/* The row losses follow compute_reference.c, in float but for the sum. */

__device__ double squared_row(const float *z, float y, float scale, float *grad)
{
    float residual = z[0] - y;
    if (grad) {
        grad[0] = scale * residual;
    }
    return (double)residual * residual / 2;
}

__device__ double logistic_row(const float *z, float y, float scale, float *grad)
{
    float x = z[0];
    float small = expf(-fabsf(x)); /* never overflows */
    float p = x >= 0 ? 1 / (1 + small) : small / (1 + small);
    if (grad) {
        grad[0] = scale * (p - y);
    }
    return (double)(fmaxf(x, 0) - x * y + log1pf(small)) + (isnan(x) ? (double)x : 0);
}

__device__ double softmax_row(const float *z, float y, size_t n_cols, float scale, float *grad)
{
    float top = z[0], sum = 0;
    for (size_t j = 1; j < n_cols; j++) {
        top = fmaxf(top, z[j]);
    }
    for (size_t j = 0; j < n_cols; j++) {
        sum += expf(z[j] - top);
    }
    for (size_t j = 0; grad && j < n_cols; j++) {
        grad[j] = scale * (expf(z[j] - top) / sum - (j == (size_t)y ? 1.0f : 0.0f));
    }
    return (double)(logf(sum) + top - z[(size_t)y]);
}

/* One block: each thread takes every BLOCK-th row, the block adds up in a fixed order. */
__global__ void loss_kernel(int kind, const float *z, const float *y, const float *weight,
                            size_t n_rows, size_t n_cols, float *grad, double *sum)
{
    __shared__ double partial[BLOCK];
    double mine = 0;
    for (size_t i = threadIdx.x; i < n_rows; i += BLOCK) {
        const float *row = z + i * n_cols;
        float *out = grad ? grad + i * n_cols : NULL;
        float scale = weight[i] / (float)n_rows;
        double loss = kind == LOSS_SQUARED    ? squared_row(row, y[i], scale, out)
                      : kind == LOSS_LOGISTIC ? logistic_row(row, y[i], scale, out)
                                              : softmax_row(row, y[i], n_cols, scale, out);
        mine += (double)weight[i] * loss;
    }
    partial[threadIdx.x] = mine;
    __syncthreads();
    for (unsigned half = BLOCK / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) {
            partial[threadIdx.x] += partial[threadIdx.x + half];
        }
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        *sum += partial[0];
    }
}

__global__ void adam_kernel(struct compute_adam a)
{
    size_t stride = (size_t)gridDim.x * blockDim.x;
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < a.n; i += stride) {
        float g = a.grads[i] + a.l2 * a.params[i];
        float m = a.beta1 * a.m[i] + (1 - a.beta1) * g;
        float v = a.beta2 * a.v[i] + (1 - a.beta2) * g * g;
        a.m[i] = m;
        a.v[i] = v;
        a.params[i] -= a.step_size * m / (sqrtf(v) + a.epsilon);
    }
}

/* ---- operations ---- */

static void cuda_gather_rows(void *ctx, float *to, const float *from, const uint32_t *index,
                             size_t n_rows, size_t n_cols)
{
    struct cuda_backend *b = backend_of(ctx);
    gather_kernel<<<blocks_for(n_rows * n_cols), BLOCK, 0, b->stream>>>(to, from, index, n_rows,
                                                                        n_cols);
    note(b, cudaGetLastError(), "gather_rows");
}

/* cuBLAS is column-major: a row-major product c = a b is the column-major c' = b' a'. */
static void cuda_gemm(void *ctx, const struct compute_gemm *g)
{
    struct cuda_backend *b = backend_of(ctx);
    const float one = 1;
    int lda = (int)(g->transpose_a ? g->m : g->k);
    int ldb = (int)(g->transpose_b ? g->k : g->n);
    note_blas(b,
              cublasSgemm(b->blas, g->transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N,
                          g->transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N, (int)g->n, (int)g->m,
                          (int)g->k, &one, g->b, ldb, g->a, lda, &g->beta, g->c, (int)g->n),
              "gemm");
}

static void cuda_bias(void *ctx, float *z, const float *bias, size_t n_rows, size_t n_cols,
                      bool relu)
{
    struct cuda_backend *b = backend_of(ctx);
    bias_kernel<<<blocks_for(n_rows * n_cols), BLOCK, 0, b->stream>>>(z, bias, n_rows, n_cols, relu);
    note(b, cudaGetLastError(), "bias");
}

static void cuda_relu_backward(void *ctx, float *grad, const float *activation, size_t n)
{
    struct cuda_backend *b = backend_of(ctx);
    relu_backward_kernel<<<blocks_for(n), BLOCK, 0, b->stream>>>(grad, activation, n);
    note(b, cudaGetLastError(), "relu_backward");
}

static void cuda_column_sums(void *ctx, float *sums, const float *x, size_t n_rows, size_t n_cols)
{
    struct cuda_backend *b = backend_of(ctx);
    column_sums_kernel<<<blocks_for(n_cols), BLOCK, 0, b->stream>>>(sums, x, n_rows, n_cols);
    note(b, cudaGetLastError(), "column_sums");
}

static void cuda_loss(void *ctx, enum compute_loss kind, const float *z, const float *y,
                      const float *weight, size_t n_rows, size_t n_cols, float *grad, double *sum)
{
    struct cuda_backend *b = backend_of(ctx);
    loss_kernel<<<1, BLOCK, 0, b->stream>>>((int)kind, z, y, weight, n_rows, n_cols, grad, sum);
    note(b, cudaGetLastError(), "loss");
}

static void cuda_adam(void *ctx, const struct compute_adam *a)
{
    struct cuda_backend *b = backend_of(ctx);
    adam_kernel<<<blocks_for(a->n), BLOCK, 0, b->stream>>>(*a);
    note(b, cudaGetLastError(), "adam");
}

static int cuda_sync(void *ctx, char *message, size_t size_bytes)
{
    struct cuda_backend *b = backend_of(ctx);
    note(b, cudaStreamSynchronize(b->stream), "a kernel");
    if (b->error != cudaSuccess) {
        snprintf(message, size_bytes, "%s: %s", b->what, cudaGetErrorString(b->error));
    } else if (b->blas_error != CUBLAS_STATUS_SUCCESS) {
        snprintf(message, size_bytes, "%s: %s", b->what, cublasGetStatusString(b->blas_error));
    } else {
        return 0;
    }
    b->error = cudaSuccess;
    b->blas_error = CUBLAS_STATUS_SUCCESS;
    return -1;
}

static void cuda_close(void *ctx)
{
    struct cuda_backend *b = backend_of(ctx);
    if (b->blas) {
        cublasDestroy(b->blas);
    }
    if (b->stream) {
        cudaStreamDestroy(b->stream);
    }
    free(b);
}

/* nvcc's C++ knows designated initialisers only from C++20 on, so the order of compute.h it is. */
static const struct compute_ops ops = {
    "cuda",          cuda_alloc,  cuda_release,       cuda_upload,      cuda_download, cuda_copy,
    cuda_zero,       cuda_gather_rows, cuda_gemm,     cuda_bias,        cuda_relu_backward,
    cuda_column_sums, cuda_loss,  cuda_adam,          cuda_sync,        cuda_close,
};

/* ---- what compute/compute_cuda.c looks up ---- */

extern "C" {

compute_cuda_abi_fn leeway_cuda_abi;
compute_cuda_devices_fn leeway_cuda_devices;
compute_cuda_open_fn leeway_cuda_open;

int leeway_cuda_abi(void)
{
    return COMPUTE_ABI;
}

int leeway_cuda_devices(struct compute_device *out, int max, char *message, size_t size_bytes)
{
    int n = 0;
    cudaError_t error = cudaGetDeviceCount(&n);
    if (error != cudaSuccess) {
        snprintf(message, size_bytes, "%s", cudaGetErrorString(error));
        return -1;
    }
    n = n < max ? n : max;
    for (int i = 0; i < n; i++) {
        struct cudaDeviceProp properties;
        error = cudaGetDeviceProperties(&properties, i);
        if (error != cudaSuccess) {
            snprintf(message, size_bytes, "device %d: %s", i, cudaGetErrorString(error));
            return -1;
        }
        snprintf(out[i].name, sizeof out[i].name, "%.127s", properties.name);
        out[i].memory_bytes = properties.totalGlobalMem;
    }
    return n;
}

int leeway_cuda_open(const struct compute_ops **out_ops, void **out_ctx, char *message,
                     size_t size_bytes)
{
    struct cuda_backend *b = (struct cuda_backend *)calloc(1, sizeof *b);
    if (!b) {
        snprintf(message, size_bytes, "out of memory");
        return -1;
    }
    cudaError_t error = cudaStreamCreate(&b->stream);
    cublasStatus_t status = error == cudaSuccess ? cublasCreate(&b->blas)
                                                 : CUBLAS_STATUS_NOT_INITIALIZED;
    if (status == CUBLAS_STATUS_SUCCESS) {
        status = cublasSetStream(b->blas, b->stream);
    }
    if (status == CUBLAS_STATUS_SUCCESS) {
        *out_ops = &ops;
        *out_ctx = b;
        return 0;
    }
    snprintf(message, size_bytes, "%s",
             error != cudaSuccess ? cudaGetErrorString(error) : cublasGetStatusString(status));
    cuda_close(b);
    return -1;
}
}
