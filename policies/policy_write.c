/*
 * policy_write.c - structs back to JSON by the key tables: every key that applies, defaults filled
 * in.
 */
#include "policy_table.h"

#include <math.h>

static cJSON *write_table(const struct key_table *t, const struct policy *p, const void *base);

static cJSON *write_list(const struct key *k, const struct policy *p, const void *base)
{
    size_t n = *(const size_t *)((const char *)base + k->count_offset);
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(
            list, write_table(k->table, p, (const char *)base + k->offset + i * k->table->size));
    return list;
}

static cJSON *write_key(const struct key *k, const struct policy *p, const void *base)
{
    const void *at = (const char *)base + k->offset;

    if (k->kind == KEY_MAPPING)
        return write_table(k->table, p, at);
    if (k->kind == KEY_LIST)
        return write_list(k, p, base);
    if (k->kind == KEY_MONITOR)
        return cJSON_CreateString(p->monitors[key_enum_value(at)].name);
    return key_type_of(k->kind)->write(k, k->kind == KEY_INTS ? base : at);
}

/* Absent in the file and without a default: an empty text, a list without items, the half of a
 * window that was not chosen. Written out they would not be read again. */
static bool is_absent(const struct key *k, const void *base)
{
    const char *at = (const char *)base + k->offset;

    if (k->required || k->fallback != NULL)
        return false;
    if (k->kind == KEY_TEXT)
        return at[0] == '\0';
    if (k->kind == KEY_RANGES)
        return ((const struct time_ranges *)at)->n == 0;
    if (k->kind == KEY_LIST || k->kind == KEY_INTS)
        return *(const size_t *)((const char *)base + k->count_offset) == 0;
    return (k->kind == KEY_INT || k->kind == KEY_DURATION) && *(const int64_t *)at == 0;
}

static cJSON *write_table(const struct key_table *t, const struct policy *p, const void *base)
{
    cJSON *object = cJSON_CreateObject();

    for (size_t i = 0; i < t->n; i++) {
        const struct key *k = &t->keys[i];

        if (key_applies(t, k, base) != KEY_YES || is_absent(k, base))
            continue;
        if (!cJSON_AddItemToObject(object, k->name, write_key(k, p, base))) {
            cJSON_Delete(object);
            return NULL;
        }
    }
    return object;
}

cJSON *policy_to_json(const struct policy *p)
{
    cJSON *json = write_table(&policy_file_table, p, p);

    /* The two holdouts exclude each other in the file. */
    cJSON_DeleteItemFromObject(cJSON_GetObjectItem(json, "train"),
                               p->train.holdout_rows > 0 ? "holdout_share" : "holdout_rows");
    return json;
}

cJSON *policy_parameters_to_json(const struct policy_parameters *p)
{
    const struct key_table *train = key_find(&policy_file_table, "train")->table;
    cJSON *json = write_table(key_find(train, "parameters")->table, NULL, p);

    if (isnan(p->learning_rate)) /* the job API knows no word for it */
        cJSON_DeleteItemFromObject(json, "learning_rate");
    return json;
}
