/*
 * replica.c - see replica.h: the visits. Reads in time order: replica_visit, fetch_report,
 * on_report, on_report_ingested, fetch_observations, on_observations, on_observations_ingested,
 * next_model, finish.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "deploy.h"
#include "replica_private.h"
#include "store/observation_store.h"
#include "watch.h"

#define VISIT_TIMEOUT_MS 10000
#define PAGE_ROWS 5000
#define BACKOFF_MAX_MS 15000
#define REPORT_MAX_BYTES (256u << 20)
/* One thing on its way through the worker; owns its bytes. */
struct ingest {
    struct replica *replica;
    char model[128], log_id[64];
    char *bytes;
    size_t len;
    int64_t next_seq, now_unix_ms;
    size_t n_stored, n_lines;
    struct report_outcome outcome;
};

static void fetch_report(struct replica *r);
static void fetch_observations(struct replica *r, const char *model, int64_t from_seq);
static void next_model(struct replica *r);
static void finish(struct replica *r);

static struct replica_model *need_model(struct replica *r, const char *model)
{
    struct replica_model *m = (struct replica_model *)replica_find_model(r, model);
    if (m || r->n_models == DAEMON_MAX_MODELS)
        return m;
    m = &r->models[r->n_models++];
    *m = (struct replica_model){0};
    snprintf(m->model, sizeof(m->model), "%s", model);
    return m;
}

static void announce(struct replica *r)
{
    hub_send(&r->d->hub, "replica", replica_to_json(r->d, r));
}

static void note_failure(struct replica *r, const char *what)
{
    snprintf(r->error, sizeof(r->error), "%s", what);
    r->visit_failed = true;
    r->d->counters.collect_failures++;
    if (r->state == REPLICA_DOWN ||
        r->closing) /* closing: its calls are cancelled, it is not down */
        return;
    r->state = REPLICA_DOWN;
    log_warn("replica_down", LOG_S("replica", replica_name(r)), LOG_S("url", r->url),
             LOG_S("error", what), LOG_S("next", "visited again with backoff; nothing is lost"));
    announce(r);
}

/* What came could not be taken in. Where that is the store's trouble, or will be right with the
 * next report, the replica is not to blame: it is visited again later, and keeps its log meanwhile.
 */
static void note_error(struct replica *r, const struct err *err)
{
    bool own = err->code == ERR_NO_SPACE || err->code == ERR_IO || err->code == ERR_BUSY ||
               err->code == ERR_NOMEM || err->code == ERR_CANCELLED;
    if (own)
        r->visit_failed = true;
    else
        note_failure(r, err->message);
}

static void note_success(struct replica *r)
{
    r->last_seen_unix_ms = clock_unix_ms();
    if (r->state == REPLICA_UP)
        return;
    r->state = REPLICA_UP;
    r->error[0] = '\0';
    log_info("replica_up", LOG_S("replica", replica_name(r)), LOG_S("url", r->url));
    announce(r);
}

void replica_on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void replica_visit(uv_timer_t *timer)
{
    struct replica *r = timer->data;
    r->visiting = true;
    r->hurry = false;
    r->visit_failed = r->met = false;
    r->at[0] = '\0';
    r->d->counters.collect_passes++;
    fetch_report(r);
}

/* The pause before the next visit: the configured one, or doubled per failure up to a bound. */
static int64_t pause_ms(const struct replica *r)
{
    int64_t pause = r->d->options.collect_ms;
    for (int i = 1; i < r->failures && pause < BACKOFF_MAX_MS; i++)
        pause *= 2;
    return pause < BACKOFF_MAX_MS ? pause : BACKOFF_MAX_MS;
}

static void finish(struct replica *r)
{
    r->visiting = false;
    r->failures = r->visit_failed ? r->failures + 1 : 0;
    if (r->closing)
        uv_close((uv_handle_t *)&r->timer, replica_on_closed);
    else
        uv_timer_start(&r->timer, replica_visit, r->hurry ? 0 : (uint64_t)pause_ms(r), 0);
}

static const struct model_view *visited(const struct replica *r)
{
    return daemon_model(r->d, r->at);
}

static void next_model(struct replica *r)
{
    if (r->closing || r->visit_failed)
        finish(r);
    else
        fetch_report(r);
}

