/*
 * test_model_predict.c - transform and forward pass against values by hand and a naive pass in
 * double.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "model/predict.h"
#include "model/transform.h"

static struct predictor *random_predictor(const size_t *sizes, size_t n_layers,
                                          enum predict_link link, uint64_t seed)
{
    struct predictor *p = NULL;
    struct err e = {0};
    struct rng rng;
    rng_seed(&rng, seed);
    if (predictor_new(sizes, n_layers, link, &p, &e))
        fail_msg("%s", e.message);
    for (size_t i = 0; i < n_layers; i++) {
        struct layer *l = &p->layers[i];
        for (size_t j = 0; j < l->n_in * l->n_out; j++)
            l->weights[j] = (float)(rng_normal(&rng) / sqrt((double)l->n_in));
        for (size_t j = 0; j < l->n_out; j++)
            l->bias[j] = (float)rng_normal(&rng);
    }
    return p;
}

/* The oracle: one row, in double, straight from the definition. out has room for the widest layer.
 */
static void naive_forward(const struct predictor *p, const float *x, double *out)
{
    double in[512];
    for (size_t i = 0; i < p->layers[0].n_in; i++)
        in[i] = x[i];
    for (size_t k = 0; k < p->n_layers; k++) {
        const struct layer *l = &p->layers[k];
        for (size_t o = 0; o < l->n_out; o++) {
            double z = l->bias[o];
            for (size_t i = 0; i < l->n_in; i++)
                z += in[i] * l->weights[i * l->n_out + o];
            out[o] = k + 1 < p->n_layers && z < 0 ? 0 : z;
        }
        memcpy(in, out, l->n_out * sizeof *in);
    }
    size_t n = p->layers[p->n_layers - 1].n_out;
    double sum = 0;
    for (size_t o = 0; o < n; o++)
        sum += exp(out[o] / p->temperature);
    for (size_t o = 0; o < n; o++)
        switch (p->link) {
        case LINK_IDENTITY:
            out[o] = out[o] * p->calibration_a + p->calibration_b;
            break;
        case LINK_SIGMOID:
            out[o] = 1 / (1 + exp(-(out[o] * p->calibration_a + p->calibration_b)));
            break;
        case LINK_SOFTMAX:
            out[o] = exp(out[o] / p->temperature) / sum;
            break;
        }
}

static float *random_rows(size_t n, size_t n_in, uint64_t seed)
{
    float *x = malloc(n * n_in * sizeof *x);
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t i = 0; i < n * n_in; i++)
        x[i] = (float)rng_normal(&rng);
    return x;
}

static void assert_forward(const size_t *sizes, size_t n_layers, enum predict_link link,
                           size_t n_rows, size_t scratch_rows)
{
    struct predictor *p = random_predictor(sizes, n_layers, link, 11);
    struct predict_scratch *s = NULL;
    size_t n_in = sizes[0], n_out = sizes[n_layers];
    float *x = random_rows(n_rows, n_in, 12), *batch = malloc(n_rows * n_out * sizeof *batch);
    double want[512];
    float single[512];
    p->calibration_a = 0.8;
    p->calibration_b = -0.3;
    p->temperature = 1.7;
    assert_int_equal(predict_scratch_new(p, scratch_rows, &s, NULL), ERR_OK);
    predict_batch(p, s, x, n_rows, batch);
    for (size_t i = 0; i < n_rows; i++) {
        naive_forward(p, x + i * n_in, want);
        predict_batch(p, s, x + i * n_in, 1, single);
        for (size_t o = 0; o < n_out; o++)
            if (fabs(batch[i * n_out + o] - want[o]) > 2e-5 || fabs(single[o] - want[o]) > 2e-5)
                fail_msg("row %zu, output %zu: batch %.9g, single %.9g, in double %.9g", i, o,
                         (double)batch[i * n_out + o], (double)single[o], want[o]);
    }
    predict_scratch_free(s);
    free(x);
    free(batch);
    predictor_free(p);
}

static void a_linear_model_predicts_what_the_definition_says(void **state)
{
    (void)state;
    assert_forward((const size_t[]){7, 1}, 1, LINK_IDENTITY, 20, 8);
}

static void a_logistic_model_predicts_what_the_definition_says(void **state)
{
    (void)state;
    assert_forward((const size_t[]){54, 1}, 1, LINK_SIGMOID, 600, 600);
}

static void a_softmax_model_predicts_what_the_definition_says(void **state)
{
    (void)state;
    assert_forward((const size_t[]){9, 4}, 1, LINK_SOFTMAX, 33, 32);
}

static void an_mlp_predicts_what_the_definition_says_in_blocks_of_any_size(void **state)
{
    (void)state;
    for (size_t rows = 1; rows < 40; rows += 13)
        assert_forward((const size_t[]){54, 256, 128, 7}, 3, LINK_SOFTMAX, 40, rows);
    assert_forward((const size_t[]){5, 16, 1}, 2, LINK_SIGMOID, 1300, 4096);
}

