/*
 * test_monitors_sweep.c - the values of a sweep, by every path, are those of the statistics one
 * series after the other.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "cells.h"
#include "statistic.h"
#include "sweep.h"
#include "sweep_path.h"

#define N_FEATURES 11
#define N_ROWS 4000

static const struct sweep_path *const paths[] = {
#ifdef __x86_64__
    &sweep_avx512,
#endif
    &sweep_scalar,
};

#define ALL ((1u << MON_N_STATISTICS) - 1)

/* Each way in which series are awkward, once. */
static const char schema_json[] =
    "{\"model\":\"m\",\"features\":["
    "{\"name\":\"normal\",\"type\":\"numeric\"},{\"name\":\"constant\",\"type\":\"numeric\"},"
    "{\"name\":\"missing\",\"type\":\"numeric\"},{\"name\":\"integers\",\"type\":\"numeric\"},"
    "{\"name\":\"heavy\",\"type\":\"numeric\"},{\"name\":\"skewed\",\"type\":\"numeric\"},"
    "{\"name\":\"zeros\",\"type\":\"numeric\"},{\"name\":\"holes\",\"type\":\"numeric\"},"
    "{\"name\":\"city\",\"type\":\"categorical\"},{\"name\":\"rare\",\"type\":\"categorical\"},"
    "{\"name\":\"ssn\",\"type\":\"numeric\",\"pii\":true}],"
    "\"label\":{\"name\":\"y\",\"type\":\"binary\",\"classes\":[\"no\",\"yes\"]}}";

struct bench {
    struct schema *schema;
    struct vocabulary *vocabulary;
    struct ruler *ruler;
    struct profile *reference;
    struct rng rng;
};

/* What may be wrong with a window. */
struct fault {
    double shift, missing, infinite;
    bool constant_moved;
};

static void draw_row(struct rng *r, const struct fault *f, double *row)
{
    double u = rng_uniform(r);
    row[0] = rng_normal(r) + f->shift;
    row[1] = f->constant_moved ? 8 : 7;
    row[2] = NAN;
    row[3] = floor(12 * u) + f->shift;
    row[4] = tan(M_PI * (u - 0.5));
    row[5] = exp(2 * rng_normal(r) + f->shift);
    row[6] = u < 0.5 ? 0 : rng_normal(r) + f->shift;
    row[7] = rng_uniform(r) < 0.3 ? NAN : rng_normal(r);
    row[8] = floor(3.2 * u); /* 3: unseen */
    row[9] = u < 0.002 ? 4 : u < 0.004 ? 3 : floor(3 * u);
    row[10] = u < 0.1 ? NAN : 0;
    for (size_t i = 0; i < N_FEATURES; i++)
        if (rng_uniform(r) < f->missing)
            row[i] = NAN;
        else if (rng_uniform(r) < f->infinite)
            row[i] = INFINITY;
}

static void draw(struct bench *b, const struct fault *f, size_t n, double *codes, float *scores)
{
    for (size_t i = 0; i < n; i++) {
        draw_row(&b->rng, f, codes + i * N_FEATURES);
        scores[i] = (float)rng_uniform(&b->rng);
    }
}

static struct profile *window_of(struct bench *b, const struct fault *f, size_t n)
{
    struct profile *p = NULL;
    double *codes = malloc((n + 1) * N_FEATURES * sizeof *codes);
    float *scores = malloc((n + 1) * sizeof *scores);
    draw(b, f, n, codes, scores);
    assert_int_equal(profile_new(b->ruler, &p, NULL), ERR_OK);
    profile_count(p, codes, scores, n);
    free(codes);
    free(scores);
    return p;
}

static struct bench bench_new(void)
{
    static const char *const three[] = {"a", "b", "c"}, *const five[] = {"a", "b", "c", "d", "e"};
    const char *const *categories[N_FEATURES] = {[8] = three, [9] = five};
    const size_t n_categories[N_FEATURES] = {[8] = 3, [9] = 5};
    struct bench b = {0};
    struct ruler_options o;
    struct err e = {0};
    cJSON *json = cJSON_Parse(schema_json);
    double *codes = malloc(N_ROWS * N_FEATURES * sizeof *codes);
    float *scores = malloc(N_ROWS * sizeof *scores);
    rng_seed(&b.rng, 3);
    draw(&b, &(struct fault){0}, N_ROWS, codes, scores);
    ruler_options_init(&o);
    if (schema_from_json(json, &b.schema, &e) ||
        vocabulary_new(b.schema, categories, n_categories, &b.vocabulary, &e) ||
        ruler_fit(b.schema, b.vocabulary, codes, scores, N_ROWS, &o, &b.ruler, &e) ||
        profile_new(b.ruler, &b.reference, &e))
        fail_msg("%s", e.message);
    profile_count(b.reference, codes, scores, N_ROWS);
    cJSON_Delete(json);
    free(codes);
    free(scores);
    return b;
}

