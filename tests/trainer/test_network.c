/*
 * test_network.c - gradients against finite differences of an independent forward pass in double.
 */
#include "trainer_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "trainer/network.h"

#define ROWS 9
#define MAX_WIDTH 8

struct problem {
    enum compute_loss loss;
    size_t sizes[4], n_layers;
    float x[ROWS * MAX_WIDTH], y[ROWS], weight[ROWS];
    struct predictor *p;
};

/* ---- the oracle: mean weighted loss in double, written without looking at trainer/ ---- */

static void dense(const struct layer *l, const double *in, double *out)
{
    for (size_t k = 0; k < l->n_out; k++) {
        out[k] = (double)l->bias[k];
        for (size_t j = 0; j < l->n_in; j++) {
            out[k] += in[j] * (double)l->weights[j * l->n_out + k];
        }
    }
}

static double loss_of(enum compute_loss kind, const double *z, size_t n, double y)
{
    if (kind == LOSS_SQUARED) {
        return (z[0] - y) * (z[0] - y) / 2;
    }
    if (kind == LOSS_LOGISTIC) {
        double p = 1 / (1 + exp(-z[0]));
        return -y * log(p) - (1 - y) * log(1 - p);
    }
    double sum = 0;
    for (size_t k = 0; k < n; k++) {
        sum += exp(z[k]);
    }
    return log(sum) - z[(size_t)y];
}

static double oracle_loss(const struct problem *q)
{
    double total = 0;
    for (size_t i = 0; i < ROWS; i++) {
        double now[MAX_WIDTH], next[MAX_WIDTH];
        for (size_t j = 0; j < q->sizes[0]; j++) {
            now[j] = (double)q->x[i * q->sizes[0] + j];
        }
        for (size_t l = 0; l < q->n_layers; l++) {
            dense(&q->p->layers[l], now, next);
            for (size_t k = 0; k < q->sizes[l + 1]; k++) {
                now[k] = l + 1 < q->n_layers ? fmax(next[k], 0) : next[k];
            }
        }
        total +=
            (double)q->weight[i] * loss_of(q->loss, now, q->sizes[q->n_layers], (double)q->y[i]);
    }
    return total / ROWS;
}

/* Central difference by one parameter; float32 parameters, so the step is what really was taken. A
 * small one: a larger crosses a kink of some ReLU now and then. */
static double numeric_gradient(const struct problem *q, float *parameter)
{
    float kept = *parameter, step = 2e-5F;
    *parameter = kept + step;
    double above = oracle_loss(q), top = (double)*parameter;
    *parameter = kept - step;
    double below = oracle_loss(q), bottom = (double)*parameter;
    *parameter = kept;
    return (above - below) / (top - bottom);
}

/* ---- */

static void fill(struct problem *q, uint64_t seed)
{
    struct rng rng;
    struct err e = {0};
    rng_seed(&rng, seed);
    assert_ok(predictor_new(q->sizes, q->n_layers, LINK_IDENTITY, &q->p, &e), e);
    for (size_t l = 0; l < q->n_layers; l++) {
        struct layer *layer = &q->p->layers[l];
        for (size_t i = 0; i < layer->n_in * layer->n_out; i++) {
            layer->weights[i] = (float)rng_normal(&rng);
        }
        for (size_t i = 0; i < layer->n_out; i++) {
            layer->bias[i] = (float)(0.5 * rng_normal(&rng));
        }
    }
    size_t n_out = q->sizes[q->n_layers];
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < q->sizes[0]; j++) {
            q->x[i * q->sizes[0] + j] = (float)rng_normal(&rng);
        }
        q->y[i] = q->loss == LOSS_SQUARED ? (float)rng_normal(&rng)
                                          : (float)rng_below(&rng, n_out > 1 ? n_out : 2);
        q->weight[i] = (float)(0.5 + rng_uniform(&rng));
    }
}

