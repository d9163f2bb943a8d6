/*
 * watch.c - see watch.h: the models that the worker watches and what is cached about them. A model
 * is loaded when it is first needed and forgotten when its champion or policy changes.
 */
#include "watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/observation_store.h"
#include "store/registry.h"
#include "store/window_store.h"
#include "watch_private.h"

enum err_code watch_new(const char *artifact_dir, struct watch **out, struct err *e)
{
    struct watch *w = calloc(1, sizeof(*w));
    char *dir = strdup(artifact_dir);
    if (!w || !dir) {
        free(w);
        free(dir);
        return err_set(e, ERR_NOMEM, "no memory for the watch");
    }
    w->artifact_dir = dir;
    *out = w;
    return ERR_OK;
}

static void clear_champion(struct model_watch *m)
{
    watch_clear_drift(m);
    mon_calibrator_free(m->calibrator);
    m->calibrator = NULL;
    mon_history_free(m->history);
    m->history = NULL;
    profile_free(m->window);
    m->window = NULL;
    watch_clear_sources(m); /* these profiles lie over the artifacts' rulers */
    watch_clear_sums(&m->sums);
    artifact_free(m->champion);
    artifact_free(m->other);
    m->champion = m->other = NULL;
}

static void model_free(struct model_watch *m)
{
    if (!m)
        return;
    watch_clear_labels(m);
    clear_champion(m);
    cJSON_Delete(m->points);
    cJSON_Delete(m->decision);
    cJSON_Delete(m->run_texts);
    free(m->runs);
    free(m->evidence);
    policy_free(m->policy);
    schema_free(m->schema);
    free(m);
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->n_models; i++)
        model_free(w->models[i]);
    free(w->artifact_dir);
    free(w);
}

void watch_forget(struct watch *w, const char *model)
{
    for (size_t i = 0; i < w->n_models; i++) {
        if (strcmp(w->models[i]->name, model) != 0)
            continue;
        model_free(w->models[i]);
        w->models[i] = w->models[--w->n_models];
        return;
    }
}

enum policy_label watch_label_kind(const struct schema *s)
{
    switch (s->label_kind) {
    case LABEL_BINARY:
        return POLICY_LABEL_BINARY;
    case LABEL_MULTICLASS:
        return POLICY_LABEL_MULTICLASS;
    case LABEL_REGRESSION:
        return POLICY_LABEL_REGRESSION;
    }
    return POLICY_LABEL_UNKNOWN;
}

enum mon_metric watch_metric(const struct model_watch *m, enum policy_metric metric)
{
    enum mon_metric out = MON_ACCURACY;
    metric = policy_metric_resolve(metric, watch_label_kind(m->schema));
    mon_metric_from_name(policy_metric_name(metric), &out);
    return out;
}

double watch_label_value(const struct schema *s, const char *label)
{
    if (s->label_kind != LABEL_REGRESSION) {
        int index = schema_find_class(s, label);
        return index < 0 ? NAN : index;
    }
    char *end = NULL;
    double value = strtod(label, &end);
    return end == label || *end != '\0' ? NAN : value;
}

/* ---- loading ---- */

static enum err_code load_policy(struct model_watch *m, const struct registry_model *r,
                                 struct err *e)
{
    struct diagnostics *d = NULL;
    enum err_code rc = ERR_OK;
    if (r->policy_text[0] == '\0')
        return ERR_OK;
    d = calloc(1, sizeof(*d));
    if (!d)
        return err_set(e, ERR_NOMEM, "no memory to read the policy of %s", m->name);
    rc = policy_parse("policy", r->policy_text, strlen(r->policy_text), NULL, &m->policy, d, e);
    free(d);
    snprintf(m->policy_sha256, sizeof(m->policy_sha256), "%s", r->policy_sha256);
    m->policy_since_unix_ms = r->updated_unix_ms;
    return rc;
}

