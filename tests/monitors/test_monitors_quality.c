/*
 * test_monitors_quality.c - rates of bad values, constant columns, repeated rows, volume.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "monitors/quality.h"
#include "stream.h"

#define N_FEATURES 3

static struct stream stream;
static struct mon_signal signals[MON_N_RATES * N_FEATURES];

static size_t check(const struct mon_quality_options *o, struct profile *window)
{
    return mon_quality_check(o, stream.reference, window, signals);
}

static void count_value(struct profile *p, double value, size_t n_rows)
{
    const double codes[N_FEATURES] = {value, value, value};
    const float score = 0.5f;
    for (size_t i = 0; i < n_rows; i++)
        profile_count(p, codes, &score, 1);
}

static void expect_drift_in(size_t n, const char *statistic)
{
    char sentence[MON_SENTENCE_BYTES];
    for (size_t i = 0; i < n; i++) {
        bool expected = strcmp(signals[i].statistic, statistic) == 0;
        if ((signals[i].verdict == MON_DRIFT) != expected)
            fail_msg("only %s was expected: %s", statistic,
                     mon_signal_sentence(&signals[i], sentence));
    }
}

static void spoil(enum law law, double value, const char *statistic)
{
    struct mon_quality_options o;
    mon_quality_options_init(&o);
    stream_init(&stream, law, N_FEATURES, 2000, 100, 3);
    struct profile *window = stream_window(&stream, 950, NULL);
    size_t n = check(&o, window);
    expect_drift_in(n, "none");
    count_value(window, value, 50);
    assert_int_equal(check(&o, window), n);
    expect_drift_in(n, statistic);
    profile_free(window);
    stream_deinit(&stream);
}

static void each_kind_of_bad_value_raises_its_own_rate(void **state)
{
    (void)state;
    spoil(LAW_NORMAL, NAN, "missing_rate");
    spoil(LAW_NORMAL, INFINITY, "infinite_rate");
    spoil(LAW_NORMAL, -INFINITY, "infinite_rate");
    spoil(LAW_NORMAL, 1e9, "out_of_range_rate");
    spoil(LAW_NORMAL, -1e9, "out_of_range_rate");
    spoil(LAW_CATEGORY, CODE_UNSEEN, "unseen_rate");
    spoil(LAW_CATEGORY, NAN, "missing_rate");
}

static void numbers_are_both_rates_and_their_difference(void **state)
{
    (void)state;
    struct mon_quality_options o;
    mon_quality_options_init(&o);
    o.max_rise[MON_RATE_RANGE] = o.max_rise[MON_RATE_INFINITE] = NAN;
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 2000, 100, 3);
    struct profile *window = stream_window(&stream, 900, NULL);
    count_value(window, NAN, 100);
    assert_int_equal(check(&o, window), N_FEATURES);
    assert_true(signals[0].value == 0.1);
    assert_true(signals[0].reference_value == 0.0);
    assert_true(signals[0].threshold == 0.01);
    assert_true(signals[0].n == 1000.0 && signals[0].n_reference == 2000.0);
    assert_true(mon_quality_rate(window, 0, MON_RATE_MISSING) == 0.1);
    assert_true(isnan(mon_quality_rate(window, 0, MON_RATE_UNSEEN)));
    profile_free(window);
    stream_deinit(&stream);
}

/* 3 of 200 is above 1 %, and happens by chance: at 0.3 % once in 40 windows. */
static void rise_that_may_be_chance_is_ok(void **state)
{
    (void)state;
    struct mon_quality_options o;
    mon_quality_options_init(&o);
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 2000, 100, 3);
    count_value(stream.reference, NAN, 6);
    struct profile *window = stream_window(&stream, 197, NULL);
    count_value(window, NAN, 3);
    size_t n = check(&o, window);
    expect_drift_in(n, "none");
    assert_true(signals[0].effect > 0.01);
    assert_true(signals[0].p_value > 0.01);
    profile_free(window);
    stream_deinit(&stream);
}

