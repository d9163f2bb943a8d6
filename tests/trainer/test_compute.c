/*
 * test_compute.c - the OpenBLAS backend against the reference; choosing a backend by name.
 */
#include "compute_oracle.h"
#include "trainer_fixture.h"

#include <math.h>
#include <stdlib.h>

static void openblas_gives_what_the_reference_gives(void **state)
{
    (void)state;
    struct compute c;
    struct err e = {0};
    assert_ok(compute_open("openblas", &c, &e), e);
    compute_oracle_run(&c);
    compute_close(&c);
}

static void unknown_backend_is_an_error_that_names_it(void **state)
{
    (void)state;
    struct compute c;
    struct err e = {0};
    assert_int_equal(compute_open("tpu", &c, &e), ERR_INVALID);
    assert_contains(e.message, "\"tpu\"");
}

static void cuda_without_its_library_says_where_it_looked(void **state)
{
    (void)state;
    struct compute c;
    struct err e = {0};
    setenv("LEEWAY_CUDA_LIB", "/nonexistent/leeway_cuda.so", 1);
    assert_int_equal(compute_open("cuda", &c, &e), ERR_UNSUPPORTED);
    assert_contains(e.message, "/nonexistent/leeway_cuda.so");
    unsetenv("LEEWAY_CUDA_LIB");
}

static void auto_takes_openblas_where_cuda_is_absent(void **state)
{
    (void)state;
    struct compute c;
    struct err e = {0};
    setenv("LEEWAY_CUDA_LIB", "/nonexistent/leeway_cuda.so", 1);
    assert_ok(compute_open("auto", &c, &e), e);
    assert_string_equal(c.ops->name, "openblas");
    compute_close(&c);
    unsetenv("LEEWAY_CUDA_LIB");
}

static void nan_passes_relu_and_reaches_the_loss(void **state)
{
    (void)state;
    static const char *const names[] = {"reference", "openblas"};
    for (int i = 0; i < 2; i++) {
        struct compute c;
        struct err e = {0};
        float z[2] = {NAN, -1}, bias[2] = {0, 0}, y = 1, weight = 1;
        double sum = 0;
        assert_ok(compute_open(names[i], &c, &e), e);
        c.ops->bias(c.ctx, z, bias, 1, 2, true);
        assert_true(isnan(z[0]));
        assert_near((double)z[1], 0, 0, "relu(-1)");
        c.ops->loss(c.ctx, LOSS_LOGISTIC, z, &y, &weight, 1, 1, NULL, &sum);
        assert_true(isnan(sum));
        compute_close(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openblas_gives_what_the_reference_gives),
        cmocka_unit_test(unknown_backend_is_an_error_that_names_it),
        cmocka_unit_test(cuda_without_its_library_says_where_it_looked),
        cmocka_unit_test(auto_takes_openblas_where_cuda_is_absent),
        cmocka_unit_test(nan_passes_relu_and_reaches_the_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
