/*
 * test_daemon.c - leewayd in this process, on a loop that it shares with a server that plays a
 * replica and with the client that asks it: what its API answers, held against openapi.yaml, and
 * how it stops while things are under way.
 */
#include "http_testing.h"

#include "base/json.h"
#include "base/log.h"
#include "base/yaml.h"
#include "daemon.h"
#include "seeded_data.h"

struct rig {
    struct http_fixture http; /* its server is the replica */
    struct daemon *d;
    char folder[64], fleet[128], run[SEEDED_RUN_BYTES];
    struct http_request *held[8]; /* requests that the replica does not answer */
    size_t n_held;
    bool has_held, holds_reports, is_gone;
    int n_calls;
    struct yaml_doc *api;
};

/* ---- the replica ---- */

static void on_call(struct http_request *r, void *user)
{
    struct rig *rig = user;
    rig->n_calls++;
    if (rig->holds_reports && rig->n_held < 8) {
        rig->held[rig->n_held++] = r;
        rig->has_held = true;
        return;
    }
    if (strstr(http_path(r), "/report"))
        http_respond_error(r, 404, "never served");
    else
        http_respond(r, 200, "application/json", "{}", 2);
}

static const struct http_route replica_routes[] = {
    {"GET", "/leeway/v1/replica", on_call, HTTP_PUBLIC, 0, false},
    {"GET", "/leeway/v1/models/:model/report", on_call, HTTP_PUBLIC, 0, false},
    {"PUT", "/leeway/v1/models/:model/desired", on_call, HTTP_PUBLIC, 0, false},
    {0},
};

static void answer_held(struct rig *rig)
{
    while (rig->n_held > 0)
        http_respond_error(rig->held[--rig->n_held], 404, "at last");
    rig->has_held = false;
}

/* ---- up and down ---- */

static void write_fleet(const struct rig *rig, const char *url)
{
    char text[512];
    struct err e = {0};
    int len = url ? snprintf(text, sizeof(text), "[{\"targets\":[\"%s\"]}]", url)
                  : snprintf(text, sizeof(text), "[]");
    assert_ok(file_write_atomic(rig->fleet, text, (size_t)len, &e), &e);
}

static void start(struct rig *rig)
{
    struct err e = {0};
    rig->d = calloc(1, sizeof(*rig->d));
    rig->d->options = (struct daemon_options){.data_dir = rig->folder,
                                              .listen_host = "127.0.0.1",
                                              .fleet_file = rig->fleet,
                                              .collect_ms = 20,
                                              .tick_ms = 20,
                                              .keep_rows = 100000};
    assert_ok(daemon_start(rig->d, &rig->http.loop, &e), &e);
}

static bool is_stopped(const struct daemon *d)
{
    return !d->server && !d->queue && !d->client;
}

static void stop(struct rig *rig)
{
    if (!rig->d)
        return;
    daemon_stop(rig->d);
    uv_timer_start(&rig->http.deadline, fixture_on_late, WAIT_MAX_MS, 0);
    while (!is_stopped(rig->d) && !rig->http.late)
        uv_run(&rig->http.loop, UV_RUN_ONCE);
    uv_timer_stop(&rig->http.deadline);
    assert_true(is_stopped(rig->d));
}

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct http_server_options o;
    log_set_level(LOG_ERROR);
    http_server_options_init(&o);
    fixture_open(&rig->http, &o, replica_routes, rig);
    strcpy(rig->folder, "/tmp/leeway-daemon-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    snprintf(rig->fleet, sizeof(rig->fleet), "%s/fleet.json", rig->folder);
    write_fleet(rig, url_of(&rig->http, ""));
    seeded_data_write(rig->folder, rig->run);
    *state = rig;
    start(rig);
    return 0;
}

/* Whatever the daemon has left on the loop makes fixture_close fail. */
static int teardown(void **state)
{
    struct rig *rig = *state;
    stop(rig);
    answer_held(rig);
    fixture_close(&rig->http);
    daemon_clean_up(rig->d);
    free(rig->d);
    yaml_free(rig->api);
    file_remove_tree(rig->folder, NULL);
    free(rig);
    return 0;
}

/* ---- asking the daemon ---- */

struct reply {
    bool done;
    int status;
    char *body; /* owned */
    size_t len;
};

