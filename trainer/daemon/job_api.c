/*
 * job_api.c - the job API of docs/wire.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "daemon/trainer.h"

#define MAX_LOG_BYTES (1 << 20)
#define LIST_DEFAULT 100

/* The job that the path names, or NULL after answering 404. */
static struct job *need_job(struct http_request *r, const struct trainer *t)
{
    const char *id = http_param(r, "id");
    struct job *j = trainer_find_job(t, id);
    if (!j) {
        http_respond_error(r, 404, "no job \"%.128s\"", id);
    }
    return j;
}

static void answer_status(struct http_request *r, int status, const struct job *j)
{
    http_respond_json(r, status, job_to_json(j));
}

/* ---- submit ---- */

/* Answers 409 and returns true where a file that the job needs has not been pushed. */
static bool answer_missing(struct http_request *r, const struct trainer *t,
                           const struct job_spec *s)
{
    bool snapshot = content_store_use(&t->store, CONTENT_SNAPSHOT, s->snapshot);
    bool champion = !s->champion[0] || content_store_use(&t->store, CONTENT_ARTIFACT, s->champion);
    if (snapshot && champion) {
        return false;
    }
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "error",
                            snapshot   ? "the champion's artifact is not here: push it first"
                            : champion ? "the snapshot is not here: push it first"
                                       : "snapshot and champion are not here: push them first");
    cJSON *missing = cJSON_AddArrayToObject(json, "missing");
    if (!snapshot) {
        cJSON_AddItemToArray(missing, cJSON_CreateString(s->snapshot));
    }
    if (!champion) {
        cJSON_AddItemToArray(missing, cJSON_CreateString(s->champion));
    }
    http_respond_json(r, 409, json);
    return true;
}

static bool is_queued(enum job_state s)
{
    return s == JOB_QUEUED;
}

/* Takes spec. */
static void create_job(struct http_request *r, struct trainer *t, const char *id,
                       struct job_spec *spec)
{
    struct err e = {0};
    struct job *j = job_new(t, t->jobs_folder, id, spec, clock_unix_ms());
    if (!j) {
        http_respond_error(r, 500, "out of memory");
    } else if (trainer_submit(t, j, &e)) {
        http_respond_err(r, &e);
    } else {
        answer_status(r, 201, j);
    }
}

static void submit(struct http_request *r, struct trainer *t, const char *id, struct job_spec *spec)
{
    struct job *j = trainer_find_job(t, id);
    if (j && strcmp(j->spec.hash, spec->hash) == 0) {
        answer_status(r, 200, j);
    } else if (j) {
        http_respond_error(r, 409, "job \"%s\" was submitted with another body", id);
    } else if (t->stopping) {
        http_respond_error(r, 503, "the trainer is stopping");
    } else if (trainer_count(t, is_queued) >= (size_t)t->o.max_queued) {
        http_respond_error(r, 503, "the queue is full (%lld jobs)", (long long)t->o.max_queued);
    } else if (!answer_missing(r, t, spec)) {
        create_job(r, t, id, spec);
    }
    job_spec_deinit(spec); /* empty where it was taken */
}

void job_api_submit(struct http_request *r, void *user)
{
    struct trainer *t = user;
    const char *id = http_param(r, "id");
    struct job_spec spec;
    struct err e = {0};
    cJSON *json;
    size_t len;
    const char *body = http_body(r, &len);
    if (!job_id_valid(id)) {
        http_respond_error(r, 400, "job id: expected 1..%d of letters, digits, '_', '.', '-'",
                           JOB_ID_MAX);
    } else if (json_parse("body", body, len, &json, &e) ||
               job_spec_init(&spec, json, t->o.allow_fault_injection, &e)) {
        http_respond_err(r, &e);
    } else {
        submit(r, t, id, &spec);
    }
}

/* ---- status, list, cancel ---- */

void job_api_status(struct http_request *r, void *user)
{
    const struct job *j = need_job(r, user);
    if (j) {
        answer_status(r, 200, j);
    }
}

static bool read_limit(const char *text, size_t *out)
{
    char *end;
    errno = 0;
    long value = text ? strtol(text, &end, 10) : LIST_DEFAULT;
    if (text && (errno || end == text || *end || value < 1)) {
        return false;
    }
    *out = (size_t)value;
    return true;
}

void job_api_list(struct http_request *r, void *user)
{
    const struct trainer *t = user;
    size_t limit, n = 0, total = 0;
    if (!read_limit(http_query(r, "limit"), &limit)) {
        http_respond_error(r, 400, "limit: expected a whole number of at least 1");
        return;
    }
    for (const struct job *j = t->first; j; j = j->next) {
        total++;
    }
    cJSON *json = cJSON_CreateObject(), *jobs = cJSON_AddArrayToObject(json, "jobs");
    for (const struct job *j = t->first; j; j = j->next) {
        if (total - n++ <= limit) {
            cJSON_InsertItemInArray(jobs, 0, job_to_json(j)); /* newest first */
        }
    }
    http_respond_json(r, 200, json);
}

void job_api_cancel(struct http_request *r, void *user)
{
    struct job *j = need_job(r, user);
    if (!j) {
        return;
    }
    struct job_waiter *w = job_is_over(j->status.state) ? NULL : calloc(1, sizeof *w);
    if (!w) {
        answer_status(r, 200, j);
        return;
    }
    *w = (struct job_waiter){r, j->waiters};
    j->waiters = w; /* answered when its processes are gone */
    trainer_event(j->trainer, j, JOB_ON_CANCEL, NULL);
}

void job_api_answer_waiters(struct job *j)
{
    while (j->waiters) {
        struct job_waiter *w = j->waiters;
        j->waiters = w->next;
        answer_status(w->request, 200, j);
        free(w);
    }
}

/* ---- files ---- */

/* The last MAX_LOG_BYTES of a file, owned; *len 0 where there is none yet. NULL: out of memory. */
static char *read_tail(const char *path, size_t *len)
{
    struct stat st = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        fstat(fd, &st);
    }
    size_t size = st.st_size < MAX_LOG_BYTES ? (size_t)st.st_size : MAX_LOG_BYTES;
    char *text = malloc(size + 1);
    ssize_t n = text && size ? pread(fd, text, size, st.st_size - (off_t)size) : 0;
    if (fd >= 0) {
        close(fd);
    }
    *len = n > 0 ? (size_t)n : 0;
    return text;
}

void job_api_log(struct http_request *r, void *user)
{
    const struct job *j = need_job(r, user);
    if (!j) {
        return;
    }
    char path[PATH_MAX];
    size_t len;
    job_path(j, "log", path);
    char *text = read_tail(path, &len);
    if (text) {
        http_respond_take(r, 200, "text/plain; charset=utf-8", text, len);
    } else {
        http_respond_error(r, 500, "out of memory");
    }
}

static void answer_output(struct http_request *r, void *user, const char *name)
{
    const struct job *j = need_job(r, user);
    if (!j) {
        return;
    }
    if (j->status.state != JOB_SUCCEEDED) {
        http_respond_error(r, 409, "job \"%s\" is %s, it has no result", j->id,
                           job_state_wire(j->status.state));
        return;
    }
    char path[PATH_MAX];
    job_path(j, name, path);
    http_respond_file(r, 200, "application/octet-stream", path);
}

void job_api_artifact(struct http_request *r, void *user)
{
    answer_output(r, user, "out/" RESULT_ARTIFACT_FILE);
}

void job_api_scores(struct http_request *r, void *user)
{
    answer_output(r, user, "out/" RESULT_SCORES_FILE);
}
