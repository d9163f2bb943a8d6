/*
 * replica_server.c - start and stop, and the table of models.
 */
#include "replica_server.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/rand.h"
#include "routes.h"

struct replica {
    char name[SCHEMA_NAME_BYTES];
    char instance[17];
    char data_dir[PATH_MAX - 512], spool_dir[PATH_MAX];
    int lock_fd; /* held on the data folder */
    int64_t started_unix_ms;
    uint64_t log_bytes;
    struct artifact_dir artifacts;
    struct lanes *lanes;
    struct http_route *routes;
    struct http_server *server;
    pthread_mutex_t applying; /* one change of state at a time; also adds to models */
    atomic_size_t n_models;   /* entries below it never change */
    struct served_model *models[REPLICA_MAX_MODELS];
};

const char *replica_name(const struct replica *r)
{
    return r->name;
}

const char *replica_instance(const struct replica *r)
{
    return r->instance;
}

int64_t replica_started_unix_ms(const struct replica *r)
{
    return r->started_unix_ms;
}

struct lanes *replica_lanes(struct replica *r)
{
    return r->lanes;
}

const struct artifact_dir *replica_artifacts(const struct replica *r)
{
    return &r->artifacts;
}

int replica_port(const struct replica *r)
{
    return http_server_port(r->server);
}

/* ---- models ---- */

struct served_model *replica_find(struct replica *r, const char *model)
{
    size_t n = atomic_load(&r->n_models);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(r->models[i]->name, model) == 0) {
            return r->models[i];
        }
    }
    return NULL;
}

size_t replica_models(struct replica *r, struct served_model *out[REPLICA_MAX_MODELS])
{
    size_t n = atomic_load(&r->n_models);
    memcpy(out, r->models, n * sizeof *out);
    return n;
}

bool replica_is_ready(struct replica *r)
{
    size_t n = atomic_load(&r->n_models), n_running = 0;
    for (size_t i = 0; i < n; i++) {
        struct served_model *m = r->models[i];
        pthread_mutex_lock(&m->lock);
        bool running = m->current != NULL, absent = m->wanted && !running;
        pthread_mutex_unlock(&m->lock);
        if (absent) {
            return false;
        }
        n_running += running;
    }
    return n_running > 0;
}

/* A name becomes a folder. */
static bool is_model_name(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    size_t len = strlen(name);
    return len > 0 && len < SCHEMA_NAME_BYTES && name[0] != '.' && strspn(name, allowed) == len;
}

/* The model of that name, made where it is new. The lock is held. */
static enum err_code need_model(struct replica *r, const char *name, struct served_model **out,
                                struct err *e)
{
    size_t n = atomic_load(&r->n_models);
    struct served_model *m = replica_find(r, name);
    if (m) {
        *out = m;
        return ERR_OK;
    }
    if (!is_model_name(name)) {
        return err_set(e, ERR_INVALID, "model: expected 1..%d of [A-Za-z0-9_.-], no leading dot",
                       SCHEMA_NAME_BYTES - 1);
    }
    if (n == REPLICA_MAX_MODELS) {
        return err_set(e, ERR_LIMIT, "a replica serves at most %d models", REPLICA_MAX_MODELS);
    }
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%s/models/%s", r->data_dir, name);
    enum err_code code = served_model_new(name, dir, r->log_bytes, &m, e);
    if (code) {
        return code;
    }
    r->models[n] = m;
    atomic_store(&r->n_models, n + 1);
    *out = m;
    return ERR_OK;
}

/* Whether a file is some model's; the lock is held. */
static bool artifact_in_use(const char *sha256, void *user)
{
    struct replica *r = user;
    bool in_use = false;
    size_t n = atomic_load(&r->n_models);
    for (size_t i = 0; i < n && !in_use; i++) {
        struct deployment *d = served_model_current(r->models[i]);
        in_use = d && deployment_find(d, sha256);
        deployment_unref(d);
    }
    return in_use;
}

enum err_code replica_apply(struct replica *r, const char *model, const struct desired *wanted,
                            struct apply_result *result, struct served_model **out, struct err *e)
{
    struct apply_context context = {&r->artifacts, r->lanes};
    pthread_mutex_lock(&r->applying);
    enum err_code code = need_model(r, model, out, e);
    if (!code) {
        served_model_apply(*out, &context, wanted, result);
        if (result->outcome == APPLY_DONE) {
            artifact_dir_prune(&r->artifacts, artifact_in_use, r);
        }
    }
    pthread_mutex_unlock(&r->applying);
    return code;
}

