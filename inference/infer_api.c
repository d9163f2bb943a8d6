/*
 * infer_api.c - POST .../infer: HTTP around an infer job.
 */
#include <stdio.h>

#include "infer_job.h"
#include "replica_server.h"
#include "routes.h"

/* V2 errors are {"error": text}; what the client did wrong is 400, whatever our finer code. */
static void respond_failure(struct http_request *req, enum err_code code, const struct err *e)
{
    int status = err_http_status(code);
    http_respond_error(req, status == 413 ? 400 : status, "%s", e->message);
}

static void respond_answer(struct http_request *req, const struct infer_answer *answer,
                           const struct infer_request *wanted)
{
    struct buf body = BUF_INIT;
    size_t json_len, len;
    infer_response_write(answer, wanted, &body, &json_len);
    char *data = buf_take(&body, &len);
    if (!data) {
        http_respond_error(req, 500, "out of memory for the answer");
        return;
    }
    if (json_len > 0) {
        char text[32];
        snprintf(text, sizeof text, "%zu", json_len);
        http_add_header(req, "Inference-Header-Content-Length", text);
    }
    http_respond_take(req, 200, json_len > 0 ? "application/octet-stream" : "application/json",
                      data, len);
}

static void answer_on_lane(struct http_request *req, struct infer_job *job)
{
    struct infer_answer answer;
    struct err e = {0};
    size_t len;
    const char *body = http_body(req, &len);
    enum err_code code = infer_body_split(
        body, len, http_header(req, "Inference-Header-Content-Length"), &job->body, &e);
    if (!code) {
        code = infer_job_run(job, &answer, &e);
    }
    if (code) {
        respond_failure(req, code, &e);
    } else {
        respond_answer(req, &answer, &job->request);
    }
}

void infer_post(struct http_request *req, void *user)
{
    struct replica *r = user;
    const char *name = http_param(req, "model");
    struct served_model *m = replica_find(r, name);
    struct deployment *d = m ? served_model_current(m) : NULL;
    if (!d) {
        http_respond_error(req, 404, "model \"%s\" is not served here", name);
        return;
    }
    struct infer_job job = {.model = m,
                            .deployment = d,
                            .lane = lane_take(replica_lanes(r)),
                            .version = http_param(req, "version"),
                            .key_header = http_header(req, "Leeway-Key")};
    answer_on_lane(req, &job);
    lane_give_back(replica_lanes(r), job.lane);
    deployment_unref(d);
}
