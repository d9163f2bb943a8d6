/*
 * driver_actions.c - carries out what the run machine asks for, one function per action, and
 * reports each outcome as an event. Every action may be repeated: jobs go by the run's id,
 * snapshots and artifacts by content, desired states by generation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "campaign.h"
#include "deploy.h"
#include "driver_private.h"
#include "model/artifact.h"
#include "replica.h"
#include "store/registry.h"
#include "trainer_health.h"
#include "watch.h"

/* One action on its way. Runs are named, not pointed to: they may have ended when it comes back. */
struct act {
    struct carried *carried;
    struct run run; /* as it was when the action began */
    char job_id[RUN_JOB_ID_BYTES];
    char sha256[65], path[DAEMON_PATH_BYTES];
    int64_t n_rows;
    cJSON *spec;
    char *manifest, *desired;
    struct rollout_reading reading;
    size_t pushes_left;
    int replicas, away;
    struct err refused; /* the first refusal of a push */
};

static struct act *act_new(struct carried *c)
{
    struct act *a = calloc(1, sizeof(*a));
    if (!a) {
        struct err e = {0};
        err_set(&e, ERR_NOMEM, "no memory for %s", run_action_name(c->run.action));
        event_action_failed(c, &e);
        return NULL;
    }
    a->carried = c;
    a->run = c->run;
    run_job_id(&a->run, a->job_id);
    return a;
}

static void act_free(struct act *a)
{
    cJSON_Delete(a->spec);
    free(a->manifest);
    free(a->desired);
    free(a->reading.detail);
    free(a);
}

/* The carried run stays while its action is in flight, so a->carried is valid until an outcome is
 * sent. */
static void fail(struct act *a, const struct err *err)
{
    event_action_failed(a->carried, err);
    act_free(a);
}

static void succeed(struct act *a, enum run_event_kind kind,
                    void (*fill)(struct event_work *, struct act *))
{
    struct event_work *w = event_new(a->carried, kind);
    if (w) {
        if (fill)
            fill(w, a);
        event_submit(w);
    }
    act_free(a);
}

static void daemon_paths(struct act *a, const char *dir, const char *suffix, char *out,
                         size_t size_bytes)
{
    snprintf(out, size_bytes, "%s/%s%s", dir, a->run.id, suffix);
}

/* ---- snapshot ---- */

static void snapshot_work(struct store *s, void *data, struct err *e)
{
    struct act *a = data;
    struct daemon *d = a->carried->driver->d;
    campaign_snapshot(d->watch, s, &a->run, d->snapshot_dir, clock_unix_ms(), a->sha256, &a->n_rows,
                      e);
}

static void fill_snapshot(struct event_work *w, struct act *a)
{
    memcpy(w->sha256, a->sha256, sizeof(w->sha256));
    w->n_rows = a->n_rows;
}

static void on_snapshot(void *data, const struct err *err)
{
    struct act *a = data;
    daemon_note_store(a->carried->driver->d, err);
    if (err->code != ERR_OK)
        fail(a, err);
    else
        succeed(a, RUN_EV_ACTION_OK, fill_snapshot);
}

/* ---- the trainer ---- */

static bool need_backend(struct act *a)
{
    struct err e = {0};
    if (a->carried->driver->d->backend)
        return true;
    err_set(&e, ERR_UNREACHABLE, "no trainer is configured: start leewayd with --trainer URL");
    fail(a, &e);
    return false;
}

static void push_inputs(struct act *a, job_done *done)
{
    struct daemon *d = a->carried->driver->d;
    char snapshot[DAEMON_PATH_BYTES], champion[DAEMON_PATH_BYTES];
    daemon_snapshot_path(d, a->run.snapshot, snapshot, sizeof(snapshot));
    daemon_artifact_path(d, a->run.champion, champion, sizeof(champion));
    bool has_champion = a->run.champion[0] != '\0';
    struct job_inputs inputs = {.snapshot_sha256 = a->run.snapshot,
                                .snapshot_path = snapshot,
                                .champion_sha256 = has_champion ? a->run.champion : NULL,
                                .champion_path = has_champion ? champion : NULL};
    d->backend->ops->push(d->backend, &inputs, done, a);
}