static void on_reply(const struct http_result *r, void *user)
{
    struct reply *reply = user;
    reply->status = r->code == ERR_OK ? r->status : 0;
    reply->body = malloc(r->body_len + 1);
    memcpy(reply->body, r->body, r->body_len + 1);
    reply->len = r->body_len;
    reply->done = true;
}

static void begin(struct rig *rig, const char *method, const char *path, const char *body,
                  struct reply *reply)
{
    char url[512];
    struct err e = {0};
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", http_server_port(rig->d->server), path);
    struct http_call_options o = {
        .method = method, .url = url, .body = body, .body_len = body ? strlen(body) : 0};
    assert_ok(http_call_start(rig->http.client, &o, on_reply, reply, NULL, &e), &e);
}

static struct reply ask(struct rig *rig, const char *method, const char *path, const char *body)
{
    struct reply reply = {0};
    begin(rig, method, path, body, &reply);
    run_until(&rig->http, &reply.done);
    return reply;
}

/* The answer as JSON, owned; status is insisted on. */
static cJSON *ask_json(struct rig *rig, const char *method, const char *path, const char *body,
                       int status)
{
    struct reply reply = ask(rig, method, path, body);
    struct err e = {0};
    cJSON *j = NULL;
    if (reply.status != status)
        print_error("%s %s: %d %s\n", method, path, reply.status, reply.body);
    assert_int_equal(reply.status, status);
    assert_ok(json_parse(path, reply.body, reply.len, &j, &e), &e);
    free(reply.body);
    return j;
}

/* ---- the answers and openapi.yaml ---- */

