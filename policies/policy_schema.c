/*
 * policy_schema.c - the JSON Schema (draft 2020-12) of policy files, made from the reader's tables,
 * so that editors complete and check what the reader accepts.
 *
 * A schema cannot say everything: names that must exist, rules between sections and whether a time
 * zone is known stay with `leeway policy check`.
 */
#include "policy_table.h"

#include <string.h>

static cJSON *schema_of_table(const struct key_table *t);

static cJSON *schema_of_key(const struct key *k)
{
    cJSON *s;

    if (k->kind == KEY_MAPPING) {
        s = schema_of_table(k->table);
    } else if (k->kind == KEY_LIST) {
        s = key_schema_type("array");
        cJSON_AddNumberToObject(s, "maxItems", (double)k->max_items);
        cJSON_AddItemToObject(s, "items", schema_of_table(k->table));
    } else if (k->kind == KEY_MONITOR) {
        s = key_schema_type("string");
    } else {
        s = key_type_of(k->kind)->schema(k);
    }
    cJSON_AddStringToObject(s, "description", k->help);
    return s;
}

static void add_default(cJSON *schema, const struct key *k)
{
    /* numbers and booleans to their end; all else, "1%" too, is a string */
    cJSON *value = cJSON_ParseWithOpts(k->fallback, NULL, true);

    if (value == NULL)
        value = cJSON_CreateString(k->fallback);
    cJSON_AddItemToObject(schema, "default", value);
}

static void add_properties(cJSON *schema, const struct key_table *t)
{
    cJSON *properties = cJSON_AddObjectToObject(schema, "properties");
    cJSON *required = cJSON_AddArrayToObject(schema, "required");

    for (size_t i = 0; i < t->n; i++) {
        const struct key *k = &t->keys[i];
        cJSON *property;

        if (key_find(t, k->name) !=
            k) /* a further meaning of a key; its rows differ in rules only */
            continue;
        property = schema_of_key(k);
        if (k->fallback != NULL)
            add_default(property, k);
        cJSON_AddItemToObject(properties, k->name, property);
        if (k->required && k->when.key == NULL)
            cJSON_AddItemToArray(required, cJSON_CreateString(k->name));
    }
}

/* All values of decider under which one of the rows of this name applies. */
static uint32_t mask_of(const struct key_table *t, const char *name, const char *decider)
{
    uint32_t mask = 0;

    for (size_t i = 0; i < t->n; i++) {
        const struct key *k = &t->keys[i];

        if (strcmp(k->name, name) == 0 && k->when.key != NULL && strcmp(k->when.key, decider) == 0)
            mask |= k->when.mask;
    }
    return mask;
}

/* if {decider: value} then {required: [...], properties: {inapplicable: false}} */
static cJSON *rule_for(const struct key_table *t, const struct key *decider, size_t value)
{
    cJSON *rule = cJSON_CreateObject(), *condition = cJSON_AddObjectToObject(rule, "if");
    cJSON *match =
        cJSON_AddObjectToObject(cJSON_AddObjectToObject(condition, "properties"), decider->name);
    cJSON *then = cJSON_AddObjectToObject(rule, "then");
    cJSON *required = cJSON_AddArrayToObject(then, "required");
    cJSON *properties = cJSON_AddObjectToObject(then, "properties");

    cJSON_AddStringToObject(match, "const", decider->words->items[value]);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(condition, "required"),
                         cJSON_CreateString(decider->name));
    for (size_t i = 0; i < t->n; i++) {
        const struct key *k = &t->keys[i];
        uint32_t mask = mask_of(t, k->name, decider->name);

        if (mask == 0 || key_find(t, k->name) != k)
            continue;
        if ((mask >> value & 1) == 0)
            cJSON_AddFalseToObject(properties, k->name);
        else if (k->required)
            cJSON_AddItemToArray(required, cJSON_CreateString(k->name));
    }
    return rule;
}

static bool decides(const struct key_table *t, const struct key *decider)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->keys[i].when.key != NULL && strcmp(t->keys[i].when.key, decider->name) == 0)
            return true;
    }
    return false;
}

static cJSON *schema_of_table(const struct key_table *t)
{
    cJSON *schema = key_schema_type("object"), *rules = cJSON_CreateArray();

    add_properties(schema, t);
    cJSON_AddFalseToObject(schema, "additionalProperties");
    for (size_t i = 0; i < t->n; i++) {
        for (size_t v = 0; decides(t, &t->keys[i]) && v < t->keys[i].words->n; v++)
            cJSON_AddItemToArray(rules, rule_for(t, &t->keys[i], v));
    }
    if (cJSON_GetArraySize(rules) > 0)
        cJSON_AddItemToObject(schema, "allOf", rules);
    else
        cJSON_Delete(rules);
    return schema;
}

cJSON *policy_json_schema(void)
{
    cJSON *schema = schema_of_table(&policy_file_table);

    cJSON_AddStringToObject(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
    cJSON_AddStringToObject(schema, "title", "Leeway policy");
    return schema;
}
