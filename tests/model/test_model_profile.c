/*
 * test_model_profile.c - counts, moments and quantiles against naive ones on the raw values; sums
 * and differences of profiles.
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

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void a_block_of_rows_counts_like_its_rows_one_by_one(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(CAUCHY, 1000);
    b.values[3] = NAN;
    b.values[700] = INFINITY;
    struct profile *all = shape_count(b.ruler, b.values, b.scores, b.n);
    struct profile *single = shape_count(b.ruler, NULL, NULL, 0);
    for (size_t i = 0; i < b.n; i++)
        profile_count(single, b.values + i, b.scores + i, 1);
    assert_int_equal(all->n_rows, single->n_rows);
    assert_memory_equal(all->counts, single->counts, b.ruler->n_cells * sizeof(uint64_t));
    for (size_t i = 0; i < b.ruler->n_series; i++) {
        const struct moments *m = &all->moments[i], *n = &single->moments[i];
        assert_true(m->n == n->n && m->min == n->min && m->max == n->max);
        if (fabs(m->sum - n->sum) > 1e-12 * sqrt(m->n * m->sum_sq) ||
            fabs(m->sum_sq - n->sum_sq) > 1e-12 * m->sum_sq) /* added in another order */
            fail_msg("sums %.17g and %.17g, squares %.17g and %.17g", m->sum, n->sum, m->sum_sq,
                     n->sum_sq);
    }
    profile_free(all);
    profile_free(single);
    shape_free(&b);
}

static void a_constant_feature_has_a_cell_for_its_value(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(CONSTANT, 100);
    const struct series *s = &b.ruler->series[0];
    size_t at = series_cell(s, 42.5);
    assert_true(series_cell(s, 42.4) < at);
    assert_true(series_cell(s, nextafter(42.5, 100)) > at);
    double moved = 44.5;
    float score = 0;
    struct profile *p = shape_count(b.ruler, &moved, &score, 1);
    double mean = moments_mean(&p->moments[0], series_shift(b.ruler, 0));
    if (mean != 44.5)
        fail_msg("mean %.17g, expected 44.5", mean);
    profile_free(p);
    shape_free(&b);
}

static void a_feature_that_is_always_missing_still_counts(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(ALL_MISSING, 50);
    const struct series *s = &b.ruler->series[0];
    struct profile *p = shape_count(b.ruler, b.values, b.scores, b.n);
    assert_int_equal(p->counts[s->first_cell + s->missing_cell], 50);
    assert_true(isnan(moments_mean(&p->moments[0], series_shift(b.ruler, 0))));
    assert_true(isnan(series_quantile(s, p->counts + s->first_cell, 0.5)));
    profile_free(p);
    shape_free(&b);
}

static void moments_survive_an_offset_of_1e10(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(HUGE_OFFSET, 5000);
    struct profile *p = shape_count(b.ruler, b.values, b.scores, b.n);
    long double sum = 0, squares = 0;
    for (size_t i = 0; i < b.n; i++)
        sum += b.values[i] - 1e10L;
    long double mean = sum / b.n;
    for (size_t i = 0; i < b.n; i++)
        squares += (b.values[i] - 1e10L - mean) * (b.values[i] - 1e10L - mean);
    double want_mean = (double)(1e10L + mean), want_var = (double)(squares / (b.n - 1));
    double got_mean = moments_mean(&p->moments[0], series_shift(b.ruler, 0));
    double got_var = moments_variance(&p->moments[0]);
    if (fabs(got_mean - want_mean) > 4e-6 || fabs(got_var - want_var) > 1e-9)
        fail_msg("mean %.17g, expected %.17g; variance %.17g, expected %.17g", got_mean, want_mean,
                 got_var, want_var);
    profile_free(p);
    shape_free(&b);
}

static void one_wild_value_does_not_spoil_the_moments_of_later_windows(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(NORMAL, 2000);
    double wild = 1e308;
    float score = 0;
    struct profile *p = shape_count(b.ruler, &wild, &score, 1);
    struct profile *earlier = shape_count(b.ruler, &wild, &score, 1);
    profile_count(p, b.values, b.scores, b.n);
    assert_int_equal(profile_subtract(p, earlier, NULL), ERR_OK);
    struct profile *want = shape_count(b.ruler, b.values, b.scores, b.n);
    double got = moments_mean(&p->moments[0], series_shift(b.ruler, 0));
    double mean = moments_mean(&want->moments[0], series_shift(b.ruler, 0));
    if (fabs(got - mean) > 1e-6)
        fail_msg("mean %.17g, expected %.17g", got, mean);
    profile_free(p);
    profile_free(earlier);
    profile_free(want);
    shape_free(&b);
}

