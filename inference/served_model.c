/*
 * served_model.c - from a desired state to the deployment that runs.
 */
#include "served_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

#define DESIRED_FILE_BYTES ((size_t)64 << 10)

enum err_code served_model_new(const char *name, const char *dir, uint64_t log_bytes,
                               struct served_model **out, struct err *e)
{
    struct served_model *m = calloc(1, sizeof *m);
    if (!m) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    pthread_mutex_init(&m->lock, NULL);
    snprintf(m->name, sizeof m->name, "%s", name);
    snprintf(m->dir, sizeof m->dir, "%s", dir);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/log", dir);
    enum err_code code = observation_log_open(path, log_bytes, &m->log, e);
    if (code) {
        served_model_free(m);
        return code;
    }
    *out = m;
    return ERR_OK;
}

void served_model_free(struct served_model *m)
{
    if (!m) {
        return;
    }
    deployment_unref(m->current);
    for (size_t i = 0; i < m->n_ledgers; i++) {
        ledger_unref(m->ledgers[i]);
    }
    observation_log_close(m->log);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

struct deployment *served_model_current(struct served_model *m)
{
    pthread_mutex_lock(&m->lock);
    struct deployment *d = m->current ? deployment_ref(m->current) : NULL;
    pthread_mutex_unlock(&m->lock);
    return d;
}

/* ---- loading ---- */

/* A reference to a version that runs already; NULL: it has to be loaded. */
static struct version *find_running(const struct deployment *current, const char *sha256)
{
    for (size_t i = 0; current && i < current->n; i++) {
        struct version *v = current->versions[i].version;
        if (strcmp(version_artifact(v)->sha256, sha256) == 0) {
            return version_ref(v);
        }
    }
    return NULL;
}

/* A reference to the counts kept of a version; NULL: none. */
static struct ledger *find_ledger(struct served_model *m, const char *sha256)
{
    struct ledger *found = NULL;
    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < m->n_ledgers && !found; i++) {
        if (strcmp(ledger_sha256(m->ledgers[i]), sha256) == 0) {
            found = ledger_ref(m->ledgers[i]);
        }
    }
    pthread_mutex_unlock(&m->lock);
    return found;
}

static enum err_code load_version(struct served_model *m, const struct apply_context *c,
                                  const char *sha256, struct version **out, struct err *e)
{
    char path[PATH_MAX];
    artifact_dir_file(c->artifacts, sha256, path);
    struct ledger *kept = find_ledger(m, sha256);
    enum err_code code = version_load(path, sha256, m->name, kept, lanes_count(c->lanes), out, e);
    ledger_unref(kept);
    return code;
}

/* Fills versions with references; on failure with none, and result says which one and why. */
static enum err_code gather_versions(struct served_model *m, const struct apply_context *c,
                                     const char *const *sha256s, size_t n,
                                     struct version **versions, struct apply_result *result)
{
    struct deployment *current = served_model_current(m);
    enum err_code code = ERR_OK;
    size_t done = 0;
    while (!code && done < n) {
        versions[done] = find_running(current, sha256s[done]);
        if (!versions[done]) {
            code = load_version(m, c, sha256s[done], &versions[done], &result->error);
        }
        if (code) {
            snprintf(result->version, sizeof result->version, "%s", sha256s[done]);
        } else {
            artifact_dir_touch(c->artifacts, sha256s[done++]);
        }
    }
    while (code && done > 0) {
        version_unref(versions[--done]);
    }
    deployment_unref(current);
    return code;
}

/* ---- the swap ---- */

static size_t find_ledger_index(const struct served_model *m, const struct ledger *l)
{
    size_t i = 0;
    while (i < m->n_ledgers && m->ledgers[i] != l) {
        i++;
    }
    return i;
}

/* There is one whenever the list is full and something new is loaded: LEDGERS_MAX sees to it. */
static size_t oldest_retired(const struct served_model *m, const struct deployment *d)
{
    size_t i = 0;
    while (i + 1 < m->n_ledgers && deployment_find(d, ledger_sha256(m->ledgers[i]))) {
        i++;
    }
    return i;
}

static void remove_ledger(struct served_model *m, size_t i)
{
    ledger_unref(m->ledgers[i]);
    m->n_ledgers--;
    memmove(m->ledgers + i, m->ledgers + i + 1, (m->n_ledgers - i) * sizeof *m->ledgers);
}