enum err_code replica_stop_model(struct replica *r, const char *model, struct err *e)
{
    pthread_mutex_lock(&r->applying);
    struct served_model *m = replica_find(r, model);
    if (m) {
        served_model_stop(m);
    }
    pthread_mutex_unlock(&r->applying);
    return m ? ERR_OK : err_set(e, ERR_NOT_FOUND, "no model \"%s\"", model);
}

/* ---- start ---- */

static void restore_model(struct replica *r, const char *name)
{
    struct apply_context context = {&r->artifacts, r->lanes};
    struct served_model *m;
    struct err e = {0};
    enum err_code code = need_model(r, name, &m, &e);
    if (!code) {
        code = served_model_restore(m, &context, &e);
    }
    if (code) {
        log_error("model_not_restored", LOG_S("model", name), LOG_S("error", e.message),
                  LOG_S("next", "waits for a desired state"));
    }
}

static enum err_code restore_models(struct replica *r, struct err *e)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/models", r->data_dir);
    enum err_code code = file_mkdirs(path, e);
    if (code) {
        return code;
    }
    DIR *dir = opendir(path);
    if (!dir) {
        return err_set_errno(e, errno, "cannot read %s", path);
    }
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (is_model_name(entry->d_name)) {
            restore_model(r, entry->d_name);
        }
    }
    closedir(dir);
    return ERR_OK;
}

static enum err_code start_server(struct replica *r, const struct replica_options *o, struct err *e)
{
    struct http_server_options http;
    snprintf(r->spool_dir, sizeof r->spool_dir, "%s/spool", r->data_dir);
    enum err_code code = file_remove_tree(r->spool_dir, e); /* what a killed process left */
    if (!code) {
        code = file_mkdirs(r->spool_dir, e);
    }
    r->routes = code ? NULL : routes_new(o->max_body_bytes);
    if (!r->routes) {
        return code ? code : err_set(e, ERR_NOMEM, "out of memory");
    }
    http_server_options_init(&http);
    http.host = o->host;
    http.port = o->port;
    http.token_file = o->token_file;
    http.cert_file = o->cert_file;
    http.key_file = o->key_file;
    http.spool_dir = r->spool_dir;
    http.n_threads = o->n_threads;
    http.server_name = "leeway-serve";
    return http_server_start(NULL, &http, r->routes, r, &r->server, e);
}

static enum err_code set_identity(struct replica *r, const struct replica_options *o, struct err *e)
{
    char host[SCHEMA_NAME_BYTES] = "replica";
    gethostname(host, sizeof host - 1);
    snprintf(r->name, sizeof r->name, "%s", o->name ? o->name : host);
    rand_id(r->instance, 8);
    r->started_unix_ms = clock_unix_ms();
    r->log_bytes = o->log_bytes;
    if (strlen(o->data_dir) >= sizeof r->data_dir) {
        return err_set(e, ERR_INVALID, "path is too long: %.80s...", o->data_dir);
    }
    strcpy(r->data_dir, o->data_dir);
    return ERR_OK;
}

/* Everything before the models; replica_stop undoes it. */
static enum err_code prepare(struct replica *r, const struct replica_options *o, struct err *e)
{
    pthread_mutex_init(&r->applying, NULL);
    r->lock_fd = -1;
    r->lanes = lanes_new((size_t)o->n_threads);
    if (!r->lanes) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    enum err_code code = set_identity(r, o, e);
    if (!code) {
        code = artifact_dir_init(&r->artifacts, r->data_dir, e);
    }
    /* Two processes on one folder would number observations twice. */
    return code ? code : file_lock_folder(r->data_dir, &r->lock_fd, e);
}

enum err_code replica_start(const struct replica_options *o, struct replica **out, struct err *e)
{
    struct replica *r = calloc(1, sizeof *r);
    if (!r) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    enum err_code code = prepare(r, o, e);
    if (!code) {
        code = restore_models(r, e);
    }
    if (!code) {
        code = start_server(r, o, e);
    }
    if (code) {
        replica_stop(r, 0);
        return code;
    }
    *out = r;
    return ERR_OK;
}

void replica_stop(struct replica *r, int grace_ms)
{
    if (r->server) {
        http_server_stop(r->server, grace_ms, NULL, NULL);
    }
    size_t n = atomic_load(&r->n_models);
    for (size_t i = 0; i < n; i++) {
        served_model_free(r->models[i]);
    }
    lanes_free(r->lanes);
    free(r->routes);
    if (r->lock_fd >= 0) {
        close(r->lock_fd);
    }
    pthread_mutex_destroy(&r->applying);
    free(r);
}
