/*
 * test_fit.c - the training loop: known coefficients, XOR, early stopping, reproducibility, NaN.
 */
#include "trainer_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "trainer/fit.h"

#define MAX_ROWS 12000
#define COLS 3

struct data {
    size_t n_train, n_validation, n_columns;
    float x[MAX_ROWS * COLS], y[MAX_ROWS], weight[MAX_ROWS];
    enum compute_loss loss;
};

static struct data data; /* too big for the stack */

static void random_inputs(size_t n_train, size_t n_validation, size_t n_columns, struct rng *rng)
{
    data.n_train = n_train;
    data.n_validation = n_validation;
    data.n_columns = n_columns;
    for (size_t i = 0; i < n_train + n_validation; i++) {
        data.weight[i] = 1;
        for (size_t j = 0; j < n_columns; j++) {
            data.x[i * n_columns + j] = (float)rng_normal(rng);
        }
    }
}

static struct fit_problem problem(void)
{
    return (struct fit_problem){data.n_train, data.n_validation, data.n_columns, data.x,
                                data.y,       data.weight,       data.loss};
}

static struct predictor *new_predictor(size_t hidden, enum predict_link link, uint64_t seed)
{
    struct predictor *p;
    struct err e = {0};
    const size_t one[] = {data.n_columns, 1}, two[] = {data.n_columns, hidden, 1};
    assert_ok(predictor_new(hidden ? two : one, hidden ? 2 : 1, link, &p, &e), e);
    struct rng rng;
    rng_seed(&rng, seed);
    fit_init_weights(p, data.x, data.n_train, &rng);
    return p;
}

static enum err_code run(const char *backend, const struct fit_options *o, struct predictor *p,
                         struct fit_result *result, struct err *e)
{
    struct compute c;
    struct fit_problem q = problem();
    assert_ok(compute_open(backend, &c, e), *e);
    enum err_code code = fit_run(&c, &q, o, p, NULL, result, e);
    compute_close(&c);
    return code;
}

static const struct fit_options thorough = {
    .epochs = 80, .batch = 100, .patience = 80, .learning_rate = 0.05, .seed = 1};

static void linear_fit_recovers_its_coefficients(void **state)
{
    (void)state;
    struct rng rng;
    struct err e = {0};
    struct fit_result result;
    rng_seed(&rng, 1);
    random_inputs(4000, 500, 3, &rng);
    data.loss = LOSS_SQUARED;
    for (size_t i = 0; i < 4500; i++) {
        const float *x = data.x + i * 3;
        data.y[i] = 2 * x[0] - 3 * x[1] + 0.5F * x[2] + 1 + (float)(0.1 * rng_normal(&rng));
    }
    struct predictor *p = new_predictor(0, LINK_IDENTITY, 1);
    assert_ok(run("openblas", &thorough, p, &result, &e), e);
    const float *w = p->layers[0].weights;
    /* Standard error of a coefficient: 0.1 / sqrt(4000) = 0.0016. */
    assert_near((double)w[0], 2, 0.01, "w0");
    assert_near((double)w[1], -3, 0.01, "w1");
    assert_near((double)w[2], 0.5, 0.01, "w2");
    assert_near((double)p->layers[0].bias[0], 1, 0.01, "bias");
    predictor_free(p);
}

/* The maximum-likelihood fit of the same rows by Newton's method (iteratively reweighted least
 * squares), in double: an independent oracle. beta: COLS + 1, the constant last. */
static void newton_logistic(double beta[COLS + 1])
{
    enum { N = COLS + 1 };
    memset(beta, 0, N * sizeof *beta);
    for (int step = 0; step < 30; step++) {
        double h[N][N + 1] = {{0}};
        for (size_t i = 0; i < data.n_train; i++) {
            double x[N], z = 0;
            for (size_t j = 0; j < N; j++) {
                x[j] = j < COLS ? (double)data.x[i * COLS + j] : 1;
                z += beta[j] * x[j];
            }
            double p = 1 / (1 + exp(-z));
            for (size_t j = 0; j < N; j++) {
                for (size_t k = 0; k < N; k++) {
                    h[j][k] += p * (1 - p) * x[j] * x[k];
                }
                h[j][N] += ((double)data.y[i] - p) * x[j];
            }
        }
        for (size_t j = 0; j < N; j++) { /* Gauss-Jordan: h is positive definite */
            for (size_t k = 0; k < N; k++) {
                double f = h[k][j] / h[j][j];
                for (size_t l = 0; k != j && l <= N; l++) {
                    h[k][l] -= f * h[j][l];
                }
            }
        }
        for (size_t j = 0; j < N; j++) {
            beta[j] += h[j][N] / h[j][j];
        }
    }
}

