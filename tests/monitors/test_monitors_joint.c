/*
 * test_monitors_joint.c - verdicts of the joint monitor, what they name, and the tests on rows.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "joint_stream.h"
#include "monitors/classifier_test.h"
#include "monitors/mmd.h"

#define N 10
#define CHUNKS 50
#define CHUNK_ROWS 100
#define WINDOW_ROWS 1000

struct fixture {
    struct joint_stream stream;
    struct mon_joint_null *null;
    struct mon_joint_options options;
    struct mon_signal signals[MON_N_JOINT];
    size_t n_signals;
};

static void start(struct fixture *f, enum joint_law law, size_t n_features)
{
    joint_stream_init(&f->stream, law, n_features, CHUNKS, CHUNK_ROWS, 42);
    f->null = joint_stream_null(&f->stream, WINDOW_ROWS);
    mon_joint_options_init(&f->options);
}

static void finish(struct fixture *f)
{
    mon_joint_null_free(f->null);
    joint_stream_deinit(&f->stream);
}

static void judge(struct fixture *f, const struct mon_joint_sums *window)
{
    struct err e = {0};
    if (mon_joint_check(&f->options, f->null, f->stream.reference, window, f->signals,
                        &f->n_signals, &e) != ERR_OK)
        fail_msg("%s", e.message);
}

static void check(struct fixture *f, size_t n_rows, const struct joint_change *change)
{
    struct mon_joint_sums *window = joint_stream_window(&f->stream, n_rows, change);
    judge(f, window);
    mon_joint_sums_free(window);
}

static void expect(const struct fixture *f, enum mon_joint_statistic s, enum mon_verdict verdict)
{
    char sentence[MON_SENTENCE_BYTES];
    if (f->signals[s].verdict != verdict)
        fail_msg("expected %s: %s", mon_verdict_name(verdict),
                 mon_signal_sentence(&f->signals[s], sentence));
}

static void expect_all(const struct fixture *f, enum mon_verdict verdict)
{
    assert_int_equal(f->n_signals, MON_N_JOINT);
    for (int s = 0; s < MON_N_JOINT; s++)
        expect(f, (enum mon_joint_statistic)s, verdict);
}

static void expect_finite(const struct fixture *f)
{
    for (size_t i = 0; i < f->n_signals; i++) {
        const struct mon_signal *s = &f->signals[i];
        if (!isfinite(s->value) || !isfinite(s->threshold) || !isfinite(s->p_value) ||
            !isfinite(s->effect))
            fail_msg("%s: value %g, threshold %g, p %g, effect %g", s->statistic, s->value,
                     s->threshold, s->p_value, s->effect);
    }
}

static void unchanged_window_is_ok(void **state)
{
    (void)state;
    for (int law = JOINT_NORMAL; law <= JOINT_FACTORS; law++) {
        struct fixture f;
        start(&f, (enum joint_law)law, N);
        check(&f, WINDOW_ROWS, NULL);
        expect_all(&f, MON_OK);
        expect_finite(&f);
        finish(&f);
    }
}

/* No feature's own law changes, and one value of a thousand deviations is in the way. */
static void changed_correlation_alone_is_found_beside_an_outlier(void **state)
{
    (void)state;
    struct fixture f;
    const struct joint_change change = {.rho = 0.5, .outlier = 1000.0};
    start(&f, JOINT_NORMAL, N);
    check(&f, WINDOW_ROWS, &change);
    expect(&f, MON_JOINT_CORRELATION, MON_DRIFT);
    expect(&f, MON_JOINT_FRECHET, MON_DRIFT);
    expect(&f, MON_JOINT_MAHALANOBIS, MON_OK);
    assert_string_equal(f.signals[MON_JOINT_CORRELATION].feature, "f0 & f1");
    assert_true(fabs(f.signals[MON_JOINT_CORRELATION].effect - 0.5) < 0.1);
    finish(&f);
}

static void one_changed_pair_among_1225_is_found(void **state)
{
    (void)state;
    struct fixture f;
    const struct joint_change change = {.rho = 0.3, .outlier = 1000.0};
    start(&f, JOINT_HEAVY, 50);
    check(&f, WINDOW_ROWS, &change);
    expect(&f, MON_JOINT_CORRELATION, MON_DRIFT);
    assert_string_equal(f.signals[MON_JOINT_CORRELATION].feature, "f0 & f1");
    finish(&f);
}

