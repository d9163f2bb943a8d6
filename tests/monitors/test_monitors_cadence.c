/*
 * test_monitors_cadence.c - windows by rows and by time: Modyn's amount and time triggers, gaps,
 * late rows, alignment, the ends of time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/json.h"
#include "monitors/cadence.h"

#define CASES LEEWAY_SHARED_DIR "/data/cases/09_modyn_trigger_policies.json"
#define MAX_CALL 64

static cJSON *load_cases(void)
{
    cJSON *json = NULL;
    struct err e = {0};
    if (json_load(CASES, 1 << 20, &json, &e) != ERR_OK) {
        print_message("skipped: %s\n", e.message);
        skip();
    }
    return json;
}

/* Modyn names the last row of the closed window, -1 for one that ended before the call. */
static void expect_cuts(struct mon_cadence *c, const int64_t *times_ms, size_t n_rows,
                        const cJSON *expected)
{
    size_t at = 0;
    int n = 0;
    struct mon_cut cut;
    while (mon_cadence_next(c, times_ms, n_rows, &at, &cut)) {
        const cJSON *item = cJSON_GetArrayItem(expected, n++);
        if (item == NULL || item->valuedouble != (double)cut.row - 1.0)
            fail_msg("cut %d lies before row %zu, expected after row %g", n, cut.row,
                     item != NULL ? item->valuedouble : -99.0);
    }
    if (n != cJSON_GetArraySize(expected))
        fail_msg("%d cuts, expected %d", n, cJSON_GetArraySize(expected));
}

static void windows_of_rows_end_where_modyn_ends_them(void **state)
{
    (void)state;
    cJSON *json = load_cases();
    const cJSON *one;
    cJSON_ArrayForEach(one, json_at(json, "data_amount"))
    {
        struct mon_cadence c;
        const cJSON *informs = json_at(one, "informs"), *expected = json_at(one, "expected");
        assert_int_equal(
            mon_cadence_by_rows(&c, (uint64_t)json_at(one, "num_samples")->valuedouble, NULL),
            ERR_OK);
        for (int i = 0; i < cJSON_GetArraySize(informs); i++)
            expect_cuts(&c, NULL, (size_t)cJSON_GetArrayItem(informs, i)->valuedouble,
                        cJSON_GetArrayItem(expected, i));
    }
    cJSON_Delete(json);
}

static void windows_of_time_end_where_modyn_ends_them_when_each_gap_is_a_window(void **state)
{
    (void)state;
    cJSON *json = load_cases();
    const cJSON *informs = json_at(json, "time.informs"),
                *expected = json_at(json, "time.expected");
    struct mon_cadence c;
    int64_t every_ms = 1000 * (int64_t)json_at(json, "time.every_s")->valuedouble;
    assert_int_equal(mon_cadence_by_time(&c, every_ms, MON_GAP_EACH, NULL), ERR_OK);
    for (int i = 0; i < cJSON_GetArraySize(informs); i++) {
        const cJSON *call = cJSON_GetArrayItem(informs, i), *item;
        int64_t times_ms[MAX_CALL];
        size_t n = 0;
        cJSON_ArrayForEach(item, call) times_ms[n++] = 1000 * (int64_t)item->valuedouble;
        expect_cuts(&c, times_ms, n, cJSON_GetArrayItem(expected, i));
    }
    cJSON_Delete(json);
}

static void expect_cut(const struct mon_cut *cut, size_t row, uint64_t n_rows, int64_t start_ms,
                       int64_t end_ms, uint64_t n_empty)
{
    if (cut->row != row || cut->n_rows != n_rows || cut->start_ms != start_ms ||
        cut->end_ms != end_ms || cut->n_empty != n_empty)
        fail_msg("cut before row %zu, %llu rows, [%lld, %lld), %llu empty; expected %zu, %llu, "
                 "[%lld, %lld), %llu",
                 cut->row, (unsigned long long)cut->n_rows, (long long)cut->start_ms,
                 (long long)cut->end_ms, (unsigned long long)cut->n_empty, row,
                 (unsigned long long)n_rows, (long long)start_ms, (long long)end_ms,
                 (unsigned long long)n_empty);
}

