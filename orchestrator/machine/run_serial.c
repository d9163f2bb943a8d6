/* run_serial.c - a run and its events as JSON: complete, so that a run read back steps as the one
 * written. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "machine/run_private.h"

enum field_kind {
    FIELD_TEXT,
    FIELD_INT,   /* int64_t */
    FIELD_TIME,  /* int64_t; RUN_NEVER is null */
    FIELD_COUNT, /* uint32_t */
    FIELD_BOOL,
    FIELD_REAL,
};

struct field {
    const char *key;
    enum field_kind kind;
    size_t offset, size;
};

#define FIELD(type, member, kind)                                                                  \
    {                                                                                              \
#member, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member)           \
    }

static const struct field run_fields[] = {
    FIELD(run, id, FIELD_TEXT),
    FIELD(run, model, FIELD_TEXT),
    FIELD(run, trigger, FIELD_TEXT),
    FIELD(run, champion, FIELD_TEXT),
    FIELD(run, champion_label, FIELD_TEXT),
    FIELD(run, candidate, FIELD_TEXT),
    FIELD(run, candidate_label, FIELD_TEXT),
    FIELD(run, snapshot, FIELD_TEXT),
    FIELD(run, snapshot_rows, FIELD_INT),
    FIELD(run, reason, FIELD_TEXT),
    FIELD(run, end_reason, FIELD_TEXT),
    FIELD(run, created_ms, FIELD_TIME),
    FIELD(run, entered_ms, FIELD_TIME),
    FIELD(run, deadline_ms, FIELD_TIME),
    FIELD(run, next_at_ms, FIELD_TIME),
    FIELD(run, again_ms, FIELD_TIME),
    FIELD(run, action_seq, FIELD_COUNT),
    FIELD(run, in_flight, FIELD_BOOL),
    FIELD(run, attempt, FIELD_COUNT),
    FIELD(run, pushed, FIELD_BOOL),
    FIELD(run, paused, FIELD_BOOL),
    FIELD(run, paused_ms, FIELD_TIME),
    FIELD(run, reading, FIELD_TEXT),
    FIELD(run, job_attempt, FIELD_COUNT),
    FIELD(run, forgotten, FIELD_COUNT),
    FIELD(run, job_progress, FIELD_REAL),
};
static const struct field plan_fields[] = {
    FIELD(run_plan, approve_training, FIELD_BOOL),
    FIELD(run_plan, approve_promotion, FIELD_BOOL),
    FIELD(run_plan, gate, FIELD_BOOL),
    FIELD(run_plan, retry_min_ms, FIELD_INT),
    FIELD(run_plan, retry_max_ms, FIELD_INT),
    FIELD(run_plan, poll_ms, FIELD_INT),
    FIELD(run_plan, read_ms, FIELD_INT),
};
#define N_FIELDS(table) (sizeof(table) / sizeof(*(table)))

/* ---- writing ---- */

static bool add_time(cJSON *json, const char *key, int64_t ms)
{
    return ms == RUN_NEVER ? cJSON_AddNullToObject(json, key) != NULL
                           : cJSON_AddNumberToObject(json, key, (double)ms) != NULL;
}

static bool add_field(cJSON *json, const struct field *f, const void *object)
{
    const char *at = (const char *)object + f->offset;

    switch (f->kind) {
    case FIELD_TEXT:
        return cJSON_AddStringToObject(json, f->key, at) != NULL;
    case FIELD_INT:
        return cJSON_AddNumberToObject(json, f->key, (double)*(const int64_t *)at) != NULL;
    case FIELD_TIME:
        return add_time(json, f->key, *(const int64_t *)at);
    case FIELD_COUNT:
        return cJSON_AddNumberToObject(json, f->key, *(const uint32_t *)at) != NULL;
    case FIELD_BOOL:
        return cJSON_AddBoolToObject(json, f->key, *(const bool *)at) != NULL;
    case FIELD_REAL:
        return cJSON_AddNumberToObject(json, f->key, *(const double *)at) != NULL;
    }
    return false;
}

static bool add_fields(cJSON *json, const struct field *fields, size_t n, const void *object)
{
    bool ok = json != NULL;

    for (size_t i = 0; ok && i < n; i++) {
        ok = add_field(json, &fields[i], object);
    }
    return ok;
}

/* Takes child. */
static bool add_object(cJSON *json, const char *key, cJSON *child)
{
    if (child && cJSON_AddItemToObject(json, key, child)) {
        return true;
    }
    cJSON_Delete(child);
    return false;
}

static bool add_deadlines(cJSON *json, const struct run_plan *p)
{
    cJSON *deadlines = cJSON_AddObjectToObject(json, "deadline_ms");

    for (int i = 0; deadlines && i < RUN_N_STATES; i++) {
        if (p->deadline_ms[i] > 0 &&
            !cJSON_AddNumberToObject(deadlines, run_state_name((enum run_state)i),
                                     (double)p->deadline_ms[i])) {
            return false;
        }
    }
    return deadlines != NULL;
}

