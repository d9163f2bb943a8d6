/*
 * metadata_api.c - the rest of the Open Inference Protocol: health and metadata.
 */
#include <string.h>

#include "replica_server.h"
#include "routes.h"

void metadata_get_server(struct http_request *req, void *user)
{
    (void)user;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", "leeway-serve");
    cJSON_AddStringToObject(json, "version", LEEWAY_VERSION);
    cJSON *extensions = cJSON_AddArrayToObject(json, "extensions");
    cJSON_AddItemToArray(extensions, cJSON_CreateString("binary_tensor_data"));
    http_respond_json(req, 200, json);
}

/* The protocol: 200 is yes, a 4xx status is no. */
static void respond_flag(struct http_request *req, const char *name, bool yes)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddBoolToObject(json, name, yes);
    http_respond_json(req, yes ? 200 : 400, json);
}

void metadata_get_live(struct http_request *req, void *user)
{
    (void)user;
    respond_flag(req, "live", true);
}

void metadata_get_ready(struct http_request *req, void *user)
{
    respond_flag(req, "ready", replica_is_ready(user));
}

/* What runs under the model and version of the path; NULL after a 404. The caller gives *d back. */
static const struct deployed *find_version(struct http_request *req, struct replica *r,
                                           struct deployment **d)
{
    const char *name = http_param(req, "model"), *version = http_param(req, "version");
    struct served_model *m = replica_find(r, name);
    *d = m ? served_model_current(m) : NULL;
    if (!*d) {
        http_respond_error(req, 404, "model \"%s\" is not served here", name);
        return NULL;
    }
    const struct deployed *v = version ? deployment_find(*d, version) : deployment_champion(*d);
    if (!v) {
        http_respond_error(req, 404, "no version \"%s\" of model \"%s\" is loaded", version, name);
        deployment_unref(*d);
    }
    return v;
}

void metadata_get_model_ready(struct http_request *req, void *user)
{
    struct deployment *d;
    if (find_version(req, user, &d)) {
        respond_flag(req, "ready", true);
        deployment_unref(d);
    }
}

/* A tensor of [-1], or of [-1, width] where width is over 1. */
static void add_tensor(cJSON *list, const char *name, const char *datatype, size_t width)
{
    cJSON *tensor = cJSON_CreateObject();
    cJSON_AddStringToObject(tensor, "name", name);
    cJSON_AddStringToObject(tensor, "datatype", datatype);
    cJSON *shape = cJSON_AddArrayToObject(tensor, "shape");
    cJSON_AddItemToArray(shape, cJSON_CreateNumber(-1));
    if (width > 1) {
        cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)width));
    }
    cJSON_AddItemToArray(list, tensor);
}

static void add_outputs(cJSON *list, const struct schema *s)
{
    switch (s->label_kind) {
    case LABEL_BINARY:
        add_tensor(list, "score", "FP32", 1);
        break;
    case LABEL_MULTICLASS:
        add_tensor(list, "probabilities", "FP32", s->n_classes);
        break;
    case LABEL_REGRESSION:
        add_tensor(list, "value", "FP32", 1);
        return;
    }
    add_tensor(list, "class", "BYTES", 1);
}

void metadata_get_model(struct http_request *req, void *user)
{
    struct deployment *d;
    const struct deployed *v = find_version(req, user, &d);
    if (!v) {
        return;
    }
    const struct schema *s = version_artifact(v->version)->schema;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", s->model);
    cJSON *versions = cJSON_AddArrayToObject(json, "versions");
    for (size_t i = 0; i < d->n; i++) {
        cJSON_AddItemToArray(versions, cJSON_CreateString(d->versions[i].label));
    }
    cJSON_AddStringToObject(json, "platform", "leeway");
    cJSON *inputs = cJSON_AddArrayToObject(json, "inputs");
    for (size_t i = 0; i < s->n_features; i++) {
        const struct feature *f = &s->features[i];
        add_tensor(inputs, f->name, f->kind == FEATURE_NUMERIC ? "FP64" : "BYTES", 1);
    }
    add_outputs(cJSON_AddArrayToObject(json, "outputs"), s);
    http_respond_json(req, 200, json);
    deployment_unref(d);
}
