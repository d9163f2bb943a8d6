/* api_models.c - models, policies, windows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_private.h"
#include "base/clock.h"
#include "base/json.h"
#include "model/schema.h"
#include "policies/policy.h"
#include "run_json.h"
#include "store/audit.h"
#include "store/observation_store.h"
#include "store/registry.h"
#include "store/run_store.h"
#include "store/window_store.h"
#include "watch.h"

/* ---- one model ---- */

static cJSON *account_json(struct store *s, const char *model)
{
    struct observation_account a = {0};
    cJSON *j = cJSON_CreateObject();
    observation_account_get(s, model, &a, NULL);
    cJSON_AddNumberToObject(j, "observations", (double)a.observed);
    cJSON_AddNumberToObject(j, "imported", (double)a.imported);
    cJSON_AddNumberToObject(j, "labelled", (double)a.labelled);
    cJSON_AddNumberToObject(j, "owed", (double)a.owed);
    cJSON_AddNumberToObject(j, "waiting", (double)a.labels_waiting);
    cJSON_AddNumberToObject(j, "duplicates", (double)a.label_duplicates);
    cJSON_AddNumberToObject(j, "conflicts", (double)a.label_conflicts);
    cJSON_AddNumberToObject(j, "expired", (double)a.expired);
    cJSON_AddNumberToObject(j, "late", (double)a.late);
    cJSON_AddNumberToObject(j, "observations_repeated", (double)a.duplicates);
    cJSON_AddNumberToObject(j, "observations_missed", (double)a.missed);
    cJSON_AddNumberToObject(j, "rows_kept", (double)a.rows);
    return j;
}

static bool seen_before(const cJSON *signals, const cJSON *signal)
{
    const cJSON *earlier = NULL;
    cJSON_ArrayForEach(earlier, signals)
    {
        if (earlier == signal)
            return false;
        if (strcmp(api_text_at(earlier, "feature"), api_text_at(signal, "feature")) == 0)
            return true;
    }
    return false;
}

static bool drifts(const cJSON *signals, const char *feature)
{
    const cJSON *signal = NULL;
    cJSON_ArrayForEach(signal, signals)
    {
        if (strcmp(api_text_at(signal, "feature"), feature) == 0 &&
            strcmp(api_text_at(signal, "verdict"), "drift") == 0)
            return true;
    }
    return false;
}

/* The WindowSummary's counts: features of the window, and those of them that drift by any monitor.
 * What is said of the model as a whole is no feature's. */
static void add_counts(cJSON *window, const cJSON *signals)
{
    int features = 0, drifted = 0;
    const cJSON *signal = NULL;
    cJSON_ArrayForEach(signal, signals)
    {
        if (api_text_at(signal, "feature")[0] == '\0' || seen_before(signals, signal))
            continue;
        features++;
        drifted += drifts(signals, api_text_at(signal, "feature")) ? 1 : 0;
    }
    cJSON_AddNumberToObject(window, "features", features);
    cJSON_AddNumberToObject(window, "drifted", drifted);
}

/* The store's window in the shape of the API: the version by its label, counts added. */
static void shape_window(struct store *s, const char *model, cJSON *window)
{
    cJSON *champion = cJSON_DetachItemFromObject(window, "champion");
    cJSON_AddItemToObject(window, "version",
                          api_label_of(s, model, champion ? champion->valuestring : ""));
    cJSON_Delete(champion);
    add_counts(window, cJSON_GetObjectItem(window, "signals"));
}

static cJSON *last_window(struct store *s, const char *model)
{
    cJSON *windows = NULL;
    if (window_store_list(s, model, NULL, 0, 1, &windows, NULL) != ERR_OK)
        return cJSON_CreateNull();
    cJSON *window = cJSON_DetachItemFromArray(windows, 0);
    cJSON_Delete(windows);
    if (!window)
        return cJSON_CreateNull();
    shape_window(s, model, window);
    cJSON_DeleteItemFromObject(window, "signals");
    return window;
}

