/*
 * test_model_profile.c - the ruler counts exactly, where naive searches and sums on the raw values
 * say.
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

#include "base/json.h"
#include "base/rand.h"
#include "model/profile.h"

/* One numeric feature and a regression; the score is the value, as float. */
struct bench {
    struct schema *schema;
    struct vocabulary *vocabulary;
    struct ruler *ruler;
    double *values;
    float *scores;
    size_t n;
};

static struct schema *schema_of(const char *text)
{
    struct err e = {0};
    cJSON *json = NULL;
    struct schema *s = NULL;
    if (json_parse("schema", text, strlen(text), &json, &e) || schema_from_json(json, &s, &e))
        fail_msg("%s", e.message);
    cJSON_Delete(json);
    return s;
}

static void bench_fit(struct bench *b)
{
    struct err e = {0};
    struct ruler_options o;
    ruler_options_init(&o);
    b->schema = schema_of("{\"model\":\"m\",\"features\":[{\"name\":\"x\",\"type\":\"numeric\"}],"
                          "\"label\":{\"name\":\"y\",\"type\":\"regression\"}}");
    if (vocabulary_new(b->schema, NULL, NULL, &b->vocabulary, &e))
        fail_msg("%s", e.message);
    b->scores = calloc(b->n, sizeof *b->scores);
    for (size_t i = 0; i < b->n; i++)
        b->scores[i] = (float)b->values[i];
    if (ruler_fit(b->schema, b->vocabulary, b->values, b->scores, b->n, &o, &b->ruler, &e))
        fail_msg("%s", e.message);
}

static void bench_free(struct bench *b)
{
    ruler_free(b->ruler);
    vocabulary_free(b->vocabulary);
    schema_free(b->schema);
    free(b->values);
    free(b->scores);
}

static struct profile *count(const struct ruler *r, const double *codes, const float *scores,
                             size_t n)
{
    struct profile *p = NULL;
    struct err e = {0};
    if (profile_new(r, &p, &e))
        fail_msg("%s", e.message);
    profile_count(p, codes, scores, n);
    return p;
}

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
    struct profile *p = count(r, &x, &score, 1);
    size_t want = naive_cell(s, x), got = SIZE_MAX;
    for (size_t c = 0; c < s->n_cells; c++)
        if (p->counts[s->first_cell + c])
            got = c;
    if (got != want || series_cell(s, x) != want)
        fail_msg("%.17g: counted in cell %zu, series_cell says %zu, the edges say %zu", x, got,
                 series_cell(s, x), want);
    profile_free(p);
}

enum shape {
    NORMAL,
    HUGE_OFFSET,
    TINY_SCALE,
    LOG_NORMAL,
    CAUCHY,
    INTEGERS,
    ZERO_INFLATED,
    MOSTLY_ONE_VALUE,
    SENTINEL,
    GEOMETRIC,
    BINARY,
    TWO_ULPS,
    EXTREME,
    SUBNORMAL,
    CONSTANT,
    CONSTANT_ZERO,
    ALL_MISSING,
    ONE_OUTLIER,
    N_SHAPES
};

static double draw(enum shape shape, struct rng *rng, size_t i)
{
    double z = rng_normal(rng), u = rng_uniform(rng);
    switch (shape) {
    case NORMAL:
        return z;
    case HUGE_OFFSET:
        return 1e10 + z;
    case TINY_SCALE:
        return 1e-12 * z;
    case LOG_NORMAL:
        return exp(2 * z);
    case CAUCHY:
        return tan(M_PI * (u - 0.5));
    case INTEGERS:
        return floor(40 * u);
    case ZERO_INFLATED:
        return u < 0.4 ? 0 : 10 + z;
    case MOSTLY_ONE_VALUE:
        return u < 0.8 ? -1 : 1000 + 10 * z;
    case SENTINEL:
        return u < 0.4 ? -999 : 2000 + 10 * z;
    case GEOMETRIC:
        return floor(-log(1 - u) / log(2));
    case BINARY:
        return u < 0.3;
    case TWO_ULPS:
        return u < 0.4 ? 1e16 : u < 0.7 ? 1e16 + 2 : 1e16 + 4;
    case EXTREME:
        return z * 1e307;
    case SUBNORMAL:
        return 5e-324 * floor(1000 * u);
    case CONSTANT:
        return 42.5;
    case CONSTANT_ZERO:
        return 0;
    case ALL_MISSING:
        return NAN;
    case ONE_OUTLIER:
        return i == 7 ? 1000 : z;
    case N_SHAPES:
        break;
    }
    return NAN;
}

