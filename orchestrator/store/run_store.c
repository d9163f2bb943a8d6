/*
 * run_store.c - a run is one row with its whole struct as JSON (the machine's own form); a few
 * columns beside it are what SQL looks for.
 */
#include "store/run_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/audit.h"
#include "store/db_private.h"

/* ---- writing ---- */

/* Owned; NULL: out of memory. Takes json. */
static char *print_and_free(cJSON *json)
{
    char *text = json ? json_print(json) : NULL;

    cJSON_Delete(json);
    return text;
}

static void bind_ended(struct store_stmt *st, int i, const struct run *r)
{
    if (run_state_is_end(r->state)) {
        store_bind_int(st, i, r->entered_ms);
    } else {
        store_bind_null(st, i);
    }
}

static enum err_code insert_run(struct store *s, const struct run *r, const char *body,
                                const char *evidence, const char *policy_sha256, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(
             s,
             "INSERT INTO run (id, model, state, created_ms, ended_ms,"
             " policy_sha256, evidence, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
             &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, r->id);
    store_bind_text(st, 2, r->model);
    store_bind_text(st, 3, run_state_name(r->state));
    store_bind_int(st, 4, r->created_ms);
    bind_ended(st, 5, r);
    store_bind_text(st, 6, policy_sha256);
    store_bind_text(st, 7, evidence);
    store_bind_text(st, 8, body);
    rc = store_run(st, e);
    return rc == ERR_CONFLICT
               ? err_set(e, ERR_CONFLICT, "run \"%s\" exists, or model \"%s\" has a run under way",
                         r->id, r->model)
               : rc;
}

static enum err_code update_run(struct store *s, const struct run *r, struct err *e)
{
    struct store_stmt *st;
    char *body = print_and_free(run_to_json(r));
    enum err_code rc;

    if (!body) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    if ((rc = store_prepare(s, "UPDATE run SET state = ?2, ended_ms = ?3, body = ?4 WHERE id = ?1",
                            &st, e)) == ERR_OK) {
        store_bind_text(st, 1, r->id);
        store_bind_text(st, 2, run_state_name(r->state));
        bind_ended(st, 3, r);
        store_bind_text(st, 4, body);
        rc = store_run(st, e);
    }
    free(body);
    if (rc == ERR_OK && store_changes(s) != 1) {
        return err_set(e, ERR_NOT_FOUND, "there is no run \"%s\"", r->id);
    }
    return rc;
}

/* A line of the timeline. */
struct line {
    int64_t unix_ms;
    const char *from, *to, *event, *actor, *reason, *action;
    const cJSON *numbers;
};

static enum err_code insert_line(struct store *s, const char *run, const struct line *l,
                                 struct err *e)
{
    struct store_stmt *st;
    char *numbers = json_print(l->numbers);
    enum err_code rc;

    if (!numbers) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    if ((rc = store_prepare(s,
                            "INSERT INTO transition (run, n, unix_ms, from_state, to_state, event,"
                            " actor, reason, numbers, action) SELECT ?1, coalesce(max(n), 0) + 1,"
                            " ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM transition WHERE run = ?1",
                            &st, e)) == ERR_OK) {
        store_bind_text(st, 1, run);
        store_bind_int(st, 2, l->unix_ms);
        store_bind_text(st, 3, l->from);
        store_bind_text(st, 4, l->to);
        store_bind_text(st, 5, l->event);
        store_bind_text(st, 6, l->actor);
        store_bind_text(st, 7, l->reason);
        store_bind_text(st, 8, numbers);
        store_bind_text(st, 9, l->action);
        rc = store_run(st, e);
    }
    free(numbers);
    return rc;
}

static enum err_code audit_line(struct store *s, const struct run *r, const struct line *l,
                                struct err *e)
{
    char subject[RUN_ID_BYTES + 8];
    cJSON *detail = cJSON_CreateObject();
    enum err_code rc;