/* 3 of 200 against none of 2,000 has p = 7.4e-4: enough for one rate at 0.001, not for nine. */
static void significance_is_shared_by_the_rates(void **state)
{
    (void)state;
    for (size_t n_features = 1; n_features <= N_FEATURES; n_features += N_FEATURES - 1) {
        struct mon_quality_options o;
        mon_quality_options_init(&o);
        o.max_rise[MON_RATE_RANGE] = o.max_rise[MON_RATE_INFINITE] =
            n_features == 1 ? NAN : o.max_rise[MON_RATE_MISSING];
        stream_init(&stream, LAW_NORMAL, n_features, 2000, 100, 3);
        struct profile *window = stream_window(&stream, 197, NULL);
        count_value(window, NAN, 3);
        size_t n = check(&o, window);
        assert_int_equal(n, n_features == 1 ? 1 : 3 * N_FEATURES);
        assert_true(signals[0].effect > 0.01);
        assert_true(signals[0].p_value > 0.001 / 9.0 && signals[0].p_value < 0.001);
        assert_int_equal(signals[0].verdict, n_features == 1 ? MON_DRIFT : MON_OK);
        profile_free(window);
        stream_deinit(&stream);
    }
}

#define BURST_CHUNKS 100
#define BURST_CHUNK_ROWS 200

/* n_rows of which `rate` have the value, the others 0.5, in bursts of burst_rows on average. */
static void count_bursts(struct profile *p, struct rng *r, size_t n_rows, double value, double rate,
                         double burst_rows)
{
    bool bad = rng_uniform(r) < rate;
    for (size_t i = 0; i < n_rows; i++) {
        count_value(p, bad ? value : 0.5, 1);
        double leave = bad ? 1.0 - rate : rate;
        if (rng_uniform(r) < leave / burst_rows)
            bad = !bad;
    }
}

/* A reference of 20,000 rows, chunks and all. */
static void make_bursts(struct rng *r, double rate, double burst_rows)
{
    stream_init(&stream, LAW_NORMAL, N_FEATURES, BURST_CHUNKS * BURST_CHUNK_ROWS, BURST_CHUNK_ROWS,
                3);
    assert_int_equal(stream.n_chunks, BURST_CHUNKS);
    profile_clear(stream.reference);
    for (size_t i = 0; i < BURST_CHUNKS; i++) {
        profile_clear(stream.chunks[i]);
        count_bursts(stream.chunks[i], r, BURST_CHUNK_ROWS, NAN, rate, burst_rows);
        profile_merge(stream.reference, stream.chunks[i]);
    }
}

static size_t alarms_in_bursts(struct rng *r, size_t n_windows, bool with_chunks)
{
    struct mon_quality_options o;
    size_t alarms = 0;
    struct profile *window = stream_window(&stream, 0, NULL);
    mon_quality_options_init(&o);
    for (size_t i = 0; i < n_windows; i++) {
        profile_clear(window);
        count_bursts(window, r, 1000, NAN, 0.05, 50.0);
        size_t n = mon_quality_check_chunks(&o, stream.reference, stream.chunks,
                                            with_chunks ? stream.n_chunks : 0, window, signals);
        alarms += mon_signals_count(signals, n, MON_DRIFT) > 0;
    }
    profile_free(window);
    return alarms;
}

static void values_missing_in_bursts_as_ever_are_no_drift(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 17);
    make_bursts(&r, 0.05, 50.0);
    size_t apart = alarms_in_bursts(&r, 100, false), in_time = alarms_in_bursts(&r, 100, true);
    print_message("same bursts: %zu alarms of 100 as independent rows, %zu with chunks\n", apart,
                  in_time);
    assert_true(apart > 5);
    assert_true(in_time <= 1);
    stream_deinit(&stream);
}

static void check_rise(struct rng *r, double before, double burst_rows, double now,
                       enum mon_verdict expected)
{
    struct mon_quality_options o;
    mon_quality_options_init(&o);
    make_bursts(r, before, burst_rows);
    struct profile *window = stream_window(&stream, 0, NULL);
    count_bursts(window, r, 1000, NAN, now, 1.0);
    mon_quality_check_chunks(&o, stream.reference, stream.chunks, stream.n_chunks, window, signals);
    if (signals[0].verdict != expected)
        fail_msg("%g in bursts of %g rows, then %g: %s, p = %g", before, burst_rows, now,
                 mon_verdict_name(signals[0].verdict), signals[0].p_value);
    bool says = strstr(signals[0].rule, "count as one") != NULL;
    assert_true(says == (burst_rows > 1.0));
    profile_free(window);
    stream_deinit(&stream);
}