static void bench_free(struct bench *b)
{
    profile_free(b->reference);
    ruler_free(b->ruler);
    vocabulary_free(b->vocabulary);
    schema_free(b->schema);
}

static struct sweep *sweep_of(const struct profile *reference, const struct sweep_path *path)
{
    struct sweep *s = NULL;
    struct err e = {0};
    if (sweep_new(reference, ALL, &s, &e))
        fail_msg("%s", e.message);
    sweep_set_path(s, path);
    return s;
}

/* The oracle. */
static double one_by_one(const struct profile *reference, const struct profile *window,
                         size_t series, enum mon_statistic statistic, size_t *n_cells)
{
    const struct series *at = &reference->ruler->series[series];
    const uint64_t *counts = reference->counts + at->first_cell;
    struct cells cells;
    double *sums = malloc(4 * at->n_cells * sizeof *sums), value = NAN;
    double *window_sums = sums + at->n_cells, *widths = window_sums + at->n_cells;
    double *plain = widths + at->n_cells;
    assert_int_equal(cells_init(&cells, reference->ruler, NULL), ERR_OK);
    for (size_t c = 0; c < at->n_cells; c++)
        plain[c] = (double)counts[c];
    if (statistic_widths(statistic, at, plain, widths)) {
        cells_layout(&cells, at, counts, statistic, (double)window->n_rows);
        cells_sum(&cells, counts, sums);
        cells_sum(&cells, window->counts + at->first_cell, window_sums);
        value = statistic_value(statistic, at, sums, window_sums, widths, cells.n);
        *n_cells = cells.n;
    }
    cells_deinit(&cells);
    free(sums);
    return value;
}

static bool alike(enum mon_statistic statistic, double got, double want)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got);
    if (statistic == MON_JS || statistic == MON_HELLINGER)
        return fabs(got * got - want * want) <= 1e-14;
    if (statistic == MON_WASSERSTEIN) /* grids here are up to a thousand units wide */
        return fabs(got - want) <= 1e-12 * 1000;
    if (statistic == MON_CRAMER_VON_MISES)
        return fabs(got - want) <= 1e-14;
    return fabs(got - want) <= 1e-12;
}

static void assert_sweep(struct sweep *s, const struct profile *reference,
                         const struct profile *window, const char *what)
{
    for (size_t i = 0; i < reference->ruler->n_series; i++) {
        struct sweep_measures got;
        sweep_measure(s, i, window, &got);
        for (int k = 0; k < MON_N_STATISTICS; k++) {
            size_t n_cells = 0;
            double want = one_by_one(reference, window, i, (enum mon_statistic)k, &n_cells);
            if (!alike((enum mon_statistic)k, got.of[k].value, want))
                fail_msg("%s, %s of %s: %.17g, one by one %.17g", what,
                         mon_statistic_name((enum mon_statistic)k),
                         reference->ruler->series[i].name, got.of[k].value, want);
            if (k == MON_PSI && !isnan(want) && got.n_groups != n_cells)
                fail_msg("%s, %s: %zu cells, one by one %zu", what,
                         reference->ruler->series[i].name, got.n_groups, n_cells);
        }
    }
}

static void values_are_those_of_the_statistics_one_by_one(void **state)
{
    (void)state;
    static const struct fault faults[] = {{0},
                                          {.shift = 0.02},
                                          {.shift = 3},
                                          {.shift = 1e6},
                                          {.missing = 0.2},
                                          {.missing = 1},
                                          {.infinite = 0.1},
                                          {.infinite = 1},
                                          {.constant_moved = true}};
    static const size_t sizes[] = {0, 1, 2, 7, 60, 1000, 50000};
    struct bench b = bench_new();
    for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
        if (!paths[p]->supported())
            continue;
        struct sweep *s = sweep_of(b.reference, paths[p]);
        for (size_t f = 0; f < sizeof faults / sizeof faults[0]; f++)
            for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
                char what[64];
                struct profile *window = window_of(&b, &faults[f], sizes[n]);
                snprintf(what, sizeof what, "%s, fault %zu, %zu rows", paths[p]->name, f, sizes[n]);
                assert_sweep(s, b.reference, window, what);
                profile_free(window);
            }
        sweep_free(s);
    }
    bench_free(&b);
}

