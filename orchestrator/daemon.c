/* daemon.c - see daemon.h: opening everything in order, and closing it in the other one. */
#include "daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "driver.h"
#include "folder_limit.h"
#include "replica.h"
#include "store/audit.h"
#include "store/db.h"
#include "store/observation_store.h"
#include "store/registry.h"
#include "store_health.h"
#include "trainer_health.h"
#include "watch.h"

#define STOP_GRACE_MS 3000
#define KEEP_BOUNDED_EVERY_MS 5000
/* More than the runs that can be under way (one a model) need; two files a run. */
#define KEEP_SNAPSHOT_FILES (2 * DAEMON_MAX_MODELS)
#define KEEP_BOUNDED_WORK 20000
#define LABELS_WAITING_MAX 1000000
#define LABEL_WAIT_MAX_MS (INT64_C(90) * 24 * 3600 * 1000)

void daemon_artifact_path(const struct daemon *d, const char *sha256, char *out, size_t size_bytes)
{
    snprintf(out, size_bytes, "%s/%s.safetensors", d->artifact_dir, sha256);
}

void daemon_snapshot_path(const struct daemon *d, const char *sha256, char *out, size_t size_bytes)
{
    snprintf(out, size_bytes, "%s/%s.safetensors", d->snapshot_dir, sha256);
}

void daemon_note_store(struct daemon *d, const struct err *e)
{
    store_health_note(d->store_health, e);
}

void daemon_work(struct daemon *d, store_work *work, store_done *done, void *data)
{
    struct err e = {0};
    if (!d->queue)
        err_set(&e, ERR_CANCELLED, "the daemon is stopping");
    else
        store_queue_submit(d->queue, work, done, data, &e);
    if (e.code != ERR_OK)
        done(data, &e);
}

/* ---- the view of the models ---- */

struct refresh {
    struct daemon *d;
    size_t n;
    struct model_view models[DAEMON_MAX_MODELS];
};

static enum err_code read_view(struct store *s, const char *name, struct model_view *v,
                               struct err *e)
{
    cJSON *body = NULL;
    snprintf(v->name, sizeof(v->name), "%s", name);
    enum err_code rc = registry_get_desired(s, name, &body, &v->generation, e);
    if (rc == ERR_NOT_FOUND) {
        v->generation = 0;
        err_clear(e);
        return ERR_OK;
    }
    if (rc == ERR_OK && body)
        v->desired = json_print(body);
    cJSON_Delete(body);
    return rc;
}

static void refresh_work(struct store *s, void *data, struct err *e)
{
    struct refresh *r = data;
    cJSON *models = NULL;
    const cJSON *item = NULL;
    enum err_code rc = registry_list_models(s, &models, e);
    cJSON_ArrayForEach(item, models)
    {
        const char *name = "";
        json_opt_string(item, "name", &name, NULL);
        if (rc == ERR_OK && r->n < DAEMON_MAX_MODELS)
            rc = read_view(s, name, &r->models[r->n++], e);
    }
    cJSON_Delete(models);
}

static void free_views(struct model_view *models, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(models[i].desired);
}

static void take_views(struct daemon *d, struct refresh *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct model_view *old = daemon_model(d, r->models[i].name);
        r->models[i].last_outcome = old ? old->last_outcome : 0;
    }
    free_views(d->models, d->n_models);
    memcpy(d->models, r->models, r->n * sizeof(r->models[0]));
    d->n_models = r->n;
}

static void on_refreshed(void *data, const struct err *err)
{
    struct refresh *r = data;
    struct daemon *d = r->d;
    d->refresh_running = false;
    d->refresh_failed = err->code != ERR_OK;
    if (err->code == ERR_OK) {
        take_views(d, r);
        replica_hurry(d);
    } else {
        free_views(r->models, r->n);
        log_error("models_not_read", LOG_S("error", err->message),
                  LOG_S("next", "read again in a few seconds"));
    }
    free(r);
    if (d->refresh_again && !d->stopping) {
        d->refresh_again = false;
        daemon_refresh_models(d);
    }
}

void daemon_refresh_models(struct daemon *d)
{
    struct refresh *r = NULL;
    if (d->refresh_running) {
        d->refresh_again = true;
        return;
    }
    r = calloc(1, sizeof(*r));
    if (!r)
        return;
    r->d = d;
    d->refresh_running = true;
    daemon_work(d, refresh_work, on_refreshed, r);
}

const struct model_view *daemon_model(const struct daemon *d, const char *name)
{
    for (size_t i = 0; i < d->n_models; i++)
        if (strcmp(d->models[i].name, name) == 0)
            return &d->models[i];
    return NULL;
}

/* ---- keeping the store bounded ---- */

