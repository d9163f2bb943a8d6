/*
 * test_infer_server.c - a replica in this process, spoken to over loopback: the protocol as clients
 * and the orchestrator see it.
 */
#include <limits.h>
#include <math.h>

#include "base/json.h"
#include "base/log.h"
#include "base/safetensors.h"
#include "loopback.h"
#include "replica_server.h"
#include "testing.h"
#include "tiny_artifact.h"

struct world {
    char folder[512], pool[600], data[600];
    struct replica *replica;
    int port;
    char v1[SHA256_HEX_BYTES], v2[SHA256_HEX_BYTES], bad[SHA256_HEX_BYTES];
};

static void start(struct world *w)
{
    struct err e = {0};
    const struct replica_options o = {.host = "127.0.0.1",
                                      .data_dir = w->data,
                                      .name = "r1",
                                      .log_bytes = 1 << 20,
                                      .max_body_bytes = 1 << 20,
                                      .n_threads = 2};
    assert_ok(replica_start(&o, &w->replica, &e), &e);
    w->port = replica_port(w->replica);
}

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err e = {0};
    log_set_level(LOG_ERROR);
    strcpy(w->folder, "/tmp/leeway-test-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->pool, sizeof w->pool, "%s/pool", w->folder);
    snprintf(w->data, sizeof w->data, "%s/data", w->folder);
    assert_ok(file_mkdirs(w->pool, &e), &e);
    tiny_artifact_save(&(struct tiny_options){.bias = 0}, w->pool, w->v1);
    tiny_artifact_save(&(struct tiny_options){.bias = 1}, w->pool, w->v2);
    tiny_artifact_save(&(struct tiny_options){.bias = 3, .wrong_golden = true}, w->pool, w->bad);
    start(w);
    *state = w;
    return 0;
}

static int free_world(void **state)
{
    struct world *w = *state;
    replica_stop(w->replica, 1000);
    file_remove_tree(w->folder, NULL);
    free(w);
    return 0;
}

/* ---- calls ---- */

static struct loopback_answer call(struct world *w, const char *method, const char *path,
                                   const char *body)
{
    return loopback_call(w->port, method, path, "", body, strlen(body));
}

/* Calls, checks the status, gives the parsed body (owned) back. */
static cJSON *expect(struct world *w, int status, const char *method, const char *path,
                     const char *body)
{
    struct loopback_answer a = call(w, method, path, body);
    if (a.status != status) {
        fail_msg("%s %s: expected %d, got %d %s", method, path, status, a.status,
                 a.body ? a.body : "");
    }
    cJSON *json = cJSON_Parse(a.body);
    loopback_free(&a);
    return json;
}

static void check_text(cJSON *json, const char *path, const char *want)
{
    const cJSON *node = json_at(json, path);
    if (!cJSON_IsString(node) || !strstr(node->valuestring, want)) {
        char *text = json_print(json);
        fail_msg("%s: expected \"%s\" in %s", path, want, text);
        free(text);
    }
}

static double number_at(cJSON *json, const char *path)
{
    const cJSON *node = json_at(json, path);
    return cJSON_IsNumber(node) ? node->valuedouble : NAN;
}

static int push(struct world *w, const char *sha256, const char *as)
{
    char path[PATH_MAX], *data;
    size_t len;
    struct err e = {0};
    snprintf(path, sizeof path, "%s/%s.safetensors", w->pool, sha256);
    assert_ok(file_read(path, 1 << 24, &data, &len, &e), &e);
    snprintf(path, sizeof path, "/leeway/v1/artifacts/%s", as);
    struct loopback_answer a = loopback_call(w->port, "PUT", path, "", data, len);
    int status = a.status;
    loopback_free(&a);
    free(data);
    return status;
}

static const char *desired_body(int generation, const char *champion, const char *candidate,
                                double weight)
{
    static char body[1024];
    int n = snprintf(body, sizeof body,
                     "{\"generation\":%d,\"champion\":{\"sha256\":\"%s\",\"label\":\"v1\"}",
                     generation, champion);
    if (candidate) {
        n += snprintf(body + n, sizeof body - (size_t)n,
                      ",\"candidate\":{\"sha256\":\"%s\",\"label\":\"v2\",\"weight\":%g}",
                      candidate, weight);
    }
    snprintf(body + n, sizeof body - (size_t)n, "}");
    return body;
}