static void on_trainer_done(const struct err *err, const struct job_status *status, void *user)
{
    struct act *a = user;
    (void)status;
    trainer_health_note(a->carried->driver->d->trainer_health, err);
    if (err->code != ERR_OK)
        fail(a, err);
    else
        succeed(a, RUN_EV_ACTION_OK, NULL);
}

static void on_inputs_there(const struct err *err, const struct job_status *status, void *user)
{
    struct act *a = user;
    struct daemon *d = a->carried->driver->d;
    (void)status;
    trainer_health_note(d->trainer_health, err);
    if (err->code != ERR_OK)
        fail(a, err);
    else
        d->backend->ops->submit(d->backend, a->job_id, a->spec, on_trainer_done, a);
}

static void spec_work(struct store *s, void *data, struct err *e)
{
    struct act *a = data;
    campaign_job_spec(a->carried->driver->d->watch, s, &a->run, &a->spec, e);
}

/* The inputs are offered again before every submit: a trainer that was emptied meanwhile asks for
 * them. */
static void on_spec(void *data, const struct err *err)
{
    struct act *a = data;
    if (err->code != ERR_OK)
        fail(a, err);
    else if (need_backend(a))
        push_inputs(a, on_inputs_there);
}

static void fill_status(struct event_work *w, const struct job_status *status)
{
    static const enum run_job_state states[] = {
        [JOB_QUEUED] = RUN_JOB_QUEUED,       [JOB_RUNNING] = RUN_JOB_RUNNING,
        [JOB_SUCCEEDED] = RUN_JOB_SUCCEEDED, [JOB_FAILED] = RUN_JOB_FAILED,
        [JOB_CANCELLED] = RUN_JOB_CANCELLED,
    };
    double epoch = 0, epochs = 0;
    w->job = states[status->state];
    snprintf(w->text, sizeof(w->text), "%s", status->error);
    json_opt_double(status->document, "progress.epoch", 0, 1e9, &epoch, NULL);
    json_opt_double(status->document, "progress.epochs", 0, 1e9, &epochs, NULL);
    json_opt_bool(status->document, "retryable", &w->retryable, NULL);
    w->progress = epochs > 0 && epoch <= epochs ? epoch / epochs : 0;
}

static void on_polled(const struct err *err, const struct job_status *status, void *user)
{
    struct act *a = user;
    trainer_health_note(a->carried->driver->d->trainer_health, err);
    if (err->code != ERR_OK && err->code != ERR_NOT_FOUND) {
        fail(a, err);
        return;
    }
    struct event_work *w = event_new(a->carried, RUN_EV_JOB_STATUS);
    if (w) {
        w->job = RUN_JOB_UNKNOWN;
        if (status)
            fill_status(w, status);
        event_submit(w);
    }
    act_free(a);
}

static void on_cancelled(const struct err *err, const struct job_status *status, void *user)
{
    struct err fine = {0};
    on_trainer_done(err->code == ERR_NOT_FOUND ? &fine : err, status, user);
}

/* ---- the result ---- */

/* The artifact gets its name only after its hash and its golden rows were seen to be right. */
static void adopt_work(struct store *s, void *data, struct err *e)
{
    struct act *a = data;
    struct daemon *d = a->carried->driver->d;
    struct artifact *artifact = NULL;
    char partial[DAEMON_PATH_BYTES];
    (void)s;
    daemon_paths(a, d->artifact_dir, ".partial", partial, sizeof(partial));
    enum err_code rc = artifact_load(partial, a->sha256, &artifact, e);
    if (rc != ERR_OK) {
        err_prefix(e, "the trainer's artifact");
        return;
    }
    daemon_artifact_path(d, a->sha256, a->path, sizeof(a->path));
    a->manifest = json_print(artifact->manifest);
    artifact_free(artifact);
    if (!a->manifest)
        err_set(e, ERR_NOMEM, "no memory for a manifest");
    else if (rename(partial, a->path) != 0)
        err_set(e, ERR_IO, "%s: cannot be given its name", a->path);
}