static void logistic_fit_agrees_with_newtons_method(void **state)
{
    (void)state;
    struct rng rng;
    struct err e = {0};
    struct fit_result result;
    double beta[COLS + 1];
    rng_seed(&rng, 2);
    random_inputs(6000, 6000, 3, &rng);
    data.loss = LOSS_LOGISTIC;
    for (size_t i = 0; i < 6000; i++) {
        const float *x = data.x + i * 3;
        double z = (double)(1.5F * x[0] - 2 * x[1]) + 0.7;
        data.y[i] = rng_uniform(&rng) < 1 / (1 + exp(-z));
    }
    /* Validated on the training rows themselves: the best epoch is then the best likelihood. */
    memcpy(data.x + 6000 * 3, data.x, 6000 * 3 * sizeof *data.x);
    memcpy(data.y + 6000, data.y, 6000 * sizeof *data.y);
    struct predictor *p = new_predictor(0, LINK_SIGMOID, 1);
    assert_ok(run("openblas", &thorough, p, &result, &e), e);
    newton_logistic(beta);
    for (size_t j = 0; j < COLS; j++) {
        assert_near((double)p->layers[0].weights[j], beta[j], 0.01, "coefficient");
    }
    assert_near((double)p->layers[0].bias[0], beta[COLS], 0.01, "constant");
    assert_near(beta[0], 1.5, 0.15, "the oracle itself");
    predictor_free(p);
}

static void mlp_learns_xor_and_one_layer_cannot(void **state)
{
    (void)state;
    for (int hidden = 0; hidden <= 8; hidden += 8) {
        struct rng rng;
        struct err e = {0};
        struct fit_result result;
        rng_seed(&rng, 3);
        random_inputs(2000, 400, 2, &rng);
        data.loss = LOSS_LOGISTIC;
        for (size_t i = 0; i < 2400; i++) {
            data.y[i] = (data.x[2 * i] > 0) != (data.x[2 * i + 1] > 0);
        }
        struct predictor *p = new_predictor((size_t)hidden, LINK_SIGMOID, 4);
        assert_ok(run("openblas", &thorough, p, &result, &e), e);
        if (hidden) {
            assert_true(result.validation_loss < 0.1);
        } else {
            assert_true(result.validation_loss > 0.65);
        }
        predictor_free(p);
    }
}

/* Labels that are pure noise: a wide network can only memorise them. */
static void noise_setup(void)
{
    struct rng rng;
    rng_seed(&rng, 5);
    random_inputs(200, 200, 3, &rng);
    data.loss = LOSS_LOGISTIC;
    for (size_t i = 0; i < 400; i++) {
        data.y[i] = (float)rng_below(&rng, 2);
    }
}

static double loss_on_validation(struct predictor *p)
{
    struct predict_scratch *s;
    struct err e = {0};
    float out[200];
    double sum = 0;
    assert_ok(predict_scratch_new(p, 200, &s, &e), e);
    predict_batch(p, s, data.x + 200 * 3, 200, out);
    for (size_t i = 0; i < 200; i++) {
        sum -= log(data.y[200 + i] > 0 ? (double)out[i] : 1 - (double)out[i]);
    }
    predict_scratch_free(s);
    return sum / 200;
}

static void training_stops_early_and_keeps_the_best_weights(void **state)
{
    (void)state;
    struct err e = {0};
    struct fit_result result;
    noise_setup();
    struct predictor *p = new_predictor(64, LINK_SIGMOID, 6);
    struct fit_options o = {
        .epochs = 500, .batch = 20, .patience = 4, .learning_rate = 0.02, .seed = 1};
    assert_ok(run("openblas", &o, p, &result, &e), e);
    assert_true(result.epochs_run < 100);
    assert_int_equal(result.epochs_run, result.best_epoch + 4);
    assert_near(loss_on_validation(p), result.validation_loss, 1e-4, "loss of the kept weights");
    predictor_free(p);
}