#define DESIRED "/leeway/v1/models/loan/desired"
#define STATE "/leeway/v1/models/loan/state"
#define INFER "/v2/models/loan/infer"
#define ROWS                                                                                       \
    "{\"id\":\"q\",\"inputs\":[{\"name\":\"age\",\"shape\":[2],\"datatype\":\"FP64\",\"data\":["   \
    "50,null]},"                                                                                   \
    "{\"name\":\"zip\",\"shape\":[2,1],\"datatype\":\"BYTES\",\"data\":[[\"a\"],[\"\"]]},"         \
    "{\"name\":\"ssn\",\"shape\":[2],\"datatype\":\"BYTES\",\"data\":[\"1\",\"2\"]}]}"

/* v1 in service, v2 on trial. */
static void deploy(struct world *w, double weight)
{
    assert_int_equal(push(w, w->v1, w->v1), 201);
    assert_int_equal(push(w, w->v2, w->v2), 201);
    cJSON_Delete(expect(w, 200, "PUT", DESIRED, desired_body(1, w->v1, w->v2, weight)));
}

/* ---- the orchestrator's side ---- */

static void a_new_replica_is_alive_but_not_ready(void **state)
{
    struct world *w = *state;
    cJSON_Delete(expect(w, 200, "GET", "/v2/health/live", ""));
    cJSON_Delete(expect(w, 400, "GET", "/v2/health/ready", ""));
    cJSON *json = expect(w, 404, "POST", INFER, ROWS);
    check_text(json, "error", "loan");
    cJSON_Delete(json);
    json = expect(w, 200, "GET", "/leeway/v1/replica", "");
    check_text(json, "replica", "r1");
    assert_int_equal(cJSON_GetArraySize(json_at(json, "models")), 0);
    cJSON_Delete(json);
}

static void artifacts_are_taken_by_their_hash(void **state)
{
    struct world *w = *state;
    assert_int_equal(push(w, w->v1, w->v1), 201);
    assert_int_equal(push(w, w->v1, w->v1), 200);
    assert_int_equal(push(w, w->v1, w->v2), 422);
    assert_int_equal(push(w, w->v1, "not-a-hash"), 400);
}

static void a_desired_state_goes_the_whole_way(void **state)
{
    struct world *w = *state;
    cJSON *json = expect(w, 409, "PUT", DESIRED, desired_body(1, w->v1, NULL, 0));
    assert_string_equal(json_at(json, "missing[0]")->valuestring, w->v1);
    cJSON_Delete(json);
    deploy(w, 0.25);
    json = expect(w, 200, "GET", STATE, "");
    assert_int_equal(number_at(json, "generation"), 1);
    check_text(json, "candidate.sha256", w->v2);
    assert_true(number_at(json, "candidate.weight") == 0.25);
    cJSON_Delete(json);
    cJSON_Delete(expect(w, 200, "GET", "/v2/health/ready", ""));
    cJSON_Delete(expect(w, 200, "PUT", DESIRED, desired_body(1, w->v1, w->v2, 0.25)));
    json = expect(w, 409, "PUT", DESIRED, desired_body(0, w->v1, NULL, 0));
    assert_int_equal(number_at(json, "generation"), 1); /* the running state */
    check_text(json, "error", "newer");
    cJSON_Delete(json);
    cJSON_Delete(expect(w, 409, "PUT", DESIRED, desired_body(1, w->v2, NULL, 0)));
    cJSON_Delete(expect(w, 400, "PUT", DESIRED, "{}"));
}

static void a_bad_version_is_named_and_changes_nothing(void **state)
{
    struct world *w = *state;
    deploy(w, 0);
    assert_int_equal(push(w, w->bad, w->bad), 201);
    cJSON *json = expect(w, 422, "PUT", DESIRED, desired_body(2, w->v1, w->bad, 0.5));
    check_text(json, "version", w->bad);
    check_text(json, "error", "golden row");
    cJSON_Delete(json);
    json = expect(w, 200, "GET", STATE, "");
    assert_int_equal(number_at(json, "generation"), 1);
    check_text(json, "last_error.version", w->bad);
    cJSON_Delete(json);
    cJSON_Delete(expect(w, 200, "POST", INFER, ROWS));
}

static void a_broken_first_version_makes_no_other_model_unready(void **state)
{
    struct world *w = *state;
    char fraud[SHA256_HEX_BYTES];
    deploy(w, 0);
    tiny_artifact_save(&(struct tiny_options){.model = "fraud", .wrong_golden = true}, w->pool,
                       fraud);
    assert_int_equal(push(w, fraud, fraud), 201);
    cJSON_Delete(
        expect(w, 422, "PUT", "/leeway/v1/models/fraud/desired", desired_body(1, fraud, NULL, 0)));
    cJSON_Delete(expect(w, 200, "GET", "/v2/health/ready", ""));
    cJSON_Delete(expect(w, 404, "GET", "/v2/models/fraud/ready", ""));
}

