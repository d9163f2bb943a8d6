/*
 * test_monitors_overtime.c - the monitor that keeps a budget over time: what it spends, what only
 * many windows together can show, and its state.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "monitors/overtime.h"
#include "rates.h"
#include "stream.h"

#define N_FEATURES 4
#define N_REFERENCE 20000
#define CHUNK_ROWS 200
#define WINDOW_ROWS 500
#define HOUR_MS 3600000.0

struct fixture {
    struct stream stream;
    struct mon_overtime_options options;
    struct mon_overtime *monitor;
    struct mon_signal signals[N_FEATURES + 2];
};

static void start(struct fixture *f, enum law law, double alarms, size_t n_scales, uint64_t seed)
{
    struct err e = {0};
    stream_init(&f->stream, law, N_FEATURES, N_REFERENCE, CHUNK_ROWS, seed);
    mon_overtime_options_init(&f->options);
    f->options.budget.alarms = alarms;
    f->options.window_rows = WINDOW_ROWS;
    f->options.n_scales = n_scales;
    f->options.drift.min_effect = 0.0;
    if (mon_overtime_new(&f->options, f->stream.reference, f->stream.chunks, f->stream.n_chunks,
                         &f->monitor, &e) != ERR_OK)
        fail_msg("%s", e.message);
}

static void finish(struct fixture *f)
{
    mon_overtime_free(f->monitor);
    stream_deinit(&f->stream);
}

static enum mon_alarm_event add(struct fixture *f, const struct change *change)
{
    size_t n;
    struct profile *window = stream_window(&f->stream, WINDOW_ROWS, change);
    enum mon_alarm_event event = mon_overtime_add(f->monitor, window, NULL, f->signals, &n);
    assert_int_equal(n, N_FEATURES);
    profile_free(window);
    return event;
}

static void tests_of_all_lengths_spend_the_budget_of_the_period(void **state)
{
    (void)state;
    struct fixture f;
    double spent = 0.0;
    start(&f, LAW_NORMAL, 3.0, 8, 1);
    for (size_t k = 0; k < 8; k++)
        spent += mon_overtime_alpha(f.monitor, k) * 720.0 / (double)(1u << k);
    if (fabs(spent - 3.0) > 1e-9)
        fail_msg("%g false alarms expected in 30 days, 3 were stated", spent);
    assert_true(mon_overtime_alpha(f.monitor, 8) == 0.0);
    finish(&f);
}

/* A budget of 0.05 a window, so that seconds suffice to count: 72 alarms in two months. */
static void stationary_streams_raise_no_more_alarms_than_stated(void **state)
{
    (void)state;
    static const enum law laws[] = {LAW_NORMAL, LAW_AR, LAW_CATEGORY};
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        size_t raises = 0, windows = 0;
        for (uint64_t seed = 0; seed < 6; seed++) {
            struct fixture f;
            start(&f, laws[i], 36.0, 6, 300 + seed);
            for (int t = 0; t < 64; t++, windows++)
                add(&f, NULL);
            raises += (size_t)mon_overtime_n_raises(f.monitor);
            finish(&f);
        }
        double bound = rate_upper_bound(raises, windows);
        print_message("%s: %zu alarms in %zu windows, upper bound %.4f, stated 0.05\n",
                      law_name(laws[i]), raises, windows, bound);
        if (!(bound <= 0.05))
            fail_msg("upper 95 %% bound %g, stated 0.05", bound);
    }
}

static void shift_too_small_for_a_window_is_found_in_merged_ones(void **state)
{
    (void)state;
    struct fixture f;
    const struct change shifted = {.shift = 0.1, .one_feature = true};
    size_t at = 0;
    start(&f, LAW_NORMAL, 1.0, 8, 11);
    f.options.drift.statistic = MON_PSI;
    for (size_t t = 1; t <= 128 && at == 0; t++)
        if (add(&f, &shifted) == MON_ALARM_RAISED)
            at = t;
    print_message("0.1 sd in one of %d features: raised after %zu windows of %d rows\n", N_FEATURES,
                  at, WINDOW_ROWS);
    assert_true(at > 1);
    assert_int_equal(f.signals[0].verdict, MON_DRIFT);
    assert_true(f.signals[0].n > WINDOW_ROWS);
    assert_non_null(strstr(f.signals[0].rule, "windows; "));
    for (size_t i = 1; i < N_FEATURES; i++)
        assert_int_equal(f.signals[i].verdict, MON_OK);
    finish(&f);
}

/* The last windows and their mixes, as a merged block has them. */
struct recent {
    struct profile *windows[64];
    struct mon_phase_mix mixes[64];
    size_t n;
};

