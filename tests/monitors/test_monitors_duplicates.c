/*
 * test_monitors_duplicates.c - repeated rows: exact below the bound, unbiased above it, mergeable.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>

#include "base/rand.h"
#include "monitors/duplicates.h"

static struct mon_duplicates *make(size_t max_distinct)
{
    struct mon_duplicates *d = NULL;
    assert_int_equal(mon_duplicates_new(max_distinct, &d, NULL), ERR_OK);
    return d;
}

static void add(struct mon_duplicates *d, const double *codes, size_t n_rows, size_t n_columns)
{
    assert_int_equal(mon_duplicates_add(d, codes, n_rows, n_columns, NULL), ERR_OK);
}

static void expect_count(const struct mon_duplicates *d, double rows, double repeated)
{
    struct mon_repeats r = mon_duplicates_count(d);
    if (r.rows != rows || r.repeated != repeated)
        fail_msg("%g of %g rows repeated, expected %g of %g", r.repeated, r.rows, repeated, rows);
}

static void rows_equal_in_every_value_are_counted(void **state)
{
    (void)state;
    const double codes[] = {1, 2, 1, 3, 1, 2, NAN, 0, 2, 1, -NAN, -0.0, 1, 2};
    struct mon_duplicates *d = make(100);
    expect_count(d, 0, 0);
    add(d, codes, 7, 2); /* (1, 2) three times, (nan, 0) twice, (1, 3) and (2, 1) once */
    expect_count(d, 7, 5);
    assert_true(mon_duplicates_sampled(d) == 1.0);
    mon_duplicates_free(d);
}

static void count_is_exact_up_to_the_bound(void **state)
{
    (void)state;
    struct mon_duplicates *d = make(5000);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 5000; i++) {
            double code = i;
            if (round == 0 || i % 10 == 0)
                add(d, &code, 1, 1);
        }
    expect_count(d, 5500, 1000);
    assert_true(mon_duplicates_sampled(d) == 1.0);
    mon_duplicates_free(d);
}

/* 200,000 different rows, a tenth of them twice; 2,000 hashes kept. 4 standard errors of the share
 * among the kept rows: 4 sqrt(0.18 x 0.82 x 2 / 1000) = 0.07. */
static void rate_beyond_the_bound_is_an_honest_sample(void **state)
{
    (void)state;
    struct mon_duplicates *d = make(2000);
    for (int i = 0; i < 200000; i++) {
        const double codes[] = {i, i};
        add(d, codes, 1 + (i % 10 == 0), 1);
    }
    struct mon_repeats r = mon_duplicates_count(d);
    assert_true(mon_duplicates_sampled(d) < 1.0 / 64.0);
    assert_true(r.rows > 900.0 && r.rows <= 2400.0);
    if (!(fabs(r.repeated / r.rows - 40.0 / 220.0) < 0.07))
        fail_msg("share %.4f of %.0f rows, truth 0.1818", r.repeated / r.rows, r.rows);
    mon_duplicates_free(d);
}

static void an_estimate_is_of_all_rows_that_were_added(void **state)
{
    (void)state;
    struct mon_duplicates *d = make(2000);
    for (int i = 0; i < 200000; i++) {
        const double codes[] = {i, i};
        add(d, codes, 1 + (i % 10 == 0), 1);
    }
    struct mon_repeats all = mon_duplicates_estimate(d), kept = mon_duplicates_count(d);
    double want = round(kept.repeated / kept.rows * 220000.0);
    if (all.rows != 220000.0 || all.repeated != want)
        fail_msg("%g of %g rows, expected %g of 220000", all.repeated, all.rows, want);
    mon_duplicates_clear(d);
    expect_count(d, 0, 0);
    assert_true(mon_duplicates_sampled(d) == 1.0 && mon_duplicates_estimate(d).rows == 0.0);
    add(d, (const double[]){1, 2, 1}, 3, 1);
    all = mon_duplicates_estimate(d);
    assert_true(all.rows == 3.0 && all.repeated == 2.0);
    mon_duplicates_free(d);
}

static void draw(struct rng *r, struct mon_duplicates *a, struct mon_duplicates *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double codes[] = {(double)rng_below(r, 300), (double)rng_below(r, 100)};
        add(a, codes, 1, 2);
        add(b, codes, 1, 2);
    }
}

static void merged_counters_count_as_one_would(void **state)
{
    (void)state;
    const size_t bounds[] = {100000, 500};
    for (size_t k = 0; k < 2; k++) {
        struct mon_duplicates *one = make(bounds[k]), *a = make(bounds[k]), *b = make(bounds[k]);
        struct rng r;
        rng_seed(&r, 17);
        draw(&r, one, a, 6000);
        draw(&r, one, b, 2000);
        assert_int_equal(mon_duplicates_merge(a, b, NULL), ERR_OK);
        struct mon_repeats expected = mon_duplicates_count(one);
        assert_true(mon_duplicates_sampled(a) == mon_duplicates_sampled(one));
        expect_count(a, expected.rows, expected.repeated);
        assert_true(mon_duplicates_estimate(a).rows == 8000.0);
        mon_duplicates_free(one);
        mon_duplicates_free(a);
        mon_duplicates_free(b);
    }
}

static void sampled_share_of_repeats_is_near_the_true_one(void **state)
{
    (void)state;
    struct mon_duplicates *exact = make(1 << 20), *bounded = make(4000);
    struct rng r;
    rng_seed(&r, 23);
    draw(&r, exact, bounded, 40000);
    struct mon_repeats all = mon_duplicates_count(exact), some = mon_duplicates_count(bounded);
    double truth = all.repeated / all.rows, sampled = some.repeated / some.rows;
    assert_true(mon_duplicates_sampled(bounded) < 1.0 && all.rows == 40000.0);
    if (!(fabs(truth - sampled) < 0.03))
        fail_msg("share %.4f of %.0f rows, truth %.4f", sampled, some.rows, truth);
    mon_duplicates_free(exact);
    mon_duplicates_free(bounded);
}

/* Hashes that share their top bits are no reason to hang or to grow. */
static void poor_hashes_stay_within_the_bound(void **state)
{
    (void)state;
    struct mon_duplicates *d = make(16);
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(mon_duplicates_add_hash(d, i, NULL), ERR_OK);
    assert_true(mon_duplicates_count(d).rows <= 1000.0);
    mon_duplicates_free(d);
}

static void bounds_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct mon_duplicates *d = NULL;
    struct err e = {0};
    assert_int_equal(mon_duplicates_new(0, &d, &e), ERR_INVALID);
    assert_int_equal(mon_duplicates_new((size_t)1 << 31, &d, &e), ERR_INVALID);
    assert_null(d);
    mon_duplicates_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_equal_in_every_value_are_counted),
        cmocka_unit_test(count_is_exact_up_to_the_bound),
        cmocka_unit_test(rate_beyond_the_bound_is_an_honest_sample),
        cmocka_unit_test(an_estimate_is_of_all_rows_that_were_added),
        cmocka_unit_test(merged_counters_count_as_one_would),
        cmocka_unit_test(sampled_share_of_repeats_is_near_the_true_one),
        cmocka_unit_test(poor_hashes_stay_within_the_bound),
        cmocka_unit_test(bounds_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