static enum err_code load_schema(struct model_watch *m, const struct registry_model *r,
                                 struct err *e)
{
    cJSON *json = NULL;
    enum err_code rc = json_parse("schema", r->schema_json, strlen(r->schema_json), &json, e);
    if (rc == ERR_OK)
        rc = schema_from_json(json, &m->schema, e);
    cJSON_Delete(json);
    return rc;
}

static void artifact_path(const struct watch *w, const char *sha256, char *out, size_t size_bytes)
{
    snprintf(out, size_bytes, "%s/%s.safetensors", w->artifact_dir, sha256);
}

/* The manifest's numbers are of all validation rows; metrics it does not name are measured on those
 * that the version keeps. */
static void read_reference_metric(struct model_watch *m, size_t monitor, const cJSON *validation)
{
    enum mon_metric metric = watch_metric(m, m->policy->monitors[monitor].metric);
    double value = NAN, n = NAN;
    json_opt_double(validation, mon_metric_name(metric), -1e300, 1e300, &value, NULL);
    json_opt_double(validation, "n", 0, 1e15, &n, NULL);
    if (isnan(value) && m->champion->n_validation > 0) {
        struct mon_labelled rows = watch_validation(m->champion);
        struct mon_measured measured = mon_metric_measure(metric, &rows, 0);
        value = measured.value;
        n = measured.n;
    }
    m->reference_metric[monitor] = value;
    m->reference_n[monitor] = n;
}

/* What the performance monitors compare with: the champion's metrics on its validation rows. */
static void read_reference_metrics(struct model_watch *m)
{
    const cJSON *v = json_at(m->champion->manifest, "metrics.validation");
    for (size_t i = 0; m->policy && i < m->policy->n_monitors; i++)
        if (m->policy->monitors[i].kind == POLICY_MONITOR_PERFORMANCE)
            read_reference_metric(m, i, v);
}

static enum err_code load_champion(struct watch *w, struct store *s, struct model_watch *m,
                                   struct err *e)
{
    struct registry_champion champion;
    char path[4096];
    enum err_code rc = registry_champion(s, m->name, &champion, e);
    if (rc == ERR_NOT_FOUND) { /* not trained yet */
        err_clear(e);
        return ERR_OK;
    }
    if (rc != ERR_OK)
        return rc;
    artifact_path(w, champion.sha256, path, sizeof(path));
    rc = artifact_load(path, champion.sha256, &m->champion, e);
    if (rc != ERR_OK)
        return err_prefix(e, "champion %s of %s", champion.label, m->name);
    memcpy(m->champion_sha256, champion.sha256, sizeof(m->champion_sha256));
    snprintf(m->champion_label, sizeof(m->champion_label), "%s", champion.label);
    m->champion_since_unix_ms = champion.since_unix_ms;
    read_reference_metrics(m);
    rc = watch_make_drift(m, e);
    return rc == ERR_OK ? watch_make_estimate(m, e) : rc;
}

static enum err_code load_marks(struct store *s, struct model_watch *m, struct err *e)
{
    void *data = NULL;
    size_t len = 0;
    cJSON *j = NULL;
    enum err_code rc = window_store_get_state(s, m->name, "marks", &data, &len, e);
    if (rc == ERR_NOT_FOUND) {
        err_clear(e);
        return ERR_OK;
    }
    const int64_t most = INT64_C(1) << 53;
    if (rc == ERR_OK)
        rc = json_parse("marks", data, len, &j, e);
    if (rc == ERR_OK) {
        json_opt_int(j, "last_window_id", 0, most, &m->last_window_id, NULL);
        json_opt_int(j, "window_from_unix_ms", 0, most, &m->window_from_unix_ms, NULL);
        json_opt_int(j, "window_to_unix_ms", 0, most, &m->window_to_unix_ms, NULL);
        json_opt_int(j, "fresh_from_lseq", 0, most, &m->fresh_from_lseq, NULL);
        json_opt_int(j, "snapshot_lseq", 0, most, &m->snapshot_lseq, NULL);
        json_opt_int(j, "run_end_observed", 0, most, &m->run_end_observed, NULL);
        json_opt_int(j, "evidence_from_window", 0, most, &m->evidence_from_window, NULL);
    }
    cJSON_Delete(j);
    free(data);
    return rc;
}

