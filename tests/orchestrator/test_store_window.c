/* test_store_window.c - sources, accumulators, closed windows; snapshots and CSV import. */
#include "store_fixture.h"

#include "base/json.h"
#include "model/snapshot.h"
#include "store/observation_store.h"
#include "store/snapshot_store.h"
#include "store/window_store.h"

/* ---- windows ---- */

static void put_source(struct store *s, const char *replica, const char *instance, const char *data)
{
    struct window_source src = {.model = "loan",
                                .replica = replica,
                                .sha256 = SHA_A,
                                .role = "champion",
                                .instance = instance,
                                .unix_ms = T0,
                                .data = data,
                                .len = strlen(data)};

    assert_ok(window_store_put_source(s, &src, e));
}

static enum err_code collect_source(void *user, const struct window_source *src, struct err *e)
{
    char *text = user;

    (void)e;
    sprintf(text + strlen(text), "%s/%s=%.*s ", src->replica, src->instance, (int)src->len,
            (const char *)src->data);
    return ERR_OK;
}

static void last_report_of_each_source_is_kept(void **state)
{
    struct fixture *f = *state;
    char text[256] = "";

    put_source(f->s, "r1", "i1", "10");
    put_source(f->s, "r2", "i1", "5");
    put_source(f->s, "r1", "i2", "3");
    fixture_reopen(f);
    assert_ok(window_store_each_source(f->s, "loan", collect_source, text, e));
    assert_string_equal(text, "r1/i2=3 r2/i1=5 ");
    assert_ok(window_store_forget_sources(f->s, T0 + 1, e));
    text[0] = '\0';
    assert_ok(window_store_each_source(f->s, NULL, collect_source, text, e));
    assert_string_equal(text, "");
}

static void accumulators_survive(void **state)
{
    struct fixture *f = *state;
    void *data = NULL;
    size_t len = 0;

    assert_ok(window_store_put_state(f->s, "loan", "window", "abc", 3, e));
    assert_ok(window_store_put_state(f->s, "loan", "window", "abcd", 4, e));
    fixture_reopen(f);
    assert_ok(window_store_get_state(f->s, "loan", "window", &data, &len, e));
    assert_int_equal(len, 4);
    assert_memory_equal(data, "abcd", 4);
    free(data);
    assert_ok(window_store_put_state(f->s, "loan", "window", NULL, 0, e));
    assert_int_equal(window_store_get_state(f->s, "loan", "window", &data, &len, NULL),
                     ERR_NOT_FOUND);
}

static void close_windows(struct store *s, int n)
{
    for (int i = 0; i < n; i++) {
        char text[160], profile[16];
        snprintf(text, sizeof(text),
                 "[{\"feature\":\"age\",\"value\":%d},{\"feature\":\"job\",\"value\":%d}]", i, -i);
        cJSON *signals = cJSON_Parse(text);
        snprintf(profile, sizeof(profile), "p%d", i);
        struct closed_window w = {.model = "loan",
                                  .from_unix_ms = T0 + i,
                                  .to_unix_ms = T0 + i + 1,
                                  .n_rows = 100,
                                  .champion = SHA_A,
                                  .profile = profile,
                                  .profile_len = strlen(profile),
                                  .signals = signals};
        assert_ok(window_store_close(s, &w, NULL, e));
        cJSON_Delete(signals);
    }
}

static void heatmap_reads_the_newest_windows_in_order(void **state)
{
    struct fixture *f = *state;
    cJSON *list = NULL;

    close_windows(f->s, 10);
    assert_ok(window_store_list(f->s, "loan", NULL, 0, 4, &list, e));
    assert_int_equal(cJSON_GetArraySize(list), 4);
    assert_int_equal(json_at(list, "[0].signals[0].value")->valueint, 6);
    assert_int_equal(json_at(list, "[3].signals[1].value")->valueint, -9);
    int64_t last = (int64_t)json_at(list, "[3].id")->valuedouble;
    cJSON_Delete(list);
    assert_ok(window_store_list(f->s, "loan", "job", last - 1, 100, &list, e));
    assert_int_equal(cJSON_GetArraySize(list), 1);
    assert_int_equal(cJSON_GetArraySize(json_at(list, "[0].signals")), 1);
    assert_string_equal(json_at(list, "[0].signals[0].feature")->valuestring, "job");
    cJSON_Delete(list);
}

