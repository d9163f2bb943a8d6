/* api_runs.c - runs, what operators may do to them, and the audit log. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_private.h"
#include "base/clock.h"
#include "base/json.h"
#include "campaign.h"
#include "driver.h"
#include "run_json.h"
#include "store/audit.h"

static void list_runs_work(struct store *s, struct api_call *call, struct err *e)
{
    cJSON *runs = NULL;
    if (run_list_json(s, call->name[0] ? call->name : NULL, call->limit, &runs, e) != ERR_OK)
        return;
    call->out = cJSON_CreateObject();
    cJSON_AddItemToObject(call->out, "runs", runs);
}

void api_list_runs(struct http_request *req, void *user)
{
    int64_t limit = 0;
    const char *model = http_query(req, "model");
    struct api_call *call = api_call_new(req, user);
    if (!call || !api_read_number(call, "limit", 1, 1000, 50, &limit))
        return;
    call->limit = (int)limit;
    snprintf(call->name, sizeof(call->name), "%s", model ? model : "");
    api_submit(call, list_runs_work);
}

static void get_run_work(struct store *s, struct api_call *call, struct err *e)
{
    run_full_json(s, call->name, true, &call->out, e);
}

void api_get_run(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (!call)
        return;
    snprintf(call->name, sizeof(call->name), "%s", http_param(req, "run"));
    api_submit(call, get_run_work);
}

/* ---- retrain ---- */

struct retrain {
    struct api_call *call;
    struct campaign_decision decision;
    struct campaign_step step;
    bool force;
};

static void retrain_work(struct store *s, void *data, struct err *e)
{
    struct retrain *r = data;
    struct api_call *call = r->call;
    const struct policy_request request = {
        .actor = call->actor, .reason = call->reason, .force = r->force};
    enum err_code rc = campaign_decide(call->d->watch, s, call->model, &request, clock_unix_ms(),
                                       &r->decision, &r->step, e);
    if (rc == ERR_OK && !r->decision.has_policy)
        err_set(
            e, ERR_CONFLICT,
            "%s has no policy, which says how to train; put one into force first: leeway policy "
            "put %s FILE",
            call->model, call->model);
    else if (rc == ERR_OK && !r->decision.started)
        err_set(e, ERR_REFUSED, "%s", r->decision.reason);
    else if (rc == ERR_OK)
        run_full_json(s, r->step.run.id, false, &call->out, e);
}

static void on_retrain(void *data, const struct err *err)
{
    struct retrain *r = data;
    struct api_call *call = r->call;
    if (r->decision.started)
        driver_adopt(call->d->driver, &r->step);
    if (err->code != ERR_OK) {
        http_respond_err(call->req, err);
    } else {
        http_respond_json(call->req, 201, call->out);
        call->out = NULL;
    }
    api_call_free(call);
    free(r);
}

void api_retrain(struct http_request *req, void *user)
{
    struct err e = {0};
    const char *reason = "";
    struct api_call *call = api_call_new(req, user);
    if (!call || !api_read_body(call))
        return;
    struct retrain *r = calloc(1, sizeof(*r));
    if (!r) {
        api_fail(call, ERR_NOMEM, "out of memory");
        return;
    }
    r->call = call;
    if (json_get_string(call->body, "reason", &reason, &e) != ERR_OK ||
        json_opt_bool(call->body, "force", &r->force, &e) != ERR_OK) {
        api_fail(call, e.code, e.message);
        free(r);
        return;
    }
    snprintf(call->reason, sizeof(call->reason), "%s", reason);
    daemon_work(call->d, retrain_work, on_retrain, r);
}

/* ---- operators' verbs ---- */

static bool verb_of(const char *text, enum run_event_kind *out)
{
    static const enum run_event_kind verbs[] = {RUN_EV_APPROVE, RUN_EV_PAUSE, RUN_EV_RESUME,
                                                RUN_EV_PROMOTE, RUN_EV_ABORT};
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(text, run_event_name(verbs[i])) == 0) {
            *out = verbs[i];
            return true;
        }
    }
    return false;
}

static void on_operated(void *user, const struct campaign_step *step, const struct err *err)
{
    struct api_call *call = user;
    if (err->code != ERR_OK) {
        api_fail(call, err->code, err->message);
        return;
    }
    if (step->outcome.answer == RUN_REFUSED) {
        api_fail(call, ERR_CONFLICT, step->outcome.reason);
        return;
    }
    snprintf(call->name, sizeof(call->name), "%s", step->run.id);
    api_submit(call, get_run_work);
}

void api_operate_run(struct http_request *req, void *user)
{
    struct err e = {0};
    enum run_event_kind verb;
    const char *reason = "";
    struct api_call *call = api_call_new(req, user);
    if (!call)
        return;
    if (!verb_of(http_param(req, "verb"), &verb)) {
        api_fail(call, ERR_NOT_FOUND, "expected approve, pause, resume, promote or abort");
        return;
    }
    if (!api_read_body(call))
        return;
    if (json_opt_string(call->body, "reason", &reason, &e) != ERR_OK) {
        api_fail(call, e.code, e.message);
        return;
    }
    driver_operate(call->d->driver, http_param(req, "run"), verb, call->actor, reason, on_operated,
                   call);
}

/* ---- audit ---- */

static void shape_records(cJSON *records)
{
    cJSON *record = NULL;
    cJSON_ArrayForEach(record, records)
    {
        double at = 0;
        json_opt_double(record, "unix_ms", 0, 1e15, &at, NULL);
        cJSON_DeleteItemFromObject(record, "unix_ms");
        cJSON_AddNumberToObject(record, "at_unix_ms", at);
    }
}

static void audit_work(struct store *s, struct api_call *call, struct err *e)
{
    cJSON *records = NULL;
    struct audit_filter filter = {.subject = call->name[0] ? call->name : NULL,
                                  .before_seq = call->number,
                                  .limit = call->limit};
    if (audit_list(s, &filter, &records, e) != ERR_OK)
        return;
    shape_records(records);
    call->out = cJSON_CreateObject();
    cJSON_AddItemToObject(call->out, "records", records);
}

void api_list_audit(struct http_request *req, void *user)
{
    int64_t limit = 0;
    const char *subject = http_query(req, "subject");
    struct api_call *call = api_call_new(req, user);
    if (!call || !api_read_number(call, "limit", 1, 1000, 50, &limit) ||
        !api_read_number(call, "before", 0, INT64_C(1) << 53, 0, &call->number))
        return;
    call->limit = (int)limit;
    snprintf(call->name, sizeof(call->name), "%s", subject ? subject : "");
    api_submit(call, audit_work);
}

static void verify_work(struct store *s, struct api_call *call, struct err *e)
{
    struct audit_check check = {0};
    enum err_code rc = audit_verify(s, &check, e);
    if (rc != ERR_OK && rc != ERR_CORRUPT)
        return;
    err_clear(e); /* a broken chain is an answer, not a failure to answer */
    call->out = cJSON_CreateObject();
    cJSON_AddBoolToObject(call->out, "ok", rc == ERR_OK);
    cJSON_AddNumberToObject(call->out, "records", (double)check.n);
    cJSON_AddItemToObject(call->out, "first_bad_seq",
                          rc == ERR_OK ? cJSON_CreateNull()
                                       : cJSON_CreateNumber((double)check.first_broken));
    cJSON_AddStringToObject(call->out, "head", check.head);
}

void api_verify_audit(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (call)
        api_submit(call, verify_work);
}
