/*
 * watch_ingest.c - from a replica's cumulative report to what is new in it; from there into the open window
 * and the rollout's sums; and a full window into signals.
 *
 * Exactly once: the last report of each source, the window and the sums are saved in the transaction that
 * counts the difference. Where it fails, the model is forgotten and read back as it was.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/safetensors.h"
#include "monitors/quality.h"
#include "store/observation_store.h"
#include "store/window_store.h"
#include "watch_private.h"

/* ---- sources ---- */

void watch_clear_sources(struct model_watch *m)
{
    for (size_t i = 0; i < m->n_sources; i++)
        tally_clean_up(&m->sources[i].last);
    free(m->sources);
    m->sources = NULL;
    m->n_sources = 0;
}

void watch_clear_sums(struct rollout_sums *sums)
{
    tally_clean_up(&sums->champion);
    tally_clean_up(&sums->candidate);
    tally_clean_up(&sums->shadow);
    *sums = (struct rollout_sums){0};
}

static bool counts_same(const struct source *src, const char *sha256, const char *role)
{
    return strcmp(src->sha256, sha256) == 0 && strcmp(src->role, role) == 0;
}

static struct source *find_process(struct model_watch *m, const char *instance, const char *sha256,
                                   const char *role)
{
    for (size_t i = 0; i < m->n_sources; i++)
        if (strcmp(m->sources[i].instance, instance) == 0 && counts_same(&m->sources[i], sha256, role))
            return &m->sources[i];
    return NULL;
}

static struct source *find_address(struct model_watch *m, const char *address, const char *sha256,
                                   const char *role)
{
    for (size_t i = 0; i < m->n_sources; i++)
        if (strcmp(m->sources[i].address, address) == 0 && counts_same(&m->sources[i], sha256, role))
            return &m->sources[i];
    return NULL;
}

static struct source *add_source(struct model_watch *m, const char *sha256, const char *role)
{
    struct source *grown = realloc(m->sources, (m->n_sources + 1) * sizeof(*grown));
    if (!grown)
        return NULL;
    m->sources = grown;
    struct source *src = &grown[m->n_sources++];
    *src = (struct source){0};
    snprintf(src->sha256, sizeof(src->sha256), "%s", sha256);
    snprintf(src->role, sizeof(src->role), "%s", role);
    return src;
}

struct source_load {
    struct watch *w;
    struct model_watch *m;
};

/* Only versions that are being watched have a ruler at hand; the others begin anew when they matter. */
static const struct ruler *ruler_of(const struct model_watch *m, const char *sha256)
{
    if (m->champion && strcmp(sha256, m->champion_sha256) == 0)
        return m->champion->ruler;
    if (m->other && strcmp(sha256, m->other->sha256) == 0)
        return m->other->ruler;
    return NULL;
}

static enum err_code load_source(void *user, const struct window_source *saved, struct err *e)
{
    struct source_load *load = user;
    const struct ruler *ruler = ruler_of(load->m, saved->sha256);
    if (!ruler)
        return ERR_OK;
    struct source *src = find_process(load->m, saved->instance, saved->sha256, saved->role);
    if (src && src->unix_ms >= saved->unix_ms)
        return ERR_OK; /* it was met under another address since */
    if (!src)
        src = add_source(load->m, saved->sha256, saved->role);
    if (!src)
        return err_set(e, ERR_NOMEM, "no memory for the counters of %s", saved->replica);
    snprintf(src->address, sizeof(src->address), "%s", saved->replica);
    snprintf(src->instance, sizeof(src->instance), "%s", saved->instance);
    src->unix_ms = saved->unix_ms;
    tally_clean_up(&src->last);
    return tally_from_blob(saved->data, saved->len, ruler, &src->last, e);
}

static enum err_code load_sources(struct watch *w, struct store *s, struct model_watch *m,
                                  struct err *e)
{
    struct source_load load = {.w = w, .m = m};
    watch_clear_sources(m);
    return window_store_each_source(s, m->name, load_source, &load, e);
}

/* ---- saved state ---- */