static cJSON *plan_to_json(const struct run_plan *p)
{
    cJSON *json = cJSON_CreateObject();

    if (!add_fields(json, plan_fields, N_FIELDS(plan_fields), p) ||
        !cJSON_AddNumberToObject(json, "job_retries", p->job_retries) || !add_deadlines(json, p) ||
        !add_object(json, "rollout", rollout_plan_to_json(&p->rollout))) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

static bool add_words(cJSON *json, const struct run *r)
{
    return cJSON_AddStringToObject(json, "state", run_state_name(r->state)) &&
           cJSON_AddStringToObject(json, "end", run_state_name(r->end)) &&
           cJSON_AddStringToObject(json, "action", run_action_name(r->action)) &&
           cJSON_AddStringToObject(json, "job_state", run_job_name(r->job_state)) &&
           cJSON_AddStringToObject(json, "gate_verdict", rollout_verdict_name(r->gate_verdict));
}

cJSON *run_to_json(const struct run *r)
{
    cJSON *json = cJSON_CreateObject();

    if (!add_fields(json, run_fields, N_FIELDS(run_fields), r) || !add_words(json, r) ||
        !add_object(json, "plan", plan_to_json(&r->plan)) ||
        !add_object(json, "rollout", rollout_to_json(&r->rollout))) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

/* ---- reading ---- */

static enum err_code get_text(const cJSON *json, const struct field *f, char *at, struct err *e)
{
    const char *text = NULL;
    enum err_code rc = json_get_string(json, f->key, &text, e);

    if (rc != ERR_OK) {
        return rc;
    }
    if (strlen(text) >= f->size) {
        return err_set(e, ERR_INVALID, "%s: expected at most %zu bytes, got %zu", f->key,
                       f->size - 1, strlen(text));
    }
    snprintf(at, f->size, "%s", text);
    return ERR_OK;
}

static enum err_code get_time(const cJSON *json, const char *key, int64_t *out, struct err *e)
{
    if (cJSON_IsNull(json_at(json, key))) {
        *out = RUN_NEVER;
        return ERR_OK;
    }
    return json_get_int(json, key, INT64_MIN, INT64_MAX, out, e);
}

static enum err_code get_count(const cJSON *json, const char *key, uint32_t *out, struct err *e)
{
    int64_t value = 0;
    enum err_code rc = json_get_int(json, key, 0, UINT32_MAX, &value, e);

    if (rc == ERR_OK) {
        *out = (uint32_t)value;
    }
    return rc;
}

static enum err_code get_field(const cJSON *json, const struct field *f, void *object,
                               struct err *e)
{
    char *at = (char *)object + f->offset;

    switch (f->kind) {
    case FIELD_TEXT:
        return get_text(json, f, at, e);
    case FIELD_INT:
        return json_get_int(json, f->key, INT64_MIN, INT64_MAX, (int64_t *)at, e);
    case FIELD_TIME:
        return get_time(json, f->key, (int64_t *)at, e);
    case FIELD_COUNT:
        return get_count(json, f->key, (uint32_t *)at, e);
    case FIELD_BOOL:
        return json_get_bool(json, f->key, (bool *)at, e);
    case FIELD_REAL:
        return json_get_double(json, f->key, -HUGE_VAL, HUGE_VAL, (double *)at, e);
    }
    return ERR_INTERNAL;
}

static enum err_code get_fields(const cJSON *json, const struct field *fields, size_t n,
                                void *object, struct err *e)
{
    enum err_code rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        rc = get_field(json, &fields[i], object, e);
    }
    return rc;
}

static enum err_code get_deadlines(const cJSON *json, struct run_plan *p, struct err *e)
{
    const cJSON *deadlines = NULL;
    enum err_code rc = json_get_object(json, "deadline_ms", &deadlines, e);

    for (int i = 0; rc == ERR_OK && i < RUN_N_STATES; i++) {
        rc = json_opt_int(deadlines, run_state_name((enum run_state)i), 0, INT64_MAX,
                          &p->deadline_ms[i], e);
    }
    return rc;
}

static enum err_code plan_from_json(const cJSON *json, struct run_plan *p, struct err *e)
{
    const cJSON *rollout = NULL;
    int64_t retries = 0;
    enum err_code rc;

    if ((rc = get_fields(json, plan_fields, N_FIELDS(plan_fields), p, e)) ||
        (rc = json_get_int(json, "job_retries", 0, 1000, &retries, e)) ||
        (rc = get_deadlines(json, p, e)) || (rc = json_get_object(json, "rollout", &rollout, e)) ||
        (rc = rollout_plan_from_json(rollout, &p->rollout, e))) {
        return rc;
    }
    p->job_retries = (int)retries;
    return run_plan_check(p, e);
}

static enum err_code unknown_word(const char *key, const char *word, struct err *e)
{
    return err_set(e, ERR_INVALID, "%s: unknown word \"%s\"", key, word);
}

static enum err_code words_from_json(const cJSON *json, struct run *r, struct err *e)
{
    const char *state, *end, *action, *job, *gate;
    enum err_code rc;

    if ((rc = json_get_string(json, "state", &state, e)) ||
        (rc = json_get_string(json, "end", &end, e)) ||
        (rc = json_get_string(json, "action", &action, e)) ||
        (rc = json_get_string(json, "job_state", &job, e)) ||
        (rc = json_get_string(json, "gate_verdict", &gate, e))) {
        return rc;
    }
    if (!run_state_parse(state, &r->state)) {
        return unknown_word("state", state, e);
    }
    if (!run_state_parse(end, &r->end) || !run_state_is_end(r->end)) {
        return unknown_word("end", end, e);
    }
    if (!run_action_parse(action, &r->action)) {
        return unknown_word("action", action, e);
    }
    if (!run_job_parse(job, &r->job_state)) {
        return unknown_word("job_state", job, e);
    }
    if (!rollout_verdict_parse(gate, &r->gate_verdict)) {
        return unknown_word("gate_verdict", gate, e);
    }
    return ERR_OK;
}

enum err_code run_from_json(const cJSON *json, struct run *out, struct err *e)
{
    struct run r = {0};
    const cJSON *plan = NULL, *rollout = NULL;
    enum err_code rc;

    if ((rc = get_fields(json, run_fields, N_FIELDS(run_fields), &r, e)) ||
        (rc = words_from_json(json, &r, e)) || (rc = json_get_object(json, "plan", &plan, e)) ||
        (rc = plan_from_json(plan, &r.plan, e)) ||
        (rc = json_get_object(json, "rollout", &rollout, e)) ||
        (rc = rollout_from_json(rollout, &r.rollout, e))) {
        return rc;
    }
    *out = r;
    return ERR_OK;
}

/* ---- events ---- */

static bool add_text(cJSON *json, const char *key, const char *text)
{
    return !text || cJSON_AddStringToObject(json, key, text) != NULL;
}

static bool add_sides(cJSON *json, const struct run_event *ev)
{
    return cJSON_AddStringToObject(json, "verdict", rollout_verdict_name(ev->verdict)) &&
           cJSON_AddNumberToObject(json, "champion_requests", (double)ev->champion_requests) &&
           cJSON_AddNumberToObject(json, "candidate_requests", (double)ev->candidate_requests);
}

static bool add_outcome(cJSON *json, const struct run_event *ev)
{
    bool ok = add_text(json, "sha256", ev->sha256) && add_text(json, "label", ev->label);

    if (ok && ev->n_rows > 0) {
        ok = cJSON_AddNumberToObject(json, "rows", (double)ev->n_rows) != NULL;
    }
    if (ok && ev->replicas + ev->replicas_away > 0) {
        ok = cJSON_AddNumberToObject(json, "replicas", ev->replicas) &&
             cJSON_AddNumberToObject(json, "replicas_away", ev->replicas_away);
    }
    return ok;
}

static bool add_numbers(cJSON *json, const struct run_event *ev)
{
    switch (ev->kind) {
    case RUN_EV_ACTION_OK:
        return add_outcome(json, ev);
    case RUN_EV_ACTION_FAILED:
        return cJSON_AddBoolToObject(json, "retryable", ev->retryable) != NULL;
    case RUN_EV_JOB_STATUS:
        return cJSON_AddStringToObject(json, "job", run_job_name(ev->job)) &&
               cJSON_AddNumberToObject(json, "progress", ev->progress);
    case RUN_EV_GATE_VERDICT:
        return cJSON_AddStringToObject(json, "verdict", rollout_verdict_name(ev->verdict)) != NULL;
    case RUN_EV_ROLLOUT_NUMBERS:
        return add_sides(json, ev);
    case RUN_EV_START:
    case RUN_EV_TICK:
    case RUN_EV_APPROVE:
    case RUN_EV_PAUSE:
    case RUN_EV_RESUME:
    case RUN_EV_PROMOTE:
    case RUN_EV_ABORT:
    case RUN_EV_ROLLBACK:
        return add_text(json, "actor", ev->actor);
    }
    return false;
}

/* The detail is the shell's own JSON; text that is none is kept as text. */
static bool add_detail(cJSON *json, const char *detail)
{
    cJSON *parsed = NULL;

    if (!detail) {
        return true;
    }
    if (json_parse("detail", detail, strlen(detail), &parsed, NULL) == ERR_OK) {
        return add_object(json, "detail", parsed);
    }
    return add_text(json, "detail", detail);
}

cJSON *run_event_to_json(const struct run_event *ev)
{
    cJSON *json = cJSON_CreateObject();

    if (!add_text(json, "event", run_event_name(ev->kind)) || !add_numbers(json, ev) ||
        !add_text(json, "text", ev->text) || !add_detail(json, ev->detail)) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}
