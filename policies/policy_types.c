/*
 * policy_types.c - what holds for every row of the key tables: its type, where its value lies,
 * whether it applies, and what must be freed.
 */
#include "policy_table.h"

#include <stdlib.h>
#include <string.h>

const struct key_type *key_type_of(enum key_kind kind)
{
    static const struct key_type *const types[] = {
        [KEY_TEXT] = &key_type_text,
        [KEY_NAME] = &key_type_name,
        [KEY_URL] = &key_type_url,
        [KEY_BOOL] = &key_type_bool,
        [KEY_INT] = &key_type_int,
        [KEY_NUMBER] = &key_type_number,
        [KEY_SHARE] = &key_type_share,
        [KEY_DURATION] = &key_type_duration,
        [KEY_SIZE] = &key_type_size,
        [KEY_ENUM] = &key_type_enum,
        [KEY_CRON] = &key_type_cron,
        [KEY_ZONE] = &key_type_zone,
        [KEY_CLOCK] = &key_type_clock,
        [KEY_FLAGS] = &key_type_flags,
        [KEY_NAMES] = &key_type_names,
        [KEY_INTS] = &key_type_ints,
        [KEY_RANGES] = &key_type_ranges,
        [KEY_MONITOR] = NULL,
        [KEY_MAPPING] = NULL,
        [KEY_LIST] = NULL,
    };

    return types[kind];
}

cJSON *key_schema_type(const char *type)
{
    cJSON *s = cJSON_CreateObject();

    cJSON_AddStringToObject(s, "type", type);
    return s;
}

cJSON *key_schema_pattern(const char *pattern)
{
    cJSON *s = key_schema_type("string");

    cJSON_AddStringToObject(s, "pattern", pattern);
    return s;
}

void *key_dest(const struct key *k, void *base)
{
    return k->kind == KEY_INTS ? base : (char *)base + k->offset;
}

size_t *key_count(const struct key *k, void *base)
{
    return (size_t *)((char *)base + k->count_offset);
}

const struct key *key_find(const struct key_table *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->keys[i].name, name) == 0)
            return &t->keys[i];
    }
    return NULL;
}

enum key_applies key_applies(const struct key_table *t, const struct key *k, const void *base)
{
    const struct key *decider;
    enum key_applies above;
    int value;

    if (k->when.key == NULL)
        return KEY_YES;
    decider = key_find(t, k->when.key);
    above = key_applies(t, decider, base);
    if (above != KEY_YES)
        return above;
    value = key_enum_value((const char *)base + decider->offset);
    if (value < 0)
        return KEY_UNKNOWN;
    return (k->when.mask >> value & 1) != 0 ? KEY_YES : KEY_NO;
}

static void free_names(struct policy_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->items[i]);
    free(names->items);
}

void key_table_free(const struct key_table *t, void *base)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct key *k = &t->keys[i];
        char *at = (char *)base + k->offset;

        if (k->kind == KEY_ZONE)
            tz_free(((struct time_zone_ref *)at)->tz);
        else if (k->kind == KEY_NAMES)
            free_names((struct policy_names *)at);
        else if (k->kind == KEY_MAPPING)
            key_table_free(k->table, at);
        for (size_t j = 0; k->kind == KEY_LIST && j < *key_count(k, base); j++)
            key_table_free(k->table, at + j * k->table->size);
    }
}
