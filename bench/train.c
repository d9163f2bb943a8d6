/*
 * train.c - how many rows a second a fit learns from, by backend and shape.
 *
 *   ninja bench_train && bin/bench_train [SECONDS_PER_LINE]
 *
 * One line a backend and shape: rows/s over whole epochs (gather, forward, backward, Adam, and
 * a validation of 256 rows), and the arithmetic that amounts to: 6 operations a weight and row (2
 * forward, 4 backward). A backend that this machine lacks is named with the reason.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/process.h"
#include "base/rand.h"
#include "trainer/compute.h"
#include "trainer/fit.h"

#define N_VALIDATION 256
#define MAX_LAYERS 4

struct shape {
    const char *name;
    size_t n_rows, sizes[MAX_LAYERS + 1], n_layers;
    enum compute_loss loss;
    int batch;
};

static const struct shape shapes[] = {
    {"logistic 5000 x 8", 5000, {8, 1}, 1, LOSS_LOGISTIC, 256},
    {"logistic 50000 x 100", 50000, {100, 1}, 1, LOSS_LOGISTIC, 256},
    {"softmax 50000 x 54, 7 classes", 50000, {54, 7}, 1, LOSS_SOFTMAX, 256},
    {"mlp 54-64-32-7", 50000, {54, 64, 32, 7}, 3, LOSS_SOFTMAX, 256},
    {"mlp 54-256-128-7", 50000, {54, 256, 128, 7}, 3, LOSS_SOFTMAX, 256},
    {"mlp 54-256-128-7, batch 4096", 50000, {54, 256, 128, 7}, 3, LOSS_SOFTMAX, 4096},
};

struct rows {
    float *x, *y, *weight;
};

static struct rows random_rows(const struct shape *s)
{
    size_t n = s->n_rows + N_VALIDATION, n_classes = s->sizes[s->n_layers];
    struct rows r = {malloc(n * s->sizes[0] * sizeof(float)), malloc(n * sizeof(float)),
                     malloc(n * sizeof(float))};
    struct rng rng;
    if (!r.x || !r.y || !r.weight) {
        abort();
    }
    rng_seed(&rng, 1);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < s->sizes[0]; j++) {
            r.x[i * s->sizes[0] + j] = (float)rng_normal(&rng);
        }
        r.y[i] = (float)rng_below(&rng, n_classes > 1 ? n_classes : 2);
        r.weight[i] = 1;
    }
    return r;
}

static double weights_of(const struct shape *s)
{
    double n = 0;
    for (size_t i = 0; i < s->n_layers; i++) {
        n += (double)(s->sizes[i] * s->sizes[i + 1]);
    }
    return n;
}

static void fit(const struct compute *c, const struct shape *s, const struct rows *r, int epochs,
                struct fit_result *out)
{
    struct err e = {0};
    struct predictor *p;
    struct rng rng;
    struct fit_problem problem = {s->n_rows, N_VALIDATION, s->sizes[0], r->x,
                                  r->y,      r->weight,    s->loss};
    struct fit_options options = {
        .epochs = epochs, .batch = s->batch, .patience = epochs, .learning_rate = 0.001, .seed = 1};
    rng_seed(&rng, 2);
    if (predictor_new(s->sizes, s->n_layers, LINK_IDENTITY, &p, &e)) {
        abort();
    }
    fit_init_weights(p, r->x, s->n_rows, &rng);
    if (fit_run(c, &problem, &options, p, NULL, out, &e)) {
        fprintf(stderr, "%s: %s\n", s->name, e.message);
        exit(1);
    }
    predictor_free(p);
}

static void measure(const struct compute *c, const struct shape *s, double seconds)
{
    struct rows r = random_rows(s);
    struct fit_result result;
    fit(c, s, &r, 1, &result); /* warms up, and says how many epochs fit into the time */
    double epochs = seconds * result.rows_per_second / (double)s->n_rows;
    fit(c, s, &r, (int)fmin(fmax(epochs, 1), 1000), &result);
    printf("%-10s %-30s batch %5d  %12.0f rows/s  %8.2f GFLOP/s\n", c->ops->name, s->name, s->batch,
           result.rows_per_second, result.rows_per_second * weights_of(s) * 6 / 1e9);
    free(r.x);
    free(r.y);
    free(r.weight);
}

int main(int argc, char **argv)
{
    static const char *const backends[] = {"reference", "openblas", "cuda"};
    process_start(argv, 1);
    double seconds = argc > 1 ? atof(argv[1]) : 1;
    for (size_t b = 0; b < sizeof backends / sizeof backends[0]; b++) {
        struct compute c;
        struct err e = {0};
        if (compute_open(backends[b], &c, &e)) {
            printf("%-10s %s\n", backends[b], e.message);
            continue;
        }
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
            measure(&c, &shapes[i], seconds);
        }
        compute_close(&c);
    }
    return 0;
}