static enum err_code load_tally(struct store *s, const char *model, const char *name,
                                const struct ruler *ruler, struct tally *out, struct err *e)
{
    void *data = NULL;
    size_t len = 0;
    enum err_code rc = window_store_get_state(s, model, name, &data, &len, e);
    if (rc == ERR_NOT_FOUND) {
        err_clear(e);
        return ERR_OK;
    }
    if (rc == ERR_OK)
        rc = tally_from_blob(data, len, ruler, out, e);
    free(data);
    return rc;
}

static enum err_code save_tally(struct store *s, const char *model, const char *name,
                                const struct tally *t, struct err *e)
{
    void *data = NULL;
    size_t len = 0;
    enum err_code rc = tally_to_blob(t, &data, &len, e);
    if (rc == ERR_OK)
        rc = window_store_put_state(s, model, name, data, len, e);
    free(data);
    return rc;
}

static enum err_code load_open_window(struct store *s, struct model_watch *m, struct err *e)
{
    struct tally t = {0};
    enum err_code rc = load_tally(s, m->name, "window", m->champion->ruler, &t, e);
    m->window = t.profile;
    t.profile = NULL;
    tally_clean_up(&t);
    if (rc == ERR_OK && !m->window)
        rc = profile_new(m->champion->ruler, &m->window, e);
    return rc;
}

static enum err_code load_sums(struct watch *w, struct store *s, struct model_watch *m,
                               struct err *e)
{
    void *data = NULL;
    size_t len = 0;
    cJSON *j = NULL;
    const char *run = "", *candidate = "";
    struct artifact *other = NULL;
    enum err_code rc = window_store_get_state(s, m->name, "rollout", &data, &len, e);
    if (rc == ERR_NOT_FOUND) {
        err_clear(e);
        return ERR_OK;
    }
    if (rc == ERR_OK)
        rc = json_parse("rollout", data, len, &j, e);
    if (rc == ERR_OK)
        rc = json_get_string(j, "run", &run, e);
    if (rc == ERR_OK)
        rc = json_get_string(j, "candidate", &candidate, e);
    if (rc == ERR_OK)
        rc = json_get_int(j, "from_lseq", 0, INT64_C(1) << 53, &m->sums.from_lseq, e);
    if (rc == ERR_OK)
        rc = json_get_int(j, "from_unix_ms", 0, INT64_C(1) << 53, &m->sums.from_unix_ms, e);
    m->sums.folded_lseq = m->sums.from_lseq;
    if (rc == ERR_OK)
        rc = watch_artifact(w, m, candidate, &other, e);
    if (rc == ERR_OK) {
        snprintf(m->sums.run, sizeof(m->sums.run), "%s", run);
        snprintf(m->sums.candidate_sha256, sizeof(m->sums.candidate_sha256), "%s", candidate);
        rc = load_tally(s, m->name, "rollout/champion", m->champion->ruler, &m->sums.champion, e);
    }
    if (rc == ERR_OK)
        rc = load_tally(s, m->name, "rollout/candidate", other->ruler, &m->sums.candidate, e);
    if (rc == ERR_OK)
        rc = load_tally(s, m->name, "rollout/shadow", other->ruler, &m->sums.shadow, e);
    cJSON_Delete(j);
    free(data);
    return rc;
}

static enum err_code evidence_from_json(struct model_watch *m, int64_t window,
                                        const cJSON *item, struct err *e)
{
    struct mon_signal signal;
    const char *monitor = "", *verdict = "";
    const char *feature = "", *statistic = "";
    json_opt_string(item, "monitor", &monitor, NULL);
    json_opt_string(item, "verdict", &verdict, NULL);
    json_opt_string(item, "feature", &feature, NULL);
    int index = policy_find_monitor(m->policy, monitor);
    if (index < 0)
        return ERR_OK;
    json_opt_string(item, "statistic", &statistic, NULL);
    mon_signal_init(&signal, monitor, MON_KIND_DRIFT, statistic);
    snprintf(signal.feature, sizeof(signal.feature), "%s", feature);
    json_opt_double(item, "value", -1e300, 1e300, &signal.value, NULL);
    json_opt_double(item, "reference_value", -1e300, 1e300, &signal.reference_value, NULL);
    json_opt_double(item, "threshold", -1e300, 1e300, &signal.threshold, NULL);
    json_opt_double(item, "n", 0, 1e300, &signal.n, NULL);
    for (int v = MON_OK; v <= MON_UNAVAILABLE; v++)
        if (strcmp(verdict, mon_verdict_name((enum mon_verdict)v)) == 0)
            signal.verdict = (enum mon_verdict)v;
    return watch_add_evidence(m, index, window, &signal, e);
}

