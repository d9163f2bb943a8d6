/*
 * test_monitors_scan.c - merged windows, shares of a budget, and hysteresis.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "monitors/alarm.h"
#include "monitors/scan.h"
#include "stream.h"

#define N_SCALES 4

/* ---- merged windows ---- */

static struct stream small_stream(void)
{
    struct stream s;
    stream_init(&s, LAW_NORMAL, 2, 200, 50, 3);
    return s;
}

static struct mon_scan *new_scan(const struct stream *s)
{
    struct mon_scan *scan = NULL;
    assert_int_equal(mon_scan_new(s->ruler, N_SCALES, &scan, NULL), ERR_OK);
    return scan;
}

static bool same_counts(const struct profile *a, const struct profile *b)
{
    return a->n_rows == b->n_rows &&
           memcmp(a->counts, b->counts, a->ruler->n_cells * sizeof *a->counts) == 0;
}

/* Adds up the last n of the windows, plainly. */
static struct profile *sum_of_last(const struct stream *s, struct profile *const *windows,
                                   size_t n_windows, size_t n)
{
    struct profile *sum = NULL;
    assert_int_equal(profile_new(s->ruler, &sum, NULL), ERR_OK);
    for (size_t i = n_windows - n; i < n_windows; i++)
        profile_merge(sum, windows[i]);
    return sum;
}

static void every_length_that_divides_the_count_is_complete(void **state)
{
    (void)state;
    struct stream s = small_stream();
    struct mon_scan *scan = new_scan(&s);
    struct profile *windows[20];
    struct mon_scan_block blocks[N_SCALES];
    for (size_t t = 1; t <= 20; t++) {
        windows[t - 1] = stream_window(&s, 10 + t, NULL);
        struct mon_phase_mix mix = {.rows = {[3] = (double)t}};
        size_t n = mon_scan_add(scan, windows[t - 1], &mix, blocks), expected = 1;
        while (expected < N_SCALES && t % (1u << expected) == 0)
            expected++;
        assert_int_equal(n, expected);
        for (size_t k = 0; k < n; k++) {
            size_t length = (size_t)1 << k;
            struct profile *sum = sum_of_last(&s, windows, t, length);
            double rows = 0.0;
            for (size_t i = 0; i < length; i++)
                rows += (double)(t - i);
            assert_int_equal(blocks[k].scale, k);
            assert_int_equal(blocks[k].n_windows, length);
            assert_true(same_counts(blocks[k].profile, sum));
            assert_true(blocks[k].mix->rows[3] == rows);
            profile_free(sum);
        }
    }
    assert_int_equal(mon_scan_windows(scan), 20);
    for (size_t t = 0; t < 20; t++)
        profile_free(windows[t]);
    mon_scan_free(scan);
    stream_deinit(&s);
}

static void scan_of_one_length_remembers_nothing(void **state)
{
    (void)state;
    struct stream s = small_stream();
    struct mon_scan *scan = NULL;
    struct mon_scan_block block;
    assert_int_equal(mon_scan_new(s.ruler, 0, &scan, NULL), ERR_INVALID);
    assert_int_equal(mon_scan_new(s.ruler, MON_SCALES_MAX + 1, &scan, NULL), ERR_INVALID);
    assert_int_equal(mon_scan_new(s.ruler, 1, &scan, NULL), ERR_OK);
    for (int t = 0; t < 5; t++) {
        struct profile *window = stream_window(&s, 10, NULL);
        assert_int_equal(mon_scan_add(scan, window, NULL, &block), 1);
        assert_true(block.profile == window);
        profile_free(window);
    }
    mon_scan_free(scan);
    mon_scan_free(NULL);
    stream_deinit(&s);
}

static void *written(const struct mon_scan *scan, size_t *size)
{
    struct st_writer *w = st_writer_new();
    struct err e = {0};
    void *bytes = NULL;
    if (mon_scan_to_st(scan, "scan/", w, &e) != ERR_OK ||
        st_writer_memory(w, &bytes, size, &e) != ERR_OK)
        fail_msg("%s", e.message);
    st_writer_free(w);
    return bytes;
}

