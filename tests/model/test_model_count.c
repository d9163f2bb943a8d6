/*
 * test_model_count.c - every path, layout, type and cutting into calls counts alike, bit for bit,
 * and as a loop that looks at every edge of every value.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "ruler_private.h"
#include "shapes.h"
#include "tiny_model.h"

#define N_ROWS 700
#define N_CLASSES 3
#define MAX_FEATURES 40

static const struct count_path *const paths[] = {
#ifdef __x86_64__
    &count_avx512,
#endif
    &count_scalar,
};

/* A ruler over columns of every shape, some of them categories or pii, and wild rows to count. */
struct bench {
    size_t n_features;
    struct schema *schema;
    struct vocabulary *vocabulary;
    struct ruler *ruler;
    double *codes;  /* N_ROWS x n_features */
    double *scores; /* N_ROWS x N_CLASSES */
};

static const char *kind_of(size_t feature)
{
    return feature % 7 == 5    ? "\"categorical\""
           : feature % 11 == 9 ? "\"numeric\",\"pii\":true"
                               : "\"numeric\"";
}

static void make_schema(struct bench *b)
{
    static const char *const three[] = {"a", "b", "c"};
    const char *const *categories[MAX_FEATURES];
    size_t n_categories[MAX_FEATURES];
    char json[64 * (MAX_FEATURES + 4)];
    size_t len = (size_t)sprintf(json, "{\"model\":\"m\",\"features\":[");
    for (size_t i = 0; i < b->n_features; i++) {
        len += (size_t)sprintf(json + len, "%s{\"name\":\"f%zu\",\"type\":%s}", i ? "," : "", i,
                               kind_of(i));
        categories[i] = three;
        n_categories[i] = i % 7 == 5 ? 3 : 0;
    }
    sprintf(json + len, "],\"label\":{\"name\":\"y\",\"type\":\"multiclass\","
                        "\"classes\":[\"p\",\"q\",\"r\"]}}");
    struct err e = {0};
    b->schema = tiny_schema(json);
    if (vocabulary_new(b->schema, categories, n_categories, &b->vocabulary, &e))
        fail_msg("%s", e.message);
}

static void draw(struct bench *b, struct rng *rng)
{
    for (size_t f = 0; f < b->n_features; f++) {
        struct shape_bench column = shape_bench((enum shape)(f % N_SHAPES), N_ROWS);
        for (size_t i = 0; i < N_ROWS; i++)
            b->codes[i * b->n_features + f] =
                f % 7 == 5 ? floor(3 * rng_uniform(rng)) : column.values[i];
        shape_free(&column);
    }
    for (size_t i = 0; i < N_ROWS * N_CLASSES; i++)
        b->scores[i] = (float)rng_uniform(rng);
}

static double near_an_edge(const struct series *s, struct rng *rng)
{
    double edge = s->edges[(size_t)(rng_uniform(rng) * (double)s->n_edges)];
    switch ((int)(5 * rng_uniform(rng))) {
    case 0:
        return edge;
    case 1:
        return nextafter(edge, INFINITY);
    case 2:
        return nextafter(edge, -INFINITY);
    case 3:
        return (float)edge;
    default:
        return nextafterf((float)edge, rng_uniform(rng) < 0.5 ? INFINITY : -INFINITY);
    }
}

static double wild(const struct series *s, struct rng *rng)
{
    static const double values[] = {
        NAN,   INFINITY, -INFINITY, 1e308,   -1e308,  DBL_MAX, -DBL_MAX, FLT_MAX, -FLT_MAX, 0,
        -0.0,  DBL_MIN,  5e-324,    -5e-324, FLT_MIN, 1e-45,   -1e-45,   1e8,     1e10,     -1e10,
        1e300, -1e300,   -1,        0.5,     1.5,     3,       1e6,      2.5,     -999,     2e9};
    if (s->kind == SERIES_NUMERIC && rng_uniform(rng) < 0.6)
        return near_an_edge(s, rng);
    return values[(size_t)(rng_uniform(rng) * (sizeof values / sizeof values[0]))];
}

