/*
 * test_monitors_compare.c - candidate against champion: verdicts by hand, and that looking again
 * and again keeps the promised error.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/rand.h"
#include "monitors/compare.h"
#include "stream.h"

static void assert_close(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("found %.12g, expected %.12g (within %g)", found, expected, tolerance);
}

static void expect(const struct mon_comparison *c, enum mon_verdict3 verdict)
{
    char sentence[MON_SENTENCE_BYTES];
    if (c->verdict != verdict)
        fail_msg("expected %s: %s", mon_verdict3_name(verdict),
                 mon_comparison_sentence(c, sentence));
}

static void paired_bounds_are_students(void **state)
{
    (void)state;
    /* differences 1 2 3 4 5: mean 3, sd sqrt(2.5), t(0.95, 4) = 2.131847 */
    const double champion[] = {0, 0, 0, 0, 0}, candidate[] = {1, 2, 3, 4, 5};
    struct mon_compare_options o;
    struct mon_comparison c;
    mon_compare_options_init(&o);
    o.min_n = 5;
    mon_compare_paired(&o, champion, candidate, 5, &c);
    double half = 2.131847 * sqrt(2.5 / 5.0);
    assert_close(c.difference, 3.0, 1e-12);
    assert_close(c.lower, 3.0 - half, 1e-5);
    assert_close(c.upper, 3.0 + half, 1e-5);
    expect(&c, MON_BAD);
    mon_compare_paired(&o, candidate, champion, 5, &c);
    expect(&c, MON_GOOD);
    o.margin = -10.0; /* an improvement of 10 was asked for */
    mon_compare_paired(&o, candidate, champion, 5, &c);
    expect(&c, MON_BAD);
}

static void margin_lets_an_equal_candidate_pass(void **state)
{
    (void)state;
    double losses[200];
    struct mon_compare_options o;
    struct mon_comparison c;
    for (int i = 0; i < 200; i++)
        losses[i] = i % 7;
    mon_compare_options_init(&o);
    mon_compare_paired(&o, losses, losses, 200, &c);
    expect(&c, MON_NOT_ENOUGH);
    assert_close(c.lower, 0.0, 0.0);
    assert_close(c.upper, 0.0, 0.0);
    o.margin = 0.01;
    mon_compare_paired(&o, losses, losses, 200, &c);
    expect(&c, MON_GOOD);
}

static void no_data_and_one_row_are_not_enough(void **state)
{
    (void)state;
    const double zero[] = {0, NAN}, one[] = {1, 1};
    struct mon_compare_options o;
    struct mon_comparison c;
    struct mon_side none = {0}, single = {1, 5, 25};
    mon_compare_options_init(&o);
    o.min_n = 0;
    mon_compare_paired(&o, zero, one, 0, &c);
    expect(&c, MON_NOT_ENOUGH);
    mon_compare_paired(&o, zero, one, 2, &c); /* one pair is left */
    expect(&c, MON_NOT_ENOUGH);
    assert_close(c.n_candidate, 1.0, 0.0);
    mon_compare_means(&o, &none, &single, &c);
    expect(&c, MON_NOT_ENOUGH);
    mon_compare_rates(&o, 0, 0, 5, 5, &c);
    expect(&c, MON_NOT_ENOUGH);
}

static void few_rows_are_not_enough_however_bad(void **state)
{
    (void)state;
    struct mon_compare_options o;
    struct mon_comparison c;
    mon_compare_options_init(&o);
    mon_compare_rates(&o, 0, 100000, 99, 99, &c);
    expect(&c, MON_NOT_ENOUGH);
    mon_compare_rates(&o, 0, 100000, 100, 100, &c);
    expect(&c, MON_BAD);
}

static void welch_bounds_have_welchs_degrees(void **state)
{
    (void)state;
    /* sides 1..4 and 3..6: both variance 5/3, n 4: nu 6, t(0.95, 6) = 1.943180 */
    struct mon_side a = {4, 10, 30}, b = {4, 18, 86};
    struct mon_compare_options o;
    struct mon_comparison c;
    mon_compare_options_init(&o);
    o.min_n = 2;
    mon_compare_means(&o, &a, &b, &c);
    double half = 1.943180 * sqrt(2.0 * (5.0 / 3.0) / 4.0);
    assert_close(c.difference, 2.0, 1e-12);
    assert_close(c.lower, 2.0 - half, 1e-5);
    expect(&c, MON_BAD);
}