static void same_seed_gives_the_same_bits_and_another_seed_does_not(void **state)
{
    (void)state;
    static const char *const backends[] = {"reference", "openblas"};
    for (int b = 0; b < 2; b++) {
        struct predictor *p[3];
        for (int i = 0; i < 3; i++) {
            struct err e = {0};
            struct fit_result result;
            noise_setup();
            p[i] = new_predictor(16, LINK_SIGMOID, 7);
            struct fit_options o = {.epochs = 3,
                                    .batch = 32,
                                    .patience = 3,
                                    .learning_rate = 0.01,
                                    .seed = i < 2 ? 11 : 12};
            assert_ok(run(backends[b], &o, p[i], &result, &e), e);
        }
        size_t size = 3 * 16 * sizeof(float);
        assert_memory_equal(p[0]->layers[0].weights, p[1]->layers[0].weights, size);
        assert_memory_not_equal(p[0]->layers[0].weights, p[2]->layers[0].weights, size);
        for (int i = 0; i < 3; i++) {
            predictor_free(p[i]);
        }
    }
}

static void backends_agree_on_a_fit(void **state)
{
    (void)state;
    static const char *const backends[] = {"reference", "openblas"};
    struct fit_result result[2];
    for (int b = 0; b < 2; b++) {
        struct err e = {0};
        noise_setup();
        struct predictor *p = new_predictor(16, LINK_SIGMOID, 7);
        struct fit_options o = {
            .epochs = 5, .batch = 32, .patience = 5, .learning_rate = 0.01, .seed = 11};
        assert_ok(run(backends[b], &o, p, &result[b], &e), e);
        predictor_free(p);
    }
    assert_int_equal(result[0].best_epoch, result[1].best_epoch);
    assert_near(result[1].validation_loss, result[0].validation_loss, 1e-4, "validation loss");
}

static void loss_that_is_not_finite_is_an_error_that_names_the_epoch(void **state)
{
    (void)state;
    struct err e = {0};
    struct fit_result result;
    noise_setup();
    data.loss = LOSS_SQUARED;
    data.x[0] = NAN;
    struct predictor *p = new_predictor(0, LINK_IDENTITY, 1);
    assert_int_equal(run("openblas", &thorough, p, &result, &e), ERR_INVALID);
    assert_contains(e.message, "training loss became NaN in epoch 1");
    predictor_free(p);
}

static void warm_start_never_ends_worse_than_it_began(void **state)
{
    (void)state;
    struct err e = {0};
    struct fit_result first, second;
    noise_setup();
    struct predictor *p = new_predictor(0, LINK_SIGMOID, 1);
    assert_ok(run("openblas", &thorough, p, &first, &e), e);
    struct fit_options bad = thorough;
    bad.warm = true;
    bad.learning_rate = 5;
    bad.patience = 2;
    assert_ok(run("openblas", &bad, p, &second, &e), e);
    assert_int_equal(second.best_epoch, 0);
    assert_near(second.validation_loss, first.validation_loss, 1e-6, "validation loss");
    predictor_free(p);
}

static void weights_of_inputs_never_seen_start_at_zero(void **state)
{
    (void)state;
    noise_setup();
    for (size_t i = 0; i < 200; i++) {
        data.x[i * 3 + 1] = 0; /* an unseen category's column */
    }
    struct predictor *p = new_predictor(16, LINK_SIGMOID, 1);
    for (size_t k = 0; k < 16; k++) {
        assert_near((double)p->layers[0].weights[16 + k], 0, 0, "weight of a column of zeros");
        assert_true(p->layers[0].weights[k] != 0);
    }
    predictor_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_fit_recovers_its_coefficients),
        cmocka_unit_test(logistic_fit_agrees_with_newtons_method),
        cmocka_unit_test(mlp_learns_xor_and_one_layer_cannot),
        cmocka_unit_test(training_stops_early_and_keeps_the_best_weights),
        cmocka_unit_test(same_seed_gives_the_same_bits_and_another_seed_does_not),
        cmocka_unit_test(backends_agree_on_a_fit),
        cmocka_unit_test(loss_that_is_not_finite_is_an_error_that_names_the_epoch),
        cmocka_unit_test(warm_start_never_ends_worse_than_it_began),
        cmocka_unit_test(weights_of_inputs_never_seen_start_at_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
