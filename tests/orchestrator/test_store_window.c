/* test_store_window.c - sources, accumulators, closed windows. */
#include "store_fixture.h"

#include "base/json.h"
#include "store/window_store.h"

/* ---- windows ---- */

static void put_source_at(struct store *s, const char *replica, const char *instance,
                          const char *data, int64_t unix_ms)
{
    struct window_source src = {.model = "loan",
                                .replica = replica,
                                .sha256 = SHA_A,
                                .role = "champion",
                                .instance = instance,
                                .unix_ms = unix_ms,
                                .data = data,
                                .len = strlen(data)};

    assert_ok(window_store_put_source(s, &src, e));
}

static void put_source(struct store *s, const char *replica, const char *instance, const char *data)
{
    put_source_at(s, replica, instance, data, T0);
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
}

static void source_silent_for_a_month_is_forgotten(void **state)
{
    struct fixture *f = *state;
    char text[256] = "";
    const int64_t day_ms = 86400000;

    put_source_at(f->s, "r1", "i", "1", T0);
    put_source_at(f->s, "r2", "i", "2", T0 + day_ms);
    put_source_at(f->s, "r3", "i", "3", T0 + 30 * day_ms + 1);
    assert_ok(window_store_trim(f->s, "loan", 10, 10, e));
    assert_ok(window_store_each_source(f->s, NULL, collect_source, text, e));
    assert_string_equal(text, "r2/i=2 r3/i=3 ");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(last_report_of_each_source_is_kept),
        store_test(source_silent_for_a_month_is_forgotten),
        store_test(accumulators_survive),
        store_test(heatmap_reads_the_newest_windows_in_order),
        store_test(old_windows_and_profiles_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
