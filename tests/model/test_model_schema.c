/*
 * test_model_schema.c - schemas read, written and refused; rows and vocabularies that follow from
 * them.
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

#include "base/json.h"
#include "model/rows.h"
#include "model/vocabulary.h"
#include "tiny_model.h"

static const char full[] =
    "{\"model\":\"loan-2\",\"features\":["
    "{\"name\":\"age\",\"type\":\"numeric\",\"transform\":{\"impute\":-1,\"log1p\":true,"
    "\"clip\":[0,120],\"standardise\":false}},"
    "{\"name\":\"plain\",\"type\":\"numeric\"},"
    "{\"name\":\"Stra\\u00dfe 1\",\"type\":\"categorical\",\"categories\":[\"a\",3,0.5,true]},"
    "{\"name\":\"ssn\",\"type\":\"categorical\",\"pii\":true}],"
    "\"label\":{\"name\":\"y\",\"type\":\"multiclass\",\"classes\":[\"x\",\"y\",\"z\"]},"
    "\"time\":{\"name\":\"ts\",\"format\":\"unix_ms\"}}";

static void every_field_is_read(void **state)
{
    (void)state;
    struct schema *s = tiny_schema(full);
    const struct feature *age = &s->features[0], *street = &s->features[2];
    assert_string_equal(s->model, "loan-2");
    assert_int_equal(s->n_features, 4);
    assert_int_equal(age->impute, IMPUTE_CONSTANT);
    assert_true(age->impute_value == -1 && age->log1p && age->has_clip && !age->standardise);
    assert_true(age->clip_low == 0 && age->clip_high == 120);
    assert_true(s->features[1].impute == IMPUTE_MEDIAN && s->features[1].standardise);
    assert_int_equal(street->n_categories, 4);
    assert_string_equal(street->categories[1], "3");
    assert_string_equal(street->categories[2], "0.5");
    assert_string_equal(street->categories[3], "true");
    assert_true(s->features[3].pii);
    assert_int_equal(schema_find_feature(s, "ssn"), 3);
    assert_int_equal(schema_find_feature(s, "nobody"), -1);
    assert_int_equal(schema_find_class(s, "z"), 2);
    assert_int_equal(schema_n_outputs(s), 3);
    assert_string_equal(s->time.name, "ts");
    assert_int_equal(s->time.format, TIME_UNIX_MS);
    schema_free(s);
}

static void a_schema_written_and_read_again_is_the_same(void **state)
{
    (void)state;
    struct schema *s = tiny_schema(full), *copy = schema_copy(s);
    cJSON *a = schema_to_json(s), *b = schema_to_json(copy);
    char *first = json_print(a), *second = json_print(b);
    assert_string_equal(first, second);
    struct schema *again = tiny_schema(first);
    cJSON *c = schema_to_json(again);
    char *third = json_print(c);
    assert_string_equal(first, third);
    cJSON_Delete(a);
    cJSON_Delete(b);
    cJSON_Delete(c);
    free(first);
    free(second);
    free(third);
    schema_free(s);
    schema_free(copy);
    schema_free(again);
}

#define FEATURES "\"features\":[{\"name\":\"a\",\"type\":\"numeric\"}]"
#define LABEL "\"label\":{\"name\":\"y\",\"type\":\"binary\"}"

static const struct {
    const char *json, *words;
} refused[] = {
    {"[]", "expected an object"},
    {"{" FEATURES "," LABEL "}", "model"},
    {"{\"model\":\"a b\"," FEATURES "," LABEL "}", "model: expected letters"},
    {"{\"model\":\"m\"," LABEL "}", "features"},
    {"{\"model\":\"m\",\"features\":[]," LABEL "}", "features: expected 1 to 4096 features, got 0"},
    {"{\"model\":\"m\"," FEATURES "}", "label"},
    {"{\"model\":\"m\",\"color\":1," FEATURES "," LABEL "}", "color"},
    {"{\"model\":\"m\",\"features\":[{\"name\":\"\",\"type\":\"numeric\"}]," LABEL "}",
     "features[0].name: expected 1 to 127 bytes, got 0"},
    {"{\"model\":\"m\",\"features\":[{\"name\":\"a\\u0007\",\"type\":\"numeric\"}]," LABEL "}",
     "features[0].name: expected text without control characters"},
    {"{\"model\":\"m\",\"features\":[{\"name\":\"a\",\"type\":\"text\"}]," LABEL "}",
     "features[0].type: expected \"numeric\" or \"categorical\", got \"text\""},
    {"{\"model\":\"m\",\"features\":[{\"name\":\"a\",\"type\":\"numeric\"},"
     "{\"name\":\"a\",\"type\":\"numeric\"}]," LABEL "}",
     "features[1].name: \"a\" is features[0] already"},
    {"{\"model\":\"m\",\"features\":[{\"name\":\"y\",\"type\":\"numeric\"}]," LABEL "}",
     "label.name: \"y\" is a feature, too"},
    {"{\"model\":\"m\",\"features\":[{\"name\":\"a\",\"type\":\"numeric\","
     "\"categories\":[]}]," LABEL "}",
     "categories"},
    {"{\"model\":\"m\",\"features\":[{\"name\":\"a\",\"type\":\"numeric\","
     "\"transform\":{\"clip\":[2,1]}}]," LABEL "}",
     "features[0].transform.clip: expected [low, high]"},
    {"{\"model\":\"m\",\"features\":[{\"name\":\"a\",\"type\":\"numeric\","
     "\"transform\":{\"impute\":\"mode\"}}]," LABEL "}",
     "features[0].transform.impute: expected"},
    {"{\"model\":\"m\",\"features\":[{\"name\":\"a\",\"type\":\"categorical\","
     "\"categories\":[\"b\",\"b\"]}]," LABEL "}",
     "features[0].categories[1]: \"b\" is given twice"},
    {"{\"model\":\"m\"," FEATURES ",\"label\":{\"name\":\"y\",\"type\":\"ordinal\"}}",
     "label.type: expected"},
    {"{\"model\":\"m\"," FEATURES
     ",\"label\":{\"name\":\"y\",\"type\":\"binary\",\"classes\":[1,2,3]}}",
     "label.classes: expected 2 classes, got 3"},
    {"{\"model\":\"m\"," FEATURES
     ",\"label\":{\"name\":\"y\",\"type\":\"regression\",\"classes\":[1,2]}}",
     "label.classes: a regression has no classes"},
    {"{\"model\":\"m\",\"features\":[{\"name\":\"x\",\"type\":\"numeric\"}],\"label\":{\"name\":"
     "\"y\","
     "\"type\":\"regression\"},\"time\":{\"name\":\"x\",\"format\":\"unix\"}}",
     "time.name: \"x\" is a feature or the label"},
    {"{\"model\":\"m\",\"features\":[{\"name\":\"x\",\"type\":\"numeric\"}],\"label\":{\"name\":"
     "\"y\","
     "\"type\":\"regression\"},\"time\":{\"name\":\"t\",\"format\":\"stardate\"}}",
     "time.format: expected"},
    {"{\"model\":\"m\",\"features\":[{\"name\":\"x\",\"type\":\"numeric\"}],\"label\":{\"name\":"
     "\"y\","
     "\"type\":\"regression\"},\"time\":{\"name\":\"t\",\"unit\":\"s\"}}",
     "unit"},
};

static void a_wrong_schema_is_refused_with_the_path(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        cJSON *json = cJSON_Parse(refused[i].json);
        struct schema *s = NULL;
        struct err e = {0};
        assert_non_null(json);
        enum err_code code = schema_from_json(json, &s, &e);
        if (!code || !strstr(e.message, refused[i].words))
            fail_msg("%s: %s \"%s\", expected \"%s\"", refused[i].json, err_code_text(code),
                     e.message, refused[i].words);
        cJSON_Delete(json);
    }
}

static void numbers_become_their_shortest_text(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{3, "3"},
                 {0.5, "0.5"},
                 {-0.0, "0"},
                 {0.1, "0.1"},
                 {-12, "-12"},
                 {100000000, "100000000"},
                 {1e21, "1e+21"},
                 {1.0 / 3, "0.3333333333333333"},
                 {9007199254740991, "9007199254740991"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        size_t len = rows_number_text(cases[i].value, text);
        assert_int_equal(len, strlen(text));
        if (strcmp(text, cases[i].text) != 0)
            fail_msg("%.17g: \"%s\", expected \"%s\"", cases[i].value, text, cases[i].text);
    }
}

static void new_rows_hold_missing_values_only(void **state)
{
    (void)state;
    struct schema *s = tiny_schema(full);
    struct rows *r = NULL;
    assert_int_equal(rows_new(s, 3, &r, NULL), ERR_OK);
    assert_int_equal(r->n_columns, 4);
    for (size_t i = 0; i < 3; i++) {
        assert_true(isnan(r->columns[0].numbers[i]) && isnan(r->columns[1].numbers[i]));
        assert_null(r->columns[2].texts[i].s);
        assert_null(r->columns[3].texts[i].s);
    }
    rows_free(r);
    assert_int_equal(rows_new(s, SIZE_MAX / 8, &r, NULL), ERR_NOMEM);
    schema_free(s);
}

static struct vocabulary *many(struct schema *s, size_t n)
{
    const char **texts = calloc(n + 1, sizeof *texts);
    const char *const *categories[] = {NULL, NULL, texts, NULL};
    const size_t n_categories[] = {0, 0, n, 0};
    struct vocabulary *v = NULL;
    struct err e = {0};
    for (size_t i = 0; i < n; i++) {
        char *text = malloc(24);
        snprintf(text, 24, "c%zu", i);
        texts[i] = text;
    }
    if (vocabulary_new(s, categories, n_categories, &v, &e))
        fail_msg("%s", e.message);
    for (size_t i = 0; i < n; i++)
        free((void *)texts[i]);
    free(texts);
    return v;
}

static void categories_are_found_by_bytes_not_by_terminator(void **state)
{
    (void)state;
    struct schema *s = tiny_schema(full);
    struct vocabulary *v = many(s, 1000);
    assert_int_equal(vocabulary_size(v, 2), 1000);
    assert_int_equal(vocabulary_size(v, 0), 0);
    for (int i = 0; i < 1000; i++) {
        char text[16];
        int len = snprintf(text, sizeof text, "c%d!", i) - 1;
        assert_int_equal(vocabulary_code(v, 2, text, (size_t)len), i);
    }
    assert_int_equal(vocabulary_code(v, 2, "c1000", 5), -1);
    assert_int_equal(vocabulary_code(v, 2, "c1\0x", 4), -1);
    assert_int_equal(vocabulary_code(v, 2, "", 0), -1);
    assert_int_equal(vocabulary_code(v, 0, "c1", 2), -1);
    assert_string_equal(vocabulary_text(v, 2, 17), "c17");
    vocabulary_free(v);
    schema_free(s);
}

static void a_vocabulary_comes_back_from_json(void **state)
{
    (void)state;
    struct schema *s = tiny_schema(full);
    struct vocabulary *v = many(s, 20), *back = NULL;
    struct err e = {0};
    cJSON *json = vocabulary_to_json(v, s);
    if (vocabulary_from_json(json, s, &back, &e))
        fail_msg("%s", e.message);
    assert_int_equal(vocabulary_size(back, 2), 20);
    assert_int_equal(vocabulary_code(back, 2, "c19", 3), 19);
    vocabulary_free(back);
    cJSON_AddArrayToObject(json, "ssn"); /* pii features have no entry */
    assert_int_equal(vocabulary_from_json(json, s, &back, &e), ERR_INVALID);
    cJSON_Delete(json);
    vocabulary_free(v);
    schema_free(s);
}

static void more_categories_than_allowed_are_refused(void **state)
{
    (void)state;
    struct schema *s = tiny_schema(full);
    struct vocabulary *v = many(s, SCHEMA_MAX_CATEGORIES), *too_many = NULL;
    struct err e = {0};
    cJSON *json = vocabulary_to_json(v, s);
    cJSON *texts = json->child;
    cJSON_AddItemToArray(texts, cJSON_CreateString("one more"));
    assert_int_equal(vocabulary_from_json(json, s, &too_many, &e), ERR_LIMIT);
    assert_non_null(strstr(e.message, "more than 10000 categories"));
    cJSON_Delete(json);
    vocabulary_free(v);
    schema_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_read),
        cmocka_unit_test(a_schema_written_and_read_again_is_the_same),
        cmocka_unit_test(a_wrong_schema_is_refused_with_the_path),
        cmocka_unit_test(numbers_become_their_shortest_text),
        cmocka_unit_test(new_rows_hold_missing_values_only),
        cmocka_unit_test(categories_are_found_by_bytes_not_by_terminator),
        cmocka_unit_test(a_vocabulary_comes_back_from_json),
        cmocka_unit_test(more_categories_than_allowed_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
