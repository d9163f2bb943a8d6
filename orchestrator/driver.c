/* driver.c - see driver.h. */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "driver_private.h"
#include "notify.h"
#include "replica.h"
#include "run_json.h"
#include "store/run_store.h"
#include "watch.h"

#define RETRY_FIRST_MS 500
#define RETRY_MAX_MS 30000

/* ---- the runs that are carried ---- */

static struct carried *find(struct driver *dr, const char *run_id)
{
    for (struct carried *c = dr->runs; c; c = c->next)
        if (strcmp(c->run.id, run_id) == 0)
            return c;
    return NULL;
}

static struct carried *take_up(struct driver *dr, const struct run *run)
{
    struct carried *c = calloc(1, sizeof(*c));
    if (!c) {
        log_error("run_not_carried", LOG_S("run", run->id), LOG_S("error", "out of memory"),
                  LOG_S("next", "taken up at the next start"));
        return NULL;
    }
    c->driver = dr;
    c->run = *run;
    c->next = dr->runs;
    dr->runs = c;
    return c;
}

static void let_go(struct carried *c)
{
    struct carried **at = &c->driver->runs;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    free(c);
}

/* ---- events ---- */

struct event_work *event_new(struct carried *c, enum run_event_kind kind)
{
    struct event_work *w = calloc(1, sizeof(*w));
    if (!w) {
        log_error("event_lost", LOG_S("run", c->run.id), LOG_S("event", run_event_name(kind)),
                  LOG_S("next", "the state's deadline ends it"));
        return NULL;
    }
    w->driver = c->driver;
    w->kind = kind;
    w->action_seq = c->acting_seq;
    snprintf(w->run_id, sizeof(w->run_id), "%s", c->run.id);
    return w;
}

static void event_free(struct event_work *w)
{
    free(w->detail);
    free(w->manifest);
    free(w);
}

static void on_retry_closed(uv_handle_t *handle)
{
    event_free(handle->data);
}

/* Only a work item that was retried has a live timer handle. */
static void event_end(struct event_work *w)
{
    if (w->tries > 0)
        uv_close((uv_handle_t *)&w->retry, on_retry_closed);
    else
        event_free(w);
}

static void step_work(struct store *s, void *data, struct err *e)
{
    struct event_work *w = data;
    struct run_event ev = {.kind = w->kind,
                           .action_seq = w->action_seq,
                           .actor = w->actor[0] ? w->actor : NULL,
                           .text = w->text[0] ? w->text : NULL,
                           .retryable = w->retryable,
                           .sha256 = w->sha256,
                           .n_rows = w->n_rows,
                           .replicas = w->replicas,
                           .replicas_away = w->replicas_away,
                           .job = w->job,
                           .progress = w->progress,
                           .verdict = w->verdict,
                           .champion_requests = w->champion_requests,
                           .candidate_requests = w->candidate_requests,
                           .detail = w->detail};
    struct campaign_version version = {
        .sha256 = w->sha256, .path = w->artifact_path, .manifest_json = w->manifest};
    campaign_step(w->driver->d->watch, s, w->run_id, &ev, w->artifact_path[0] ? &version : NULL,
                  clock_unix_ms(), &w->step, e);
}

static void on_stepped(void *data, const struct err *err);

static void stop_waiting(struct event_work *w)
{
    struct event_work **at = &w->driver->waiting;
    while (*at != w)
        at = &(*at)->next_waiting;
    *at = w->next_waiting;
}

static void on_retry(uv_timer_t *timer)
{
    struct event_work *w = timer->data;
    stop_waiting(w);
    daemon_work(w->driver->d, step_work, on_stepped, w);
}

