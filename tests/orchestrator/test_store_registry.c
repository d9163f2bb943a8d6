/* test_store_registry.c - models, versions, which one was champion when, the desired state. */
#include "store_fixture.h"

#include "base/json.h"
#include "store/registry.h"

#define SCHEMA                                                                                     \
    "{\"model\":\"loan\",\"features\":[{\"name\":\"age\",\"type\":\"numeric\"}],"                  \
    "\"label\":{\"name\":\"class\",\"type\":\"binary\"}}"
#define SAME_SCHEMA                                                                                \
    "{\"label\":{\"type\":\"binary\",\"name\":\"class\"},\"model\":\"loan\","                      \
    "\"features\":[{\"type\":\"numeric\",\"name\":\"age\"}]}"
#define OTHER_SCHEMA                                                                               \
    "{\"model\":\"loan\",\"features\":[{\"name\":\"income\",\"type\":\"numeric\"}],"               \
    "\"label\":{\"name\":\"class\",\"type\":\"binary\"}}"

static void put_loan(struct store *s)
{
    assert_ok(registry_put_model(s, "loan", SCHEMA, "format: 1\n", T0, e));
}

static void add(struct store *s, const char *sha256, const char *parent, const char *expected)
{
    struct registry_version v = {.model = "loan", .run = "r-1", .path = "x", .created_unix_ms = T0};
    char label[REGISTRY_LABEL_BYTES];

    strcpy(v.sha256, sha256);
    strcpy(v.parent, parent);
    assert_ok(registry_add_version(s, &v, label, e));
    assert_string_equal(label, expected);
}

static void promote(struct store *s, const char *sha256, int64_t unix_ms)
{
    assert_ok(registry_set_champion(s, "loan", sha256, "alice", "better", unix_ms, e));
}

static void versions_are_numbered_and_added_once(void **state)
{
    struct fixture *f = *state;

    put_loan(f->s);
    add(f->s, SHA_A, "", "v1");
    add(f->s, SHA_B, SHA_A, "v2");
    add(f->s, SHA_A, "", "v1");
    add(f->s, SHA_C, SHA_B, "v3");
}

static void version_is_found_by_label_hash_and_prefix(void **state)
{
    struct fixture *f = *state;
    struct registry_version v;
    struct err e2 = {0};

    put_loan(f->s);
    add(f->s, SHA_A, "", "v1");
    add(f->s, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "", "v2");
    add(f->s, SHA_B, "", "v3");
    assert_ok(registry_get_version(f->s, "loan", "v3", &v, e));
    assert_string_equal(v.sha256, SHA_B);
    registry_version_deinit(&v);
    assert_ok(registry_get_version(f->s, NULL, "bbbbbbbb", &v, e));
    assert_string_equal(v.label, "v3");
    registry_version_deinit(&v);
    assert_int_equal(registry_get_version(f->s, NULL, "aaaaaaaa", &v, &e2), ERR_INVALID);
    assert_non_null(strstr(e2.message, "several versions"));
    assert_int_equal(registry_get_version(f->s, "loan", "v9", &v, &e2), ERR_NOT_FOUND);
    assert_int_equal(registry_get_version(f->s, "loan", "latest", &v, &e2), ERR_INVALID);
}

static void champion_is_known_for_every_moment(void **state)
{
    struct fixture *f = *state;
    struct registry_champion c;

    put_loan(f->s);
    add(f->s, SHA_A, "", "v1");
    add(f->s, SHA_B, SHA_A, "v2");
    promote(f->s, SHA_A, T0 + 100);
    promote(f->s, SHA_B, T0 + 200);
    promote(f->s, SHA_B, T0 + 250);
    promote(f->s, SHA_A, T0 + 300);
    assert_int_equal(registry_champion_at(f->s, "loan", T0 + 99, &c, NULL), ERR_NOT_FOUND);
    assert_ok(registry_champion_at(f->s, "loan", T0 + 100, &c, e));
    assert_string_equal(c.label, "v1");
    assert_ok(registry_champion_at(f->s, "loan", T0 + 199, &c, e));
    assert_string_equal(c.label, "v1");
    assert_ok(registry_champion_at(f->s, "loan", T0 + 299, &c, e));
    assert_string_equal(c.label, "v2");
    assert_int_equal(c.since_unix_ms, T0 + 200);
    assert_int_equal(c.until_unix_ms, T0 + 300);
    assert_ok(registry_champion(f->s, "loan", &c, e));
    assert_string_equal(c.label, "v1");
    assert_int_equal(c.until_unix_ms, 0);
    assert_ok(registry_champion_before(f->s, "loan", &c, e));
    assert_string_equal(c.label, "v2");
}

static void states_follow_the_champion(void **state)
{
    struct fixture *f = *state;
    struct registry_version v;

    put_loan(f->s);
    add(f->s, SHA_A, "", "v1");
    add(f->s, SHA_B, SHA_A, "v2");
    promote(f->s, SHA_A, T0 + 100);
    promote(f->s, SHA_B, T0 + 200);
    assert_ok(registry_get_version(f->s, "loan", "v1", &v, e));
    assert_int_equal(v.state, VERSION_RETIRED);
    registry_version_deinit(&v);
    assert_ok(registry_reject(f->s, SHA_B, e));
    assert_ok(registry_get_version(f->s, "loan", "v2", &v, e));
    assert_int_equal(v.state, VERSION_CHAMPION);
    registry_version_deinit(&v);
}

