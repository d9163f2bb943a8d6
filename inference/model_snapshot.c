/*
 * model_snapshot.c - copying under the locks, writing outside of them.
 */
#include "model_snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

/* ---- taking ---- */

static void reference_all(struct served_model *m, struct model_snapshot *s)
{
    pthread_mutex_lock(&m->lock);
    s->deployment = m->current ? deployment_ref(m->current) : NULL;
    s->last_error = m->last_error;
    s->n_versions = m->n_ledgers;
    for (size_t i = 0; i < m->n_ledgers; i++) {
        s->versions[i].ledger = ledger_ref(m->ledgers[i]);
        memcpy(s->versions[i].label, ledger_label(m->ledgers[i]), sizeof s->versions[i].label);
    }
    pthread_mutex_unlock(&m->lock);
}

static enum err_code copy_counts(struct snapshot_version *v, bool with_profiles, struct err *e)
{
    for (size_t r = 0; r < N_ROLES; r++) {
        ledger_sum(v->ledger, (enum role)r, &v->sides[r]);
    }
    enum err_code code = with_profiles ? ledger_profile(v->ledger, false, &v->served, e) : ERR_OK;
    if (!code && with_profiles && v->sides[ROLE_SHADOW].rows > 0) {
        code = ledger_profile(v->ledger, true, &v->shadow, e);
    }
    return code;
}

enum err_code model_snapshot_take(struct served_model *m, struct lanes *lanes, bool with_profiles,
                                  struct model_snapshot *out, struct err *e)
{
    *out = (struct model_snapshot){.model = m};
    reference_all(m, out);
    enum err_code code = ERR_OK;
    lanes_lock_all(lanes);
    for (size_t i = 0; !code && i < out->n_versions; i++) {
        code = copy_counts(&out->versions[i], with_profiles, e);
    }
    observation_log_info(m->log, &out->log);
    out->now_unix_ms = clock_unix_ms();
    lanes_unlock_all(lanes);
    return code;
}

void model_snapshot_deinit(struct model_snapshot *s)
{
    for (size_t i = 0; i < s->n_versions; i++) {
        profile_free(s->versions[i].served);
        profile_free(s->versions[i].shadow);
        ledger_unref(s->versions[i].ledger);
    }
    deployment_unref(s->deployment);
}

/* ---- the state ---- */

static void add_version(cJSON *json, const char *key, const struct deployed *v,
                        const double *weight)
{
    if (!v) {
        cJSON_AddNullToObject(json, key);
        return;
    }
    cJSON *object = cJSON_AddObjectToObject(json, key);
    cJSON_AddStringToObject(object, "sha256", version_artifact(v->version)->sha256);
    cJSON_AddStringToObject(object, "label", v->label);
    if (weight) {
        cJSON_AddNumberToObject(object, "weight", *weight);
    }
}

static void add_last_error(cJSON *json, const struct last_error *l)
{
    if (!l->set) {
        cJSON_AddNullToObject(json, "last_error");
        return;
    }
    cJSON *object = cJSON_AddObjectToObject(json, "last_error");
    cJSON_AddNumberToObject(object, "generation", (double)l->generation);
    cJSON_AddStringToObject(object, "version", l->version);
    cJSON_AddStringToObject(object, "error", l->message);
}

static void add_log(cJSON *json, const struct observation_log_info *log)
{
    cJSON *object = cJSON_AddObjectToObject(json, "log");
    cJSON_AddStringToObject(object, "id", log->id);
    cJSON_AddNumberToObject(object, "first_seq", (double)log->first_seq);
    cJSON_AddNumberToObject(object, "next_seq", (double)log->next_seq);
    cJSON_AddNumberToObject(object, "dropped", (double)log->dropped);
    cJSON_AddNumberToObject(object, "bytes", (double)log->bytes);
    cJSON_AddBoolToObject(object, "failing", log->failing);
}

static void add_latency(cJSON *json, const struct side *side)
{
    cJSON *latency = cJSON_AddObjectToObject(json, "latency_seconds");
    cJSON *bounds = cJSON_AddArrayToObject(latency, "bounds");
    cJSON *counts = cJSON_AddArrayToObject(latency, "counts");
    for (size_t i = 0; i < LATENCY_BOUNDS; i++) {
        cJSON_AddItemToArray(bounds, cJSON_CreateNumber(latency_bounds[i]));
    }
    for (size_t i = 0; i <= LATENCY_BOUNDS; i++) {
        cJSON_AddItemToArray(counts, cJSON_CreateNumber((double)side->latency_counts[i]));
    }
    cJSON_AddNumberToObject(latency, "sum", side->latency_sum_s);
}