static void a_restart_without_its_artifacts_is_not_ready(void **state)
{
    struct world *w = *state;
    deploy(w, 0);
    replica_stop(w->replica, 1000);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/artifacts/%s.safetensors", w->data, w->v1);
    file_remove_tree(path, NULL);
    start(w);
    cJSON_Delete(expect(w, 400, "GET", "/v2/health/ready", ""));
    cJSON *json = expect(w, 200, "GET", STATE, "");
    check_text(json, "last_error.version", w->v1);
    cJSON_Delete(json);
    assert_int_equal(push(w, w->v1, w->v1), 201);
    cJSON_Delete(expect(w, 200, "PUT", DESIRED, desired_body(1, w->v1, w->v2, 0)));
    cJSON_Delete(expect(w, 200, "GET", "/v2/health/ready", ""));
}

static void a_data_folder_serves_one_process(void **state)
{
    struct world *w = *state;
    struct replica *second;
    struct err e = {0};
    const struct replica_options o = {
        .host = "127.0.0.1", .data_dir = w->data, .log_bytes = 1 << 20, .n_threads = 2};
    assert_fails(replica_start(&o, &second, &e), &e, ERR_CONFLICT, "in use by another");
}

static void a_restart_serves_before_it_listens(void **state)
{
    struct world *w = *state;
    deploy(w, 0);
    cJSON_Delete(expect(w, 200, "POST", INFER, ROWS));
    cJSON *before = expect(w, 200, "GET", STATE, "");
    replica_stop(w->replica, 1000);
    start(w);
    cJSON *after = expect(w, 200, "GET", STATE, "");
    cJSON_Delete(expect(w, 200, "GET", "/v2/health/ready", ""));
    assert_int_equal(number_at(after, "generation"), 1);
    assert_string_equal(json_at(after, "log.id")->valuestring,
                        json_at(before, "log.id")->valuestring);
    assert_int_equal(number_at(after, "log.next_seq"), 2);
    assert_string_not_equal(json_at(after, "instance")->valuestring,
                            json_at(before, "instance")->valuestring);
    assert_int_equal(number_at(after, "sides[0].rows"), 0);
    cJSON_Delete(before);
    cJSON_Delete(after);
}

static void the_report_holds_counts_and_state_of_one_instant(void **state)
{
    struct world *w = *state;
    struct st_file *f;
    struct profile *p;
    struct artifact *v1;
    struct err e = {0};
    char prefix[80], path[PATH_MAX];
    deploy(w, 0);
    for (int i = 0; i < 3; i++) {
        cJSON_Delete(expect(w, 200, "POST", INFER, ROWS));
    }
    struct loopback_answer a = call(w, "GET", "/leeway/v1/models/loan/report", "");
    assert_int_equal(a.status, 200);
    assert_ok(st_open_memory(a.body, a.body_len, &f, &e), &e);
    cJSON *json = cJSON_Parse(st_metadata(f, "state"));
    assert_int_equal(number_at(json, "sides[0].rows"), 6);
    snprintf(path, sizeof path, "%s/%s.safetensors", w->pool, w->v1);
    assert_ok(artifact_load(path, w->v1, &v1, &e), &e);
    snprintf(prefix, sizeof prefix, "%s/", w->v1);
    assert_ok(profile_from_st(f, prefix, v1->ruler, &p, &e), &e);
    assert_int_equal(p->n_rows, 6);
    const struct series *zip = &v1->ruler->series[1];
    assert_int_equal(p->counts[zip->first_cell + zip->missing_cell], 3);
    profile_free(p);
    artifact_free(v1);
    cJSON_Delete(json);
    st_close(f);
    loopback_free(&a);
}

static void observations_are_read_by_offset(void **state)
{
    struct world *w = *state;
    deploy(w, 0);
    for (int i = 0; i < 3; i++) {
        cJSON_Delete(expect(w, 200, "POST", INFER, ROWS));
    }
    struct loopback_answer a =
        call(w, "GET", "/leeway/v1/models/loan/observations?from=1&limit=2", "");
    assert_int_equal(a.status, 200);
    assert_string_equal(loopback_header(&a, "Leeway-First-Seq"), "0");
    assert_string_equal(loopback_header(&a, "Leeway-Next-Seq"), "3");
    assert_string_equal(loopback_header(&a, "Leeway-Dropped"), "0");
    cJSON *line = cJSON_Parse(a.body); /* the first of two */
    assert_int_equal(number_at(line, "seq"), 1);
    check_text(line, "id", "q#1");
    check_text(line, "role", "champion");
    assert_true(cJSON_IsNull(json_at(line, "x[2]")));
    assert_true(fabs(number_at(line, "y[0]") - tiny_score(0, NAN, "")) < 1e-6);
    cJSON_Delete(line);
    loopback_free(&a);
    cJSON_Delete(expect(w, 400, "GET", "/leeway/v1/models/loan/observations?from=x", ""));
    cJSON_Delete(expect(w, 400, "GET", "/leeway/v1/models/loan/observations?limit=10001", ""));
}

