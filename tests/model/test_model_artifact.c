/*
 * test_model_artifact.c - a version saved and loaded is the same version; a damaged one is refused
 * with the reason, and never crashes the program that reads it.
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
#include "base/rand.h"
#include "tiny_model.h"

static char folder[] = "/tmp/test_model_artifact.XXXXXX";
static char path[64], other_path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    snprintf(other_path, sizeof other_path, "%s/other.safetensors", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return file_remove_tree(folder, NULL);
}

static void save(struct artifact *a, const char *to)
{
    struct err e = {0};
    if (artifact_save(a, to, &e))
        fail_msg("%s", e.message);
}

static struct artifact *load(const char *from, const char *sha256)
{
    struct err e = {0};
    struct artifact *a = NULL;
    if (artifact_load(from, sha256, &a, &e))
        fail_msg("%s", e.message);
    return a;
}

static void assert_refused(const char *from, const char *sha256, enum err_code want,
                           const char *words)
{
    struct err e = {0};
    struct artifact *a = NULL;
    enum err_code got = artifact_load(from, sha256, &a, &e);
    artifact_free(a);
    if (got != want || !strstr(e.message, words))
        fail_msg("code %s, message \"%s\"; expected %s and \"%s\"", err_code_text(got), e.message,
                 err_code_text(want), words);
}

static void scores_are_those_computed_by_hand(void **state)
{
    (void)state;
    struct artifact *a = tiny_model();
    struct artifact_scratch *s = NULL;
    struct err e = {0};
    const double codes[] = {30, 0, NAN, NAN, 1, 0, 500, NAN, 0, -3, CODE_UNSEEN, 0, INFINITY, 9, 0};
    float scores[5];
    assert_int_equal(artifact_scratch_new(a, 2, &s, &e), ERR_OK); /* 5 rows in blocks of 2 */
    assert_int_equal(artifact_score_codes(a, s, codes, 5, scores, &e), ERR_OK);
    for (size_t i = 0; i < 5; i++) {
        double age = isinf(codes[i * 3]) ? NAN : codes[i * 3];
        double want = tiny_model_expected(age, codes[i * 3 + 1]);
        if (fabs(scores[i] - want) > 1e-6)
            fail_msg("row %zu: %.9g, by hand %.9g", i, (double)scores[i], want);
    }
    artifact_scratch_free(s);
    artifact_free(a);
}

static void raw_rows_are_encoded_and_scored(void **state)
{
    (void)state;
    struct artifact *a = tiny_model();
    struct artifact_scratch *s = NULL;
    struct rows *rows = NULL;
    struct err e = {0};
    double codes[9];
    float scores[3];
    assert_int_equal(rows_new(a->schema, 3, &rows, &e), ERR_OK);
    rows->columns[0].numbers[0] = 55;
    rows->columns[0].numbers[2] = 30;
    rows->columns[1].texts[0] = (struct text){"bzz", 1};
    rows->columns[1].texts[1] = (struct text){"c", 1};
    rows->columns[2].texts[1] = (struct text){"123-45-6789", 11};
    assert_int_equal(artifact_scratch_new(a, 3, &s, &e), ERR_OK);
    assert_int_equal(artifact_score(a, s, rows, codes, scores, &e), ERR_OK);
    const double want[] = {55, 1, NAN, NAN, CODE_UNSEEN, CODE_PRESENT, 30, NAN, NAN};
    for (size_t i = 0; i < 9; i++)
        if (codes[i] != want[i] && !(isnan(codes[i]) && isnan(want[i])))
            fail_msg("code %zu: %g, expected %g", i, codes[i], want[i]);
    for (size_t i = 0; i < 3; i++)
        assert_true(fabs(scores[i] - tiny_model_expected(want[i * 3], want[i * 3 + 1])) < 1e-6);
    rows->n_columns = 2;
    assert_int_equal(artifact_score(a, s, rows, codes, scores, &e), ERR_INVALID);
    artifact_scratch_free(s);
    rows_free(rows);
    artifact_free(a);
}

