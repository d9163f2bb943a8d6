/* api_status.c - health, status, replicas and live events. */
#include <stdio.h>
#include <string.h>

#include "api_private.h"
#include "base/clock.h"
#include "base/json.h"
#include "driver.h"
#include "replica.h"
#include "store/registry.h"
#include "store_health.h"
#include "trainer_health.h"

void api_get_live(struct http_request *req, void *user)
{
    (void)user;
    cJSON *j = cJSON_CreateObject();
    cJSON_AddBoolToObject(j, "live", true);
    http_respond_json(req, 200, j);
}

/* Asks the worker, so that one that hangs is not called ready. */
static void ready_work(struct store *s, struct api_call *call, struct err *e)
{
    cJSON *models = NULL;
    registry_list_models(s, &models, e);
    cJSON_Delete(models);
    call->out = cJSON_CreateObject();
}

static void add_readiness(struct api_call *call)
{
    const char *problem = store_health_problem(call->d->store_health);
    cJSON_AddBoolToObject(call->out, "ready", problem[0] == '\0');
    if (problem[0] == '\0')
        return;
    call->status = 503;
    cJSON_AddStringToObject(call->out, "error", problem);
}

void api_get_ready(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (!call)
        return;
    call->then = add_readiness;
    api_submit(call, ready_work);
}

void api_get_events(struct http_request *req, void *user)
{
    struct daemon *d = user;
    hub_join(&d->hub, req);
}

static cJSON *replicas_json(const struct daemon *d)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < d->n_replicas; i++)
        cJSON_AddItemToArray(list, replica_to_json(d, d->replicas[i]));
    return list;
}

void api_list_replicas(struct http_request *req, void *user)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddItemToObject(j, "replicas", replicas_json(user));
    http_respond_json(req, 200, j);
}

static cJSON *trainer_json(const struct daemon *d)
{
    cJSON *j = cJSON_CreateObject();
    const char *problem = trainer_health_problem(d->trainer_health);
    cJSON_AddStringToObject(j, "url", d->options.trainer_url ? d->options.trainer_url : "");
    cJSON_AddStringToObject(j, "state", trainer_health_state(d->trainer_health));
    cJSON_AddItemToObject(j, "error",
                          problem[0] ? cJSON_CreateString(problem) : cJSON_CreateNull());
    return j;
}

static void add_problem(cJSON *list, const char *what, const char *text)
{
    char line[800];
    if (text[0] == '\0')
        return;
    snprintf(line, sizeof(line), "%s%s%s", what ? what : "", what ? ": " : "", text);
    cJSON_AddItemToArray(list, cJSON_CreateString(line));
}

/* A generation that was never given out here: the fleet listens to another leewayd, or this one's
 * data are older than what it once said. Its pushes are refused as old until somebody looks. */
static void add_unknown_generation(cJSON *list, const struct replica *r,
                                   const struct model_view *view, const struct replica_model *seen)
{
    char text[400];
    if (seen->generation <= view->generation)
        return;
    snprintf(text, sizeof(text),
             "runs generation %lld of %s, the newest here is %lld: is it told by another leewayd?",
             (long long)seen->generation, view->name, (long long)view->generation);
    add_problem(list, replica_name(r), text);
}

static void add_replica_problems(cJSON *list, const struct daemon *d, const struct replica *r)
{
    if (replica_state(r) == REPLICA_DOWN)
        add_problem(list, replica_name(r), replica_error(r));
    for (size_t m = 0; m < d->n_models; m++) {
        const struct replica_model *seen = replica_find_model(r, d->models[m].name);
        if (!seen)
            continue;
        add_problem(list, replica_name(r), seen->refused);
        add_unknown_generation(list, r, &d->models[m], seen);
    }
}

static cJSON *problems_json(const struct daemon *d)
{
    cJSON *list = cJSON_CreateArray();
    add_problem(list, "store", store_health_problem(d->store_health));
    add_problem(list, "fleet file", d->fleet_problem);
    add_problem(list, NULL, trainer_health_problem(d->trainer_health));
    add_problem(list, "decisions", driver_problem(d->driver));
    if (!d->backend)
        add_problem(list, "trainer", "none is configured: start leewayd with --trainer URL");
    for (size_t i = 0; i < d->n_replicas; i++)
        add_replica_problems(list, d, d->replicas[i]);
    return list;
}

static void status_work(struct store *s, struct api_call *call, struct err *e)
{
    cJSON *models = NULL;
    const cJSON *item = NULL;
    cJSON *list = cJSON_CreateArray();
    enum err_code rc = registry_list_models(s, &models, e);
    cJSON_ArrayForEach(item, models)
    {
        const char *name = "";
        cJSON *one = NULL;
        json_opt_string(item, "name", &name, NULL);
        if (rc == ERR_OK)
            rc = api_model_json(call->d, s, name, false, &one, e);
        if (rc == ERR_OK)
            cJSON_AddItemToArray(list, one);
    }
    cJSON_Delete(models);
    call->out = cJSON_CreateObject();
    cJSON_AddItemToObject(call->out, "models", list);
}

/* The fleet and the trainer are the loop thread's to tell. */
static void add_loop_side(struct api_call *call)
{
    const struct daemon *d = call->d;
    cJSON_AddStringToObject(call->out, "version", LEEWAY_VERSION);
    cJSON_AddNumberToObject(call->out, "now_unix_ms", (double)clock_unix_ms());
    cJSON_AddNumberToObject(call->out, "started_unix_ms", (double)d->started_unix_ms);
    cJSON_AddItemToObject(call->out, "replicas", replicas_json(d));
    cJSON_AddItemToObject(call->out, "trainer", trainer_json(d));
    cJSON_AddItemToObject(call->out, "problems", problems_json(d));
}

void api_get_status(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (!call)
        return;
    call->then = add_loop_side;
    api_submit(call, status_work);
}
