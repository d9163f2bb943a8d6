/*
 * test_calibrate.c - Platt and temperature recover what distorted the logits; when they refuse.
 */
#include "trainer_fixture.h"

#include <math.h>

#include "base/rand.h"
#include "trainer/calibrate.h"

#define ROWS 20000

static float z[ROWS * 3];
static double labels[ROWS];

static void platt_recovers_the_slope_and_offset_of_its_data(void **state)
{
    (void)state;
    struct rng rng;
    double a = 0, b = 0;
    rng_seed(&rng, 1);
    for (size_t i = 0; i < ROWS; i++) {
        z[i] = (float)(3 * rng_normal(&rng));
        labels[i] = rng_uniform(&rng) < 1 / (1 + exp(-(0.6 * (double)z[i] - 1)));
    }
    assert_true(calibrate_platt(z, labels, ROWS, &a, &b));
    assert_near(a, 0.6, 0.03, "slope");
    assert_near(b, -1, 0.06, "offset");
}

static void platt_stays_finite_on_separable_scores(void **state)
{
    (void)state;
    double a = 0, b = 0;
    for (size_t i = 0; i < 200; i++) {
        labels[i] = i % 2;
        z[i] = i % 2 ? 50 : -50;
    }
    assert_true(calibrate_platt(z, labels, 200, &a, &b));
    /* The smoothed targets 101/102 and 1/102 are met exactly. */
    assert_near(1 / (1 + exp(-(a * 50 + b))), 101.0 / 102, 1e-4, "P at +50");
    assert_near(1 / (1 + exp(-(a * -50 + b))), 1.0 / 102, 1e-4, "P at -50");
}

static void platt_refuses_few_rows_one_class_and_a_reversed_order(void **state)
{
    (void)state;
    double a = 7, b = 7;
    for (size_t i = 0; i < 1000; i++) {
        labels[i] = i % 2;
        z[i] = (float)(i % 2 ? -1 : 1) + (float)(i % 7) / 10;
    }
    assert_false(calibrate_platt(z, labels, CALIBRATE_MIN_ROWS - 1, &a, &b));
    assert_false(calibrate_platt(z, labels, 1000, &a, &b));
    for (size_t i = 0; i < 1000; i++) {
        labels[i] = 1;
    }
    assert_false(calibrate_platt(z, labels, 1000, &a, &b));
    assert_near(a, 7, 0, "untouched");
}

static void temperature_recovers_what_the_logits_were_divided_by(void **state)
{
    (void)state;
    struct rng rng;
    double t = 0;
    rng_seed(&rng, 2);
    for (size_t i = 0; i < ROWS; i++) {
        double p[3], sum = 0, u = rng_uniform(&rng);
        for (size_t k = 0; k < 3; k++) {
            z[i * 3 + k] = (float)(4 * rng_normal(&rng));
            p[k] = exp((double)z[i * 3 + k] / 2.5);
            sum += p[k];
        }
        labels[i] = u < p[0] / sum ? 0 : u < (p[0] + p[1]) / sum ? 1 : 2;
    }
    assert_true(calibrate_temperature(z, labels, ROWS, 3, &t));
    assert_near(t, 2.5, 0.1, "temperature");
    assert_false(calibrate_temperature(z, labels, 3, 3, &t));
}

static void slope_recovers_what_the_logits_were_divided_by(void **state)
{
    (void)state;
    struct rng rng;
    double a = 0;
    rng_seed(&rng, 3);
    for (size_t i = 0; i < ROWS; i++) {
        z[i] = (float)(4 * rng_normal(&rng));
        labels[i] = rng_uniform(&rng) < 1 / (1 + exp(-0.4 * (double)z[i]));
    }
    assert_true(calibrate_slope(z, labels, ROWS, &a));
    assert_near(a, 0.4, 0.02, "slope");
    assert_false(calibrate_slope(z, labels, 3, &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(platt_recovers_the_slope_and_offset_of_its_data),
        cmocka_unit_test(platt_stays_finite_on_separable_scores),
        cmocka_unit_test(platt_refuses_few_rows_one_class_and_a_reversed_order),
        cmocka_unit_test(temperature_recovers_what_the_logits_were_divided_by),
        cmocka_unit_test(slope_recovers_what_the_logits_were_divided_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