enum err_code watch_save_marks(struct store *s, const struct model_watch *m, struct err *e)
{
    char text[512];
    int len = snprintf(text, sizeof(text),
                       "{\"last_window_id\":%lld,\"window_from_unix_ms\":%lld,"
                       "\"window_to_unix_ms\":%lld,\"fresh_from_lseq\":%lld,"
                       "\"snapshot_lseq\":%lld,\"run_end_observed\":%lld,"
                       "\"evidence_from_window\":%lld}",
                       (long long)m->last_window_id, (long long)m->window_from_unix_ms,
                       (long long)m->window_to_unix_ms, (long long)m->fresh_from_lseq,
                       (long long)m->snapshot_lseq, (long long)m->run_end_observed,
                       (long long)m->evidence_from_window);
    return window_store_put_state(s, m->name, "marks", text, (size_t)len, e);
}

/* The open window, the evidence of closed ones and the rollout's sums, as they were saved. */
static enum err_code load_windows(struct watch *w, struct store *s, struct model_watch *m,
                                  struct err *e)
{
    if (!m->champion)
        return ERR_OK;
    enum err_code rc = watch_load_open_window(s, m, e);
    if (rc == ERR_OK)
        rc = watch_load_sums(w, s, m, e);
    if (rc == ERR_OK)
        rc = watch_load_sources(s, m, e);
    if (rc == ERR_OK && m->policy)
        rc = watch_load_drift(s, m, e);
    if (rc == ERR_OK)
        rc = watch_load_history(s, m, e);
    if (rc == ERR_OK && m->policy)
        rc = watch_load_evidence(s, m, e);
    return rc;
}

static enum err_code load_model(struct watch *w, struct store *s, struct model_watch *m,
                                struct err *e)
{
    struct registry_model r = {0};
    enum err_code rc = registry_get_model(s, m->name, &r, e);
    if (rc == ERR_OK)
        rc = load_schema(m, &r, e);
    if (rc == ERR_OK)
        rc = load_policy(m, &r, e);
    registry_model_deinit(&r);
    if (rc == ERR_OK)
        rc = load_marks(s, m, e);
    if (rc == ERR_OK)
        rc = load_champion(w, s, m, e);
    if (rc == ERR_OK)
        rc = load_windows(w, s, m, e);
    if (rc == ERR_OK)
        rc = watch_load_labels(s, m, e);
    return rc;
}

enum err_code watch_model(struct watch *w, struct store *s, const char *name,
                          struct model_watch **out, struct err *e)
{
    for (size_t i = 0; i < w->n_models; i++) {
        if (strcmp(w->models[i]->name, name) == 0) {
            *out = w->models[i];
            return ERR_OK;
        }
    }
    if (w->n_models == WATCH_MAX_MODELS)
        return err_set(e, ERR_LIMIT, "more than %d models", WATCH_MAX_MODELS);
    struct model_watch *m = calloc(1, sizeof(*m));
    if (!m)
        return err_set(e, ERR_NOMEM, "no memory to watch %s", name);
    snprintf(m->name, sizeof(m->name), "%s", name);
    enum err_code rc = load_model(w, s, m, e);
    if (rc != ERR_OK) {
        model_free(m);
        return rc;
    }
    w->models[w->n_models++] = m;
    *out = m;
    return ERR_OK;
}

