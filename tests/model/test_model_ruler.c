/*
 * test_model_ruler.c - the grid: counted where the edges say, fine where the reference is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "shapes.h"
#include "tiny_model.h"

/* The oracle: looks at every edge. */
static size_t naive_cell(const struct series *s, double x)
{
    if (isnan(x))
        return s->missing_cell;
    if (isinf(x))
        return s->infinite_cell;
    size_t cell = 0;
    for (size_t i = 0; i < s->n_edges; i++)
        cell += x >= s->edges[i];
    return cell;
}

static void assert_counted_in(const struct ruler *r, double x)
{
    const struct series *s = &r->series[0];
    float score = 0;
    struct profile *p = shape_count(r, &x, &score, 1);
    size_t want = naive_cell(s, x), got = SIZE_MAX;
    for (size_t c = 0; c < s->n_cells; c++)
        if (p->counts[s->first_cell + c])
            got = c;
    if (got != want || series_cell(s, x) != want)
        fail_msg("%.17g: counted in cell %zu, series_cell says %zu, the edges say %zu", x, got,
                 series_cell(s, x), want);
    profile_free(p);
}

static size_t cells_between(const struct series *s, double low, double high)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_edges; i++)
        n += s->edges[i] >= low && s->edges[i] <= high;
    return n;
}

static void fast_path_counts_where_the_edges_say_for_every_shape(void **state)
{
    (void)state;
    static const double wild[] = {NAN,      INFINITY, -INFINITY, 1e308,   -1e308, DBL_MAX,
                                  -DBL_MAX, 0,        -0.0,      DBL_MIN, 5e-324, -5e-324,
                                  1e10,     -1e10,    1e300,     -1e300};
    for (int shape = 0; shape < N_SHAPES; shape++) {
        struct shape_bench b = shape_bench((enum shape)shape, 5000);
        const struct series *s = &b.ruler->series[0];
        for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++)
            assert_counted_in(b.ruler, wild[i]);
        for (size_t i = 0; i < s->n_edges; i++) {
            assert_counted_in(b.ruler, s->edges[i]);
            assert_counted_in(b.ruler, nextafter(s->edges[i], INFINITY));
            assert_counted_in(b.ruler, nextafter(s->edges[i], -INFINITY));
            if (i > 0)
                assert_counted_in(b.ruler, s->edges[i - 1] / 2 + s->edges[i] / 2);
        }
        for (size_t i = 0; i < 500; i++)
            assert_counted_in(b.ruler, b.values[i] * 1.7);
        shape_free(&b);
    }
}

static void edges_are_finite_and_ascending_for_every_shape(void **state)
{
    (void)state;
    for (int shape = 0; shape < N_SHAPES; shape++) {
        struct shape_bench b = shape_bench((enum shape)shape, 5000);
        const struct series *s = &b.ruler->series[0];
        assert_true(s->n_edges >= 1);
        for (size_t i = 0; i < s->n_edges; i++)
            if (!isfinite(s->edges[i]) || (i && s->edges[i] <= s->edges[i - 1]))
                fail_msg("shape %d, edge %zu: %.17g", shape, i, s->edges[i]);
        shape_free(&b);
    }
}

static void one_outlier_does_not_widen_the_core(void **state)
{
    (void)state;
    struct shape_bench clean = shape_bench(NORMAL, 5000), outlier = shape_bench(ONE_OUTLIER, 5000);
    size_t a = cells_between(&clean.ruler->series[0], -2, 2);
    size_t b = cells_between(&outlier.ruler->series[0], -2, 2);
    if (a < 50 || b < 50)
        fail_msg("edges within two sigma: %zu without the outlier, %zu with it", a, b);
    assert_true(series_cell(&outlier.ruler->series[0], 1000) <
                outlier.ruler->series[0].n_edges); /* no overflow */
    shape_free(&clean);
    shape_free(&outlier);
}

static void an_offset_of_1e10_costs_no_resolution(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(HUGE_OFFSET, 5000);
    size_t n = cells_between(&b.ruler->series[0], 1e10 - 2, 1e10 + 2);
    if (n < 50)
        fail_msg("%zu edges within two sigma, expected 50 or more", n);
    shape_free(&b);
}

static void a_frequent_value_has_a_cell_of_its_own(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(ZERO_INFLATED, 5000);
    const struct series *s = &b.ruler->series[0];
    size_t at = series_cell(s, 0);
    assert_true(series_cell(s, nextafter(0, 1)) != at);
    assert_true(series_cell(s, nextafter(0, -1)) != at);
    size_t zeros = 0;
    for (size_t i = 0; i < b.n; i++)
        zeros += b.values[i] == 0;
    struct profile *p = shape_count(b.ruler, b.values, b.scores, b.n);
    assert_int_equal(p->counts[s->first_cell + at], zeros);
    profile_free(p);
    shape_free(&b);
}

static void a_sentinel_does_not_cost_the_others_their_resolution(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(SENTINEL, 5000);
    size_t n = cells_between(&b.ruler->series[0], 1980, 2020);
    if (n < 50)
        fail_msg("%zu edges over the years 1980 to 2020 beside a -999, expected 50 or more", n);
    shape_free(&b);
}

static void groups_are_deciles_of_the_reference(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(NORMAL, 20000);
    const struct series *s = &b.ruler->series[0];
    struct profile *p = shape_count(b.ruler, b.values, b.scores, b.n);
    assert_int_equal(s->n_groups, 12); /* ten, infinite, missing */
    uint64_t held[12] = {0};
    for (size_t c = 0; c < s->n_cells; c++) {
        if (c && c < s->infinite_cell)
            assert_true(s->group_of[c] >= s->group_of[c - 1]);
        held[s->group_of[c]] += p->counts[s->first_cell + c];
    }
    for (size_t g = 0; g < 10; g++)
        if (held[g] < 1600 || held[g] > 2400)
            fail_msg("group %zu holds %llu of 20000, expected about 2000", g,
                     (unsigned long long)held[g]);
    profile_free(p);
    shape_free(&b);
}