/* The block's length has its own null up to the longest one measured, and its own alpha. */
static struct mon_signal checked_alone(const struct fixture *f, const struct recent *r,
                                       size_t scale)
{
    struct mon_signal signals[N_FEATURES + 2];
    struct mon_null_options n;
    struct mon_null *null = NULL;
    struct profile *block = NULL;
    struct mon_phase_mix mix = {0};
    struct mon_drift_options o = f->options.drift;
    const struct stream *s = &f->stream;
    mon_null_options_init(&n);
    n.season = f->options.season;
    n.window_rows = WINDOW_ROWS;
    for (size_t k = 0; k < scale; k++)
        if (n.window_rows * MON_LONGEST_BLOCK_PART < (double)s->reference->n_rows)
            n.window_rows *= 2.0;
    assert_int_equal(mon_null_make(&n, s->reference, s->chunks, s->n_chunks, &null, NULL), ERR_OK);
    assert_int_equal(profile_new(s->ruler, &block, NULL), ERR_OK);
    for (size_t k = r->n - ((size_t)1 << scale); k < r->n; k++) {
        profile_merge(block, r->windows[k]);
        mon_phase_mix_merge(&mix, &r->mixes[k]);
    }
    o.false_alarm_rate = mon_overtime_alpha(f->monitor, scale);
    mon_drift_check_mix(&o, null, s->reference, block, &mix, signals);
    profile_free(block);
    mon_null_free(null);
    return signals[0];
}

static void expect_close(const char *what, double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-9 * fabs(expected)))
        fail_msg("%s: %.12g of the merged windows, %.12g checked alone", what, got, expected);
}

/* Goes on until a block of several windows finds the shift of the first feature. */
static void expect_blocks_as_checked_alone(struct fixture *f, double shift)
{
    const struct change shifted = {.shift = shift, .one_feature = true};
    struct recent r = {.n = 0};
    bool found = false;
    while (!found && r.n < 64) {
        size_t n;
        if (f->options.season != NULL)
            mon_season_mix(f->options.season, stream_span(&f->stream, WINDOW_ROWS), WINDOW_ROWS,
                           &r.mixes[r.n]);
        r.windows[r.n] = stream_window(&f->stream, WINDOW_ROWS, &shifted);
        mon_overtime_add(f->monitor, r.windows[r.n], &r.mixes[r.n], f->signals, &n);
        r.n++;
        found = f->signals[0].verdict == MON_DRIFT && f->signals[0].n > WINDOW_ROWS;
    }
    assert_true(found);
    struct mon_signal alone = checked_alone(f, &r, (size_t)ilogb(f->signals[0].n / WINDOW_ROWS));
    print_message("found in the last %.0f rows: %s\n", alone.n, alone.threshold_origin);
    expect_close("value", f->signals[0].value, alone.value);
    expect_close("threshold", f->signals[0].threshold, alone.threshold);
    expect_close("p-value", f->signals[0].p_value, alone.p_value);
    assert_string_equal(f->signals[0].threshold_origin, alone.threshold_origin);
    for (size_t k = 0; k < r.n; k++)
        profile_free(r.windows[k]);
}

static void each_length_has_its_own_null_and_its_own_chance(void **state)
{
    (void)state;
    struct fixture f;
    start(&f, LAW_AR, 1.0, 6, 17);
    expect_blocks_as_checked_alone(&f, 0.3);
    finish(&f);
}

static void merged_windows_are_compared_with_the_mixture_of_their_phases(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct mon_season *season = NULL;
    struct mon_season_options o;
    stream_init(&f.stream, LAW_WEEKLY, N_FEATURES, 2 * 168 * 100, 100, 18);
    mon_season_options_init(&o);
    assert_int_equal(
        mon_season_new(&o, f.stream.chunks, f.stream.spans, f.stream.n_chunks, &season, NULL),
        ERR_OK);
    mon_overtime_options_init(&f.options);
    f.options.window_rows = WINDOW_ROWS;
    f.options.season = season;
    f.options.drift.min_effect = 0.0;
    assert_int_equal(mon_overtime_new(&f.options, f.stream.reference, f.stream.chunks,
                                      f.stream.n_chunks, &f.monitor, NULL),
                     ERR_OK);
    expect_blocks_as_checked_alone(&f, 0.2);
    assert_non_null(strstr(f.signals[0].threshold_origin, "hour_of_week"));
    finish(&f);
    mon_season_free(season);
}

static void a_large_change_is_one_alarm_and_ends_when_it_does(void **state)
{
    (void)state;
    struct fixture f;
    const struct change shifted = {.shift = 1.0};
    start(&f, LAW_NORMAL, 1.0, 3, 12);
    for (int t = 0; t < 8; t++)
        assert_int_equal(add(&f, NULL), MON_ALARM_QUIET);
    assert_int_equal(add(&f, &shifted), MON_ALARM_RAISED);
    for (int t = 0; t < 7; t++)
        assert_int_equal(add(&f, &shifted), MON_ALARM_ONGOING);
    assert_true(mon_overtime_raised(f.monitor));
    int t = 0;
    while (t < 12 && add(&f, NULL) == MON_ALARM_ONGOING)
        t++;
    print_message("cleared after %d windows without change\n", t + 1);
    assert_true(t >= 2 && t < 8); /* three single ones, and one block of four */
    assert_false(mon_overtime_raised(f.monitor));
    assert_int_equal(mon_overtime_n_raises(f.monitor), 1);
    assert_int_equal(add(&f, &shifted), MON_ALARM_RAISED);
    mon_overtime_clear(f.monitor);
    assert_false(mon_overtime_raised(f.monitor));
    assert_int_equal(add(&f, NULL), MON_ALARM_QUIET);
    assert_int_equal(mon_overtime_n_raises(f.monitor), 2);
    finish(&f);
}

