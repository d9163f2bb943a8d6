/*
 * trainer_backend.c - job_backend over leeway-trainer's job API (docs/wire.md).
 *
 * One struct op is one operation: a short list of HTTP calls made one after the other, then done.
 * No retries here: the run machine repeats an action with its own backoff and deadline, and says
 * so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/sha256.h"
#include "job_backend.h"

#define CONTROL_TIMEOUT_MS 10000
#define TRANSFER_TIMEOUT_MS 600000
#define MAX_URL_BYTES 300 /* of the trainer, so that every call's URL fits */

struct trainer {
    struct job_backend base;
    struct http_client *client;
    char *url, *token, *ca_file;
};

/* One HTTP call of an operation. */
struct call {
    const char *method;
    char url[640];
    char *body;      /* owned or NULL */
    char *body_file; /* owned or NULL */
    char *save_to;   /* owned or NULL */
    bool probe;      /* a HEAD: 404 means "go on", 200 means "skip the next call" */
};

#define OP_MAX_CALLS 6

struct op {
    struct trainer *trainer;
    struct call calls[OP_MAX_CALLS];
    size_t n_calls, next;
    bool want_status; /* the last answer is a job status */
    bool no_memory;   /* something of the calls could not be copied */
    job_done *done;
    void *user;
};

static void op_finish(struct op *op, const struct err *err, const struct job_status *status)
{
    op->done(err, status, op->user);
    for (size_t i = 0; i < op->n_calls; i++) {
        free(op->calls[i].body);
        free(op->calls[i].body_file);
        free(op->calls[i].save_to);
    }
    free(op);
}

static void op_fail(struct op *op, const struct err *err)
{
    op_finish(op, err, NULL);
}

static bool parse_state(const char *text, enum job_state *out)
{
    static const char *const names[] = {"queued", "running", "succeeded", "failed", "cancelled"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum job_state)i;
            return true;
        }
    }
    return false;
}

static enum err_code read_status(const cJSON *doc, struct job_status *out, struct err *e)
{
    const char *state = "", *error = "", *artifact = "";
    if (json_get_string(doc, "state", &state, e) != ERR_OK ||
        json_opt_string(doc, "error", &error, e) != ERR_OK)
        return err_prefix(e, "the trainer's job status");
    struct job_status s = {.document = doc};
    if (!parse_state(state, &s.state))
        return err_set(e, ERR_PARSE, "the trainer's job status: state: unknown value \"%s\"",
                       state);
    if (s.state == JOB_SUCCEEDED &&
        json_get_string(doc, "result.artifact_sha256", &artifact, e) != ERR_OK)
        return err_prefix(e, "the trainer's job status");
    if (s.state == JOB_SUCCEEDED && !sha256_is_hex(artifact))
        return err_set(e, ERR_PARSE,
                       "the trainer's job status: result.artifact_sha256: expected a "
                       "SHA-256, got \"%.80s\"",
                       artifact);
    snprintf(s.error, sizeof(s.error), "%s", error);
    snprintf(s.artifact_sha256, sizeof(s.artifact_sha256), "%s", artifact);
    *out = s;
    return ERR_OK;
}

static void op_succeed(struct op *op, const struct http_result *r)
{
    struct err e = {0};
    struct job_status status;
    cJSON *doc = NULL;
    if (!op->want_status) {
        op_finish(op, &e, NULL);
        return;
    }
    enum err_code rc = json_parse("answer", r->body, r->body_len, &doc, &e);
    if (rc == ERR_OK)
        rc = read_status(doc, &status, &e);
    op_finish(op, &e, rc == ERR_OK ? &status : NULL);
    cJSON_Delete(doc);
}

static void op_next(struct op *op);

/* What the job needs was there when it was offered and is gone: offered again, it will be taken. */
static bool misses_something(const struct http_result *r)
{
    cJSON *doc = NULL;
    bool missing = r->code == ERR_OK && r->status == 409 &&
                   json_parse("answer", r->body, r->body_len, &doc, NULL) == ERR_OK &&
                   cJSON_GetArraySize(json_at(doc, "missing")) > 0;
    cJSON_Delete(doc);
    return missing;
}

static void on_answer(const struct http_result *r, void *user)
{
    struct op *op = user;
    struct call *c = &op->calls[op->next++];
    struct err e = {0};
    if (c->probe && r->code == ERR_OK && r->status == 200)
        op->next++; /* it is there: nothing to send */
    else if (!(c->probe && r->code == ERR_OK && r->status == 404) &&
             http_result_check(r, "trainer", &e) != ERR_OK) {
        if (misses_something(r))
            e.code = ERR_BUSY;
        op_fail(op, &e);
        return;
    }
    if (op->next >= op->n_calls)
        op_succeed(op, r);
    else
        op_next(op);
}

static void op_next(struct op *op)
{
    struct call *c = &op->calls[op->next];
    bool transfer = c->body_file || c->save_to;
    struct http_call_options o = {
        .method = c->method,
        .url = c->url,
        .token = op->trainer->token,
        .ca_file = op->trainer->ca_file,
        .body = c->body,
        .body_len = c->body ? strlen(c->body) : 0,
        .body_file = c->body_file,
        .save_to = c->save_to,
        .timeout_ms = transfer ? TRANSFER_TIMEOUT_MS : CONTROL_TIMEOUT_MS,
    };
    struct err e = {0};
    if (http_call_start(op->trainer->client, &o, on_answer, op, NULL, &e) != ERR_OK)
        op_fail(op, &e);
}

