/*
 * schema_file.c - see schema_file.h.
 */
#include "schema_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/yaml.h"

#define SCHEMA_FILE_MAX_BYTES ((size_t)16 << 20)

enum err_code schema_file_load(const char *path, cJSON **out, struct err *e)
{
    struct yaml_doc *doc = NULL;
    enum err_code code = yaml_load(path, SCHEMA_FILE_MAX_BYTES, &doc, e);
    if (code != ERR_OK)
        return code;
    cJSON *json = yaml_to_json(yaml_root(doc));
    yaml_free(doc);
    if (!json)
        return err_set(e, ERR_NOMEM, "%s: out of memory", path);
    if (!cJSON_IsObject(json)) {
        cJSON_Delete(json);
        return err_set(e, ERR_INVALID, "%s:1:1: expected a schema: model, features, label", path);
    }
    *out = json;
    return ERR_OK;
}

static enum err_code read_column(const cJSON *feature, struct schema_column *out, struct err *e)
{
    const char *type = "";
    enum err_code code = json_get_string(feature, "name", &out->name, e);
    if (code == ERR_OK)
        code = json_get_string(feature, "type", &type, e);
    if (code == ERR_OK)
        code = json_opt_bool(feature, "pii", &out->pii, e);
    out->numeric = strcmp(type, "numeric") == 0;
    return code;
}

enum err_code schema_columns_read(const cJSON *schema, struct schema_columns *out, struct err *e)
{
    const cJSON *features = NULL, *feature = NULL;
    struct schema_columns c = {0};
    enum err_code code = json_get_array(schema, "features", &features, e);
    if (code == ERR_OK)
        code = json_get_string(schema, "label.name", &c.label, e);
    if (code == ERR_OK)
        code = json_get_string(schema, "label.type", &c.label_type, e);
    if (code != ERR_OK)
        return err_prefix(e, "schema");
    c.items = calloc((size_t)cJSON_GetArraySize(features) + 1, sizeof(*c.items));
    if (!c.items)
        return err_set(e, ERR_NOMEM, "out of memory");
    cJSON_ArrayForEach(feature, features)
    {
        if (code == ERR_OK)
            code = read_column(feature, &c.items[c.n], e);
        if (code == ERR_OK)
            c.n++;
        else
            break;
    }
    if (code != ERR_OK) {
        err_prefix(e, "schema: features[%zu]", c.n);
        schema_columns_free(&c);
        return code;
    }
    *out = c;
    return ERR_OK;
}

void schema_columns_free(struct schema_columns *c)
{
    free(c->items);
    *c = (struct schema_columns){0};
}