/* What is there at some times only. */
static bool is_optional(const char *key)
{
    static const char *const keys[] = {
        "next",  "progress", "schema",           "refused",  "timeline",        "n_reference",
        "value", "p_value",  "threshold",        "effect",   "reference_value", "e_value",
        "error", "run",      "threshold_origin", "manifest", "history_rank",    "windows_together"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static const struct yaml_node *find_path(const struct yaml_node *node, const char *path)
{
    char key[128];
    while (node && *path) {
        size_t len = strcspn(path, "|");
        snprintf(key, sizeof(key), "%.*s", (int)len, path);
        node = yaml_find(node, key);
        path += len + (path[len] == '|');
    }
    return node;
}

static const struct yaml_node *resolve(const struct rig *rig, const struct yaml_node *schema)
{
    const struct yaml_node *ref = yaml_find(schema, "$ref");
    if (!ref)
        return schema;
    const char *name = strrchr(yaml_text(ref), '/') + 1;
    return yaml_find(find_path(yaml_root(rig->api), "components|schemas"), name);
}

/* The schema of a property; looks into allOf. NULL: not documented. */
static const struct yaml_node *property(const struct rig *rig, const struct yaml_node *schema,
                                        const char *key)
{
    schema = resolve(rig, schema);
    const struct yaml_node *all = yaml_find(schema, "allOf"),
                           *own = yaml_find(schema, "properties");
    const struct yaml_node *found = own ? yaml_find(own, key) : NULL;
    for (size_t i = 0; all && !found && i < yaml_count(all); i++)
        found = property(rig, yaml_item(all, i), key);
    return found;
}

static bool has_properties(const struct rig *rig, const struct yaml_node *schema)
{
    schema = resolve(rig, schema);
    return yaml_find(schema, "properties") || yaml_find(schema, "allOf");
}

static void check(const struct rig *rig, const struct yaml_node *schema, const cJSON *json,
                  const char *where);

static void check_all_there(const struct rig *rig, const struct yaml_node *schema,
                            const cJSON *json, const char *where)
{
    schema = resolve(rig, schema);
    const struct yaml_node *all = yaml_find(schema, "allOf"),
                           *own = yaml_find(schema, "properties");
    for (size_t i = 0; all && i < yaml_count(all); i++)
        check_all_there(rig, yaml_item(all, i), json, where);
    for (size_t i = 0; own && i < yaml_count(own); i++) {
        const char *key = yaml_text(yaml_key_node(own, i));
        if (!is_optional(key) && !cJSON_HasObjectItem(json, key))
            fail_msg("%s: openapi.yaml has %s, the answer has not", where, key);
    }
}

static void check_object(const struct rig *rig, const struct yaml_node *schema, const cJSON *json,
                         const char *where)
{
    const cJSON *item = NULL;
    char below[256];
    if (!has_properties(rig, schema))
        return; /* anything */
    cJSON_ArrayForEach(item, json)
    {
        const struct yaml_node *node = property(rig, schema, item->string);
        snprintf(below, sizeof(below), "%s.%s", where, item->string);
        if (!node)
            fail_msg("%s is answered and not in openapi.yaml", below);
        check(rig, node, item, below);
    }
    check_all_there(rig, schema, json, where);
}

static bool type_is(const char *type, const cJSON *json)
{
    return (strcmp(type, "object") == 0 && cJSON_IsObject(json)) ||
           (strcmp(type, "array") == 0 && cJSON_IsArray(json)) ||
           (strcmp(type, "string") == 0 && cJSON_IsString(json)) ||
           (strcmp(type, "boolean") == 0 && cJSON_IsBool(json)) ||
           (strcmp(type, "null") == 0 && cJSON_IsNull(json)) ||
           (strcmp(type, "number") == 0 && cJSON_IsNumber(json)) ||
           (strcmp(type, "integer") == 0 && cJSON_IsNumber(json) &&
            json->valuedouble == (double)(int64_t)json->valuedouble);
}

static bool type_fits(const struct yaml_node *type, const cJSON *json)
{
    bool fits = false;
    if (!type)
        return true;
    if (yaml_kind(type) == YAML_SCALAR)
        return type_is(yaml_text(type), json);
    for (size_t i = 0; i < yaml_count(type); i++)
        fits |= type_is(yaml_text(yaml_item(type, i)), json);
    return fits;
}

static void check(const struct rig *rig, const struct yaml_node *schema, const cJSON *json,
                  const char *where)
{
    const cJSON *item = NULL;
    schema = resolve(rig, schema);
    const struct yaml_node *one = yaml_find(schema, "oneOf"), *items = yaml_find(schema, "items");
    if (one) { /* always: something, or null */
        if (!cJSON_IsNull(json))
            check(rig, yaml_item(one, 0), json, where);
        return;
    }
    if (!type_fits(yaml_find(schema, "type"), json)) {
        char *text = json_print(json);
        fail_msg("%s: another type than in openapi.yaml: %s", where, text);
    }
    if (cJSON_IsObject(json))
        check_object(rig, schema, json, where);
    if (cJSON_IsArray(json) && items)
        cJSON_ArrayForEach(item, json) check(rig, items, item, where);
}

/* Asks, and holds the answer against the schema of its path. */
static cJSON *ask_checked(struct rig *rig, const char *method, const char *path, const char *body,
                          int status, const char *pattern)
{
    char place[256], code[8], lower[8] = "";
    struct err e = {0};
    if (!rig->api) {
        struct reply yaml = ask(rig, "GET", "/openapi.yaml", NULL);
        assert_ok(yaml_parse("openapi.yaml", yaml.body, yaml.len, &rig->api, &e), &e);
        free(yaml.body);
    }
    for (size_t i = 0; method[i]; i++)
        lower[i] = (char)(method[i] | 0x20);
    snprintf(code, sizeof(code), "%d", status);
    snprintf(place, sizeof(place), "paths|%s|%s|responses|%s|content|application/json|schema",
             pattern, lower, code);
    const struct yaml_node *schema = find_path(yaml_root(rig->api), place);
    if (!schema)
        fail_msg("openapi.yaml has no %s", place);
    cJSON *j = ask_json(rig, method, path, body, status);
    check(rig, schema, j, pattern);
    return j;
}

#define SCHEMA_JSON                                                                                \
    "{\"schema\":{\"model\":\"%s\",\"features\":[{\"name\":\"age\",\"type\":\"numeric\"}],"        \
    "\"label\":{\"name\":\"paid\",\"type\":\"binary\",\"classes\":[\"no\",\"yes\"]}}}"

static void every_answer_is_what_openapi_says(void **state)
{
    struct rig *rig = *state;
    char path[256], created[512];
    static const struct {
        const char *path, *pattern;
    } reads[] = {
        {"/v1/status", "/v1/status"},
        {"/v1/models", "/v1/models"},
        {"/v1/models/loan", "/v1/models/{model}"},
        {"/v1/models/loan/labels", "/v1/models/{model}/labels"},
        {"/v1/models/loan/drift", "/v1/models/{model}/drift"},
        {"/v1/models/loan/features/age", "/v1/models/{model}/features/{feature}"},
        {"/v1/models/loan/performance", "/v1/models/{model}/performance"},
        {"/v1/models/loan/versions", "/v1/models/{model}/versions"},
        {"/v1/models/loan/versions/v2", "/v1/models/{model}/versions/{version}"},
        {"/v1/models/loan/champion", "/v1/models/{model}/champion"},
        {"/v1/runs?model=loan", "/v1/runs"},
        {"/v1/audit", "/v1/audit"},
        {"/v1/audit/verify", "/v1/audit/verify"},
        {"/v1/replicas", "/v1/replicas"},
        {"/health/live", "/health/live"},
        {"/health/ready", "/health/ready"},
    };
    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++)
        cJSON_Delete(ask_checked(rig, "GET", reads[i].path, NULL, 200, reads[i].pattern));
    snprintf(path, sizeof(path), "/v1/runs/%s", rig->run);
    cJSON_Delete(ask_checked(rig, "GET", path, NULL, 200, "/v1/runs/{run}"));
    snprintf(created, sizeof(created), SCHEMA_JSON, "other");
    cJSON_Delete(ask_checked(rig, "POST", "/v1/models", created, 201, "/v1/models"));
    cJSON_Delete(ask_checked(rig, "POST", "/v1/models", created, 200, "/v1/models"));
    cJSON_Delete(ask_checked(rig, "POST", "/v1/models/loan/labels",
                             "{\"labels\":[{\"id\":\"later\",\"label\":\"yes\"}]}", 200,
                             "/v1/models/{model}/labels"));
    cJSON_Delete(ask_checked(rig, "POST", "/v1/models/loan/import",
                             "{\"rows\":[{\"id\":\"h1\",\"x\":[40,\"a\"],\"label\":\"no\"}]}", 200,
                             "/v1/models/{model}/import"));
    cJSON_Delete(ask_checked(rig, "PUT", "/v1/models/loan/policy", "leeway: 1\nmodel: 7\n", 422,
                             "/v1/models/{model}/policy"));
    cJSON_Delete(ask_checked(rig, "POST", "/v1/models/loan/rollback", "{\"reason\":\"it hurts\"}",
                             200, "/v1/models/{model}/rollback"));
    cJSON *run =
        ask_checked(rig, "POST", "/v1/models/loan/retrain", "{\"reason\":\"again\",\"force\":true}",
                    201, "/v1/models/{model}/retrain");
    const char *id = "";
    json_opt_string(run, "id", &id, NULL);
    snprintf(path, sizeof(path), "/v1/runs/%s/pause", id);
    cJSON_Delete(
        ask_checked(rig, "POST", path, "{\"reason\":\"a look\"}", 200, "/v1/runs/{run}/{verb}"));
    snprintf(path, sizeof(path), "/v1/runs/%s/abort", id);
    cJSON_Delete(ask_checked(rig, "POST", path, "{}", 200, "/v1/runs/{run}/{verb}"));
    cJSON_Delete(run);
}

static void assert_says(struct rig *rig, const char *method, const char *path, const char *body,
                        int status, const char *text)
{
    const char *error = "";
    cJSON *j = ask_json(rig, method, path, body, status);
    json_opt_string(j, "error", &error, NULL);
    assert_contains(error, text);
    cJSON_Delete(j);
}

static void what_is_wrong_is_said(void **state)
{
    struct rig *rig = *state;
    char path[128];
    assert_says(rig, "GET", "/v1/models/none", NULL, 404, "none");
    assert_says(rig, "GET", "/v1/models/none/drift", NULL, 404, "none");
    assert_says(rig, "GET", "/v1/models/loan/drift?windows=0", NULL, 400, "windows");
    assert_says(rig, "GET", "/v1/models/loan/features/none", NULL, 404, "none");
    assert_says(rig, "GET", "/v1/models/loan/versions/v9", NULL, 404, "v9");
    assert_says(rig, "GET", "/v1/runs/r-none", NULL, 404, "r-none");
    assert_says(rig, "POST", "/v1/models", "[]", 400, "object");
    assert_says(rig, "POST", "/v1/models", "{\"schema\":{}}", 400, "model");
    assert_says(rig, "POST", "/v1/models/none/labels", "{\"labels\":[]}", 404, "none");
    assert_says(
        rig, "POST", "/v1/models/loan/labels",
        "{\"labels\":[{\"id\":\"a\",\"label\":\"yes\"},{\"id\":\"b\",\"label\":\"perhaps\"}]}", 400,
        "labels: [1].label");
    assert_says(rig, "POST", "/v1/models/loan/import",
                "{\"rows\":[{\"id\":\"h1\",\"x\":[\"a\",40],\"label\":\"no\"}]}", 400, "rows[0].x");
    assert_says(rig, "POST", "/v1/models/loan/retrain", "{}", 400, "reason");
    assert_says(rig, "POST", "/v1/models/loan/rollback", "{\"reason\":\"r\",\"to\":\"v2\"}", 409,
                "v2");
    snprintf(path, sizeof(path), "/v1/runs/%s/dance", rig->run);
    assert_says(rig, "POST", path, "{}", 404, "approve");
    snprintf(path, sizeof(path), "/v1/runs/%s/abort", rig->run);
    assert_says(rig, "POST", path, "{}", 409, "ended");
}

static void a_batch_with_one_bad_label_changes_nothing(void **state)
{
    struct rig *rig = *state;
    int64_t waiting = -1;
    assert_says(rig, "POST", "/v1/models/loan/labels",
                "{\"labels\":[{\"id\":\"a\",\"label\":\"yes\"},{\"id\":\"\",\"label\":\"no\"}]}",
                400, "[1].id");
    cJSON *j = ask_json(rig, "GET", "/v1/models/loan/labels", NULL, 200);
    json_opt_int(j, "waiting", 0, 100, &waiting, NULL);
    assert_int_equal(waiting, 0);
    cJSON_Delete(j);
}

static void a_run_under_way_keeps_its_policy(void **state)
{
    struct rig *rig = *state;
    char body[1024];
    cJSON_Delete(ask_json(rig, "POST", "/v1/models/loan/retrain",
                          "{\"reason\":\"again\",\"force\":true}", 201));
    struct reply policy = ask(rig, "GET", "/v1/models/loan/policy", NULL);
    assert_says(rig, "PUT", "/v1/models/loan/policy", policy.body, 409, "run under way");
    free(policy.body);
    snprintf(
        body, sizeof(body), "%s",
        "{\"schema\":{\"model\":\"loan\",\"features\":[{\"name\":\"age\",\"type\":\"numeric\"},"
        "{\"name\":\"zip\",\"type\":\"categorical\"}],\"label\":{\"name\":\"paid\",\"type\":"
        "\"binary\","
        "\"classes\":[\"no\",\"yes\"]}},\"policy\":\"leeway: 1\"}");
    assert_says(rig, "POST", "/v1/models", body, 409, "run under way");
}

static void metrics_are_prometheus_text(void **state)
{
    struct rig *rig = *state;
    struct reply reply = ask(rig, "GET", "/metrics", NULL);
    assert_int_equal(reply.status, 200);
    assert_contains(reply.body, "# TYPE leewayd_model_observations gauge\n");
    assert_contains(reply.body, "leewayd_model_observations{model=\"loan\"} 200\n");
    free(reply.body);
}

/* ---- stopping ---- */

static void wait_for_a_held_report(struct rig *rig)
{
    rig->holds_reports = true;
    run_until(&rig->http, &rig->has_held);
}

static void it_stops_while_a_replica_is_being_visited(void **state)
{
    struct rig *rig = *state;
    wait_for_a_held_report(rig);
    stop(rig);
}

static void it_stops_while_requests_are_being_answered(void **state)
{
    struct rig *rig = *state;
    struct reply replies[8] = {{0}};
    for (size_t i = 0; i < 8; i++)
        begin(rig, "GET", i % 2 ? "/v1/status" : "/v1/models/loan/drift", NULL, &replies[i]);
    uv_run(&rig->http.loop, UV_RUN_ONCE);
    stop(rig);
    for (size_t i = 0; i < 8; i++) {
        run_until(&rig->http, &replies[i].done);
        free(replies[i].body);
    }
}

static void it_stops_while_a_run_is_at_work(void **state)
{
    struct rig *rig = *state;
    struct reply reply = {0};
    begin(rig, "POST", "/v1/models/loan/retrain", "{\"reason\":\"again\",\"force\":true}", &reply);
    run_until(&rig->http, &reply.done);
    assert_int_equal(reply.status, 201);
    free(reply.body);
    stop(rig); /* the snapshot is being cut */
}

static void it_takes_up_what_was_under_way(void **state)
{
    struct rig *rig = *state;
    const char *id = "";
    char path[128], state_before[64];
    bool done = true;
    cJSON *run = ask_json(rig, "POST", "/v1/models/loan/retrain",
                          "{\"reason\":\"again\",\"force\":true}", 201);
    json_opt_string(run, "id", &id, NULL);
    snprintf(path, sizeof(path), "/v1/runs/%s", id);
    cJSON_Delete(run);
    stop(rig);
    daemon_clean_up(rig->d);
    free(rig->d);
    start(rig);
    run = ask_json(rig, "GET", path, NULL, 200);
    json_opt_bool(run, "done", &done, NULL);
    const char *text = "";
    json_opt_string(run, "state", &text, NULL);
    snprintf(state_before, sizeof(state_before), "%s", text);
    assert_false(done); /* without a trainer it waits for one */
    cJSON_Delete(run);
}

static void a_replica_that_is_removed_while_it_is_visited_is_let_go(void **state)
{
    struct rig *rig = *state;
    wait_for_a_held_report(rig);
    write_fleet(rig, NULL);
    uv_timer_start(&rig->http.deadline, fixture_on_late, WAIT_MAX_MS, 0);
    while (rig->d->n_replicas > 0 && !rig->http.late)
        uv_run(&rig->http.loop, UV_RUN_ONCE);
    uv_timer_stop(&rig->http.deadline);
    assert_int_equal(rig->d->n_replicas, 0);
    rig->holds_reports = false;
    answer_held(rig);
    cJSON *j = ask_json(rig, "GET", "/v1/replicas", NULL, 200);
    assert_int_equal(cJSON_GetArraySize(json_at(j, "replicas")), 0);
    cJSON_Delete(j);
}

static void a_model_that_is_made_while_another_is_visited_is_not_taken_for_it(void **state)
{
    struct rig *rig = *state;
    char created[512];
    int64_t generation = -1;
    wait_for_a_held_report(rig);
    snprintf(created, sizeof(created), SCHEMA_JSON, "a-model"); /* sorts before loan */
    cJSON_Delete(ask_json(rig, "POST", "/v1/models", created, 201));
    rig->holds_reports = false;
    answer_held(rig); /* 404 for loan: it will be told what to serve */
    for (int i = 0; i < 1000 && generation < 1; i++) {
        cJSON *j = ask_json(rig, "GET", "/v1/replicas", NULL, 200);
        const cJSON *models = json_at(j, "replicas[0].models");
        const char *name = "";
        json_opt_string(cJSON_GetArrayItem(models, 0), "model", &name, NULL);
        if (cJSON_GetArraySize(models) > 0) {
            assert_string_equal(name, "loan");
            json_opt_int(cJSON_GetArrayItem(models, 0), "generation", 0, 100, &generation, NULL);
        }
        cJSON_Delete(j);
    }
    assert_true(generation >= 1);
}

#define daemon_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        daemon_test(every_answer_is_what_openapi_says),
        daemon_test(what_is_wrong_is_said),
        daemon_test(a_batch_with_one_bad_label_changes_nothing),
        daemon_test(a_run_under_way_keeps_its_policy),
        daemon_test(metrics_are_prometheus_text),
        daemon_test(it_stops_while_a_replica_is_being_visited),
        daemon_test(it_stops_while_requests_are_being_answered),
        daemon_test(it_stops_while_a_run_is_at_work),
        daemon_test(it_takes_up_what_was_under_way),
        daemon_test(a_replica_that_is_removed_while_it_is_visited_is_let_go),
        daemon_test(a_model_that_is_made_while_another_is_visited_is_not_taken_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
