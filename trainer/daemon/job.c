/*
 * job.c - a job's memory, files, and status in JSON.
 */
#include "daemon/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "trainer/train_progress.h"

#define MAX_SPEC_BYTES (2 << 20)
#define MAX_TIME (INT64_C(1) << 53)

struct job *job_new(struct trainer *t, const char *jobs_folder, const char *id,
                    struct job_spec *spec, int64_t now_unix_ms)
{
    struct job *j = calloc(1, sizeof *j);
    if (!j) {
        job_spec_deinit(spec);
        return NULL;
    }
    j->trainer = t;
    j->spec = *spec;
    *spec = (struct job_spec){0};
    j->status.submitted_unix_ms = now_unix_ms;
    snprintf(j->id, sizeof j->id, "%s", id);
    snprintf(j->folder, sizeof j->folder, "%s/%s", jobs_folder, id);
    return j;
}

void job_free(struct job *j)
{
    if (!j) {
        return;
    }
    job_spec_deinit(&j->spec);
    result_manifest_deinit(&j->result);
    free(j);
}

void job_path(const struct job *j, const char *name, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", j->folder, name);
}

/* Takes json. */
static enum err_code save_json(const struct job *j, const char *name, cJSON *json, struct err *e)
{
    char path[PATH_MAX];
    job_path(j, name, path);
    char *text = json ? json_print(json) : NULL;
    cJSON_Delete(json);
    if (!text) {
        return err_set(e, ERR_NOMEM, "out of memory writing %s", path);
    }
    enum err_code code = file_write_atomic(path, text, strlen(text), e);
    free(text);
    return code;
}

enum err_code job_create(const struct job *j, struct err *e)
{
    enum err_code code = file_mkdirs(j->folder, e);
    if (!code && j->spec.parameters) {
        code = save_json(j, "parameters.json", cJSON_Duplicate(j->spec.parameters, true), e);
    }
    if (!code && j->spec.lineage) {
        code = save_json(j, "lineage.json", cJSON_Duplicate(j->spec.lineage, true), e);
    }
    if (code) {
        return code;
    }
    cJSON *json = cJSON_CreateObject(), *request = cJSON_Duplicate(j->spec.request, true);
    bool ok =
        cJSON_AddNumberToObject(json, "submitted_unix_ms", (double)j->status.submitted_unix_ms) &&
        cJSON_AddItemToObject(json, "request", request);
    if (!ok) {
        cJSON_Delete(request);
        cJSON_Delete(json);
        json = NULL;
    }
    return save_json(j, "spec.json", json, e);
}

enum err_code job_save(const struct job *j, struct err *e)
{
    const struct job_status *s = &j->status;
    cJSON *json = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(json, "state", job_state_name(s->state)) &&
              cJSON_AddStringToObject(json, "stop", job_stop_name(s->stop)) &&
              cJSON_AddNumberToObject(json, "attempts", s->attempts) &&
              cJSON_AddNumberToObject(json, "pid", j->pid) &&
              cJSON_AddNumberToObject(json, "started_unix_ms", (double)s->started_unix_ms) &&
              cJSON_AddNumberToObject(json, "ended_unix_ms", (double)s->ended_unix_ms) &&
              cJSON_AddStringToObject(json, "error", s->error);
    if (!ok) {
        cJSON_Delete(json);
        json = NULL;
    }
    return save_json(j, "state.json", json, e);
}

/* ---- reading back ---- */

static enum err_code read_state(const cJSON *json, struct job *j, struct err *e)
{
    struct job_status *s = &j->status;
    const char *state, *stop, *error;
    int64_t attempts = 0, pid = 0;
    enum err_code code = json_get_string(json, "state", &state, e);
    code = code ? code : json_get_string(json, "stop", &stop, e);
    code = code ? code : json_get_string(json, "error", &error, e);
    code = code ? code : json_get_int(json, "attempts", 0, INT32_MAX, &attempts, e);
    code = code ? code : json_get_int(json, "pid", 0, INT32_MAX, &pid, e);
    code = code ? code : json_get_int(json, "started_unix_ms", 0, MAX_TIME, &s->started_unix_ms, e);
    code = code ? code : json_get_int(json, "ended_unix_ms", 0, MAX_TIME, &s->ended_unix_ms, e);
    if (!code && (!job_state_parse(state, &s->state) || !job_stop_parse(stop, &s->stop))) {
        code = err_set(e, ERR_PARSE, "unknown state \"%.40s\" or stop \"%.40s\"", state, stop);
    }
    if (!code) {
        s->attempts = (int)attempts;
        j->pid = (pid_t)pid;
        snprintf(s->error, sizeof s->error, "%s", error);
    }
    return code;
}

