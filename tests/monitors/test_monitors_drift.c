/*
 * test_monitors_drift.c - verdicts of the drift monitor, its null, and Benjamini-Hochberg.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "monitors/drift.h"
#include "stream.h"

#define N_FEATURES 4
#define N_REFERENCE 5000
#define CHUNK_ROWS 100
#define WINDOW_ROWS 1000

struct fixture {
    struct stream stream;
    struct mon_null *null;
    struct mon_drift_options options;
    struct mon_signal signals[N_FEATURES + 2];
    size_t n_signals;
};

static void start(struct fixture *f, enum law law, enum mon_statistic statistic)
{
    struct err e = {0};
    stream_init(&f->stream, law, N_FEATURES, N_REFERENCE, CHUNK_ROWS, 42);
    mon_drift_options_init(&f->options);
    f->options.statistic = statistic;
    f->null = NULL;
    if (mon_null_new(f->stream.reference, f->stream.chunks, f->stream.n_chunks, statistic,
                     WINDOW_ROWS, &f->null, &e) != ERR_OK)
        fail_msg("%s", e.message);
}

static void check(struct fixture *f, size_t n_rows, const struct change *change)
{
    struct profile *window = stream_window(&f->stream, n_rows, change);
    f->n_signals = mon_drift_check(&f->options, f->null, f->stream.reference, window, f->signals);
    profile_free(window);
}

static void finish(struct fixture *f)
{
    mon_null_free(f->null);
    stream_deinit(&f->stream);
}

static void expect_all(const struct fixture *f, enum mon_verdict verdict)
{
    char sentence[MON_SENTENCE_BYTES];
    for (size_t i = 0; i < f->n_signals; i++)
        if (f->signals[i].verdict != verdict)
            fail_msg("expected %s: %s", mon_verdict_name(verdict),
                     mon_signal_sentence(&f->signals[i], sentence));
}

static void shift_of_half_a_deviation_is_drift_in_every_statistic(void **state)
{
    (void)state;
    const struct change shifted = {.shift = 0.5};
    for (int s = MON_PSI; s <= MON_WASSERSTEIN; s++) {
        struct fixture f;
        start(&f, LAW_NORMAL, (enum mon_statistic)s);
        check(&f, WINDOW_ROWS, &shifted);
        assert_int_equal(f.n_signals, N_FEATURES);
        expect_all(&f, MON_DRIFT);
        check(&f, WINDOW_ROWS, NULL);
        expect_all(&f, MON_OK);
        finish(&f);
    }
}

static void threshold_is_where_the_verdict_turns(void **state)
{
    (void)state;
    for (int s = MON_PSI; s <= MON_WASSERSTEIN; s++) {
        struct fixture f;
        start(&f, LAW_NORMAL, (enum mon_statistic)s);
        f.options.min_effect = 0.0;
        for (double shift = 0.0; shift < 0.6; shift += 0.05) {
            const struct change c = {.shift = shift};
            check(&f, WINDOW_ROWS, &c);
            for (size_t i = 0; i < f.n_signals; i++) {
                bool above = f.signals[i].value > f.signals[i].threshold;
                bool beyond = f.signals[i].p_value < f.options.false_alarm_rate / N_FEATURES;
                assert_int_equal(above, beyond);
                assert_true(f.signals[i].threshold > 0.0);
            }
        }
        finish(&f);
    }
}

static void explicit_threshold_needs_no_null(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, LAW_NORMAL, MON_PSI);
    mon_null_free(f.null);
    f.null = NULL;
    f.options.threshold = 1e6;
    const struct change shifted = {.shift = 3.0};
    check(&f, WINDOW_ROWS, &shifted);
    expect_all(&f, MON_OK);
    f.options.threshold = 0.1;
    check(&f, WINDOW_ROWS, &shifted);
    expect_all(&f, MON_DRIFT);
    assert_string_equal(f.signals[0].threshold_origin, "set by the policy");
    finish(&f);
}

static void use_independent_rows(struct fixture *f)
{
    struct mon_null_options o;
    mon_null_options_init(&o);
    o.statistic = f->options.statistic;
    o.independent_rows = true;
    mon_null_free(f->null);
    f->null = NULL;
    assert_int_equal(mon_null_make(&o, f->stream.reference, f->stream.chunks, f->stream.n_chunks,
                                   &f->null, NULL),
                     ERR_OK);
}

static void few_rows_are_insufficient_however_far_away(void **state)
{
    (void)state;
    struct fixture f;
    const struct change far = {.shift = 100.0};
    start(&f, LAW_NORMAL, MON_PSI);
    check(&f, 199, &far);
    expect_all(&f, MON_INSUFFICIENT);
    check(&f, 0, NULL);
    expect_all(&f, MON_INSUFFICIENT);
    f.options.min_rows = 0.0;
    check(&f, 0, NULL);
    expect_all(&f, MON_INSUFFICIENT);
    use_independent_rows(&f);
    check(&f, 1, &far);
    for (size_t i = 0; i < f.n_signals; i++)
        assert_true(isfinite(f.signals[i].value) && isfinite(f.signals[i].p_value));
    finish(&f);
}

static void evidence_without_effect_is_not_drift(void **state)
{
    (void)state;
    struct fixture f;
    const struct change shifted = {.shift = 0.5};
    start(&f, LAW_NORMAL, MON_PSI);
    f.options.min_effect = 5.0;
    check(&f, WINDOW_ROWS, &shifted);
    expect_all(&f, MON_OK);
    assert_true(f.signals[0].p_value < 1e-6);
    finish(&f);
}

static void only_named_series_are_watched(void **state)
{
    (void)state;
    struct fixture f;
    const char *only[] = {"f2", "nobody"};
    start(&f, LAW_NORMAL, MON_PSI);
    f.options.only = only;
    f.options.n_only = 2;
    check(&f, WINDOW_ROWS, NULL);
    assert_int_equal(f.n_signals, 1);
    assert_string_equal(f.signals[0].feature, "f2");
    f.options.only = NULL;
    f.options.predictions = true;
    check(&f, WINDOW_ROWS, NULL);
    assert_int_equal(f.n_signals, 2);
    assert_string_equal(f.signals[0].feature, "prediction");
    assert_string_equal(f.signals[1].feature, "class");
    expect_all(&f, MON_OK);
    finish(&f);
}

/* wasserstein is about numbers, and for categories unavailable */
static void values_that_went_missing_are_drift(void **state)
{
    (void)state;
    const struct change gone = {.missing = 0.3};
    for (int s = MON_PSI; s < MON_WASSERSTEIN; s++) {
        struct fixture f;
        start(&f, LAW_CATEGORY, (enum mon_statistic)s);
        check(&f, WINDOW_ROWS, &gone);
        expect_all(&f, MON_DRIFT);
        finish(&f);
    }
}

