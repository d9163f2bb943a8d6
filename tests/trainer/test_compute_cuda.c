/*
 * test_compute_cuda.c - the CUDA backend against the reference, and a fit on it. Skipped, with the
 * reason, where there is no GPU.
 */
#include "compute_oracle.h"
#include "trainer_fixture.h"

#include <math.h>
#include <stdio.h>

#include "trainer/fit.h"

static void cuda_gives_what_the_reference_gives(void **state)
{
    compute_oracle_run(*state);
}

/* y = 2 x0 - 3 x1 + 1, fitted twice on the GPU. */
static void fit_line(const struct compute *c, struct predictor *p)
{
    enum { ROWS = 1200 };
    static float x[ROWS * 2], y[ROWS], weight[ROWS];
    struct rng rng;
    struct err e = {0};
    struct fit_result result;
    rng_seed(&rng, 5);
    for (size_t i = 0; i < ROWS; i++) {
        x[2 * i] = (float)rng_normal(&rng);
        x[2 * i + 1] = (float)rng_normal(&rng);
        y[i] = 2 * x[2 * i] - 3 * x[2 * i + 1] + 1;
        weight[i] = 1;
    }
    struct fit_problem problem = {1000, 200, 2, x, y, weight, LOSS_SQUARED};
    struct fit_options options = {
        .epochs = 200, .batch = 50, .patience = 200, .learning_rate = 0.05, .seed = 1};
    assert_ok(fit_run(c, &problem, &options, p, NULL, &result, &e), e);
}

static void cuda_fit_recovers_a_line_and_repeats_itself(void **state)
{
    const size_t sizes[] = {2, 1};
    struct predictor *p[2];
    struct err e = {0};
    for (int i = 0; i < 2; i++) {
        assert_ok(predictor_new(sizes, 1, LINK_IDENTITY, &p[i], &e), e);
        fit_line(*state, p[i]);
    }
    assert_near((double)p[0]->layers[0].weights[0], 2, 1e-3, "w0");
    assert_near((double)p[0]->layers[0].weights[1], -3, 1e-3, "w1");
    assert_near((double)p[0]->layers[0].bias[0], 1, 1e-3, "bias");
    assert_memory_equal(p[0]->layers[0].weights, p[1]->layers[0].weights, 2 * sizeof(float));
    predictor_free(p[0]);
    predictor_free(p[1]);
}

int main(void)
{
    struct compute c;
    struct err e = {0};
    if (compute_open("cuda", &c, &e)) {
        printf("skipped: %s\n", e.message);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(cuda_gives_what_the_reference_gives, &c),
        cmocka_unit_test_prestate(cuda_fit_recovers_a_line_and_repeats_itself, &c),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    compute_close(&c);
    return failed;
}