/* Puts l at the end of the list, the latest used; the oldest retired one makes room. Locked. */
static void keep_ledger(struct served_model *m, const struct deployment *d, struct ledger *l)
{
    ledger_ref(l);
    size_t i = find_ledger_index(m, l);
    if (i < m->n_ledgers) {
        remove_ledger(m, i);
    } else if (m->n_ledgers == LEDGERS_MAX) {
        remove_ledger(m, oldest_retired(m, d));
    }
    m->ledgers[m->n_ledgers++] = l;
}

static void swap_in(struct served_model *m, struct deployment *next)
{
    pthread_mutex_lock(&m->lock);
    struct deployment *old = m->current;
    m->current = next;
    m->wanted = true;
    m->saved = false;
    m->last_error.set = false;
    for (size_t i = 0; i < next->n; i++) {
        struct ledger *l = version_ledger(next->versions[i].version);
        ledger_set_label(l, next->versions[i].label);
        keep_ledger(m, next, l);
    }
    pthread_mutex_unlock(&m->lock);
    deployment_unref(old); /* outside the lock: the last reference frees whole versions */
}

static void note_saved(struct served_model *m, const struct desired *d, enum err_code code,
                       const char *message)
{
    pthread_mutex_lock(&m->lock);
    struct last_error *l = &m->last_error;
    bool mine = l->set && l->generation == d->generation && !*l->version;
    m->saved = code == ERR_OK;
    if (code) {
        *l = (struct last_error){.set = true, .generation = d->generation};
        snprintf(l->message, sizeof l->message, "runs, but is not saved: %.480s", message);
    } else if (mine) {
        l->set = false; /* the push before could not save it */
    }
    pthread_mutex_unlock(&m->lock);
}

/* Where this fails (a full disk) the new state runs all the same: a rollback must not wait for disk
 * space. It is tried again when the same state is pushed again. */
static void save_desired(struct served_model *m, const struct desired *d)
{
    char path[PATH_MAX];
    struct err e = {0};
    snprintf(path, sizeof path, "%s/desired.json", m->dir);
    cJSON *json = desired_to_json(d);
    char *text = json ? json_print(json) : NULL;
    enum err_code code = text ? file_write_atomic(path, text, strlen(text), &e)
                              : err_set(&e, ERR_NOMEM, "out of memory");
    free(text);
    cJSON_Delete(json);
    note_saved(m, d, code, e.message);
    if (code) {
        log_error("desired_not_saved", LOG_S("model", m->name), LOG_I("generation", d->generation),
                  LOG_S("error", e.message),
                  LOG_S("next", "runs; after a restart the state saved before comes back"));
    }
}

static void note_failure(struct served_model *m, const struct desired *wanted,
                         const struct apply_result *r)
{
    pthread_mutex_lock(&m->lock);
    m->last_error = (struct last_error){.set = true, .generation = wanted->generation};
    snprintf(m->last_error.version, sizeof m->last_error.version, "%s", r->version);
    snprintf(m->last_error.message, sizeof m->last_error.message, "%s", r->error.message);
    pthread_mutex_unlock(&m->lock);
    log_error("version_refused", LOG_S("model", m->name), LOG_I("generation", wanted->generation),
              LOG_S("version", r->version), LOG_S("error", r->error.message),
              LOG_S("next", "the running state goes on"));
}

/* ---- applying ---- */

static size_t list_missing(const struct apply_context *c, const char *const *sha256s, size_t n,
                           const char **missing)
{
    size_t n_missing = 0;
    for (size_t i = 0; i < n; i++) {
        if (!artifact_dir_has(c->artifacts, sha256s[i])) {
            missing[n_missing++] = sha256s[i];
        }
    }
    return n_missing;
}

/* A file whose hash is wrong is of no use: without it the caller is told to push it again. */
static void discard_damaged(const struct apply_context *c, const struct apply_result *r)
{
    char path[PATH_MAX], hex[SHA256_HEX_BYTES];
    artifact_dir_file(c->artifacts, r->version, path);
    if (sha256_file(path, hex, NULL) == ERR_OK && strcmp(hex, r->version) != 0) {
        artifact_dir_remove(c->artifacts, r->version);
    }
}