static void add_run(struct store *s, const char *model, cJSON *j)
{
    struct run *runs = NULL;
    size_t n = 0;
    cJSON *run = NULL;
    run_store_load_active(s, &runs, &n, NULL);
    for (size_t i = 0; i < n && !run; i++)
        if (strcmp(runs[i].model, model) == 0)
            run_full_json(s, runs[i].id, false, &run, NULL);
    free(runs);
    cJSON_AddItemToObject(j, "run", run ? run : cJSON_CreateNull());
}

static void add_champion(struct store *s, const char *model, cJSON *j)
{
    struct registry_champion c = {0};
    bool any = registry_champion(s, model, &c, NULL) == ERR_OK;
    cJSON_AddItemToObject(j, "champion", api_version_ref(c.label, any ? c.sha256 : ""));
    cJSON_AddItemToObject(j, "champion_since_unix_ms",
                          any ? cJSON_CreateNumber((double)c.since_unix_ms) : cJSON_CreateNull());
}

static void add_desired(struct store *s, const char *model, cJSON *j)
{
    cJSON *body = NULL;
    int64_t generation = 0;
    double weight = 0;
    registry_get_desired(s, model, &body, &generation, NULL);
    json_opt_double(body, "candidate.weight", 0, 1, &weight, NULL);
    cJSON_AddItemToObject(j, "candidate",
                          api_version_ref(api_text_at(body, "candidate.label"),
                                          api_text_at(body, "candidate.sha256")));
    cJSON_AddNumberToObject(j, "candidate_weight", weight);
    cJSON_AddNumberToObject(j, "generation", (double)generation);
    cJSON_Delete(body);
}

#define MOST_POINTS 500 /* a harm monitor may have many of them since another's newest */

/* The newest point of each performance monitor since the present champion took over: a number of
 * the one before it would read as the new one's. */
static cJSON *performance_json(struct daemon *d, struct store *s, const char *model)
{
    cJSON *points = NULL, *out = cJSON_CreateObject();
    const cJSON *point = NULL;
    struct registry_champion champion = {0};
    if (registry_champion(s, model, &champion, NULL) != ERR_OK ||
        watch_performance_json(d->watch, s, model, MOST_POINTS, &points, NULL) != ERR_OK)
        return out;
    cJSON_ArrayForEach(point, points)
    {
        const char *monitor = api_text_at(point, "monitor");
        double at = 0;
        json_opt_double(point, "at_unix_ms", 0, 1e15, &at, NULL);
        if (strcmp(api_text_at(point, "version"), champion.label) != 0 ||
            at < (double)champion.since_unix_ms)
            continue;
        cJSON_DeleteItemFromObject(out, monitor);
        cJSON_AddItemToObject(out, monitor, cJSON_Duplicate(point, true));
    }
    cJSON_Delete(points);
    return out;
}

static cJSON *schema_json(const char *text)
{
    cJSON *j = NULL;
    json_parse("schema", text, strlen(text), &j, NULL);
    return j ? j : cJSON_CreateObject();
}

enum err_code api_model_json(struct daemon *d, struct store *s, const char *model, bool schema,
                             cJSON **out, struct err *e)
{
    struct registry_model m = {0};
    struct observation_account account = {0};
    cJSON *decision = NULL;
    enum err_code rc = registry_get_model(s, model, &m, e);
    if (rc != ERR_OK)
        return rc;
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "model", m.name);
    if (schema)
        cJSON_AddItemToObject(j, "schema", schema_json(m.schema_json));
    cJSON_AddItemToObject(j, "policy_sha256",
                          m.policy_text[0] ? cJSON_CreateString(m.policy_sha256)
                                           : cJSON_CreateNull());
    add_champion(s, model, j);
    add_desired(s, model, j);
    add_run(s, model, j);
    cJSON_AddItemToObject(j, "last_window", last_window(s, model));
    cJSON_AddItemToObject(j, "performance", performance_json(d, s, model));
    cJSON_AddItemToObject(j, "labels", account_json(s, model));
    observation_account_get(s, model, &account, NULL);
    cJSON_AddNumberToObject(j, "observations", (double)account.observed);
    watch_decision_json(d->watch, s, model, &decision, NULL);
    cJSON_AddItemToObject(j, "decision", decision ? decision : cJSON_CreateNull());
    registry_model_deinit(&m);
    *out = j;
    return ERR_OK;
}

