/*
 * test_model_count.c - every path, layout, type and cutting into calls counts alike, bit for bit,
 * and as a loop that looks at every edge of every value.
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

#include "ruler_private.h"
#include "shapes.h"
#include "wild.h"

static const struct count_path *const paths[] = {
#ifdef __x86_64__
    &count_avx512,
#endif
    &count_scalar,
};

static struct profile *empty(const struct wild *b)
{
    struct profile *p = NULL;
    assert_int_equal(profile_new(b->ruler, &p, NULL), ERR_OK);
    return p;
}

/* The oracle: one value, by its definition. */
static void count_value(struct profile *p, size_t series, double x)
{
    const struct series *s = &p->ruler->series[series];
    const struct grid *g = &ruler_private(p->ruler)->grids[series];
    struct moments *m = &p->moments[series];
    size_t cell = series_cell(s, x);
    p->counts[s->first_cell + cell]++;
    if (s->kind != SERIES_NUMERIC || !isfinite(x))
        return;
    double from_shift = fmin(fmax(x - g->shift, -g->reach), g->reach);
    m->n++;
    m->sum += from_shift;
    m->sum_sq += from_shift * from_shift;
    m->min = x < m->min ? x : m->min;
    m->max = x > m->max ? x : m->max;
}

static double class_of(const double *scores)
{
    size_t top = 0;
    for (size_t i = 0; i < WILD_CLASSES; i++) {
        if (isnan(scores[i]))
            return NAN;
        top = scores[i] > scores[top] ? i : top;
    }
    return (double)top;
}

static struct profile *naive(const struct wild *b)
{
    struct profile *p = empty(b);
    for (size_t i = 0; i < WILD_ROWS; i++) {
        for (size_t f = 0; f < b->n_features; f++)
            count_value(p, f, b->codes[i * b->n_features + f]);
        for (size_t o = 0; o < WILD_CLASSES; o++)
            count_value(p, b->n_features + o, b->scores[i * WILD_CLASSES + o]);
        count_value(p, b->n_features + WILD_CLASSES, class_of(b->scores + i * WILD_CLASSES));
    }
    p->n_rows = WILD_ROWS;
    return p;
}

static void assert_alike(const struct profile *got, const struct profile *want, const char *what)
{
    const struct ruler *r = want->ruler;
    assert_int_equal(got->n_rows, want->n_rows);
    for (size_t i = 0; i < r->n_series; i++) {
        const struct series *s = &r->series[i];
        for (size_t c = s->first_cell; c < s->first_cell + s->n_cells; c++)
            if (got->counts[c] != want->counts[c])
                fail_msg("%s, %zu features, series %s, cell %zu of %zu: %llu, expected %llu", what,
                         r->n_features, s->name, c - s->first_cell, s->n_cells,
                         (unsigned long long)got->counts[c], (unsigned long long)want->counts[c]);
        const struct moments *a = &got->moments[i], *b = &want->moments[i];
        if (memcmp(a, b, sizeof *a) != 0)
            fail_msg("%s, %zu features, series %s: n %g sum %a squares %a min %a max %a, expected "
                     "%g %a %a %a %a",
                     what, r->n_features, s->name, a->n, a->sum, a->sum_sq, a->min, a->max, b->n,
                     b->sum, b->sum_sq, b->min, b->max);
    }
}

/* Row- or column-major copy of a table, one value past the start of its memory, so that no row of
 * it is aligned to more than its type. */
struct copy {
    void *memory;
    struct matrix_view view;
};

static struct copy copy_table(const double *x, size_t n_columns, bool f32, bool columns)
{
    struct copy c = {.memory = malloc((WILD_ROWS * n_columns + 1) * sizeof(double))};
    float *f = (float *)c.memory + 1;
    double *d = (double *)c.memory + 1;
    for (size_t i = 0; i < WILD_ROWS; i++)
        for (size_t j = 0; j < n_columns; j++) {
            size_t at = columns ? j * WILD_ROWS + i : i * n_columns + j;
            if (f32)
                f[at] = (float)x[i * n_columns + j];
            else
                d[at] = x[i * n_columns + j];
        }
    if (f32)
        c.view = columns ? matrix_columns_f32(f, WILD_ROWS) : matrix_rows_f32(f, n_columns);
    else
        c.view = columns ? matrix_columns_f64(d, WILD_ROWS) : matrix_rows_f64(d, n_columns);
    return c;
}