static void outlier_alone_is_no_drift(void **state)
{
    (void)state;
    struct fixture f;
    const struct joint_change change = {.outlier = 1000.0};
    start(&f, JOINT_NORMAL, N);
    check(&f, WINDOW_ROWS, &change);
    expect_all(&f, MON_OK);
    finish(&f);
}

static void shift_is_found_and_names_its_feature(void **state)
{
    (void)state;
    struct fixture f;
    const struct joint_change change = {.shift = 0.6};
    start(&f, JOINT_NORMAL, N);
    check(&f, WINDOW_ROWS, &change);
    static const enum mon_joint_statistic seeing[] = {MON_JOINT_MAHALANOBIS, MON_JOINT_FRECHET,
                                                      MON_JOINT_MMD};
    for (size_t k = 0; k < 3; k++) {
        expect(&f, seeing[k], MON_DRIFT);
        assert_string_equal(f.signals[seeing[k]].feature, "f0");
        assert_non_null(strstr(f.signals[seeing[k]].rule, "f0 "));
    }
    expect(&f, MON_JOINT_CORRELATION, MON_OK);
    const struct mon_signal *s = &f.signals[MON_JOINT_MAHALANOBIS];
    assert_true(fabs(s->effect - 0.6) < 0.15);
    assert_true(s->kind == MON_KIND_JOINT && s->n == WINDOW_ROWS &&
                s->n_reference == CHUNKS * CHUNK_ROWS);
    finish(&f);
}

/* What the leading components explain lies elsewhere: rows of another structure fit badly. */
static void lost_structure_raises_the_reconstruction_error(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, JOINT_FACTORS, 12);
    check(&f, WINDOW_ROWS, NULL);
    expect(&f, MON_JOINT_PCA, MON_OK);
    f.stream.law = JOINT_NORMAL;
    check(&f, WINDOW_ROWS, NULL);
    expect(&f, MON_JOINT_PCA, MON_DRIFT);
    const struct mon_signal *s = &f.signals[MON_JOINT_PCA];
    assert_true(s->value > s->threshold && s->threshold > s->reference_value);
    finish(&f);
}

static void falling_scatter_lowers_the_reconstruction_error(void **state)
{
    (void)state;
    struct fixture f;
    static double codes[WINDOW_ROWS * N];
    struct mon_joint_sums *window = NULL;
    start(&f, JOINT_NORMAL, N);
    joint_stream_draw(&f.stream, WINDOW_ROWS, NULL, codes);
    for (size_t i = 0; i < WINDOW_ROWS * N; i++)
        codes[i] *= 0.5;
    assert_int_equal(mon_joint_sums_new(f.stream.space, &window, NULL), ERR_OK);
    mon_joint_sums_count(window, codes, WINDOW_ROWS);
    judge(&f, window);
    expect(&f, MON_JOINT_PCA, MON_DRIFT);
    const struct mon_signal *s = &f.signals[MON_JOINT_PCA];
    assert_true(s->value < s->threshold && s->threshold < s->reference_value);
    if (fabs(s->effect - 0.75) > 0.05)
        fail_msg("half the scatter is a quarter of the squares: effect %g", s->effect);
    mon_joint_sums_free(window);
    finish(&f);
}

static void threshold_is_where_the_verdict_turns(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, JOINT_FACTORS, N);
    for (int k = 0; k < 12; k++) {
        const struct joint_change change = {.shift = 0.04 * k, .rho = 0.05 * k};
        check(&f, WINDOW_ROWS, &change);
        for (size_t i = 0; i < f.n_signals; i++) {
            const struct mon_signal *s = &f.signals[i];
            bool rising = !(s->threshold < s->reference_value);
            bool beyond = rising ? s->value > s->threshold : s->value < s->threshold;
            if (beyond != (s->p_value < f.options.false_alarm_rate / MON_N_JOINT))
                fail_msg("%s: value %g, threshold %g, p %g", s->statistic, s->value, s->threshold,
                         s->p_value);
        }
    }
    finish(&f);
}