/* Nothing of the run moves before its event is durable: offer it again, later and later. */
static void retry_later(struct event_work *w, const struct err *err)
{
    int64_t wait_ms = RETRY_FIRST_MS;
    for (int i = 0; i < w->tries && wait_ms < RETRY_MAX_MS; i++)
        wait_ms *= 2;
    log_error("event_not_stored", LOG_S("run", w->run_id), LOG_S("event", run_event_name(w->kind)),
              LOG_S("error", err->message), LOG_I("next_try_ms", wait_ms));
    if (w->tries++ == 0) {
        uv_timer_init(w->driver->d->loop, &w->retry);
        w->retry.data = w;
    }
    w->next_waiting = w->driver->waiting;
    w->driver->waiting = w;
    uv_timer_start(&w->retry, on_retry, (uint64_t)wait_ms, 0);
}

static void tell(struct driver *dr, const struct campaign_step *step)
{
    const struct run *r = &step->run;
    if (!step->outcome.transition)
        return;
    dr->d->counters.transitions++;
    log_info("run", LOG_S("run", r->id), LOG_S("model", r->model),
             LOG_S("from", run_state_name(step->outcome.from)),
             LOG_S("to", run_state_name(r->state)), LOG_S("reason", r->reason));
    hub_send(&dr->d->hub, "run", run_brief_json(r));
    if (step->outcome.from == RUN_FETCH || run_state_is_end(r->state)) /* one came, or was judged */
        hub_send_model(&dr->d->hub, "version", r->model);
    notify_send(dr->d, &step->notice, r->model, r->id, r->reason);
}

/* The machine's own words have the attempt and the wait: one line for each try. */
static void tell_failure(const struct event_work *w)
{
    const struct run_outcome *out = &w->step.outcome;
    if (w->kind == RUN_EV_ACTION_FAILED && out->answer == RUN_DONE && !out->transition)
        log_warn("run_action_failed", LOG_S("run", w->run_id), LOG_S("reason", out->reason));
}

static void after_step(struct carried *c, const struct campaign_step *step)
{
    c->run = step->run;
    tell(c->driver, step);
    if (step->desired_changed)
        daemon_refresh_models(c->driver->d);
    if (step->outcome.action != RUN_ACT_NONE && !c->driver->closed) {
        if (c->acting)
            c->action_waiting = true;
        else
            action_start(c);
    }
    if (run_state_is_end(c->run.state) && !c->acting && c->steps_in_flight == 0)
        let_go(c);
}

/* An outcome has been taken: the next action may start. */
static void action_over(struct carried *c, const struct event_work *w)
{
    bool outcome = w->kind >= RUN_EV_ACTION_OK && w->kind <= RUN_EV_ROLLOUT_NUMBERS;
    if (outcome && c->acting && w->action_seq == c->acting_seq)
        c->acting = false;
}

static void on_stepped(void *data, const struct err *err)
{
    struct event_work *w = data;
    struct driver *dr = w->driver;
    struct carried *c = find(dr, w->run_id);
    daemon_note_store(dr->d, err);
    if (err->code != ERR_OK && !w->done && !dr->closed) {
        retry_later(w, err);
        return;
    }
    if (w->done)
        w->done(w->user, err->code == ERR_OK ? &w->step : NULL, err);
    if (c && w->counted)
        c->steps_in_flight--;
    if (err->code == ERR_OK)
        tell_failure(w);
    if (c && err->code == ERR_OK) {
        action_over(c, w);
        after_step(c, &w->step);
    }
    c = find(dr, w->run_id);
    if (c && c->action_waiting && !c->acting && !dr->closed) {
        c->action_waiting = false;
        action_start(c);
    }
    event_end(w);
}

void event_submit(struct event_work *w)
{
    struct carried *c = find(w->driver, w->run_id);
    w->counted = c != NULL;
    if (c)
        c->steps_in_flight++;
    daemon_work(w->driver->d, step_work, on_stepped, w);
}