static void count_copy(struct profile *p, const struct count_path *path, const struct wild *b,
                       bool f32, bool columns, size_t rows_a_call)
{
    struct copy codes = copy_table(b->codes, b->n_features, f32, columns);
    struct copy scores = copy_table(b->scores, WILD_CLASSES, f32, columns);
    for (size_t i = 0; i < WILD_ROWS; i += rows_a_call) {
        struct matrix_view x = matrix_from(&codes.view, i, 0), y = matrix_from(&scores.view, i, 0);
        count_rows(path, p, &x, &y, WILD_ROWS - i < rows_a_call ? WILD_ROWS - i : rows_a_call);
    }
    free(codes.memory);
    free(scores.memory);
}

static void assert_all_ways(const struct wild *b, const struct profile *want, bool f32)
{
    static const size_t rows_a_call[] = {WILD_ROWS, 1, 5, 63, 65};
    for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
        if (!paths[p]->supported())
            continue;
        for (size_t k = 0; k < sizeof rows_a_call / sizeof rows_a_call[0]; k++)
            for (int columns = 0; columns < 2; columns++) {
                char what[128];
                struct profile *got = empty(b);
                snprintf(what, sizeof what, "%s, f%d, %s, %zu rows a call", paths[p]->name,
                         f32 ? 32 : 64, columns ? "columns" : "rows", rows_a_call[k]);
                count_copy(got, paths[p], b, f32, columns, rows_a_call[k]);
                assert_alike(got, want, what);
                profile_free(got);
            }
    }
}

static void every_path_layout_and_batch_counts_doubles_as_the_edges_say(void **state)
{
    (void)state;
    for (size_t n = 1; n <= WILD_MAX_FEATURES; n++) {
        struct wild b = wild_new(n);
        struct profile *want = naive(&b);
        assert_all_ways(&b, want, false);
        profile_free(want);
        wild_free(&b);
    }
}

static void floats_count_as_the_doubles_of_the_same_value(void **state)
{
    (void)state;
    for (size_t n = 1; n <= WILD_MAX_FEATURES; n += 3) {
        struct wild b = wild_new(n);
        for (size_t i = 0; i < WILD_ROWS * n; i++)
            b.codes[i] = (float)b.codes[i];
        for (size_t i = 0; i < WILD_ROWS * WILD_CLASSES; i++)
            b.scores[i] = (float)b.scores[i];
        struct profile *want = naive(&b);
        assert_all_ways(&b, want, true);
        profile_free(want);
        wild_free(&b);
    }
}

static void no_rows_change_nothing(void **state)
{
    (void)state;
    struct wild b = wild_new(9);
    struct profile *got = empty(&b), *want = empty(&b);
    struct matrix_view codes = matrix_rows_f64(b.codes, 9);
    for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++)
        if (paths[p]->supported())
            count_rows(paths[p], got, &codes, NULL, 0);
    assert_alike(got, want, "no rows");
    profile_free(got);
    profile_free(want);
    wild_free(&b);
}

static void predictions_that_are_not_given_count_as_missing(void **state)
{
    (void)state;
    struct wild b = wild_new(9);
    struct profile *got = empty(&b), *want = empty(&b);
    struct matrix_view codes = matrix_rows_f64(b.codes, 9);
    double none[WILD_ROWS * WILD_CLASSES];
    for (size_t i = 0; i < WILD_ROWS * WILD_CLASSES; i++)
        none[i] = NAN;
    struct matrix_view missing = matrix_rows_f64(none, WILD_CLASSES);
    profile_count_view(got, &codes, NULL, WILD_ROWS);
    profile_count_view(want, &codes, &missing, WILD_ROWS);
    assert_alike(got, want, "no predictions");
    assert_int_equal(profile_check(got, NULL), ERR_OK);
    profile_free(got);
    profile_free(want);
    wild_free(&b);
}