static enum err_code start_get(struct replica *r, const char *url, http_call_done *done,
                               struct err *e)
{
    struct http_call_options o = {.url = url,
                                  .token = r->d->peer_token,
                                  .ca_file = r->d->options.peer_ca_file,
                                  .max_body_bytes = REPORT_MAX_BYTES,
                                  .timeout_ms = VISIT_TIMEOUT_MS};
    return http_call_start(r->d->client, &o, done, r, NULL, e);
}

/* ---- bringing a replica up to date ---- */

struct catch_up {
    struct replica *replica;
    char model[128];
    int64_t generation;
};

static void on_deployed(const struct err *err, void *user)
{
    struct catch_up *c = user;
    struct replica *r = c->replica;
    struct replica_model *m = need_model(r, c->model);
    if (m && err->code == ERR_REFUSED) {
        snprintf(m->refused, sizeof(m->refused), "%s", err->message);
        m->refused_generation = c->generation;
        log_error("replica_refused", LOG_S("replica", replica_name(r)), LOG_S("model", c->model),
                  LOG_I("generation", c->generation), LOG_S("error", err->message));
    } else if (err->code != ERR_OK && err->code != ERR_CONFLICT) {
        note_failure(r, err->message);
    } else if (m && err->code == ERR_OK) {
        m->generation = c->generation;
        m->refused[0] = '\0';
        note_success(r);
        log_info("replica_updated", LOG_S("replica", replica_name(r)), LOG_S("model", c->model),
                 LOG_I("generation", c->generation));
    }
    free(c);
    next_model(r);
}

/* Pushes the wanted state where the replica runs an older one; otherwise the visit of this model is
 * over. A state that the replica has refused is not pushed again before it changes. */
static void catch_up(struct replica *r, const struct model_view *view)
{
    const struct replica_model *m = replica_find_model(r, view->name);
    int64_t runs = m ? m->generation : 0;
    bool refused = m && m->refused[0] && m->refused_generation == view->generation;
    if (runs >= view->generation || refused || r->closing) {
        next_model(r);
        return;
    }
    struct err e = {0};
    struct catch_up *c = calloc(1, sizeof(*c));
    struct deploy_target target = {.replica_url = r->url,
                                   .token = r->d->peer_token,
                                   .ca_file = r->d->options.peer_ca_file,
                                   .model = view->name,
                                   .desired = view->desired,
                                   .artifact_dir = r->d->artifact_dir};
    if (c) {
        *c = (struct catch_up){.replica = r, .generation = view->generation};
        snprintf(c->model, sizeof(c->model), "%s", view->name);
    }
    if (!c || deploy_start(r->d->client, &target, on_deployed, c, &e) != ERR_OK) {
        free(c);
        note_failure(r, e.message);
        next_model(r);
    }
}

/* ---- report ---- */

static void ingest_free(struct ingest *in)
{
    free(in->bytes);
    free(in);
}

static struct ingest *ingest_new(struct replica *r, const char *model,
                                 const struct http_result *res)
{
    struct ingest *in = calloc(1, sizeof(*in));
    if (!in)
        return NULL;
    in->bytes = malloc(res->body_len + 1);
    if (!in->bytes) {
        free(in);
        return NULL;
    }
    memcpy(in->bytes, res->body, res->body_len);
    in->len = res->body_len;
    in->replica = r;
    in->now_unix_ms = clock_unix_ms();
    snprintf(in->model, sizeof(in->model), "%s", model);
    return in;
}

static void ingest_report_work(struct store *s, void *data, struct err *e)
{
    struct ingest *in = data;
    watch_ingest_report(in->replica->d->watch, s, in->model, in->replica->url, in->bytes, in->len,
                        in->now_unix_ms, &in->outcome, e);
}