static void *written(const struct mon_overtime *m, size_t *size)
{
    struct st_writer *w = st_writer_new();
    void *bytes = NULL;
    assert_int_equal(mon_overtime_to_st(m, "m/", w, NULL), ERR_OK);
    assert_int_equal(st_writer_memory(w, &bytes, size, NULL), ERR_OK);
    st_writer_free(w);
    return bytes;
}

static void restored_monitor_goes_on_as_if_it_had_never_stopped(void **state)
{
    (void)state;
    struct fixture f;
    struct mon_overtime *other = NULL;
    struct st_file *file = NULL;
    struct mon_signal signals[N_FEATURES + 2];
    const struct change shifted = {.shift = 0.2};
    size_t size, n;
    start(&f, LAW_NORMAL, 1.0, 5, 13);
    for (int t = 0; t < 21; t++)
        add(&f, &shifted);
    void *bytes = written(f.monitor, &size);
    assert_int_equal(mon_overtime_new(&f.options, f.stream.reference, f.stream.chunks,
                                      f.stream.n_chunks, &other, NULL),
                     ERR_OK);
    assert_int_equal(st_open_memory(bytes, size, &file, NULL), ERR_OK);
    assert_int_equal(mon_overtime_from_st(other, file, "m/", NULL), ERR_OK);
    assert_int_equal(mon_overtime_n_raises(other), mon_overtime_n_raises(f.monitor));
    for (int t = 0; t < 20; t++) {
        struct profile *window = stream_window(&f.stream, WINDOW_ROWS, NULL);
        enum mon_alarm_event a = mon_overtime_add(f.monitor, window, NULL, f.signals, &n);
        assert_int_equal(mon_overtime_add(other, window, NULL, signals, &n), a);
        for (size_t i = 0; i < n; i++)
            assert_true(signals[i].value == f.signals[i].value &&
                        signals[i].verdict == f.signals[i].verdict);
        profile_free(window);
    }
    assert_true(mon_overtime_from_st(other, file, "nobody/", NULL) != ERR_OK);
    assert_false(mon_overtime_raised(other));
    st_close(file);
    free(bytes);
    mon_overtime_free(other);
    finish(&f);
}

static void options_that_leave_nothing_to_a_test_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct mon_overtime *m = NULL;
    start(&f, LAW_NORMAL, 1.0, 2, 14);
    struct mon_overtime_options o = f.options;
    o.budget.alarms = 0.0;
    assert_int_equal(mon_overtime_new(&o, f.stream.reference, NULL, 0, &m, NULL), ERR_INVALID);
    o = f.options;
    o.n_scales = 0;
    assert_int_equal(mon_overtime_new(&o, f.stream.reference, NULL, 0, &m, NULL), ERR_INVALID);
    o = f.options;
    o.drift.threshold = 0.25;
    assert_int_equal(mon_overtime_new(&o, f.stream.reference, NULL, 0, &m, NULL), ERR_INVALID);
    o = f.options;
    o.window_ms = -HOUR_MS;
    assert_int_equal(mon_overtime_new(&o, f.stream.reference, NULL, 0, &m, NULL), ERR_INVALID);
    finish(&f);
}

static void windows_without_rows_are_insufficient_and_quiet(void **state)
{
    (void)state;
    struct fixture f;
    struct profile *empty = NULL;
    size_t n;
    start(&f, LAW_NORMAL, 1.0, 4, 15);
    assert_int_equal(profile_new(f.stream.ruler, &empty, NULL), ERR_OK);
    for (int t = 0; t < 16; t++) {
        assert_int_equal(mon_overtime_add(f.monitor, empty, NULL, f.signals, &n), MON_ALARM_QUIET);
        assert_int_equal(f.signals[0].verdict, MON_INSUFFICIENT);
    }
    profile_free(empty);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_of_all_lengths_spend_the_budget_of_the_period),
        cmocka_unit_test(stationary_streams_raise_no_more_alarms_than_stated),
        cmocka_unit_test(shift_too_small_for_a_window_is_found_in_merged_ones),
        cmocka_unit_test(each_length_has_its_own_null_and_its_own_chance),
        cmocka_unit_test(merged_windows_are_compared_with_the_mixture_of_their_phases),
        cmocka_unit_test(a_large_change_is_one_alarm_and_ends_when_it_does),
        cmocka_unit_test(restored_monitor_goes_on_as_if_it_had_never_stopped),
        cmocka_unit_test(options_that_leave_nothing_to_a_test_are_refused),
        cmocka_unit_test(windows_without_rows_are_insufficient_and_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