static void evidence_without_effect_is_not_drift(void **state)
{
    (void)state;
    struct fixture f;
    const struct joint_change change = {.shift = 0.6, .rho = 0.6};
    start(&f, JOINT_NORMAL, N);
    for (int s = 0; s < MON_N_JOINT; s++)
        f.options.min_effect[s] = 5.0;
    check(&f, WINDOW_ROWS, &change);
    expect_all(&f, MON_OK);
    assert_true(f.signals[MON_JOINT_MAHALANOBIS].p_value < 1e-9);
    finish(&f);
}

static void only_watched_statistics_are_told_and_pay(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, JOINT_NORMAL, N);
    check(&f, WINDOW_ROWS, NULL);
    double shared = f.signals[MON_JOINT_MMD].threshold;
    for (int s = 0; s < MON_N_JOINT; s++)
        f.options.watch[s] = s == MON_JOINT_MMD;
    check(&f, WINDOW_ROWS, NULL);
    assert_int_equal(f.n_signals, 1);
    assert_string_equal(f.signals[0].statistic, "mmd");
    assert_true(f.signals[0].threshold < shared);
    f.options.watch[MON_JOINT_MMD] = false;
    check(&f, WINDOW_ROWS, NULL);
    assert_int_equal(f.n_signals, 0);
    finish(&f);
}

static void few_rows_are_insufficient_however_far_away(void **state)
{
    (void)state;
    struct fixture f;
    const struct joint_change far = {.shift = 100.0};
    start(&f, JOINT_NORMAL, N);
    check(&f, 199, &far);
    expect_all(&f, MON_INSUFFICIENT);
    f.options.min_rows = 0.0;
    static const size_t sizes[] = {0, 1, 9};
    for (size_t k = 0; k < 3; k++) {
        check(&f, sizes[k], &far);
        expect_all(&f, MON_INSUFFICIENT);
    }
    finish(&f);
}

static void windows_shorter_than_a_chunk_are_unavailable_and_say_so(void **state)
{
    (void)state;
    struct fixture f;
    const struct joint_change far = {.shift = 100.0};
    start(&f, JOINT_NORMAL, N);
    f.options.min_rows = 0.0;
    check(&f, CHUNK_ROWS * 8 / 10, &far);
    expect_all(&f, MON_UNAVAILABLE);
    assert_non_null(strstr(f.signals[0].threshold_origin, "longer than the window of 80"));
    check(&f, CHUNK_ROWS, &far);
    expect(&f, MON_JOINT_MAHALANOBIS, MON_DRIFT);
    expect_finite(&f);
    finish(&f);
}

static void too_few_chunks_are_said_and_not_guessed(void **state)
{
    (void)state;
    struct fixture f;
    const struct joint_change far = {.shift = 100.0};
    start(&f, JOINT_NORMAL, N);
    mon_joint_null_free(f.null);
    f.stream.n_chunks = 7;
    f.null = joint_stream_null(&f.stream, WINDOW_ROWS);
    check(&f, WINDOW_ROWS, &far);
    expect_all(&f, MON_UNAVAILABLE);
    assert_non_null(strstr(f.signals[0].threshold_origin, "fewer than 8 chunks"));
    f.stream.n_chunks = CHUNKS;
    finish(&f);
}

static void one_column_has_no_correlation(void **state)
{
    (void)state;
    struct fixture f;
    const struct joint_change change = {.shift = 0.6};
    start(&f, JOINT_NORMAL, 3); /* the change of a row reaches for f0 and f1 */
    struct mon_joint_space_options o;
    struct mon_joint_space *space = NULL;
    const char *only[] = {"f0"};
    static double codes[CHUNKS * CHUNK_ROWS * 3];
    mon_joint_space_options_init(&o);
    o.only = only;
    o.n_only = 1;
    joint_stream_draw(&f.stream, CHUNKS * CHUNK_ROWS, NULL, codes);
    assert_int_equal(
        mon_joint_space_fit(f.stream.schema, codes, CHUNKS * CHUNK_ROWS, &o, &space, NULL), ERR_OK);
    mon_joint_null_free(f.null);
    mon_joint_sums_free(f.stream.reference);
    assert_int_equal(mon_joint_sums_new(space, &f.stream.reference, NULL), ERR_OK);
    for (size_t k = 0; k < CHUNKS; k++) {
        mon_joint_sums_free(f.stream.chunks[k]);
        assert_int_equal(mon_joint_sums_new(space, &f.stream.chunks[k], NULL), ERR_OK);
        mon_joint_sums_count(f.stream.chunks[k], codes + k * CHUNK_ROWS * 3, CHUNK_ROWS);
        mon_joint_sums_merge(f.stream.reference, f.stream.chunks[k]);
    }
    mon_joint_space_free(f.stream.space);
    f.stream.space = space;
    f.null = joint_stream_null(&f.stream, WINDOW_ROWS);
    check(&f, WINDOW_ROWS, &change);
    expect(&f, MON_JOINT_CORRELATION, MON_UNAVAILABLE);
    expect(&f, MON_JOINT_MAHALANOBIS, MON_DRIFT);
    finish(&f);
}