static void remember_outcome(struct replica *r, const struct ingest *in)
{
    const struct report_outcome *o = &in->outcome;
    struct replica_model *m = need_model(r, in->model);
    snprintf(r->name, sizeof(r->name), "%s", o->replica);
    snprintf(r->instance, sizeof(r->instance), "%s", o->instance);
    if (!m)
        return;
    snprintf(r->log_id, sizeof(r->log_id), "%s", o->log_id);
    m->generation = o->generation;
    snprintf(m->champion, sizeof(m->champion), "%s", o->champion);
    snprintf(m->candidate, sizeof(m->candidate), "%s", o->candidate);
    m->requests = o->requests;
    m->errors = o->errors;
    m->log_behind = o->log_next - o->from_seq;
    m->log_dropped = o->log_dropped;
}

static void on_report_ingested(void *data, const struct err *err)
{
    struct ingest *in = data;
    struct replica *r = in->replica;
    daemon_note_store(r->d, err);
    if (err->code != ERR_OK) {
        note_error(r, err);
        next_model(r);
    } else {
        remember_outcome(r, in);
        note_success(r);
        r->d->counters.reports_ingested++;
        if (in->outcome.windows_closed > 0)
            hub_send_model(&r->d->hub, "window", in->model);
        fetch_observations(r, in->model, in->outcome.from_seq);
    }
    ingest_free(in);
}

static void on_report(const struct http_result *res, void *user)
{
    struct replica *r = user;
    const struct model_view *view = visited(r);
    struct err e = {0};
    if (!view) { /* the model went away meanwhile */
        finish(r);
        return;
    }
    r->log_id[0] = '\0';
    if (res->code == ERR_OK && res->status == 404) { /* it has never served this model */
        struct replica_model *m = need_model(r, view->name);
        if (m)
            m->generation = 0;
        note_success(r);
        catch_up(r, view);
        return;
    }
    struct ingest *in = NULL;
    if (http_result_check(res, "report", &e) == ERR_OK) {
        in = ingest_new(r, view->name, res);
        if (!in)
            err_set(&e, ERR_NOMEM, "no memory for a report of %zu bytes", res->body_len);
    }
    if (!in) {
        note_failure(r, e.message);
        next_model(r);
        return;
    }
    daemon_work(r->d, ingest_report_work, on_report_ingested, in);
}

/* Without a model there is still something to learn: whether the replica is there. */
static void on_hello(const struct http_result *res, void *user)
{
    struct replica *r = user;
    struct err e = {0};
    if (http_result_check(res, "replica", &e) == ERR_OK)
        note_success(r);
    else
        note_failure(r, e.message);
    finish(r);
}

/* ---- a model that is not to be served any more ---- */

static void on_withdrawn(const struct http_result *res, void *user)
{
    struct replica *r = user;
    const struct model_view *view = visited(r);
    struct replica_model *m = view ? need_model(r, view->name) : NULL;
    struct err e = {0};
    bool gone = res->code == ERR_OK && res->status == 404;
    if (!gone && http_result_check(res, "withdrawal", &e) != ERR_OK) {
        note_failure(r, e.message);
    } else if (m) {
        m->generation = view->generation;
        m->champion[0] = m->candidate[0] = '\0';
        note_success(r);
    }
    next_model(r);
}

static enum err_code withdraw(struct replica *r, const struct model_view *view, struct err *e)
{
    char url[640];
    snprintf(url, sizeof(url), "%s/leeway/v1/models/%s", r->url, view->name);
    struct http_call_options o = {.method = "DELETE",
                                  .url = url,
                                  .token = r->d->peer_token,
                                  .ca_file = r->d->options.peer_ca_file,
                                  .timeout_ms = VISIT_TIMEOUT_MS};
    return http_call_start(r->d->client, &o, on_withdrawn, r, NULL, e);
}

/* Nothing to do at this replica for the model: it was never served, or was withdrawn here already.
 */
static bool nothing_to_visit(const struct replica *r, const struct model_view *view)
{
    const struct replica_model *m = replica_find_model(r, view->name);
    return view->generation == 0 ||
           (!view->desired && m && m->generation == view->generation && !m->champion[0]);
}

/* The first model by name after the one that was visited, of those that ask for a visit. */
static const struct model_view *next_to_visit(const struct replica *r)
{
    const struct model_view *next = NULL;
    for (size_t i = 0; i < r->d->n_models; i++) {
        const struct model_view *view = &r->d->models[i];
        if (strcmp(view->name, r->at) > 0 && (!next || strcmp(view->name, next->name) < 0) &&
            !nothing_to_visit(r, view))
            next = view;
    }
    return next;
}

