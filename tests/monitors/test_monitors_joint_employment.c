/*
 * test_monitors_joint_employment.c - the joint monitor on the US Census employment data of
 * Massachusetts: quiet while nothing changes, and never quiet again after row 70,000 of the
 * analysis part, from which the features drift for good.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "joint_stream.h"

#define STREAMS LEEWAY_SHARED_DIR "/data/streams/"
#define N 16 /* features: AGEP to RAC1P, all as numbers */
#define FIRST "AGEP"
#define CHUNK_ROWS 700
#define WINDOW_ROWS 5000
#define DRIFT_ROW 70000

struct rows {
    double *codes; /* n x N, owned */
    size_t n;
};

static void append(struct rows *r, const char *const *fields)
{
    if ((r->n & (r->n - 1)) == 0) /* at 0, 1, 2, 4, ... */
        r->codes = realloc(r->codes, (r->n > 0 ? 2 * r->n : 1) * N * sizeof *r->codes);
    assert_non_null(r->codes);
    for (size_t j = 0; j < N; j++)
        assert_true(csv_number(fields[j], &r->codes[r->n * N + j]));
    r->n++;
}

static struct rows read_rows(const char *path)
{
    struct rows r = {0};
    struct csv *csv = NULL;
    struct err e = {0};
    if (csv_open(path, &csv, &e) != ERR_OK) {
        print_message("skipped: %s\n", e.message);
        skip();
    }
    int first = csv_find_column(csv, FIRST);
    const char *const *fields;
    bool more = true;
    assert_true(first >= 0);
    while (csv_next(csv, &fields, &more, &e) == ERR_OK && more)
        append(&r, fields + first);
    assert_false(more);
    csv_close(csv);
    return r;
}

static struct mon_joint_sums *count(const struct mon_joint_space *space, const struct rows *r,
                                    size_t first, size_t n)
{
    struct mon_joint_sums *s = NULL;
    assert_int_equal(mon_joint_sums_new(space, &s, NULL), ERR_OK);
    mon_joint_sums_count(s, r->codes + first * N, n);
    return s;
}

/* A reference of chunks, as the made-up streams have it. */
static void start(struct joint_stream *s, const struct rows *reference)
{
    struct mon_joint_space_options o;
    *s = (struct joint_stream){.schema = joint_stream_schema(N)};
    mon_joint_space_options_init(&o);
    assert_int_equal(
        mon_joint_space_fit(s->schema, reference->codes, reference->n, &o, &s->space, NULL),
        ERR_OK);
    s->n_chunks = reference->n / CHUNK_ROWS;
    s->chunks = calloc(s->n_chunks, sizeof(struct mon_joint_sums *));
    for (size_t k = 0; k < s->n_chunks; k++)
        s->chunks[k] = count(s->space, reference, k * CHUNK_ROWS, CHUNK_ROWS);
    s->reference = count(s->space, reference, 0, reference->n);
}

static bool drifted(const struct joint_stream *s, const struct mon_joint_null *null,
                    const struct rows *r, size_t first)
{
    struct mon_joint_options o;
    struct mon_signal signals[MON_N_JOINT];
    size_t n;
    struct mon_joint_sums *window = count(s->space, r, first, WINDOW_ROWS);
    mon_joint_options_init(&o);
    assert_int_equal(mon_joint_check(&o, null, s->reference, window, signals, &n, NULL), ERR_OK);
    mon_joint_sums_free(window);
    return mon_signals_count(signals, n, MON_DRIFT) > 0;
}

static void drift_is_told_from_row_70000_on_and_not_before(void **state)
{
    (void)state;
    struct joint_stream s;
    struct rows reference = read_rows(STREAMS "employment_MA_reference.csv.gz");
    struct rows analysis = read_rows(STREAMS "employment_MA_analysis.csv.gz");
    start(&s, &reference);
    struct mon_joint_null *null = joint_stream_null(&s, WINDOW_ROWS);
    size_t windows = 0, alarms = 0;
    for (size_t row = 0; row + WINDOW_ROWS <= analysis.n; row += WINDOW_ROWS, windows++) {
        bool found = drifted(&s, null, &analysis, row);
        alarms += found;
        if (found != (row >= DRIFT_ROW))
            fail_msg("rows from %zu on: %s", row, found ? "drift" : "no drift");
    }
    print_message("%zu windows of %d rows, drift in the last %zu\n", windows, WINDOW_ROWS, alarms);
    assert_int_equal(windows, 41);
    mon_joint_null_free(null);
    joint_stream_deinit(&s);
    free(reference.codes);
    free(analysis.codes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drift_is_told_from_row_70000_on_and_not_before)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
