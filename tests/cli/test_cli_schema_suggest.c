/* test_cli_schema_suggest.c - what a column is taken for, and that the proposal is a schema. */
#include "cli_testing.h"

#include <math.h>

#include "base/yaml.h"
#include "base/csv_column.h"
#include "schema_suggest.h"

/* Suggests over text; the YAML as JSON. */
static cJSON *suggest(const char *csv_text, const char *label, bool regression, struct buf *yaml)
{
    const struct schema_suggest_options o = {
        .label = label, .model = "m", .regression = regression, .max_rows = 100000};
    struct csv *csv = open_csv(csv_text);
    struct yaml_doc *doc = NULL;
    struct err e = {0};
    assert_ok(schema_suggest(csv, &o, yaml, &e), &e);
    assert_ok(yaml_parse("yaml", yaml->data, yaml->len, &doc, &e), &e);
    cJSON *json = yaml_to_json(yaml_root(doc));
    yaml_free(doc);
    csv_close(csv);
    return json;
}

/* A column of each kind, 200 rows. */
static void fill(struct buf *csv)
{
    static const char *const towns[] = {"Rome", "Oslo", "no"};
    buf_puts(csv, "id,when,price,income,floor,town,note,email,day,y\n");
    for (int i = 0; i < 200; i++)
        buf_printf(csv, "%d,2026-01-%02d,%g,%g,%d,%s,note %d,a%d@b.c,%d,%s\n", 1000 + i, i % 28 + 1,
                   (i * 37 % 101) / 7.0, exp((i * 53 % 97) / 4.0), i * 7 % 40, towns[i * i % 3], i,
                   i, i % 7, i % 2 ? "UP" : "DOWN");
}

static const char *type_of(const cJSON *schema, const char *name)
{
    const cJSON *feature = NULL;
    cJSON_ArrayForEach(feature, cJSON_GetObjectItem(schema, "features"))
    {
        if (strcmp(cJSON_GetObjectItem(feature, "name")->valuestring, name) == 0)
            return cJSON_GetObjectItem(feature, "type")->valuestring;
    }
    return "absent";
}

static void suggestion_takes_each_column_for_what_it_is(void **state)
{
    (void)state;
    struct buf csv = BUF_INIT, yaml = BUF_INIT;
    fill(&csv);
    cJSON *schema = suggest(csv.data, "y", false, &yaml);
    assert_string_equal(type_of(schema, "price"), "numeric");
    assert_string_equal(type_of(schema, "floor"), "numeric");
    assert_string_equal(type_of(schema, "day"), "categorical"); /* few whole numbers: codes */
    assert_string_equal(type_of(schema, "town"), "categorical");
    assert_string_equal(type_of(schema, "id"), "absent");   /* a counter */
    assert_string_equal(type_of(schema, "when"), "absent"); /* dates */
    assert_string_equal(type_of(schema, "note"), "absent"); /* free text */
    assert_string_equal(type_of(schema, "y"), "absent");
    assert_non_null(strstr(yaml.data, "\"income\", type: numeric, transform: {log1p: true}"));
    assert_non_null(strstr(yaml.data, "\"email\", type: categorical, pii: true"));
    assert_non_null(strstr(yaml.data, "# - {name: \"note\""));
    cJSON_Delete(schema);
    buf_free(&yaml);
    buf_free(&csv);
}

static void suggestion_sorts_classes_so_that_the_positive_one_is_last(void **state)
{
    (void)state;
    struct buf yaml = BUF_INIT;
    cJSON *schema = suggest("x,y\n1,UP\n2,DOWN\n1.5,UP\n", "y", false, &yaml);
    assert_string_equal(json_at(schema, "label.type")->valuestring, "binary");
    assert_string_equal(json_at(schema, "label.classes[0]")->valuestring, "DOWN");
    assert_string_equal(json_at(schema, "label.classes[1]")->valuestring, "UP");
    cJSON_Delete(schema);
    buf_free(&yaml);
    yaml = BUF_INIT;
    schema = suggest("x,y\n1,10\n2,9\n3,2\n", "y", false, &yaml);
    assert_string_equal(json_at(schema, "label.type")->valuestring, "multiclass");
    assert_string_equal(json_at(schema, "label.classes[0]")->valuestring, "2"); /* as numbers */
    assert_string_equal(json_at(schema, "label.classes[2]")->valuestring, "10");
    cJSON_Delete(schema);
    buf_free(&yaml);
}

static void suggestion_asks_whether_an_amount_is_meant(void **state)
{
    (void)state;
    const struct schema_suggest_options o = {.label = "y", .model = "m", .max_rows = 100};
    struct csv *csv = open_csv("x,y\n1,0.5\n2,0.7\n3,0.9\n");
    struct buf yaml = BUF_INIT;
    struct err e = {0};
    assert_fails(schema_suggest(csv, &o, &yaml, &e), &e, ERR_INVALID, "--regression");
    csv_close(csv);
    buf_free(&yaml);
    yaml = BUF_INIT;
    cJSON *schema = suggest("x,y\n1,0.5\n2,0.7\n3,0.9\n", "y", true, &yaml);
    assert_string_equal(json_at(schema, "label.type")->valuestring, "regression");
    cJSON_Delete(schema);
    buf_free(&yaml);
}

/* Oracle: two passes. */
static void skewness_is_that_of_its_definition_also_far_from_zero(void **state)
{
    (void)state;
    enum { N = 50 };
    double x[N], mean = 0, m2 = 0, m3 = 0;
    struct csv_stats s;
    char field[64];
    assert_true(csv_stats_init(&s));
    for (int i = 0; i < N; i++) {
        x[i] = 1e8 + i * i % 31 + (i == 7 ? 400 : 0);
        mean += x[i] / N;
        snprintf(field, sizeof field, "%.17g", x[i]);
        assert_true(csv_stats_add(&s, field));
    }
    for (int i = 0; i < N; i++) {
        m2 += (x[i] - mean) * (x[i] - mean);
        m3 += (x[i] - mean) * (x[i] - mean) * (x[i] - mean);
    }
    double want = sqrt(N) * m3 / pow(m2, 1.5), got = csv_stats_skewness(&s);
    if (fabs(got - want) > 1e-5) /* the mean itself is good to 1e-8 */
        fail_msg("expected %.9g, got %.9g", want, got);
    csv_stats_clean_up(&s);
}

static void names_of_files_become_names_of_models(void **state)
{
    (void)state;
    char name[64];
    schema_suggest_name("/data/my loans.csv.gz", name, sizeof name);
    assert_string_equal(name, "my-loans");
    schema_suggest_name("-", name, sizeof name);
    assert_string_equal(name, "my-model");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggestion_takes_each_column_for_what_it_is),
        cmocka_unit_test(suggestion_sorts_classes_so_that_the_positive_one_is_last),
        cmocka_unit_test(suggestion_asks_whether_an_amount_is_meant),
        cmocka_unit_test(skewness_is_that_of_its_definition_also_far_from_zero),
        cmocka_unit_test(names_of_files_become_names_of_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