static void a_deleted_model_is_gone_after_a_restart_too(void **state)
{
    struct world *w = *state;
    deploy(w, 0);
    cJSON_Delete(expect(w, 200, "DELETE", "/leeway/v1/models/loan", ""));
    cJSON_Delete(expect(w, 404, "POST", INFER, ROWS));
    cJSON_Delete(expect(w, 404, "DELETE", "/leeway/v1/models/other", ""));
    replica_stop(w->replica, 1000);
    start(w);
    cJSON_Delete(expect(w, 404, "POST", INFER, ROWS));
}

static void unused_artifacts_do_not_pile_up(void **state)
{
    struct world *w = *state;
    char sha256s[ARTIFACT_DIR_KEEP + 3][SHA256_HEX_BYTES];
    for (int i = 0; i < ARTIFACT_DIR_KEEP + 3; i++) {
        tiny_artifact_save(&(struct tiny_options){.bias = 10 + i}, w->pool, sha256s[i]);
        assert_int_equal(push(w, sha256s[i], sha256s[i]), 201);
        cJSON_Delete(expect(w, 200, "PUT", DESIRED, desired_body(1 + i, sha256s[i], NULL, 0)));
    }
    int kept = 0;
    for (int i = 0; i < ARTIFACT_DIR_KEEP + 3; i++) {
        kept += artifact_dir_has(replica_artifacts(w->replica), sha256s[i]);
    }
    assert_int_equal(kept, ARTIFACT_DIR_KEEP + 1);
}

/* ---- the clients' side ---- */

static void answers_by_the_protocol(void **state)
{
    struct world *w = *state;
    deploy(w, 0);
    cJSON *json = expect(w, 200, "POST", INFER, ROWS);
    check_text(json, "model_name", "loan");
    check_text(json, "model_version", "v1");
    check_text(json, "id", "q");
    check_text(json, "parameters.leeway_version", w->v1);
    check_text(json, "outputs[0].name", "score");
    check_text(json, "outputs[0].datatype", "FP32");
    assert_int_equal(number_at(json, "outputs[0].shape[0]"), 2);
    assert_true(fabs(number_at(json, "outputs[0].data[0]") - tiny_score(0, 50, "a")) < 1e-6);
    assert_true(fabs(number_at(json, "outputs[0].data[1]") - tiny_score(0, NAN, "")) < 1e-6);
    check_text(json, "outputs[1].data[0]", "yes");
    cJSON_Delete(json);
}

static void mistakes_get_400_and_a_sentence(void **state)
{
    struct world *w = *state;
    deploy(w, 0);
    cJSON *json = expect(w, 400, "POST", INFER, "{\"inputs\":[");
    check_text(json, "error", "byte 11");
    cJSON_Delete(json);
    json = expect(w, 404, "POST", "/v2/models/loan/versions/v9/infer", ROWS);
    check_text(json, "error", "v9");
    cJSON_Delete(json);
    struct loopback_answer a =
        loopback_call(w->port, "POST", INFER, "Inference-Header-Content-Length: 9999\r\n", "{}", 2);
    assert_int_equal(a.status, 400);
    loopback_free(&a);
}

static void a_named_version_answers(void **state)
{
    struct world *w = *state;
    char path[128];
    deploy(w, 0);
    cJSON *json = expect(w, 200, "POST", "/v2/models/loan/versions/v2/infer", ROWS);
    check_text(json, "model_version", "v2");
    cJSON_Delete(json);
    snprintf(path, sizeof path, "/v2/models/loan/versions/%.8s/ready", w->v2);
    cJSON_Delete(expect(w, 200, "GET", path, ""));
}

static void metadata_lists_tensors(void **state)
{
    struct world *w = *state;
    deploy(w, 0);
    cJSON *json = expect(w, 200, "GET", "/v2/models/loan", "");
    check_text(json, "versions[1]", "v2");
    check_text(json, "inputs[1].name", "zip");
    check_text(json, "inputs[1].datatype", "BYTES");
    check_text(json, "outputs[0].name", "score");
    cJSON_Delete(json);
    json = expect(w, 200, "GET", "/v2", "");
    check_text(json, "extensions[0]", "binary_tensor_data");
    cJSON_Delete(json);
}