static void columns_far_apart_in_a_wider_table_are_counted(void **state)
{
    (void)state;
    enum { WIDTH = 50, AT = 3, N = 10 };
    struct wild b = wild_new(N);
    double *wide = malloc(WILD_ROWS * WIDTH * sizeof *wide);
    for (size_t i = 0; i < WILD_ROWS * WIDTH; i++)
        wide[i] = 1e9;
    for (size_t i = 0; i < WILD_ROWS; i++)
        for (size_t j = 0; j < N; j++)
            wide[i * WIDTH + AT + 4 * j] = b.codes[i * N + j];
    struct matrix_view view = {.f64 = wide + AT, .row_stride = WIDTH, .column_stride = 4};
    struct matrix_view scores = matrix_rows_f64(b.scores, WILD_CLASSES);
    struct profile *want = naive(&b);
    for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
        if (!paths[p]->supported())
            continue;
        struct profile *got = empty(&b);
        count_rows(paths[p], got, &view, &scores, WILD_ROWS);
        assert_alike(got, want, paths[p]->name);
        profile_free(got);
    }
    profile_free(want);
    free(wide);
    wild_free(&b);
}

struct moments_wanted {
    double mean, variance;
};

/* In long double, two passes. */
static struct moments_wanted wanted(const double *x, size_t n, size_t stride, double offset)
{
    long double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i * stride] - (long double)offset;
    for (size_t i = 0; i < n; i++) {
        long double d = x[i * stride] - (long double)offset - sum / n;
        squares += d * d;
    }
    return (struct moments_wanted){(double)(offset + sum / n), (double)(squares / (n - 1))};
}

static void assert_moments(const struct profile *p, struct moments_wanted want, const char *path)
{
    double mean = moments_mean(&p->moments[0], series_shift(p->ruler, 0));
    double variance = moments_variance(&p->moments[0]);
    double ulp = nextafter(want.mean, INFINITY) - want.mean;
    if (fabs(mean - want.mean) > 2 * ulp || fabs(variance - want.variance) > 1e-12)
        fail_msg("%s: mean %.17g, expected %.17g; variance %.17g, expected %.17g", path, mean,
                 want.mean, variance, want.variance);
}

static void moments_of_an_offset_are_exact_on_every_path(void **state)
{
    (void)state;
    static const double offsets[] = {0, 1e8, -1e8, 1e10};
    for (size_t k = 0; k < sizeof offsets / sizeof offsets[0]; k++) {
        struct wild b = wild_new(4); /* column 0 is normal */
        struct shape_bench normal = shape_bench(NORMAL, WILD_ROWS);
        float scores[WILD_ROWS * WILD_CLASSES] = {0};
        struct ruler_options o;
        ruler_options_init(&o);
        for (size_t i = 0; i < WILD_ROWS; i++)
            b.codes[4 * i] = offsets[k] + normal.values[i];
        ruler_free(b.ruler);
        assert_int_equal(
            ruler_fit(b.schema, b.vocabulary, b.codes, scores, WILD_ROWS, &o, &b.ruler, NULL),
            ERR_OK);
        for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
            if (!paths[p]->supported())
                continue;
            struct profile *counted = empty(&b);
            struct matrix_view view = matrix_rows_f64(b.codes, 4);
            count_rows(paths[p], counted, &view, NULL, WILD_ROWS);
            assert_moments(counted, wanted(b.codes, WILD_ROWS, 4, offsets[k]), paths[p]->name);
            profile_free(counted);
        }
        shape_free(&normal);
        wild_free(&b);
    }
}

int main(void)
{
    for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++)
        if (!paths[p]->supported())
            printf("the %s path is not tested: this processor does not have it\n", paths[p]->name);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_layout_and_batch_counts_doubles_as_the_edges_say),
        cmocka_unit_test(floats_count_as_the_doubles_of_the_same_value),
        cmocka_unit_test(no_rows_change_nothing),
        cmocka_unit_test(predictions_that_are_not_given_count_as_missing),
        cmocka_unit_test(columns_far_apart_in_a_wider_table_are_counted),
        cmocka_unit_test(moments_of_an_offset_are_exact_on_every_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
