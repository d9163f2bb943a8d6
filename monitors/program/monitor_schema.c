/*
 * monitor_schema.c - see monitor_schema.h.
 */
#include "monitor_schema.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/yaml.h"
#include "monitor_cli.h"
#include "monitors/reference.h"

#define SCHEMA_FILE_MAX_BYTES ((size_t)16 << 20)
#define TOLD_COLUMNS 40 /* wider tables are told as counts */

/* A schema must have a label; where nobody has one, the one that stands for none. */
static enum err_code finish(cJSON *json, struct schema **out, struct err *e)
{
    if (!cJSON_GetObjectItemCaseSensitive(json, "label")) {
        cJSON *label = cJSON_AddObjectToObject(json, "label");
        if (!label || !cJSON_AddStringToObject(label, "name", MON_NO_LABEL) ||
            !cJSON_AddStringToObject(label, "type", "regression"))
            return err_set(e, ERR_NOMEM, "out of memory");
    }
    return schema_from_json(json, out, e);
}

enum err_code monitor_schema_load(const char *path, struct schema **out, struct err *e)
{
    struct yaml_doc *doc = NULL;
    enum err_code code = yaml_load(path, SCHEMA_FILE_MAX_BYTES, &doc, e);
    if (code)
        return code;
    cJSON *json = yaml_to_json(yaml_root(doc));
    yaml_free(doc);
    if (!json)
        code = err_set(e, ERR_NOMEM, "out of memory");
    else if (!cJSON_IsObject(json))
        code = err_set(e, ERR_INVALID, "1:1: expected a schema: model, features");
    else
        code = finish(json, out, e);
    cJSON_Delete(json);
    return code ? err_prefix(e, "%s", path) : ERR_OK;
}

void monitor_schema_name(const char *file, char *out, size_t size_bytes)
{
    const char *slash = strrchr(file, '/');
    size_t n = 0;
    for (const char *p = slash ? slash + 1 : file; *p && *p != '.' && n + 1 < size_bytes; p++)
        out[n++] = isalnum((unsigned char)*p) || strchr("_-", *p) ? *p : '-';
    out[n] = '\0';
    if (n == 0 || strcmp(out, "-") == 0)
        snprintf(out, size_bytes, "table");
}

/* ---- telling ---- */

static const char *part_word(const struct column_role *c)
{
    switch (c->part) {
    case PART_FEATURE:
        return c->verdict.personal                      ? "present or missing, its name is personal"
               : c->verdict.guess == COLUMN_CATEGORICAL ? "categorical"
                                                        : "numeric";
    case PART_LABEL:
        return "label";
    case PART_SCORE:
        return "score";
    case PART_TIME:
        return "time";
    case PART_LEFT_OUT:
        return "left out";
    }
    return "?";
}

static void tell_each(const struct column_roles *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct column_role *c = &r->items[i];
        bool why = !c->said && c->part != PART_TIME && c->verdict.reason[0];
        monitor_say("  %.80s: %s%s%s", c->name, part_word(c), why ? "; " : "",
                    why ? c->verdict.reason : "");
    }
}

static void tell_counts(const struct column_roles *r)
{
    size_t numeric = 0, categorical = 0, left_out = 0;
    for (size_t i = 0; i < r->n; i++) {
        bool feature = r->items[i].part == PART_FEATURE;
        bool codes = r->items[i].verdict.guess == COLUMN_CATEGORICAL;
        numeric += feature && !codes;
        categorical += feature && codes;
        left_out += r->items[i].part == PART_LEFT_OUT;
    }
    monitor_say("  %zu numeric, %zu categorical, %zu left out", numeric, categorical, left_out);
}

static void tell(const struct column_roles *r, const char *name)
{
    monitor_say("Columns of %s, as its first %lld rows have them (--schema states them instead):",
                name, (long long)r->n_rows);
    if (r->n <= TOLD_COLUMNS)
        tell_each(r);
    else
        tell_counts(r);
}

enum err_code monitor_schema_suggest(const char *path, const char *name,
                                     const struct column_options *o, bool quiet,
                                     struct schema **out, struct err *e)
{
    char model[64];
    struct csv *csv = NULL;
    struct column_roles roles = {0};
    cJSON *json = NULL;
    enum err_code code = csv_open(path, &csv, e);
    if (!code)
        code = column_roles_sniff(csv, name, o, &roles, e);
    monitor_schema_name(name, model, sizeof model);
    if (!code && !quiet)
        tell(&roles, name);
    if (!code)
        code = column_roles_schema(&roles, model, &json, e);
    if (!code)
        code = finish(json, out, e);
    cJSON_Delete(json);
    column_roles_deinit(&roles);
    csv_close(csv);
    return code;
}