static void binary_tensors_go_both_ways(void **state)
{
    struct world *w = *state;
    static const char json[] =
        "{\"id\":\"\",\"parameters\":{\"binary_data_output\":true},\"outputs\":[{\"name\":"
        "\"score\"}],"
        "\"inputs\":[{\"name\":\"age\",\"shape\":[1,1],\"datatype\":\"FP32\",\"parameters\":"
        "{\"binary_data_size\":4}},{\"name\":\"zip\",\"shape\":[1,1],\"datatype\":\"BYTES\","
        "\"parameters\":{\"binary_data_size\":5}},{\"name\":\"ssn\",\"shape\":[1,1],"
        "\"datatype\":\"BYTES\",\"parameters\":{\"binary_data_size\":4}}]}";
    char body[1024], header[64];
    float age = 50, score;
    size_t json_len = sizeof json - 1;
    deploy(w, 0);
    memcpy(body, json, json_len);
    memcpy(body + json_len, &age, 4);
    memcpy(body + json_len + 4, "\x01\0\0\0a\0\0\0\0", 9);
    snprintf(header, sizeof header, "Inference-Header-Content-Length: %zu\r\n", json_len);
    struct loopback_answer a = loopback_call(w->port, "POST", INFER, header, body, json_len + 13);
    assert_int_equal(a.status, 200);
    const char *split = loopback_header(&a, "Inference-Header-Content-Length");
    assert_non_null(split);
    size_t at = strtoul(split, NULL, 10);
    assert_int_equal(a.body_len, at + 4);
    memcpy(&score, a.body + at, 4);
    assert_true(fabs(score - tiny_score(0, 50, "a")) < 1e-6);
    assert_string_equal(loopback_header(&a, "Content-Type"), "application/octet-stream");
    loopback_free(&a);
}

static void the_key_header_decides_the_side(void **state)
{
    struct world *w = *state;
    char header[64];
    struct routing r;
    deploy(w, 0.5);
    routing_init(&r, "loan", 0.5, 1);
    for (int i = 0; i < 40; i++) {
        char key[16];
        size_t len = (size_t)snprintf(key, sizeof key, "u%d", i);
        snprintf(header, sizeof header, "Leeway-Key: %s\r\n", key);
        struct loopback_answer a =
            loopback_call(w->port, "POST", INFER, header, ROWS, sizeof ROWS - 1);
        cJSON *json = cJSON_Parse(a.body);
        check_text(json, "model_version", routing_to_candidate(&r, key, len) ? "v2" : "v1");
        cJSON_Delete(json);
        loopback_free(&a);
    }
}

static void metrics_count_what_happened(void **state)
{
    struct world *w = *state;
    char line[256];
    deploy(w, 0);
    cJSON_Delete(expect(w, 200, "POST", INFER, ROWS));
    struct loopback_answer a = call(w, "GET", "/metrics", "");
    snprintf(line, sizeof line,
             "leeway_serve_rows_total{model=\"loan\",version=\"v1\",sha256=\"%.12s\",role="
             "\"champion\"} 2\n",
             w->v1);
    assert_non_null(strstr(a.body, line));
    assert_non_null(strstr(a.body, "leeway_serve_model_ready{model=\"loan\"} 1\n"));
    loopback_free(&a);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_replica_is_alive_but_not_ready),
        TEST(artifacts_are_taken_by_their_hash),
        TEST(a_desired_state_goes_the_whole_way),
        TEST(a_bad_version_is_named_and_changes_nothing),
        TEST(a_broken_first_version_makes_no_other_model_unready),
        TEST(a_restart_serves_before_it_listens),
        TEST(a_restart_without_its_artifacts_is_not_ready),
        TEST(a_data_folder_serves_one_process),
        TEST(the_report_holds_counts_and_state_of_one_instant),
        TEST(observations_are_read_by_offset),
        TEST(a_deleted_model_is_gone_after_a_restart_too),
        TEST(unused_artifacts_do_not_pile_up),
        TEST(answers_by_the_protocol),
        TEST(mistakes_get_400_and_a_sentence),
        TEST(a_named_version_answers),
        TEST(metadata_lists_tensors),
        TEST(binary_tensors_go_both_ways),
        TEST(the_key_header_decides_the_side),
        TEST(metrics_count_what_happened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
