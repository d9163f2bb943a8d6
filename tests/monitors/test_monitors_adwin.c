/*
 * test_monitors_adwin.c - the fast ADWIN against the one written as the paper reads: the same
 * changes at the same values, the same window, on every kind of stream.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adwin_naive.h"
#include "base/json.h"
#include "base/rand.h"
#include "monitors/detectors.h"

/* X(symbol, text) */
#define SHAPE_LIST(X)                                                                              \
    X(SHAPE_ERRORS, "errors of a rate that jumps")                                                 \
    X(SHAPE_NORMAL, "normal, jumping")                                                             \
    X(SHAPE_UNIFORM, "uniform, jumping")                                                           \
    X(SHAPE_WALK, "random walk")                                                                   \
    X(SHAPE_SIGNS, "sum near zero, large terms")                                                   \
    X(SHAPE_STILL, "still")

enum shape {
#define X(symbol, text) symbol,
    SHAPE_LIST(X)
#undef X
};

static const char *const shape_names[] = {
#define X(symbol, text) [symbol] = text,
    SHAPE_LIST(X)
#undef X
};
#define N_SHAPES (sizeof shape_names / sizeof shape_names[0])

struct source {
    enum shape shape;
    struct rng rng;
    double level;
};

static double next(struct source *s)
{
    bool jump = rng_below(&s->rng, 5000) == 0;
    switch (s->shape) {
    case SHAPE_ERRORS:
        s->level = jump ? rng_uniform(&s->rng) : s->level;
        return rng_uniform(&s->rng) < s->level;
    case SHAPE_NORMAL:
        s->level = jump ? rng_normal(&s->rng) : s->level;
        return rng_normal(&s->rng) + s->level;
    case SHAPE_UNIFORM:
        s->level = jump ? rng_uniform(&s->rng) : s->level;
        return s->level + rng_uniform(&s->rng);
    case SHAPE_WALK:
        s->level += 0.02 * rng_normal(&s->rng);
        return s->level;
    case SHAPE_SIGNS:
        return 1e6 * rng_normal(&s->rng);
    case SHAPE_STILL:
        return 0.3;
    }
    return 0.0;
}

static struct mon_detector *make(const char *params)
{
    struct mon_detector *d = NULL;
    struct err e = {0};
    cJSON *json = NULL;
    assert_int_equal(json_parse("params", params, strlen(params), &json, NULL), ERR_OK);
    if (mon_detector_new("adwin", json, &d, &e) != ERR_OK)
        fail_msg("%s", e.message);
    cJSON_Delete(json);
    return d;
}

static void run_both_at(double offset, enum shape shape, double delta, double clock,
                        double max_buckets, size_t n)
{
    char params[128];
    struct source s = {.shape = shape, .level = 0.2};
    struct adwin_naive *naive = malloc(sizeof *naive);
    snprintf(params, sizeof params, "{\"delta\": %g, \"clock\": %g, \"max_buckets\": %g}", delta,
             clock, max_buckets);
    struct mon_detector *d = make(params);
    assert_non_null(naive);
    adwin_naive_init(naive, delta, clock, max_buckets);
    rng_seed(&s.rng, 17 + (uint64_t)shape);
    for (size_t i = 0; i < n; i++) {
        double x = next(&s);
        bool expected = adwin_naive_update(naive, x);
        bool found = mon_detector_update(d, offset + x) == MON_CHANGE;
        if (found != expected || mon_detector_width(d) != naive->width)
            fail_msg("%s, %s: value %zu: change %d, expected %d; width %g, expected %g",
                     shape_names[shape], params, i, found, expected, mon_detector_width(d),
                     naive->width);
    }
    print_message("%s: %llu changes, the same\n", shape_names[shape],
                  (unsigned long long)mon_detector_changes(d));
    mon_detector_free(d);
    free(naive);
}

static void run_both(enum shape shape, double delta, double clock, double max_buckets, size_t n)
{
    run_both_at(0.0, shape, delta, clock, max_buckets, n);
}

static void finds_the_same_changes_as_the_naive_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SHAPES; i++)
        run_both((enum shape)i, 0.002, 32, 5, 200000);
}

