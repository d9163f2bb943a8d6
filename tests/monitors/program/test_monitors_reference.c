/*
 * test_monitors_reference.c - references built in two passes, against one built from all rows at
 * once; saved, loaded, and refused where they are no references.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "tiny_model.h"
#include "tiny_reference.h"

#define N_ROWS 3000

static char path[] = "/tmp/test_monitors_reference.XXXXXX";

static int make_path(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    close(fd);
    return fd < 0;
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

/* The oracle: vocabulary, grid and counts from all rows in memory. */
static void counts_are_those_of_all_rows_at_once(void **state)
{
    (void)state;
    struct mon_reference *r = tiny_reference(N_ROWS, NULL);
    double *codes = calloc(N_ROWS * TINY_FEATURES, sizeof *codes);
    float *scores = calloc(N_ROWS, sizeof *scores);
    struct ruler_options o;
    struct ruler *ruler = NULL;
    struct profile *want = NULL;
    struct err e = {0};
    for (size_t i = 0; i < N_ROWS; i++) {
        struct tiny_row row = tiny_row_make(1, i);
        mon_reference_encode(r, row.values, codes + i * TINY_FEATURES);
        scores[i] = row.score;
    }
    ruler_options_init(&o);
    assert_int_equal(ruler_fit(r->schema, r->vocabulary, codes, scores, N_ROWS, &o, &ruler, &e),
                     ERR_OK);
    assert_int_equal(profile_new(ruler, &want, &e), ERR_OK);
    profile_count(want, codes, scores, N_ROWS);
    assert_int_equal(r->ruler->n_cells, ruler->n_cells);
    assert_memory_equal(r->profile->counts, want->counts, ruler->n_cells * sizeof *want->counts);
    assert_int_equal(r->n_sampled, N_ROWS);
    profile_free(want);
    ruler_free(ruler);
    free(codes);
    free(scores);
    mon_reference_free(r);
}