static void saving_what_was_loaded_gives_the_same_hash(void **state)
{
    (void)state;
    struct artifact *a = tiny_model();
    save(a, path);
    struct artifact *back = load(path, a->sha256);
    assert_string_equal(back->sha256, a->sha256);
    save(back, other_path);
    assert_string_equal(back->sha256, a->sha256);
    artifact_free(back);
    artifact_free(a);
}

static void everything_comes_back_from_the_file(void **state)
{
    (void)state;
    struct artifact *a = tiny_model();
    save(a, path);
    struct artifact *b = load(path, NULL);
    size_t bytes = a->ruler->n_cells * sizeof(uint64_t);
    assert_string_equal(b->schema->classes[1], "yes");
    assert_int_equal(vocabulary_code(b->vocabulary, 1, "b", 1), 1);
    assert_int_equal(b->transform->n_columns, 6);
    assert_int_equal(b->ruler->n_cells, a->ruler->n_cells);
    assert_memory_equal(b->reference->counts, a->reference->counts, bytes);
    assert_int_equal(b->n_chunks, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(b->chunks[i]->n_rows, 10);
        assert_memory_equal(b->chunks[i]->counts, a->chunks[i]->counts, bytes);
        assert_memory_equal(b->chunks[i]->moments, a->chunks[i]->moments,
                            a->ruler->n_series * sizeof(struct moments));
    }
    assert_memory_equal(b->chunk_spans, a->chunk_spans, 4 * 2 * sizeof(int64_t));
    assert_true(a->n_validation > 0);
    assert_int_equal(b->n_validation, a->n_validation);
    assert_memory_equal(b->validation_scores, a->validation_scores,
                        a->n_validation * sizeof(float));
    assert_memory_equal(b->validation_labels, a->validation_labels,
                        a->n_validation * sizeof(double));
    assert_int_equal(cJSON_GetObjectItem(b->manifest, "seed")->valueint, 7);
    artifact_free(b);
    artifact_free(a);
}

static void a_span_that_ends_before_it_begins_is_refused(void **state)
{
    (void)state;
    struct err e = {0};
    struct artifact *a = tiny_model(), *b = NULL;
    a->chunk_spans[3] = a->chunk_spans[2];
    save(a, path);
    assert_int_equal(artifact_load(path, NULL, &b, &e), ERR_CORRUPT);
    assert_non_null(strstr(e.message, "chunk 1 ends (1000) before it begins (1000)"));
    artifact_free(a);
}

static void a_version_without_spans_and_validation_rows_loads(void **state)
{
    (void)state;
    struct artifact *a = tiny_model();
    free(a->chunk_spans);
    a->chunk_spans = NULL;
    a->n_validation = 0;
    save(a, path);
    struct artifact *b = load(path, NULL);
    assert_null(b->chunk_spans);
    assert_int_equal(b->n_validation, 0);
    artifact_free(b);
    artifact_free(a);
}

static void chunks_add_up_to_the_reference(void **state)
{
    (void)state;
    struct artifact *a = tiny_model();
    for (size_t i = 1; i < a->n_chunks; i++)
        profile_merge(a->chunks[0], a->chunks[i]);
    assert_memory_equal(a->chunks[0]->counts, a->reference->counts,
                        a->ruler->n_cells * sizeof(uint64_t));
    artifact_free(a);
}

static void another_hash_is_refused_naming_both(void **state)
{
    (void)state;
    struct artifact *a = tiny_model();
    char wrong[SHA256_HEX_BYTES];
    save(a, path);
    memset(wrong, 'a', sizeof wrong - 1);
    wrong[sizeof wrong - 1] = '\0';
    assert_refused(path, wrong, ERR_CORRUPT, wrong);
    assert_refused(path, wrong, ERR_CORRUPT, a->sha256);
    artifact_free(a);
}