static void real_rises_are_found_with_chunks_too(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 23);
    check_rise(&r, 0.01, 1.0, 0.10, MON_DRIFT);
    check_rise(&r, 0.05, 10.0, 0.50, MON_DRIFT);
    check_rise(&r, 0.05, 50.0, 1.00, MON_DRIFT);
    check_rise(&r, 0.05, 50.0, 0.10, MON_OK); /* two bursts where one was to be expected */
}

static void fill_walk(struct profile *p, struct rng *r, double *x, double correlation, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *x = correlation * *x + sqrt(1.0 - correlation * correlation) * rng_normal(r);
        count_value(p, *x, 1);
    }
}

/* Never out of range in the reference; the ends of the range say how values out there come. */
static void slow_columns_leave_their_range_for_a_while(void **state)
{
    (void)state;
    struct rng r;
    struct mon_quality_options o;
    double x = 0.0;
    rng_seed(&r, 29);
    mon_quality_options_init(&o);
    stream_init(&stream, LAW_NORMAL, N_FEATURES, BURST_CHUNKS * BURST_CHUNK_ROWS, BURST_CHUNK_ROWS,
                3);
    profile_clear(stream.reference);
    for (size_t i = 0; i < BURST_CHUNKS; i++) {
        profile_clear(stream.chunks[i]);
        fill_walk(stream.chunks[i], &r, &x, 0.99, BURST_CHUNK_ROWS);
        profile_merge(stream.reference, stream.chunks[i]);
    }
    struct profile *window = stream_window(&stream, 0, NULL);
    fill_walk(window, &r, &x, 0.99, 988);
    count_value(window, 6.0, 12);
    size_t n = mon_quality_check_chunks(&o, stream.reference, stream.chunks, stream.n_chunks,
                                        window, signals);
    expect_drift_in(n, "none");
    check(&o, window);
    expect_drift_in(n, "out_of_range_rate");
    count_value(window, 6.0, 1000);
    mon_quality_check_chunks(&o, stream.reference, stream.chunks, stream.n_chunks, window, signals);
    expect_drift_in(n, "out_of_range_rate");
    profile_free(window);
    stream_deinit(&stream);
}

static void falling_rate_is_ok(void **state)
{
    (void)state;
    struct mon_quality_options o;
    mon_quality_options_init(&o);
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 2000, 100, 3);
    count_value(stream.reference, NAN, 500);
    struct profile *window = stream_window(&stream, 1000, NULL);
    expect_drift_in(check(&o, window), "none");
    assert_true(signals[0].effect < -0.1);
    profile_free(window);
    stream_deinit(&stream);
}

static void few_rows_are_insufficient(void **state)
{
    (void)state;
    struct mon_quality_options o;
    mon_quality_options_init(&o);
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 2000, 100, 3);
    struct profile *window = stream_window(&stream, 0, NULL);
    count_value(window, NAN, 50);
    size_t n = check(&o, window);
    assert_int_equal(mon_signals_count(signals, n, MON_INSUFFICIENT), n);
    profile_clear(window);
    o.min_rows = 0.0;
    n = check(&o, window);
    assert_int_equal(mon_signals_count(signals, n, MON_INSUFFICIENT), n);
    profile_free(window);
    stream_deinit(&stream);
}

static void every_signal_says_its_rule(void **state)
{
    (void)state;
    struct mon_quality_options o;
    mon_quality_options_init(&o);
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 2000, 100, 3);
    struct profile *window = stream_window(&stream, 300, NULL);
    size_t n = check(&o, window);
    for (size_t i = 0; i < n; i++)
        assert_true(signals[i].rule[0] != '\0' && signals[i].threshold_origin[0] != '\0');
    assert_string_equal(signals[0].rule, "rows without a value");
    profile_free(window);
    stream_deinit(&stream);
}

