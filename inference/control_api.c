/*
 * control_api.c - what the orchestrator calls: artifacts in, desired state in, state, counts and
 * observations out (docs/wire.md, "leeway-serve").
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "model_snapshot.h"
#include "replica_server.h"
#include "routes.h"

#define OBSERVATIONS_DEFAULT_LIMIT 1000

/* The model of the path, or NULL after a 404 was answered. */
static struct served_model *find_model(struct replica *r, struct http_request *req)
{
    const char *name = http_param(req, "model");
    struct served_model *m = replica_find(r, name);
    if (!m) {
        http_respond_error(req, 404, "no model \"%s\"", name);
    }
    return m;
}

void control_get_replica(struct http_request *req, void *user)
{
    struct replica *r = user;
    struct served_model *models[REPLICA_MAX_MODELS];
    size_t n = replica_models(r, models);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "replica", replica_name(r));
    cJSON_AddStringToObject(json, "instance", replica_instance(r));
    cJSON_AddStringToObject(json, "code_version", LEEWAY_VERSION);
    cJSON_AddNumberToObject(json, "started_unix_ms", (double)replica_started_unix_ms(r));
    cJSON_AddNumberToObject(json, "now_unix_ms", (double)clock_unix_ms());
    cJSON *list = cJSON_AddArrayToObject(json, "models");
    for (size_t i = 0; i < n; i++) {
        cJSON_AddItemToArray(list, cJSON_CreateString(models[i]->name));
    }
    http_respond_json(req, 200, json);
}

void control_put_artifact(struct http_request *req, void *user)
{
    struct replica *r = user;
    const char *sha256 = http_param(req, "sha256");
    struct err e = {0};
    bool is_new;
    if (!sha256_is_hex(sha256)) {
        http_respond_error(req, 400, "expected 64 lower-case hex digits, got \"%.80s\"", sha256);
        return;
    }
    if (artifact_dir_put(replica_artifacts(r), sha256, http_body_file(req), &is_new, &e)) {
        http_respond_err(req, &e);
        return;
    }
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "sha256", sha256);
    http_respond_json(req, is_new ? 201 : 200, json);
}

/* ---- the desired state ---- */

/* The state, and an "error" where there is one. */
static void respond_state(struct http_request *req, struct replica *r, struct served_model *m,
                          int status, const char *error)
{
    struct model_snapshot s;
    struct err e = {0};
    if (model_snapshot_take(m, replica_lanes(r), false, &s, &e)) {
        http_respond_err(req, &e);
    } else {
        cJSON *json = model_snapshot_to_json(&s, replica_name(r), replica_instance(r));
        if (json && error) {
            cJSON_AddStringToObject(json, "error", error);
        }
        http_respond_json(req, status, json);
    }
    model_snapshot_deinit(&s);
}

static void respond_missing(struct http_request *req, const struct apply_result *result)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "error", "artifacts are missing: push them, then repeat");
    cJSON *missing = cJSON_AddArrayToObject(json, "missing");
    for (size_t i = 0; i < result->n_missing; i++) {
        cJSON_AddItemToArray(missing, cJSON_CreateString(result->missing[i]));
    }
    http_respond_json(req, 409, json);
}

static void respond_failed(struct http_request *req, const struct apply_result *result)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "error", result->error.message);
    cJSON_AddStringToObject(json, "version", result->version);
    http_respond_json(req, 422, json);
}

void control_put_desired(struct http_request *req, void *user)
{
    struct replica *r = user;
    const char *model = http_param(req, "model");
    struct desired wanted;
    struct apply_result result;
    struct served_model *m;
    struct err e = {0};
    size_t len;
    const char *body = http_body(req, &len);
    if (desired_parse(body, len, model, &wanted, &e) ||
        replica_apply(r, model, &wanted, &result, &m, &e)) {
        http_respond_err(req, &e);
        return;
    }
    switch (result.outcome) {
    case APPLY_DONE:
    case APPLY_UNCHANGED:
        respond_state(req, r, m, 200, NULL);
        break;
    case APPLY_OLDER:
        respond_state(req, r, m, 409, "a newer generation runs");
        break;
    case APPLY_DIFFERENT:
        respond_state(req, r, m, 409, "this generation runs with another body");
        break;
    case APPLY_MISSING:
        respond_missing(req, &result);
        break;
    case APPLY_FAILED:
        respond_failed(req, &result);
        break;
    }
}

void control_delete_model(struct http_request *req, void *user)
{
    struct replica *r = user;
    const char *model = http_param(req, "model");
    struct err e = {0};
    if (replica_stop_model(r, model, &e)) {
        http_respond_err(req, &e);
        return;
    }
    log_info("model_stopped", LOG_S("model", model), LOG_S("actor", http_actor(req)));
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "model", model);
    http_respond_json(req, 200, json);
}

/* ---- what is read ---- */

void control_get_state(struct http_request *req, void *user)
{
    struct served_model *m = find_model(user, req);
    if (m) {
        respond_state(req, user, m, 200, NULL);
    }
}

void control_get_report(struct http_request *req, void *user)
{
    struct replica *r = user;
    struct served_model *m = find_model(r, req);
    if (!m) {
        return;
    }
    struct model_snapshot s;
    struct err e = {0};
    void *report;
    size_t size_bytes;
    enum err_code code = model_snapshot_take(m, replica_lanes(r), true, &s, &e);
    if (!code) {
        code = model_snapshot_to_report(&s, replica_name(r), replica_instance(r), &report,
                                        &size_bytes, &e);
    }
    model_snapshot_deinit(&s);
    if (code) {
        http_respond_err(req, &e);
    } else {
        http_respond_take(req, 200, "application/octet-stream", report, size_bytes);
    }
}

/* A whole number of the query; false (after a 400) where it is none or out of range. */
static bool query_number(struct http_request *req, const char *name, uint64_t max, uint64_t *value)
{
    const char *text = http_query(req, name);
    if (!text) {
        return true;
    }
    char *rest;
    errno = 0;
    unsigned long long number = strtoull(text, &rest, 10);
    if (*text < '0' || *text > '9' || *rest || errno || number > max) {
        http_respond_error(req, 400, "%s: expected a whole number up to %" PRIu64 ", got \"%.40s\"",
                           name, max, text);
        return false;
    }
    *value = number;
    return true;
}

static void add_number_header(struct http_request *req, const char *name, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    http_add_header(req, name, text);
}

static void respond_page(struct http_request *req, struct served_model *m, struct buf *page,
                         uint64_t next)
{
    struct observation_log_info info;
    observation_log_info(m->log, &info);
    http_add_header(req, "Leeway-Log-Id", info.id);
    add_number_header(req, "Leeway-First-Seq", info.first_seq);
    add_number_header(req, "Leeway-Next-Seq", next);
    add_number_header(req, "Leeway-Dropped", info.dropped);
    size_t len;
    char *body = buf_take(page, &len);
    http_respond_take(req, 200, "application/x-ndjson", body, len);
}

void control_get_observations(struct http_request *req, void *user)
{
    struct served_model *m = find_model(user, req);
    uint64_t from = 0, limit = OBSERVATIONS_DEFAULT_LIMIT, next;
    if (!m || !query_number(req, "from", UINT64_MAX, &from) ||
        !query_number(req, "limit", OBSERVATION_LOG_MAX_LINES, &limit)) {
        return;
    }
    struct buf page = BUF_INIT;
    struct err e = {0};
    if (observation_log_read(m->log, from, limit, &page, &next, &e)) {
        http_respond_err(req, &e);
        buf_free(&page);
        return;
    }
    respond_page(req, m, &page, next);
}