static void finds_the_same_with_other_parameters(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SHAPES; i++) {
        run_both((enum shape)i, 0.3, 1, 2, 20000);
        run_both((enum shape)i, 1e-9, 7, 16, 50000);
        run_both((enum shape)i, 0.9, 100, 3, 50000);
    }
}

/* What the naive one gives on such values is decided by rounding: its variance is a difference of
 * sums of 1e16 n. It sees the stream without the offset. */
static void finds_the_same_on_an_offset_of_1e8(void **state)
{
    (void)state;
    run_both_at(1e8, SHAPE_UNIFORM, 0.002, 32, 5, 100000);
}

static void batch_finds_what_single_values_find(void **state)
{
    (void)state;
    enum { N = 20000, MAX = 3 };
    struct source s = {.shape = SHAPE_ERRORS, .level = 0.2};
    double *x = calloc(N, sizeof *x);
    size_t at[MAX] = {0}, expected[MAX] = {0}, n_expected = 0;
    struct mon_detector *one = make("{}"), *many = make("{}");
    assert_non_null(x);
    rng_seed(&s.rng, 3);
    for (size_t i = 0; i < N; i++) {
        x[i] = next(&s);
        if (mon_detector_update(one, x[i]) == MON_CHANGE && n_expected++ < MAX)
            expected[n_expected - 1] = i;
    }
    assert_int_equal(mon_detector_update_many(many, x, N, at, MAX), n_expected);
    assert_true(n_expected > 0);
    assert_memory_equal(at, expected, sizeof at);
    assert_int_equal(mon_detector_update_many(many, x, 0, NULL, 0), 0);
    mon_detector_free(one);
    mon_detector_free(many);
    free(x);
}

/* The published recurrence subtracts what it drops, and of values around 1e9 it keeps their
 * rounding error for good; here the window is summed up anew. */
static void nothing_of_dropped_values_stays_behind(void **state)
{
    (void)state;
    struct mon_detector *d = make("{}");
    struct rng r;
    double sum = 0.0, n = 0.0;
    rng_seed(&r, 4);
    for (int i = 0; i < 20000; i++)
        mon_detector_update(d, 1e9 + 1e8 * rng_normal(&r));
    for (int i = 0; i < 20000; i++) {
        double x = rng_uniform(&r);
        mon_detector_update(d, x);
        if (i >= 10000) {
            sum += x;
            n += 1.0;
        }
    }
    double width = mon_detector_width(d);
    if (width > 20000.0 || fabs(mon_detector_estimate(d) - sum / n) > 0.02)
        fail_msg("width %g, mean %.9g, expected at most 20000 and about %.9g", width,
                 mon_detector_estimate(d), sum / n);
    cJSON *json = mon_detector_to_json(d);
    const cJSON *variance = json_at(json, "state.variance");
    assert_non_null(variance);
    if (fabs(variance->valuedouble / width - 1.0 / 12.0) > 0.005)
        fail_msg("variance %.9g, expected %.9g", variance->valuedouble / width, 1.0 / 12.0);
    cJSON_Delete(json);
    mon_detector_free(d);
}

static void long_window_keeps_sum_and_variance(void **state)
{
    (void)state;
    struct mon_detector *d = make("{}");
    const double n = 2e6;
    for (double i = 0.0; i < n; i += 1.0)
        mon_detector_update(d, fmod(i, 7.0) == 0.0);
    cJSON *json = mon_detector_to_json(d);
    double ones = ceil(n / 7.0), expected = ones * (1.0 - ones / n);
    double variance = json_at(json, "state.variance")->valuedouble;
    assert_true(mon_detector_width(d) == n);
    assert_true(mon_detector_estimate(d) == ones / n);
    if (fabs(variance / expected - 1.0) > 1e-10)
        fail_msg("sum of squared deviations %.17g, expected %.17g", variance, expected);
    cJSON_Delete(json);
    mon_detector_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_same_changes_as_the_naive_one),
        cmocka_unit_test(finds_the_same_with_other_parameters),
        cmocka_unit_test(finds_the_same_on_an_offset_of_1e8),
        cmocka_unit_test(batch_finds_what_single_values_find),
        cmocka_unit_test(nothing_of_dropped_values_stays_behind),
        cmocka_unit_test(long_window_keeps_sum_and_variance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