static void wholly_missing_feature_has_finite_numbers(void **state)
{
    (void)state;
    struct fixture f;
    const struct joint_change gone = {.missing = 1.0};
    start(&f, JOINT_FACTORS, N);
    check(&f, WINDOW_ROWS, &gone);
    expect_finite(&f);
    expect(&f, MON_JOINT_CORRELATION, MON_DRIFT); /* f0 moves with nothing any more */
    finish(&f);
}

static void constant_window_has_finite_numbers(void **state)
{
    (void)state;
    struct fixture f;
    static double codes[WINDOW_ROWS * N];
    struct mon_joint_sums *window = NULL;
    start(&f, JOINT_FACTORS, N);
    assert_int_equal(mon_joint_sums_new(f.stream.space, &window, NULL), ERR_OK);
    mon_joint_sums_count(window, codes, WINDOW_ROWS);
    judge(&f, window);
    expect_finite(&f);
    expect(&f, MON_JOINT_FRECHET, MON_DRIFT);
    mon_joint_sums_free(window);
    finish(&f);
}

/* Correlated to 1, a constant, a wholly missing one: no direction of the reference may be divided
 * by. */
static void degenerate_reference_has_finite_numbers(void **state)
{
    (void)state;
    enum { columns = 4, rows = 1000 };
    static double codes[rows * columns];
    struct joint_stream s = {.n_features = columns, .schema = joint_stream_schema(columns)};
    struct mon_joint_space_options o;
    struct fixture f;
    rng_seed(&s.rng, 3);
    for (size_t i = 0; i < rows; i++) {
        codes[i * columns] = codes[i * columns + 1] = rng_normal(&s.rng);
        codes[i * columns + 2] = 7.0;
        codes[i * columns + 3] = NAN;
    }
    mon_joint_space_options_init(&o);
    assert_int_equal(mon_joint_space_fit(s.schema, codes, rows, &o, &s.space, NULL), ERR_OK);
    assert_int_equal(mon_joint_sums_new(s.space, &s.reference, NULL), ERR_OK);
    s.n_chunks = 20;
    s.chunks = calloc(s.n_chunks, sizeof(struct mon_joint_sums *));
    for (size_t k = 0; k < s.n_chunks; k++) {
        assert_int_equal(mon_joint_sums_new(s.space, &s.chunks[k], NULL), ERR_OK);
        mon_joint_sums_count(s.chunks[k], codes + k * 50 * columns, 50);
        mon_joint_sums_merge(s.reference, s.chunks[k]);
    }
    f.stream = s;
    f.null = joint_stream_null(&s, 200);
    mon_joint_options_init(&f.options);
    judge(&f, s.chunks[3]); /* too few rows */
    expect_all(&f, MON_INSUFFICIENT);
    judge(&f, s.reference);
    expect_finite(&f);
    expect_all(&f, MON_OK);
    finish(&f);
}

static void many_chunks_are_merged_with_their_neighbours(void **state)
{
    (void)state;
    struct joint_stream s;
    struct mon_signal signals[MON_N_JOINT];
    struct mon_joint_options o;
    size_t n;
    joint_stream_init(&s, JOINT_NORMAL, 3, 300, 20, 8);
    struct mon_joint_null *null = joint_stream_null(&s, 500);
    struct mon_joint_sums *window = joint_stream_window(&s, 500, NULL);
    mon_joint_options_init(&o);
    assert_int_equal(mon_joint_check(&o, null, s.reference, window, signals, &n, NULL), ERR_OK);
    assert_non_null(strstr(signals[0].threshold_origin, "100 chunks of 60 rows"));
    mon_joint_sums_free(window);
    mon_joint_null_free(null);
    joint_stream_deinit(&s);
}