static struct bench bench_of(enum shape shape, size_t n)
{
    struct bench b = {.n = n, .values = malloc(n * sizeof(double))};
    struct rng rng;
    rng_seed(&rng, 1234 + shape);
    for (size_t i = 0; i < n; i++)
        b.values[i] = draw(shape, &rng, i);
    bench_fit(&b);
    return b;
}

static void fast_path_counts_where_the_edges_say_for_every_shape(void **state)
{
    (void)state;
    static const double wild[] = {NAN,      INFINITY, -INFINITY, 1e308,   -1e308, DBL_MAX,
                                  -DBL_MAX, 0,        -0.0,      DBL_MIN, 5e-324, -5e-324,
                                  1e10,     -1e10,    1e300,     -1e300};
    for (int shape = 0; shape < N_SHAPES; shape++) {
        struct bench b = bench_of((enum shape)shape, 5000);
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
        bench_free(&b);
    }
}

static void edges_are_finite_and_ascending_for_every_shape(void **state)
{
    (void)state;
    for (int shape = 0; shape < N_SHAPES; shape++) {
        struct bench b = bench_of((enum shape)shape, 5000);
        const struct series *s = &b.ruler->series[0];
        assert_true(s->n_edges >= 1);
        for (size_t i = 0; i < s->n_edges; i++)
            if (!isfinite(s->edges[i]) || (i && s->edges[i] <= s->edges[i - 1]))
                fail_msg("shape %d, edge %zu: %.17g", shape, i, s->edges[i]);
        bench_free(&b);
    }
}

static void a_block_of_rows_counts_like_its_rows_one_by_one(void **state)
{
    (void)state;
    struct bench b = bench_of(CAUCHY, 1000);
    b.values[3] = NAN;
    b.values[700] = INFINITY;
    struct profile *all = count(b.ruler, b.values, b.scores, b.n);
    struct profile *single = count(b.ruler, NULL, NULL, 0);
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
    bench_free(&b);
}

static size_t cells_between(const struct series *s, double low, double high)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_edges; i++)
        n += s->edges[i] >= low && s->edges[i] <= high;
    return n;
}

static void one_outlier_does_not_widen_the_core(void **state)
{
    (void)state;
    struct bench clean = bench_of(NORMAL, 5000), outlier = bench_of(ONE_OUTLIER, 5000);
    size_t a = cells_between(&clean.ruler->series[0], -2, 2);
    size_t b = cells_between(&outlier.ruler->series[0], -2, 2);
    if (a < 50 || b < 50)
        fail_msg("edges within two sigma: %zu without the outlier, %zu with it", a, b);
    assert_true(series_cell(&outlier.ruler->series[0], 1000) <
                outlier.ruler->series[0].n_edges); /* no overflow */
    bench_free(&clean);
    bench_free(&outlier);
}

static void an_offset_of_1e10_costs_no_resolution(void **state)
{
    (void)state;
    struct bench b = bench_of(HUGE_OFFSET, 5000);
    size_t n = cells_between(&b.ruler->series[0], 1e10 - 2, 1e10 + 2);
    if (n < 50)
        fail_msg("%zu edges within two sigma, expected 50 or more", n);
    bench_free(&b);
}

static void a_frequent_value_has_a_cell_of_its_own(void **state)
{
    (void)state;
    struct bench b = bench_of(ZERO_INFLATED, 5000);
    const struct series *s = &b.ruler->series[0];
    size_t at = series_cell(s, 0);
    assert_true(series_cell(s, nextafter(0, 1)) != at);
    assert_true(series_cell(s, nextafter(0, -1)) != at);
    size_t zeros = 0;
    for (size_t i = 0; i < b.n; i++)
        zeros += b.values[i] == 0;
    struct profile *p = count(b.ruler, b.values, b.scores, b.n);
    assert_int_equal(p->counts[s->first_cell + at], zeros);
    profile_free(p);
    bench_free(&b);
}

static void a_sentinel_does_not_cost_the_others_their_resolution(void **state)
{
    (void)state;
    struct bench b = bench_of(SENTINEL, 5000);
    size_t n = cells_between(&b.ruler->series[0], 1980, 2020);
    if (n < 50)
        fail_msg("%zu edges over the years 1980 to 2020 beside a -999, expected 50 or more", n);
    bench_free(&b);
}