static enum err_code restore(struct mon_scan *scan, const void *bytes, size_t size)
{
    struct st_file *f = NULL;
    assert_int_equal(st_open_memory(bytes, size, &f, NULL), ERR_OK);
    enum err_code rc = mon_scan_from_st(scan, f, "scan/", NULL);
    st_close(f);
    return rc;
}

static void restored_scan_goes_on_as_if_it_had_never_stopped(void **state)
{
    (void)state;
    for (size_t before = 0; before < 12; before++) {
        struct stream s = small_stream();
        struct mon_scan *one = new_scan(&s), *other = new_scan(&s);
        struct mon_scan_block a[N_SCALES], b[N_SCALES];
        for (size_t t = 0; t < before + 8; t++) {
            struct profile *window = stream_window(&s, 20, NULL);
            if (t == before) {
                size_t size;
                void *bytes = written(one, &size);
                assert_int_equal(restore(other, bytes, size), ERR_OK);
                free(bytes);
            }
            size_t n = mon_scan_add(one, window, NULL, a);
            if (t >= before) {
                assert_int_equal(mon_scan_add(other, window, NULL, b), n);
                for (size_t k = 0; k < n; k++)
                    assert_true(same_counts(a[k].profile, b[k].profile));
            }
            profile_free(window);
        }
        mon_scan_free(one);
        mon_scan_free(other);
        stream_deinit(&s);
    }
}

static void torn_state_is_refused_and_leaves_an_empty_scan(void **state)
{
    (void)state;
    struct stream s = small_stream();
    struct mon_scan *scan = new_scan(&s);
    struct st_writer *w = st_writer_new();
    const int64_t one = 1;
    const uint64_t windows = 1; /* but no slot 0 */
    void *bytes = NULL;
    size_t size;
    assert_int_equal(st_writer_add(w, "scan/windows", ST_U64, 1, &one, &windows, NULL), ERR_OK);
    assert_int_equal(st_writer_memory(w, &bytes, &size, NULL), ERR_OK);
    assert_true(restore(scan, bytes, size) != ERR_OK);
    assert_int_equal(mon_scan_windows(scan), 0);
    free(bytes);
    st_writer_free(w);
    mon_scan_free(scan);
    stream_deinit(&s);
}

/* ---- budgets ---- */

static void near(double found, double expected)
{
    if (!(fabs(found - expected) <= 1e-12 * fmax(1.0, fabs(expected))))
        fail_msg("found %.15g, expected %.15g", found, expected);
}

static void one_alarm_in_thirty_days_is_one_in_720_hours(void **state)
{
    (void)state;
    struct mon_budget b;
    mon_budget_init(&b);
    near(mon_budget_per_window(&b, 3600000.0), 1.0 / 720.0);
    b.n_monitors = 4;
    b.alarms = 2.0;
    near(mon_budget_per_window(&b, 3600000.0), 1.0 / 1440.0);
    assert_true(mon_budget_per_window(&b, 1e15) == 0.5);
    assert_true(mon_budget_per_window(&b, 0.0) == 0.0);
    assert_true(mon_budget_per_window(&b, NAN) == 0.0);
    b.alarms = NAN;
    assert_true(mon_budget_per_window(&b, 1.0) == 0.0);
}

static double spent(const double *alpha, size_t n)
{
    double sum = 0.0;
    for (size_t k = 0; k < n; k++)
        sum += alpha[k] / (double)(1u << k);
    return sum;
}

static void lengths_spend_the_budget_and_no_more(void **state)
{
    (void)state;
    double alpha[MON_SCALES_MAX];
    for (size_t n = 1; n <= MON_SCALES_MAX; n++)
        for (double rate = 1e-6; rate < 0.5; rate *= 3.0) {
            mon_budget_over_scales(rate, n, alpha);
            assert_true(spent(alpha, n) <= rate * (1.0 + 1e-12));
            for (size_t k = 0; k < n; k++)
                assert_true(alpha[k] > 0.0 && alpha[k] <= 0.05);
        }
    mon_budget_over_scales(0.0008, 8, alpha);
    near(alpha[0], 0.0001);
    near(alpha[7], 0.0128);
    near(spent(alpha, 8), 0.0008);
    /* what the longest cannot use goes to the shorter ones */
    mon_budget_over_scales(0.008, 8, alpha);
    near(alpha[7], 0.05);
    assert_true(alpha[0] > 0.001);
    near(spent(alpha, 8), 0.008);
}

