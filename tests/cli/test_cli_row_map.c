/* test_cli_row_map.c - from CSV fields to requests: by name, with missing values, and exactly. */
#include "cli_testing.h"

#include "json_put.h"
#include "row_map.h"

static const char schema_text[] =
    "{\"model\": \"m\", \"features\": [{\"name\": \"age\", \"type\": \"numeric\"},"
    " {\"name\": \"town\", \"type\": \"categorical\"},"
    " {\"name\": \"ssn\", \"type\": \"categorical\", \"pii\": true}],"
    " \"label\": {\"name\": \"y\", \"type\": \"binary\"}}";

struct fixture {
    cJSON *schema;
    struct csv *csv;
    struct row_map map;
    const char *const *fields;
};

static void open_row(struct fixture *f, const char *csv)
{
    struct err e = {0};
    bool more = false;
    f->schema = parse_json(schema_text);
    f->csv = open_csv(csv);
    assert_ok(row_map_new(f->schema, f->csv, "y", &f->map, &e), &e);
    assert_ok(csv_next(f->csv, &f->fields, &more, &e), &e);
    assert_true(more);
}

static void close_row(struct fixture *f)
{
    row_map_free(&f->map);
    csv_close(f->csv);
    cJSON_Delete(f->schema);
}

static void infer_request_has_a_tensor_per_feature_in_schema_order(void **state)
{
    (void)state;
    struct fixture f;
    struct buf out = BUF_INIT;
    struct err e = {0};
    open_row(&f, "y,town,age\nUP,\"New \"\"York\"\"\",0.1\n");
    assert_ok(row_map_put_infer(&f.map, f.fields, "row-1", &out, &e), &e);
    assert_string_equal(
        out.data,
        "{\"id\":\"row-1\",\"inputs\":["
        "{\"name\":\"age\",\"datatype\":\"FP64\",\"shape\":[1],\"data\":[0.1]},"
        "{\"name\":\"town\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"New \\\"York\\\"\"]},"
        "{\"name\":\"ssn\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[null]}]}");
    buf_free(&out);
    close_row(&f);
}

static void missing_values_become_null(void **state)
{
    (void)state;
    struct fixture f;
    struct buf out = BUF_INIT;
    struct err e = {0};
    open_row(&f, "age,town,y\nNA,,DOWN\n");
    assert_ok(row_map_put_import(&f.map, f.fields, "i-1", &out, &e), &e);
    assert_string_equal(out.data, "{\"id\":\"i-1\",\"x\":[null,null,null],\"label\":\"DOWN\"}");
    buf_free(&out);
    close_row(&f);
}

static void a_text_in_a_numeric_column_is_named(void **state)
{
    (void)state;
    struct fixture f;
    struct buf out = BUF_INIT;
    struct err e = {0};
    open_row(&f, "age,town,y\nold,Rome,UP\n");
    assert_fails(row_map_put_infer(&f.map, f.fields, "r", &out, &e), &e, ERR_INVALID,
                 "column \"age\": expected a number, got \"old\"");
    buf_free(&out);
    close_row(&f);
}

static void an_absent_column_is_named_with_the_nearest(void **state)
{
    (void)state;
    struct row_map map;
    struct err e = {0};
    cJSON *schema = parse_json(schema_text);
    struct csv *csv = open_csv("age,twon,y\n1,Rome,UP\n");
    assert_fails(row_map_new(schema, csv, "y", &map, &e), &e, ERR_NOT_FOUND,
                 "feature \"town\": the file has no column \"town\" (did you mean \"twon\"?)");
    csv_close(csv);
    cJSON_Delete(schema);
}

static void labels_are_texts_for_classes_and_numbers_for_amounts(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    row_map_put_label(false, "a", "1", &out);
    row_map_put_label(true, "b", "1.50", &out);
    row_map_put_label(true, "c", "much", &out);
    assert_string_equal(out.data, "{\"id\":\"a\",\"label\":\"1\"}{\"id\":\"b\",\"label\":1.5}"
                                  "{\"id\":\"c\",\"label\":\"much\"}");
    buf_free(&out);
}

/* Oracle: strtod of what was written. */
static void numbers_are_written_so_that_they_read_back_the_same(void **state)
{
    (void)state;
    const double values[] = {0.1, 1.0 / 3,           1e300, -5e-324, 123456789.123456789,
                             0,   4503599627370497.5};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct buf out = BUF_INIT;
        json_put_number(&out, values[i]);
        if (strtod(out.data, NULL) != values[i])
            fail_msg("%.17g was written as %s", values[i], out.data);
        buf_free(&out);
    }
}

/* Oracle: cJSON reads the string back. */
static void strings_are_valid_json_whatever_they_hold(void **state)
{
    (void)state;
    const char *const texts[] = {"plain", "\"quoted\\\"", "tab\tline\nbell\a", "caf\xc3\xa9",
                                 "bad\xff!"};
    const char *const read[] = {"plain", "\"quoted\\\"", "tab\tline\nbell\a", "caf\xc3\xa9",
                                "bad\xef\xbf\xbd!"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct buf out = BUF_INIT;
        json_put_string(&out, texts[i]);
        cJSON *json = parse_json(out.data);
        assert_string_equal(json->valuestring, read[i]);
        cJSON_Delete(json);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(infer_request_has_a_tensor_per_feature_in_schema_order),
        cmocka_unit_test(missing_values_become_null),
        cmocka_unit_test(a_text_in_a_numeric_column_is_named),
        cmocka_unit_test(an_absent_column_is_named_with_the_nearest),
        cmocka_unit_test(labels_are_texts_for_classes_and_numbers_for_amounts),
        cmocka_unit_test(numbers_are_written_so_that_they_read_back_the_same),
        cmocka_unit_test(strings_are_valid_json_whatever_they_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