static void trim_evidence(struct model_watch *m)
{
    for (size_t i = 0; i < m->policy->n_monitors; i++)
        watch_trim_evidence(m, (int)i);
}

static enum err_code load_evidence(struct store *s, struct model_watch *m, struct err *e)
{
    cJSON *windows = NULL;
    const cJSON *window = NULL, *signal = NULL;
    enum err_code rc =
        window_store_list(s, m->name, NULL, m->evidence_from_window, WATCH_KEEP_WINDOWS, &windows, e);
    cJSON_ArrayForEach(window, windows)
    {
        int64_t id = 0;
        json_opt_int(window, "id", 0, INT64_C(1) << 53, &id, NULL);
        cJSON_ArrayForEach(signal, json_at(window, "signals"))
        {
            if (rc == ERR_OK)
                rc = evidence_from_json(m, id, signal, e);
        }
        trim_evidence(m);
    }
    cJSON_Delete(windows);
    return rc;
}

enum err_code watch_load_windows(struct watch *w, struct store *s, struct model_watch *m,
                                 struct err *e)
{
    if (!m->champion)
        return ERR_OK;
    enum err_code rc = load_open_window(s, m, e);
    if (rc == ERR_OK)
        rc = load_sums(w, s, m, e);
    if (rc == ERR_OK)
        rc = load_sources(w, s, m, e);
    if (rc == ERR_OK && m->policy)
        rc = load_evidence(s, m, e);
    return rc;
}

static enum err_code save_sums(struct store *s, const struct model_watch *m, struct err *e)
{
    enum err_code rc = save_tally(s, m->name, "rollout/champion", &m->sums.champion, e);
    if (rc == ERR_OK)
        rc = save_tally(s, m->name, "rollout/candidate", &m->sums.candidate, e);
    if (rc == ERR_OK)
        rc = save_tally(s, m->name, "rollout/shadow", &m->sums.shadow, e);
    return rc;
}

enum err_code watch_rollout_begins(struct watch *w, struct store *s, const struct run *run,
                                   struct err *e)
{
    struct model_watch *m = NULL;
    struct artifact *other = NULL;
    struct observation_account account = {0};
    char text[512];
    enum err_code rc = watch_model(w, s, run->model, &m, e);
    if (rc != ERR_OK || !m->champion)
        return rc;
    watch_clear_sums(&m->sums);
    rc = watch_artifact(w, m, run->candidate, &other, e);
    if (rc == ERR_OK)
        rc = load_sources(w, s, m, e);
    if (rc == ERR_OK)
        rc = observation_account_get(s, run->model, &account, e);
    if (rc != ERR_OK)
        return rc;
    snprintf(m->sums.run, sizeof(m->sums.run), "%s", run->id);
    snprintf(m->sums.candidate_sha256, sizeof(m->sums.candidate_sha256), "%s", run->candidate);
    m->sums.from_lseq = m->sums.folded_lseq = account.labelled;
    m->sums.from_unix_ms = run->entered_ms;
    int len = snprintf(text, sizeof(text),
                       "{\"run\":\"%s\",\"candidate\":\"%s\",\"from_lseq\":%lld,"
                       "\"from_unix_ms\":%lld}",
                       run->id, run->candidate, (long long)account.labelled,
                       (long long)run->entered_ms);
    rc = window_store_put_state(s, m->name, "rollout", text, (size_t)len, e);
    return rc == ERR_OK ? save_sums(s, m, e) : rc;
}

/* ---- closing a window ---- */

static enum err_code append_signals(cJSON *array, struct model_watch *m, size_t monitor,
                                    int64_t window, const struct mon_signal *signals, size_t n,
                                    struct err *e)
{
    enum err_code rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        rc = watch_add_evidence(m, (int)monitor, window, &signals[i], e);
        cJSON_AddItemToArray(array, mon_signal_to_json(&signals[i]));
    }
    return rc;
}

