/* test_trainer_backend.c - the job API as the orchestrator speaks it, against a server that only
 * plays one. */
#include "http_testing.h"

#include "base/json.h"
#include "base/sha256.h"
#include "job_backend.h"

#define SNAPSHOT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CHAMPION "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

struct trainer_double {
    struct http_fixture http;
    struct job_backend *backend;
    bool has_snapshot, has_champion;
    int n_heads, n_puts;
    int job_status; /* of the answers about jobs */
    const char *job_body;
    char seen[512]; /* the last body that came */
    char path[512]; /* of a file that can be pushed */
};

static bool is_there(const struct trainer_double *t, const struct http_request *r)
{
    return strstr(http_path(r), "/snapshots/") ? t->has_snapshot : t->has_champion;
}

/* The server answers HEAD by the route of GET. */
static void on_probe(struct http_request *r, void *user)
{
    struct trainer_double *t = user;
    t->n_heads++;
    if (is_there(t, r))
        http_respond(r, 200, NULL, "", 0);
    else
        http_respond_error(r, 404, "not here");
}

static void on_push(struct http_request *r, void *user)
{
    struct trainer_double *t = user;
    size_t len = 0;
    t->n_puts++;
    snprintf(t->seen, sizeof(t->seen), "%s", http_body(r, &len));
    http_respond(r, 201, "application/json", "{}", 2);
}

static void on_job(struct http_request *r, void *user)
{
    struct trainer_double *t = user;
    size_t len = 0;
    snprintf(t->seen, sizeof(t->seen), "%s", http_body(r, &len));
    http_respond(r, t->job_status, "application/json", t->job_body, strlen(t->job_body));
}

static void on_file(struct http_request *r, void *user)
{
    (void)user;
    http_respond(r, 200, "application/octet-stream", http_path(r), strlen(http_path(r)));
}

static const struct http_route routes[] = {
    {"GET", "/v1/snapshots/:sha", on_probe, HTTP_PUBLIC, 0, false},
    {"PUT", "/v1/snapshots/:sha", on_push, HTTP_PUBLIC, 0, false},
    {"GET", "/v1/artifacts/:sha", on_probe, HTTP_PUBLIC, 0, false},
    {"PUT", "/v1/artifacts/:sha", on_push, HTTP_PUBLIC, 0, false},
    {"PUT", "/v1/jobs/:id", on_job, HTTP_PUBLIC, 0, false},
    {"GET", "/v1/jobs/:id", on_job, HTTP_PUBLIC, 0, false},
    {"POST", "/v1/jobs/:id/cancel", on_job, HTTP_PUBLIC, 0, false},
    {"GET", "/v1/capacity", on_job, HTTP_PUBLIC, 0, false},
    {"GET", "/v1/jobs/:id/artifact", on_file, HTTP_PUBLIC, 0, false},
    {"GET", "/v1/jobs/:id/scores", on_file, HTTP_PUBLIC, 0, false},
    {0},
};

/* ---- outcomes ---- */

struct outcome {
    bool done, has_status;
    int n_done;
    struct err err;
    struct job_status status;
    double epoch;
};

static void on_outcome(const struct err *err, const struct job_status *status, void *user)
{
    struct outcome *o = user;
    o->done = true;
    o->n_done++;
    o->err = *err;
    o->has_status = status != NULL;
    if (!status)
        return;
    o->status = *status;
    json_opt_double(status->document, "progress.epoch", 0, 1e9, &o->epoch, NULL);
}

static void assert_code(const struct outcome *o, enum err_code code)
{
    if (o->err.code != code)
        print_error("%s: %s\n", err_code_text(o->err.code), o->err.message);
    assert_int_equal(o->err.code, code);
    assert_int_equal(o->n_done, 1);
}

static int setup(void **state)
{
    struct trainer_double *t = calloc(1, sizeof(*t));
    struct http_server_options o;
    struct err e = {0};
    char folder[] = "/tmp/leeway-trainer-XXXXXX";
    http_server_options_init(&o);
    fixture_open(&t->http, &o, routes, t);
    assert_non_null(mkdtemp(folder));
    snprintf(t->path, sizeof(t->path), "%s/file", folder);
    assert_ok(file_write_atomic(t->path, "the bytes", 9, &e), &e);
    /* A final slash does no harm. */
    assert_ok(
        trainer_backend_new(t->http.client, url_of(&t->http, "/"), NULL, NULL, &t->backend, &e),
        &e);
    t->job_status = 200;
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct trainer_double *t = *state;
    *strrchr(t->path, '/') = '\0';
    file_remove_tree(t->path, NULL);
    fixture_close(&t->http);
    t->backend->ops->free(t->backend);
    free(t);
    return 0;
}

/* ---- push ---- */

static struct outcome push(struct trainer_double *t, bool champion)
{
    struct outcome o = {0};
    struct job_inputs in = {.snapshot_sha256 = SNAPSHOT,
                            .snapshot_path = t->path,
                            .champion_sha256 = champion ? CHAMPION : NULL,
                            .champion_path = champion ? t->path : NULL};
    t->backend->ops->push(t->backend, &in, on_outcome, &o);
    run_until(&t->http, &o.done);
    return o;
}