static enum err_code load_spec(struct trainer *t, const char *jobs_folder, const char *id,
                               struct job **out, struct err *e)
{
    char path[PATH_MAX];
    cJSON *json, *request;
    int64_t submitted = 0;
    struct job_spec spec;
    snprintf(path, sizeof path, "%s/%s/spec.json", jobs_folder, id);
    enum err_code code = json_load(path, MAX_SPEC_BYTES, &json, e);
    if (code) {
        return code;
    }
    code = json_get_int(json, "submitted_unix_ms", 0, MAX_TIME, &submitted, e);
    request = cJSON_DetachItemFromObjectCaseSensitive(json, "request");
    cJSON_Delete(json);
    /* Fault injection was allowed or refused when it was submitted. */
    code = code ? code : job_spec_init(&spec, request, true, e);
    if (!code && !(*out = job_new(t, jobs_folder, id, &spec, submitted))) {
        code = err_set(e, ERR_NOMEM, "out of memory loading job %s", id);
    }
    return code;
}

static enum err_code load_state(struct job *j, struct err *e)
{
    char path[PATH_MAX];
    cJSON *json;
    job_path(j, "state.json", path);
    enum err_code code = json_load(path, MAX_SPEC_BYTES, &json, e);
    if (code == ERR_NOT_FOUND) {
        return ERR_OK; /* the daemon died between the two files: it is queued */
    }
    if (!code) {
        code = read_state(json, j, e);
        cJSON_Delete(json);
    }
    return code;
}

enum err_code job_load(struct trainer *t, const char *jobs_folder, const char *id, struct job **out,
                       struct err *e)
{
    struct job *j = NULL;
    char folder[PATH_MAX];
    enum err_code code = load_spec(t, jobs_folder, id, &j, e);
    code = code ? code : load_state(j, e);
    if (!code && j->status.state == JOB_SUCCEEDED) {
        job_path(j, "out", folder);
        code = result_manifest_load(folder, false, &j->result, e);
    }
    if (code) {
        job_free(j);
        return code;
    }
    *out = j;
    return ERR_OK;
}

/* ---- the status ---- */

static bool add_time(cJSON *json, const char *key, int64_t unix_ms)
{
    return unix_ms ? cJSON_AddNumberToObject(json, key, (double)unix_ms) != NULL
                   : cJSON_AddNullToObject(json, key) != NULL;
}

static bool add_progress(cJSON *json, const struct job *j)
{
    struct train_progress p = {0};
    char path[PATH_MAX];
    job_path(j, "out/" TRAIN_PROGRESS_FILE, path);
    if (j->status.state != JOB_QUEUED) {
        train_progress_read(path, &p);
    }
    return cJSON_AddItemToObject(json, "progress", train_progress_to_json(&p));
}

static bool add_outcome(cJSON *json, const struct job *j)
{
    bool over = job_is_over(j->status.state), good = j->status.state == JOB_SUCCEEDED;
    bool ok = over && !good ? cJSON_AddStringToObject(json, "error", j->status.error) != NULL
                            : cJSON_AddNullToObject(json, "error") != NULL;
    return ok && (good ? cJSON_AddItemToObject(json, "result", result_manifest_to_json(&j->result))
                       : cJSON_AddNullToObject(json, "result") != NULL);
}

cJSON *job_to_json(const struct job *j)
{
    cJSON *json = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(json, "id", j->id) &&
              cJSON_AddStringToObject(json, "model", j->spec.model) &&
              cJSON_AddStringToObject(json, "state", job_state_wire(j->status.state)) &&
              cJSON_AddNumberToObject(json, "attempts", j->status.attempts) &&
              add_progress(json, j) &&
              add_time(json, "submitted_unix_ms", j->status.submitted_unix_ms) &&
              add_time(json, "started_unix_ms", j->status.started_unix_ms) &&
              add_time(json, "ended_unix_ms", j->status.ended_unix_ms) && add_outcome(json, j);
    if (!ok) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}