static size_t check_drift(const struct model_watch *m, size_t monitor, struct mon_signal *signals)
{
    const struct policy_monitor *p = &m->policy->monitors[monitor];
    struct mon_drift_options o;
    mon_drift_options_init(&o);
    snprintf(o.monitor, sizeof(o.monitor), "%s", p->name);
    mon_statistic_from_name(policy_statistic_name(p->statistic), &o.statistic);
    o.predictions = p->kind == POLICY_MONITOR_PREDICTION_DRIFT;
    o.min_rows = (double)p->min_rows;
    o.false_alarm_rate = p->false_alarm_rate;
    o.threshold = p->threshold;
    o.min_effect = p->min_effect;
    if (!p->features.all && p->features.n > 0) {
        o.only = (const char *const *)p->features.items;
        o.n_only = p->features.n;
    }
    return mon_drift_check(&o, m->nulls[monitor], m->champion->reference, m->window, signals);
}

static bool quality_watches(const struct policy_monitor *p, const char *feature)
{
    if (p->features.all || p->features.n == 0)
        return true;
    for (size_t i = 0; i < p->features.n; i++)
        if (strcmp(p->features.items[i], feature) == 0)
            return true;
    return false;
}

static size_t check_quality(const struct model_watch *m, size_t monitor, struct mon_signal *signals)
{
    const struct policy_monitor *p = &m->policy->monitors[monitor];
    struct mon_quality_options o;
    size_t kept = 0;
    mon_quality_options_init(&o);
    snprintf(o.monitor, sizeof(o.monitor), "%s", p->name);
    o.min_rows = (double)p->min_rows;
    o.max_rise[MON_RATE_MISSING] = p->missing;
    o.max_rise[MON_RATE_UNSEEN] = p->unseen;
    o.max_rise[MON_RATE_RANGE] = p->out_of_range;
    o.max_rise[MON_RATE_INFINITE] = p->infinite;
    size_t n = mon_quality_check(&o, m->champion->reference, m->window, signals);
    for (size_t i = 0; i < n; i++)
        if (quality_watches(p, signals[i].feature))
            signals[kept++] = signals[i];
    return kept;
}

static enum err_code judge_window(struct model_watch *m, int64_t window, cJSON *out, struct err *e)
{
    size_t room = m->champion->ruler->n_series + MON_N_RATES * m->champion->ruler->n_features;
    struct mon_signal *signals = calloc(room, sizeof(*signals));
    if (!signals)
        return err_set(e, ERR_NOMEM, "no memory for %zu signals", room);
    enum err_code rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < m->policy->n_monitors; i++) {
        size_t n = 0;
        switch (m->policy->monitors[i].kind) {
        case POLICY_MONITOR_DRIFT:
        case POLICY_MONITOR_PREDICTION_DRIFT:
            n = check_drift(m, i, signals);
            break;
        case POLICY_MONITOR_QUALITY:
            n = check_quality(m, i, signals);
            break;
        case POLICY_MONITOR_PERFORMANCE: /* on labelled rows: watch_labels.c */
        case POLICY_MONITOR_DETECTOR:
            break;
        }
        rc = append_signals(out, m, i, window, signals, n, e);
    }
    free(signals);
    return rc;
}

/* The store numbers the windows of all models in one row: a window's number is known once it is closed. */
static void number_evidence(struct model_watch *m, size_t first, int64_t window)
{
    for (size_t i = first; i < m->n_evidence; i++)
        m->evidence[i].signal.window = window;
    trim_evidence(m);
}

static enum err_code close_window(struct store *s, struct model_watch *m, struct err *e)
{
    struct tally t = {.profile = m->window};
    struct closed_window closed = {.model = m->name,
                                   .from_unix_ms = m->window_from_unix_ms,
                                   .to_unix_ms = m->window_to_unix_ms,
                                   .n_rows = (int64_t)m->window->n_rows,
                                   .champion = m->champion_sha256};
    void *blob = NULL;
    size_t first = m->n_evidence;
    cJSON *signals = cJSON_CreateArray();
    enum err_code rc =
        signals ? ERR_OK : err_set(e, ERR_NOMEM, "no memory to close a window of %s", m->name);
    if (rc == ERR_OK)
        rc = judge_window(m, m->last_window_id + 1, signals, e);
    if (rc == ERR_OK)
        rc = tally_to_blob(&t, &blob, &closed.profile_len, e);
    closed.profile = blob;
    closed.signals = signals;
    if (rc == ERR_OK)
        rc = window_store_close(s, &closed, &m->last_window_id, e);
    if (rc == ERR_OK)
        number_evidence(m, first, m->last_window_id);
    if (rc == ERR_OK)
        rc = window_store_trim(s, m->name, WATCH_KEEP_WINDOWS, WATCH_KEEP_PROFILES, e);
    free(blob);
    cJSON_Delete(signals);
    profile_clear(m->window);
    m->window_from_unix_ms = 0;
    return rc;
}