/* Rows without any wild value, with one, and of nothing else. */
static void make_wild(struct bench *b, struct rng *rng)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        double share = i % 3 == 0 ? 0 : i % 3 == 1 ? 0.1 : 1;
        for (size_t f = 0; f < b->n_features; f++)
            if (rng_uniform(rng) < share)
                b->codes[i * b->n_features + f] = wild(&b->ruler->series[f], rng);
        for (size_t o = 0; o < N_CLASSES; o++)
            if (rng_uniform(rng) < share / 4)
                b->scores[i * N_CLASSES + o] = wild(&b->ruler->series[b->n_features + o], rng);
    }
}

static struct bench bench_new(size_t n_features)
{
    struct bench b = {.n_features = n_features};
    struct ruler_options o;
    struct err e = {0};
    struct rng rng;
    rng_seed(&rng, 77 + n_features);
    b.codes = malloc(N_ROWS * n_features * sizeof *b.codes);
    b.scores = malloc(N_ROWS * N_CLASSES * sizeof *b.scores);
    float *scores = malloc(N_ROWS * N_CLASSES * sizeof *scores);
    make_schema(&b);
    draw(&b, &rng);
    for (size_t i = 0; i < N_ROWS * N_CLASSES; i++)
        scores[i] = (float)b.scores[i];
    ruler_options_init(&o);
    if (ruler_fit(b.schema, b.vocabulary, b.codes, scores, N_ROWS, &o, &b.ruler, &e))
        fail_msg("%s", e.message);
    make_wild(&b, &rng);
    free(scores);
    return b;
}

static void bench_free(struct bench *b)
{
    ruler_free(b->ruler);
    vocabulary_free(b->vocabulary);
    schema_free(b->schema);
    free(b->codes);
    free(b->scores);
}

static struct profile *empty(const struct bench *b)
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
    for (size_t i = 0; i < N_CLASSES; i++) {
        if (isnan(scores[i]))
            return NAN;
        top = scores[i] > scores[top] ? i : top;
    }
    return (double)top;
}

static struct profile *naive(const struct bench *b)
{
    struct profile *p = empty(b);
    for (size_t i = 0; i < N_ROWS; i++) {
        for (size_t f = 0; f < b->n_features; f++)
            count_value(p, f, b->codes[i * b->n_features + f]);
        for (size_t o = 0; o < N_CLASSES; o++)
            count_value(p, b->n_features + o, b->scores[i * N_CLASSES + o]);
        count_value(p, b->n_features + N_CLASSES, class_of(b->scores + i * N_CLASSES));
    }
    p->n_rows = N_ROWS;
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
    struct copy c = {.memory = malloc((N_ROWS * n_columns + 1) * sizeof(double))};
    float *f = (float *)c.memory + 1;
    double *d = (double *)c.memory + 1;
    for (size_t i = 0; i < N_ROWS; i++)
        for (size_t j = 0; j < n_columns; j++) {
            size_t at = columns ? j * N_ROWS + i : i * n_columns + j;
            if (f32)
                f[at] = (float)x[i * n_columns + j];
            else
                d[at] = x[i * n_columns + j];
        }
    if (f32)
        c.view = columns ? matrix_columns_f32(f, N_ROWS) : matrix_rows_f32(f, n_columns);
    else
        c.view = columns ? matrix_columns_f64(d, N_ROWS) : matrix_rows_f64(d, n_columns);
    return c;
}

static void count_copy(struct profile *p, const struct count_path *path, const struct bench *b,
                       bool f32, bool columns, size_t rows_a_call)
{
    struct copy codes = copy_table(b->codes, b->n_features, f32, columns);
    struct copy scores = copy_table(b->scores, N_CLASSES, f32, columns);
    for (size_t i = 0; i < N_ROWS; i += rows_a_call) {
        struct matrix_view x = matrix_from(&codes.view, i, 0), y = matrix_from(&scores.view, i, 0);
        count_rows(path, p, &x, &y, N_ROWS - i < rows_a_call ? N_ROWS - i : rows_a_call);
    }
    free(codes.memory);
    free(scores.memory);
}

static void assert_all_ways(const struct bench *b, const struct profile *want, bool f32)
{
    static const size_t rows_a_call[] = {N_ROWS, 1, 5, 63, 65};
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
    for (size_t n = 1; n <= MAX_FEATURES; n++) {
        struct bench b = bench_new(n);
        struct profile *want = naive(&b);
        assert_all_ways(&b, want, false);
        profile_free(want);
        bench_free(&b);
    }
}