static void wholly_missing_window_has_finite_numbers(void **state)
{
    (void)state;
    const struct change gone = {.missing = 1.0};
    for (int s = MON_PSI; s < MON_WASSERSTEIN; s++) {
        struct fixture f;
        start(&f, LAW_HEAVY, (enum mon_statistic)s);
        check(&f, WINDOW_ROWS, &gone);
        expect_all(&f, MON_DRIFT);
        for (size_t i = 0; i < f.n_signals; i++)
            assert_true(isfinite(f.signals[i].value) && isfinite(f.signals[i].threshold));
        finish(&f);
    }
}

static void wasserstein_of_no_numbers_is_unavailable(void **state)
{
    (void)state;
    struct fixture f;
    const struct change gone = {.missing = 1.0};
    start(&f, LAW_NORMAL, MON_WASSERSTEIN);
    check(&f, WINDOW_ROWS, &gone);
    expect_all(&f, MON_UNAVAILABLE);
    assert_non_null(strstr(f.signals[0].threshold_origin, "needs numbers"));
    finish(&f);
    start(&f, LAW_CATEGORY, MON_WASSERSTEIN);
    check(&f, WINDOW_ROWS, NULL);
    expect_all(&f, MON_UNAVAILABLE);
    finish(&f);
}

/* Half a deviation is half a unit, but for what clipping and the grid take of it. */
static void wasserstein_measures_in_deviations_of_the_reference(void **state)
{
    (void)state;
    struct fixture f;
    const struct change shifted = {.shift = 0.5};
    start(&f, LAW_NORMAL, MON_WASSERSTEIN);
    check(&f, 20000, &shifted);
    for (size_t i = 0; i < f.n_signals; i++)
        if (fabs(f.signals[i].value - 0.5) > 0.05)
            fail_msg("a shift of 0.5 is %g", f.signals[i].value);
    finish(&f);
}