struct bounded {
    struct daemon *d;
    char model[128];
    bool more;
};

static void bounded_work(struct store *s, void *data, struct err *e)
{
    struct bounded *b = data;
    struct observation_limits limits = {.max_rows = b->d->options.keep_rows,
                                        .max_labels_waiting = LABELS_WAITING_MAX,
                                        .max_wait_ms = LABEL_WAIT_MAX_MS};
    observation_keep_bounded(s, b->model, &limits, KEEP_BOUNDED_WORK, clock_unix_ms(), &b->more, e);
}

/* One call stays short; where rows come faster than it drops them it goes on at once. */
static void on_bounded(void *data, const struct err *err)
{
    struct bounded *b = data;
    daemon_note_store(b->d, err);
    if (err->code == ERR_OK && b->more && !b->d->stopping) {
        b->more = false;
        daemon_work(b->d, bounded_work, on_bounded, b);
        return;
    }
    free(b);
}

/* ---- keeping the folder of snapshots bounded ---- */

static void snapshots_work(struct store *s, void *data, struct err *e)
{
    const struct daemon *d = data;
    size_t n_removed = 0;
    (void)s;
    folder_keep_newest(d->snapshot_dir, KEEP_SNAPSHOT_FILES, &n_removed, e);
}

static void on_snapshots(void *data, const struct err *err)
{
    (void)data;
    if (err->code != ERR_OK && err->code != ERR_CANCELLED)
        log_warn("snapshots_not_trimmed", LOG_S("error", err->message),
                 LOG_S("next", "tried again in a moment"));
}

static void on_housekeeping(uv_timer_t *timer)
{
    struct daemon *d = timer->data;
    if (d->refresh_failed)
        daemon_refresh_models(d);
    daemon_work(d, snapshots_work, on_snapshots, d);
    for (size_t i = 0; i < d->n_models; i++) {
        struct bounded *b = calloc(1, sizeof(*b));
        if (!b)
            return;
        b->d = d;
        snprintf(b->model, sizeof(b->model), "%s", d->models[i].name);
        daemon_work(d, bounded_work, on_bounded, b);
    }
}

/* ---- the fleet ---- */

static void on_fleet(const struct fleet_targets *targets, void *user)
{
    replica_sync(user, targets);
}

static void on_fleet_problem(const char *message, void *user)
{
    struct daemon *d = user;
    snprintf(d->fleet_problem, sizeof(d->fleet_problem), "%s", message ? message : "");
    if (message)
        log_error("fleet_file", LOG_S("error", message),
                  LOG_S("next", "the fleet stays as it was"));
    else
        log_info("fleet_file", LOG_S("error", ""), LOG_S("next", "read again"));
}

/* ---- start ---- */

static enum err_code make_dirs(struct daemon *d, struct err *e)
{
    const char *data = d->options.data_dir;
    if (strlen(data) > DAEMON_PATH_BYTES - 256) /* room for what is put below it */
        return err_set(e, ERR_INVALID, "--data: the path is too long");
    snprintf(d->artifact_dir, sizeof(d->artifact_dir), "%s/artifacts", data);
    snprintf(d->snapshot_dir, sizeof(d->snapshot_dir), "%s/snapshots", data);
    snprintf(d->spool_dir, sizeof(d->spool_dir), "%s/spool", data);
    if (file_mkdirs(data, e) != ERR_OK || file_mkdirs(d->artifact_dir, e) != ERR_OK ||
        file_mkdirs(d->snapshot_dir, e) != ERR_OK || file_mkdirs(d->spool_dir, e) != ERR_OK)
        return e->code;
    return ERR_OK;
}

static enum err_code read_peer_token(struct daemon *d, struct err *e)
{
    size_t len = 0;
    if (!d->options.peer_token_file)
        return ERR_OK;
    enum err_code rc = file_read(d->options.peer_token_file, 4096, &d->peer_token, &len, e);
    if (rc == ERR_OK)
        d->peer_token[strcspn(d->peer_token, "\r\n")] = '\0';
    return rc;
}

static enum err_code open_store(struct daemon *d, struct err *e)
{
    char path[DAEMON_PATH_BYTES], head[SHA256_HEX_BYTES];
    int64_t seq = 0;
    snprintf(path, sizeof(path), "%s/leeway.db", d->options.data_dir);
    enum err_code rc = db_open(path, &d->store, e);
    if (rc == ERR_OK)
        rc = audit_head(d->store, &seq, head, e);
    if (rc == ERR_OK)
        log_info("store_opened", LOG_S("path", path), LOG_I("audit_seq", seq),
                 LOG_S("audit_head", head));
    if (rc == ERR_OK)
        rc = watch_new(d->artifact_dir, &d->watch, e);
    return rc;
}

