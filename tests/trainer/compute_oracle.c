/*
 * compute_oracle.c - random inputs, both backends, compared. Tolerance: sums of k terms of size 1
 * differ by about k x 6e-8 in float32; the largest k here is 300.
 */
#include "compute_oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "trainer_fixture.h"

#define TOLERANCE 3e-5

struct bench {
    struct compute reference;
    const struct compute *tested;
    struct rng rng;
};

static float *random_floats(struct bench *b, size_t n)
{
    float *x = malloc(n * sizeof *x);
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)rng_normal(&b->rng);
    }
    return x;
}

static void *put(const struct compute *c, const void *from, size_t size_bytes)
{
    void *memory = c->ops->alloc(c->ctx, size_bytes);
    assert_non_null(memory);
    c->ops->upload(c->ctx, memory, from, size_bytes);
    return memory;
}

/* Fails unless n floats at a (reference) and b (tested) agree; releases both. */
static void compare(struct bench *bench, float *a, float *b, size_t n, const char *what)
{
    float *want = malloc(n * sizeof *want), *got = malloc(n * sizeof *got);
    const struct compute *r = &bench->reference, *t = bench->tested;
    struct err e = {0};
    r->ops->download(r->ctx, want, a, n * sizeof *want);
    t->ops->download(t->ctx, got, b, n * sizeof *got);
    assert_ok(compute_sync(t, &e), e);
    for (size_t i = 0; i < n; i++) {
        assert_near((double)got[i], (double)want[i], TOLERANCE * (1 + fabs((double)want[i])), what);
    }
    r->ops->release(r->ctx, a);
    t->ops->release(t->ctx, b);
    free(want);
    free(got);
}

static void gemm_on(const struct compute *c, struct compute_gemm g, const float *a, const float *b,
                    float **out, const float *start)
{
    float *da = put(c, a, g.m * g.k * sizeof *a), *db = put(c, b, g.k * g.n * sizeof *b);
    *out = put(c, start, g.m * g.n * sizeof *start);
    g.a = da;
    g.b = db;
    g.c = *out;
    c->ops->gemm(c->ctx, &g);
    c->ops->release(c->ctx, da);
    c->ops->release(c->ctx, db);
}

static void check_gemm(struct bench *b)
{
    static const size_t shapes[][3] = {{1, 1, 1},   {7, 1, 13},   {1, 9, 5},    {64, 32, 20},
                                       {33, 1, 65}, {5, 17, 300}, {256, 64, 8}, {3, 2, 1}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        for (int variant = 0; variant < 8; variant++) {
            struct compute_gemm g = {.transpose_a = variant & 1,
                                     .transpose_b = variant & 2,
                                     .m = shapes[i][0],
                                     .n = shapes[i][1],
                                     .k = shapes[i][2],
                                     .beta = variant & 4 ? 0.5F : 0};
            float *x = random_floats(b, g.m * g.k), *y = random_floats(b, g.k * g.n);
            float *start = random_floats(b, g.m * g.n), *want, *got;
            gemm_on(&b->reference, g, x, y, &want, start);
            gemm_on(b->tested, g, x, y, &got, start);
            compare(b, want, got, g.m * g.n, "gemm");
            free(x);
            free(y);
            free(start);
        }
    }
}

static void bias_on(const struct compute *c, const float *z, const float *bias, size_t rows,
                    size_t cols, bool relu, float **out)
{
    float *d = put(c, bias, cols * sizeof *bias);
    *out = put(c, z, rows * cols * sizeof *z);
    c->ops->bias(c->ctx, *out, d, rows, cols, relu);
    c->ops->release(c->ctx, d);
}

static void check_bias(struct bench *b)
{
    for (int relu = 0; relu < 2; relu++) {
        float *z = random_floats(b, 37 * 19), *bias = random_floats(b, 19), *want, *got;
        bias_on(&b->reference, z, bias, 37, 19, relu, &want);
        bias_on(b->tested, z, bias, 37, 19, relu, &got);
        compare(b, want, got, 37 * 19, "bias");
        free(z);
        free(bias);
    }
}

static void check_elementwise(struct bench *b)
{
    const struct compute *both[2] = {&b->reference, b->tested};
    float *grad = random_floats(b, 1000), *activation = random_floats(b, 1000);
    float *relu[2], *sums[2];
    for (int i = 0; i < 2; i++) {
        const struct compute *c = both[i];
        float *d = put(c, activation, 1000 * sizeof *activation);
        relu[i] = put(c, grad, 1000 * sizeof *grad);
        sums[i] = put(c, grad, 8 * sizeof *grad);
        c->ops->relu_backward(c->ctx, relu[i], d, 1000);
        c->ops->column_sums(c->ctx, sums[i], d, 125, 8);
        c->ops->release(c->ctx, d);
    }
    compare(b, relu[0], relu[1], 1000, "relu_backward");
    compare(b, sums[0], sums[1], 8, "column_sums");
    free(grad);
    free(activation);
}

