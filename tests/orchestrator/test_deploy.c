/* test_deploy.c - one replica brought to a desired state, against a server that only plays a
 * replica. */
#include "http_testing.h"

#include "deploy.h"

#define ONE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TWO "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

struct replica_double {
    struct http_fixture http;
    char folder[64];
    bool has_one, has_two, forgets; /* forgets: takes artifacts and misses them all the same */
    int refusal; /* status of a desired state that has all it needs; 0: applied */
    const char *refusal_body;
    char trace[256]; /* what was asked, in order */
};

static void note(struct replica_double *d, const char *what)
{
    strncat(d->trace, what, sizeof(d->trace) - strlen(d->trace) - 2);
    strcat(d->trace, " ");
}

static void answer_missing(struct http_request *r, const struct replica_double *d)
{
    char body[256];
    int len =
        snprintf(body, sizeof(body), "{\"error\":\"artifacts are missing\",\"missing\":[%s%s%s]}",
                 d->has_one ? "" : "\"" ONE "\"", d->has_one || d->has_two ? "" : ",",
                 d->has_two ? "" : "\"" TWO "\"");
    http_respond(r, 409, "application/json", body, (size_t)len);
}

static void on_desired(struct http_request *r, void *user)
{
    struct replica_double *d = user;
    note(d, "desired");
    if (!d->has_one || !d->has_two)
        answer_missing(r, d);
    else if (d->refusal)
        http_respond(r, d->refusal, "application/json", d->refusal_body, strlen(d->refusal_body));
    else
        http_respond(r, 200, "application/json", "{}", 2);
}

static void on_artifact(struct http_request *r, void *user)
{
    struct replica_double *d = user;
    size_t len = 0;
    const char *body = http_body(r, &len), *sha256 = http_param(r, "sha");
    bool one = strcmp(sha256, ONE) == 0;
    note(d, one ? "one" : "two");
    if (len != 3 || memcmp(body, one ? "one" : "two", 3) != 0) {
        http_respond_error(r, 422, "wrong bytes");
        return;
    }
    if (!d->forgets)
        *(one ? &d->has_one : &d->has_two) = true;
    http_respond(r, 201, "application/json", "{}", 2);
}

static const struct http_route routes[] = {
    {"PUT", "/leeway/v1/models/:model/desired", on_desired, HTTP_PUBLIC, 0, false},
    {"PUT", "/leeway/v1/artifacts/:sha", on_artifact, HTTP_PUBLIC, 0, false},
    {0},
};

static void write_artifact(const struct replica_double *d, const char *sha256, const char *bytes)
{
    char path[256];
    struct err e = {0};
    snprintf(path, sizeof(path), "%s/%s.safetensors", d->folder, sha256);
    assert_ok(file_write_atomic(path, bytes, strlen(bytes), &e), &e);
}

static int setup(void **state)
{
    struct replica_double *d = calloc(1, sizeof(*d));
    struct http_server_options o;
    http_server_options_init(&o);
    fixture_open(&d->http, &o, routes, d);
    strcpy(d->folder, "/tmp/leeway-deploy-XXXXXX");
    assert_non_null(mkdtemp(d->folder));
    write_artifact(d, ONE, "one");
    write_artifact(d, TWO, "two");
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    struct replica_double *d = *state;
    file_remove_tree(d->folder, NULL);
    fixture_close(&d->http);
    free(d);
    return 0;
}

struct outcome {
    bool done;
    int n_done;
    struct err err;
};

static void on_outcome(const struct err *err, void *user)
{
    struct outcome *o = user;
    o->done = true;
    o->n_done++;
    o->err = *err;
}

static struct outcome deploy(struct replica_double *d)
{
    struct outcome o = {0};
    struct err e = {0};
    char url[256];
    snprintf(url, sizeof(url), "%s", url_of(&d->http, ""));
    struct deploy_target target = {.replica_url = url,
                                   .model = "loan",
                                   .desired = "{\"generation\":1}",
                                   .artifact_dir = d->folder};
    assert_ok(deploy_start(d->http.client, &target, on_outcome, &o, &e), &e);
    memset(url, 'x', sizeof(url)); /* target was copied */
    assert_false(o.done);
    run_until(&d->http, &o.done);
    assert_int_equal(o.n_done, 1);
    return o;
}

static void assert_outcome(const struct outcome *o, enum err_code code, const char *text)
{
    if (o->err.code != code)
        print_error("%s: %s\n", err_code_text(o->err.code), o->err.message);
    assert_int_equal(o->err.code, code);
    assert_contains(o->err.message, text);
}