static void get_model_work(struct store *s, struct api_call *call, struct err *e)
{
    api_model_json(call->d, s, call->model, true, &call->out, e);
}

void api_get_model(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (call)
        api_submit(call, get_model_work);
}

static void list_models_work(struct store *s, struct api_call *call, struct err *e)
{
    cJSON *models = NULL, *list = cJSON_CreateArray();
    const cJSON *item = NULL;
    enum err_code rc = registry_list_models(s, &models, e);
    cJSON_ArrayForEach(item, models)
    {
        cJSON *one = NULL;
        if (rc == ERR_OK)
            rc = api_model_json(call->d, s, api_text_at(item, "name"), false, &one, e);
        if (rc == ERR_OK)
            cJSON_AddItemToArray(list, one);
    }
    cJSON_Delete(models);
    call->out = cJSON_CreateObject();
    cJSON_AddItemToObject(call->out, "models", list);
}

void api_list_models(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (call)
        api_submit(call, list_models_work);
}

/* ---- creating, policies ---- */

/* What the policy may refer to. names: borrowed from the schema; the array itself is owned. */
static const char **facts_of(const struct schema *schema, struct policy_facts *facts)
{
    const char **names = calloc(schema->n_features ? schema->n_features : 1, sizeof(*names));
    for (size_t i = 0; names && i < schema->n_features; i++)
        names[i] = schema->features[i].name;
    *facts = (struct policy_facts){.n_features = names ? schema->n_features : 0, .features = names};
    facts->label = schema->label_kind == LABEL_BINARY       ? POLICY_LABEL_BINARY
                   : schema->label_kind == LABEL_MULTICLASS ? POLICY_LABEL_MULTICLASS
                                                            : POLICY_LABEL_REGRESSION;
    return names;
}

static cJSON *diagnostics_json(const struct diagnostics *d, const char *message)
{
    char line[DIAGNOSTIC_LINE_BYTES];
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "error", message);
    cJSON *list = cJSON_AddArrayToObject(j, "diagnostics");
    for (size_t i = 0; i < d->n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(diagnostic_format(d, i, line, sizeof(line))));
    return j;
}

/* Checks the text against the schema and the model's name. Faulty: the answer is 422 with every
 * diagnostic, and false comes back with *e untouched. */
static bool policy_is_right(struct api_call *call, const struct schema *schema, const char *text,
                            struct err *e)
{
    struct policy_facts facts;
    struct policy *policy = NULL;
    struct err why = {0};
    struct diagnostics *d = calloc(1, sizeof(*d));
    const char **names = facts_of(schema, &facts);
    bool right = false;
    if (!d || !names) {
        err_set(e, ERR_NOMEM, "out of memory");
    } else if (policy_parse("policy", text, strlen(text), &facts, &policy, d, &why) != ERR_OK) {
        call->status = 422;
        call->out = diagnostics_json(d, why.message);
    } else if (strcmp(policy->model, schema->model) != 0) {
        err_set(e, ERR_INVALID, "policy: model: expected \"%s\", got \"%s\"", schema->model,
                policy->model);
    } else {
        right = true;
    }
    policy_free(policy);
    free(names);
    free(d);
    return right;
}

static enum err_code audit_model(struct store *s, struct api_call *call, const char *action,
                                 const char *detail_key, const char *detail, struct err *e)
{
    char subject[160];
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, detail_key, detail);
    snprintf(subject, sizeof(subject), "model/%s", call->model);
    struct audit_entry entry = {.unix_ms = clock_unix_ms(),
                                .actor = call->actor,
                                .action = action,
                                .subject = subject,
                                .detail = j};
    enum err_code rc = audit_append(s, &entry, NULL, e);
    cJSON_Delete(j);
    return rc;
}