static void check_gather(struct bench *b)
{
    const struct compute *both[2] = {&b->reference, b->tested};
    float *x = random_floats(b, 50 * 7), *to[2];
    uint32_t index[20];
    for (size_t i = 0; i < 20; i++) {
        index[i] = (uint32_t)rng_below(&b->rng, 50);
    }
    for (int i = 0; i < 2; i++) {
        const struct compute *c = both[i];
        float *from = put(c, x, 50 * 7 * sizeof *x);
        uint32_t *order = put(c, index, sizeof index);
        to[i] = put(c, x, 20 * 7 * sizeof *x);
        c->ops->gather_rows(c->ctx, to[i], from, order, 20, 7);
        c->ops->release(c->ctx, from);
        c->ops->release(c->ctx, order);
    }
    compare(b, to[0], to[1], 20 * 7, "gather_rows");
    free(x);
}

static void check_loss(struct bench *b, enum compute_loss kind, size_t n_cols)
{
    enum { ROWS = 300 };
    const struct compute *both[2] = {&b->reference, b->tested};
    float *z = random_floats(b, ROWS * n_cols), *y = random_floats(b, ROWS);
    float *weight = random_floats(b, ROWS), *grad[2];
    double sums[2];
    for (size_t i = 0; i < ROWS; i++) {
        weight[i] = fabsf(weight[i]);
        z[i * n_cols] *= 40; /* saturated, too */
        y[i] = kind == LOSS_SQUARED ? y[i] : (float)(i % (n_cols > 1 ? n_cols : 2));
    }
    for (int i = 0; i < 2; i++) {
        const struct compute *c = both[i];
        const double zero = 0;
        float *dz = put(c, z, ROWS * n_cols * sizeof *z), *dy = put(c, y, ROWS * sizeof *y);
        float *dw = put(c, weight, ROWS * sizeof *weight);
        double *sum = put(c, &zero, sizeof zero);
        grad[i] = put(c, z, ROWS * n_cols * sizeof *z);
        c->ops->loss(c->ctx, kind, dz, dy, dw, ROWS, n_cols, grad[i], sum);
        c->ops->loss(c->ctx, kind, dz, dy, dw, ROWS, n_cols, NULL, sum);
        c->ops->download(c->ctx, &sums[i], sum, sizeof *sum);
        void *all[] = {dz, dy, dw, sum};
        for (size_t k = 0; k < 4; k++) {
            c->ops->release(c->ctx, all[k]);
        }
    }
    assert_near(sums[1], sums[0], 1e-5 * fabs(sums[0]), "loss");
    compare(b, grad[0], grad[1], ROWS * n_cols, "loss gradient");
    free(z);
    free(y);
    free(weight);
}

static void check_adam(struct bench *b)
{
    const struct compute *both[2] = {&b->reference, b->tested};
    float *start[3] = {random_floats(b, 500), random_floats(b, 500), random_floats(b, 500)};
    float *grads = random_floats(b, 500), *state[2][3];
    for (size_t i = 0; i < 500; i++) {
        start[2][i] = start[2][i] * start[2][i]; /* the second moment */
    }
    for (int i = 0; i < 2; i++) {
        const struct compute *c = both[i];
        float *g = put(c, grads, 500 * sizeof *grads);
        for (int k = 0; k < 3; k++) {
            state[i][k] = put(c, start[k], 500 * sizeof(float));
        }
        c->ops->adam(c->ctx, &(struct compute_adam){500, state[i][0], state[i][1], state[i][2], g,
                                                    0.01F, 0.9F, 0.999F, 1e-8F, 0.1F});
        c->ops->release(c->ctx, g);
    }
    for (int k = 0; k < 3; k++) {
        compare(b, state[0][k], state[1][k], 500, "adam");
        free(start[k]);
    }
    free(grads);
}

void compute_oracle_run(const struct compute *tested)
{
    struct bench b = {.tested = tested};
    struct err e = {0};
    rng_seed(&b.rng, 3);
    assert_ok(compute_open("reference", &b.reference, &e), e);
    check_gemm(&b);
    check_bias(&b);
    check_elementwise(&b);
    check_gather(&b);
    check_loss(&b, LOSS_SQUARED, 1);
    check_loss(&b, LOSS_LOGISTIC, 1);
    check_loss(&b, LOSS_SOFTMAX, 5);
    check_adam(&b);
    compute_close(&b.reference);
}
