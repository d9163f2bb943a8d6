/*
 * roles_schema.c - the schema that the columns' parts make.
 */
#include <stdlib.h>
#include <string.h>

#include "column_roles.h"
#include "model/schema.h"

#define MAX_CLASSES 100
#define MAX_NUMBER_CLASSES 20 /* more distinct numbers are an amount */

static bool add_feature(cJSON *array, const struct column_role *item)
{
    cJSON *feature = cJSON_CreateObject();
    bool categorical = item->verdict.guess == COLUMN_CATEGORICAL;
    bool ok = feature && cJSON_AddStringToObject(feature, "name", item->name) &&
              cJSON_AddStringToObject(feature, "type", categorical ? "categorical" : "numeric");
    if (ok && item->verdict.personal)
        ok = cJSON_AddTrueToObject(feature, "pii") != NULL;
    if (ok && cJSON_AddItemToArray(array, feature))
        return true;
    cJSON_Delete(feature);
    return false;
}

static bool add_time(cJSON *schema, const struct column_role *item)
{
    cJSON *time = cJSON_AddObjectToObject(schema, "time");
    return time && cJSON_AddStringToObject(time, "name", item->name) &&
           cJSON_AddStringToObject(time, "format", time_format_name(item->verdict.time_format));
}

/* ---- label ---- */

static bool is_amount(const struct csv_stats *s, size_t n_distinct)
{
    bool numbers = s->n_numbers == s->n_rows - s->n_missing;
    return numbers && n_distinct > 2 &&
           (n_distinct > MAX_NUMBER_CLASSES || s->n_whole < s->n_numbers);
}

static const char *label_type(const struct csv_stats *s, size_t n_distinct)
{
    if (is_amount(s, n_distinct))
        return "regression";
    return n_distinct == 2 ? "binary" : "multiclass";
}

static enum err_code add_label(cJSON *schema, const struct column_role *item,
                               const struct csv_stats *s, struct err *e)
{
    char **classes = NULL;
    size_t n = csv_stats_sorted(s, &classes);
    const char *type = label_type(s, n);
    enum err_code code = ERR_OK;
    if (strcmp(type, "regression") != 0 && (n < 2 || n > MAX_CLASSES))
        code = err_set(e, ERR_INVALID,
                       "--label: column \"%.80s\" has %s%zu distinct values: neither classes nor "
                       "an amount",
                       item->name, n > COLUMN_MAX_DISTINCT ? "over " : "",
                       n > COLUMN_MAX_DISTINCT ? (size_t)COLUMN_MAX_DISTINCT : n);
    cJSON *label = code ? NULL : cJSON_AddObjectToObject(schema, "label");
    bool ok = label && cJSON_AddStringToObject(label, "name", item->name) &&
              cJSON_AddStringToObject(label, "type", type);
    if (ok && strcmp(type, "regression") != 0) {
        cJSON *array = cJSON_CreateStringArray((const char *const *)classes, (int)n);
        ok = array && cJSON_AddItemToObject(label, "classes", array);
    }
    free(classes);
    return code || ok ? code : err_set(e, ERR_NOMEM, "out of memory");
}

enum err_code column_roles_schema(const struct column_roles *r, const char *model, cJSON **out,
                                  struct err *e)
{
    cJSON *schema = cJSON_CreateObject(), *features = NULL;
    bool ok = schema && cJSON_AddStringToObject(schema, "model", model) &&
              (features = cJSON_AddArrayToObject(schema, "features"));
    enum err_code code = ERR_OK;
    for (size_t i = 0; ok && !code && i < r->n; i++) {
        if (r->items[i].part == PART_FEATURE)
            ok = add_feature(features, &r->items[i]);
        else if (r->items[i].part == PART_TIME)
            ok = add_time(schema, &r->items[i]);
        else if (r->items[i].part == PART_LABEL)
            code = add_label(schema, &r->items[i], &r->stats[i], e);
    }
    if (!ok && !code)
        code = err_set(e, ERR_NOMEM, "out of memory");
    if (code)
        cJSON_Delete(schema);
    else
        *out = schema;
    return code;
}