static void a_replica_that_has_everything_is_asked_once(void **state)
{
    struct replica_double *d = *state;
    d->has_one = d->has_two = true;
    struct outcome o = deploy(d);
    assert_outcome(&o, ERR_OK, "");
    assert_string_equal(d->trace, "desired ");
}

static void what_is_missing_is_sent_and_the_state_asked_again(void **state)
{
    struct replica_double *d = *state;
    struct outcome o = deploy(d);
    assert_outcome(&o, ERR_OK, "");
    assert_string_equal(d->trace, "desired one two desired ");
}

static void a_version_that_cannot_be_loaded_is_refused(void **state)
{
    struct replica_double *d = *state;
    d->has_one = d->has_two = true;
    d->refusal = 422;
    d->refusal_body = "{\"error\":\"golden row 3: expected 0.5, got 0.7\",\"version\":\"" ONE "\"}";
    struct outcome o = deploy(d);
    assert_outcome(&o, ERR_REFUSED, "golden row 3");
}

static void a_newer_generation_is_a_conflict(void **state)
{
    struct replica_double *d = *state;
    d->has_one = d->has_two = true;
    d->refusal = 409;
    d->refusal_body = "{\"error\":\"generation 7 runs\"}";
    struct outcome o = deploy(d);
    assert_outcome(&o, ERR_CONFLICT, "generation 7");
    assert_string_equal(d->trace, "desired ");
}

/* Not a conflict: that would count as "it runs something newer". */
static void a_replica_that_forgets_what_it_was_sent_is_given_up(void **state)
{
    struct replica_double *d = *state;
    d->has_two = d->forgets = true;
    struct outcome o = deploy(d);
    assert_outcome(&o, ERR_INTERNAL, "still misses");
    assert_string_equal(d->trace, "desired one desired one desired one desired ");
}

static void an_artifact_that_is_refused_ends_it(void **state)
{
    struct replica_double *d = *state;
    write_artifact(d, ONE, "bad");
    struct outcome o = deploy(d);
    assert_outcome(&o, ERR_REFUSED, "wrong bytes");
    assert_string_equal(d->trace, "desired one ");
}

static void an_artifact_that_is_not_here_is_an_error(void **state)
{
    struct replica_double *d = *state;
    char path[256];
    snprintf(path, sizeof(path), "%s/%s.safetensors", d->folder, ONE);
    unlink(path);
    struct outcome o = deploy(d);
    assert_int_not_equal(o.err.code, ERR_OK);
    assert_int_not_equal(o.err.code, ERR_CONFLICT);
}

static void a_replica_that_is_away_is_unreachable(void **state)
{
    struct replica_double *d = *state;
    struct outcome o = {0};
    struct err e = {0};
    struct deploy_target target = {.replica_url = "http://127.0.0.1:1",
                                   .model = "loan",
                                   .desired = "{}",
                                   .artifact_dir = d->folder};
    assert_ok(deploy_start(d->http.client, &target, on_outcome, &o, &e), &e);
    run_until(&d->http, &o.done);
    assert_outcome(&o, ERR_UNREACHABLE, "127.0.0.1");
}

/* The daemon stops while a push is under way: the callback comes, once, and says so. */
static void a_client_that_closes_ends_the_push(void **state)
{
    struct replica_double *d = *state;
    struct outcome o = {0};
    struct err e = {0};
    struct http_client *client = NULL;
    bool closed = false;
    struct deploy_target target = {.replica_url = url_of(&d->http, ""),
                                   .model = "loan",
                                   .desired = "{}",
                                   .artifact_dir = d->folder};
    assert_ok(http_client_new(&d->http.loop, &client, &e), &e);
    assert_ok(deploy_start(client, &target, on_outcome, &o, &e), &e);
    http_client_close(client, fixture_set, &closed);
    run_until(&d->http, &closed);
    assert_int_equal(o.n_done, 1);
    assert_outcome(&o, ERR_CANCELLED, "");
}

#define deploy_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        deploy_test(a_replica_that_has_everything_is_asked_once),
        deploy_test(what_is_missing_is_sent_and_the_state_asked_again),
        deploy_test(a_version_that_cannot_be_loaded_is_refused),
        deploy_test(a_newer_generation_is_a_conflict),
        deploy_test(a_replica_that_forgets_what_it_was_sent_is_given_up),
        deploy_test(an_artifact_that_is_refused_ends_it),
        deploy_test(an_artifact_that_is_not_here_is_an_error),
        deploy_test(a_replica_that_is_away_is_unreachable),
        deploy_test(a_client_that_closes_ends_the_push),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