/* Whether the same call may succeed later. What a peer refuses for its content stays refused. */
static bool may_succeed_later(enum err_code code)
{
    switch (code) {
    case ERR_UNREACHABLE:
    case ERR_TIMEOUT:
    case ERR_BUSY:
    case ERR_IO:
    case ERR_NO_SPACE:
    case ERR_NOMEM:
    case ERR_INTERNAL:
    case ERR_CANCELLED:
    case ERR_CORRUPT:
        return true;
    case ERR_OK:
    case ERR_INVALID:
    case ERR_PARSE:
    case ERR_UNAUTHORIZED:
    case ERR_FORBIDDEN:
    case ERR_NOT_FOUND:
    case ERR_CONFLICT:
    case ERR_LIMIT:
    case ERR_REFUSED:
    case ERR_UNSUPPORTED:
        return false;
    }
    return false;
}

void event_action_failed(struct carried *c, const struct err *err)
{
    struct event_work *w = event_new(c, RUN_EV_ACTION_FAILED);
    if (!w)
        return;
    w->retryable = may_succeed_later(err->code);
    snprintf(w->text, sizeof(w->text), "%s", err->message);
    event_submit(w);
}

void driver_operate(struct driver *dr, const char *run_id, enum run_event_kind verb,
                    const char *actor, const char *text, driver_stepped *done, void *user)
{
    struct event_work *w = calloc(1, sizeof(*w));
    if (!w) {
        struct err e = {0};
        err_set(&e, ERR_NOMEM, "no memory for %s", run_event_name(verb));
        done(user, NULL, &e);
        return;
    }
    w->driver = dr;
    w->kind = verb;
    w->done = done;
    w->user = user;
    snprintf(w->run_id, sizeof(w->run_id), "%s", run_id);
    snprintf(w->actor, sizeof(w->actor), "%s", actor);
    snprintf(w->text, sizeof(w->text), "%s", text ? text : "");
    event_submit(w);
}

void driver_adopt(struct driver *dr, const struct campaign_step *step)
{
    struct carried *c = find(dr, step->run.id);
    if (!c)
        c = take_up(dr, &step->run);
    if (c)
        after_step(c, step);
}

/* ---- time ---- */

static void tick_runs(struct driver *dr)
{
    int64_t now = clock_unix_ms();
    for (struct carried *c = dr->runs; c; c = c->next) {
        struct event_work *w = NULL;
        if (c->steps_in_flight == 0 && now >= c->run.next_at_ms)
            w = event_new(c, RUN_EV_TICK);
        if (w)
            event_submit(w);
    }
}

/* One round: what is new about each model, and what its policy says. */
struct round {
    struct driver *driver;
    size_t n;
    struct {
        char model[128];
        size_t n_points;
        struct campaign_decision decision;
        struct campaign_step step;
    } items[];
};

static void round_work(struct store *s, void *data, struct err *e)
{
    struct round *r = data;
    struct watch *w = r->driver->d->watch;
    for (size_t i = 0; i < r->n; i++) {
        struct err one = {0}; /* one model's trouble is not the others' */
        int64_t now = clock_unix_ms();
        if (watch_fold_labels(w, s, r->items[i].model, &r->items[i].n_points, &one) == ERR_OK)
            campaign_decide(w, s, r->items[i].model, NULL, now, &r->items[i].decision,
                            &r->items[i].step, &one);
        if (one.code != ERR_OK && e->code == ERR_OK)
            err_set(e, one.code, "model %s: %s", r->items[i].model, one.message);
    }
}

/* Said once, and once more when it is over: a round comes every second. */
static void note_problem(struct driver *dr, const struct err *err)
{
    const char *now = err->code == ERR_OK ? "" : err->message;
    if (strcmp(dr->problem, now) == 0)
        return;
    if (now[0])
        log_error("not_decided", LOG_S("error", now), LOG_S("next", "tried again with every tick"));
    else
        log_info("decided_again", LOG_S("after", dr->problem));
    snprintf(dr->problem, sizeof(dr->problem), "%s", now);
}

const char *driver_problem(const struct driver *dr)
{
    return dr->problem;
}