static void values_of_another_type_are_a_rate_like_others(void **state)
{
    (void)state;
    struct mon_quality_options o;
    uint64_t before[N_FEATURES] = {0, 20, 0}, now[N_FEATURES] = {0, 10, 40};
    struct mon_mismatches reference = {2000, before}, window = {1000, now};
    mon_quality_options_init(&o);
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 2000, 100, 3);
    size_t n = mon_mismatch_check(&o, stream.ruler, &reference, &window, signals);
    assert_int_equal(n, N_FEATURES);
    assert_int_equal(signals[0].verdict, MON_OK);
    assert_int_equal(signals[1].verdict, MON_OK); /* 1 % before, 1 % now */
    assert_int_equal(signals[2].verdict, MON_DRIFT);
    assert_true(signals[2].value == 0.04 && signals[2].reference_value == 0.0);
    window.n_rows = 0;
    mon_mismatch_check(&o, stream.ruler, &reference, &window, signals);
    assert_int_equal(signals[2].verdict, MON_INSUFFICIENT);
    stream_deinit(&stream);
}

static size_t check_constant(const struct profile *window)
{
    struct mon_quality_options o;
    mon_quality_options_init(&o);
    return mon_constant_check(&o, stream.reference, stream.chunks, stream.n_chunks, window,
                              signals);
}

static void column_that_stopped_varying_is_found(void **state)
{
    (void)state;
    const enum law laws[] = {LAW_NORMAL, LAW_CATEGORY, LAW_DISCRETE};
    for (size_t l = 0; l < 3; l++) {
        stream_init(&stream, laws[l], N_FEATURES, 2000, 100, 3);
        struct profile *window = stream_window(&stream, 300, NULL);
        assert_int_equal(check_constant(window), N_FEATURES);
        assert_int_equal(signals[0].verdict, MON_OK);
        assert_true(signals[0].value < 1.0 && signals[0].p_value == 1.0);
        profile_clear(window);
        count_value(window, 1.0, 300);
        check_constant(window);
        assert_int_equal(signals[0].verdict, MON_DRIFT);
        assert_true(signals[0].value == 1.0 && signals[0].p_value < 1e-9);
        profile_free(window);
        stream_deinit(&stream);
    }
}

static void window_inside_one_cell_is_not_constant_while_it_varies(void **state)
{
    (void)state;
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 2000, 100, 3);
    struct profile *window = stream_window(&stream, 0, NULL);
    count_value(window, 50.0, 150); /* overflow, both */
    count_value(window, 60.0, 150);
    check_constant(window);
    assert_true(signals[0].value == 1.0);
    assert_int_equal(signals[0].verdict, MON_OK);
    profile_free(window);
    stream_deinit(&stream);
}

/* One value has 98 % of the reference: a window of 250 rows holds only it once in 150. */
static void nearly_constant_column_may_be_constant_by_chance(void **state)
{
    (void)state;
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 400, 100, 3);
    count_value(stream.reference, 0.5, 20000);
    for (size_t i = 0; i < stream.n_chunks; i++)
        count_value(stream.chunks[i], 0.5, 20000 / stream.n_chunks);
    struct profile *window = stream_window(&stream, 0, NULL);
    count_value(window, 0.5, 250);
    check_constant(window);
    assert_true(signals[0].value == 1.0);
    if (!(signals[0].p_value > 0.004 && signals[0].p_value < 0.009))
        fail_msg("p = %g, expected about (20001 / 20400)^250", signals[0].p_value);
    assert_int_equal(signals[0].verdict, MON_OK);
    profile_free(window);
    stream_deinit(&stream);
}

/* The reference itself has long equal stretches: one of its 20 chunks is constant. */
static void column_that_comes_in_equal_stretches_is_no_drift(void **state)
{
    (void)state;
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 2000, 100, 3);
    profile_clear(stream.chunks[4]);
    count_value(stream.chunks[4], 1.0, 100);
    struct profile *window = stream_window(&stream, 0, NULL);
    count_value(window, 1.0, 300);
    check_constant(window);
    assert_true(signals[0].p_value == 2.0 / 21.0);
    assert_int_equal(signals[0].verdict, MON_OK);
    profile_free(window);
    stream_deinit(&stream);
}

/* Rows of one value in runs: n_runs of them, of run_rows each; values 0 to 9 at random. */
static void count_runs(struct profile *p, struct rng *r, size_t n_runs, size_t run_rows)
{
    for (size_t i = 0; i < n_runs; i++)
        count_value(p, (double)rng_below(r, 10), run_rows);
}