static bool window_is_full(const struct model_watch *m)
{
    const struct policy_window *w = &m->policy->window;
    if (w->rows > 0)
        return m->window->n_rows >= (uint64_t)w->rows;
    return m->window_from_unix_ms > 0 &&
           m->window_to_unix_ms - m->window_from_unix_ms >= w->duration_ms;
}

/* ---- a report ---- */

struct report {
    struct watch *w;
    struct store *s;
    struct model_watch *m;
    const struct st_file *file;
    const cJSON *state;
    int64_t now_unix_ms;
    const char *address, *instance;
    bool window_changed, sums_changed;
};

/* Where the last report of this process on a version is kept: its own place, else that of the process that
 * answered at the address before, else a new one. */
static struct source *place_of(struct report *r, const char *sha256, const char *role)
{
    struct source *src = find_process(r->m, r->instance, sha256, role);
    if (!src)
        src = find_address(r->m, r->address, sha256, role);
    return src ? src : add_source(r->m, sha256, role);
}

static enum err_code save_source(struct report *r, struct source *src, struct err *e)
{
    struct window_source saved = {.model = r->m->name,
                                  .replica = src->address,
                                  .sha256 = src->sha256,
                                  .role = src->role,
                                  .instance = src->instance,
                                  .unix_ms = r->now_unix_ms};
    void *blob = NULL;
    enum err_code rc = tally_to_blob(&src->last, &blob, &saved.len, e);
    saved.data = blob;
    src->unix_ms = r->now_unix_ms;
    if (rc == ERR_OK)
        rc = window_store_put_source(r->s, &saved, e);
    free(blob);
    return rc;
}

static bool tally_is_empty(const struct tally *t)
{
    return t->requests == 0 && t->rows == 0 && t->errors == 0 &&
           (!t->profile || t->profile->n_rows == 0);
}

/* The difference since the source's last report, which is replaced by cumulative (taken) and saved where
 * anything is new. A restarted replica, or a version loaded anew, has begun at zero: all of it is new. */
static enum err_code difference(struct report *r, const char *sha256, const char *role,
                                struct tally *cumulative, struct tally *delta, struct err *e)
{
    struct source *src = place_of(r, sha256, role);
    if (!src)
        return err_set(e, ERR_NOMEM, "no memory for the counters of %s", r->address);
    enum err_code rc = tally_merge(delta, cumulative, e);
    bool fresh = strcmp(src->instance, r->instance) != 0;
    if (rc == ERR_OK && !fresh && tally_subtract(delta, &src->last, NULL) != ERR_OK) {
        fresh = true;
        tally_clean_up(delta);
        rc = tally_merge(delta, cumulative, e);
    }
    tally_clean_up(&src->last);
    src->last = *cumulative;
    *cumulative = (struct tally){0};
    snprintf(src->instance, sizeof(src->instance), "%s", r->instance);
    snprintf(src->address, sizeof(src->address), "%s", r->address);
    if (rc == ERR_OK && (fresh || !tally_is_empty(delta)))
        rc = save_source(r, src, e);
    return rc;
}

static bool in_rollout(const struct report *r, const char *sha256)
{
    return r->m->sums.run[0] && strcmp(r->m->sums.candidate_sha256, sha256) == 0;
}

static void add_to_window(struct report *r, const struct tally *delta)
{
    struct model_watch *m = r->m;
    if (!delta->profile || delta->profile->n_rows == 0)
        return;
    if (m->window_from_unix_ms == 0)
        m->window_from_unix_ms = m->window_to_unix_ms ? m->window_to_unix_ms : r->now_unix_ms;
    m->window_to_unix_ms = r->now_unix_ms;
    profile_merge(m->window, delta->profile);
    r->window_changed = true;
}

