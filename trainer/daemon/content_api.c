/*
 * content_api.c - snapshots and artifacts pushed in by their hash, so that the GPU host needs no
 * route out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/trainer.h"

struct admission { /* a pushed file on its way into the store, off the loop */
    uv_work_t work;
    struct trainer *trainer;
    struct http_request *request;
    enum content_kind kind;
    char sha256[SHA256_HEX_BYTES];
    char file[PATH_MAX];
    enum err_code code;
    struct err e;
};

static void admit_work(uv_work_t *work)
{
    struct admission *a = work->data;
    a->code = content_store_admit(&a->trainer->store, a->kind, a->sha256, a->file, &a->e);
}

static void answer_stored(struct http_request *r, int status, const char *sha256)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "sha256", sha256);
    http_respond_json(r, status, json);
}

/* The file that has just come is the newest: it is the last that a full store would let go. */
static void admit_done(uv_work_t *work, int status)
{
    struct admission *a = work->data;
    (void)status; /* never cancelled */
    if (a->code) {
        log_warn("push_refused", LOG_S("sha256", a->sha256), LOG_S("error", a->e.message));
        http_respond_err(a->request, &a->e);
    } else {
        answer_stored(a->request, 201, a->sha256);
        trainer_evict(a->trainer);
    }
    free(a);
}

static void put(struct http_request *r, struct trainer *t, enum content_kind kind)
{
    const char *sha256 = http_param(r, "sha256"), *file = http_body_file(r);
    if (!sha256_is_hex(sha256)) {
        http_respond_error(r, 400, "expected a SHA-256 of 64 lower-case hex digits");
        return;
    }
    if (content_store_use(&t->store, kind, sha256)) {
        answer_stored(r, 200, sha256);
        return;
    }
    struct admission *a = calloc(1, sizeof *a);
    if (!a || !file) {
        free(a);
        http_respond_error(r, 500, "the body could not be stored");
        return;
    }
    a->work.data = a;
    a->trainer = t;
    a->request = r;
    a->kind = kind;
    snprintf(a->sha256, sizeof a->sha256, "%s", sha256);
    snprintf(a->file, sizeof a->file, "%s", file);
    uv_queue_work(t->loop, &a->work, admit_work, admit_done);
}

static void get(struct http_request *r, struct trainer *t, enum content_kind kind)
{
    const char *sha256 = http_param(r, "sha256");
    char path[PATH_MAX];
    if (!sha256_is_hex(sha256) || !content_store_use(&t->store, kind, sha256)) {
        http_respond_error(r, 404, "not here");
        return;
    }
    content_store_path(&t->store, kind, sha256, path);
    http_respond_file(r, 200, "application/octet-stream", path);
}

void content_api_put_snapshot(struct http_request *r, void *user)
{
    put(r, user, CONTENT_SNAPSHOT);
}

void content_api_get_snapshot(struct http_request *r, void *user)
{
    get(r, user, CONTENT_SNAPSHOT);
}

void content_api_put_artifact(struct http_request *r, void *user)
{
    put(r, user, CONTENT_ARTIFACT);
}

void content_api_get_artifact(struct http_request *r, void *user)
{
    get(r, user, CONTENT_ARTIFACT);
}