/* Runs of 300 rows: no chunk of 1,200 is constant, a window of 250 is as often as not. */
static void column_that_comes_in_runs_shorter_than_a_chunk_is_no_drift(void **state)
{
    (void)state;
    const size_t run_rows[] = {300, 1};
    const enum mon_verdict verdicts[] = {MON_OK, MON_DRIFT};
    for (size_t k = 0; k < 2; k++) {
        struct rng r;
        rng_seed(&r, 5);
        stream_init(&stream, LAW_DISCRETE, N_FEATURES, 2000, 100, 3);
        profile_clear(stream.reference);
        for (size_t i = 0; i < stream.n_chunks; i++) {
            profile_clear(stream.chunks[i]);
            count_runs(stream.chunks[i], &r, 1200 / run_rows[k], run_rows[k]);
            profile_merge(stream.reference, stream.chunks[i]);
        }
        struct profile *window = stream_window(&stream, 0, NULL);
        count_value(window, 3.0, 250);
        check_constant(window);
        if (signals[0].verdict != verdicts[k])
            fail_msg("runs of %zu rows: %s, p = %g", run_rows[k],
                     mon_verdict_name(signals[0].verdict), signals[0].p_value);
        profile_free(window);
        stream_deinit(&stream);
    }
}

static void column_that_never_varied_has_nothing_to_lose(void **state)
{
    (void)state;
    stream_init(&stream, LAW_NORMAL, N_FEATURES, 2000, 100, 3);
    profile_clear(stream.reference);
    count_value(stream.reference, 1.0, 2000);
    struct profile *window = stream_window(&stream, 0, NULL);
    count_value(window, 1.0, 300);
    check_constant(window);
    assert_int_equal(signals[0].verdict, MON_UNAVAILABLE);
    profile_clear(window);
    count_value(window, NAN, 300);
    check_constant(window);
    assert_int_equal(signals[0].verdict, MON_INSUFFICIENT);
    profile_free(window);
    stream_deinit(&stream);
}

static struct mon_signal check_duplicates(double rows0, double repeated0, double rows1,
                                          double repeated1)
{
    struct mon_quality_options o;
    struct mon_repeats reference = {rows0, repeated0}, window = {rows1, repeated1};
    struct mon_signal s;
    mon_quality_options_init(&o);
    mon_duplicate_check(&o, &reference, &window, &s);
    return s;
}

static void more_repeated_rows_than_before_are_found(void **state)
{
    (void)state;
    assert_int_equal(check_duplicates(10000, 100, 1000, 12).verdict, MON_OK);
    struct mon_signal s = check_duplicates(10000, 100, 1000, 100);
    assert_int_equal(s.verdict, MON_DRIFT);
    assert_true(s.value == 0.1 && s.reference_value == 0.01 && s.feature[0] == '\0');
    /* a reference shorter than the window repeats less by itself */
    assert_int_equal(check_duplicates(500, 5, 1000, 100).verdict, MON_INSUFFICIENT);
    assert_int_equal(check_duplicates(0, 0, 1000, 100).verdict, MON_INSUFFICIENT);
}

static void repeats_that_the_reference_did_not_count_are_unavailable(void **state)
{
    (void)state;
    struct mon_quality_options o;
    struct mon_repeats window = {1000, 1000};
    struct mon_signal s;
    mon_quality_options_init(&o);
    mon_duplicate_check(&o, NULL, &window, &s);
    assert_int_equal(s.verdict, MON_UNAVAILABLE);
    assert_true(s.n == 1000 && isnan(s.value) && strstr(s.threshold_origin, "not counted"));
}

#define N_CHUNKS 40

static struct mon_signal check_volume(const struct mon_volume *chunks, size_t n_chunks, double rows,
                                      double duration_s)
{
    struct mon_quality_options o;
    struct mon_volume window = {rows, duration_s};
    struct mon_signal s;
    mon_quality_options_init(&o);
    mon_volume_check(&o, chunks, n_chunks, &window, &s);
    return s;
}

