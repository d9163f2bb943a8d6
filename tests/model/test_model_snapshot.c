/*
 * test_model_snapshot.c - training sets: what was added comes back, in a stated order, and what
 * breaks a rule is refused with row and column.
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

#include "base/file.h"
#include "base/rand.h"
#include "model/snapshot.h"
#include "tiny_model.h"

static char folder[] = "/tmp/test_model_snapshot.XXXXXX";
static char path[64], other_path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/snapshot.safetensors", folder);
    snprintf(other_path, sizeof other_path, "%s/other.safetensors", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return file_remove_tree(folder, NULL);
}

#define SCHEMA(label)                                                                              \
    "{\"model\":\"m\",\"features\":[{\"name\":\"x\",\"type\":\"numeric\"},"                        \
    "{\"name\":\"c\",\"type\":\"categorical\",\"categories\":[\"z\"]}],\"label\":" label "}"

static const char multiclass[] = SCHEMA("{\"name\":\"y\",\"type\":\"multiclass\"}");
static const char binary[] = SCHEMA("{\"name\":\"y\",\"type\":\"binary\"}");
static const char declared[] =
    SCHEMA("{\"name\":\"y\",\"type\":\"binary\",\"classes\":[\"UP\",\"DOWN\"]}");
static const char regression[] = SCHEMA("{\"name\":\"y\",\"type\":\"regression\"}");

struct row {
    int64_t time;
    double x;
    const char *c, *y;
};

static struct snapshot_builder *builder(const char *schema)
{
    struct schema *s = tiny_schema(schema);
    struct snapshot_builder *b = NULL;
    assert_int_equal(snapshot_builder_new(s, &b, NULL), ERR_OK);
    schema_free(s);
    return b;
}

static enum err_code add(struct snapshot_builder *b, const struct row *r, struct err *e)
{
    const struct snapshot_value values[2] = {{.number = r->x}, {.text = r->c}};
    return snapshot_builder_add(b, r->time, values, r->y, e);
}

static void save(const char *schema, const struct row *rows, size_t n, size_t holdout,
                 const char *to, char sha256[SHA256_HEX_BYTES])
{
    struct snapshot_builder *b = builder(schema);
    struct err e = {0};
    for (size_t i = 0; i < n; i++)
        if (add(b, &rows[i], &e))
            fail_msg("%s", e.message);
    assert_int_equal(snapshot_builder_rows(b), n);
    if (snapshot_builder_save(b, holdout, NULL, to, sha256, &e))
        fail_msg("%s", e.message);
    snapshot_builder_free(b);
}

static struct snapshot *load(const char *from, const char *sha256)
{
    struct snapshot *s = NULL;
    struct err e = {0};
    if (snapshot_load(from, sha256, &s, &e))
        fail_msg("%s", e.message);
    return s;
}

static void assert_not_added(const char *schema, const struct row *rows, size_t n,
                             const char *words)
{
    struct snapshot_builder *b = builder(schema);
    struct err e = {0};
    for (size_t i = 0; i + 1 < n; i++)
        assert_int_equal(add(b, &rows[i], &e), ERR_OK);
    enum err_code code = add(b, &rows[n - 1], &e);
    if (!code || !strstr(e.message, words))
        fail_msg("%s \"%s\", expected \"%s\"", err_code_text(code), e.message, words);
    assert_int_equal(snapshot_builder_rows(b), n - 1);
    snapshot_builder_free(b);
}

static const struct row mixed[] = {
    {10, 1.5, "b", "10"}, {20, NAN, NULL, "9"}, {20, 2.5, "a", "10"}, {30, -1, "z", "-1"}};

static void rows_come_back_as_they_were_added(void **state)
{
    (void)state;
    char sha256[SHA256_HEX_BYTES];
    save(multiclass, mixed, 4, 1, path, sha256);
    struct snapshot *s = load(path, sha256);
    assert_int_equal(s->n_rows, 4);
    assert_int_equal(s->n_holdout, 1);
    assert_string_equal(s->sha256, sha256);
    /* declared categories first, then sorted; classes sorted as the numbers they are */
    assert_string_equal(vocabulary_text(s->vocabulary, 1, 0), "z");
    assert_string_equal(vocabulary_text(s->vocabulary, 1, 1), "a");
    assert_string_equal(vocabulary_text(s->vocabulary, 1, 2), "b");
    assert_string_equal(s->schema->classes[0], "-1");
    assert_string_equal(s->schema->classes[1], "9");
    assert_string_equal(s->schema->classes[2], "10");
    const double codes[] = {1.5, 2, NAN, NAN, 2.5, 1, -1, 0}, labels[] = {2, 1, 2, 0};
    for (size_t i = 0; i < 8; i++)
        if (s->codes[i] != codes[i] && !(isnan(codes[i]) && isnan(s->codes[i])))
            fail_msg("code %zu: %g, expected %g", i, s->codes[i], codes[i]);
    for (size_t i = 0; i < 4; i++) {
        assert_true(s->labels[i] == labels[i]);
        assert_int_equal(s->time_unix_ms[i], mixed[i].time);
    }
    snapshot_free(s);
}