static void a_constant_feature_has_a_cell_for_its_value(void **state)
{
    (void)state;
    struct bench b = bench_of(CONSTANT, 100);
    const struct series *s = &b.ruler->series[0];
    size_t at = series_cell(s, 42.5);
    assert_true(series_cell(s, 42.4) < at);
    assert_true(series_cell(s, nextafter(42.5, 100)) > at);
    double moved = 44.5;
    float score = 0;
    struct profile *p = count(b.ruler, &moved, &score, 1);
    double mean = moments_mean(&p->moments[0], series_shift(b.ruler, 0));
    if (mean != 44.5)
        fail_msg("mean %.17g, expected 44.5", mean);
    profile_free(p);
    bench_free(&b);
}

static void a_feature_that_is_always_missing_still_counts(void **state)
{
    (void)state;
    struct bench b = bench_of(ALL_MISSING, 50);
    const struct series *s = &b.ruler->series[0];
    struct profile *p = count(b.ruler, b.values, b.scores, b.n);
    assert_int_equal(p->counts[s->first_cell + s->missing_cell], 50);
    assert_true(isnan(moments_mean(&p->moments[0], series_shift(b.ruler, 0))));
    assert_true(isnan(series_quantile(s, p->counts + s->first_cell, 0.5)));
    profile_free(p);
    bench_free(&b);
}

static void moments_survive_an_offset_of_1e10(void **state)
{
    (void)state;
    struct bench b = bench_of(HUGE_OFFSET, 5000);
    struct profile *p = count(b.ruler, b.values, b.scores, b.n);
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
    bench_free(&b);
}

static void one_wild_value_does_not_spoil_the_moments_of_later_windows(void **state)
{
    (void)state;
    struct bench b = bench_of(NORMAL, 2000);
    double wild = 1e308;
    float score = 0;
    struct profile *p = count(b.ruler, &wild, &score, 1);
    struct profile *earlier = count(b.ruler, &wild, &score, 1);
    profile_count(p, b.values, b.scores, b.n);
    assert_int_equal(profile_subtract(p, earlier, NULL), ERR_OK);
    struct profile *want = count(b.ruler, b.values, b.scores, b.n);
    double got = moments_mean(&p->moments[0], series_shift(b.ruler, 0));
    double mean = moments_mean(&want->moments[0], series_shift(b.ruler, 0));
    if (fabs(got - mean) > 1e-6)
        fail_msg("mean %.17g, expected %.17g", got, mean);
    profile_free(p);
    profile_free(earlier);
    profile_free(want);
    bench_free(&b);
}

static void merge_then_subtract_gives_the_counts_back_exactly(void **state)
{
    (void)state;
    struct bench b = bench_of(LOG_NORMAL, 3000);
    struct profile *first = count(b.ruler, b.values, b.scores, 1000);
    struct profile *second = count(b.ruler, b.values + 1000, b.scores + 1000, 2000);
    struct profile *all = count(b.ruler, b.values, b.scores, 3000);
    size_t bytes = b.ruler->n_cells * sizeof(uint64_t);
    struct profile *sum = count(b.ruler, b.values, b.scores, 1000);
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
    bench_free(&b);
}

static void subtracting_more_than_was_counted_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct bench b = bench_of(NORMAL, 100);
    struct profile *p = count(b.ruler, b.values, b.scores, 50);
    struct profile *more = count(b.ruler, b.values, b.scores, 100);
    struct profile *before = count(b.ruler, b.values, b.scores, 50);
    struct err e = {0};
    assert_int_equal(profile_subtract(p, more, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "series x"));
    assert_memory_equal(p->counts, before->counts, b.ruler->n_cells * sizeof(uint64_t));
    assert_memory_equal(p->moments, before->moments, b.ruler->n_series * sizeof(struct moments));
    profile_free(p);
    profile_free(more);
    profile_free(before);
    bench_free(&b);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void quantiles_are_within_a_cell_of_the_sorted_values(void **state)
{
    (void)state;
    static const enum shape shapes[] = {NORMAL, HUGE_OFFSET, LOG_NORMAL, ONE_OUTLIER};
    for (size_t k = 0; k < 4; k++) {
        struct bench b = bench_of(shapes[k], 5000);
        const struct series *s = &b.ruler->series[0];
        struct profile *p = count(b.ruler, b.values, b.scores, b.n);
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
        bench_free(&b);
    }
}

static void the_median_of_a_point_mass_is_its_value(void **state)
{
    (void)state;
    struct bench b = bench_of(MOSTLY_ONE_VALUE, 5000);
    const struct series *s = &b.ruler->series[0];
    struct profile *p = count(b.ruler, b.values, b.scores, b.n);
    double got = series_quantile(s, p->counts + s->first_cell, 0.5);
    if (got != -1)
        fail_msg("median %.17g, expected -1", got);
    profile_free(p);
    bench_free(&b);
}