static void every_statistic_is_found_by_its_name(void **state)
{
    (void)state;
    for (int s = MON_PSI; s <= MON_WASSERSTEIN; s++) {
        enum mon_statistic found = MON_PSI;
        assert_true(mon_statistic_from_name(mon_statistic_name((enum mon_statistic)s), &found));
        assert_int_equal(found, s);
    }
    enum mon_statistic kept = MON_JS;
    assert_false(mon_statistic_from_name("chi", &kept));
    assert_int_equal(kept, MON_JS);
}

static void rule_says_bins_pooling_and_smoothing(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, LAW_CATEGORY, MON_PSI);
    check(&f, WINDOW_ROWS, NULL);
    assert_non_null(strstr(f.signals[0].rule, "categories"));
    assert_non_null(strstr(f.signals[0].rule, "< 5 rows"));
    assert_non_null(strstr(f.signals[0].rule, "half a row"));
    assert_true(strlen(f.signals[0].rule) < sizeof f.signals[0].rule - 1);
    finish(&f);
}

static void thresholds_in_bulk_are_those_of_the_check(void **state)
{
    (void)state;
    for (int s = MON_PSI; s <= MON_WASSERSTEIN; s++) {
        struct fixture f;
        double thresholds[N_FEATURES + 2];
        start(&f, LAW_AR, (enum mon_statistic)s);
        f.options.false_alarm_rate = 0.004;
        check(&f, WINDOW_ROWS, NULL);
        assert_int_equal(mon_null_thresholds(f.null, f.stream.reference, WINDOW_ROWS,
                                             0.004 / N_FEATURES, thresholds, NULL),
                         ERR_OK);
        for (size_t i = 0; i < N_FEATURES; i++)
            if (fabs(thresholds[i] / f.signals[i].threshold - 1.0) > 1e-6)
                fail_msg("%s: %.12g in bulk, %.12g in the check", f.signals[i].statistic,
                         thresholds[i], f.signals[i].threshold);
        assert_int_equal(
            mon_null_thresholds(f.null, f.stream.reference, 0.0, 0.1, thresholds, NULL),
            ERR_INVALID);
        assert_int_equal(
            mon_null_thresholds(f.null, f.stream.reference, 10.0, 1.0, thresholds, NULL),
            ERR_INVALID);
        finish(&f);
    }
}

/* Ten chunks of this stream are like any other ten, one is not: a null made for ten knows from its
 * single chunks what windows of one do. */
static void short_windows_of_a_long_null_swing_as_chunks_do(void **state)
{
    (void)state;
    const struct change swing[2] = {{.shift = 0.4}, {.shift = -0.4}};
    for (int s = MON_PSI; s <= MON_WASSERSTEIN; s++) {
        struct fixture f;
        struct profile *chunks[80];
        start(&f, LAW_NORMAL, (enum mon_statistic)s);
        profile_clear(f.stream.reference);
        for (size_t k = 0; k < 80; k++) {
            chunks[k] = stream_window(&f.stream, 250, &swing[k % 2]);
            profile_merge(f.stream.reference, chunks[k]);
        }
        mon_null_free(f.null);
        assert_int_equal(mon_null_new(f.stream.reference, chunks, 80, (enum mon_statistic)s, 2500.0,
                                      &f.null, NULL),
                         ERR_OK);
        check(&f, 250, &swing[0]);
        expect_all(&f, MON_OK);
        check(&f, 2500, &swing[0]);
        expect_all(&f, MON_DRIFT);
        for (size_t k = 0; k < 80; k++)
            profile_free(chunks[k]);
        finish(&f);
    }
}