static void fill_version(struct event_work *w, struct act *a)
{
    memcpy(w->sha256, a->sha256, sizeof(w->sha256));
    snprintf(w->artifact_path, sizeof(w->artifact_path), "%s", a->path);
    w->manifest = a->manifest;
    a->manifest = NULL;
}

static void on_adopted(void *data, const struct err *err)
{
    struct act *a = data;
    if (err->code != ERR_OK)
        fail(a, err);
    else
        succeed(a, RUN_EV_ACTION_OK, fill_version);
}

static void on_fetched(const struct err *err, const struct job_status *status, void *user)
{
    struct act *a = user;
    struct err e = *err;
    trainer_health_note(a->carried->driver->d->trainer_health, err);
    if (err->code == ERR_NO_SPACE) /* here, not there: it only reads */
        daemon_note_store(a->carried->driver->d, err);
    if (e.code == ERR_OK && (!status || status->state != JOB_SUCCEEDED))
        err_set(&e, ERR_CONFLICT, "the job has no result any more");
    if (e.code != ERR_OK) {
        fail(a, &e);
        return;
    }
    memcpy(a->sha256, status->artifact_sha256, sizeof(a->sha256));
    daemon_work(a->carried->driver->d, adopt_work, on_adopted, a);
}

static void fetch(struct act *a)
{
    struct daemon *d = a->carried->driver->d;
    char artifact[DAEMON_PATH_BYTES], scores[DAEMON_PATH_BYTES];
    daemon_paths(a, d->artifact_dir, ".partial", artifact, sizeof(artifact));
    daemon_paths(a, d->snapshot_dir, ".scores", scores, sizeof(scores));
    d->backend->ops->fetch(d->backend, a->job_id, artifact, scores, on_fetched, a);
}

/* ---- judging ---- */

static void gate_work(struct store *s, void *data, struct err *e)
{
    struct act *a = data;
    struct daemon *d = a->carried->driver->d;
    char scores[DAEMON_PATH_BYTES];
    daemon_paths(a, d->snapshot_dir, ".scores", scores, sizeof(scores));
    watch_judge_gate(d->watch, s, &a->run, scores, &a->reading, e);
}

static void rollout_work(struct store *s, void *data, struct err *e)
{
    struct act *a = data;
    watch_read_rollout(a->carried->driver->d->watch, s, &a->run, &a->reading, e);
}

static void fill_reading(struct event_work *w, struct act *a)
{
    w->verdict = a->reading.verdict;
    w->champion_requests = a->reading.champion_requests;
    w->candidate_requests = a->reading.candidate_requests;
    snprintf(w->text, sizeof(w->text), "%s", a->reading.text);
    w->detail = a->reading.detail;
    a->reading.detail = NULL;
}

static void on_gate(void *data, const struct err *err)
{
    struct act *a = data;
    if (err->code != ERR_OK)
        fail(a, err);
    else
        succeed(a, RUN_EV_GATE_VERDICT, fill_reading);
}

static void on_rollout(void *data, const struct err *err)
{
    struct act *a = data;
    if (err->code != ERR_OK)
        fail(a, err);
    else
        succeed(a, RUN_EV_ROLLOUT_NUMBERS, fill_reading);
}

/* ---- the fleet ---- */

static void fill_pushed(struct event_work *w, struct act *a)
{
    w->replicas = a->replicas;
    w->replicas_away = a->away;
}

/* As run_machine.h says: every replica that could be reached runs it, and at least one did. */
static void finish_push(struct act *a)
{
    struct err e = {0};
    if (a->refused.code != ERR_OK) {
        fail(a, &a->refused);
        return;
    }
    if (a->replicas > 0 && a->away == a->replicas) {
        err_set(&e, ERR_UNREACHABLE, "none of the %d replicas could be reached", a->replicas);
        fail(a, &e);
        return;
    }
    replica_hurry(a->carried->driver->d);
    succeed(a, RUN_EV_ACTION_OK, fill_pushed);
}