static enum err_code add_to_sums(struct report *r, struct tally *side, const struct tally *delta,
                                 struct err *e)
{
    if (!r->m->sums.run[0] || tally_is_empty(delta))
        return ERR_OK;
    r->sums_changed = true;
    return tally_merge(side, delta, e);
}

/* role "scored": the profile of all rows a version answered; it has no counters of its own. */
static enum err_code count_scored(struct report *r, const char *sha256, const struct ruler *ruler,
                                  struct err *e)
{
    struct tally cumulative = {0}, delta = {0};
    char prefix[80];
    bool champion = strcmp(sha256, r->m->champion_sha256) == 0;
    snprintf(prefix, sizeof(prefix), "%s/", sha256);
    enum err_code rc = profile_from_st(r->file, prefix, ruler, &cumulative.profile, e);
    if (rc == ERR_OK)
        rc = difference(r, sha256, "scored", &cumulative, &delta, e);
    if (rc == ERR_OK && champion)
        add_to_window(r, &delta);
    if (rc == ERR_OK)
        rc = add_to_sums(r, champion ? &r->m->sums.champion : &r->m->sums.candidate, &delta, e);
    tally_clean_up(&cumulative);
    tally_clean_up(&delta);
    return rc;
}

static enum err_code attach_shadow_profile(struct report *r, const char *sha256,
                                           const struct ruler *ruler, struct tally *t,
                                           struct err *e)
{
    char prefix[80], name[96];
    snprintf(prefix, sizeof(prefix), "%s/shadow/", sha256);
    snprintf(name, sizeof(name), "%scounts", prefix);
    if (!st_find(r->file, name))
        return ERR_OK;
    return profile_from_st(r->file, prefix, ruler, &t->profile, e);
}

static enum err_code count_side(struct report *r, const char *sha256, const char *role,
                                const cJSON *side, const struct ruler *ruler, struct err *e)
{
    struct tally cumulative = {0}, delta = {0};
    struct rollout_sums *sums = &r->m->sums;
    bool shadow = strcmp(role, "shadow") == 0, candidate = strcmp(role, "candidate") == 0;
    bool champion = strcmp(role, "champion") == 0 && strcmp(sha256, r->m->champion_sha256) == 0;
    struct tally *into = NULL;
    if (champion)
        into = &sums->champion;
    else if (in_rollout(r, sha256) && (shadow || candidate))
        into = shadow ? &sums->shadow : &sums->candidate;
    enum err_code rc = tally_from_side(side, &cumulative, e);
    if (rc == ERR_OK && shadow)
        rc = attach_shadow_profile(r, sha256, ruler, &cumulative, e);
    if (rc == ERR_OK)
        rc = difference(r, sha256, role, &cumulative, &delta, e);
    if (rc == ERR_OK && into)
        rc = add_to_sums(r, into, &delta, e);
    tally_clean_up(&cumulative);
    tally_clean_up(&delta);
    return rc;
}

static enum err_code count_version(struct report *r, const char *sha256, struct err *e)
{
    char name[96];
    const struct ruler *ruler = ruler_of(r->m, sha256);
    snprintf(name, sizeof(name), "%s/counts", sha256);
    if (!ruler || !st_find(r->file, name))
        return ERR_OK;
    return count_scored(r, sha256, ruler, e);
}

static enum err_code count_all(struct report *r, struct err *e)
{
    const cJSON *side = NULL;
    enum err_code rc = count_version(r, r->m->champion_sha256, e);
    if (rc == ERR_OK && r->m->sums.run[0])
        rc = count_version(r, r->m->sums.candidate_sha256, e);
    cJSON_ArrayForEach(side, json_at(r->state, "sides"))
    {
        const char *sha256 = "", *role = "";
        if (rc == ERR_OK)
            rc = json_get_string(side, "sha256", &sha256, e);
        if (rc == ERR_OK)
            rc = json_get_string(side, "role", &role, e);
        const struct ruler *ruler = rc == ERR_OK ? ruler_of(r->m, sha256) : NULL;
        if (ruler)
            rc = count_side(r, sha256, role, side, ruler, e);
    }
    return rc;
}