static void old_windows_and_profiles_go(void **state)
{
    struct fixture *f = *state;
    char champion[SHA256_HEX_BYTES];
    void *data = NULL;
    size_t len = 0;
    cJSON *list = NULL;

    close_windows(f->s, 10);
    assert_ok(window_store_trim(f->s, "loan", 5, 2, e));
    assert_ok(window_store_list(f->s, "loan", NULL, 0, 100, &list, e));
    assert_int_equal(cJSON_GetArraySize(list), 5);
    int64_t oldest = (int64_t)json_at(list, "[0].id")->valuedouble;
    cJSON_Delete(list);
    assert_ok(window_store_profile(f->s, "loan", 0, &data, &len, champion, e));
    assert_memory_equal(data, "p9", 2);
    assert_string_equal(champion, SHA_A);
    free(data);
    assert_int_equal(window_store_profile(f->s, "loan", oldest, &data, &len, NULL, NULL),
                     ERR_NOT_FOUND);
}

/* ---- import and snapshots ---- */

static struct schema *loan_schema(const char *label_type)
{
    struct schema *schema = NULL;
    char text[512];

    snprintf(text, sizeof(text),
             "{\"model\":\"loan\",\"features\":[{\"name\":\"age\",\"type\":\"numeric\"},"
             "{\"name\":\"ssn\",\"type\":\"categorical\",\"pii\":true},"
             "{\"name\":\"job\",\"type\":\"categorical\"}],"
             "\"label\":{\"name\":\"class\",\"type\":\"%s\"%s}}",
             label_type, strcmp(label_type, "binary") == 0 ? ",\"classes\":[\"DOWN\",\"UP\"]" : "");
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    assert_ok(schema_from_json(json, &schema, e));
    cJSON_Delete(json);
    return schema;
}

static void write_csv(const struct fixture *f, const char *text, char path[160])
{
    snprintf(path, 160, "%s/rows.csv", f->folder);
    assert_ok(file_write_atomic(path, text, strlen(text), e));
}

static struct observation_csv csv_options(const char *path)
{
    return (struct observation_csv){
        .path = path, .source = "rows", .base_unix_ms = T0, .step_ms = 1000};
}

static const char ten_rows[] = "class,job,age,ssn\n"
                               "UP,a,1,111\nDOWN,b,2,222\nUP,c,3,333\nDOWN,a,4,444\nUP,,5,555\n"
                               "DOWN,c,,666\nUP,a,7,777\n,b,8,888\nUP,c,9,999\nDOWN,a,10,000\n";

static void imported_rows_are_labelled_and_counted_once(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = loan_schema("binary");
    struct observation_account a;
    char path[160];
    int64_t n = 0, skipped = 0;

    write_csv(f, ten_rows, path);
    struct observation_csv csv = csv_options(path);
    assert_ok(observation_import_csv(f->s, schema, &csv, &n, &skipped, e));
    assert_int_equal(n, 9);
    assert_int_equal(skipped, 1);
    assert_ok(observation_import_csv(f->s, schema, &csv, &n, &skipped, e));
    assert_int_equal(n, 0);
    assert_ok(observation_account_get(f->s, "loan", &a, e));
    assert_int_equal(a.imported, 9);
    assert_int_equal(a.labelled, 9);
    assert_int_equal(a.observed, 0);
    assert_int_equal(a.owed, 0);
    schema_free(schema);
}

static enum err_code find_pii(void *user, const struct labelled_row *row, struct err *e)
{
    (void)user;
    (void)e;
    assert_null(strstr(row->x, "111"));
    assert_true(strncmp(row->x, "[1,null,\"a\"]", 12) == 0 || row->lseq > 1);
    return ERR_OK;
}

static void pii_is_not_stored(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = loan_schema("binary");
    char path[160];
    int64_t n = 0, skipped = 0;

    write_csv(f, ten_rows, path);
    struct observation_csv csv = csv_options(path);
    assert_ok(observation_import_csv(f->s, schema, &csv, &n, &skipped, e));
    assert_ok(observation_labelled_after(f->s, "loan", 0, 100, find_pii, NULL, e));
    schema_free(schema);
}