static void compare_layer(const struct problem *q, size_t l, const struct layer *got)
{
    struct layer *layer = &q->p->layers[l];
    char what[64];
    for (size_t i = 0; i < layer->n_in * layer->n_out; i++) {
        double want = numeric_gradient(q, &layer->weights[i]);
        snprintf(what, sizeof what, "layer %zu weight %zu", l, i);
        assert_near((double)got->weights[i], want, 2e-4 * (1 + fabs(want)), what);
    }
    for (size_t i = 0; i < layer->n_out; i++) {
        double want = numeric_gradient(q, &layer->bias[i]);
        snprintf(what, sizeof what, "layer %zu bias %zu", l, i);
        assert_near((double)got->bias[i], want, 2e-4 * (1 + fabs(want)), what);
    }
}

static void check(struct problem *q, const char *backend, uint64_t seed)
{
    struct compute c;
    struct network *n;
    struct predictor *gradients;
    struct err e = {0};
    fill(q, seed);
    assert_ok(compute_open(backend, &c, &e), e);
    assert_ok(network_new(&c, q->p, q->loss, ROWS, &n, &e), e);
    assert_ok(predictor_copy(q->p, &gradients, &e), e);
    struct network_batch batch = {ROWS, q->x, q->y, q->weight};
    network_backward(n, &batch);
    network_get_gradients(n, gradients);
    assert_near(network_take_loss(n) / ROWS, oracle_loss(q), 1e-5, "loss");
    for (size_t l = 0; l < q->n_layers; l++) {
        compare_layer(q, l, &gradients->layers[l]);
    }
    predictor_free(gradients);
    network_free(n);
    predictor_free(q->p);
    compute_close(&c);
}

static void check_shapes(enum compute_loss loss, size_t n_out)
{
    static const char *const backends[] = {"reference", "openblas"};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        for (int i = 0; i < 2; i++) {
            struct problem one = {.loss = loss, .sizes = {5, n_out}, .n_layers = 1};
            struct problem three = {.loss = loss, .sizes = {5, 8, 6, n_out}, .n_layers = 3};
            check(&one, backends[i], seed);
            check(&three, backends[i], seed);
        }
    }
}

static void squared_loss_gradient_matches_finite_differences(void **state)
{
    (void)state;
    check_shapes(LOSS_SQUARED, 1);
}

static void logistic_loss_gradient_matches_finite_differences(void **state)
{
    (void)state;
    check_shapes(LOSS_LOGISTIC, 1);
}

static void softmax_loss_gradient_matches_finite_differences(void **state)
{
    (void)state;
    check_shapes(LOSS_SOFTMAX, 4);
}

static void best_weights_come_back_after_more_updates(void **state)
{
    (void)state;
    struct problem q = {.loss = LOSS_SQUARED, .sizes = {5, 1}, .n_layers = 1};
    struct compute c;
    struct network *n;
    struct err e = {0};
    fill(&q, 9);
    assert_ok(compute_open("openblas", &c, &e), e);
    assert_ok(network_new(&c, q.p, q.loss, ROWS, &n, &e), e);
    struct network_batch batch = {ROWS, q.x, q.y, q.weight};
    float before[5], after[5];
    memcpy(before, q.p->layers[0].weights, sizeof before);
    network_keep_best(n);
    network_backward(n, &batch);
    network_update(n, 0.1, 0);
    network_get_weights(n, q.p);
    assert_memory_not_equal(before, q.p->layers[0].weights, sizeof before);
    network_restore_best(n);
    network_get_weights(n, q.p);
    memcpy(after, q.p->layers[0].weights, sizeof after);
    assert_memory_equal(before, after, sizeof before);
    network_free(n);
    predictor_free(q.p);
    compute_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(squared_loss_gradient_matches_finite_differences),
        cmocka_unit_test(logistic_loss_gradient_matches_finite_differences),
        cmocka_unit_test(softmax_loss_gradient_matches_finite_differences),
        cmocka_unit_test(best_weights_come_back_after_more_updates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