static enum err_code save_counted(struct report *r, struct report_outcome *out, struct err *e)
{
    struct model_watch *m = r->m;
    enum err_code rc = ERR_OK;
    if (r->window_changed && m->policy && window_is_full(m)) {
        rc = close_window(r->s, m, e);
        out->windows_closed++;
    }
    if (rc == ERR_OK && r->window_changed) {
        struct tally t = {.profile = m->window};
        rc = save_tally(r->s, m->name, "window", &t, e);
    }
    if (rc == ERR_OK && r->window_changed)
        rc = watch_save_marks(r->s, m, e);
    if (rc == ERR_OK && r->sums_changed)
        rc = save_sums(r->s, m, e);
    return rc;
}

static enum err_code read_outcome(const cJSON *state, struct report_outcome *out, struct err *e)
{
    const char *replica = "", *instance = "", *log_id = "", *champion = "", *candidate = "";
    const int64_t most = INT64_C(1) << 53;
    const cJSON *side = NULL;
    if (json_get_string(state, "replica", &replica, e) != ERR_OK ||
        json_get_string(state, "instance", &instance, e) != ERR_OK ||
        json_get_string(state, "log.id", &log_id, e) != ERR_OK ||
        json_get_int(state, "generation", 0, most, &out->generation, e) != ERR_OK ||
        json_get_int(state, "log.next_seq", 0, most, &out->log_next, e) != ERR_OK ||
        json_get_int(state, "log.dropped", 0, most, &out->log_dropped, e) != ERR_OK ||
        json_opt_string(state, "champion.label", &champion, e) != ERR_OK ||
        json_opt_string(state, "candidate.label", &candidate, e) != ERR_OK)
        return err_prefix(e, "the replica's state");
    cJSON_ArrayForEach(side, json_at(state, "sides"))
    {
        int64_t requests = 0, errors = 0;
        json_opt_int(side, "requests", 0, most, &requests, NULL);
        json_opt_int(side, "errors", 0, most, &errors, NULL);
        out->requests += requests;
        out->errors += errors;
    }
    snprintf(out->replica, sizeof(out->replica), "%s", replica);
    snprintf(out->instance, sizeof(out->instance), "%s", instance);
    snprintf(out->log_id, sizeof(out->log_id), "%s", log_id);
    snprintf(out->champion, sizeof(out->champion), "%s", champion);
    snprintf(out->candidate, sizeof(out->candidate), "%s", candidate);
    return ERR_OK;
}

static enum err_code ingest(struct report *r, struct report_outcome *out, struct err *e)
{
    enum err_code rc = store_begin(r->s, e);
    if (rc == ERR_OK)
        rc = count_all(r, e);
    if (rc == ERR_OK)
        rc = save_counted(r, out, e);
    if (rc == ERR_OK)
        rc = store_commit(r->s, e);
    if (rc != ERR_OK) {
        store_rollback(r->s);
        watch_forget(r->w, r->m->name);
    }
    return rc;
}

enum err_code watch_ingest_report(struct watch *w, struct store *s, const char *model,
                                  const char *address, const void *report, size_t size_bytes, int64_t now_unix_ms,
                                  struct report_outcome *out, struct err *e)
{
    struct report r = {.w = w, .s = s, .address = address, .now_unix_ms = now_unix_ms};
    struct st_file *file = NULL;
    cJSON *state = NULL;
    struct report_outcome o = {0};
    enum err_code rc = st_open_memory(report, size_bytes, &file, e);
    const char *text = rc == ERR_OK ? st_metadata(file, "state") : NULL;
    if (rc == ERR_OK && !text)
        rc = err_set(e, ERR_PARSE, "report: expected a state in its metadata");
    if (rc == ERR_OK)
        rc = json_parse("state", text, strlen(text), &state, e);
    if (rc == ERR_OK)
        rc = read_outcome(state, &o, e);
    if (rc == ERR_OK)
        rc = watch_model(w, s, model, &r.m, e);
    r.file = file;
    r.state = state;
    r.instance = o.instance;
    if (rc == ERR_OK && r.m->champion)
        rc = ingest(&r, &o, e);
    if (rc == ERR_OK)
        rc = observation_next_seq(s, model, o.log_id, &o.from_seq, e);
    if (rc == ERR_OK)
        *out = o;
    cJSON_Delete(state);
    st_close(file);
    return rc;
}