static enum err_code put_model(struct store *s, struct api_call *call, const char *schema_text,
                               const char *policy, const char *action, struct err *e)
{
    struct registry_model after = {0};
    enum err_code rc = store_begin(s, e);
    if (rc == ERR_OK)
        rc = registry_put_model(s, call->model, schema_text, policy, clock_unix_ms(), e);
    if (rc == ERR_OK)
        rc = registry_get_model(s, call->model, &after, e);
    if (rc == ERR_OK)
        rc = audit_model(s, call, action, "policy_sha256", after.policy_sha256, e);
    if (rc == ERR_OK)
        rc = store_commit(s, e);
    if (rc != ERR_OK)
        store_rollback(s);
    snprintf(call->name, sizeof(call->name), "%s", after.policy_sha256);
    registry_model_deinit(&after);
    watch_forget(call->d->watch, call->model);
    return rc;
}

/* The same schema and policy again change nothing. */
static bool is_there(struct store *s, const char *model, const char *schema_text,
                     const char *policy)
{
    struct registry_model m = {0};
    bool same = registry_get_model(s, model, &m, NULL) == ERR_OK &&
                strcmp(m.schema_json, schema_text) == 0 &&
                (!policy || strcmp(m.policy_text, policy) == 0);
    registry_model_deinit(&m);
    return same;
}

static enum err_code check_no_run(struct store *s, const char *model, struct err *e)
{
    struct run_history h = {0};
    enum err_code rc = run_store_history(s, model, 0, &h, e);
    if (rc == ERR_OK && h.n_active > 0)
        rc = err_set(
            e, ERR_CONFLICT,
            "%s has a run under way, which goes by the policy it was started with; wait for "
            "its end or abort it",
            model);
    return rc;
}

/* policy NULL: as it is. A faulty one leaves the answer in call->out and e untouched. */
static enum err_code create_model(struct store *s, struct api_call *call,
                                  const struct schema *schema, const char *schema_text,
                                  const char *policy, struct err *e)
{
    call->status = is_there(s, call->model, schema_text, policy) ? 200 : 201;
    if (call->status == 200)
        return ERR_OK;
    enum err_code rc = policy ? check_no_run(s, call->model, e) : ERR_OK;
    if (rc == ERR_OK && policy && policy[0] && !policy_is_right(call, schema, policy, e))
        return ERR_INVALID;
    return rc == ERR_OK ? put_model(s, call, schema_text, policy, "model.create", e) : rc;
}

static void create_model_work(struct store *s, struct api_call *call, struct err *e)
{
    struct schema *schema = NULL;
    const char *policy = NULL;
    const cJSON *json = NULL;
    enum err_code rc = json_get_object(call->body, "schema", &json, e);
    if (rc == ERR_OK)
        rc = json_opt_string(call->body, "policy", &policy, e);
    if (rc == ERR_OK && (rc = schema_from_json(json, &schema, e)) != ERR_OK)
        err_prefix(e, "schema");
    if (rc != ERR_OK)
        return;
    cJSON *canonical = schema_to_json(schema);
    char *text = json_print(canonical);
    snprintf(call->model, sizeof(call->model), "%s", schema->model);
    if (text)
        rc = create_model(s, call, schema, text, policy, e);
    else
        rc = err_set(e, ERR_NOMEM, "no memory for the schema of %s", call->model);
    if (rc == ERR_OK)
        api_model_json(call->d, s, call->model, true, &call->out, e);
    free(text);
    cJSON_Delete(canonical);
    schema_free(schema);
}

static void models_changed(struct api_call *call)
{
    daemon_refresh_models(call->d);
    if (call->status < 300)
        hub_send_model(&call->d->hub, "model", call->model);
}

void api_create_model(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (!call || !api_read_body(call))
        return;
    call->then = models_changed;
    api_submit(call, create_model_work);
}

