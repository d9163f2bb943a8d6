/*
 * test_train_data.c - the cut in time order, the vocabulary, and a sentence for every fault of the
 * data.
 */
#include "trainer_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/recode.h"
#include "trainer/train_data.h"

static const char schema[] = "{\"model\":\"m\",\"features\":["
                             "{\"name\":\"x\",\"type\":\"numeric\"},"
                             "{\"name\":\"colour\",\"type\":\"categorical\"},"
                             "{\"name\":\"size\",\"type\":\"categorical\","
                             "\"categories\":[\"L\",\"S\",\"XL\"]},"
                             "{\"name\":\"ssn\",\"type\":\"categorical\",\"pii\":true}],"
                             "\"label\":{\"name\":\"class\",\"type\":\"binary\","
                             "\"classes\":[\"no\",\"yes\"]}}";

/* "violet" comes up only in the last fifth: after the training rows. */
static void fill(size_t i, struct snapshot_value *values, char label[32])
{
    static const char *const colours[] = {"red", "green", "blue"};
    values[0].number = (double)i;
    values[1].text = i >= 80 && i % 2 ? "violet" : i % 10 == 9 ? NULL : colours[i % 3];
    values[2].text = i % 2 ? "S" : "L";
    values[3] = (struct snapshot_value){0};
    snprintf(label, 32, "%s", i % 2 ? "yes" : "no");
}

static struct snapshot *snapshot(size_t n_rows, size_t n_holdout)
{
    return snapshot_of(schema, n_rows, n_holdout, fill);
}

static void rows_are_cut_in_time_order(void **state)
{
    (void)state;
    struct snapshot *s = snapshot(100, 10);
    struct train_data *d;
    struct err e = {0};
    assert_ok(train_data_new(s, 0.2, &d, &e), e);
    assert_int_equal(d->n_train, 72);
    assert_int_equal(d->n_validation, 18);
    assert_int_equal(d->n_holdout, 10);
    assert_near(d->codes[99 * 4], 99, 0, "the last row's x");
    train_data_free(d);
    snapshot_free(s);
}

static void categories_are_those_of_the_training_rows_sorted(void **state)
{
    (void)state;
    struct snapshot *s = snapshot(100, 10);
    struct train_data *d;
    struct err e = {0};
    assert_ok(train_data_new(s, 0.2, &d, &e), e);
    assert_int_equal(vocabulary_size(d->vocabulary, 1), 3);
    assert_string_equal(vocabulary_text(d->vocabulary, 1, 0), "blue");
    assert_string_equal(vocabulary_text(d->vocabulary, 1, 1), "green");
    assert_string_equal(vocabulary_text(d->vocabulary, 1, 2), "red");
    assert_near(d->codes[0 * 4 + 1], 2, 0, "row 0 is red");
    assert_true(isnan(d->codes[9 * 4 + 1]));
    assert_near(d->codes[81 * 4 + 1], CODE_UNSEEN, 0, "violet was not seen in training");
    train_data_free(d);
    snapshot_free(s);
}

static void declared_categories_are_kept_as_declared(void **state)
{
    (void)state;
    struct snapshot *s = snapshot(100, 10);
    struct train_data *d;
    struct err e = {0};
    assert_ok(train_data_new(s, 0.2, &d, &e), e);
    assert_int_equal(vocabulary_size(d->vocabulary, 2), 3);
    assert_string_equal(vocabulary_text(d->vocabulary, 2, 2), "XL");
    assert_near(d->codes[1 * 4 + 2], 1, 0, "row 1 is S");
    assert_near(d->codes[3], CODE_PRESENT, 0, "pii is present");
    train_data_free(d);
    snapshot_free(s);
}

static void expect_error(struct snapshot *s, double validation, const char *part)
{
    struct train_data *d;
    struct err e = {0};
    assert_int_equal(train_data_new(s, validation, &d, &e), ERR_INVALID);
    assert_contains(e.message, part);
}

static void faults_of_the_data_are_named(void **state)
{
    (void)state;
    struct snapshot *s = snapshot(100, 10);
    s->labels[37] = NAN;
    expect_error(s, 0.2, "label \"class\" of row 37 is NaN");
    s->labels[37] = 5;
    expect_error(s, 0.2, "row 37 is 5, expected a class");
    for (size_t i = 0; i < 100; i++) {
        s->labels[i] = 1;
    }
    expect_error(s, 0.2, "one class only: all 72 training rows have label \"class\" = \"yes\"");
    s->n_rows = 0;
    expect_error(s, 0.2, "no rows");
    s->n_rows = 10;
    expect_error(s, 0.2, "no rows to train on");
    s->n_rows = 15;
    expect_error(s, 0.2, "too few rows for the split: 15 rows less 10 held out give 4 to train");
    s->n_rows = 100;
    snapshot_free(s);
}