static void groups_are_deciles_of_the_reference(void **state)
{
    (void)state;
    struct bench b = bench_of(NORMAL, 20000);
    const struct series *s = &b.ruler->series[0];
    struct profile *p = count(b.ruler, b.values, b.scores, b.n);
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
    bench_free(&b);
}

static void every_numeric_group_holds_some_of_the_reference(void **state)
{
    (void)state;
    for (int shape = 0; shape < ALL_MISSING; shape++) {
        struct bench b = bench_of((enum shape)shape, 3000);
        const struct series *s = &b.ruler->series[0];
        struct profile *p = count(b.ruler, b.values, b.scores, b.n);
        for (size_t g = 0; g + 2 < s->n_groups; g++) {
            uint64_t held = 0;
            for (size_t c = 0; c < s->n_cells; c++)
                held += s->group_of[c] == g ? p->counts[s->first_cell + c] : 0;
            if (!held && shape != EXTREME)
                fail_msg("shape %d: group %zu of %zu is empty", shape, g, s->n_groups);
        }
        profile_free(p);
        bench_free(&b);
    }
}

static const char loan[] =
    "{\"model\":\"loan\",\"features\":[{\"name\":\"zip\",\"type\":\"categorical\"},"
    "{\"name\":\"ssn\",\"type\":\"numeric\",\"pii\":true}],"
    "\"label\":{\"name\":\"y\",\"type\":\"binary\",\"classes\":[\"no\",\"yes\"]}}";

static void categories_unseen_missing_and_pii_are_counted(void **state)
{
    (void)state;
    struct err e = {0};
    struct schema *s = schema_of(loan);
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
    struct profile *p = count(r, codes, scores, 6);
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

static void probabilities_of_0_and_1_are_inside_the_grid(void **state)
{
    (void)state;
    struct err e = {0};
    struct schema *s = schema_of(loan);
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

static void a_profile_comes_back_from_its_tensors(void **state)
{
    (void)state;
    struct bench b = bench_of(CAUCHY, 500);
    struct profile *p = count(b.ruler, b.values, b.scores, b.n), *back = NULL;
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
    bench_free(&b);
}

static void a_profile_whose_counts_miss_a_row_is_refused(void **state)
{
    (void)state;
    struct bench b = bench_of(NORMAL, 500);
    struct profile *p = count(b.ruler, b.values, b.scores, b.n), *back = NULL;
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
    bench_free(&b);
}

static void a_ruler_comes_back_from_its_tensors(void **state)
{
    (void)state;
    for (int shape = 0; shape < N_SHAPES; shape++) {
        struct bench b = bench_of((enum shape)shape, 2000);
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
        struct profile *here = count(b.ruler, b.values, b.scores, b.n);
        struct profile *there = count(back, b.values, b.scores, b.n);
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
        bench_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fast_path_counts_where_the_edges_say_for_every_shape),
        cmocka_unit_test(edges_are_finite_and_ascending_for_every_shape),
        cmocka_unit_test(a_block_of_rows_counts_like_its_rows_one_by_one),
        cmocka_unit_test(one_outlier_does_not_widen_the_core),
        cmocka_unit_test(an_offset_of_1e10_costs_no_resolution),
        cmocka_unit_test(a_frequent_value_has_a_cell_of_its_own),
        cmocka_unit_test(a_sentinel_does_not_cost_the_others_their_resolution),
        cmocka_unit_test(a_constant_feature_has_a_cell_for_its_value),
        cmocka_unit_test(a_feature_that_is_always_missing_still_counts),
        cmocka_unit_test(moments_survive_an_offset_of_1e10),
        cmocka_unit_test(one_wild_value_does_not_spoil_the_moments_of_later_windows),
        cmocka_unit_test(merge_then_subtract_gives_the_counts_back_exactly),
        cmocka_unit_test(subtracting_more_than_was_counted_is_refused_and_changes_nothing),
        cmocka_unit_test(quantiles_are_within_a_cell_of_the_sorted_values),
        cmocka_unit_test(the_median_of_a_point_mass_is_its_value),
        cmocka_unit_test(groups_are_deciles_of_the_reference),
        cmocka_unit_test(every_numeric_group_holds_some_of_the_reference),
        cmocka_unit_test(categories_unseen_missing_and_pii_are_counted),
        cmocka_unit_test(probabilities_of_0_and_1_are_inside_the_grid),
        cmocka_unit_test(a_profile_comes_back_from_its_tensors),
        cmocka_unit_test(a_profile_whose_counts_miss_a_row_is_refused),
        cmocka_unit_test(a_ruler_comes_back_from_its_tensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