static void the_reference_itself_lies_at_zero(void **state)
{
    (void)state;
    struct bench b = bench_new();
    for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
        if (!paths[p]->supported())
            continue;
        struct sweep *s = sweep_of(b.reference, paths[p]);
        for (size_t i = 0; i < b.ruler->n_series; i++) {
            struct sweep_measures got;
            sweep_measure(s, i, b.reference, &got);
            for (int k = 0; k < MON_N_STATISTICS; k++)
                if (!isnan(got.of[k].value) && !(fabs(got.of[k].value) < 1e-7))
                    fail_msg("%s, %s of %s: %g", paths[p]->name,
                             mon_statistic_name((enum mon_statistic)k), b.ruler->series[i].name,
                             got.of[k].value);
        }
        sweep_free(s);
    }
    bench_free(&b);
}

static void a_reference_without_rows_has_no_values(void **state)
{
    (void)state;
    struct bench b = bench_new();
    struct profile *empty = NULL;
    assert_int_equal(profile_new(b.ruler, &empty, NULL), ERR_OK);
    for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
        if (!paths[p]->supported())
            continue;
        struct sweep *s = sweep_of(empty, paths[p]);
        for (size_t i = 0; i < b.ruler->n_series; i++) {
            struct sweep_measures got;
            sweep_measure(s, i, b.reference, &got);
            for (int k = 0; k < MON_N_STATISTICS; k++)
                assert_true(isnan(got.of[k].value));
        }
        sweep_free(s);
    }
    profile_free(empty);
    bench_free(&b);
}

/* Rows of the reference and of the window that have a value, and for Wasserstein a finite one. */
static void inverse_rows_are_of_the_rows_that_count(void **state)
{
    (void)state;
    struct bench b = bench_new();
    struct sweep *s = sweep_of(b.reference, sweep_best_path());
    struct profile *window = window_of(&b, &(struct fault){.missing = 0.5}, 1000);
    const struct series *at = &b.ruler->series[7]; /* "holes" */
    struct sweep_measures got;
    double reference = N_ROWS - (double)b.reference->counts[at->first_cell + at->missing_cell];
    double finite = 1000 - (double)window->counts[at->first_cell + at->missing_cell];
    sweep_measure(s, 7, window, &got);
    assert_true(finite > 0 && finite < 1000);
    for (int k = 0; k < MON_N_STATISTICS; k++) {
        double all = 1.0 / N_ROWS + 1.0 / 1000, some = 1 / reference + 1 / finite;
        double want = k == MON_WASSERSTEIN ? some : all;
        if (!(fabs(got.of[k].inverse_rows - want) < 1e-15))
            fail_msg("%s: %.17g, expected %.17g", mon_statistic_name((enum mon_statistic)k),
                     got.of[k].inverse_rows, want);
    }
    profile_free(window);
    sweep_free(s);
    bench_free(&b);
}

static void what_is_not_wanted_is_nan(void **state)
{
    (void)state;
    struct bench b = bench_new();
    struct profile *window = window_of(&b, &(struct fault){.shift = 0.1}, 1000);
    for (int wanted = 0; wanted < MON_N_STATISTICS; wanted++) {
        struct sweep *s = NULL;
        struct sweep_measures got;
        assert_int_equal(sweep_new(b.reference, 1u << wanted, &s, NULL), ERR_OK);
        sweep_measure(s, 0, window, &got);
        for (int k = 0; k < MON_N_STATISTICS; k++)
            if (isnan(got.of[k].value) == (k == wanted))
                fail_msg("%s, where only %s is wanted: %g",
                         mon_statistic_name((enum mon_statistic)k),
                         mon_statistic_name((enum mon_statistic)wanted), got.of[k].value);
        sweep_free(s);
    }
    profile_free(window);
    bench_free(&b);
}

int main(void)
{
    for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++)
        if (!paths[p]->supported())
            printf("the %s path is not tested: this processor does not have it\n", paths[p]->name);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_the_statistics_one_by_one),
        cmocka_unit_test(the_reference_itself_lies_at_zero),
        cmocka_unit_test(a_reference_without_rows_has_no_values),
        cmocka_unit_test(what_is_not_wanted_is_nan),
        cmocka_unit_test(inverse_rows_are_of_the_rows_that_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