static void newey_west_widens_the_bounds_of_correlated_losses(void **state)
{
    (void)state;
    struct rng r;
    double champion[2000], candidate[2000], level = 0.0;
    struct mon_compare_options o;
    struct mon_comparison plain, lagged;
    rng_seed(&r, 4);
    for (int i = 0; i < 2000; i++) {
        level = 0.8 * level + 0.6 * rng_normal(&r);
        champion[i] = 0.0;
        candidate[i] = level;
    }
    mon_compare_options_init(&o);
    mon_compare_paired(&o, champion, candidate, 2000, &plain);
    o.lag = 30;
    mon_compare_paired(&o, champion, candidate, 2000, &lagged);
    /* theory: sqrt((1 + 0.8) / (1 - 0.8)) = 3; Bartlett's weights lose some of it */
    double widening = (lagged.upper - lagged.lower) / (plain.upper - plain.lower);
    print_message("bounds widened by %.2f, 3 in theory\n", widening);
    assert_true(widening > 2.2 && widening < 3.5);
}

/* One look after every 20 rows, 3,000 rows, 300 streams, both sides the same. */
static int wrong_verdicts_when_peeking(bool anytime, int n_streams)
{
    struct rng r;
    double champion[3000], candidate[3000];
    struct mon_compare_options o;
    int wrong = 0;
    rng_seed(&r, 21);
    mon_compare_options_init(&o);
    o.anytime = anytime;
    for (int k = 0; k < n_streams; k++) {
        bool bad = false;
        for (int i = 0; i < 3000; i++) {
            champion[i] = rng_normal(&r);
            candidate[i] = rng_normal(&r);
        }
        for (size_t n = 100; n <= 3000 && !bad; n += 20) {
            struct mon_comparison c;
            mon_compare_paired(&o, champion, candidate, n, &c);
            bad = c.verdict == MON_BAD;
        }
        wrong += bad;
    }
    return wrong;
}

static void peeking_at_anytime_bounds_keeps_the_error(void **state)
{
    (void)state;
    int fixed = wrong_verdicts_when_peeking(false, 60);
    int anytime = wrong_verdicts_when_peeking(true, 200);
    print_message(
        "wrong \"bad\" when peeking: %d of 60 with Student's t, %d of 200 anytime-valid\n", fixed,
        anytime);
    assert_true(anytime <= 10); /* alpha 0.05: at most 10 expected */
    assert_true(fixed > 6);     /* or the test above could not fail */
}

static void error_rates_may_be_looked_at_after_every_request(void **state)
{
    (void)state;
    struct rng r;
    struct mon_compare_options o;
    int wrong = 0;
    rng_seed(&r, 8);
    mon_compare_options_init(&o);
    for (int k = 0; k < 200; k++) {
        uint64_t events[2] = {0}, n[2] = {0};
        bool bad = false;
        for (int i = 0; i < 4000 && !bad; i++) {
            int side = rng_uniform(&r) < 0.2;
            n[side]++;
            events[side] += rng_uniform(&r) < 0.03;
            if (i % 40 != 0)
                continue;
            struct mon_comparison c;
            mon_compare_rates(&o, events[0], n[0], events[1], n[1], &c);
            bad = c.verdict == MON_BAD;
        }
        wrong += bad;
    }
    print_message("wrong \"bad\" on equal error rates: %d of 200 rollouts\n", wrong);
    assert_true(wrong <= 10);
}

static void failing_candidate_is_bad_within_200_requests(void **state)
{
    (void)state;
    struct mon_compare_options o;
    struct mon_comparison c;
    mon_compare_options_init(&o);
    mon_compare_rates(&o, 2, 1000, 20, 200, &c);
    expect(&c, MON_BAD);
    assert_true(c.e_value >= 20.0);
    assert_true(c.lower > 0.0 && c.lower < 0.098 && c.upper > 0.098);
}

static void clean_candidate_is_good_within_a_margin(void **state)
{
    (void)state;
    struct mon_compare_options o;
    struct mon_comparison c;
    mon_compare_options_init(&o);
    o.margin = 0.02;
    mon_compare_rates(&o, 1, 10000, 0, 1000, &c);
    expect(&c, MON_GOOD);
    mon_compare_rates(&o, 1, 10000, 0, 110, &c);
    expect(&c, MON_NOT_ENOUGH);
    assert_true(c.e_value < 1.0);
}

static void evidence_and_lower_bound_agree(void **state)
{
    (void)state;
    struct rng r;
    struct mon_compare_options o;
    rng_seed(&r, 9);
    mon_compare_options_init(&o);
    o.min_n = 1;
    for (int k = 0; k < 300; k++) {
        uint64_t n = 1 + rng_below(&r, 300), m = 1 + rng_below(&r, 300);
        struct mon_comparison c;
        o.margin = rng_uniform(&r) * 0.4 - 0.2;
        mon_compare_rates(&o, rng_below(&r, n + 1), n, rng_below(&r, m + 1), m, &c);
        bool by_bound = c.lower > o.margin + 1e-6, by_evidence = c.e_value >= 1.0 / o.alpha;
        if (fabs(c.lower - o.margin) > 1e-6 && by_bound != by_evidence)
            fail_msg("lower %.9g against margin %.9g, e %.9g", c.lower, o.margin, c.e_value);
        assert_true(c.lower <= c.difference && c.difference <= c.upper);
    }
}

