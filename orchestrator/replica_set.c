/*
 * replica_set.c - one replica per target of the fleet file, and what status pages ask of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "replica_private.h"

const char *replica_url(const struct replica *r)
{
    return r->url;
}

const char *replica_name(const struct replica *r)
{
    return r->name[0] ? r->name : r->url;
}

enum replica_state replica_state(const struct replica *r)
{
    return r->state;
}

const char *replica_error(const struct replica *r)
{
    return r->error;
}

int64_t replica_last_seen_unix_ms(const struct replica *r)
{
    return r->last_seen_unix_ms;
}

const struct replica_model *replica_find_model(const struct replica *r, const char *model)
{
    for (size_t i = 0; i < r->n_models; i++)
        if (strcmp(r->models[i].model, model) == 0)
            return &r->models[i];
    return NULL;
}

static void replica_close(struct replica *r)
{
    r->closing = true;
    if (!r->visiting)
        uv_close((uv_handle_t *)&r->timer, replica_on_closed);
}

static bool wanted(const struct fleet_targets *t, const char *url)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->urls[i], url) == 0)
            return true;
    return false;
}

static bool known(const struct daemon *d, const char *url)
{
    for (size_t i = 0; i < d->n_replicas; i++)
        if (strcmp(d->replicas[i]->url, url) == 0)
            return true;
    return false;
}

static void remove_unwanted(struct daemon *d, const struct fleet_targets *targets)
{
    for (size_t i = d->n_replicas; i-- > 0;) {
        struct replica *r = d->replicas[i];
        if (wanted(targets, r->url))
            continue;
        log_info("replica_removed", LOG_S("url", r->url));
        d->replicas[i] = d->replicas[--d->n_replicas];
        replica_close(r);
    }
}

static void add_replica(struct daemon *d, const char *url)
{
    struct replica *r = calloc(1, sizeof(*r));
    void *grown = realloc(d->replicas, (d->n_replicas + 1) * sizeof(d->replicas[0]));
    if (grown)
        d->replicas = grown;
    if (!r || !grown) {
        log_error("replica_ignored", LOG_S("url", url), LOG_S("error", "out of memory"));
        free(r);
        return;
    }
    r->d = d;
    snprintf(r->url, sizeof(r->url), "%s", url);
    uv_timer_init(d->loop, &r->timer);
    r->timer.data = r;
    uv_timer_start(&r->timer, replica_visit, 0, 0);
    d->replicas[d->n_replicas++] = r;
    log_info("replica_added", LOG_S("url", url));
}

void replica_sync(struct daemon *d, const struct fleet_targets *targets)
{
    remove_unwanted(d, targets);
    for (size_t i = 0; i < targets->n; i++)
        if (!known(d, targets->urls[i]))
            add_replica(d, targets->urls[i]);
}

void replica_close_all(struct daemon *d)
{
    for (size_t i = 0; i < d->n_replicas; i++)
        replica_close(d->replicas[i]);
    free(d->replicas);
    d->replicas = NULL;
    d->n_replicas = 0;
}

void replica_hurry(struct daemon *d)
{
    for (size_t i = 0; i < d->n_replicas; i++) {
        struct replica *r = d->replicas[i];
        r->hurry = true;
        if (!r->visiting && r->state == REPLICA_UP)
            uv_timer_start(&r->timer, replica_visit, 0, 0);
    }
}

static cJSON *model_to_json(const struct daemon *d, const struct replica_model *m)
{
    const struct model_view *view = daemon_model(d, m->model);
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "model", m->model);
    cJSON_AddNumberToObject(j, "generation", (double)m->generation);
    cJSON_AddNumberToObject(j, "wanted_generation", view ? (double)view->generation : 0);
    cJSON_AddItemToObject(j, "champion",
                          m->champion[0] ? cJSON_CreateString(m->champion) : cJSON_CreateNull());
    cJSON_AddItemToObject(j, "candidate",
                          m->candidate[0] ? cJSON_CreateString(m->candidate) : cJSON_CreateNull());
    cJSON_AddNumberToObject(j, "requests", (double)m->requests);
    cJSON_AddNumberToObject(j, "errors", (double)m->errors);
    cJSON_AddNumberToObject(j, "log_behind", (double)m->log_behind);
    cJSON_AddNumberToObject(j, "log_dropped", (double)m->log_dropped);
    if (m->refused[0])
        cJSON_AddStringToObject(j, "refused", m->refused);
    return j;
}

cJSON *replica_to_json(const struct daemon *d, const struct replica *r)
{
    static const char *const states[] = {"unknown", "up", "down"};
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "replica", replica_name(r));
    cJSON_AddStringToObject(j, "url", r->url);
    cJSON_AddStringToObject(j, "state", states[r->state]);
    cJSON_AddItemToObject(j, "error",
                          r->error[0] ? cJSON_CreateString(r->error) : cJSON_CreateNull());
    cJSON_AddItemToObject(j, "last_seen_unix_ms",
                          r->last_seen_unix_ms ? cJSON_CreateNumber((double)r->last_seen_unix_ms)
                                               : cJSON_CreateNull());
    cJSON *models = cJSON_AddArrayToObject(j, "models");
    for (size_t i = 0; i < r->n_models; i++)
        cJSON_AddItemToArray(models, model_to_json(d, &r->models[i]));
    return j;
}