    snprintf(subject, sizeof(subject), "run/%s", r->id);
    if (!db_add_text(detail, "model", r->model) || !db_add_text(detail, "from", l->from) ||
        !db_add_text(detail, "to", l->to) || !db_add_text(detail, "action", l->action) ||
        !db_add_text(detail, "reason", l->reason) ||
        !db_add_item(detail, "numbers", cJSON_Duplicate(l->numbers, true))) {
        cJSON_Delete(detail);
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    rc = audit_append(s,
                      &(struct audit_entry){.unix_ms = l->unix_ms,
                                            .actor = l->actor,
                                            .action = "run.transition",
                                            .subject = subject,
                                            .detail = detail},
                      NULL, e);
    cJSON_Delete(detail);
    return rc;
}

static enum err_code note(struct store *s, const struct run *r, const struct line *l, struct err *e)
{
    enum err_code rc = insert_line(s, r->id, l, e);

    return rc == ERR_OK ? audit_line(s, r, l, e) : rc;
}

enum err_code run_store_create(struct store *s, const struct run *r, const cJSON *evidence,
                               const char *policy_sha256, const char *actor, struct err *e)
{
    char *body = print_and_free(run_to_json(r));
    cJSON *numbers = evidence ? cJSON_Duplicate(evidence, true) : cJSON_CreateObject();
    char *text = numbers ? json_print(numbers) : NULL;
    char reason[RUN_MODEL_BYTES + 32];
    enum err_code rc;

    snprintf(reason, sizeof(reason), "asked for by trigger %s", r->trigger);
    if (!body || !text) {
        rc = err_set(e, ERR_NOMEM, "out of memory");
    } else if ((rc = insert_run(s, r, body, text, policy_sha256, e)) == ERR_OK) {
        rc = note(s, r,
                  &(struct line){.unix_ms = r->created_ms,
                                 .from = "",
                                 .to = run_state_name(r->state),
                                 .event = "trigger",
                                 .actor = actor,
                                 .reason = reason,
                                 .action = run_action_name(r->action),
                                 .numbers = numbers},
                  e);
    }
    free(body);
    free(text);
    cJSON_Delete(numbers);
    return rc;
}

enum err_code run_store_save(struct store *s, const struct run *r, const struct run_event *ev,
                             const struct run_outcome *out, int64_t unix_ms, struct err *e)
{
    enum err_code rc = update_run(s, r, e);

    if (rc != ERR_OK || !out->transition) {
        return rc;
    }
    cJSON *numbers = run_event_to_json(ev);
    if (!numbers) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    rc = note(s, r,
              &(struct line){.unix_ms = unix_ms,
                             .from = run_state_name(out->from),
                             .to = run_state_name(r->state),
                             .event = run_event_name(ev->kind),
                             .actor = ev->actor ? ev->actor : "system",
                             .reason = out->reason,
                             .action = run_action_name(out->action),
                             .numbers = numbers},
              e);
    cJSON_Delete(numbers);
    return rc;
}

/* ---- loading ---- */

static enum err_code read_run(struct store_stmt *st, struct run *out, struct err *e)
{
    const char *body = store_text(st, 0);
    cJSON *json = NULL;
    enum err_code rc = json_parse("run", body, strlen(body), &json, e);

    if (rc == ERR_OK) {
        rc = run_from_json(json, out, e);
        cJSON_Delete(json);
    }
    return rc;
}

enum err_code run_store_load(struct store *s, const char *id, struct run *out, struct err *e)
{
    struct store_stmt *st;
    bool row;
    enum err_code rc;