static void push_sends_what_is_not_there(void **state)
{
    struct trainer_double *t = *state;
    struct outcome o = push(t, true);
    assert_code(&o, ERR_OK);
    assert_int_equal(t->n_heads, 2);
    assert_int_equal(t->n_puts, 2);
    assert_string_equal(t->seen, "the bytes");
}

static void push_sends_nothing_that_is_there(void **state)
{
    struct trainer_double *t = *state;
    t->has_snapshot = t->has_champion = true;
    struct outcome o = push(t, true);
    assert_code(&o, ERR_OK);
    assert_int_equal(t->n_puts, 0);
}

static void push_sends_the_champion_alone_where_the_snapshot_is_there(void **state)
{
    struct trainer_double *t = *state;
    t->has_snapshot = true;
    struct outcome o = push(t, true);
    assert_code(&o, ERR_OK);
    assert_int_equal(t->n_heads, 2);
    assert_int_equal(t->n_puts, 1);
}

static void push_without_champion_asks_for_the_snapshot_only(void **state)
{
    struct trainer_double *t = *state;
    struct outcome o = push(t, false);
    assert_code(&o, ERR_OK);
    assert_int_equal(t->n_heads, 1);
    assert_int_equal(t->n_puts, 1);
}

static void push_of_a_file_that_is_gone_fails(void **state)
{
    struct trainer_double *t = *state;
    strcat(t->path, "-gone");
    struct outcome o = push(t, false);
    assert_int_not_equal(o.err.code, ERR_OK);
    assert_int_equal(o.n_done, 1);
    assert_int_equal(t->n_puts, 0);
    t->path[strlen(t->path) - 5] = '\0';
}

/* ---- submit ---- */

static struct outcome submit(struct trainer_double *t, int status, const char *body)
{
    struct outcome o = {0};
    cJSON *spec = cJSON_CreateObject();
    cJSON_AddStringToObject(spec, "model", "loan");
    t->job_status = status;
    t->job_body = body;
    t->backend->ops->submit(t->backend, "r-1.1", spec, on_outcome, &o);
    cJSON_Delete(spec);
    run_until(&t->http, &o.done);
    return o;
}

static void submit_gives_the_status_back(void **state)
{
    struct trainer_double *t = *state;
    struct outcome o = submit(t, 201, "{\"id\":\"r-1.1\",\"state\":\"queued\"}");
    assert_code(&o, ERR_OK);
    assert_int_equal(o.status.state, JOB_QUEUED);
    assert_string_equal(t->seen, "{\"model\":\"loan\"}");
}

static void another_body_under_the_same_id_is_a_conflict(void **state)
{
    struct outcome o = submit(*state, 409, "{\"error\":\"job r-1.1 has another body\"}");
    assert_code(&o, ERR_CONFLICT);
    assert_contains(o.err.message, "another body");
}

/* A trainer that was emptied since the push: offered again it will be taken, so it is no final no.
 */
static void a_trainer_that_misses_its_inputs_is_asked_again(void **state)
{
    struct outcome o =
        submit(*state, 409, "{\"error\":\"no such snapshot\",\"missing\":[\"" SNAPSHOT "\"]}");
    assert_code(&o, ERR_BUSY);
}

static void a_spec_that_is_refused_says_why(void **state)
{
    struct outcome o = submit(*state, 400, "{\"error\":\"parameters.epohcs: unknown\"}");
    assert_code(&o, ERR_INVALID);
    assert_contains(o.err.message, "epohcs");
}

/* ---- poll ---- */

static struct outcome poll_job(struct trainer_double *t, int status, const char *body)
{
    struct outcome o = {0};
    t->job_status = status;
    t->job_body = body;
    t->backend->ops->poll(t->backend, "r-1.1", on_outcome, &o);
    run_until(&t->http, &o.done);
    return o;
}

static void poll_reads_progress_and_end(void **state)
{
    struct outcome o =
        poll_job(*state, 200, "{\"state\":\"running\",\"progress\":{\"epoch\":3,\"epochs\":9}}");
    assert_code(&o, ERR_OK);
    assert_int_equal(o.status.state, JOB_RUNNING);
    assert_true(o.epoch == 3);
    o = poll_job(*state, 200, "{\"state\":\"failed\",\"error\":\"no rows with label yes\"}");
    assert_int_equal(o.status.state, JOB_FAILED);
    assert_string_equal(o.status.error, "no rows with label yes");
    o = poll_job(
        *state, 200,
        "{\"state\":\"succeeded\",\"error\":null,\"result\":{\"artifact_sha256\":\"" CHAMPION
        "\"}}");
    assert_int_equal(o.status.state, JOB_SUCCEEDED);
    assert_string_equal(o.status.artifact_sha256, CHAMPION);
}

