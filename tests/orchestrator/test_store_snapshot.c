/* test_store_snapshot.c - training sets cut out of the observation store, read back by model/. */
#include "store_fixture.h"

#include "base/json.h"
#include "model/snapshot.h"
#include "store/observation_store.h"
#include "store/snapshot_store.h"

static struct schema *loan_schema(const char *label)
{
    struct schema *schema = NULL;
    char text[512];

    snprintf(text, sizeof(text),
             "{\"model\":\"loan\",\"features\":[{\"name\":\"age\",\"type\":\"numeric\"},"
             "{\"name\":\"ssn\",\"type\":\"categorical\",\"pii\":true},"
             "{\"name\":\"job\",\"type\":\"categorical\"}],\"label\":%s}",
             label);
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    assert_ok(schema_from_json(json, &schema, e));
    cJSON_Delete(json);
    return schema;
}

static struct schema *binary_schema(void)
{
    return loan_schema("{\"name\":\"class\",\"type\":\"binary\",\"classes\":[\"DOWN\",\"UP\"]}");
}

/* One labelled row; t in seconds after T0. */
static void add(struct store *s, const char *id, int t, const char *x, const char *label)
{
    struct observation row = {
        .id = id, .unix_ms = T0 + t * 1000, .role = OBSERVATION_IMPORTED, .x = x};
    struct observation_label l = {.id = id, .label = label};
    int64_t n_new = 0, n_duplicate = 0;

    assert_ok(observation_import(s, "loan", &row, &l, 1, &n_new, &n_duplicate, e));
    assert_int_equal(n_new, 1);
}

/* Ten rows, not added in time order: age = t, class UP where t is odd. */
static void add_ten(struct store *s)
{
    for (int i = 0; i < 10; i++) {
        int t = (i * 7) % 10;
        char id[16], x[64];
        snprintf(id, sizeof(id), "row-%d", t);
        snprintf(x, sizeof(x), t == 5 ? "[null,null,3]" : "[%d,null,\"%c\"]", t, 'a' + t % 3);
        add(s, id, t, x, t % 2 ? "UP" : "DOWN");
    }
}

static void cut(struct fixture *f, const struct schema *schema, const struct snapshot_window *w,
                struct snapshot_result *result, struct snapshot **snapshot)
{
    cJSON *lineage = cJSON_CreateObject();
    char path[160];

    cJSON_AddStringToObject(lineage, "run", "r-1");
    snprintf(path, sizeof(path), "%s/snapshot.safetensors", f->folder);
    assert_ok(snapshot_from_store(f->s, schema, w, lineage, path, result, e));
    assert_ok(snapshot_load(path, result->sha256, snapshot, e));
    cJSON_Delete(lineage);
}

static void newest_rows_are_taken_in_time_order(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = binary_schema();
    struct snapshot_window w = {.max_rows = 6, .holdout = 0.34};
    struct snapshot_result result;
    struct snapshot *snap = NULL;

    add_ten(f->s);
    cut(f, schema, &w, &result, &snap);
    assert_int_equal(result.n_rows, 6);
    assert_int_equal(result.n_holdout, 2);
    assert_int_equal(result.from_unix_ms, T0 + 4000);
    assert_int_equal(result.to_unix_ms, T0 + 9000);
    for (size_t i = 0; i < snap->n_rows; i++) {
        size_t t = i + 4;
        assert_int_equal(snap->time_unix_ms[i], T0 + (int64_t)t * 1000);
        assert_true(snap->labels[i] == (double)(t % 2));
        assert_true(t == 5 ? snap->codes[i * 3] != snap->codes[i * 3]
                           : snap->codes[i * 3] == (double)t);
    }
    assert_string_equal(json_at(snap->lineage, "run")->valuestring, "r-1");
    assert_int_equal(json_at(snap->lineage, "snapshot_rows")->valueint, 6);
    snapshot_free(snap);
    schema_free(schema);
}

static void number_used_as_a_category_is_its_text(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = binary_schema();
    struct snapshot_window w = {.holdout = 0.2};
    struct snapshot_result result;
    struct snapshot *snap = NULL;

    add_ten(f->s);
    cut(f, schema, &w, &result, &snap);
    assert_true(vocabulary_code(snap->vocabulary, 2, "3", 1) >= 0);
    assert_true(vocabulary_code(snap->vocabulary, 2, "z", 1) < 0);
    snapshot_free(snap);
    schema_free(schema);
}

static void lower_bound_in_time_holds(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = binary_schema();
    struct snapshot_window w = {.since_unix_ms = T0 + 7000, .holdout = 0.9, .max_holdout = 1};
    struct snapshot_result result;
    struct snapshot *snap = NULL;

    add_ten(f->s);
    cut(f, schema, &w, &result, &snap);
    assert_int_equal(result.n_rows, 3);
    assert_int_equal(result.n_holdout, 1);
    snapshot_free(snap);
    schema_free(schema);
}

static void labels_that_do_not_fit_are_left_out(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = binary_schema();
    struct snapshot_window w = {.holdout = 0.2};
    struct snapshot_result result;
    struct snapshot *snap = NULL;

    add_ten(f->s);
    add(f->s, "odd", 99, "[1,null,\"a\"]", "MAYBE");
    cut(f, schema, &w, &result, &snap);
    assert_int_equal(result.n_rows, 10);
    assert_int_equal(result.n_skipped, 1);
    snapshot_free(snap);
    schema_free(schema);
}

static void row_that_does_not_fit_the_schema_is_named(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = binary_schema();
    struct snapshot_window w = {.holdout = 0.2};
    struct snapshot_result result;
    struct err e = {0};

    add_ten(f->s);
    add(f->s, "short", 99, "[1,null]", "UP");
    assert_int_equal(snapshot_from_store(f->s, schema, &w, NULL, "/nonexistent", &result, &e),
                     ERR_CORRUPT);
    assert_string_equal(e.message, "observation \"short\": feature job does not fit the schema");
    schema_free(schema);
}

static void snapshot_of_nothing_says_so(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = loan_schema("{\"name\":\"class\",\"type\":\"regression\"}");
    struct snapshot_window w = {.holdout = 0.2};
    struct snapshot_result result;
    struct err e = {0};

    assert_int_equal(snapshot_from_store(f->s, schema, &w, NULL, "/nonexistent", &result, &e),
                     ERR_INVALID);
    assert_string_equal(e.message, "model \"loan\" has 0 usable labelled rows in the training "
                                   "window (0 labels did not fit); at least 2 are needed");
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(newest_rows_are_taken_in_time_order),
        store_test(number_used_as_a_category_is_its_text),
        store_test(lower_bound_in_time_holds),
        store_test(labels_that_do_not_fit_are_left_out),
        store_test(row_that_does_not_fit_the_schema_is_named),
        store_test(snapshot_of_nothing_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
