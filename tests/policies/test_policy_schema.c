/*
 * test_policy_schema.c - the checked-in JSON Schema is the one that the tables give, and it says
 * the same of the stock policies' keys as the reader does.
 */
#include "policies_testing.h"

#include "base/file.h"
#include "base/json.h"

static void the_schema_in_the_tree_is_current(void **state)
{
    cJSON *schema = policy_json_schema();
    char *now = json_print_pretty(schema), *checked_in;
    size_t len;

    (void)state;
    assert_int_equal(
        file_read(POLICIES_DIR "/policy.schema.json", 1 << 20, &checked_in, &len, NULL), ERR_OK);
    while (len > 0 && checked_in[len - 1] == '\n')
        checked_in[--len] = '\0';
    if (strcmp(now, checked_in) != 0)
        fail_msg("policies/policy.schema.json is not what the key tables give: write it anew with "
                 "`leeway policy schema > policies/policy.schema.json`");
    free(checked_in);
    free(now);
    cJSON_Delete(schema);
}

/* Every key that a written policy has is a property of its schema. */
static void check_keys(const cJSON *value, const cJSON *schema, const char *name)
{
    const cJSON *child, *property;

    if (cJSON_IsArray(value)) {
        cJSON_ArrayForEach(child, value) check_keys(child, json_at(schema, "items"), name);
        return;
    }
    if (!cJSON_IsObject(value))
        return;
    cJSON_ArrayForEach(child, value)
    {
        property = cJSON_GetObjectItemCaseSensitive(json_at(schema, "properties"), child->string);
        if (property == NULL)
            fail_msg("the schema has no \"%s\" in %s", child->string, name);
        if (cJSON_GetObjectItem(property, "description") == NULL)
            fail_msg("the schema does not describe \"%s\" in %s", child->string, name);
        check_keys(child, property, child->string);
    }
}

static void the_schema_knows_and_describes_every_key(void **state)
{
    struct policy *p =
        policy_with("description: x\n"
                    "monitors:\n"
                    "  - {name: a, kind: drift}\n  - {name: b, kind: prediction_drift}\n"
                    "  - {name: c, kind: quality}\n  - {name: d, kind: performance}\n"
                    "  - {name: e, kind: detector, detector: adwin}\n"
                    "  - {name: f, kind: detector, detector: page_hinkley}\n"
                    "triggers:\n"
                    "  - {name: a, kind: drift_share, monitor: a, share: 1%}\n"
                    "  - {name: b, kind: drift_features, monitor: a, features: [x]}\n"
                    "  - {name: c, kind: performance_drop, monitor: d, drop: 1%}\n"
                    "  - {name: d, kind: detector, monitor: e}\n"
                    "  - {name: e, kind: labelled_rows, rows: 1000}\n"
                    "  - {name: f, kind: age, max: 30d}\n"
                    "  - {name: g, kind: schedule, cron: '@daily'}\n"
                    "guards: {blackout: [{times: [{start_time: '01:00', end_time: '02:00'}], "
                    "weekdays: [monday], "
                    "days_of_month: ['1'], months: [may], years: ['2026']}]}\n"
                    "notify: [{webhook: 'http://x/'}]\n");
    cJSON *schema = policy_json_schema(), *json = policy_to_json(p);

    (void)state;
    check_keys(json, schema, "the file");
    cJSON_Delete(json);
    cJSON_Delete(schema);
    policy_free(p);
}

static const cJSON *rule_for(const cJSON *item, const char *kind)
{
    const cJSON *rule;

    cJSON_ArrayForEach(rule, json_at(item, "allOf"))
    {
        const cJSON *value = json_at(rule, "if.properties.kind.const");

        if (value != NULL && strcmp(value->valuestring, kind) == 0)
            return json_at(rule, "then");
    }
    fail_msg("no rule for kind %s", kind);
    return NULL;
}

static void the_schema_forbids_what_does_not_apply(void **state)
{
    cJSON *schema = policy_json_schema();
    const cJSON *detector = rule_for(json_at(schema, "properties.monitors.items"), "detector");
    const cJSON *share = rule_for(json_at(schema, "properties.triggers.items"), "drift_share");

    (void)state;
    assert_true(cJSON_IsFalse(json_at(detector, "properties.threshold")));
    assert_null(json_at(detector, "properties.detector"));
    assert_string_equal(json_at(detector, "required[0]")->valuestring, "detector");
    assert_true(cJSON_IsFalse(json_at(share, "properties.cron")));
    assert_string_equal(json_at(share, "required[0]")->valuestring, "monitor");
    assert_true(cJSON_IsFalse(json_at(schema, "additionalProperties")));
    cJSON_Delete(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schema_in_the_tree_is_current),
        cmocka_unit_test(the_schema_knows_and_describes_every_key),
        cmocka_unit_test(the_schema_forbids_what_does_not_apply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