static void merge_then_subtract_gives_the_counts_back_exactly(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(LOG_NORMAL, 3000);
    struct profile *first = shape_count(b.ruler, b.values, b.scores, 1000);
    struct profile *second = shape_count(b.ruler, b.values + 1000, b.scores + 1000, 2000);
    struct profile *all = shape_count(b.ruler, b.values, b.scores, 3000);
    size_t bytes = b.ruler->n_cells * sizeof(uint64_t);
    struct profile *sum = shape_count(b.ruler, b.values, b.scores, 1000);
    profile_merge(sum, second);
    assert_memory_equal(sum->counts, all->counts, bytes);
    assert_int_equal(sum->n_rows, 3000);
    assert_int_equal(profile_subtract(sum, first, NULL), ERR_OK);
    assert_memory_equal(sum->counts, second->counts, bytes);
    assert_int_equal(sum->n_rows, 2000);
    assert_true(sum->moments[0].n == 2000);
    profile_free(first);
    profile_free(second);
    profile_free(all);
    profile_free(sum);
    shape_free(&b);
}

static void subtracting_more_than_was_counted_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(NORMAL, 100);
    struct profile *p = shape_count(b.ruler, b.values, b.scores, 50);
    struct profile *more = shape_count(b.ruler, b.values, b.scores, 100);
    struct profile *before = shape_count(b.ruler, b.values, b.scores, 50);
    struct err e = {0};
    assert_int_equal(profile_subtract(p, more, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "series x"));
    assert_memory_equal(p->counts, before->counts, b.ruler->n_cells * sizeof(uint64_t));
    assert_memory_equal(p->moments, before->moments, b.ruler->n_series * sizeof(struct moments));
    profile_free(p);
    profile_free(more);
    profile_free(before);
    shape_free(&b);
}

static void quantiles_are_within_a_cell_of_the_sorted_values(void **state)
{
    (void)state;
    static const enum shape shapes[] = {NORMAL, HUGE_OFFSET, LOG_NORMAL, ONE_OUTLIER};
    for (size_t k = 0; k < 4; k++) {
        struct shape_bench b = shape_bench(shapes[k], 5000);
        const struct series *s = &b.ruler->series[0];
        struct profile *p = shape_count(b.ruler, b.values, b.scores, b.n);
        qsort(b.values, b.n, sizeof *b.values, ascending);
        for (double q = 0.01; q < 1; q += 0.07) {
            double got = series_quantile(s, p->counts + s->first_cell, q);
            double want = b.values[(size_t)ceil(q * (double)b.n) - 1];
            size_t cell = series_cell(s, want);
            double width = s->edges[cell] - s->edges[cell - 1];
            if (fabs(got - want) > width)
                fail_msg("shape %d, q %g: %.10g, the sorted values say %.10g, cell width %g",
                         shapes[k], q, got, want, width);
        }
        profile_free(p);
        shape_free(&b);
    }
}

static void the_median_of_a_point_mass_is_its_value(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(MOSTLY_ONE_VALUE, 5000);
    const struct series *s = &b.ruler->series[0];
    struct profile *p = shape_count(b.ruler, b.values, b.scores, b.n);
    double got = series_quantile(s, p->counts + s->first_cell, 0.5);
    if (got != -1)
        fail_msg("median %.17g, expected -1", got);
    profile_free(p);
    shape_free(&b);
}