enum err_code watch_artifact(struct watch *w, struct model_watch *m, const char *sha256,
                             struct artifact **out, struct err *e)
{
    char path[4096];
    if (m->champion && strcmp(m->champion_sha256, sha256) == 0) {
        *out = m->champion;
        return ERR_OK;
    }
    if (m->other && strcmp(m->other->sha256, sha256) == 0) {
        *out = m->other;
        return ERR_OK;
    }
    struct artifact *a = NULL;
    artifact_path(w, sha256, path, sizeof(path));
    enum err_code rc = artifact_load(path, sha256, &a, e);
    if (rc != ERR_OK)
        return rc;
    watch_clear_sources(m); /* some may lie over the ruler that goes; they are read again */
    artifact_free(m->other);
    m->other = a;
    *out = a;
    return ERR_OK;
}

enum err_code watch_schema(struct watch *w, struct store *s, const char *model,
                           const struct schema **out, struct err *e)
{
    struct model_watch *m = NULL;
    enum err_code rc = watch_model(w, s, model, &m, e);
    if (rc == ERR_OK)
        *out = m->schema;
    return rc;
}

enum err_code watch_run_policy(struct watch *w, struct store *s, const char *model,
                               const struct policy **policy, const char **sha256, struct err *e)
{
    struct model_watch *m = NULL;
    enum err_code rc = watch_model(w, s, model, &m, e);
    if (rc != ERR_OK)
        return rc;
    if (!m->policy)
        return err_set(e, ERR_CONFLICT, "%s has no policy; put one into force first", model);
    *policy = m->policy;
    *sha256 = m->policy_sha256;
    return ERR_OK;
}

/* ---- the marks that runs leave ---- */

static enum err_code last_lseq(struct store *s, const char *model, int64_t *lseq, int64_t *observed,
                               struct err *e)
{
    struct observation_account a = {0};
    enum err_code rc = observation_account_get(s, model, &a, e);
    *lseq = a.labelled;
    *observed = a.observed;
    return rc;
}

enum err_code watch_run_started(struct watch *w, struct store *s, const struct run *run,
                                struct err *e)
{
    struct model_watch *m = NULL;
    enum err_code rc = watch_model(w, s, run->model, &m, e);
    if (rc == ERR_OK)
        m->runs_known = false;
    return rc;
}

enum err_code watch_snapshot_cut(struct watch *w, struct store *s, const char *model, struct err *e)
{
    struct model_watch *m = NULL;
    int64_t observed = 0, lseq = 0;
    enum err_code rc = watch_model(w, s, model, &m, e);
    if (rc == ERR_OK)
        rc = last_lseq(s, model, &lseq, &observed, e);
    if (rc != ERR_OK)
        return rc;
    m->snapshot_lseq = lseq;
    return watch_save_marks(s, m, e);
}

enum err_code watch_fresh_start(struct watch *w, struct store *s, const char *model, struct err *e)
{
    struct model_watch *m = NULL;
    int64_t observed = 0, lseq = 0;
    enum err_code rc = watch_model(w, s, model, &m, e);
    if (rc == ERR_OK)
        rc = last_lseq(s, model, &lseq, &observed, e);
    if (rc != ERR_OK)
        return rc;
    static const char *const spent[] = {"window", "rollout", "rollout/champion",
                                        "rollout/candidate", "rollout/shadow"};
    for (size_t i = 0; rc == ERR_OK && i < sizeof(spent) / sizeof(spent[0]); i++)
        rc = window_store_put_state(s, model, spent[i], NULL, 0, e);
    if (rc == ERR_OK)
        rc = watch_spend_drift(s, model, e);
    if (rc != ERR_OK)
        return rc;
    m->window_from_unix_ms = m->window_to_unix_ms = 0;
    m->run_end_observed = observed;
    m->evidence_from_window = m->last_window_id;
    m->fresh_from_lseq = lseq;
    rc = watch_save_marks(s, m, e);
    watch_forget(w, model); /* there may be a new champion: load all of it again */
    return rc;
}
