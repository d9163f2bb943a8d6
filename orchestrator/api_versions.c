/* api_versions.c - versions, where they come from, and which one was champion when. */
#include <stdio.h>
#include <string.h>

#include "api_private.h"
#include "base/clock.h"
#include "base/json.h"
#include "store/registry.h"

cJSON *api_label_of(struct store *s, const char *model, const char *sha256)
{
    struct registry_version v = {0};
    cJSON *out = NULL;
    if (registry_get_version(s, model, sha256, &v, NULL) == ERR_OK)
        out = cJSON_CreateString(v.label);
    registry_version_deinit(&v);
    return out ? out : cJSON_CreateString("");
}

static enum err_code add_metrics(struct store *s, const char *model, cJSON *version, struct err *e)
{
    struct registry_version v = {0};
    cJSON *manifest = NULL;
    enum err_code rc = registry_get_version(s, model, api_text_at(version, "sha256"), &v, e);
    if (rc == ERR_OK && v.manifest_json)
        rc = json_parse("manifest", v.manifest_json, strlen(v.manifest_json), &manifest, e);
    const cJSON *metrics = json_at(manifest, "metrics.validation");
    cJSON_AddItemToObject(version, "metrics",
                          metrics ? cJSON_Duplicate(metrics, true) : cJSON_CreateObject());
    cJSON_Delete(manifest);
    registry_version_deinit(&v);
    return rc;
}

/* As in the lineage: the parent by its label, and null where there is none. */
static void shape_version(struct store *s, const char *model, cJSON *version)
{
    const char *parent = api_text_at(version, "parent"), *run = api_text_at(version, "run");
    cJSON_ReplaceItemInObject(version, "parent",
                              parent[0] ? api_label_of(s, model, parent) : cJSON_CreateNull());
    if (run[0] == '\0')
        cJSON_ReplaceItemInObject(version, "run", cJSON_CreateNull());
}

static void versions_work(struct store *s, struct api_call *call, struct err *e)
{
    cJSON *list = NULL, *version = NULL;
    struct registry_model m = {0};
    enum err_code rc = registry_get_model(s, call->model, &m, e);
    registry_model_deinit(&m);
    if (rc == ERR_OK)
        rc = registry_list_versions(s, call->model, &list, e);
    cJSON_ArrayForEach(version, list)
    {
        if (rc == ERR_OK)
            rc = add_metrics(s, call->model, version, e);
        shape_version(s, call->model, version);
    }
    if (rc != ERR_OK) {
        cJSON_Delete(list);
        return;
    }
    call->out = cJSON_CreateObject();
    cJSON_AddItemToObject(call->out, "versions", list);
}

void api_list_versions(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (call)
        api_submit(call, versions_work);
}

/* The stretches of service of one version, out of the model's history. */
static cJSON *service_json(struct store *s, const char *model, const char *sha256)
{
    cJSON *history = NULL, *out = cJSON_CreateArray();
    const cJSON *item = NULL;
    registry_champion_history(s, model, &history, NULL);
    cJSON_ArrayForEach(item, history)
    {
        if (strcmp(api_text_at(item, "sha256"), sha256) != 0)
            continue;
        double from = 0, to = 0;
        cJSON *stretch = cJSON_CreateObject();
        json_opt_double(item, "since_unix_ms", 0, 1e15, &from, NULL);
        json_opt_double(item, "until_unix_ms", 0, 1e15, &to, NULL);
        cJSON_AddNumberToObject(stretch, "from_unix_ms", from);
        cJSON_AddItemToObject(stretch, "to_unix_ms",
                              to > 0 ? cJSON_CreateNumber(to) : cJSON_CreateNull());
        cJSON_AddStringToObject(stretch, "actor", api_text_at(item, "actor"));
        cJSON_AddStringToObject(stretch, "reason", api_text_at(item, "reason"));
        cJSON_AddItemToArray(out, stretch);
    }
    cJSON_Delete(history);
    return out;
}

static void lineage_work(struct store *s, struct api_call *call, struct err *e)
{
    struct registry_version v = {0};
    cJSON *lineage = NULL, *manifest = NULL;
    enum err_code rc = registry_get_version(s, call->model, call->name, &v, e);
    if (rc == ERR_OK)
        rc = registry_lineage(s, v.sha256, &lineage, e);
    if (rc != ERR_OK) {
        registry_version_deinit(&v);
        return;
    }
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "label", v.label);
    cJSON_AddStringToObject(j, "sha256", v.sha256);
    cJSON_AddStringToObject(j, "state", version_state_name(v.state));
    cJSON_AddNumberToObject(j, "created_unix_ms", (double)v.created_unix_ms);
    cJSON_AddItemToObject(
        j, "parent", v.parent[0] ? api_label_of(s, call->model, v.parent) : cJSON_CreateNull());
    cJSON_AddItemToObject(j, "run", v.run[0] ? cJSON_CreateString(v.run) : cJSON_CreateNull());
    manifest = cJSON_DetachItemFromObject(lineage, "manifest");
    const cJSON *metrics = json_at(manifest, "metrics.validation");
    cJSON_AddItemToObject(j, "metrics",
                          metrics ? cJSON_Duplicate(metrics, true) : cJSON_CreateObject());
    cJSON_AddItemToObject(j, "manifest", manifest ? manifest : cJSON_CreateObject());
    cJSON_AddItemToObject(j, "ancestors", cJSON_DetachItemFromObject(lineage, "ancestors"));
    cJSON_AddItemToObject(j, "service", service_json(s, call->model, v.sha256));
    cJSON_Delete(lineage);
    registry_version_deinit(&v);
    call->out = j;
}

void api_get_lineage(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (!call)
        return;
    snprintf(call->name, sizeof(call->name), "%s", http_param(req, "version"));
    api_submit(call, lineage_work);
}

static void champion_work(struct store *s, struct api_call *call, struct err *e)
{
    struct registry_champion c = {0};
    cJSON *history = NULL;
    const cJSON *item = NULL;
    enum err_code rc = registry_champion_at(s, call->model, call->number, &c, e);
    if (rc == ERR_OK)
        rc = registry_champion_history(s, call->model, &history, e);
    if (rc != ERR_OK)
        return;
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "version", c.label);
    cJSON_AddStringToObject(j, "sha256", c.sha256);
    cJSON_AddNumberToObject(j, "since_unix_ms", (double)c.since_unix_ms);
    cJSON_AddItemToObject(j, "until_unix_ms",
                          c.until_unix_ms ? cJSON_CreateNumber((double)c.until_unix_ms)
                                          : cJSON_CreateNull());
    cJSON_ArrayForEach(item, history)
    {
        double since = 0;
        json_opt_double(item, "since_unix_ms", 0, 1e15, &since, NULL);
        if ((int64_t)since != c.since_unix_ms)
            continue;
        cJSON_AddStringToObject(j, "actor", api_text_at(item, "actor"));
        cJSON_AddStringToObject(j, "reason", api_text_at(item, "reason"));
        break;
    }
    cJSON_Delete(history);
    call->out = j;
}

void api_get_champion(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (call && api_read_number(call, "at", 0, INT64_C(1) << 53, clock_unix_ms(), &call->number))
        api_submit(call, champion_work);
}