static void on_pushed(const struct err *err, void *user)
{
    struct act *a = user;
    if (err->code == ERR_REFUSED && a->refused.code == ERR_OK)
        a->refused = *err;
    else if (err->code != ERR_OK && err->code != ERR_CONFLICT && err->code != ERR_REFUSED)
        a->away++; /* a newer generation there (conflict) is not away: it has what came after */
    if (--a->pushes_left == 0)
        finish_push(a);
}

static void push_to(struct act *a, const struct replica *r)
{
    struct daemon *d = a->carried->driver->d;
    struct err e = {0};
    struct deploy_target target = {.replica_url = replica_url(r),
                                   .token = d->peer_token,
                                   .ca_file = d->options.peer_ca_file,
                                   .model = a->run.model,
                                   .desired = a->desired,
                                   .artifact_dir = d->artifact_dir};
    a->replicas++;
    a->pushes_left++;
    if (deploy_start(d->client, &target, on_pushed, a, &e) != ERR_OK) {
        a->pushes_left--;
        a->away++;
    }
}

static void desired_work(struct store *s, void *data, struct err *e)
{
    struct act *a = data;
    cJSON *body = NULL;
    int64_t generation = 0;
    if (registry_get_desired(s, a->run.model, &body, &generation, e) == ERR_OK && body)
        a->desired = json_print(body);
    cJSON_Delete(body);
}

static void on_desired(void *data, const struct err *err)
{
    struct act *a = data;
    struct daemon *d = a->carried->driver->d;
    if (err->code != ERR_OK) {
        fail(a, err);
        return;
    }
    a->pushes_left = 1; /* our own, so that the last answer cannot come before the last push */
    for (size_t i = 0; a->desired && i < d->n_replicas; i++)
        push_to(a, d->replicas[i]);
    if (--a->pushes_left == 0)
        finish_push(a);
}

/* ---- the table ---- */

void action_start(struct carried *c)
{
    struct daemon *d = c->driver->d;
    c->acting = true;
    c->action_waiting = false;
    c->acting_seq = c->run.action_seq;
    enum run_action_kind action = c->run.action;
    struct act *a = action == RUN_ACT_NONE ? NULL : act_new(c);
    if (!a) {
        c->acting = action != RUN_ACT_NONE;
        return;
    }
    bool trainer = action == RUN_ACT_PUSH_SNAPSHOT || action == RUN_ACT_POLL_JOB ||
                   action == RUN_ACT_FETCH_RESULT || action == RUN_ACT_CANCEL_JOB;
    if (trainer && !need_backend(a))
        return;
    switch (action) {
    case RUN_ACT_NONE:
        break;
    case RUN_ACT_BUILD_SNAPSHOT:
        daemon_work(d, snapshot_work, on_snapshot, a);
        break;
    case RUN_ACT_PUSH_SNAPSHOT:
        push_inputs(a, on_trainer_done);
        break;
    case RUN_ACT_SUBMIT_JOB:
        daemon_work(d, spec_work, on_spec, a);
        break;
    case RUN_ACT_POLL_JOB:
        d->backend->ops->poll(d->backend, a->job_id, on_polled, a);
        break;
    case RUN_ACT_FETCH_RESULT:
        fetch(a);
        break;
    case RUN_ACT_EVALUATE_GATE:
        daemon_work(d, gate_work, on_gate, a);
        break;
    case RUN_ACT_PUSH_DESIRED:
        daemon_work(d, desired_work, on_desired, a);
        break;
    case RUN_ACT_READ_ROLLOUT:
        daemon_work(d, rollout_work, on_rollout, a);
        break;
    case RUN_ACT_CANCEL_JOB:
        d->backend->ops->cancel(d->backend, a->job_id, on_cancelled, a);
        break;
    }
}
