/* watch_decide.c - hands the policy what is known, as plain numbers, and keeps its newest word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/observation_store.h"
#include "store/run_store.h"
#include "store/window_store.h"
#include "watch_private.h"

#define HISTORY_RUNS 200

/* The past runs, read once and again after a run was made or has ended. */
static enum err_code load_runs(struct store *s, struct model_watch *m, struct err *e)
{
    cJSON *list = NULL;
    const cJSON *item = NULL;
    enum err_code rc = run_store_list(s, m->name, HISTORY_RUNS, &list, e);
    if (rc != ERR_OK)
        return rc;
    size_t n = (size_t)cJSON_GetArraySize(list);
    struct policy_run *runs = calloc(n ? n : 1, sizeof(*runs));
    if (!runs) {
        cJSON_Delete(list);
        return err_set(e, ERR_NOMEM, "no memory for %zu runs", n);
    }
    size_t i = 0;
    const int64_t most = INT64_C(1) << 53;
    cJSON_ArrayForEach(item, list)
    {
        struct policy_run *r = &runs[i++];
        r->id = r->trigger = r->state = "";
        json_opt_string(item, "id", &r->id, NULL);
        json_opt_string(item, "trigger", &r->trigger, NULL);
        json_opt_string(item, "state", &r->state, NULL);
        json_opt_int(item, "created_unix_ms", 0, most, &r->started_unix_ms, NULL);
        json_opt_int(item, "ended_unix_ms", 0, most, &r->ended_unix_ms, NULL);
    }
    free(m->runs);
    cJSON_Delete(m->run_texts);
    m->runs = runs;
    m->n_runs = n;
    m->run_texts = list;
    m->runs_known = true;
    return ERR_OK;
}

static const char *active_run(const struct model_watch *m)
{
    for (size_t i = 0; i < m->n_runs; i++)
        if (m->runs[i].ended_unix_ms == 0)
            return m->runs[i].id;
    return NULL;
}

static void gather_signals(const struct model_watch *m, struct policy_signal *out)
{
    for (size_t i = 0; i < m->n_evidence; i++) {
        out[i] = m->evidence[i].signal;
        out[i].feature = m->evidence[i].feature;
        out[i].statistic = m->evidence[i].statistic;
    }
}

/* The numbers in the reason move all the time; on disk goes what is decided. */
static bool decided_before(const struct model_watch *m, const struct policy_decision *d)
{
    const char *outcome = "", *trigger = "", *guard = "";
    json_opt_string(m->decision, "outcome", &outcome, NULL);
    json_opt_string(m->decision, "trigger", &trigger, NULL);
    json_opt_string(m->decision, "guard", &guard, NULL);
    return strcmp(outcome, policy_outcome_name(d->outcome)) == 0 &&
           strcmp(trigger, d->trigger_name) == 0 && strcmp(guard, policy_guard_name(d->guard)) == 0;
}

static enum err_code save_decision(struct store *s, struct model_watch *m,
                                   const struct policy_decision *d, int64_t now_unix_ms,
                                   struct err *e)
{
    enum err_code rc = ERR_OK;
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "outcome", policy_outcome_name(d->outcome));
    cJSON_AddStringToObject(j, "reason", d->reason);
    cJSON_AddStringToObject(j, "trigger", d->trigger_name);
    cJSON_AddStringToObject(j, "guard", policy_guard_name(d->guard));
    cJSON_AddNumberToObject(j, "at_unix_ms", (double)now_unix_ms);
    char *text = decided_before(m, d) ? NULL : json_print(j);
    if (text)
        rc = window_store_put_state(s, m->name, "decision", text, strlen(text), e);
    free(text);
    if (rc != ERR_OK) { /* the next round tries again */
        cJSON_Delete(j);
        return rc;
    }
    cJSON_Delete(m->decision);
    m->decision = j;
    return ERR_OK;
}

/* What is known, but for the signals. */
static enum err_code make_input(struct store *s, struct model_watch *m,
                                const struct policy_request *request, int64_t now_unix_ms,
                                struct policy_input *out, struct err *e)
{
    struct observation_account account = {0};
    enum err_code rc = m->runs_known ? ERR_OK : load_runs(s, m, e);
    if (rc == ERR_OK)
        rc = observation_account_get(s, m->name, &account, e);
    if (rc != ERR_OK)
        return rc;
    *out = (struct policy_input){
        .now_unix_ms = now_unix_ms,
        .label = watch_label_kind(m->schema),
        .n_alarms = m->n_alarms,
        .alarms = m->alarms,
        .n_runs = m->n_runs,
        .runs = m->runs,
        .active_run = active_run(m),
        .labelled_rows = account.labelled - m->snapshot_lseq,
        .rows_since_run = account.observed - m->run_end_observed,
        .champion_trained_unix_ms = m->champion_since_unix_ms,
        .policy_since_unix_ms = m->policy_since_unix_ms,
        .request = request,
    };
    return ERR_OK;
}

static enum err_code decide(const struct model_watch *m, struct policy_input *in,
                            struct policy_decision *out, struct err *e)
{
    struct policy_signal *signals = malloc((m->n_evidence + 1) * sizeof(*signals));
    if (!signals)
        return err_set(e, ERR_NOMEM, "no memory to decide for %s", m->name);
    gather_signals(m, signals);
    in->n_signals = m->n_evidence;
    in->signals = signals;
    enum err_code rc = policy_decide(m->policy, in, out, e);
    free(signals);
    return rc;
}

enum err_code watch_decide(struct watch *w, struct store *s, const char *model,
                           const struct policy_request *request, int64_t now_unix_ms,
                           bool *has_policy, struct policy_decision *out, struct err *e)
{
    struct model_watch *m = NULL;
    struct policy_input in;
    struct policy_decision d = {0};
    enum err_code rc = watch_model(w, s, model, &m, e);
    if (rc == ERR_OK && !m->policy) {
        *has_policy = false;
        return ERR_OK;
    }
    if (rc == ERR_OK)
        rc = make_input(s, m, request, now_unix_ms, &in, e);
    if (rc == ERR_OK)
        rc = decide(m, &in, &d, e);
    if (rc == ERR_OK)
        rc = save_decision(s, m, &d, now_unix_ms, e);
    if (rc != ERR_OK) {
        policy_decision_deinit(&d);
        return rc;
    }
    *has_policy = true;
    *out = d;
    return ERR_OK;
}

enum err_code watch_decision_json(struct watch *w, struct store *s, const char *model, cJSON **out,
                                  struct err *e)
{
    struct model_watch *m = NULL;
    void *data = NULL;
    size_t len = 0;
    enum err_code rc = watch_model(w, s, model, &m, e);
    if (rc != ERR_OK)
        return rc;
    if (m->decision) {
        *out = cJSON_Duplicate(m->decision, true);
        return ERR_OK;
    }
    *out = NULL;
    rc = window_store_get_state(s, model, "decision", &data, &len, e);
    if (rc == ERR_OK)
        rc = json_parse("decision", data, len, out, e);
    free(data);
    if (rc == ERR_NOT_FOUND) { /* nothing was decided yet */
        err_clear(e);
        rc = ERR_OK;
    }
    return rc;
}