static void fetch_report(struct replica *r)
{
    const struct model_view *view = next_to_visit(r);
    struct err e = {0};
    char url[640];
    enum err_code rc;
    if (!view && r->met) {
        finish(r);
        return;
    }
    r->met = true;
    snprintf(r->at, sizeof(r->at), "%s", view ? view->name : "");
    if (view && !view->desired) {
        rc = withdraw(r, view, &e);
    } else if (view) {
        snprintf(url, sizeof(url), "%s/leeway/v1/models/%s/report", r->url, view->name);
        rc = start_get(r, url, on_report, &e);
    } else {
        snprintf(url, sizeof(url), "%s/leeway/v1/replica", r->url);
        rc = start_get(r, url, on_hello, &e);
    }
    if (rc != ERR_OK) {
        note_failure(r, e.message);
        finish(r);
    }
}

/* ---- observations ---- */

static void ingest_observations_work(struct store *s, void *data, struct err *e)
{
    struct ingest *in = data;
    struct observation_ingested out = {0};
    struct observation_batch batch = {.model = in->model,
                                      .replica = in->replica->name,
                                      .log_id = in->log_id,
                                      .next_seq = in->next_seq};
    observation_ingest_ndjson(s, &batch, in->bytes, in->len, &out, e);
    in->n_stored = (size_t)out.n_new;
    in->n_lines = (size_t)(out.n_new + out.n_duplicate + out.n_repeated);
}

static void on_observations_ingested(void *data, const struct err *err)
{
    struct ingest *in = data;
    struct replica *r = in->replica;
    const struct model_view *view = visited(r);
    bool more = in->n_lines >= PAGE_ROWS;
    daemon_note_store(r->d, err);
    r->d->counters.observations_ingested += in->n_stored;
    if (err->code != ERR_OK)
        note_error(r, err);
    if (err->code != ERR_OK || r->closing || !view)
        next_model(r);
    else if (more)
        fetch_observations(r, in->model, in->next_seq);
    else
        catch_up(r, view);
    ingest_free(in);
}

/* The page must be of the log that the offset was for: a replica that was given a new folder since
 * its report would lose what lies before it. */
static enum err_code check_page(const struct replica *r, const struct http_result *res,
                                int64_t *next_seq, struct err *e)
{
    const char *log_id = http_result_header(res, "Leeway-Log-Id");
    const char *text = http_result_header(res, "Leeway-Next-Seq");
    char *end = NULL;
    enum err_code rc = http_result_check(res, "observations", e);
    if (rc != ERR_OK)
        return rc;
    if (strcmp(log_id, r->log_id) != 0)
        return err_set(e, ERR_BUSY, "observations: log %s was asked for, %s answered", r->log_id,
                       log_id);
    *next_seq = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || *next_seq < 0)
        return err_set(e, ERR_PARSE,
                       "observations: Leeway-Next-Seq: expected a number, got \"%.40s\"", text);
    return ERR_OK;
}

static void on_observations(const struct http_result *res, void *user)
{
    struct replica *r = user;
    struct err e = {0};
    struct ingest *in = NULL;
    int64_t next_seq = 0;
    if (check_page(r, res, &next_seq, &e) == ERR_OK) {
        in = ingest_new(r, r->at, res);
        if (!in)
            err_set(&e, ERR_NOMEM, "no memory for %zu bytes of observations", res->body_len);
    }
    if (!in) {
        note_error(r, &e);
        next_model(r);
        return;
    }
    snprintf(in->log_id, sizeof(in->log_id), "%s", r->log_id);
    in->next_seq = next_seq;
    daemon_work(r->d, ingest_observations_work, on_observations_ingested, in);
}

static void fetch_observations(struct replica *r, const char *model, int64_t from_seq)
{
    struct err e = {0};
    char url[700];
    snprintf(url, sizeof(url), "%s/leeway/v1/models/%s/observations?from=%lld&limit=%d", r->url,
             model, (long long)from_seq, PAGE_ROWS);
    if (start_get(r, url, on_observations, &e) != ERR_OK) {
        note_failure(r, e.message);
        next_model(r);
    }
}