static void every_numeric_group_holds_some_of_the_reference(void **state)
{
    (void)state;
    for (int shape = 0; shape < ALL_MISSING; shape++) {
        struct shape_bench b = shape_bench((enum shape)shape, 3000);
        const struct series *s = &b.ruler->series[0];
        struct profile *p = shape_count(b.ruler, b.values, b.scores, b.n);
        for (size_t g = 0; g + 2 < s->n_groups; g++) {
            uint64_t held = 0;
            for (size_t c = 0; c < s->n_cells; c++)
                held += s->group_of[c] == g ? p->counts[s->first_cell + c] : 0;
            if (!held && shape != EXTREME)
                fail_msg("shape %d: group %zu of %zu is empty", shape, g, s->n_groups);
        }
        profile_free(p);
        shape_free(&b);
    }
}

static void probabilities_of_0_and_1_are_inside_the_grid(void **state)
{
    (void)state;
    struct err e = {0};
    struct schema *s = tiny_schema(shape_loan);
    const size_t none[] = {0, 0};
    struct vocabulary *v = NULL;
    struct ruler *r = NULL;
    struct ruler_options o;
    ruler_options_init(&o);
    double codes[2 * 500];
    float scores[500];
    struct rng rng;
    rng_seed(&rng, 5);
    for (size_t i = 0; i < 500; i++) {
        codes[2 * i] = codes[2 * i + 1] = NAN;
        scores[i] = (float)(0.01 * rng_uniform(&rng)); /* a rare event */
    }
    assert_int_equal(vocabulary_new(s, NULL, none, &v, &e), ERR_OK);
    assert_int_equal(ruler_fit(s, v, codes, scores, 500, &o, &r, &e), ERR_OK);
    const struct series *p = &r->series[2];
    assert_true(p->edges[0] <= 0 && p->edges[p->n_edges - 1] > 1);
    size_t n = cells_between(p, 0, 0.01);
    if (n < 100)
        fail_msg("%zu edges in 0..0.01 where all scores are, expected 100 or more", n);
    ruler_free(r);
    vocabulary_free(v);
    schema_free(s);
}

static void a_ruler_comes_back_from_its_tensors(void **state)
{
    (void)state;
    for (int shape = 0; shape < N_SHAPES; shape++) {
        struct shape_bench b = shape_bench((enum shape)shape, 2000);
        struct st_writer *w = st_writer_new();
        struct st_file *f = NULL;
        struct ruler *back = NULL;
        struct err e = {0};
        void *keep = NULL, *bytes = NULL;
        size_t size = 0;
        if (ruler_to_st(b.ruler, w, &keep, &e) || st_writer_memory(w, &bytes, &size, &e) ||
            st_open_memory(bytes, size, &f, &e) ||
            ruler_from_st(f, b.schema, b.vocabulary, &back, &e))
            fail_msg("shape %d: %s", shape, e.message);
        struct profile *here = shape_count(b.ruler, b.values, b.scores, b.n);
        struct profile *there = shape_count(back, b.values, b.scores, b.n);
        assert_int_equal(b.ruler->n_cells, back->n_cells);
        assert_memory_equal(here->counts, there->counts, back->n_cells * sizeof(uint64_t));
        assert_memory_equal(here->moments, there->moments, back->n_series * sizeof(struct moments));
        for (size_t c = 0; c < back->series[0].n_cells; c++)
            assert_int_equal(back->series[0].group_of[c], b.ruler->series[0].group_of[c]);
        profile_free(here);
        profile_free(there);
        ruler_free(back);
        st_close(f);
        free(keep);
        free(bytes);
        st_writer_free(w);
        shape_free(&b);
    }
}

static void a_ruler_needs_no_predictions(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(NORMAL, 500);
    struct ruler_options o;
    struct ruler *r = NULL;
    struct err e = {0};
    ruler_options_init(&o);
    assert_int_equal(ruler_fit(b.schema, b.vocabulary, b.values, NULL, b.n, &o, &r, &e), ERR_OK);
    assert_int_equal(r->series[0].n_edges, b.ruler->series[0].n_edges);
    assert_memory_equal(r->series[0].edges, b.ruler->series[0].edges,
                        r->series[0].n_edges * sizeof(double));
    struct profile *p = shape_count(r, b.values, NULL, b.n);
    const struct series *prediction = &r->series[1];
    assert_int_equal(p->counts[prediction->first_cell + prediction->missing_cell], b.n);
    profile_free(p);
    ruler_free(r);
    shape_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fast_path_counts_where_the_edges_say_for_every_shape),
        cmocka_unit_test(edges_are_finite_and_ascending_for_every_shape),
        cmocka_unit_test(one_outlier_does_not_widen_the_core),
        cmocka_unit_test(an_offset_of_1e10_costs_no_resolution),
        cmocka_unit_test(a_frequent_value_has_a_cell_of_its_own),
        cmocka_unit_test(a_sentinel_does_not_cost_the_others_their_resolution),
        cmocka_unit_test(groups_are_deciles_of_the_reference),
        cmocka_unit_test(every_numeric_group_holds_some_of_the_reference),
        cmocka_unit_test(probabilities_of_0_and_1_are_inside_the_grid),
        cmocka_unit_test(a_ruler_needs_no_predictions),
        cmocka_unit_test(a_ruler_comes_back_from_its_tensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