static void version_that_needs_a_missing_column_is_told_so(void **state)
{
    (void)state;
    struct snapshot *s = snapshot(50, 10);
    struct schema *other = schema_copy(s->schema);
    struct err e = {0};
    double codes[4];
    snprintf(other->features[0].name, sizeof other->features[0].name, "height");
    assert_int_equal(recode_rows(s, 0, 1, other, s->vocabulary, codes, &e), ERR_INVALID);
    assert_contains(e.message, "no column \"height\"");
    snprintf(other->features[0].name, sizeof other->features[0].name, "colour");
    assert_int_equal(recode_rows(s, 0, 1, other, s->vocabulary, codes, &e), ERR_INVALID);
    assert_contains(e.message, "\"colour\" is categorical in the snapshot, expected numeric");
    schema_free(other);
    snapshot_free(s);
}

static void features_are_matched_by_name_whatever_their_order(void **state)
{
    (void)state;
    struct snapshot *s = snapshot(50, 10);
    struct schema *target = schema_of(
        "{\"model\":\"m\",\"features\":[{\"name\":\"colour\",\"type\":\"categorical\"},"
        "{\"name\":\"x\",\"type\":\"numeric\"}],"
        "\"label\":{\"name\":\"class\",\"type\":\"binary\",\"classes\":[\"no\",\"yes\"]}}");
    const char *const colours[] = {"red", "blue"};
    const char *const *const categories[] = {colours, NULL};
    const size_t counts[] = {2, 0};
    struct vocabulary *v;
    struct err e = {0};
    double codes[3 * 2];
    assert_ok(vocabulary_new(target, categories, counts, &v, &e), e);
    assert_ok(recode_rows(s, 3, 3, target, v, codes, &e), e);
    assert_near(codes[0], 0, 0, "row 3 is red");
    assert_near(codes[1], 3, 0, "x of row 3");
    assert_near(codes[2], CODE_UNSEEN, 0, "row 4 is green, which this version never saw");
    assert_near(codes[4], 1, 0, "row 5 is blue");
    vocabulary_free(v);
    schema_free(target);
    snapshot_free(s);
}

static void flipped_labels_spare_the_holdout(void **state)
{
    (void)state;
    struct snapshot *s = snapshot(100, 10);
    struct train_data *d;
    struct err e = {0};
    assert_ok(train_data_new(s, 0.2, &d, &e), e);
    train_data_flip_labels(d, 1.0, 1);
    for (size_t i = 0; i < 100; i++) {
        assert_near(d->labels[i], i < 90 ? 1 - s->labels[i] : s->labels[i], 0, "label");
    }
    train_data_free(d);
    snapshot_free(s);
}

static const char wide_schema[] =
    "{\"model\":\"m\",\"features\":[{\"name\":\"id\",\"type\":\"categorical\"}],"
    "\"label\":{\"name\":\"y\",\"type\":\"regression\"}}";

/* Category c0 comes up 200 times, every other category once. */
static void fill_wide(size_t i, struct snapshot_value *values, char label[32])
{
    static char text[32];
    snprintf(text, sizeof text, "c%zu", i < 200 ? 0 : i);
    values[0].text = text;
    snprintf(label, 32, "%zu", i);
}

static void many_categories_are_cut_to_the_most_frequent(void **state)
{
    (void)state;
    struct snapshot *s = snapshot_of(wide_schema, 3000, 0, fill_wide);
    struct vocabulary *v;
    struct err e = {0};
    assert_ok(vocabulary_fit(s, 3000, &v, &e), e);
    assert_int_equal(vocabulary_size(v, 0), TRAIN_MAX_CATEGORIES);
    assert_int_equal(vocabulary_code(v, 0, "c0", 2), 0);
    vocabulary_free(v);
    snapshot_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_cut_in_time_order),
        cmocka_unit_test(categories_are_those_of_the_training_rows_sorted),
        cmocka_unit_test(declared_categories_are_kept_as_declared),
        cmocka_unit_test(faults_of_the_data_are_named),
        cmocka_unit_test(version_that_needs_a_missing_column_is_told_so),
        cmocka_unit_test(features_are_matched_by_name_whatever_their_order),
        cmocka_unit_test(flipped_labels_spare_the_holdout),
        cmocka_unit_test(many_categories_are_cut_to_the_most_frequent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