static void categories_and_classes_are_sorted_whatever_came_first(void **state)
{
    (void)state;
    char first[SHA256_HEX_BYTES], second[SHA256_HEX_BYTES];
    const struct row warm[] = {{1, 0, "b", "p"}, {1, 0, "a", "q"}};
    const struct row other[] = {{1, 0, "a", "q"}, {1, 0, "b", "p"}};
    save(binary, warm, 2, 0, path, first);
    save(binary, other, 2, 0, other_path, second);
    struct snapshot *a = load(path, NULL), *b = load(other_path, NULL);
    assert_string_equal(vocabulary_text(a->vocabulary, 1, 1), "a");
    assert_string_equal(vocabulary_text(b->vocabulary, 1, 1), "a");
    assert_string_equal(a->schema->classes[0], b->schema->classes[0]);
    save(binary, warm, 2, 0, other_path, second);
    assert_string_equal(first, second);
    snapshot_free(a);
    snapshot_free(b);
}

static void declared_classes_keep_their_order(void **state)
{
    (void)state;
    char sha256[SHA256_HEX_BYTES];
    const struct row rows[] = {{1, 0, NULL, "DOWN"}, {2, 0, NULL, "UP"}};
    save(declared, rows, 2, 0, path, sha256);
    struct snapshot *s = load(path, NULL);
    assert_string_equal(s->schema->classes[1], "DOWN");
    assert_true(s->labels[0] == 1 && s->labels[1] == 0);
    snapshot_free(s);
}

static void a_regression_keeps_its_numbers(void **state)
{
    (void)state;
    char sha256[SHA256_HEX_BYTES];
    const struct row rows[] = {{1, 0, NULL, "-2.5"}, {2, 0, NULL, "1e3"}};
    save(regression, rows, 2, 1, path, sha256);
    struct snapshot *s = load(path, NULL);
    assert_true(s->labels[0] == -2.5 && s->labels[1] == 1000);
    assert_int_equal(s->schema->n_classes, 0);
    snapshot_free(s);
}

static void bad_rows_are_refused_naming_row_and_label(void **state)
{
    (void)state;
    const struct row unknown[] = {{1, 0, NULL, "SIDEWAYS"}};
    const struct row third[] = {{1, 0, NULL, "a"}, {2, 0, NULL, "b"}, {3, 0, NULL, "c"}};
    const struct row missing[] = {{1, 0, NULL, "a"}, {2, 0, NULL, NULL}};
    const struct row back[] = {{2, 0, NULL, "a"}, {1, 0, NULL, "b"}};
    const struct row word[] = {{2, 0, NULL, "many"}};
    const struct row not_a_number[] = {{2, 0, NULL, "NaN"}};
    assert_not_added(declared, unknown, 1, "row 0: label y is \"SIDEWAYS\", which is none of its");
    assert_not_added(binary, third, 3,
                     "row 2: label y is \"c\", its class 3; a binary label has 2");
    assert_not_added(binary, missing, 2, "row 1: label y is missing");
    assert_not_added(binary, back, 2, "row 1: time 1 is before the row before it, 2");
    assert_not_added(regression, word, 1, "row 0: label y is \"many\", expected a number");
    assert_not_added(regression, not_a_number, 1, "expected a number");
}