static void categories_are_the_declared_one_then_the_others_sorted(void **state)
{
    (void)state;
    struct mon_reference *r = tiny_reference(N_ROWS, NULL);
    static const char *const want[] = {"Rome", "Bonn", "Oslo"};
    assert_int_equal(vocabulary_size(r->vocabulary, 2), 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(vocabulary_text(r->vocabulary, 2, i), want[i]);
    struct mon_value values[TINY_FEATURES] = {
        {.number = 1}, {.number = NAN}, {.text = "Lima"}, {.text = NULL}};
    double codes[TINY_FEATURES];
    mon_reference_encode(r, values, codes);
    assert_true(codes[0] == 1 && isnan(codes[1]) && codes[2] == CODE_UNSEEN && isnan(codes[3]));
    values[3].text = "1";
    mon_reference_encode(r, values, codes);
    assert_true(codes[3] == CODE_PRESENT);
    mon_reference_free(r);
}

static void chunks_add_up_and_say_when_they_were(void **state)
{
    (void)state;
    struct mon_reference *r = tiny_reference(N_ROWS, NULL);
    struct profile *sum = NULL;
    assert_int_equal(profile_new(r->ruler, &sum, NULL), ERR_OK);
    assert_int_equal(r->n_chunks, N_ROWS / 60); /* a row a minute: chunks of an hour */
    for (size_t i = 0; i < r->n_chunks; i++) {
        assert_int_equal(r->chunks[i]->n_rows, 60);
        assert_int_equal(r->spans[i].from_unix_ms, (int64_t)i * 60 * 60000);
        assert_int_equal(r->spans[i].to_unix_ms, (int64_t)(i * 60 + 59) * 60000 + 1);
        profile_merge(sum, r->chunks[i]);
    }
    assert_memory_equal(sum->counts, r->profile->counts, r->ruler->n_cells * sizeof *sum->counts);
    assert_int_equal(mon_joint_sums_rows(r->joint), N_ROWS);
    profile_free(sum);
    mon_reference_free(r);
}

static void a_sample_smaller_than_the_rows_still_counts_all_of_them(void **state)
{
    (void)state;
    struct mon_reference_options o;
    mon_reference_options_init(&o);
    o.sample_rows = 500;
    o.chunk_rows = 700;
    struct mon_reference *r = tiny_reference(N_ROWS, &o);
    assert_int_equal(r->n_sampled, 500);
    assert_int_equal(r->profile->n_rows, N_ROWS);
    assert_int_equal(r->n_chunks, 5);
    assert_int_equal(r->chunks[4]->n_rows, N_ROWS - 4 * 700);
    assert_int_equal(r->n_validation, 500); /* every sixth row */
    struct tiny_row sixth = tiny_row_make(1, 6);
    assert_true(r->validation_scores[1] == sixth.score && r->validation_labels[1] == sixth.label);
    mon_reference_free(r);
}

static void joint_sums_are_left_out_where_features_are_many(void **state)
{
    (void)state;
    struct mon_reference_options o;
    mon_reference_options_init(&o);
    o.max_joint_columns = 2; /* there are three: ssn is personal */
    struct mon_reference *r = tiny_reference(N_ROWS, &o);
    assert_null(r->joint_space);
    assert_null(r->joint);
    mon_reference_free(r);
}

/* Numbers of a normal distribution never repeat. */
static void rows_that_repeat_are_counted(void **state)
{
    (void)state;
    struct mon_reference_options o;
    mon_reference_options_init(&o);
    struct mon_reference *r = tiny_reference(N_ROWS, &o);
    assert_true(r->has_repeats);
    assert_int_equal(r->n_repeated, 0);
    mon_reference_free(r);
    o.max_distinct_rows = 0;
    r = tiny_reference(N_ROWS, &o);
    assert_false(r->has_repeats);
    mon_reference_free(r);
}

static void repeats_beyond_the_rows_are_corrupt_and_none_is_an_older_file(void **state)
{
    (void)state;
    struct mon_reference *r = tiny_reference(N_ROWS, NULL), *again = NULL;
    struct err e = {0};
    r->n_repeated = N_ROWS + 1;
    assert_int_equal(mon_reference_save(r, path, &e), ERR_OK);
    assert_int_equal(mon_reference_load(path, &again, &e), ERR_CORRUPT);
    assert_non_null(strstr(e.message, "reference/repeated"));
    r->has_repeats = false;
    assert_int_equal(mon_reference_save(r, path, &e), ERR_OK);
    assert_int_equal(mon_reference_load(path, &again, &e), ERR_OK);
    assert_false(again->has_repeats);
    mon_reference_free(again);
    mon_reference_free(r);
}

static void assert_same(const struct mon_reference *a, const struct mon_reference *b)
{
    assert_int_equal(a->n_chunks, b->n_chunks);
    assert_memory_equal(a->profile->counts, b->profile->counts,
                        a->ruler->n_cells * sizeof *a->profile->counts);
    assert_memory_equal(a->spans, b->spans, a->n_chunks * sizeof *a->spans);
    assert_int_equal(a->n_validation, b->n_validation);
    assert_memory_equal(a->validation_labels, b->validation_labels,
                        a->n_validation * sizeof *a->validation_labels);
    assert_int_equal(a->n_sampled, b->n_sampled);
    assert_int_equal(a->has_scores, b->has_scores);
    assert_string_equal(a->score_columns[0], b->score_columns[0]);
    assert_int_equal(a->n_joint_chunks, b->n_joint_chunks);
    assert_int_equal(a->mismatched[1], b->mismatched[1]);
    assert_int_equal(a->has_repeats, b->has_repeats);
    assert_int_equal(a->n_repeated, b->n_repeated);
}

static void what_was_saved_is_loaded_and_saved_alike(void **state)
{
    (void)state;
    struct mon_reference *r = tiny_reference(N_ROWS, NULL), *again = NULL;
    struct err e = {0};
    char *first, *second;
    size_t n_first, n_second;
    r->mismatched = calloc(TINY_FEATURES, sizeof *r->mismatched);
    r->mismatched[1] = 7;
    r->n_repeated = 12;
    assert_int_equal(mon_reference_save(r, path, &e), ERR_OK);
    assert_int_equal(file_read(path, 1 << 26, &first, &n_first, &e), ERR_OK);
    if (mon_reference_load(path, &again, &e))
        fail_msg("%s", e.message);
    assert_same(r, again);
    assert_int_equal(mon_reference_save(again, path, &e), ERR_OK);
    assert_int_equal(file_read(path, 1 << 26, &second, &n_second, &e), ERR_OK);
    assert_int_equal(n_first, n_second);
    assert_memory_equal(first, second, n_first);
    free(first);
    free(second);
    mon_reference_free(r);
    mon_reference_free(again);
}

static void a_models_artifact_is_a_reference(void **state)
{
    (void)state;
    struct artifact *a = tiny_model();
    struct mon_reference *r = NULL;
    struct err e = {0};
    assert_int_equal(artifact_save(a, path, &e), ERR_OK);
    if (mon_reference_load(path, &r, &e))
        fail_msg("%s", e.message);
    assert_int_equal(r->profile->n_rows, a->reference->n_rows);
    assert_int_equal(r->n_chunks, a->n_chunks);
    assert_true(r->has_scores && !r->score_columns && mon_reference_has_label(r));
    assert_false(r->has_repeats);
    mon_reference_free(r);
    artifact_free(a);
}

static void files_that_are_no_reference_are_refused_by_name(void **state)
{
    (void)state;
    struct mon_reference *r = NULL;
    struct err e = {0};
    assert_int_equal(file_write_atomic(path, "x,y\n1,2\n", 8, &e), ERR_OK);
    assert_int_not_equal(mon_reference_load(path, &r, &e), ERR_OK);
    if (!strstr(e.message, path))
        fail_msg("expected the file's name in \"%s\"", e.message);
    assert_null(r);
}

static enum err_code scan_one(struct mon_reference_builder *b, const char *town, struct err *e)
{
    struct tiny_row row = tiny_row_make(1, 0);
    row.values[2].text = town;
    struct mon_row view = tiny_row_view(&row);
    return mon_reference_builder_scan(b, &view, e);
}

static void no_rows_and_identifiers_are_refused(void **state)
{
    (void)state;
    struct mon_reference_options o;
    struct mon_reference_builder *b = NULL;
    struct schema *s = tiny_reference_schema();
    struct err e = {0};
    enum err_code code = ERR_OK;
    mon_reference_options_init(&o);
    assert_int_equal(mon_reference_builder_new(s, &o, &b, &e), ERR_OK);
    assert_int_equal(mon_reference_builder_lay(b, &e), ERR_INVALID);
    for (int i = 0; !code && i <= SCHEMA_MAX_CATEGORIES; i++) {
        char town[32];
        snprintf(town, sizeof town, "town %d", i);
        code = scan_one(b, town, &e);
    }
    assert_int_equal(code, ERR_LIMIT);
    assert_non_null(strstr(e.message, "town"));
    mon_reference_builder_free(b);
    schema_free(s);
}

static void one_row_is_a_reference_that_nothing_can_be_judged_by(void **state)
{
    (void)state;
    struct mon_reference *r = tiny_reference(1, NULL), *again = NULL;
    struct err e = {0};
    assert_int_equal(r->profile->n_rows, 1);
    assert_int_equal(r->n_chunks, 1);
    assert_int_equal(mon_reference_save(r, path, &e), ERR_OK);
    enum err_code code = mon_reference_load(path, &again, &e);
    if (code)
        fail_msg("%s", e.message);
    mon_reference_free(again);
    mon_reference_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_all_rows_at_once),
        cmocka_unit_test(categories_are_the_declared_one_then_the_others_sorted),
        cmocka_unit_test(chunks_add_up_and_say_when_they_were),
        cmocka_unit_test(a_sample_smaller_than_the_rows_still_counts_all_of_them),
        cmocka_unit_test(joint_sums_are_left_out_where_features_are_many),
        cmocka_unit_test(rows_that_repeat_are_counted),
        cmocka_unit_test(repeats_beyond_the_rows_are_corrupt_and_none_is_an_older_file),
        cmocka_unit_test(what_was_saved_is_loaded_and_saved_alike),
        cmocka_unit_test(a_models_artifact_is_a_reference),
        cmocka_unit_test(files_that_are_no_reference_are_refused_by_name),
        cmocka_unit_test(no_rows_and_identifiers_are_refused),
        cmocka_unit_test(one_row_is_a_reference_that_nothing_can_be_judged_by),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