static void options_of_the_null_are_checked(void **state)
{
    (void)state;
    struct fixture f;
    struct mon_joint_null_options o;
    struct mon_joint_null *null = NULL;
    struct mon_joint_sums *one = NULL;
    struct err e = {0};
    start(&f, JOINT_NORMAL, 3);
    mon_joint_null_options_init(&o);
    o.window_rows = 0.0;
    assert_int_equal(mon_joint_null_new(f.stream.reference, NULL, 0, &o, &null, &e), ERR_INVALID);
    mon_joint_null_options_init(&o);
    o.keep_variance = 1.1;
    assert_int_equal(mon_joint_null_new(f.stream.reference, NULL, 0, &o, &null, &e), ERR_INVALID);
    o.keep_variance = 1.0;
    assert_int_equal(mon_joint_sums_new(f.stream.space, &one, NULL), ERR_OK);
    assert_int_equal(mon_joint_null_new(one, NULL, 0, &o, &null, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "0 rows"));
    mon_joint_sums_free(one);
    finish(&f);
}

/* Names of 126 bytes, each character three: what is cut from them must stay text. */
static void long_names_are_cut_between_characters(void **state)
{
    (void)state;
    struct fixture f;
    const struct joint_change change = {.shift = 1.0, .rho = 0.8};
    start(&f, JOINT_NORMAL, 3);
    mon_joint_null_free(f.null);
    for (size_t j = 0; j < 3; j++)
        for (size_t k = 0; k < 42; k++)
            memcpy(f.stream.schema->features[j].name + 3 * k, "\xe2\x82\xac", 4);
    static double codes[CHUNKS * CHUNK_ROWS * 3];
    struct mon_joint_space_options o;
    mon_joint_space_options_init(&o);
    joint_stream_draw(&f.stream, CHUNKS * CHUNK_ROWS, NULL, codes);
    struct mon_joint_space *space = NULL;
    assert_int_equal(
        mon_joint_space_fit(f.stream.schema, codes, CHUNKS * CHUNK_ROWS, &o, &space, NULL), ERR_OK);
    for (size_t k = 0; k < CHUNKS; k++) {
        mon_joint_sums_free(f.stream.chunks[k]);
        assert_int_equal(mon_joint_sums_new(space, &f.stream.chunks[k], NULL), ERR_OK);
        mon_joint_sums_count(f.stream.chunks[k], codes + k * CHUNK_ROWS * 3, CHUNK_ROWS);
    }
    mon_joint_sums_free(f.stream.reference);
    assert_int_equal(mon_joint_sums_new(space, &f.stream.reference, NULL), ERR_OK);
    mon_joint_sums_count(f.stream.reference, codes, CHUNKS * CHUNK_ROWS);
    mon_joint_space_free(f.stream.space);
    f.stream.space = space;
    f.null = joint_stream_null(&f.stream, WINDOW_ROWS);
    check(&f, WINDOW_ROWS, &change);
    for (size_t i = 0; i < f.n_signals; i++) {
        cJSON *json = mon_signal_to_json(&f.signals[i]);
        assert_true(utf8_is_valid(f.signals[i].feature, strlen(f.signals[i].feature)));
        assert_true(utf8_is_valid(f.signals[i].rule, strlen(f.signals[i].rule)));
        assert_non_null(json);
        cJSON_Delete(json);
    }
    finish(&f);
}

static void names_are_read_back(void **state)
{
    (void)state;
    for (int s = 0; s < MON_N_JOINT; s++) {
        enum mon_joint_statistic found = MON_N_JOINT;
        assert_true(mon_joint_from_name(mon_joint_name((enum mon_joint_statistic)s), &found));
        assert_int_equal(found, s);
    }
    enum mon_joint_statistic untouched = MON_JOINT_PCA;
    assert_false(mon_joint_from_name("psi", &untouched));
    assert_int_equal(untouched, MON_JOINT_PCA);
}

static void draw_rows(double *x, size_t n, size_t columns, uint64_t seed, double rho)
{
    struct rng r;
    rng_seed(&r, seed);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < columns; j++)
            x[i * columns + j] = rng_normal(&r);
        x[i * columns + 1] = rho * x[i * columns] + sqrt(1.0 - rho * rho) * x[i * columns + 1];
    }
}