static void clock_that_went_back_makes_no_negative_period(void **state)
{
    struct fixture *f = *state;
    struct registry_champion c;

    put_loan(f->s);
    add(f->s, SHA_A, "", "v1");
    add(f->s, SHA_B, SHA_A, "v2");
    promote(f->s, SHA_A, T0 + 1000);
    promote(f->s, SHA_B, T0 + 500);
    assert_ok(registry_champion_before(f->s, "loan", &c, e));
    assert_true(c.until_unix_ms >= c.since_unix_ms);
    assert_ok(registry_champion_at(f->s, "loan", T0 + 2000, &c, e));
    assert_string_equal(c.label, "v2");
}

static void champion_of_another_model_is_refused(void **state)
{
    struct fixture *f = *state;

    put_loan(f->s);
    assert_ok(registry_put_model(f->s, "fraud", SCHEMA, NULL, T0, e));
    add(f->s, SHA_A, "", "v1");
    assert_int_equal(registry_set_champion(f->s, "fraud", SHA_A, "a", "", T0, NULL), ERR_NOT_FOUND);
}

static void schema_cannot_change_under_its_versions(void **state)
{
    struct fixture *f = *state;
    struct registry_model m;

    put_loan(f->s);
    assert_ok(registry_put_model(f->s, "loan", OTHER_SCHEMA, NULL, T0, e));
    assert_ok(registry_put_model(f->s, "loan", SCHEMA, NULL, T0, e));
    add(f->s, SHA_A, "", "v1");
    assert_ok(registry_put_model(f->s, "loan", SAME_SCHEMA, "format: 1 # new\n", T0 + 1, e));
    assert_int_equal(registry_put_model(f->s, "loan", OTHER_SCHEMA, NULL, T0, NULL), ERR_CONFLICT);
    assert_ok(registry_get_model(f->s, "loan", &m, e));
    assert_string_equal(m.policy_text, "format: 1 # new\n");
    assert_true(sha256_is_hex(m.policy_sha256));
    assert_int_equal(m.created_unix_ms, T0);
    registry_model_deinit(&m);
    assert_int_equal(registry_get_model(f->s, "nope", &m, NULL), ERR_NOT_FOUND);
    assert_int_equal(registry_put_model(f->s, "new", NULL, NULL, T0, NULL), ERR_INVALID);
}

static int64_t desire(struct store *s, const char *text)
{
    cJSON *body = text ? cJSON_Parse(text) : NULL;
    int64_t generation = 0;

    assert_ok(registry_set_desired(s, "loan", body, T0, &generation, e));
    cJSON_Delete(body);
    return generation;
}

static void generation_rises_only_with_a_change(void **state)
{
    struct fixture *f = *state;
    cJSON *body = NULL;
    int64_t generation = 0;

    put_loan(f->s);
    assert_int_equal(registry_get_desired(f->s, "loan", &body, &generation, NULL), ERR_NOT_FOUND);
    assert_int_equal(desire(f->s, "{\"champion\":{\"sha256\":\"a\"},\"shadow\":false}"), 1);
    assert_int_equal(desire(f->s, "{\"shadow\":false,\"champion\":{\"sha256\":\"a\"}}"), 1);
    assert_int_equal(desire(f->s, "{\"shadow\":true,\"champion\":{\"sha256\":\"a\"}}"), 2);
    fixture_reopen(f);
    assert_ok(registry_get_desired(f->s, "loan", &body, &generation, e));
    assert_int_equal(generation, 2);
    assert_int_equal(json_at(body, "generation")->valueint, 2);
    assert_true(cJSON_IsTrue(json_at(body, "shadow")));
    cJSON_Delete(body);
    assert_int_equal(desire(f->s, NULL), 3);
    assert_int_equal(desire(f->s, NULL), 3);
    assert_ok(registry_get_desired(f->s, "loan", &body, &generation, e));
    assert_null(body);
    assert_int_equal(generation, 3);
}

static void lineage_names_ancestors_and_periods(void **state)
{
    struct fixture *f = *state;
    cJSON *json = NULL;

    put_loan(f->s);
    add(f->s, SHA_A, "", "v1");
    add(f->s, SHA_B, SHA_A, "v2");
    add(f->s, SHA_C, SHA_B, "v3");
    promote(f->s, SHA_C, T0 + 5);
    assert_ok(registry_lineage(f->s, SHA_C, &json, e));
    assert_string_equal(json_at(json, "version.label")->valuestring, "v3");
    assert_int_equal(cJSON_GetArraySize(json_at(json, "ancestors")), 2);
    assert_string_equal(json_at(json, "ancestors[0].label")->valuestring, "v2");
    assert_string_equal(json_at(json, "ancestors[1].label")->valuestring, "v1");
    assert_int_equal(cJSON_GetArraySize(json_at(json, "champion_periods")), 1);
    cJSON_Delete(json);
    assert_ok(registry_list_models(f->s, &json, e));
    assert_string_equal(json_at(json, "[0].champion.label")->valuestring, "v3");
    assert_int_equal(json_at(json, "[0].versions")->valueint, 3);
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(versions_are_numbered_and_added_once),
        store_test(version_is_found_by_label_hash_and_prefix),
        store_test(champion_is_known_for_every_moment),
        store_test(states_follow_the_champion),
        store_test(clock_that_went_back_makes_no_negative_period),
        store_test(champion_of_another_model_is_refused),
        store_test(schema_cannot_change_under_its_versions),
        store_test(generation_rises_only_with_a_change),
        store_test(lineage_names_ancestors_and_periods),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
