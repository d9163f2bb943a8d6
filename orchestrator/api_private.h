/*
 * api_private.h - what the handlers share: a call on its way through the worker.
 */
#ifndef ORCHESTRATOR_API_PRIVATE_H
#define ORCHESTRATOR_API_PRIVATE_H

#include <cjson/cJSON.h>

#include "api.h"
#include "base/err.h"
#include "base/store.h"
#include "daemon.h"

/* A request on the worker. Whatever the work needs of the request is copied into it before. */
struct api_call {
    struct daemon *d;
    struct http_request *req; /* answered on the loop thread only */
    char model[128];
    char name[512]; /* version, feature, run, subject: what the path or query names */
    char actor[160];
    char reason[512];
    int64_t number, number2;
    int limit;
    cJSON *body; /* owned; the parsed request */
    char *text;  /* owned; a raw request */

    int status;                      /* of the answer; 200 unless the work says otherwise */
    cJSON *out;                      /* owned; the answer */
    const char *text_type;           /* not NULL: the answer is call->text, of this type */
    void (*then)(struct api_call *); /* on the loop thread, before the answer; may be NULL */
};

/* Runs on the worker; fills call->out or *e. */
typedef void api_work(struct store *s, struct api_call *call, struct err *e);

/* A call for the request, with :model and the actor filled in; NULL: the request was answered
 * already. */
struct api_call *api_call_new(struct http_request *req, struct daemon *d);
void api_call_free(struct api_call *call);
/* Answers with an error and frees the call. */
void api_fail(struct api_call *call, enum err_code code, const char *message);

/* Parses the body as a JSON object into call->body; false: answered (call is freed). */
bool api_read_body(struct api_call *call);
/* A whole number of the query, default where absent; false: answered (call is freed). */
bool api_read_number(struct api_call *call, const char *name, int64_t least, int64_t most,
                     int64_t fallback, int64_t *out);

/* Hands the call to the worker and answers with what comes back. Takes call. */
void api_submit(struct api_call *call, api_work *work);

http_handler api_get_status, api_get_live, api_get_ready, api_list_replicas, api_get_events;
http_handler api_list_models, api_create_model, api_get_model, api_get_policy, api_put_policy,
    api_get_drift, api_get_feature, api_get_performance, api_list_versions, api_get_lineage,
    api_get_champion, api_rollback;
http_handler api_get_labels, api_post_labels, api_import;
http_handler api_retrain, api_list_runs, api_get_run, api_operate_run, api_list_audit,
    api_verify_audit;
http_handler api_get_metrics, api_get_dashboard, api_get_asset, api_get_openapi;

/* The text at path, a view; "" where there is none. */
const char *api_text_at(const cJSON *node, const char *path);
/* The label of a version as a JSON string; "" for one that is not known. Worker thread. */
cJSON *api_label_of(struct store *s, const char *model, const char *sha256);
/* {"label", "sha256"} or null. */
cJSON *api_version_ref(const char *label, const char *sha256);
/* The Model of openapi.yaml. Worker thread. */
enum err_code api_model_json(struct daemon *d, struct store *s, const char *model, bool schema,
                             cJSON **out, struct err *e);

#endif