static const double bounds[] = {0.001, 0.002, 0.004, 0.008, 0.016, 0.032, INFINITY};
#define N_BUCKETS 7

static struct mon_comparison latency(const uint64_t *champion, const uint64_t *candidate)
{
    struct mon_compare_options o;
    struct mon_comparison c;
    mon_compare_options_init(&o);
    o.margin = 1.5;
    mon_compare_latency(&o, bounds, champion, candidate, N_BUCKETS, 0.5, &c);
    return c;
}

static void slower_candidate_is_bad_and_an_equal_one_good(void **state)
{
    (void)state;
    const uint64_t champion[N_BUCKETS] = {0, 900, 100, 0, 0, 0, 0};
    const uint64_t slow[N_BUCKETS] = {0, 0, 0, 0, 300, 100, 0};
    const uint64_t few[N_BUCKETS] = {0, 0, 0, 0, 50, 10, 0};
    const uint64_t none[N_BUCKETS] = {0};
    struct mon_comparison c = latency(champion, slow);
    expect(&c, MON_BAD);
    assert_close(c.lower, 0.008 / 0.002, 1e-12); /* bucket edges */
    assert_string_equal(c.what, "latency p50");
    c = latency(champion, champion);
    expect(&c, MON_GOOD);
    assert_close(c.difference, 1.0, 1e-12);
    /* linear in its bucket: 0.001 + 0.001 * 500 / 900 */
    assert_close(c.champion, 0.001 + 0.001 * 500.0 / 900.0, 1e-12);
    c = latency(champion, few);
    expect(&c, MON_NOT_ENOUGH);
    c = latency(champion, none);
    expect(&c, MON_NOT_ENOUGH);
}

static void predictions_far_apart_are_bad_and_near_ones_good(void **state)
{
    (void)state;
    struct stream s;
    struct mon_compare_options o;
    struct mon_comparison c;
    const struct change shifted = {.shift = 1.0};
    stream_init(&s, LAW_NORMAL, 1, 2000, 100, 6);
    struct profile *champion = stream_window(&s, 2000, NULL);
    struct profile *same = stream_window(&s, 500, NULL), *far = stream_window(&s, 500, &shifted);
    mon_compare_options_init(&o);
    o.margin = 0.1;
    mon_compare_predictions(&o, champion, same, 0, &c);
    expect(&c, MON_GOOD);
    assert_true(c.e_value < 1.0);
    mon_compare_predictions(&o, champion, far, 0, &c);
    expect(&c, MON_BAD);
    assert_true(c.difference > 0.3);
    profile_clear(same);
    mon_compare_predictions(&o, champion, same, 0, &c);
    expect(&c, MON_NOT_ENOUGH);
    profile_free(champion);
    profile_free(same);
    profile_free(far);
    stream_deinit(&s);
}

static void comparison_in_json_has_both_sides(void **state)
{
    (void)state;
    struct mon_compare_options o;
    struct mon_comparison c;
    const char *text = NULL;
    double n = 0;
    mon_compare_options_init(&o);
    o.what = "HTTP errors";
    mon_compare_rates(&o, 2, 1000, 20, 200, &c);
    cJSON *json = mon_comparison_to_json(&c);
    assert_int_equal(json_get_string(json, "verdict", &text, NULL), ERR_OK);
    assert_string_equal(text, "bad");
    assert_int_equal(json_get_string(json, "sentence", &text, NULL), ERR_OK);
    assert_non_null(strstr(text, "HTTP errors: candidate 0.1 (n = 200), champion 0.002"));
    assert_int_equal(json_get_double(json, "n_champion", 0, 1e9, &n, NULL), ERR_OK);
    assert_true(n == 1000.0);
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paired_bounds_are_students),
        cmocka_unit_test(margin_lets_an_equal_candidate_pass),
        cmocka_unit_test(no_data_and_one_row_are_not_enough),
        cmocka_unit_test(few_rows_are_not_enough_however_bad),
        cmocka_unit_test(welch_bounds_have_welchs_degrees),
        cmocka_unit_test(newey_west_widens_the_bounds_of_correlated_losses),
        cmocka_unit_test(peeking_at_anytime_bounds_keeps_the_error),
        cmocka_unit_test(error_rates_may_be_looked_at_after_every_request),
        cmocka_unit_test(failing_candidate_is_bad_within_200_requests),
        cmocka_unit_test(clean_candidate_is_good_within_a_margin),
        cmocka_unit_test(evidence_and_lower_bound_agree),
        cmocka_unit_test(slower_candidate_is_bad_and_an_equal_one_good),
        cmocka_unit_test(predictions_far_apart_are_bad_and_near_ones_good),
        cmocka_unit_test(comparison_in_json_has_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