static void gap_is_coalesced_into_one_cut_that_counts_what_it_left_out(void **state)
{
    (void)state;
    const int64_t times_ms[] = {9000, 9500, 15000, 15001};
    struct mon_cadence c;
    struct mon_cut cut;
    size_t at = 0;
    assert_int_equal(mon_cadence_by_time(&c, 1000, MON_GAP_COALESCE, NULL), ERR_OK);
    assert_true(mon_cadence_next(&c, times_ms, 4, &at, &cut));
    expect_cut(&cut, 2, 2, 9000, 10000, 5);
    assert_false(mon_cadence_next(&c, times_ms, 4, &at, &cut));
    assert_true(c.start_ms == 15000 && c.open_rows == 2);
}

static void every_row_is_in_exactly_one_window_whatever_the_calls(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 7, 30, 0, 2, 5};
    struct mon_cadence c;
    uint64_t closed = 0, seen = 0;
    assert_int_equal(mon_cadence_by_rows(&c, 4, NULL), ERR_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t at = 0;
        struct mon_cut cut;
        seen += sizes[i];
        while (mon_cadence_next(&c, NULL, sizes[i], &at, &cut))
            closed += cut.n_rows;
        assert_true(closed + c.open_rows == seen);
    }
    assert_true(closed == 44 && c.open_rows == 1);
}

static void late_row_counts_into_the_open_window(void **state)
{
    (void)state;
    const int64_t times_ms[] = {1000, 2500, 700, 2900, 3000};
    struct mon_cadence c;
    struct mon_cut cut;
    size_t at = 0;
    assert_int_equal(mon_cadence_by_time(&c, 1000, MON_GAP_EACH, NULL), ERR_OK);
    assert_true(mon_cadence_next(&c, times_ms, 5, &at, &cut));
    expect_cut(&cut, 1, 1, 1000, 2000, 0);
    assert_true(mon_cadence_next(&c, times_ms, 5, &at, &cut));
    expect_cut(&cut, 4, 3, 2000, 3000, 0);
    assert_false(mon_cadence_next(&c, times_ms, 5, &at, &cut));
}

static void aligned_windows_start_at_whole_multiples_also_before_1970(void **state)
{
    (void)state;
    const int64_t times_ms[] = {-1500, -1, 10};
    struct mon_cadence c;
    struct mon_cut cut;
    size_t at = 0;
    assert_int_equal(mon_cadence_by_time(&c, 1000, MON_GAP_EACH, NULL), ERR_OK);
    c.aligned = true;
    assert_true(mon_cadence_next(&c, times_ms, 3, &at, &cut));
    expect_cut(&cut, 1, 1, -2000, -1000, 0);
    assert_true(mon_cadence_next(&c, times_ms, 3, &at, &cut));
    expect_cut(&cut, 2, 1, -1000, 0, 0);
    assert_false(mon_cadence_next(&c, times_ms, 3, &at, &cut));
}

static void ends_of_time_overflow_nothing(void **state)
{
    (void)state;
    const int64_t times_ms[] = {INT64_MIN, INT64_MAX - 1, INT64_MAX, INT64_MAX};
    struct mon_cadence c;
    struct mon_cut cut;
    size_t at = 0;
    assert_int_equal(mon_cadence_by_time(&c, 10, MON_GAP_COALESCE, NULL), ERR_OK);
    c.aligned = true;
    assert_true(mon_cadence_next(&c, times_ms, 4, &at, &cut));
    assert_int_equal(cut.row, 1);
    assert_false(mon_cadence_next(&c, times_ms, 4, &at, &cut));
    assert_true(c.open_rows == 3);
}

static void windows_of_nothing_are_refused(void **state)
{
    (void)state;
    struct mon_cadence c;
    struct err e = {0};
    assert_int_equal(mon_cadence_by_rows(&c, 0, &e), ERR_INVALID);
    assert_string_equal(e.message, "a window of 0 rows never ends");
    assert_int_equal(mon_cadence_by_time(&c, 0, MON_GAP_EACH, &e), ERR_INVALID);
    assert_int_equal(mon_cadence_by_time(&c, -5, MON_GAP_EACH, &e), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_of_rows_end_where_modyn_ends_them),
        cmocka_unit_test(windows_of_time_end_where_modyn_ends_them_when_each_gap_is_a_window),
        cmocka_unit_test(gap_is_coalesced_into_one_cut_that_counts_what_it_left_out),
        cmocka_unit_test(every_row_is_in_exactly_one_window_whatever_the_calls),
        cmocka_unit_test(late_row_counts_into_the_open_window),
        cmocka_unit_test(aligned_windows_start_at_whole_multiples_also_before_1970),
        cmocka_unit_test(ends_of_time_overflow_nothing),
        cmocka_unit_test(windows_of_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