static void categories_unseen_missing_and_pii_are_counted(void **state)
{
    (void)state;
    struct err e = {0};
    struct schema *s = tiny_schema(shape_loan);
    const char *zips[] = {"a", "b"};
    const char *const *categories[] = {zips, NULL};
    const size_t n_categories[] = {2, 0};
    struct vocabulary *v = NULL;
    struct ruler *r = NULL;
    struct ruler_options o;
    ruler_options_init(&o);
    const double codes[] = {0, 0, 1, 0, 1, NAN, CODE_UNSEEN, 0, NAN, NAN, 7, 0};
    const float scores[] = {0.1f, 0.4f, 0.5f, 0.9f, 0.2f, NAN};
    assert_int_equal(vocabulary_new(s, categories, n_categories, &v, &e), ERR_OK);
    assert_int_equal(ruler_fit(s, v, codes, scores, 6, &o, &r, &e), ERR_OK);
    struct profile *p = shape_count(r, codes, scores, 6);
    assert_int_equal(r->n_series, 4);
    const uint64_t *zip = p->counts + r->series[0].first_cell;
    const uint64_t want_zip[] = {1, 2, 2, 1}; /* a, b, unseen (a code out of range, too), missing */
    assert_memory_equal(zip, want_zip, sizeof want_zip);
    const uint64_t *ssn = p->counts + r->series[1].first_cell;
    assert_int_equal(r->series[1].kind, SERIES_PRESENCE);
    assert_int_equal(ssn[0], 4);
    assert_int_equal(ssn[1], 2);
    assert_string_equal(r->series[2].name, "prediction");
    assert_string_equal(r->series[3].name, "class");
    const uint64_t *class = p->counts + r->series[3].first_cell;
    const uint64_t want_class[] = {3, 2, 0, 1}; /* no, yes, unseen, missing */
    assert_memory_equal(class, want_class, sizeof want_class);
    profile_free(p);
    ruler_free(r);
    vocabulary_free(v);
    schema_free(s);
}

static void a_profile_comes_back_from_its_tensors(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(CAUCHY, 500);
    struct profile *p = shape_count(b.ruler, b.values, b.scores, b.n), *back = NULL;
    struct st_writer *w = st_writer_new();
    struct st_file *f = NULL;
    struct err e = {0};
    void *keep = NULL, *bytes = NULL;
    size_t size = 0;
    if (profile_to_st(p, "profile/", w, &keep, &e) || st_writer_memory(w, &bytes, &size, &e) ||
        st_open_memory(bytes, size, &f, &e) || profile_from_st(f, "profile/", b.ruler, &back, &e))
        fail_msg("%s", e.message);
    assert_memory_equal(p->counts, back->counts, b.ruler->n_cells * sizeof(uint64_t));
    assert_memory_equal(p->moments, back->moments, b.ruler->n_series * sizeof(struct moments));
    profile_free(back);
    st_close(f);
    free(keep);
    free(bytes);
    st_writer_free(w);
    profile_free(p);
    shape_free(&b);
}

static void a_profile_whose_counts_miss_a_row_is_refused(void **state)
{
    (void)state;
    struct shape_bench b = shape_bench(NORMAL, 500);
    struct profile *p = shape_count(b.ruler, b.values, b.scores, b.n), *back = NULL;
    struct st_writer *w = st_writer_new();
    struct st_file *f = NULL;
    struct err e = {0};
    void *keep = NULL, *bytes = NULL;
    size_t size = 0;
    p->n_rows++;
    if (profile_to_st(p, "", w, &keep, &e) || st_writer_memory(w, &bytes, &size, &e) ||
        st_open_memory(bytes, size, &f, &e))
        fail_msg("%s", e.message);
    assert_int_equal(profile_from_st(f, "", b.ruler, &back, &e), ERR_PARSE);
    if (!strstr(e.message, "series x counts 500 of the profile's 501 rows"))
        fail_msg("%s", e.message);
    st_close(f);
    free(keep);
    free(bytes);
    st_writer_free(w);
    profile_free(p);
    shape_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_of_rows_counts_like_its_rows_one_by_one),
        cmocka_unit_test(a_constant_feature_has_a_cell_for_its_value),
        cmocka_unit_test(a_feature_that_is_always_missing_still_counts),
        cmocka_unit_test(moments_survive_an_offset_of_1e10),
        cmocka_unit_test(one_wild_value_does_not_spoil_the_moments_of_later_windows),
        cmocka_unit_test(merge_then_subtract_gives_the_counts_back_exactly),
        cmocka_unit_test(subtracting_more_than_was_counted_is_refused_and_changes_nothing),
        cmocka_unit_test(quantiles_are_within_a_cell_of_the_sorted_values),
        cmocka_unit_test(the_median_of_a_point_mass_is_its_value),
        cmocka_unit_test(categories_unseen_missing_and_pii_are_counted),
        cmocka_unit_test(a_profile_comes_back_from_its_tensors),
        cmocka_unit_test(a_profile_whose_counts_miss_a_row_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
