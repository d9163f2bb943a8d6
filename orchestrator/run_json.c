/* run_json.c - see run_json.h. */
#include "run_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/run_store.h"

/* The command an operator would most likely want next. */
static void add_next(cJSON *j, const struct run *r)
{
    char text[256] = "";
    switch (r->state) {
    case RUN_AWAITING_APPROVAL:
    case RUN_AWAITING_PROMOTION:
        snprintf(text, sizeof(text), "leeway approve %s", r->id);
        break;
    case RUN_SHADOW:
    case RUN_CANARY:
        snprintf(text, sizeof(text), r->paused ? "leeway resume %s" : "leeway abort %s", r->id);
        break;
    case RUN_PROMOTED:
        if (r->champion[0]) /* else it is the first: there is nothing to go back to */
            snprintf(text, sizeof(text), "leeway rollback %s --reason TEXT", r->model);
        break;
    case RUN_FAILED:
    case RUN_EXPIRED:
        snprintf(text, sizeof(text), "leeway retrain %s --reason TEXT", r->model);
        break;
    case RUN_SNAPSHOT:
    case RUN_PUSH:
    case RUN_SUBMIT:
    case RUN_TRAIN:
    case RUN_FETCH:
    case RUN_GATE:
    case RUN_DISTRIBUTE:
    case RUN_PROMOTE:
        snprintf(text, sizeof(text), "leeway abort %s", r->id);
        break;
    case RUN_ROLL_BACK:
    case RUN_CANCEL:
    case RUN_REJECTED:
    case RUN_ROLLED_BACK:
    case RUN_ABORTED:
        break;
    }
    if (text[0])
        cJSON_AddStringToObject(j, "next", text);
}

static void add_candidate(cJSON *j, const struct run *r)
{
    if (r->candidate[0] == '\0') {
        cJSON_AddNullToObject(j, "candidate");
        return;
    }
    cJSON *c = cJSON_AddObjectToObject(j, "candidate");
    cJSON_AddStringToObject(c, "label", r->candidate_label);
    cJSON_AddStringToObject(c, "sha256", r->candidate);
}

cJSON *run_brief_json(const struct run *r)
{
    struct run_desired d;
    cJSON *j = cJSON_CreateObject();
    run_desired(r, &d);
    bool canary = r->state == RUN_CANARY || r->state == RUN_SHADOW;
    cJSON_AddStringToObject(j, "id", r->id);
    cJSON_AddStringToObject(j, "model", r->model);
    cJSON_AddStringToObject(j, "state", run_state_name(r->state));
    cJSON_AddBoolToObject(j, "done", run_state_is_end(r->state));
    cJSON_AddBoolToObject(j, "paused", r->paused);
    cJSON_AddStringToObject(j, "reason", r->reason);
    add_candidate(j, r);
    cJSON_AddNumberToObject(j, "weight", canary ? d.weight : 0);
    cJSON_AddNumberToObject(j, "step", canary ? (double)r->rollout.stage + 1 : 0);
    cJSON_AddNumberToObject(j, "steps", (double)r->plan.rollout.n_stages);
    cJSON_AddNumberToObject(j, "started_unix_ms", (double)r->created_ms);
    cJSON_AddItemToObject(j, "ended_unix_ms",
                          run_state_is_end(r->state) ? cJSON_CreateNumber((double)r->entered_ms)
                                                     : cJSON_CreateNull());
    if (r->state == RUN_TRAIN) {
        cJSON *p = cJSON_AddObjectToObject(j, "progress");
        cJSON_AddStringToObject(p, "job", run_job_name(r->job_state));
        cJSON_AddNumberToObject(p, "done", r->job_progress);
    }
    add_next(j, r);
    return j;
}

static void add_trigger(cJSON *j, const struct run *r, cJSON *shown)
{
    const char *actor = "", *reason = "";
    double rows = 0;
    cJSON *t = cJSON_AddObjectToObject(j, "trigger");
    cJSON *evidence = cJSON_DetachItemFromObject(shown, "evidence");
    json_opt_string(evidence, "reason_in_words", &reason, NULL);
    json_opt_double(evidence, "rows_at_trigger", 0, 1e15, &rows, NULL);
    json_opt_string(shown, "timeline[0].actor", &actor, NULL);
    cJSON_AddStringToObject(t, "name", r->trigger);
    cJSON_AddStringToObject(t, "reason", reason);
    cJSON_AddStringToObject(t, "actor", actor);
    cJSON_AddNumberToObject(j, "rows_at_trigger", rows);
    if (evidence)
        cJSON_AddItemToObject(t, "evidence", evidence);
}

static void add_rows_at_end(cJSON *j, const struct run *r, const cJSON *timeline)
{
    double rows = -1;
    int n = cJSON_GetArraySize(timeline);
    if (run_state_is_end(r->state) && n > 0)
        json_opt_double(cJSON_GetArrayItem(timeline, n - 1), "numbers.detail.rows", 0, 1e15, &rows,
                        NULL);
    cJSON_AddItemToObject(j, "rows_at_end",
                          rows >= 0 ? cJSON_CreateNumber(rows) : cJSON_CreateNull());
}

static void rename_time(cJSON *timeline)
{
    cJSON *line = NULL;
    cJSON_ArrayForEach(line, timeline)
    {
        double at = 0;
        json_opt_double(line, "unix_ms", 0, 1e15, &at, NULL);
        cJSON_AddNumberToObject(line, "at_unix_ms", at);
        cJSON_DeleteItemFromObject(line, "unix_ms");
    }
}

enum err_code run_full_json(struct store *s, const char *run_id, bool timeline, cJSON **out,
                            struct err *e)
{
    struct run r;
    cJSON *shown = NULL;
    enum err_code rc = run_store_load(s, run_id, &r, e);
    if (rc == ERR_OK)
        rc = run_store_show(s, run_id, &shown, e);
    if (rc != ERR_OK)
        return rc;
    cJSON *j = run_brief_json(&r);
    add_trigger(j, &r, shown);
    cJSON *lines = cJSON_DetachItemFromObject(shown, "timeline");
    rename_time(lines);
    add_rows_at_end(j, &r, lines);
    if (timeline && lines)
        cJSON_AddItemToObject(j, "timeline", lines);
    else
        cJSON_Delete(lines);
    cJSON_Delete(shown);
    *out = j;
    return ERR_OK;
}

enum err_code run_list_json(struct store *s, const char *model, int limit, cJSON **out,
                            struct err *e)
{
    cJSON *list = NULL, *full = cJSON_CreateArray();
    const cJSON *item = NULL;
    enum err_code rc = run_store_list(s, model, limit, &list, e);
    cJSON_ArrayForEach(item, list)
    {
        const char *id = "";
        cJSON *run = NULL;
        json_opt_string(item, "id", &id, NULL);
        if (rc == ERR_OK)
            rc = run_full_json(s, id, false, &run, e);
        if (rc == ERR_OK)
            cJSON_AddItemToArray(full, run);
    }
    cJSON_Delete(list);
    if (rc != ERR_OK) {
        cJSON_Delete(full);
        return rc;
    }
    *out = full;
    return ERR_OK;
}