/* Rates that vary by a third from chunk to chunk: far from Poisson, which would be sure at once. */
static void overdispersed_volume_is_judged_by_its_own_spread(void **state)
{
    (void)state;
    struct mon_volume chunks[N_CHUNKS];
    struct rng r;
    rng_seed(&r, 11);
    for (size_t i = 0; i < N_CHUNKS; i++)
        chunks[i] = (struct mon_volume){round(10000.0 * exp(0.3 * rng_normal(&r))), 3600.0};
    assert_int_equal(check_volume(chunks, N_CHUNKS, 14000, 3600).verdict, MON_OK);
    struct mon_signal few = check_volume(chunks, N_CHUNKS, 1000, 3600);
    assert_int_equal(few.verdict, MON_DRIFT);
    assert_true(few.value == 1000.0 && few.effect < 0.0 && few.threshold < few.reference_value);
    assert_int_equal(check_volume(chunks, N_CHUNKS, 200000, 3600).verdict, MON_DRIFT);
    struct mon_signal none = check_volume(chunks, N_CHUNKS, 0, 3600);
    assert_int_equal(none.verdict, MON_DRIFT);
    assert_true(none.value == 0.0 && none.p_value < 1e-6);
}

static void even_volume_still_has_poissons_noise(void **state)
{
    (void)state;
    struct mon_volume chunks[N_CHUNKS];
    for (size_t i = 0; i < N_CHUNKS; i++)
        chunks[i] = (struct mon_volume){10.0, 60.0};
    assert_int_equal(check_volume(chunks, N_CHUNKS, 4, 60).verdict, MON_OK);
    assert_int_equal(check_volume(chunks, N_CHUNKS, 60, 360).verdict, MON_OK);
    assert_int_equal(check_volume(chunks, N_CHUNKS, 90, 60).verdict, MON_DRIFT);
}

static void volume_without_chunks_or_time_is_insufficient(void **state)
{
    (void)state;
    const struct mon_volume chunks[N_CHUNKS] = {{10, 60}, {10, 0}, {10, NAN}, {NAN, 60}};
    assert_int_equal(check_volume(chunks, N_CHUNKS, 10, 60).verdict, MON_INSUFFICIENT);
    assert_int_equal(check_volume(NULL, 0, 10, 60).verdict, MON_INSUFFICIENT);
    struct mon_volume good[8];
    for (size_t i = 0; i < 8; i++)
        good[i] = (struct mon_volume){10.0, 60.0};
    assert_int_equal(check_volume(good, 8, 10, 60).verdict, MON_OK);
    assert_int_equal(check_volume(good, 8, 10, 0).verdict, MON_INSUFFICIENT);
    assert_int_equal(check_volume(good, 8, NAN, 60).verdict, MON_INSUFFICIENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_bad_value_raises_its_own_rate),
        cmocka_unit_test(numbers_are_both_rates_and_their_difference),
        cmocka_unit_test(rise_that_may_be_chance_is_ok),
        cmocka_unit_test(significance_is_shared_by_the_rates),
        cmocka_unit_test(values_missing_in_bursts_as_ever_are_no_drift),
        cmocka_unit_test(real_rises_are_found_with_chunks_too),
        cmocka_unit_test(slow_columns_leave_their_range_for_a_while),
        cmocka_unit_test(falling_rate_is_ok),
        cmocka_unit_test(few_rows_are_insufficient),
        cmocka_unit_test(every_signal_says_its_rule),
        cmocka_unit_test(values_of_another_type_are_a_rate_like_others),
        cmocka_unit_test(column_that_stopped_varying_is_found),
        cmocka_unit_test(window_inside_one_cell_is_not_constant_while_it_varies),
        cmocka_unit_test(nearly_constant_column_may_be_constant_by_chance),
        cmocka_unit_test(column_that_comes_in_equal_stretches_is_no_drift),
        cmocka_unit_test(column_that_comes_in_runs_shorter_than_a_chunk_is_no_drift),
        cmocka_unit_test(column_that_never_varied_has_nothing_to_lose),
        cmocka_unit_test(more_repeated_rows_than_before_are_found),
        cmocka_unit_test(repeats_that_the_reference_did_not_count_are_unavailable),
        cmocka_unit_test(overdispersed_volume_is_judged_by_its_own_spread),
        cmocka_unit_test(even_volume_still_has_poissons_noise),
        cmocka_unit_test(volume_without_chunks_or_time_is_insufficient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