/* Ten chunks leave the scale uncertain: the threshold is beyond that of the scale they show. */
static void few_chunks_make_a_cautious_threshold(void **state)
{
    (void)state;
    static const enum mon_statistic of[] = {MON_KS, MON_HELLINGER};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        double few[N_FEATURES + 2], textbook[N_FEATURES + 2];
        start(&f, LAW_AR, of[i]);
        mon_null_free(f.null);
        assert_int_equal(
            mon_null_new(f.stream.reference, f.stream.chunks, 10, of[i], CHUNK_ROWS, &f.null, NULL),
            ERR_OK);
        double shown = sqrt(mon_null_design_effect(f.null, 0));
        mon_null_thresholds(f.null, f.stream.reference, WINDOW_ROWS, 1e-3, few, NULL);
        use_independent_rows(&f);
        mon_null_thresholds(f.null, f.stream.reference, WINDOW_ROWS, 1e-3, textbook, NULL);
        print_message("%s: %.3f, at the scale shown %.3f\n", mon_statistic_name(of[i]), few[0],
                      shown * textbook[0]);
        assert_true(few[0] > 1.05 * shown * textbook[0]);
        finish(&f);
    }
}

/* A cycle as long as a chunk leaves no trace between chunks. */
static void windows_shorter_than_a_chunk_cannot_be_judged(void **state)
{
    (void)state;
    const struct change far = {.shift = 5.0};
    for (int s = MON_PSI; s <= MON_WASSERSTEIN; s++) {
        struct fixture f;
        double thresholds[N_FEATURES + 2];
        start(&f, LAW_NORMAL, (enum mon_statistic)s);
        f.options.min_rows = 1.0;
        check(&f, 89, &far);
        expect_all(&f, MON_UNAVAILABLE);
        assert_string_equal(f.signals[0].threshold_origin,
                            "chunks of 100 rows are longer than the window of 89");
        assert_true(isfinite(f.signals[0].value) && isnan(f.signals[0].p_value));
        assert_int_equal(
            mon_null_thresholds(f.null, f.stream.reference, 89, 0.01, thresholds, NULL), ERR_OK);
        assert_true(isinf(thresholds[0]));
        check(&f, 90, &far);
        expect_all(&f, MON_DRIFT);
        f.options.threshold = 0.05;
        check(&f, 50, &far);
        expect_all(&f, MON_DRIFT);
        finish(&f);
    }
}

static void independent_rows_are_assumed_where_asked_for(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, LAW_AR, MON_PSI);
    double measured = mon_null_design_effect(f.null, 0);
    use_independent_rows(&f);
    assert_true(measured > 3.0 && mon_null_design_effect(f.null, 0) == 1.0);
    check(&f, WINDOW_ROWS, NULL);
    assert_non_null(strstr(f.signals[0].threshold_origin, "independent"));
    finish(&f);
}

static void holm_rejects_step_by_step(void **state)
{
    (void)state;
    /* 0.01 <= 0.05 / 4, 0.013 <= 0.05 / 3, 0.03 > 0.05 / 2: there it stops, though 0.04 <= 0.05 */
    const double p[] = {0.03, 0.013, NAN, 0.01, 0.04};
    bool reject[5];
    assert_int_equal(mon_holm(p, 5, 0.05, reject), 2);
    assert_true(reject[1] && reject[3] && !reject[0] && !reject[2] && !reject[4]);
    assert_int_equal(mon_benjamini_hochberg(p, 5, 0.05, reject), 4);
    assert_int_equal(mon_holm(p, 0, 0.05, reject), 0);
}

