/*
 * policy_lists.c - lists of scalars in a policy file: names, whole numbers, words, and the ranges
 * of time intervals.
 */
#include "policy_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* {"type": "array", "items": item}, or that or the word `all`. */
static cJSON *schema_list(const struct key *k, cJSON *item)
{
    cJSON *list = key_schema_type("array"), *any, *options, *word;

    cJSON_AddItemToObject(list, "items", item);
    if (k->max_items > 0)
        cJSON_AddNumberToObject(list, "maxItems", (double)k->max_items);
    if (k->off == NULL)
        return list;
    any = cJSON_CreateObject();
    options = cJSON_AddArrayToObject(any, "anyOf");
    word = cJSON_CreateObject();
    cJSON_AddStringToObject(word, "const", k->off);
    cJSON_AddItemToArray(options, list);
    cJSON_AddItemToArray(options, word);
    return any;
}

/* ---- names ---- */

static bool read_all_names(const struct key *k, const char *text, bool plain, void *dest)
{
    (void)plain;
    if (k->off == NULL || strcmp(text, k->off) != 0)
        return false;
    ((struct policy_names *)dest)->all = true;
    return true;
}

static bool append_name(const struct key *k, const char *text, bool plain, void *dest)
{
    struct policy_names *names = dest;
    char **grown;

    (void)k;
    (void)plain;
    if (text[0] == '\0' || names->n >= POLICY_MAX_FEATURE_NAMES)
        return false;
    for (size_t i = 0; i < names->n; i++) {
        if (strcmp(names->items[i], text) == 0)
            return false;
    }
    grown = realloc(names->items, (names->n + 1) * sizeof(*grown));
    if (grown == NULL)
        return false;
    names->items = grown;
    names->items[names->n] = strdup(text);
    if (names->items[names->n] == NULL)
        return false;
    names->n++;
    names->all = false;
    return true;
}

static void expect_names(const struct key *k, char *out, size_t size_bytes)
{
    snprintf(out, size_bytes, "%sa list of different names, such as [age, salary]",
             k->off != NULL ? "\"all\" or " : "");
}

static cJSON *write_names(const struct key *k, const void *value)
{
    const struct policy_names *names = value;

    if (names->all)
        return cJSON_CreateString(k->off);
    return cJSON_CreateStringArray((const char *const *)names->items, (int)names->n);
}

static cJSON *schema_names(const struct key *k)
{
    return schema_list(k, key_schema_type("string"));
}

/* ---- whole numbers ---- */

/* dest is the struct's base: the list and its count are two fields. */
static bool append_int(const struct key *k, const char *text, bool plain, void *base)
{
    size_t *n = key_count(k, base);
    char *items = (char *)base + k->offset;

    if (*n >= k->max_items || !key_type_int.read(k, text, plain, items + *n * sizeof(int64_t)))
        return false;
    ++*n;
    return true;
}

static void expect_ints(const struct key *k, char *out, size_t size_bytes)
{
    snprintf(out, size_bytes, "a list of at most %zu whole numbers %.0f..%.0f", k->max_items,
             k->min, k->max);
}

static cJSON *write_ints(const struct key *k, const void *base)
{
    const int64_t *items = (const int64_t *)((const char *)base + k->offset);
    size_t n = *(const size_t *)((const char *)base + k->count_offset);
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber((double)items[i]));
    return list;
}

static cJSON *schema_ints(const struct key *k)
{
    return schema_list(k, key_type_int.schema(k));
}

/* ---- words as a mask ---- */

static bool read_all_flags(const struct key *k, const char *text, bool plain, void *dest)
{
    uint32_t all = (1u << k->words->n) - 1;

    (void)plain;
    if (strcmp(text, k->off) != 0)
        return false;
    memcpy(dest, &all, sizeof(all));
    return true;
}

static bool append_flag(const struct key *k, const char *text, bool plain, void *dest)
{
    int bit;

    if (!key_type_enum.read(k, text, plain, &bit))
        return false;
    *(uint32_t *)dest |= 1u << bit;
    return true;
}

static void expect_flags(const struct key *k, char *out, size_t size_bytes)
{
    int n = snprintf(out, size_bytes, "\"%s\" or a list; each ", k->off);

    key_expect_words(k->words, 0, out + n, size_bytes - (size_t)n);
}

static cJSON *write_flags(const struct key *k, const void *value)
{
    uint32_t flags = *(const uint32_t *)value;
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < k->words->n; i++) {
        if (flags >> i & 1)
            cJSON_AddItemToArray(list, cJSON_CreateString(k->words->items[i]));
    }
    return list;
}

static cJSON *schema_flags(const struct key *k)
{
    return schema_list(k, key_type_enum.schema(k));
}

/* ---- ranges of time intervals ---- */

static bool append_range(const struct key *k, const char *text, bool plain, void *dest)
{
    struct time_ranges *ranges = dest;

    (void)plain;
    if (ranges->n >= TIME_INTERVAL_MAX_RANGES ||
        time_range_parse(k->range, text, &ranges->items[ranges->n], NULL) != ERR_OK)
        return false;
    ranges->n++;
    return true;
}

static void expect_range(const struct key *k, char *out, size_t size_bytes)
{
    struct time_range ignored;
    struct err e;

    time_range_parse(k->range, "", &ignored, &e); /* fails, and says what it wants */
    snprintf(out, size_bytes, "%s", e.message);
}

static cJSON *write_ranges(const struct key *k, const void *value)
{
    const struct time_ranges *ranges = value;
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < ranges->n; i++) {
        char text[64];

        time_range_format(k->range, &ranges->items[i], text, sizeof(text));
        cJSON_AddItemToArray(list, cJSON_CreateString(text));
    }
    return list;
}

/* A single number (a year, a day) may stand unquoted. */
static cJSON *schema_ranges(const struct key *k)
{
    cJSON *item = cJSON_CreateObject(), *types = cJSON_AddArrayToObject(item, "type");

    cJSON_AddItemToArray(types, cJSON_CreateString("string"));
    cJSON_AddItemToArray(types, cJSON_CreateString("integer"));
    return schema_list(k, item);
}

const struct key_type key_type_names = {read_all_names, append_name, expect_names, write_names,
                                        schema_names};
const struct key_type key_type_ints = {NULL, append_int, expect_ints, write_ints, schema_ints};
const struct key_type key_type_flags = {read_all_flags, append_flag, expect_flags, write_flags,
                                        schema_flags};
const struct key_type key_type_ranges = {NULL, append_range, expect_range, write_ranges,
                                         schema_ranges};