static struct op *op_new(struct job_backend *b, job_done *done, void *user)
{
    struct op *op = calloc(1, sizeof(*op));
    if (!op) {
        struct err e = {0};
        err_set(&e, ERR_NOMEM, "no memory for a call to the trainer");
        done(&e, NULL, user);
        return NULL;
    }
    op->trainer = (struct trainer *)b;
    op->done = done;
    op->user = user;
    return op;
}

__attribute__((format(printf, 3, 4))) static struct call *op_add(struct op *op, const char *method,
                                                                 const char *path_fmt, ...)
{
    struct call *c = &op->calls[op->n_calls++];
    va_list ap;
    int len = snprintf(c->url, sizeof(c->url), "%s", op->trainer->url);
    va_start(ap, path_fmt);
    vsnprintf(c->url + len, sizeof(c->url) - (size_t)len, path_fmt, ap);
    va_end(ap);
    c->method = method;
    return c;
}

/* text is owned by a call of op from now on. */
static char *op_own(struct op *op, char *text)
{
    op->no_memory |= text == NULL;
    return text;
}

/* The first call; fails from inside where even that is impossible. */
static void op_start(struct op *op)
{
    struct err e = {0};
    if (!op->no_memory) {
        op_next(op);
        return;
    }
    err_set(&e, ERR_NOMEM, "no memory for a call to the trainer");
    op_fail(op, &e);
}

static void add_push(struct op *op, const char *kind, const char *sha256, const char *path)
{
    op_add(op, "HEAD", "/v1/%s/%s", kind, sha256)->probe = true;
    op_add(op, "PUT", "/v1/%s/%s", kind, sha256)->body_file = op_own(op, strdup(path));
}

static void trainer_push(struct job_backend *b, const struct job_inputs *in, job_done *done,
                         void *user)
{
    struct op *op = op_new(b, done, user);
    if (!op)
        return;
    add_push(op, "snapshots", in->snapshot_sha256, in->snapshot_path);
    if (in->champion_sha256)
        add_push(op, "artifacts", in->champion_sha256, in->champion_path);
    op_start(op);
}

static void trainer_submit(struct job_backend *b, const char *job_id, const cJSON *spec,
                           job_done *done, void *user)
{
    struct op *op = op_new(b, done, user);
    if (!op)
        return;
    op_add(op, "PUT", "/v1/jobs/%s", job_id)->body = op_own(op, json_print(spec));
    op->want_status = true;
    op_start(op);
}

static void trainer_poll(struct job_backend *b, const char *job_id, job_done *done, void *user)
{
    struct op *op = op_new(b, done, user);
    if (!op)
        return;
    op_add(op, "GET", "/v1/jobs/%s", job_id);
    op->want_status = true;
    op_start(op);
}

static void trainer_fetch(struct job_backend *b, const char *job_id, const char *artifact_path,
                          const char *scores_path, job_done *done, void *user)
{
    struct op *op = op_new(b, done, user);
    if (!op)
        return;
    op_add(op, "GET", "/v1/jobs/%s/artifact", job_id)->save_to = op_own(op, strdup(artifact_path));
    op_add(op, "GET", "/v1/jobs/%s/scores", job_id)->save_to = op_own(op, strdup(scores_path));
    op_add(op, "GET", "/v1/jobs/%s", job_id);
    op->want_status = true;
    op_start(op);
}

static void trainer_cancel(struct job_backend *b, const char *job_id, job_done *done, void *user)
{
    struct op *op = op_new(b, done, user);
    if (!op)
        return;
    op_add(op, "POST", "/v1/jobs/%s/cancel", job_id)->body = op_own(op, strdup("{}"));
    op->want_status = true;
    op_start(op);
}

static void trainer_probe(struct job_backend *b, job_done *done, void *user)
{
    struct op *op = op_new(b, done, user);
    if (!op)
        return;
    op_add(op, "GET", "/v1/capacity");
    op_start(op);
}

static void trainer_free(struct job_backend *b)
{
    struct trainer *t = (struct trainer *)b;
    free(t->url);
    free(t->token);
    free(t->ca_file);
    free(t);
}

static const struct job_backend_ops trainer_ops = {
    .name = "leeway-trainer",
    .push = trainer_push,
    .submit = trainer_submit,
    .poll = trainer_poll,
    .fetch = trainer_fetch,
    .cancel = trainer_cancel,
    .probe = trainer_probe,
    .free = trainer_free,
};

enum err_code trainer_backend_new(struct http_client *client, const char *url, const char *token,
                                  const char *ca_file, struct job_backend **out, struct err *e)
{
    if (strlen(url) > MAX_URL_BYTES)
        return err_set(e, ERR_INVALID, "the trainer's URL: expected at most %d bytes, got %zu",
                       MAX_URL_BYTES, strlen(url));
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return err_set(e, ERR_INVALID,
                       "the trainer's URL: expected http://HOST:PORT or https://HOST:PORT, got "
                       "\"%s\"",
                       url);
    struct trainer *t = calloc(1, sizeof(*t));
    if (!t)
        return err_set(e, ERR_NOMEM, "no memory for the trainer backend");
    t->base.ops = &trainer_ops;
    t->client = client;
    t->url = strdup(url);
    t->token = token ? strdup(token) : NULL;
    t->ca_file = ca_file ? strdup(ca_file) : NULL;
    if (!t->url || (token && !t->token) || (ca_file && !t->ca_file)) {
        trainer_free(&t->base);
        return err_set(e, ERR_NOMEM, "no memory for the trainer backend");
    }
    for (size_t len = strlen(t->url); len > 0 && t->url[len - 1] == '/';)
        t->url[--len] = '\0';
    *out = &t->base;
    return ERR_OK;
}