static void a_golden_row_that_scores_differently_is_refused_with_row_and_values(void **state)
{
    (void)state;
    struct artifact *a = tiny_model();
    a->golden_outputs[3] = 0.25f;
    char got[32];
    snprintf(got, sizeof got, "gives %.4f",
             tiny_model_expected(a->golden_codes[9], a->golden_codes[10]));
    save(a, path);
    assert_refused(path, NULL, ERR_CORRUPT, "golden row 3, output 0: the trainer saw 0.25");
    assert_refused(path, NULL, ERR_CORRUPT, got);
    artifact_free(a);
}

static void changed_weights_are_found_by_the_golden_rows(void **state)
{
    (void)state;
    struct artifact *a = tiny_model();
    a->predictor->layers[0].weights[2] = 1.01f;
    save(a, path);
    assert_refused(path, NULL, ERR_CORRUPT, "golden row 0");
    artifact_free(a);
}

static void parts_that_do_not_fit_are_not_saved(void **state)
{
    (void)state;
    struct err e = {0};
    struct artifact *a = tiny_model();
    const size_t sizes[2] = {5, 1};
    predictor_free(a->predictor);
    a->predictor = NULL;
    assert_int_equal(predictor_new(sizes, 1, LINK_SIGMOID, &a->predictor, &e), ERR_OK);
    assert_int_equal(artifact_save(a, other_path, &e), ERR_PARSE);
    assert_string_equal(e.message, "the predictor takes 5 inputs, the transform gives 6");
    artifact_free(a);
}

static void a_file_that_is_no_model_is_refused(void **state)
{
    (void)state;
    char sha256[SHA256_HEX_BYTES];
    struct err e = {0};
    if (!tiny_snapshot(other_path, sha256, &e))
        fail_msg("%s", e.message);
    assert_refused(other_path, NULL, ERR_PARSE, "leeway.format");
    assert_refused("/nonexistent/model", NULL, ERR_NOT_FOUND, "/nonexistent/model");
}

static void load_damaged(const char *bytes, size_t len)
{
    struct artifact *a = NULL;
    struct err e = {0};
    FILE *f = fopen(other_path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
    if (artifact_load(other_path, NULL, &a, &e))
        assert_true(e.code != ERR_OK && e.message[0]);
    artifact_free(a);
}

/* What AddressSanitizer makes a proof of. */
static void a_damaged_file_never_crashes_its_reader(void **state)
{
    (void)state;
    struct artifact *a = tiny_model();
    char *bytes = NULL;
    size_t len = 0;
    struct rng rng;
    save(a, path);
    assert_int_equal(file_read(path, 1 << 24, &bytes, &len, NULL), ERR_OK);
    rng_seed(&rng, 42);
    for (int i = 0; i < 1500; i++) {
        size_t at = rng_below(&rng, i % 2 ? 4096 : len); /* half of them in the header */
        char before = bytes[at];
        bytes[at] = (char)rng_u64(&rng);
        load_damaged(bytes, len);
        bytes[at] = before;
    }
    for (int i = 0; i < 50; i++)
        load_damaged(bytes, rng_below(&rng, len));
    free(bytes);
    artifact_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_computed_by_hand),
        cmocka_unit_test(raw_rows_are_encoded_and_scored),
        cmocka_unit_test(saving_what_was_loaded_gives_the_same_hash),
        cmocka_unit_test(everything_comes_back_from_the_file),
        cmocka_unit_test(chunks_add_up_to_the_reference),
        cmocka_unit_test(a_span_that_ends_before_it_begins_is_refused),
        cmocka_unit_test(a_version_without_spans_and_validation_rows_loads),
        cmocka_unit_test(another_hash_is_refused_naming_both),
        cmocka_unit_test(a_golden_row_that_scores_differently_is_refused_with_row_and_values),
        cmocka_unit_test(changed_weights_are_found_by_the_golden_rows),
        cmocka_unit_test(parts_that_do_not_fit_are_not_saved),
        cmocka_unit_test(a_file_that_is_no_model_is_refused),
        cmocka_unit_test(a_damaged_file_never_crashes_its_reader),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
