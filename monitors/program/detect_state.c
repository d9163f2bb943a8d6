/*
 * detect_state.c - see detect_state.h.
 */
#include "detect_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/json.h"

#define STATE_FORMAT 1
#define STATE_MAX_BYTES ((size_t)64 << 20)

cJSON *detect_state_to_json(const struct detect_state *s)
{
    cJSON *json = cJSON_CreateObject(), *detector = mon_detector_to_json(s->detector);
    if (json && detector && cJSON_AddNumberToObject(json, "format", STATE_FORMAT) &&
        cJSON_AddNumberToObject(json, "rows", (double)s->n_rows) &&
        cJSON_AddItemToObject(json, "detector", detector))
        return json;
    cJSON_Delete(detector);
    cJSON_Delete(json);
    return NULL;
}

enum err_code detect_state_from_json(const cJSON *json, struct detect_state *out, struct err *e)
{
    static const char *const keys[] = {"format", "rows", "detector", NULL};
    int64_t format = 0, n_rows = 0;
    const cJSON *detector = NULL;
    enum err_code code = json_only_keys(json, NULL, keys, e);
    if (!code)
        code = json_get_int(json, "format", 1, INT32_MAX, &format, e);
    if (!code && format != STATE_FORMAT)
        code = err_set(e, ERR_UNSUPPORTED, "format %lld, this program reads %d", (long long)format,
                       STATE_FORMAT);
    if (!code)
        code = json_get_int(json, "rows", 0, INT64_C(1) << 53, &n_rows, e);
    if (!code)
        code = json_get_object(json, "detector", &detector, e);
    if (!code)
        code = mon_detector_from_json(detector, &out->detector, e);
    if (!code)
        out->n_rows = n_rows;
    return code;
}

enum err_code detect_state_load(const char *path, struct detect_state *out, bool *found,
                                struct err *e)
{
    cJSON *json = NULL;
    *found = file_exists(path);
    if (!*found)
        return ERR_OK;
    enum err_code code = json_load(path, STATE_MAX_BYTES, &json, e);
    if (code)
        return code;
    code = detect_state_from_json(json, out, e);
    cJSON_Delete(json);
    return code ? err_prefix(e, "%s", path) : ERR_OK;
}

enum err_code detect_state_save(const char *path, const struct detect_state *s, struct err *e)
{
    cJSON *json = detect_state_to_json(s);
    char *text = json ? json_print(json) : NULL;
    enum err_code code = text ? file_write_atomic(path, text, strlen(text), e)
                              : err_set(e, ERR_NOMEM, "out of memory to save %s", path);
    free(text);
    cJSON_Delete(json);
    return code;
}

static enum err_code add_param(cJSON *object, const char *text, struct err *e)
{
    char key[64];
    const char *equals = strchr(text, '=');
    double number;
    if (!equals || equals == text || (size_t)(equals - text) >= sizeof key)
        return err_set(e, ERR_INVALID, "--param: expected KEY=VALUE, got \"%.80s\"", text);
    snprintf(key, sizeof key, "%.*s", (int)(equals - text), text);
    if (cJSON_GetObjectItemCaseSensitive(object, key))
        return err_set(e, ERR_INVALID, "--param: %s is given twice", key);
    bool is_number = !csv_is_missing(equals + 1) && csv_number(equals + 1, &number);
    cJSON *node = is_number ? cJSON_AddNumberToObject(object, key, number)
                            : cJSON_AddStringToObject(object, key, equals + 1);
    return node ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
}

enum err_code detect_params(const char *const *texts, size_t n, cJSON **out, struct err *e)
{
    cJSON *object = cJSON_CreateObject();
    enum err_code code = object ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
    for (size_t i = 0; !code && i < n; i++)
        code = add_param(object, texts[i], e);
    if (code)
        cJSON_Delete(object);
    else
        *out = object;
    return code;
}
