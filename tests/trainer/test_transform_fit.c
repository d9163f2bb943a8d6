/*
 * test_transform_fit.c - imputation, standardisation and missing columns, at large offsets too.
 */
#include "trainer_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "trainer/transform_fit.h"

static struct transform *fit(const char *feature, const double *values, size_t n)
{
    char json[512];
    struct err e = {0};
    struct vocabulary *v;
    struct transform *t;
    snprintf(json, sizeof json,
             "{\"model\":\"m\",\"features\":[{\"name\":\"x\",\"type\":\"numeric\"%s}],"
             "\"label\":{\"name\":\"y\",\"type\":\"regression\"}}",
             feature);
    struct schema *s = schema_of(json);
    const char *const *none[1] = {NULL};
    const size_t zero[1] = {0};
    assert_ok(vocabulary_new(s, none, zero, &v, &e), e);
    assert_ok(transform_fit(s, v, values, n, &t, &e), e);
    vocabulary_free(v);
    schema_free(s);
    return t;
}

static void median_and_moments_are_of_the_present_values(void **state)
{
    (void)state;
    const double values[] = {4, NAN, 1, 100, 3, INFINITY};
    struct transform *t = fit("", values, 6);
    assert_near(t->features[0].impute, 3.5, 0, "median");
    assert_near(t->features[0].mean, 27, 1e-12, "mean");
    assert_near(t->features[0].scale, sqrt((23. * 23 + 26 * 26 + 73 * 73 + 24 * 24) / 3), 1e-9,
                "scale");
    assert_true(t->features[0].missing_column);
    assert_int_equal(t->n_columns, 2);
    transform_free(t);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void median_agrees_with_sorting(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 1);
    for (size_t n = 1; n < 60; n++) {
        double values[60], sorted[60];
        for (size_t i = 0; i < n; i++) {
            values[i] = sorted[i] = (double)rng_below(&rng, 15);
        }
        qsort(sorted, n, sizeof *sorted, by_value);
        struct transform *t = fit("", values, n);
        assert_near(t->features[0].impute, (sorted[(n - 1) / 2] + sorted[n / 2]) / 2, 0, "median");
        transform_free(t);
    }
}

static void scale_survives_a_large_offset(void **state)
{
    (void)state;
    struct rng rng;
    double *values = malloc(10000 * sizeof *values), sum = 0;
    rng_seed(&rng, 2);
    for (size_t i = 0; i < 10000; i++) {
        double small = rng_normal(&rng);
        values[i] = 1e8 + small;
        sum += small * small;
    }
    struct transform *t = fit("", values, 10000);
    assert_near(t->features[0].scale, sqrt(sum / 10000), 1e-3, "scale at 1e8");
    transform_free(t);
    free(values);
}

static void constant_and_empty_features_become_zero(void **state)
{
    (void)state;
    const double constant[] = {5, 5, 5}, missing[] = {NAN, NAN};
    float x[2];
    struct transform *t = fit("", constant, 3);
    transform_apply(t, constant, 1, x);
    assert_near((double)x[0], 0, 0, "constant");
    transform_free(t);
    t = fit("", missing, 2);
    transform_apply(t, missing, 1, x);
    assert_near((double)x[0], 0, 0, "missing value");
    assert_near((double)x[1], 1, 0, "missing column");
    transform_free(t);
}

static void clip_and_log_come_before_the_measuring(void **state)
{
    (void)state;
    const double values[] = {-5, 0, 1e9};
    struct transform *t =
        fit(",\"transform\":{\"impute\":\"mean\",\"log1p\":true,\"clip\":[0,7]}", values, 3);
    assert_near(t->features[0].impute, log(8) / 3, 1e-12, "mean of log1p(0), log1p(0), log1p(7)");
    assert_false(t->features[0].missing_column);
    transform_free(t);
}

static void unstandardised_features_keep_their_units(void **state)
{
    (void)state;
    const double values[] = {10, 20, 30};
    float x[1];
    struct transform *t = fit(",\"transform\":{\"standardise\":false}", values, 3);
    transform_apply(t, values + 2, 1, x);
    assert_near((double)x[0], 30, 0, "x");
    transform_free(t);
}

static void values_beyond_training_are_taken_as_the_nearest_that_it_saw(void **state)
{
    (void)state;
    const double nearly_constant[] = {5, 5, 5, 5.001};
    const double far[] = {1e6, -1e6, 5.0005};
    float x[3];
    struct transform *t = fit("", nearly_constant, 4);
    transform_apply(t, far, 3, x);
    assert_near((double)x[0], (5.001 - t->features[0].mean) / t->features[0].scale, 1e-5, "above");
    assert_near((double)x[1], (5.0 - t->features[0].mean) / t->features[0].scale, 1e-5, "below");
    assert_true(x[2] > x[1] && x[2] < x[0]);
    transform_free(t);
    t = fit(",\"transform\":{\"clip\":[-1e9,1e9]}", nearly_constant, 4);
    assert_near(t->features[0].clip_high, 1e9, 0, "limits of the schema's own");
    transform_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(median_and_moments_are_of_the_present_values),
        cmocka_unit_test(median_agrees_with_sorting),
        cmocka_unit_test(scale_survives_a_large_offset),
        cmocka_unit_test(constant_and_empty_features_become_zero),
        cmocka_unit_test(clip_and_log_come_before_the_measuring),
        cmocka_unit_test(unstandardised_features_keep_their_units),
        cmocka_unit_test(values_beyond_training_are_taken_as_the_nearest_that_it_saw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