static void large_logits_give_probabilities_not_nan(void **state)
{
    (void)state;
    struct predictor *p = NULL;
    assert_int_equal(predictor_new((const size_t[]){1, 2}, 1, LINK_SOFTMAX, &p, NULL), ERR_OK);
    float z[4] = {1e30f, -1e30f, 700, 800};
    predict_link_apply(p, z, 2);
    assert_true(z[0] == 1 && z[1] == 0 && z[2] < 1e-40f && z[3] == 1);
    p->link = LINK_SIGMOID;
    float y[2] = {1e30f, -1e30f};
    predict_link_apply(p, y, 1);
    assert_true(y[0] == 1 && y[1] == 0);
    predictor_free(p);
}

static void a_copy_predicts_the_same(void **state)
{
    (void)state;
    struct predictor *p = random_predictor((const size_t[]){4, 6, 3}, 2, LINK_SOFTMAX, 3),
                     *q = NULL;
    struct predict_scratch *s = NULL;
    float *x = random_rows(5, 4, 4), a[15], b[15];
    p->temperature = 2;
    assert_int_equal(predictor_copy(p, &q, NULL), ERR_OK);
    assert_int_equal(predict_scratch_new(p, 5, &s, NULL), ERR_OK);
    predict_batch(p, s, x, 5, a);
    predictor_free(p);
    predict_batch(q, s, x, 5, b);
    assert_memory_equal(a, b, sizeof a);
    predict_scratch_free(s);
    predictor_free(q);
    free(x);
}

static void layers_without_width_are_refused(void **state)
{
    (void)state;
    struct predictor *p = NULL;
    struct err e = {0};
    assert_int_equal(predictor_new((const size_t[]){3, 0}, 1, LINK_IDENTITY, &p, &e), ERR_INVALID);
    assert_string_equal(e.message, "predictor: expected widths of 1 to 1000000, got 0");
    assert_int_equal(predictor_new((const size_t[]){3}, 0, LINK_IDENTITY, &p, &e), ERR_INVALID);
}

/* clip 0..8, log1p, impute 1, mean 0.5, scale 2, missing column; then a pii feature; then 2
 * categories */
static struct transform *small_transform(void)
{
    struct transform *t = NULL;
    assert_int_equal(transform_new(3, &t, NULL), ERR_OK);
    t->features[0] = (struct transform_feature){.kind = FEATURE_NUMERIC,
                                                .clip_low = -8,
                                                .clip_high = 8,
                                                .log1p = true,
                                                .impute = 1,
                                                .mean = 0.5,
                                                .scale = 2,
                                                .missing_column = true};
    t->features[1].skip = true;
    t->features[2] = (struct transform_feature){.kind = FEATURE_CATEGORICAL, .n_categories = 2};
    transform_layout(t);
    return t;
}

static void rows_are_transformed_as_by_hand(void **state)
{
    (void)state;
    struct transform *t = small_transform();
    assert_int_equal(t->n_columns, 6);
    assert_int_equal(t->features[2].first_column, 2);
    const double codes[] = {3,        0, 0,     /* log(4) */
                            -100,     0, 1,     /* -log(9) after the clip */
                            NAN,      0, NAN,   /* imputed; category missing */
                            INFINITY, 0, -1,    /* imputed; category unseen */
                            0,        0, 17.0}; /* a code out of range is unseen */
    const double want[] = {(log(4) - 0.5) / 2,
                           0,
                           1,
                           0,
                           0,
                           0,
                           (-log(9) - 0.5) / 2,
                           0,
                           0,
                           1,
                           0,
                           0,
                           0.25,
                           1,
                           0,
                           0,
                           0,
                           1,
                           0.25,
                           1,
                           0,
                           0,
                           1,
                           0,
                           -0.25,
                           0,
                           0,
                           0,
                           1,
                           0};
    float x[30];
    transform_apply(t, codes, 5, x);
    for (size_t i = 0; i < 30; i++)
        if (fabs(x[i] - want[i]) > 1e-6)
            fail_msg("row %zu, column %zu: %.9g, by hand %.9g", i / 6, i % 6, (double)x[i],
                     want[i]);
    assert_true(isnan(transform_raw(&t->features[0], -INFINITY)));
    assert_true(transform_raw(&t->features[0], 100) == log1p(8));
    transform_free(t);
}

static void wild_values_stay_within_float32(void **state)
{
    (void)state;
    struct transform *t = NULL;
    assert_int_equal(transform_new(1, &t, NULL), ERR_OK);
    t->features[0] =
        (struct transform_feature){.clip_low = -INFINITY, .clip_high = INFINITY, .scale = 1e-9};
    transform_layout(t);
    const double codes[] = {1e308, -1e308};
    float x[2];
    transform_apply(t, codes, 2, x);
    assert_true(isfinite(x[0]) && isfinite(x[1]) && x[0] > 1e14f && x[1] < -1e14f);
    transform_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_linear_model_predicts_what_the_definition_says),
        cmocka_unit_test(a_logistic_model_predicts_what_the_definition_says),
        cmocka_unit_test(a_softmax_model_predicts_what_the_definition_says),
        cmocka_unit_test(an_mlp_predicts_what_the_definition_says_in_blocks_of_any_size),
        cmocka_unit_test(large_logits_give_probabilities_not_nan),
        cmocka_unit_test(a_copy_predicts_the_same),
        cmocka_unit_test(layers_without_width_are_refused),
        cmocka_unit_test(rows_are_transformed_as_by_hand),
        cmocka_unit_test(wild_values_stay_within_float32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