/* Under one law p <= 0.1 in a tenth of the trials: 200 trials stay within 9 .. 33 but for one in a
 * thousand. */
static void p_values_of_tests_on_rows_are_uniform_under_one_law(void **state)
{
    (void)state;
    enum { trials = 200, rows = 40, columns = 3 };
    int low[3] = {0};
    for (int t = 0; t < trials; t++) {
        double x[rows * columns], y[rows * columns];
        struct mon_pairwise_options o;
        struct mon_pairwise mmd, energy;
        struct mon_classifier_options c;
        struct mon_classifier found;
        draw_rows(x, rows, columns, 1000 + (uint64_t)t, 0.3);
        draw_rows(y, rows, columns, 5000 + (uint64_t)t, 0.3);
        mon_pairwise_options_init(&o);
        o.permutations = 99;
        mon_classifier_options_init(&c);
        mon_mmd(x, rows, y, rows, columns, &o, &mmd, NULL);
        mon_energy_multivariate(x, rows, y, rows, columns, &o, &energy, NULL);
        mon_classifier_test(x, rows, y, rows, columns, &c, &found, NULL);
        low[0] += mmd.p_value <= 0.1;
        low[1] += energy.p_value <= 0.1;
        low[2] += found.p_value <= 0.1;
    }
    print_message("p <= 0.1 in 200: mmd %d, energy %d, classifier %d\n", low[0], low[1], low[2]);
    for (int k = 0; k < 2; k++)
        assert_true(low[k] >= 9 && low[k] <= 33);
    assert_true(low[2] >= 3 && low[2] <= 33); /* the folds' variance is an upper estimate */
}

static void classifier_sees_a_correlation_only_with_products(void **state)
{
    (void)state;
    enum { rows = 1000, columns = 4 };
    static double x[rows * columns], y[rows * columns];
    struct mon_classifier_options o;
    struct mon_classifier linear, full;
    draw_rows(x, rows, columns, 1, 0.0);
    draw_rows(y, rows, columns, 2, 0.6);
    mon_classifier_options_init(&o);
    assert_int_equal(mon_classifier_test(x, rows, y, rows, columns, &o, &full, NULL), ERR_OK);
    o.products = o.squares = false;
    assert_int_equal(mon_classifier_test(x, rows, y, rows, columns, &o, &linear, NULL), ERR_OK);
    print_message("AUC %.3f (%.3f to %.3f), linear %.3f (%.3f to %.3f)\n", full.auc, full.low,
                  full.high, linear.auc, linear.low, linear.high);
    assert_true(full.low > 0.55 && full.p_value < 1e-6 && full.top <= 1);
    assert_true(linear.low < 0.5 && linear.high > 0.5 && linear.p_value > 0.01);
    assert_int_equal(full.n_terms, 4 + 4 + 6);
}

static void tests_on_rows_survive_degenerate_rows(void **state)
{
    (void)state;
    enum { rows = 30, columns = 2 };
    double constant[rows * columns], broken[rows * columns];
    struct mon_pairwise_options o;
    struct mon_pairwise pair;
    struct mon_classifier_options c;
    struct mon_classifier found;
    for (size_t i = 0; i < rows * columns; i++) {
        constant[i] = 1e8;
        broken[i] = i % 4 == 0 ? NAN : i % 4 == 2 ? 1e300 : (double)i;
    }
    mon_pairwise_options_init(&o);
    mon_classifier_options_init(&c);
    assert_int_equal(mon_mmd(constant, rows, constant, rows, columns, &o, &pair, NULL), ERR_OK);
    assert_true(pair.biased == 0.0 && pair.p_value == 1.0 && pair.width == 1.0);
    assert_int_equal(mon_classifier_test(constant, rows, constant, rows, columns, &c, &found, NULL),
                     ERR_OK);
    assert_true(found.auc == 0.5 && found.p_value >= 0.5 && found.top == SIZE_MAX);
    assert_int_equal(mon_mmd(constant, rows, broken, rows, columns, &o, &pair, NULL), ERR_OK);
    assert_true(pair.n_y == 0 && isnan(pair.biased) && isnan(pair.p_value));
    assert_int_equal(mon_classifier_test(constant, rows, broken, rows, columns, &c, &found, NULL),
                     ERR_OK);
    assert_true(found.n_y == 0 && isnan(found.auc) && isnan(found.p_value));
    assert_int_equal(mon_energy_multivariate(constant, 0, constant, 0, columns, &o, &pair, NULL),
                     ERR_OK);
    assert_true(isnan(pair.biased));
}