static void csv_mistakes_are_named_and_nothing_is_kept(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"class,age\nUP,1\n", "there is no column \"job\""},
        {"class,job,age\nUP,a,1\nUP,a,x\n",
         "row 2, column age: expected a finite number, got \"x\""},
        {"class,job,age\nSIDEWAYS,a,1\n",
         "row 1, column class: expected one of the schema's classes, got \"SIDEWAYS\""},
    };
    struct fixture *f = *state;
    struct schema *schema = loan_schema("binary");
    struct observation_account a;
    char path[160];
    int64_t n = 0, skipped = 0;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct err e = {0};
        write_csv(f, cases[i].text, path);
        struct observation_csv csv = csv_options(path);
        assert_int_equal(observation_import_csv(f->s, schema, &csv, &n, &skipped, &e), ERR_INVALID);
        if (!strstr(e.message, cases[i].says)) {
            print_error("expected \"%s\" in \"%s\"\n", cases[i].says, e.message);
        }
        assert_non_null(strstr(e.message, cases[i].says));
    }
    assert_ok(observation_account_get(f->s, "loan", &a, e));
    assert_int_equal(a.rows, 0);
    schema_free(schema);
}

static void snapshot_holds_the_newest_rows_in_time_order(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = loan_schema("binary");
    struct snapshot_window w = {.max_rows = 6, .holdout = 0.34};
    struct snapshot_result result;
    struct snapshot *snap = NULL;
    char csv_path[160], path[160];
    int64_t n = 0, skipped = 0;

    write_csv(f, ten_rows, csv_path);
    struct observation_csv csv = csv_options(csv_path);
    assert_ok(observation_import_csv(f->s, schema, &csv, &n, &skipped, e));
    snprintf(path, sizeof(path), "%s/snapshot.safetensors", f->folder);
    assert_ok(snapshot_from_store(f->s, schema, &w, NULL, path, &result, e));
    assert_int_equal(result.n_rows, 6);
    assert_int_equal(result.n_holdout, 2);
    assert_int_equal(result.from_unix_ms, T0 + 3000);
    assert_int_equal(result.to_unix_ms, T0 + 9000);
    assert_ok(snapshot_load(path, result.sha256, &snap, e));
    assert_int_equal(snap->n_rows, 6);
    assert_int_equal(snap->n_holdout, 2);
    assert_true(snap->codes[0] == 4.0);
    assert_true(snap->labels[0] == 0.0);
    assert_int_equal(json_at(snap->lineage, "snapshot_rows")->valueint, 6);
    snapshot_free(snap);
    schema_free(schema);
}

static void labels_that_do_not_fit_are_left_out_of_the_snapshot(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = loan_schema("binary");
    struct observation_batch b = {.model = "loan", .replica = "r1", .log_id = "l", .next_seq = 1};
    const float y[] = {0.5f};
    struct observation row = {.id = "odd",
                              .unix_ms = T0 + 99999,
                              .version = SHA_A,
                              .x = "[1,null,\"a\"]",
                              .y = y,
                              .n_y = 1};
    struct observation_label odd = {.id = "odd", .label = "MAYBE"};
    struct snapshot_window w = {.holdout = 0.2};
    struct snapshot_result result;
    char csv_path[160], path[160];
    int64_t n = 0, skipped = 0;

    write_csv(f, ten_rows, csv_path);
    struct observation_csv csv = csv_options(csv_path);
    assert_ok(observation_import_csv(f->s, schema, &csv, &n, &skipped, e));
    assert_ok(observation_ingest(f->s, &b, &row, 1, NULL, e));
    assert_ok(observation_add_labels(f->s, "loan", &odd, 1, T0, NULL, e));
    snprintf(path, sizeof(path), "%s/snapshot.safetensors", f->folder);
    assert_ok(snapshot_from_store(f->s, schema, &w, NULL, path, &result, e));
    assert_int_equal(result.n_rows, 9);
    assert_int_equal(result.n_skipped, 1);
    schema_free(schema);
}

static void snapshot_of_nothing_says_so(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = loan_schema("regression");
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
        store_test(last_report_of_each_source_is_kept),
        store_test(accumulators_survive),
        store_test(heatmap_reads_the_newest_windows_in_order),
        store_test(old_windows_and_profiles_go),
        store_test(imported_rows_are_labelled_and_counted_once),
        store_test(pii_is_not_stored),
        store_test(csv_mistakes_are_named_and_nothing_is_kept),
        store_test(snapshot_holds_the_newest_rows_in_time_order),
        store_test(labels_that_do_not_fit_are_left_out_of_the_snapshot),
        store_test(snapshot_of_nothing_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