static void floats_count_as_the_doubles_of_the_same_value(void **state)
{
    (void)state;
    for (size_t n = 1; n <= MAX_FEATURES; n += 3) {
        struct bench b = bench_new(n);
        for (size_t i = 0; i < N_ROWS * n; i++)
            b.codes[i] = (float)b.codes[i];
        for (size_t i = 0; i < N_ROWS * N_CLASSES; i++)
            b.scores[i] = (float)b.scores[i];
        struct profile *want = naive(&b);
        assert_all_ways(&b, want, true);
        profile_free(want);
        bench_free(&b);
    }
}

static void no_rows_change_nothing(void **state)
{
    (void)state;
    struct bench b = bench_new(9);
    struct profile *got = empty(&b), *want = empty(&b);
    struct matrix_view codes = matrix_rows_f64(b.codes, 9);
    for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++)
        if (paths[p]->supported())
            count_rows(paths[p], got, &codes, NULL, 0);
    assert_alike(got, want, "no rows");
    profile_free(got);
    profile_free(want);
    bench_free(&b);
}

static void predictions_that_are_not_given_count_as_missing(void **state)
{
    (void)state;
    struct bench b = bench_new(9);
    struct profile *got = empty(&b), *want = empty(&b);
    struct matrix_view codes = matrix_rows_f64(b.codes, 9);
    double none[N_ROWS * N_CLASSES];
    for (size_t i = 0; i < N_ROWS * N_CLASSES; i++)
        none[i] = NAN;
    struct matrix_view missing = matrix_rows_f64(none, N_CLASSES);
    profile_count_view(got, &codes, NULL, N_ROWS);
    profile_count_view(want, &codes, &missing, N_ROWS);
    assert_alike(got, want, "no predictions");
    assert_int_equal(profile_check(got, NULL), ERR_OK);
    profile_free(got);
    profile_free(want);
    bench_free(&b);
}

static void columns_far_apart_in_a_wider_table_are_counted(void **state)
{
    (void)state;
    enum { WIDTH = 50, AT = 3, N = 10 };
    struct bench b = bench_new(N);
    double *wide = malloc(N_ROWS * WIDTH * sizeof *wide);
    for (size_t i = 0; i < N_ROWS * WIDTH; i++)
        wide[i] = 1e9;
    for (size_t i = 0; i < N_ROWS; i++)
        for (size_t j = 0; j < N; j++)
            wide[i * WIDTH + AT + 4 * j] = b.codes[i * N + j];
    struct matrix_view view = {.f64 = wide + AT, .row_stride = WIDTH, .column_stride = 4};
    struct matrix_view scores = matrix_rows_f64(b.scores, N_CLASSES);
    struct profile *want = naive(&b);
    for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
        if (!paths[p]->supported())
            continue;
        struct profile *got = empty(&b);
        count_rows(paths[p], got, &view, &scores, N_ROWS);
        assert_alike(got, want, paths[p]->name);
        profile_free(got);
    }
    profile_free(want);
    free(wide);
    bench_free(&b);
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
        struct bench b = bench_new(4); /* column 0 is normal */
        struct shape_bench normal = shape_bench(NORMAL, N_ROWS);
        float scores[N_ROWS * N_CLASSES] = {0};
        struct ruler_options o;
        ruler_options_init(&o);
        for (size_t i = 0; i < N_ROWS; i++)
            b.codes[4 * i] = offsets[k] + normal.values[i];
        ruler_free(b.ruler);
        assert_int_equal(
            ruler_fit(b.schema, b.vocabulary, b.codes, scores, N_ROWS, &o, &b.ruler, NULL), ERR_OK);
        for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
            if (!paths[p]->supported())
                continue;
            struct profile *counted = empty(&b);
            struct matrix_view view = matrix_rows_f64(b.codes, 4);
            count_rows(paths[p], counted, &view, NULL, N_ROWS);
            assert_moments(counted, wanted(b.codes, N_ROWS, 4, offsets[k]), paths[p]->name);
            profile_free(counted);
        }
        shape_free(&normal);
        bench_free(&b);
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