/* ---- hysteresis ---- */

/* o: ok and clear, b: below the threshold but not clear, d: drift, i: insufficient */
static enum mon_alarm_level level(char what)
{
    struct mon_alarm_options o;
    struct mon_signal s;
    mon_alarm_options_init(&o);
    mon_signal_init(&s, "m", MON_KIND_DRIFT, "psi");
    s.threshold = 1.0;
    s.value = what == 'o' ? 0.8 : what == 'b' ? 0.81 : 1.5;
    s.verdict = what == 'd' ? MON_DRIFT : what == 'i' ? MON_INSUFFICIENT : MON_OK;
    return mon_alarm_level_of(&o, &s);
}

static void expect_trace(const char *windows, const char *events)
{
    struct mon_alarm a = {0};
    struct mon_alarm_options o;
    char found[64] = {0};
    mon_alarm_options_init(&o);
    for (size_t i = 0; windows[i] != '\0'; i++)
        found[i] = mon_alarm_event_name(mon_alarm_step(&a, &o, level(windows[i])))[0];
    assert_string_equal(found, events);
}

static void an_alarm_is_raised_once_and_ends_after_three_clear_windows(void **state)
{
    (void)state;
    /* quiet, raised, ongoing, cleared by their first letters */
    expect_trace("oobbo", "qqqqq");
    expect_trace("oddddooo", "qroooooc");
    expect_trace("doobooo", "roooooc");
    expect_trace("doodooo", "roooooc");
    expect_trace("dododododooo", "rooooooooooc");
    expect_trace("dooodooo", "roocrooc");
}

static void no_data_neither_raises_nor_clears(void **state)
{
    (void)state;
    expect_trace("iii", "qqq");
    expect_trace("doiioiiio", "roooooooc");
}

static void raises_are_counted_not_windows(void **state)
{
    (void)state;
    struct mon_alarm a = {0};
    struct mon_alarm_options o;
    mon_alarm_options_init(&o);
    for (const char *w = "ddddooodi"; *w != '\0'; w++)
        mon_alarm_step(&a, &o, level(*w));
    assert_int_equal(a.n_raises, 2);
    assert_int_equal(a.n_windows, 8);
    assert_true(a.raised);
}

static void several_signals_have_the_highest_of_their_levels(void **state)
{
    (void)state;
    struct mon_alarm_options o;
    struct mon_signal s[3];
    mon_alarm_options_init(&o);
    for (int i = 0; i < 3; i++)
        mon_signal_init(&s[i], "m", MON_KIND_DRIFT, "psi");
    assert_int_equal(mon_alarm_level_of_all(&o, s, 3), MON_LEVEL_UNKNOWN);
    assert_int_equal(mon_alarm_level_of_all(&o, s, 0), MON_LEVEL_UNKNOWN);
    s[1].verdict = MON_OK; /* threshold NaN */
    assert_int_equal(mon_alarm_level_of_all(&o, s, 3), MON_LEVEL_CLEAR);
    s[2].verdict = MON_DRIFT;
    assert_int_equal(mon_alarm_level_of_all(&o, s, 3), MON_LEVEL_BEYOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_that_divides_the_count_is_complete),
        cmocka_unit_test(scan_of_one_length_remembers_nothing),
        cmocka_unit_test(restored_scan_goes_on_as_if_it_had_never_stopped),
        cmocka_unit_test(torn_state_is_refused_and_leaves_an_empty_scan),
        cmocka_unit_test(one_alarm_in_thirty_days_is_one_in_720_hours),
        cmocka_unit_test(lengths_spend_the_budget_and_no_more),
        cmocka_unit_test(an_alarm_is_raised_once_and_ends_after_three_clear_windows),
        cmocka_unit_test(no_data_neither_raises_nor_clears),
        cmocka_unit_test(raises_are_counted_not_windows),
        cmocka_unit_test(several_signals_have_the_highest_of_their_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