static void one_outlier_of_1000_deviations_hides_no_shift(void **state)
{
    (void)state;
    struct fixture f;
    const struct change shifted = {.shift = 0.5}, outlier = {.shift = 1000.0};
    start(&f, LAW_NORMAL, MON_PSI);
    struct profile *window = stream_window(&f.stream, WINDOW_ROWS, &shifted);
    struct profile *one = stream_window(&f.stream, 1, &outlier);
    profile_merge(window, one);
    f.n_signals = mon_drift_check(&f.options, f.null, f.stream.reference, window, f.signals);
    expect_all(&f, MON_DRIFT);
    profile_free(window);
    profile_free(one);
    finish(&f);
}

static void design_effect_of_independent_rows_is_about_one(void **state)
{
    (void)state;
    for (int s = MON_PSI; s <= MON_WASSERSTEIN; s++) {
        struct fixture f;
        start(&f, LAW_NORMAL, (enum mon_statistic)s);
        for (size_t i = 0; i < N_FEATURES; i++) {
            double found = mon_null_design_effect(f.null, i);
            if (!(found >= 1.0 && found < 1.8))
                fail_msg("%s: %g", mon_statistic_name((enum mon_statistic)s), found);
        }
        finish(&f);
    }
}

/* An AR(1) with coefficient a has (1 + a) / (1 - a) = 19 times the variance of a mean; its median
 * indicator, by the arcsine law, 1 + 2 sum (2 / pi) asin(0.9^k) = 12.8. */
static void design_effect_of_autocorrelated_rows_is_near_its_theory(void **state)
{
    (void)state;
    struct fixture f;
    double mean = 0.0;
    start(&f, LAW_AR, MON_KS);
    for (size_t i = 0; i < N_FEATURES; i++)
        mean += mon_null_design_effect(f.null, i) / N_FEATURES;
    print_message("design effect of AR(1) 0.9 in KS: %.2f\n", mean);
    assert_true(mean > 7.0 && mean < 20.0);
    finish(&f);
}

static void too_few_chunks_leave_the_null_for_independent_rows(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, LAW_AR, MON_PSI);
    mon_null_free(f.null);
    assert_int_equal(
        mon_null_new(f.stream.reference, f.stream.chunks, 7, MON_PSI, WINDOW_ROWS, &f.null, NULL),
        ERR_OK);
    check(&f, WINDOW_ROWS, NULL);
    assert_true(mon_null_design_effect(f.null, 0) == 1.0);
    assert_non_null(strstr(f.signals[0].threshold_origin, "independent"));
    mon_null_free(f.null);
    assert_int_equal(mon_null_new(f.stream.reference, NULL, 0, MON_PSI, WINDOW_ROWS, &f.null, NULL),
                     ERR_OK);
    assert_int_equal(mon_null_new(f.stream.reference, NULL, 0, MON_PSI, 0.0, &f.null, NULL),
                     ERR_INVALID);
    finish(&f);
}

/* A clock's every window differs from every other: it can be neither ok nor drift. */
static void series_that_never_repeats_cannot_be_judged(void **state)
{
    (void)state;
    for (int s = MON_KS; s <= MON_WASSERSTEIN; s++) {
        struct fixture f;
        char sentence[MON_SENTENCE_BYTES];
        start(&f, LAW_COUNTER, (enum mon_statistic)s);
        check(&f, WINDOW_ROWS, NULL);
        expect_all(&f, MON_UNAVAILABLE);
        mon_signal_sentence(&f.signals[0], sentence);
        assert_non_null(strstr(sentence, "cannot be judged"));
        finish(&f);
    }
}