static enum apply_outcome apply_newer(struct served_model *m, const struct apply_context *c,
                                      const struct desired *wanted, struct apply_result *r)
{
    const char *sha256s[DESIRED_MAX_VERSIONS];
    struct version *versions[DESIRED_MAX_VERSIONS];
    struct deployment *next;
    size_t n = desired_versions(wanted, sha256s);
    r->n_missing = list_missing(c, sha256s, n, r->missing);
    if (r->n_missing > 0) {
        return APPLY_MISSING;
    }
    if (gather_versions(m, c, sha256s, n, versions, r)) {
        discard_damaged(c, r);
        note_failure(m, wanted, r);
        return APPLY_FAILED;
    }
    if (deployment_new(wanted, versions, n, &next, &r->error)) {
        note_failure(m, wanted, r);
        return APPLY_FAILED;
    }
    swap_in(m, next);
    save_desired(m, wanted);
    log_info("deployed", LOG_S("model", m->name), LOG_I("generation", wanted->generation),
             LOG_S("champion", wanted->champion.label),
             LOG_S("candidate", wanted->has_candidate ? wanted->candidate.label : ""),
             LOG_F("weight", wanted->weight), LOG_B("shadow", wanted->shadow));
    return APPLY_DONE;
}

static bool is_saved(struct served_model *m)
{
    pthread_mutex_lock(&m->lock);
    bool saved = m->saved;
    pthread_mutex_unlock(&m->lock);
    return saved;
}

void served_model_apply(struct served_model *m, const struct apply_context *c,
                        const struct desired *wanted, struct apply_result *out)
{
    static const enum apply_outcome outcomes[] = {[DESIRED_SAME] = APPLY_UNCHANGED,
                                                  [DESIRED_OLDER] = APPLY_OLDER,
                                                  [DESIRED_DIFFERENT] = APPLY_DIFFERENT};
    *out = (struct apply_result){0};
    struct deployment *current = served_model_current(m);
    enum desired_order order = desired_compare(current ? &current->desired : NULL, wanted);
    deployment_unref(current);
    out->outcome = order == DESIRED_NEWER ? apply_newer(m, c, wanted, out) : outcomes[order];
    if (out->outcome == APPLY_UNCHANGED && !is_saved(m)) {
        save_desired(m, wanted);
    }
    bool good = out->outcome == APPLY_DONE || out->outcome == APPLY_UNCHANGED;
    atomic_fetch_add(good ? &m->n_applied : &m->n_refused, 1);
}

/* The state that was saved; ERR_NOT_FOUND where there is none. */
static enum err_code load_desired(const struct served_model *m, struct desired *out, struct err *e)
{
    char path[PATH_MAX], *text;
    size_t len;
    snprintf(path, sizeof path, "%s/desired.json", m->dir);
    enum err_code code = file_read(path, DESIRED_FILE_BYTES, &text, &len, e);
    if (code) {
        return code;
    }
    code = desired_parse(text, len, m->name, out, e);
    free(text);
    return code ? err_prefix(e, "%s", path) : ERR_OK;
}

enum err_code served_model_restore(struct served_model *m, const struct apply_context *c,
                                   struct err *e)
{
    struct desired wanted = {0};
    struct apply_result result = {0};
    enum err_code code = load_desired(m, &wanted, &result.error);
    if (code == ERR_NOT_FOUND) {
        return ERR_OK;
    }
    m->wanted = true; /* before anybody else can see m */
    if (!code) {
        served_model_apply(m, c, &wanted, &result);
        if (result.outcome == APPLY_MISSING) {
            snprintf(result.version, sizeof result.version, "%s", result.missing[0]);
            err_set(&result.error, ERR_NOT_FOUND, "artifact %s is not here", result.missing[0]);
        }
    }
    if (code || result.outcome == APPLY_MISSING) {
        note_failure(m, &wanted, &result);
    }
    return code || result.outcome != APPLY_DONE
               ? err_set(e, result.error.code, "%s", result.error.message)
               : ERR_OK;
}

void served_model_stop(struct served_model *m)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/desired.json", m->dir);
    file_remove_tree(path, NULL);
    pthread_mutex_lock(&m->lock);
    struct deployment *old = m->current;
    m->current = NULL;
    m->wanted = false;
    m->last_error.set = false;
    pthread_mutex_unlock(&m->lock);
    deployment_unref(old);
}