static void a_set_that_cannot_train_is_not_saved(void **state)
{
    (void)state;
    struct err e = {0};
    char sha256[SHA256_HEX_BYTES];
    struct snapshot_builder *b = builder(binary);
    const struct row rows[] = {{1, 0, NULL, "only"}, {2, 0, NULL, "other"}};
    assert_int_equal(snapshot_builder_save(b, 0, NULL, path, sha256, &e), ERR_INVALID);
    assert_string_equal(e.message, "the snapshot has no rows");
    assert_int_equal(add(b, &rows[0], &e), ERR_OK);
    assert_int_equal(snapshot_builder_save(b, 0, NULL, path, sha256, &e), ERR_INVALID);
    assert_string_equal(e.message, "label y holds one class only, \"only\", in 1 rows");
    assert_int_equal(add(b, &rows[1], &e), ERR_OK);
    assert_int_equal(snapshot_builder_save(b, 2, NULL, path, sha256, &e), ERR_INVALID);
    assert_string_equal(e.message, "2 of 2 rows held out, none is left to train on");
    assert_int_equal(snapshot_builder_save(b, 1, NULL, path, sha256, &e), ERR_OK);
    snapshot_builder_free(b);
}

static void pii_is_not_in_the_file(void **state)
{
    (void)state;
    char sha256[SHA256_HEX_BYTES], *bytes = NULL;
    struct err e = {0};
    size_t len = 0;
    if (!tiny_snapshot(path, sha256, &e))
        fail_msg("%s", e.message);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &len, NULL), ERR_OK);
    assert_null(memmem(bytes, len, "123-45-6789", 11));
    assert_null(memmem(bytes, len, "x/ssn", 5));
    free(bytes);
    struct snapshot *s = load(path, sha256);
    assert_true(isnan(s->codes[2]));
    snapshot_free(s);
}

static void another_hash_is_refused(void **state)
{
    (void)state;
    char sha256[SHA256_HEX_BYTES];
    struct snapshot *s = NULL;
    struct err e = {0};
    save(multiclass, mixed, 4, 1, path, sha256);
    sha256[0] = sha256[0] == '0' ? '1' : '0';
    assert_int_equal(snapshot_load(path, sha256, &s, &e), ERR_CORRUPT);
    assert_non_null(strstr(e.message, sha256));
}

static void a_damaged_file_never_crashes_its_reader(void **state)
{
    (void)state;
    char sha256[SHA256_HEX_BYTES], *bytes = NULL;
    size_t len = 0;
    struct rng rng;
    save(multiclass, mixed, 4, 1, path, sha256);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &len, NULL), ERR_OK);
    rng_seed(&rng, 43);
    for (int i = 0; i < 1500; i++) {
        size_t at = rng_below(&rng, len);
        char before = bytes[at];
        struct snapshot *s = NULL;
        struct err e = {0};
        bytes[at] = (char)rng_u64(&rng);
        FILE *f = fopen(other_path, "wb");
        assert_non_null(f);
        fwrite(bytes, 1, i % 20 ? len : at, f);
        fclose(f);
        if (snapshot_load(other_path, NULL, &s, &e))
            assert_true(e.message[0]);
        snapshot_free(s);
        bytes[at] = before;
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_as_they_were_added),
        cmocka_unit_test(categories_and_classes_are_sorted_whatever_came_first),
        cmocka_unit_test(declared_classes_keep_their_order),
        cmocka_unit_test(a_regression_keeps_its_numbers),
        cmocka_unit_test(bad_rows_are_refused_naming_row_and_label),
        cmocka_unit_test(a_set_that_cannot_train_is_not_saved),
        cmocka_unit_test(pii_is_not_in_the_file),
        cmocka_unit_test(another_hash_is_refused),
        cmocka_unit_test(a_damaged_file_never_crashes_its_reader),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