static void probe_tells_a_trainer_that_answers_from_one_that_refuses(void **state)
{
    static const struct {
        int status;
        enum err_code code;
    } cases[] = {{200, ERR_OK}, {401, ERR_UNAUTHORIZED}, {403, ERR_FORBIDDEN}};
    struct trainer_double *t = *state;
    t->job_body = "{}";
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome o = {0};
        t->job_status = cases[i].status;
        t->backend->ops->probe(t->backend, on_outcome, &o);
        run_until(&t->http, &o.done);
        assert_code(&o, cases[i].code);
        assert_false(o.has_status);
    }
}

static void a_job_that_nobody_knows_is_not_found(void **state)
{
    struct outcome o = poll_job(*state, 404, "{\"error\":\"no job r-1.1\"}");
    assert_code(&o, ERR_NOT_FOUND);
    assert_false(o.has_status);
}

static void an_answer_that_makes_no_sense_is_an_error(void **state)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "{\"state\":\"dancing\"}",
        "{\"state\":\"succeeded\"}",
        "{\"state\":\"succeeded\",\"result\":{\"artifact_sha256\":\"../../etc/passwd\"}}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct outcome o = poll_job(*state, 200, bodies[i]);
        if (o.err.code == ERR_OK)
            print_error("taken: %s\n", bodies[i]);
        assert_int_not_equal(o.err.code, ERR_OK);
        assert_false(o.has_status);
        assert_int_equal(o.n_done, 1);
    }
}

static void a_trainer_that_is_away_is_unreachable(void **state)
{
    struct trainer_double *t = *state;
    struct outcome o = {0};
    fixture_stop_server(&t->http, 0);
    t->backend->ops->poll(t->backend, "r-1.1", on_outcome, &o);
    run_until(&t->http, &o.done);
    assert_code(&o, ERR_UNREACHABLE);
}

/* ---- fetch, cancel ---- */

static void fetch_saves_artifact_and_scores_and_gives_the_status(void **state)
{
    struct trainer_double *t = *state;
    struct outcome o = {0};
    struct err e = {0};
    char artifact[560], scores[560], *text = NULL;
    size_t len = 0;
    snprintf(artifact, sizeof(artifact), "%s-artifact", t->path);
    snprintf(scores, sizeof(scores), "%s-scores", t->path);
    t->job_body = "{\"state\":\"succeeded\",\"result\":{\"artifact_sha256\":\"" CHAMPION "\"}}";
    t->backend->ops->fetch(t->backend, "r-1.1", artifact, scores, on_outcome, &o);
    run_until(&t->http, &o.done);
    assert_code(&o, ERR_OK);
    assert_string_equal(o.status.artifact_sha256, CHAMPION);
    assert_ok(file_read(artifact, 1000, &text, &len, &e), &e);
    assert_string_equal(text, "/v1/jobs/r-1.1/artifact");
    free(text);
    assert_ok(file_read(scores, 1000, &text, &len, &e), &e);
    assert_string_equal(text, "/v1/jobs/r-1.1/scores");
    free(text);
}

static void cancel_is_a_post(void **state)
{
    struct trainer_double *t = *state;
    struct outcome o = {0};
    t->job_body = "{\"state\":\"cancelled\"}";
    t->backend->ops->cancel(t->backend, "r-1.1", on_outcome, &o);
    run_until(&t->http, &o.done);
    assert_code(&o, ERR_OK);
    assert_int_equal(o.status.state, JOB_CANCELLED);
}

static void a_url_without_end_is_refused(void **state)
{
    struct trainer_double *t = *state;
    struct job_backend *backend = NULL;
    struct err e = {0};
    char url[1000];
    memset(url, 'a', sizeof(url));
    url[sizeof(url) - 1] = '\0';
    assert_fails(trainer_backend_new(t->http.client, url, NULL, NULL, &backend, &e), &e,
                 ERR_INVALID, "999");
}

#define trainer_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        trainer_test(push_sends_what_is_not_there),
        trainer_test(push_sends_nothing_that_is_there),
        trainer_test(push_sends_the_champion_alone_where_the_snapshot_is_there),
        trainer_test(push_without_champion_asks_for_the_snapshot_only),
        trainer_test(push_of_a_file_that_is_gone_fails),
        trainer_test(submit_gives_the_status_back),
        trainer_test(another_body_under_the_same_id_is_a_conflict),
        trainer_test(a_trainer_that_misses_its_inputs_is_asked_again),
        trainer_test(a_spec_that_is_refused_says_why),
        trainer_test(poll_reads_progress_and_end),
        trainer_test(probe_tells_a_trainer_that_answers_from_one_that_refuses),
        trainer_test(a_job_that_nobody_knows_is_not_found),
        trainer_test(an_answer_that_makes_no_sense_is_an_error),
        trainer_test(a_trainer_that_is_away_is_unreachable),
        trainer_test(fetch_saves_artifact_and_scores_and_gives_the_status),
        trainer_test(cancel_is_a_post),
        trainer_test(a_url_without_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
