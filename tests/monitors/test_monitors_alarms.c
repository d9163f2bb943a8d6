/*
 * test_monitors_alarms.c - is the promise kept? Realised false alarms per window on streams that do
 * not change, over many references of 5,000 rows, and the power against shifts. The chunk size, the
 * window and the statistic are those of the stock policies.
 *
 * A test of a rate: with k alarms in n windows the exact upper 95 % bound (Clopper & Pearson 1934)
 * must lie below what is stated here. n is what fits into seconds; bench_monitors_alarms counts
 * over more.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "monitors/drift.h"
#include "rates.h"
#include "stream.h"

#define N_FEATURES 10
#define N_REFERENCE 5000
#define CHUNK_ROWS 100
#define WINDOW_ROWS 1000

struct tally {
    int windows, alarms; /* a window with any series drifted is one alarm */
    double drifted, watched;
};

static void watch(struct stream *s, struct mon_null *null, const struct mon_drift_options *o,
                  int n_windows, const struct change *change, struct tally *t)
{
    struct mon_signal signals[N_FEATURES + 2];
    for (int k = 0; k < n_windows; k++) {
        struct profile *window = stream_window(s, WINDOW_ROWS, change);
        size_t n = mon_drift_check(o, null, s->reference, window, signals);
        size_t drifted = mon_signals_count(signals, n, MON_DRIFT);
        profile_free(window);
        t->windows++;
        t->alarms += drifted > 0;
        t->drifted += (double)drifted;
        t->watched += (double)n;
    }
}

static struct tally simulate(enum law law, enum mon_statistic statistic, double rate,
                             double min_effect, int n_references, int n_windows,
                             const struct change *change)
{
    struct tally t = {0};
    struct mon_drift_options o;
    mon_drift_options_init(&o);
    o.statistic = statistic;
    o.false_alarm_rate = rate;
    o.min_effect = min_effect;
    for (int r = 0; r < n_references; r++) {
        struct stream s;
        struct mon_null *null = NULL;
        stream_init(&s, law, N_FEATURES, N_REFERENCE, CHUNK_ROWS, 900 + (uint64_t)r);
        assert_int_equal(
            mon_null_new(s.reference, s.chunks, s.n_chunks, statistic, WINDOW_ROWS, &null, NULL),
            ERR_OK);
        watch(&s, null, &o, n_windows, change, &t);
        mon_null_free(null);
        stream_deinit(&s);
    }
    return t;
}

static void count_small_p_values(struct stream *s, const struct mon_null *null,
                                 enum mon_statistic statistic, int n_windows, struct tally *t)
{
    struct mon_signal signals[N_FEATURES + 2];
    struct mon_drift_options o;
    mon_drift_options_init(&o);
    o.statistic = statistic;
    for (int k = 0; k < n_windows; k++) {
        struct profile *window = stream_window(s, WINDOW_ROWS, NULL);
        size_t n = mon_drift_check(&o, null, s->reference, window, signals);
        for (size_t i = 0; i < n; i++)
            t->drifted += signals[i].p_value < 0.1;
        t->watched += (double)n;
        profile_free(window);
    }
}

/* The whole promise is not to alarm: evidence alone, the smallest effect switched off. */
static void expect_within(enum law law, enum mon_statistic statistic, double rate)
{
    struct tally t = simulate(law, statistic, rate, 0.0, 8, 40, NULL);
    double bound = rate_upper_bound((size_t)t.alarms, (size_t)t.windows);
    print_message(
        "%-16s %-12s %3d alarms in %d windows of %d features; budget %g, upper bound %.4f\n",
        mon_statistic_name(statistic), law_name(law), t.alarms, t.windows, N_FEATURES, rate, bound);
    if (!(bound <= rate))
        fail_msg("upper 95 %% bound %g, allowed %g", bound, rate);
}

static void expect_all_within(enum law law, double rate)
{
    for (int s = MON_PSI; s <= MON_WASSERSTEIN; s++)
        if (s != MON_WASSERSTEIN || law != LAW_CATEGORY)
            expect_within(law, (enum mon_statistic)s, rate);
}

static void alarms_on_independent_rows_stay_within_the_budget(void **state)
{
    (void)state;
    static const enum law laws[] = {LAW_NORMAL, LAW_HEAVY, LAW_DISCRETE, LAW_CATEGORY};
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++)
        expect_all_within(laws[i], 0.05);
}

static void alarms_on_autocorrelated_rows_stay_within_the_budget(void **state)
{
    (void)state;
    expect_all_within(LAW_AR, 0.05);
}

/* The textbook null on rows that are independent: a tenth of the p-values below 0.1, of which the
 * shared references leave 1,200 uncertain by about 0.02. wasserstein's tail is a bound. */
static void a_tenth_of_textbook_p_values_is_below_a_tenth(void **state)
{
    (void)state;
    for (int statistic = MON_PSI; statistic <= MON_WASSERSTEIN; statistic++) {
        struct mon_null_options o;
        struct tally t = {0};
        mon_null_options_init(&o);
        o.statistic = (enum mon_statistic)statistic;
        o.independent_rows = true;
        for (uint64_t r = 0; r < 6; r++) {
            struct stream s;
            struct mon_null *null = NULL;
            stream_init(&s, LAW_NORMAL, N_FEATURES, N_REFERENCE, CHUNK_ROWS, 40 + r);
            assert_int_equal(mon_null_make(&o, s.reference, NULL, 0, &null, NULL), ERR_OK);
            count_small_p_values(&s, null, o.statistic, 20, &t);
            mon_null_free(null);
            stream_deinit(&s);
        }
        double share = t.drifted / t.watched;
        print_message("%s: %.3f of the p-values below 0.1\n", mon_statistic_name(o.statistic),
                      share);
        assert_true(share > (statistic == MON_WASSERSTEIN ? 0.02 : 0.05) && share < 0.15);
    }
}