static void get_policy_work(struct store *s, struct api_call *call, struct err *e)
{
    struct registry_model m = {0};
    if (registry_get_model(s, call->model, &m, e) != ERR_OK)
        return;
    if (m.policy_text[0] == '\0')
        err_set(e, ERR_NOT_FOUND, "%s has no policy yet", call->model);
    else
        call->text = strdup(m.policy_text);
    registry_model_deinit(&m);
}

void api_get_policy(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (!call)
        return;
    call->text_type = "application/yaml";
    api_submit(call, get_policy_work);
}

static void put_policy_work(struct store *s, struct api_call *call, struct err *e)
{
    const struct schema *schema = NULL;
    struct registry_model m = {0};
    enum err_code rc = registry_get_model(s, call->model, &m, e);
    registry_model_deinit(&m);
    if (rc == ERR_OK)
        rc = check_no_run(s, call->model, e);
    if (rc == ERR_OK)
        rc = watch_schema(call->d->watch, s, call->model, &schema, e);
    if (rc != ERR_OK || !policy_is_right(call, schema, call->text, e))
        return;
    rc = put_model(s, call, NULL, call->text, "policy.put", e);
    if (rc != ERR_OK)
        return;
    call->out = cJSON_CreateObject();
    cJSON_AddStringToObject(call->out, "policy_sha256", call->name);
}

void api_put_policy(struct http_request *req, void *user)
{
    size_t len = 0;
    struct api_call *call = api_call_new(req, user);
    if (!call)
        return;
    call->text = strdup(http_body(req, &len));
    call->then = models_changed;
    if (call->text)
        api_submit(call, put_policy_work);
    else
        api_fail(call, ERR_NOMEM, "out of memory");
}

/* ---- windows ---- */

static void drift_work(struct store *s, struct api_call *call, struct err *e)
{
    cJSON *windows = NULL, *window = NULL;
    const struct schema *schema = NULL;
    enum err_code rc = watch_schema(call->d->watch, s, call->model, &schema, e);
    if (rc == ERR_OK)
        rc = window_store_list(s, call->model, NULL, 0, call->limit, &windows, e);
    if (rc != ERR_OK)
        return;
    cJSON_ArrayForEach(window, windows) shape_window(s, call->model, window);
    call->out = cJSON_CreateObject();
    cJSON_AddStringToObject(call->out, "model", call->model);
    cJSON *features = cJSON_AddArrayToObject(call->out, "features");
    for (size_t i = 0; i < schema->n_features; i++)
        cJSON_AddItemToArray(features, cJSON_CreateString(schema->features[i].name));
    cJSON_AddItemToObject(call->out, "windows", windows);
}

static struct api_call *call_with_windows(struct http_request *req, void *user, int64_t fallback)
{
    int64_t n = 0;
    struct api_call *call = api_call_new(req, user);
    if (!call || !api_read_number(call, "windows", 1, 500, fallback, &n))
        return NULL;
    call->limit = (int)n;
    return call;
}

void api_get_drift(struct http_request *req, void *user)
{
    struct api_call *call = call_with_windows(req, user, 20);
    if (call)
        api_submit(call, drift_work);
}

static void performance_work(struct store *s, struct api_call *call, struct err *e)
{
    cJSON *points = NULL;
    if (watch_performance_json(call->d->watch, s, call->model, call->limit, &points, e) != ERR_OK)
        return;
    call->out = cJSON_CreateObject();
    cJSON_AddItemToObject(call->out, "points", points);
}

void api_get_performance(struct http_request *req, void *user)
{
    struct api_call *call = call_with_windows(req, user, 50);
    if (call)
        api_submit(call, performance_work);
}

static void feature_work(struct store *s, struct api_call *call, struct err *e)
{
    watch_feature_json(call->d->watch, s, call->model, call->name, call->number, &call->out, e);
}

void api_get_feature(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (!call || !api_read_number(call, "window", 0, INT64_C(1) << 53, 0, &call->number))
        return;
    snprintf(call->name, sizeof(call->name), "%s", http_param(req, "feature"));
    api_submit(call, feature_work);
}
