/*
 * test_monitors_employment.c - a real stream of 208,892 rows whose inputs drift for good, while the
 * model is harmed in one stretch of 11,000 only: what is said about it, at defaults.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "employment.h"

#define FOLDER LEEWAY_SHARED_DIR "/data/streams"

static int setup(void **state)
{
    struct employment *d = NULL;
    struct err e = {0};
    if (!employment_exists(FOLDER)) {
        print_message("%s/employment_MA_*.csv.gz are absent\n", FOLDER);
        exit(77); /* skipped */
    }
    if (employment_load(FOLDER, &d, &e) != ERR_OK) {
        print_error("%s\n", e.message);
        return 1;
    }
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    employment_free(*state);
    return 0;
}

static void check(const struct employment *d, size_t chunk_rows)
{
    struct employment_report r;
    struct employment_verdict v;
    struct err e = {0};
    if (employment_watch(d, chunk_rows, &r, &e) != ERR_OK)
        fail_msg("%s", e.message);
    employment_judge(&r, &v);
    print_message("chunks of %zu: drift in %zu of %zu after, %zu of %zu before; harm in %zu of %zu "
                  "inside, %zu of %zu outside; CBPE off by %.5f, from counts %.5f\n",
                  chunk_rows, v.drift_after, v.chunks_after, v.drift_before, v.chunks_before,
                  v.harm_inside, v.chunks_inside, v.harm_outside, v.chunks_outside,
                  r.auc_error_median, r.auc_error_median_counts);
    assert_int_equal(v.drift_after, v.chunks_after);
    assert_int_equal(v.harm_inside, v.chunks_inside);
    assert_true(v.harm_inside + v.harm_partly > 0);
    assert_int_equal(v.harm_outside, 0);
    assert_true(r.auc_error_median <= v.auc_error_allowed);
    assert_true(v.holds);
    employment_report_free(&r);
}

static void harm_is_told_from_drift_in_chunks_of_5000(void **state)
{
    check(*state, 5000);
}

static void harm_is_told_from_drift_in_chunks_of_10000(void **state)
{
    check(*state, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harm_is_told_from_drift_in_chunks_of_5000),
        cmocka_unit_test(harm_is_told_from_drift_in_chunks_of_10000),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