static void benjamini_hochberg_rejects_as_in_the_paper(void **state)
{
    (void)state;
    /* Benjamini & Hochberg 1995, section 4.1: the four smallest of fifteen at q = 0.05 */
    const double p[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                        0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
    bool reject[15];
    assert_int_equal(mon_benjamini_hochberg(p, 15, 0.05, reject), 4);
    for (size_t i = 0; i < 15; i++)
        assert_int_equal(reject[i], i < 4);
}

static void benjamini_hochberg_leaves_nan_out(void **state)
{
    (void)state;
    const double p[] = {NAN, 0.02, NAN};
    bool reject[3];
    assert_int_equal(mon_benjamini_hochberg(p, 3, 0.03, reject), 1);
    assert_false(reject[0]);
    assert_true(reject[1]);
    assert_int_equal(mon_benjamini_hochberg(p, 0, 0.03, reject), 0);
}

static void constant_feature_is_ok_until_it_moves(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, LAW_NORMAL, MON_PSI);
    finish(&f);
    /* scale 0 cannot be asked for: a scale of 1e-300 rounds every value to the shift */
    const struct change constant = {.scale = 1e-300, .shift = 5.0};
    const struct change moved = {.scale = 1e-300, .shift = 6.0};
    for (int s = MON_PSI; s < MON_WASSERSTEIN; s++) {
        struct stream stream;
        struct mon_null *null = NULL;
        stream_init_changed(&stream, LAW_NORMAL, &constant, N_FEATURES, 2000, 50, 1);
        f.options.statistic = (enum mon_statistic)s;
        assert_int_equal(mon_null_new(stream.reference, stream.chunks, stream.n_chunks,
                                      f.options.statistic, 500, &null, NULL),
                         ERR_OK);
        struct profile *same = stream_window(&stream, 500, &constant);
        struct profile *other = stream_window(&stream, 500, &moved);
        f.n_signals = mon_drift_check(&f.options, null, stream.reference, same, f.signals);
        expect_all(&f, MON_OK);
        f.n_signals = mon_drift_check(&f.options, null, stream.reference, other, f.signals);
        expect_all(&f, MON_DRIFT);
        profile_free(same);
        profile_free(other);
        mon_null_free(null);
        stream_deinit(&stream);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shift_of_half_a_deviation_is_drift_in_every_statistic),
        cmocka_unit_test(threshold_is_where_the_verdict_turns),
        cmocka_unit_test(explicit_threshold_needs_no_null),
        cmocka_unit_test(few_rows_are_insufficient_however_far_away),
        cmocka_unit_test(evidence_without_effect_is_not_drift),
        cmocka_unit_test(only_named_series_are_watched),
        cmocka_unit_test(values_that_went_missing_are_drift),
        cmocka_unit_test(wholly_missing_window_has_finite_numbers),
        cmocka_unit_test(wasserstein_of_no_numbers_is_unavailable),
        cmocka_unit_test(wasserstein_measures_in_deviations_of_the_reference),
        cmocka_unit_test(every_statistic_is_found_by_its_name),
        cmocka_unit_test(rule_says_bins_pooling_and_smoothing),
        cmocka_unit_test(thresholds_in_bulk_are_those_of_the_check),
        cmocka_unit_test(short_windows_of_a_long_null_swing_as_chunks_do),
        cmocka_unit_test(few_chunks_make_a_cautious_threshold),
        cmocka_unit_test(windows_shorter_than_a_chunk_cannot_be_judged),
        cmocka_unit_test(independent_rows_are_assumed_where_asked_for),
        cmocka_unit_test(holm_rejects_step_by_step),
        cmocka_unit_test(one_outlier_of_1000_deviations_hides_no_shift),
        cmocka_unit_test(design_effect_of_independent_rows_is_about_one),
        cmocka_unit_test(design_effect_of_autocorrelated_rows_is_near_its_theory),
        cmocka_unit_test(too_few_chunks_leave_the_null_for_independent_rows),
        cmocka_unit_test(series_that_never_repeats_cannot_be_judged),
        cmocka_unit_test(benjamini_hochberg_rejects_as_in_the_paper),
        cmocka_unit_test(benjamini_hochberg_leaves_nan_out),
        cmocka_unit_test(constant_feature_is_ok_until_it_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