/* Rows in stretches of 50 that hardly differ: a window of 400 has eight that count. Overall they
 * are standard normal. */
static struct profile *stretches(struct stream *s, struct rng *levels, size_t n)
{
    struct profile *out = NULL;
    assert_int_equal(profile_new(s->ruler, &out, NULL), ERR_OK);
    for (size_t i = 0; i < n; i++) {
        const struct change level = {.shift = sqrt(1.0 - 0.09) * rng_normal(levels), .scale = 0.3};
        struct profile *stretch = stream_window(s, 50, &level);
        profile_merge(out, stretch);
        profile_free(stretch);
    }
    return out;
}

static void count_small_p_values_of_stretches(uint64_t seed, enum mon_statistic statistic,
                                              struct tally *t)
{
    enum { N_CHUNKS = 100, N_WINDOWS = 150 };
    struct profile *chunks[N_CHUNKS];
    struct mon_signal signal[3];
    struct stream s;
    struct rng levels;
    struct mon_null *null = NULL;
    struct mon_drift_options o;
    mon_drift_options_init(&o);
    o.statistic = statistic;
    rng_seed(&levels, seed);
    stream_init(&s, LAW_NORMAL, 1, N_REFERENCE, CHUNK_ROWS, seed);
    profile_clear(s.reference);
    for (size_t k = 0; k < N_CHUNKS; k++) {
        chunks[k] = stretches(&s, &levels, 4);
        profile_merge(s.reference, chunks[k]);
    }
    assert_int_equal(mon_null_new(s.reference, chunks, N_CHUNKS, statistic, 400, &null, NULL),
                     ERR_OK);
    for (size_t k = 0; k < N_WINDOWS; k++) {
        struct profile *window = stretches(&s, &levels, 8);
        t->watched += (double)mon_drift_check(&o, null, s.reference, window, signal);
        t->drifted += signal[0].p_value < 0.02;
        profile_free(window);
    }
    for (size_t k = 0; k < N_CHUNKS; k++)
        profile_free(chunks[k]);
    mon_null_free(null);
    stream_deinit(&s);
}

/* Such windows leave groups empty, where PSI's logarithms weigh more than a chi-squared knows. */
static void p_values_of_windows_of_eight_stretches_are_not_too_small(void **state)
{
    (void)state;
    static const enum mon_statistic of[] = {MON_PSI, MON_JS, MON_HELLINGER};
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        struct tally t = {0};
        for (uint64_t r = 0; r < 8; r++)
            count_small_p_values_of_stretches(70 + r, of[i], &t);
        double share = t.drifted / t.watched;
        print_message("%s: %.4f of the p-values below 0.02\n", mon_statistic_name(of[i]), share);
        assert_true(share < 0.02);
    }
}

/* With the default options: 100,000 rows and none. */
static void stationary_stream_of_100_windows_raises_no_alarm(void **state)
{
    (void)state;
    for (int law = LAW_NORMAL; law <= LAW_CATEGORY; law++) {
        struct tally t = simulate((enum law)law, MON_PSI, 0.001, NAN, 1, 100, NULL);
        if (t.alarms > 0)
            fail_msg("%s: %d alarms in 100 windows", law_name((enum law)law), t.alarms);
    }
}

static void shift_of_a_third_of_a_deviation_is_found_in_one_window(void **state)
{
    (void)state;
    const struct change c = {.shift = 0.33};
    for (int s = MON_PSI; s <= MON_WASSERSTEIN; s++) {
        struct tally t = simulate(LAW_NORMAL, (enum mon_statistic)s, 0.001, NAN, 4, 10, &c);
        print_message("%s: %.2f of the features that moved 0.33 deviations\n",
                      mon_statistic_name((enum mon_statistic)s), t.drifted / t.watched);
        assert_true(t.drifted / t.watched > 0.95);
    }
}

static void wider_scatter_is_found_by_psi(void **state)
{
    (void)state;
    const struct change c = {.scale = 1.3};
    struct tally t = simulate(LAW_NORMAL, MON_PSI, 0.001, NAN, 4, 10, &c);
    print_message("psi: %.2f of the features with scatter x 1.3\n", t.drifted / t.watched);
    assert_true(t.drifted / t.watched > 0.9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alarms_on_independent_rows_stay_within_the_budget),
        cmocka_unit_test(alarms_on_autocorrelated_rows_stay_within_the_budget),
        cmocka_unit_test(a_tenth_of_textbook_p_values_is_below_a_tenth),
        cmocka_unit_test(p_values_of_windows_of_eight_stretches_are_not_too_small),
        cmocka_unit_test(stationary_stream_of_100_windows_raises_no_alarm),
        cmocka_unit_test(shift_of_a_third_of_a_deviation_is_found_in_one_window),
        cmocka_unit_test(wider_scatter_is_found_by_psi),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
