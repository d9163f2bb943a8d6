/* api.c - see api.h: the route table, and the way of a call through the worker. */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_private.h"
#include "base/json.h"

#define LABELS_MAX_BYTES (16u << 20)

static const struct http_route routes[] = {
    {"GET", "/v1/status", api_get_status, HTTP_VIEWER, 0, false},
    {"GET", "/v1/models", api_list_models, HTTP_VIEWER, 0, false},
    {"POST", "/v1/models", api_create_model, HTTP_OPERATOR, 0, false},
    {"GET", "/v1/models/:model", api_get_model, HTTP_VIEWER, 0, false},
    {"GET", "/v1/models/:model/policy", api_get_policy, HTTP_VIEWER, 0, false},
    {"PUT", "/v1/models/:model/policy", api_put_policy, HTTP_OPERATOR, 0, false},
    {"GET", "/v1/models/:model/labels", api_get_labels, HTTP_VIEWER, 0, false},
    {"POST", "/v1/models/:model/labels", api_post_labels, HTTP_OPERATOR, LABELS_MAX_BYTES, false},
    {"POST", "/v1/models/:model/import", api_import, HTTP_OPERATOR, LABELS_MAX_BYTES, false},
    {"GET", "/v1/models/:model/drift", api_get_drift, HTTP_VIEWER, 0, false},
    {"GET", "/v1/models/:model/features/:feature", api_get_feature, HTTP_VIEWER, 0, false},
    {"GET", "/v1/models/:model/performance", api_get_performance, HTTP_VIEWER, 0, false},
    {"GET", "/v1/models/:model/versions", api_list_versions, HTTP_VIEWER, 0, false},
    {"GET", "/v1/models/:model/versions/:version", api_get_lineage, HTTP_VIEWER, 0, false},
    {"GET", "/v1/models/:model/champion", api_get_champion, HTTP_VIEWER, 0, false},
    {"POST", "/v1/models/:model/retrain", api_retrain, HTTP_OPERATOR, 0, false},
    {"POST", "/v1/models/:model/rollback", api_rollback, HTTP_OPERATOR, 0, false},
    {"GET", "/v1/runs", api_list_runs, HTTP_VIEWER, 0, false},
    {"GET", "/v1/runs/:run", api_get_run, HTTP_VIEWER, 0, false},
    {"POST", "/v1/runs/:run/:verb", api_operate_run, HTTP_OPERATOR, 0, false},
    {"GET", "/v1/audit", api_list_audit, HTTP_VIEWER, 0, false},
    {"GET", "/v1/audit/verify", api_verify_audit, HTTP_VIEWER, 0, false},
    {"GET", "/v1/replicas", api_list_replicas, HTTP_VIEWER, 0, false},
    {"GET", "/v1/events", api_get_events, HTTP_VIEWER, 0, false},
    {"GET", "/metrics", api_get_metrics, HTTP_VIEWER, 0, false},
    {"GET", "/health/live", api_get_live, HTTP_PUBLIC, 0, false},
    {"GET", "/health/ready", api_get_ready, HTTP_PUBLIC, 0, false},
    {"GET", "/openapi.yaml", api_get_openapi, HTTP_PUBLIC, 0, false},
    {"GET", "/", api_get_dashboard, HTTP_PUBLIC, 0, false},
    {"GET", "/assets/:name", api_get_asset, HTTP_PUBLIC, 0, false},
    {0},
};

const struct http_route *api_routes(void)
{
    return routes;
}

struct api_call *api_call_new(struct http_request *req, struct daemon *d)
{
    struct api_call *call = calloc(1, sizeof(*call));
    const char *model = http_param(req, "model");
    if (!call) {
        http_respond_error(req, 500, "out of memory");
        return NULL;
    }
    call->d = d;
    call->req = req;
    call->status = 200;
    snprintf(call->model, sizeof(call->model), "%s", model ? model : "");
    snprintf(call->actor, sizeof(call->actor), "%s", http_actor(req));
    return call;
}

void api_call_free(struct api_call *call)
{
    cJSON_Delete(call->body);
    cJSON_Delete(call->out);
    free(call->text);
    free(call);
}

static void refuse(struct api_call *call, const struct err *e)
{
    http_respond_err(call->req, e);
    api_call_free(call);
}

void api_fail(struct api_call *call, enum err_code code, const char *message)
{
    struct err e = {0};
    err_set(&e, code, "%s", message);
    refuse(call, &e);
}

bool api_read_body(struct api_call *call)
{
    struct err e = {0};
    size_t len = 0;
    const char *body = http_body(call->req, &len);
    enum err_code rc = json_parse("body", body, len, &call->body, &e);
    if (rc == ERR_OK && !cJSON_IsObject(call->body))
        rc = err_set(&e, ERR_INVALID, "body: expected a JSON object");
    if (rc != ERR_OK)
        refuse(call, &e);
    return rc == ERR_OK;
}

bool api_read_number(struct api_call *call, const char *name, int64_t least, int64_t most,
                     int64_t fallback, int64_t *out)
{
    const char *text = http_query(call->req, name);
    char *end = NULL;
    if (!text) {
        *out = fallback;
        return true;
    }
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || value < least || value > most) {
        struct err e = {0};
        err_set(&e, ERR_INVALID, "%s: expected a whole number in %lld..%lld, got \"%.40s\"", name,
                (long long)least, (long long)most, text);
        refuse(call, &e);
        return false;
    }
    *out = value;
    return true;
}

/* ---- through the worker ---- */

struct submitted {
    struct api_call *call;
    api_work *work;
};

static void run_work(struct store *s, void *data, struct err *e)
{
    struct submitted *sub = data;
    sub->work(s, sub->call, e);
}

static void on_worked(void *data, const struct err *err)
{
    struct submitted *sub = data;
    struct api_call *call = sub->call;
    free(sub);
    daemon_note_store(call->d, err);
    if (err->code != ERR_OK) {
        refuse(call, err);
        return;
    }
    if (call->then)
        call->then(call);
    if (call->text_type && call->text) {
        http_respond(call->req, call->status, call->text_type, call->text, strlen(call->text));
    } else {
        http_respond_json(call->req, call->status, call->out);
        call->out = NULL;
    }
    api_call_free(call);
}

void api_submit(struct api_call *call, api_work *work)
{
    struct submitted *sub = malloc(sizeof(*sub));
    if (!sub) {
        api_fail(call, ERR_NOMEM, "out of memory");
        return;
    }
    *sub = (struct submitted){.call = call, .work = work};
    daemon_work(call->d, run_work, on_worked, sub);
}

cJSON *api_version_ref(const char *label, const char *sha256)
{
    if (!sha256 || sha256[0] == '\0')
        return cJSON_CreateNull();
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "label", label);
    cJSON_AddStringToObject(j, "sha256", sha256);
    return j;
}

const char *api_text_at(const cJSON *node, const char *path)
{
    const char *out = "";
    json_opt_string(node, path, &out, NULL);
    return out;
}
