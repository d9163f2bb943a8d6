/*
 * api_rollback.c - an earlier version back into service, at once: the store first, then every
 * replica in parallel, then the answer with how many took it. A replica that is away gets it at its
 * next visit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_private.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "campaign.h"
#include "deploy.h"
#include "driver.h"
#include "replica.h"
#include "store/registry.h"
#include "store/run_store.h"

struct rollback {
    struct api_call *call;
    char to[128];
    char active_run[RUN_ID_BYTES]; /* a rollout under way: its candidate is what is rolled back */
    char candidate[32], champion[32];
    struct campaign_rollback result;
    char *desired;
    int64_t began_ms;
    int replicas, reached;
    size_t pushes_left;
};

static void rollback_free(struct rollback *r)
{
    free(r->desired);
    free(r);
}

static void refuse(struct rollback *r, const struct err *err)
{
    http_respond_err(r->call->req, err);
    api_call_free(r->call);
    rollback_free(r);
}

static void answer(struct rollback *r)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "from", r->result.from);
    cJSON_AddStringToObject(j, "to", r->result.to);
    cJSON_AddNumberToObject(j, "generation", (double)r->result.generation);
    cJSON_AddNumberToObject(j, "replicas_reached", r->reached);
    cJSON_AddNumberToObject(j, "replicas", r->replicas);
    cJSON_AddNumberToObject(j, "elapsed_ms", (double)(clock_mono_ms() - r->began_ms));
    if (r->active_run[0])
        cJSON_AddStringToObject(j, "run", r->active_run);
    http_respond_json(r->call->req, 200, j);
    api_call_free(r->call);
    rollback_free(r);
}

static void on_pushed(const struct err *err, void *user)
{
    struct rollback *r = user;
    r->reached += err->code == ERR_OK;
    if (--r->pushes_left == 0)
        answer(r);
}

static void push_all(struct rollback *r)
{
    struct daemon *d = r->call->d;
    r->pushes_left = 1;
    for (size_t i = 0; i < d->n_replicas; i++) {
        struct deploy_target target = {.replica_url = replica_url(d->replicas[i]),
                                       .token = d->peer_token,
                                       .ca_file = d->options.peer_ca_file,
                                       .model = r->call->model,
                                       .desired = r->desired,
                                       .artifact_dir = d->artifact_dir};
        struct err e = {0};
        r->replicas++;
        if (deploy_start(d->client, &target, on_pushed, r, &e) == ERR_OK)
            r->pushes_left++;
    }
    if (--r->pushes_left == 0)
        answer(r);
}

static void rollback_work(struct store *s, void *data, struct err *e)
{
    struct rollback *r = data;
    struct api_call *call = r->call;
    cJSON *body = NULL;
    int64_t generation = 0;
    enum err_code rc = campaign_rollback(call->d->watch, s, call->model, r->to[0] ? r->to : NULL,
                                         call->actor, call->reason, clock_unix_ms(), &r->result, e);
    if (rc == ERR_OK)
        rc = registry_get_desired(s, call->model, &body, &generation, e);
    if (rc == ERR_OK && body)
        r->desired = json_print(body);
    if (rc == ERR_OK && !r->desired)
        err_set(e, ERR_NOMEM, "out of memory");
    cJSON_Delete(body);
}

static void on_rolled_back(void *data, const struct err *err)
{
    struct rollback *r = data;
    struct daemon *d = r->call->d;
    if (r->result.to[0]) /* it is in the store, whatever came after */
        daemon_refresh_models(d);
    if (err->code != ERR_OK) {
        refuse(r, err);
        return;
    }
    log_warn("rollback", LOG_S("model", r->call->model), LOG_S("from", r->result.from),
             LOG_S("to", r->result.to), LOG_S("actor", r->call->actor),
             LOG_S("reason", r->call->reason));
    hub_send_model(&d->hub, "model", r->call->model);
    push_all(r);
}

/* ---- a rollout under way is taken back through its run ---- */

static void on_run_told(void *user, const struct campaign_step *step, const struct err *err)
{
    struct rollback *r = user;
    struct err refused = {0};
    if (err->code == ERR_OK && step->outcome.answer == RUN_REFUSED)
        err_set(&refused, ERR_CONFLICT, "%s", step->outcome.reason);
    if (err->code != ERR_OK || refused.code != ERR_OK) {
        refuse(r, err->code != ERR_OK ? err : &refused);
        return;
    }
    snprintf(r->result.from, sizeof(r->result.from), "%s", step->run.candidate_label);
    snprintf(r->result.to, sizeof(r->result.to), "%s", step->run.champion_label);
    r->replicas = r->reached = 0; /* the run pushes, and its timeline says how it went */
    answer(r);
}

static void find_run_work(struct store *s, void *data, struct err *e)
{
    struct rollback *r = data;
    struct run *runs = NULL;
    size_t n = 0;
    enum err_code rc = run_store_load_active(s, &runs, &n, e);
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        bool rolling = runs[i].state >= RUN_DISTRIBUTE && runs[i].state <= RUN_PROMOTE;
        if (strcmp(runs[i].model, r->call->model) == 0 && rolling)
            snprintf(r->active_run, sizeof(r->active_run), "%s", runs[i].id);
    }
    free(runs);
}

static void on_run_found(void *data, const struct err *err)
{
    struct rollback *r = data;
    struct daemon *d = r->call->d;
    if (err->code != ERR_OK)
        refuse(r, err);
    else if (r->active_run[0] && r->to[0] == '\0')
        driver_operate(d->driver, r->active_run, RUN_EV_ROLLBACK, r->call->actor, r->call->reason,
                       on_run_told, r);
    else
        daemon_work(d, rollback_work, on_rolled_back, r);
}

void api_rollback(struct http_request *req, void *user)
{
    struct err e = {0};
    const char *to = "", *reason = "";
    struct api_call *call = api_call_new(req, user);
    if (!call || !api_read_body(call))
        return;
    struct rollback *r = calloc(1, sizeof(*r));
    if (!r) {
        api_fail(call, ERR_NOMEM, "out of memory");
        return;
    }
    r->call = call;
    r->began_ms = clock_mono_ms();
    if (json_get_string(call->body, "reason", &reason, &e) != ERR_OK ||
        json_opt_string(call->body, "to", &to, &e) != ERR_OK) {
        refuse(r, &e);
        return;
    }
    snprintf(r->to, sizeof(r->to), "%s", to);
    snprintf(call->reason, sizeof(call->reason), "%s", reason);
    daemon_work(call->d, find_run_work, on_run_found, r);
}