static void note_decision(struct daemon *d, const char *model, const struct campaign_decision *dec)
{
    struct model_view *view = (struct model_view *)daemon_model(d, model);
    if (!view || !dec->has_policy)
        return;
    d->counters.decisions[dec->outcome]++;
    if (view->last_outcome == (int)dec->outcome)
        return;
    view->last_outcome = (int)dec->outcome;
    if (dec->outcome == POLICY_NOTHING)
        return;
    log_info("decision", LOG_S("model", model), LOG_S("outcome", policy_outcome_name(dec->outcome)),
             LOG_S("trigger", dec->trigger), LOG_S("reason", dec->reason));
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "model", model);
    cJSON_AddStringToObject(j, "outcome", policy_outcome_name(dec->outcome));
    cJSON_AddStringToObject(j, "reason", dec->reason);
    hub_send(&d->hub, "decision", j);
    notify_send(d, &dec->notice, model, "", dec->reason);
}

static void on_round(void *data, const struct err *err)
{
    struct round *r = data;
    struct driver *dr = r->driver;
    dr->deciding = false;
    daemon_note_store(dr->d, err);
    note_problem(dr, err);
    for (size_t i = 0; i < r->n; i++) {
        if (r->items[i].n_points > 0)
            hub_send_model(&dr->d->hub, "performance", r->items[i].model);
        note_decision(dr->d, r->items[i].model, &r->items[i].decision);
        if (r->items[i].decision.started)
            driver_adopt(dr, &r->items[i].step);
    }
    free(r);
}

static void decide_round(struct driver *dr)
{
    struct daemon *d = dr->d;
    if (dr->deciding || d->n_models == 0)
        return;
    struct round *r = calloc(1, sizeof(*r) + d->n_models * sizeof(r->items[0]));
    if (!r)
        return; /* the next tick tries again */
    r->driver = dr;
    r->n = d->n_models;
    for (size_t i = 0; i < r->n; i++)
        snprintf(r->items[i].model, sizeof(r->items[i].model), "%s", d->models[i].name);
    dr->deciding = true;
    daemon_work(d, round_work, on_round, r);
}

static void on_tick(uv_timer_t *timer)
{
    struct driver *dr = timer->data;
    tick_runs(dr);
    decide_round(dr);
}

/* ---- start and end ---- */

/* Every run that had not ended is told START: its pending action is given out again. */
static void resume(struct driver *dr, const struct run *run)
{
    struct carried *c = take_up(dr, run);
    struct event_work *w = c ? event_new(c, RUN_EV_START) : NULL;
    if (!w)
        return;
    log_info("run_resumed", LOG_S("run", run->id), LOG_S("state", run_state_name(run->state)),
             LOG_S("pending", run_action_name(run->action)));
    event_submit(w);
}

enum err_code driver_new(struct daemon *d, struct driver **out, struct err *e)
{
    struct run *runs = NULL;
    size_t n = 0;
    struct driver *dr = calloc(1, sizeof(*dr));
    if (!dr)
        return err_set(e, ERR_NOMEM, "no memory for the driver");
    /* Before the queue has any work: the store is still ours. */
    enum err_code rc = run_store_load_active(d->store, &runs, &n, e);
    if (rc != ERR_OK) {
        free(dr);
        return rc;
    }
    dr->d = d;
    uv_timer_init(d->loop, &dr->tick);
    dr->tick.data = dr;
    uv_timer_start(&dr->tick, on_tick, (uint64_t)d->options.tick_ms, (uint64_t)d->options.tick_ms);
    for (size_t i = 0; i < n; i++)
        resume(dr, &runs[i]);
    free(runs);
    *out = dr;
    return ERR_OK;
}

static void on_closed(uv_handle_t *handle)
{
    (void)handle; /* freed by daemon_clean_up: work items may still point here */
}

void driver_close(struct driver *dr)
{
    if (!dr || dr->closed)
        return;
    dr->closed = true;
    while (dr->waiting) {
        struct event_work *w = dr->waiting;
        dr->waiting = w->next_waiting;
        event_end(w);
    }
    uv_close((uv_handle_t *)&dr->tick, on_closed);
}

void driver_free(struct driver *dr)
{
    while (dr && dr->runs)
        let_go(dr->runs);
    free(dr);
}