    if ((rc = store_prepare(s, "SELECT body FROM run WHERE id = ?1", &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, id);
    if ((rc = db_first(st, &row, e)) == ERR_OK) {
        rc = row ? read_run(st, out, e) : err_set(e, ERR_NOT_FOUND, "there is no run \"%s\"", id);
    }
    store_reset(st);
    return rc;
}

static enum err_code append_run(struct store_stmt *st, struct run **runs, size_t *n, struct err *e)
{
    struct run *grown = realloc(*runs, (*n + 1) * sizeof(*grown));

    if (!grown) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    *runs = grown;
    enum err_code rc = read_run(st, &grown[*n], e);
    if (rc == ERR_OK) {
        (*n)++;
    }
    return rc;
}

enum err_code run_store_load_active(struct store *s, struct run **out, size_t *n, struct err *e)
{
    struct store_stmt *st;
    struct run *runs = NULL;
    size_t count = 0;
    bool row = false;
    enum err_code rc;

    if ((rc = store_prepare(
             s, "SELECT body FROM run WHERE ended_ms IS NULL ORDER BY created_ms, id", &st, e))) {
        return rc;
    }
    while ((rc = store_step(st, &row, e)) == ERR_OK && row) {
        if ((rc = append_run(st, &runs, &count, e))) {
            break;
        }
    }
    store_reset(st);
    if (rc != ERR_OK) {
        free(runs);
        return rc;
    }
    *out = runs;
    *n = count;
    return ERR_OK;
}

/* ---- showing ---- */

static cJSON *version_object(const char *sha256, const char *label)
{
    cJSON *json = sha256[0] ? cJSON_CreateObject() : cJSON_CreateNull();

    if (!sha256[0] || (db_add_text(json, "sha256", sha256) && db_add_text(json, "label", label))) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}

static bool add_run(cJSON *json, const struct run *r)
{
    bool ended = run_state_is_end(r->state);
    const char *sentence = run_state_sentence(r->state);

    return db_add_text(json, "id", r->id) && db_add_text(json, "model", r->model) &&
           db_add_text(json, "state", run_state_name(r->state)) &&
           db_add_text(json, "state_text", sentence) && db_add_text(json, "trigger", r->trigger) &&
           db_add_text(json, "reason", r->reason) &&
           db_add_int(json, "created_unix_ms", r->created_ms) &&
           db_add_int(json, "entered_unix_ms", r->entered_ms) &&
           db_add_time(json, "ended_unix_ms", ended ? r->entered_ms : 0) &&
           cJSON_AddBoolToObject(json, "paused", r->paused) &&
           db_add_text(json, "action", run_action_name(r->action)) &&
           db_add_int(json, "attempt", r->attempt);
}

static bool add_trial(cJSON *json, const struct run *r)
{
    struct run_desired d;

    run_desired(r, &d);
    return db_add_item(json, "champion", version_object(r->champion, r->champion_label)) &&
           db_add_item(json, "candidate", version_object(r->candidate, r->candidate_label)) &&
           cJSON_AddNumberToObject(json, "weight", d.weight) &&
           cJSON_AddBoolToObject(json, "shadow", d.shadow) &&
           db_add_int(json, "stage", (int64_t)r->rollout.stage) &&
           db_add_int(json, "stages", (int64_t)r->plan.rollout.n_stages) &&
           db_add_int(json, "champion_requests", r->rollout.champion_requests) &&
           db_add_int(json, "candidate_requests", r->rollout.candidate_requests) &&
           db_add_text(json, "snapshot", r->snapshot) &&
           db_add_int(json, "snapshot_rows", r->snapshot_rows) &&
           db_add_text(json, "job_state", run_job_name(r->job_state)) &&
           cJSON_AddNumberToObject(json, "job_progress", r->job_progress);
}

/* Column 0: body, 1: evidence, 2: policy_sha256. */
static cJSON *make_run(struct store_stmt *st)
{
    struct run r;
    cJSON *json = cJSON_CreateObject();

    if (read_run(st, &r, NULL) == ERR_OK && add_run(json, &r) && add_trial(json, &r) &&
        db_add_json(json, "evidence", store_text(st, 1)) &&
        db_add_text(json, "policy_sha256", store_text(st, 2))) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}

enum err_code run_store_list(struct store *s, const char *model, int limit, cJSON **out,
                             struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "SELECT body, evidence, policy_sha256 FROM run"
                            " WHERE ?1 IS NULL OR model = ?1 ORDER BY created_ms DESC, id DESC"
                            " LIMIT ?2",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    store_bind_int(st, 2, limit > 0 ? limit : 100);
    return db_collect(st, make_run, out, e);
}

static cJSON *make_line(struct store_stmt *st)
{
    cJSON *json = cJSON_CreateObject();

    if (db_add_int(json, "n", store_int(st, 0)) && db_add_int(json, "unix_ms", store_int(st, 1)) &&
        db_add_text(json, "from", store_text(st, 2)) &&
        db_add_text(json, "to", store_text(st, 3)) &&
        db_add_text(json, "event", store_text(st, 4)) &&
        db_add_text(json, "actor", store_text(st, 5)) &&
        db_add_text(json, "reason", store_text(st, 6)) &&
        db_add_json(json, "numbers", store_text(st, 7)) &&
        db_add_text(json, "action", store_text(st, 8))) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}

static enum err_code load_timeline(struct store *s, const char *id, cJSON **out, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc =
             store_prepare(s,
                           "SELECT n, unix_ms, from_state, to_state, event, actor, reason, numbers,"
                           " action FROM transition WHERE run = ?1 ORDER BY n",
                           &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, id);
    return db_collect(st, make_line, out, e);
}

static enum err_code load_shown(struct store *s, const char *id, cJSON **out, struct err *e)
{
    struct store_stmt *st;
    cJSON *array = NULL;
    enum err_code rc;

    if ((rc = store_prepare(s, "SELECT body, evidence, policy_sha256 FROM run WHERE id = ?1", &st,
                            e))) {
        return rc;
    }
    store_bind_text(st, 1, id);
    if ((rc = db_collect(st, make_run, &array, e))) {
        return rc;
    }
    *out = cJSON_DetachItemFromArray(array, 0);
    cJSON_Delete(array);
    return *out ? ERR_OK : err_set(e, ERR_NOT_FOUND, "there is no run \"%s\"", id);
}

static cJSON *load_plan(struct store *s, const char *id)
{
    struct run r;

    if (run_store_load(s, id, &r, NULL) != ERR_OK) {
        return NULL;
    }
    cJSON *json = run_to_json(&r);
    cJSON *plan = cJSON_DetachItemFromObjectCaseSensitive(json, "plan");
    cJSON_Delete(json);
    return plan;
}

enum err_code run_store_show(struct store *s, const char *id, cJSON **out, struct err *e)
{
    cJSON *json = NULL, *timeline = NULL;
    enum err_code rc;

    if ((rc = load_shown(s, id, &json, e))) {
        return rc;
    }
    if ((rc = load_timeline(s, id, &timeline, e)) == ERR_OK) {
        bool ok = db_add_item(json, "timeline", timeline);
        ok = db_add_item(json, "plan", load_plan(s, id)) && ok;
        rc = ok ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
    }
    if (rc != ERR_OK) {
        cJSON_Delete(json);
        return rc;
    }
    *out = json;
    return ERR_OK;
}

/* ---- history ---- */

static enum err_code count_runs(struct store *s, const char *model, int64_t since_unix_ms,
                                struct run_history *h, struct err *e)
{
    struct store_stmt *st;
    bool row;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "SELECT coalesce(sum(ended_ms IS NULL), 0),"
                            " coalesce(sum(created_ms >= ?2), 0), coalesce(max(created_ms), 0),"
                            " coalesce(max(ended_ms), 0) FROM run WHERE model = ?1",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    store_bind_int(st, 2, since_unix_ms);
    if ((rc = db_first(st, &row, e)) == ERR_OK) {
        h->n_active = (int)store_int(st, 0);
        h->n_started_since = (int)store_int(st, 1);
        h->last_started_unix_ms = store_int(st, 2);
        h->last_ended_unix_ms = store_int(st, 3);
    }
    store_reset(st);
    return rc;
}

static enum err_code count_failed_in_a_row(struct store *s, const char *model, int *n,
                                           struct err *e)
{
    struct store_stmt *st;
    bool row;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "SELECT count(*) FROM run WHERE model = ?1 AND ended_ms IS NOT NULL"
                            " AND created_ms > coalesce((SELECT max(created_ms) FROM run"
                            "   WHERE model = ?1 AND state = ?2), -1)",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    store_bind_text(st, 2, run_state_name(RUN_PROMOTED));
    if ((rc = db_first(st, &row, e)) == ERR_OK) {
        *n = (int)store_int(st, 0);
    }
    store_reset(st);
    return rc;
}

enum err_code run_store_history(struct store *s, const char *model, int64_t since_unix_ms,
                                struct run_history *out, struct err *e)
{
    struct run_history h = {0};
    enum err_code rc;

    if ((rc = count_runs(s, model, since_unix_ms, &h, e)) ||
        (rc = count_failed_in_a_row(s, model, &h.n_failed_in_a_row, e))) {
        return rc;
    }
    *out = h;
    return ERR_OK;
}