/* Perfectly separated samples: the penalty keeps the weights finite. */
static void separated_samples_have_an_area_of_one(void **state)
{
    (void)state;
    enum { rows = 50, columns = 2 };
    double x[rows * columns], y[rows * columns];
    struct mon_classifier_options c;
    struct mon_classifier found;
    for (size_t i = 0; i < rows * columns; i++) {
        x[i] = (double)(i % 7);
        y[i] = 1000.0 + (double)(i % 5);
    }
    mon_classifier_options_init(&c);
    assert_int_equal(mon_classifier_test(x, rows, y, rows, columns, &c, &found, NULL), ERR_OK);
    assert_true(found.auc == 1.0 && found.high == 1.0 && found.p_value < 1e-6);
}

static void options_of_tests_on_rows_are_checked(void **state)
{
    (void)state;
    const double x[4] = {0};
    struct mon_pairwise_options o;
    struct mon_pairwise pair;
    struct mon_classifier_options c;
    struct mon_classifier found;
    mon_pairwise_options_init(&o);
    assert_int_equal(mon_mmd(x, 1, x, 1, 0, &o, &pair, NULL), ERR_INVALID);
    o.max_rows = MON_PAIRWISE_MAX_ROWS + 1;
    assert_int_equal(mon_mmd(x, 1, x, 1, 1, &o, &pair, NULL), ERR_LIMIT);
    mon_pairwise_options_init(&o);
    o.width = 0.0;
    assert_int_equal(mon_mmd(x, 1, x, 1, 1, &o, &pair, NULL), ERR_INVALID);
    mon_classifier_options_init(&c);
    c.n_folds = 1;
    assert_int_equal(mon_classifier_test(x, 1, x, 1, 1, &c, &found, NULL), ERR_INVALID);
    mon_classifier_options_init(&c);
    assert_int_equal(mon_classifier_test(x, 0, x, 0, 50, &c, &found, NULL), ERR_LIMIT);
    c.products = false;
    assert_int_equal(mon_classifier_test(x, 0, x, 0, 50, &c, &found, NULL), ERR_OK);
    assert_true(isnan(found.auc));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unchanged_window_is_ok),
        cmocka_unit_test(changed_correlation_alone_is_found_beside_an_outlier),
        cmocka_unit_test(one_changed_pair_among_1225_is_found),
        cmocka_unit_test(outlier_alone_is_no_drift),
        cmocka_unit_test(shift_is_found_and_names_its_feature),
        cmocka_unit_test(lost_structure_raises_the_reconstruction_error),
        cmocka_unit_test(falling_scatter_lowers_the_reconstruction_error),
        cmocka_unit_test(threshold_is_where_the_verdict_turns),
        cmocka_unit_test(evidence_without_effect_is_not_drift),
        cmocka_unit_test(only_watched_statistics_are_told_and_pay),
        cmocka_unit_test(few_rows_are_insufficient_however_far_away),
        cmocka_unit_test(windows_shorter_than_a_chunk_are_unavailable_and_say_so),
        cmocka_unit_test(too_few_chunks_are_said_and_not_guessed),
        cmocka_unit_test(one_column_has_no_correlation),
        cmocka_unit_test(wholly_missing_feature_has_finite_numbers),
        cmocka_unit_test(constant_window_has_finite_numbers),
        cmocka_unit_test(degenerate_reference_has_finite_numbers),
        cmocka_unit_test(many_chunks_are_merged_with_their_neighbours),
        cmocka_unit_test(options_of_the_null_are_checked),
        cmocka_unit_test(long_names_are_cut_between_characters),
        cmocka_unit_test(names_are_read_back),
        cmocka_unit_test(p_values_of_tests_on_rows_are_uniform_under_one_law),
        cmocka_unit_test(classifier_sees_a_correlation_only_with_products),
        cmocka_unit_test(tests_on_rows_survive_degenerate_rows),
        cmocka_unit_test(separated_samples_have_an_area_of_one),
        cmocka_unit_test(options_of_tests_on_rows_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