static enum err_code open_server(struct daemon *d, struct err *e)
{
    struct http_server_options o;
    http_server_options_init(&o);
    o.host = d->options.listen_host;
    o.port = d->options.listen_port;
    o.token_file = d->options.token_file;
    o.cert_file = d->options.cert_file;
    o.key_file = d->options.key_file;
    o.spool_dir = d->spool_dir;
    o.max_body_bytes = 16u << 20;
    o.server_name = "leewayd";
    return http_server_start(d->loop, &o, api_routes(), d, &d->server, e);
}

static uv_timer_t *housekeeping_new(struct daemon *d)
{
    uv_timer_t *timer = malloc(sizeof(*timer));
    if (!timer)
        return NULL;
    uv_timer_init(d->loop, timer);
    timer->data = d;
    uv_timer_start(timer, on_housekeeping, KEEP_BOUNDED_EVERY_MS, KEEP_BOUNDED_EVERY_MS);
    return timer;
}

enum err_code daemon_start(struct daemon *d, uv_loop_t *loop, struct err *e)
{
    d->loop = loop;
    d->started_unix_ms = clock_unix_ms();
    d->lock_fd = -1;
    enum err_code rc = make_dirs(d, e);
    if (rc == ERR_OK) /* two daemons would drive every run twice */
        rc = file_lock_folder(d->options.data_dir, &d->lock_fd, e);
    if (rc == ERR_OK)
        rc = read_peer_token(d, e);
    if (rc == ERR_OK)
        rc = open_store(d, e);
    if (rc == ERR_OK && !(d->queue = store_queue_new(loop, d->store)))
        rc = err_set(e, ERR_NOMEM, "no memory for the work queue");
    if (rc == ERR_OK && !(d->store_health = store_health_new(d)))
        rc = err_set(e, ERR_NOMEM, "no memory to watch the store");
    if (rc == ERR_OK)
        rc = http_client_new(loop, &d->client, e);
    if (rc == ERR_OK && d->options.trainer_url)
        rc = trainer_backend_new(d->client, d->options.trainer_url, d->peer_token,
                                 d->options.peer_ca_file, &d->backend, e);
    if (rc == ERR_OK && d->backend && !(d->trainer_health = trainer_health_new(d)))
        rc = err_set(e, ERR_NOMEM, "no memory to watch the trainer");
    if (rc == ERR_OK)
        rc = driver_new(d, &d->driver, e);
    if (rc == ERR_OK && !(d->housekeeping = housekeeping_new(d)))
        rc = err_set(e, ERR_NOMEM, "no memory for a timer");
    if (rc == ERR_OK)
        rc = open_server(d, e);
    if (rc == ERR_OK && d->options.fleet_file)
        rc = fleet_open(loop, d->options.fleet_file, on_fleet, on_fleet_problem, d, &d->fleet, e);
    if (rc == ERR_OK)
        daemon_refresh_models(d);
    else
        daemon_stop(d);
    return rc;
}

/* ---- stop: first no more requests, then the last work, then no more calls, then nothing ----
 *
 * What the worker's last results would start meets a client that is there and is cancelled with it;
 * what the cancelled calls would submit meets no queue and is told so (daemon_work). */

static void on_housekeeping_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_client_closed(void *user)
{
    struct daemon *d = user;
    d->client = NULL;
}

static void on_queue_closed(void *user)
{
    struct daemon *d = user;
    d->queue = NULL;
    if (d->client)
        http_client_close(d->client, on_client_closed, d);
}

static void on_server_stopped(void *user)
{
    struct daemon *d = user;
    d->server = NULL;
    if (d->queue)
        store_queue_close(d->queue, on_queue_closed, d);
    else
        on_queue_closed(d);
}

void daemon_stop(struct daemon *d)
{
    if (d->stopping)
        return;
    d->stopping = true;
    fleet_close(d->fleet);
    d->fleet = NULL;
    replica_close_all(d);
    driver_close(d->driver);
    store_health_close(d->store_health);
    trainer_health_close(d->trainer_health);
    if (d->housekeeping)
        uv_close((uv_handle_t *)d->housekeeping, on_housekeeping_closed);
    if (d->server)
        http_server_stop(d->server, STOP_GRACE_MS, on_server_stopped, d);
    else
        on_server_stopped(d);
}

void daemon_clean_up(struct daemon *d)
{
    driver_free(d->driver);
    store_health_free(d->store_health);
    trainer_health_free(d->trainer_health);
    if (d->backend)
        d->backend->ops->free(d->backend);
    watch_free(d->watch);
    store_close(d->store);
    free_views(d->models, d->n_models);
    free(d->peer_token);
    if (d->lock_fd >= 0)
        close(d->lock_fd);
    *d = (struct daemon){0};
}