static void add_side(cJSON *sides, const struct snapshot_version *v, enum role role)
{
    const struct side *side = &v->sides[role];
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "sha256", ledger_sha256(v->ledger));
    cJSON_AddStringToObject(object, "label", v->label);
    cJSON_AddStringToObject(object, "role", role_name(role));
    cJSON_AddNumberToObject(object, "requests", (double)side->requests);
    cJSON_AddNumberToObject(object, "rows", (double)side->rows);
    cJSON_AddNumberToObject(object, "errors", (double)side->errors);
    add_latency(object, side);
    cJSON_AddItemToArray(sides, object);
}

/* What a version does now is listed from its first second on, whatever else once it was used. */
static bool is_now(const struct model_snapshot *s, const struct snapshot_version *v, enum role role)
{
    const struct desired *d = s->deployment ? &s->deployment->desired : NULL;
    if (!d) {
        return false;
    }
    bool candidate = d->has_candidate && strcmp(d->candidate.sha256, ledger_sha256(v->ledger)) == 0;
    bool champion = strcmp(d->champion.sha256, ledger_sha256(v->ledger)) == 0;
    return role == ROLE_CHAMPION
               ? champion
               : candidate && (role == ROLE_CANDIDATE || (role == ROLE_SHADOW && d->shadow));
}

static void add_sides(cJSON *json, const struct model_snapshot *s)
{
    cJSON *sides = cJSON_AddArrayToObject(json, "sides");
    for (size_t i = 0; i < s->n_versions; i++) {
        for (size_t r = 0; r < N_ROLES; r++) {
            const struct snapshot_version *v = &s->versions[i];
            if (v->sides[r].requests > 0 || is_now(s, v, (enum role)r)) {
                add_side(sides, v, (enum role)r);
            }
        }
    }
}

cJSON *model_snapshot_to_json(const struct model_snapshot *s, const char *replica,
                              const char *instance)
{
    const struct deployment *d = s->deployment;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "model", s->model->name);
    cJSON_AddStringToObject(json, "replica", replica);
    cJSON_AddStringToObject(json, "instance", instance);
    cJSON_AddNumberToObject(json, "generation", d ? (double)d->desired.generation : 0);
    cJSON_AddBoolToObject(json, "ready", d != NULL);
    cJSON_AddNumberToObject(json, "now_unix_ms", (double)s->now_unix_ms);
    add_version(json, "champion", d ? deployment_champion(d) : NULL, NULL);
    add_version(json, "candidate", d ? deployment_candidate(d) : NULL,
                d ? &d->desired.weight : NULL);
    cJSON_AddBoolToObject(json, "shadow", d && d->desired.shadow);
    cJSON *loaded = cJSON_AddArrayToObject(json, "loaded");
    for (size_t i = 0; d && i < d->n; i++) {
        const char *sha256 = version_artifact(d->versions[i].version)->sha256;
        cJSON_AddItemToArray(loaded, cJSON_CreateString(sha256));
    }
    add_last_error(json, &s->last_error);
    cJSON_AddNumberToObject(json, "rejected", (double)atomic_load(&s->model->n_rejected));
    add_log(json, &s->log);
    add_sides(json, s);
    return json;
}

/* ---- the report ---- */

/* Buffers that the writer borrows until the file is written. */
struct kept {
    size_t n;
    void *items[2 * LEDGERS_MAX];
};

static enum err_code add_profile(struct st_writer *w, const struct snapshot_version *v,
                                 const struct profile *p, const char *suffix, struct kept *kept,
                                 struct err *e)
{
    char prefix[SHA256_HEX_BYTES + 16];
    snprintf(prefix, sizeof prefix, "%s/%s", ledger_sha256(v->ledger), suffix);
    enum err_code code = profile_to_st(p, prefix, w, &kept->items[kept->n], e);
    kept->n += code == ERR_OK;
    return code;
}

static enum err_code add_state(struct st_writer *w, const struct model_snapshot *s,
                               const char *replica, const char *instance, struct err *e)
{
    cJSON *state = model_snapshot_to_json(s, replica, instance);
    char *text = state ? json_print(state) : NULL;
    enum err_code code =
        text ? st_writer_meta(w, "state", text, e) : err_set(e, ERR_NOMEM, "out of memory");
    free(text);
    cJSON_Delete(state);
    return code;
}

enum err_code model_snapshot_to_report(const struct model_snapshot *s, const char *replica,
                                       const char *instance, void **out, size_t *size_bytes,
                                       struct err *e)
{
    struct kept kept = {0};
    struct st_writer *w = st_writer_new();
    enum err_code code =
        w ? add_state(w, s, replica, instance, e) : err_set(e, ERR_NOMEM, "out of memory");
    for (size_t i = 0; !code && i < s->n_versions; i++) {
        const struct snapshot_version *v = &s->versions[i];
        code = add_profile(w, v, v->served, "", &kept, e);
        if (!code && v->shadow) {
            code = add_profile(w, v, v->shadow, "shadow/", &kept, e);
        }
    }
    if (!code) {
        code = st_writer_memory(w, out, size_bytes, e);
    }
    st_writer_free(w);
    for (size_t i = 0; i < kept.n; i++) {
        free(kept.items[i]);
    }
    return code;
}
