/*
 * test_http_server.c - a loop server as its clients see it: routing, bodies, late answers, roles.
 */
#include "http_testing.h"

#include <cjson/cJSON.h>
#include <sys/stat.h>

#define OPERATOR_TOKEN "0123456789abcdef"
#define VIEWER_TOKEN "fedcba9876543210"

/* What the handlers of one test share. */
struct seen {
    struct http_request *kept;
    bool has_kept;
    bool file_existed;
    char file[256], file_text[64];
    const char *served_file;
    const char *rename_to;
};

static void on_echo(struct http_request *r, void *user)
{
    size_t len;
    const char *body = http_body(r, &len);
    cJSON *answer = cJSON_CreateObject();
    const char *query = http_query(r, "q"), *param = http_param(r, "name");
    (void)user;
    cJSON_AddStringToObject(answer, "method", http_method(r));
    cJSON_AddStringToObject(answer, "path", http_path(r));
    cJSON_AddStringToObject(answer, "actor", http_actor(r));
    cJSON_AddNumberToObject(answer, "role", http_role(r));
    cJSON_AddStringToObject(answer, "q", query != NULL ? query : "(absent)");
    cJSON_AddStringToObject(answer, "name", param != NULL ? param : "(absent)");
    cJSON_AddNumberToObject(answer, "body_len", (double)len);
    cJSON_AddStringToObject(answer, "body", len < 100 ? body : "(long)");
    http_add_header(r, "X-Test", "yes");
    http_respond_json(r, 200, answer);
}

static void on_keep(struct http_request *r, void *user)
{
    struct seen *seen = user;
    seen->kept = r;
    seen->has_kept = true;
}

static void on_upload(struct http_request *r, void *user)
{
    struct seen *seen = user;
    char *text;
    size_t len;
    snprintf(seen->file, sizeof seen->file, "%s", http_body_file(r));
    if (file_read(seen->file, 1 << 20, &text, &len, NULL) == ERR_OK) {
        seen->file_existed = true;
        snprintf(seen->file_text, sizeof seen->file_text, "%s", text);
        free(text);
    }
    if (seen->rename_to != NULL)
        rename(seen->file, seen->rename_to);
    http_respond(r, 204, NULL, "", 0);
}

static void on_file(struct http_request *r, void *user)
{
    http_respond_file(r, 200, "text/plain", ((struct seen *)user)->served_file);
}

static void on_conflict(struct http_request *r, void *user)
{
    struct err e;
    (void)user;
    err_set(&e, ERR_CONFLICT, "run %s is over", "r-7");
    http_respond_err(r, &e);
}

static const struct http_route routes[] = {
    {"GET", "/echo/:name", on_echo, HTTP_VIEWER, 0, false},
    {"POST", "/echo/:name", on_echo, HTTP_OPERATOR, 100, false},
    {"GET", "/public", on_echo, HTTP_PUBLIC, 0, false},
    {"GET", "/late", on_keep, HTTP_VIEWER, 0, false},
    {"POST", "/late", on_keep, HTTP_VIEWER, 0, false},
    {"PUT", "/upload", on_upload, HTTP_OPERATOR, (size_t)4 << 30, true},
    {"GET", "/file", on_file, HTTP_VIEWER, 0, false},
    {"POST", "/conflict", on_conflict, HTTP_OPERATOR, 0, false},
    {0},
};

static void open_with(struct http_fixture *f, void **state, struct seen *seen, const char *tokens)
{
    struct http_server_options o;
    struct err e;
    memset(seen, 0, sizeof *seen);
    http_server_options_init(&o);
    o.spool_dir = *state;
    if (tokens != NULL) {
        o.token_file = path_in(state, "tokens");
        assert_ok(file_write_atomic(o.token_file, tokens, strlen(tokens), &e), &e);
    }
    fixture_open(f, &o, routes, seen);
}

static void handlers_see_the_decoded_request(void **state)
{
    struct http_fixture f;
    struct seen seen;
    struct answer a;
    open_with(&f, state, &seen, NULL);
    simple_call(&f, "GET", "/echo/a%20b?x=1&q=1%2B1+%C3%BC&q=second", &a);
    assert_status(&a, 200);
    assert_string_equal(a.content_type, "application/json");
    assert_string_equal(a.body, "{\"method\":\"GET\",\"path\":\"/echo/a%20b\",\"actor\":\"local\","
                                "\"role\":2,\"q\":\"1+1 \xc3\xbc\",\"name\":\"a b\","
                                "\"body_len\":0,\"body\":\"\"}");
    fixture_close(&f);
}

static void bodies_arrive_whole(void **state)
{
    struct http_fixture f;
    struct seen seen;
    struct answer a;
    open_with(&f, state, &seen, NULL);
    struct http_call_options o = {
        .method = "POST", .url = url_of(&f, "/echo/x"), .body = "a\0b", .body_len = 3};
    do_call(&f, &o, &a);
    assert_status(&a, 200);
    assert_contains(a.body, "\"body_len\":3,\"body\":\"a\"");
    fixture_close(&f);
}

static void errors_are_json(void **state)
{
    struct http_fixture f;
    struct seen seen;
    struct answer a;
    open_with(&f, state, &seen, NULL);
    simple_call(&f, "GET", "/nowhere", &a);
    assert_status(&a, 404);
    assert_string_equal(a.body, "{\"error\":\"no such path\"}");
    simple_call(&f, "DELETE", "/echo/x", &a);
    assert_status(&a, 405);
    assert_contains(a.body, "expected GET, HEAD, POST");
    simple_call(&f, "GET", "/echo/%2e%2e", &a);
    assert_status(&a, 400);
    simple_call(&f, "GET", "/echo/x?q=%zz", &a);
    assert_status(&a, 400);
    assert_string_equal(a.body, "{\"error\":\"query: broken escape\"}");
    simple_call(&f, "POST", "/conflict", &a);
    assert_status(&a, 409);
    assert_string_equal(a.body, "{\"error\":\"run r-7 is over\"}");
    fixture_close(&f);
}

static void method_not_allowed_carries_allow(void **state)
{
    struct http_fixture f;
    struct seen seen;
    open_with(&f, state, &seen, NULL);
    struct raw *r = raw_open(&f);
    raw_puts(r, "PATCH /echo/x HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_wait(r, "{\"error\":");
    assert_contains(r->text, "HTTP/1.1 405 ");
    assert_contains(r->text, "Allow: GET, HEAD, POST\r\n");
    raw_close(r);
    fixture_close(&f);
}

static void head_is_get_without_the_body(void **state)
{
    struct http_fixture f;
    struct seen seen;
    struct answer a;
    open_with(&f, state, &seen, NULL);
    simple_call(&f, "HEAD", "/echo/x", &a);
    assert_status(&a, 200);
    assert_int_equal(a.body_len, 0);
    struct raw *r = raw_open(&f);
    raw_puts(r, "HEAD /echo/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    raw_wait_eof(r);
    assert_contains(r->text, "X-Test: yes\r\n");
    assert_contains(r->text, "Server: leeway\r\n");
    assert_null(strstr(r->text, "\r\n\r\n{"));
    raw_close(r);
    fixture_close(&f);
}

static void a_body_over_the_limit_gets_413_and_the_connection_lives(void **state)
{
    struct http_fixture f;
    struct seen seen;
    char body[5000];
    open_with(&f, state, &seen, NULL);
    memset(body, 'x', sizeof body);
    struct raw *r = raw_open(&f);
    raw_puts(r, "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n");
    raw_send(r, body, sizeof body);
    raw_wait(r, "body of 5000 bytes, expected at most 100");
    assert_contains(r->text, "HTTP/1.1 413 ");
    raw_puts(r, "GET /echo/again HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_wait(r, "\"name\":\"again\"");
    raw_close(r);
    fixture_close(&f);
}

static void a_chunked_body_over_the_limit_gets_413(void **state)
{
    struct http_fixture f;
    struct seen seen;
    char body[1024];
    open_with(&f, state, &seen, NULL);
    memset(body, 'x', sizeof body);
    struct raw *r = raw_open(&f);
    raw_puts(r, "POST /echo/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n");
    raw_send(r, body, sizeof body);
    raw_puts(r, "\r\n0\r\n\r\n");
    raw_wait(r, "body over 100 bytes");
    assert_contains(r->text, "HTTP/1.1 413 ");
    raw_close(r);
    fixture_close(&f);
}

static void a_huge_announced_body_is_refused_unread(void **state)
{
    struct http_fixture f;
    struct seen seen;
    open_with(&f, state, &seen, NULL);
    struct raw *r = raw_open(&f);
    raw_puts(r, "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
    raw_wait_eof(r);
    assert_contains(r->text, "HTTP/1.1 413 ");
    assert_contains(r->text, "Connection: close");
    raw_close(r);
    fixture_close(&f);
}

static void a_polite_client_hears_413_before_it_sends(void **state)
{
    struct http_fixture f;
    struct seen seen;
    open_with(&f, state, &seen, NULL);
    struct raw *r = raw_open(&f);
    raw_puts(r, "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n"
                "Expect: 100-continue\r\n\r\n");
    raw_wait_eof(r);
    assert_contains(r->text, "HTTP/1.1 413 ");
    assert_null(strstr(r->text, "100 Continue"));
    raw_close(r);
    r = raw_open(&f);
    raw_puts(r, "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                "Expect: 100-continue\r\n\r\n");
    raw_wait(r, "HTTP/1.1 100 Continue\r\n\r\n");
    raw_puts(r, "ab");
    raw_wait(r, "\"body\":\"ab\"");
    raw_close(r);
    fixture_close(&f);
}

static void endless_chunks_are_cut_off(void **state)
{
    struct http_fixture f;
    struct seen seen;
    static char chunk[65536];
    open_with(&f, state, &seen, NULL);
    memset(chunk, 'x', sizeof chunk);
    struct raw *r = raw_open(&f);
    raw_puts(r,
             "POST /echo/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4000000\r\n");
    size_t n_sent = 0, chunk_bytes = 0x4000000;
    while (!r->eof && n_sent < chunk_bytes) {
        ssize_t n = send(r->fd, chunk, sizeof chunk, MSG_NOSIGNAL | MSG_DONTWAIT);
        n_sent += n > 0 ? (size_t)n : 0;
        uv_run(&f.loop, UV_RUN_NOWAIT);
    }
    assert_true(n_sent < chunk_bytes);
    run_until(&f, &r->eof);
    raw_close(r);
    fixture_close(&f);
}

static void a_request_can_be_answered_later(void **state)
{
    struct http_fixture f;
    struct seen seen;
    struct answer late, quick;
    open_with(&f, state, &seen, NULL);
    struct http_call_options o = {
        .method = "POST", .url = url_of(&f, "/late?q=7"), .body = "hello", .body_len = 5};
    start_call(&f, &o, &late);
    run_until(&f, &seen.has_kept);
    simple_call(&f, "GET", "/echo/meanwhile", &quick);
    assert_status(&quick, 200);
    assert_false(late.done);
    size_t len;
    assert_string_equal(http_query(seen.kept, "q"), "7");
    assert_string_equal(http_body(seen.kept, &len), "hello");
    http_add_header(seen.kept, "X-Late", "1");
    http_respond_error(seen.kept, 418, "after %d", 42);
    run_until(&f, &late.done);
    assert_status(&late, 418);
    assert_string_equal(late.body, "{\"error\":\"after 42\"}");
    fixture_close(&f);
}

static void an_answer_to_a_peer_that_left_goes_nowhere(void **state)
{
    struct http_fixture f;
    struct seen seen;
    struct answer a;
    open_with(&f, state, &seen, NULL);
    struct raw *r = raw_open(&f);
    raw_puts(r, "GET /late?q=gone HTTP/1.1\r\nHost: x\r\n\r\n");
    run_until(&f, &seen.has_kept);
    raw_close(r);
    simple_call(&f, "GET", "/echo/x", &a);
    assert_string_equal(http_query(seen.kept, "q"), "gone");
    http_respond(seen.kept, 200, "text/plain", "too late", 8);
    simple_call(&f, "GET", "/echo/x", &a);
    assert_status(&a, 200);
    fixture_close(&f);
}

static void a_spooled_body_is_a_file_until_answered(void **state)
{
    struct http_fixture f;
    struct seen seen;
    struct answer a;
    open_with(&f, state, &seen, NULL);
    struct http_call_options o = {
        .method = "PUT", .url = url_of(&f, "/upload"), .body = "rows", .body_len = 4};
    do_call(&f, &o, &a);
    assert_status(&a, 204);
    assert_true(seen.file_existed);
    assert_string_equal(seen.file_text, "rows");
    simple_call(&f, "GET", "/echo/x", &a); /* the answer's completion has run by then */
    assert_false(file_exists(seen.file));
    seen.rename_to = path_in(state, "kept");
    do_call(&f, &o, &a);
    assert_status(&a, 204);
    simple_call(&f, "GET", "/echo/x", &a);
    assert_true(file_exists(seen.rename_to));
    fixture_close(&f);
}

static void an_upload_that_breaks_off_leaves_no_file(void **state)
{
    struct http_fixture f;
    struct seen seen;
    struct answer a;
    char command[300];
    open_with(&f, state, &seen, NULL);
    struct raw *r = raw_open(&f);
    raw_puts(r, "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    simple_call(&f, "GET", "/echo/x", &a);
    raw_close(r);
    fixture_stop_server(&f, 0);
    snprintf(command, sizeof command, "test -z \"$(ls %s | grep '^upload-')\"",
             (const char *)*state);
    assert_int_equal(system(command), 0);
    fixture_close(&f);
}

static void files_are_served(void **state)
{
    struct http_fixture f;
    struct seen seen;
    struct answer a;
    struct err e;
    open_with(&f, state, &seen, NULL);
    seen.served_file = path_in(state, "page.txt");
    assert_ok(file_write_atomic(seen.served_file, "a page", 6, &e), &e);
    simple_call(&f, "GET", "/file", &a);
    assert_status(&a, 200);
    assert_string_equal(a.body, "a page");
    assert_string_equal(a.content_type, "text/plain");
    assert_ok(file_write_atomic(seen.served_file, "", 0, &e), &e);
    simple_call(&f, "GET", "/file", &a);
    assert_status(&a, 200);
    assert_int_equal(a.body_len, 0);
    seen.served_file = path_in(state, "absent.txt");
    simple_call(&f, "GET", "/file", &a);
    assert_status(&a, 404);
    seen.served_file = *state; /* a folder */
    simple_call(&f, "GET", "/file", &a);
    assert_status(&a, 404);
    fixture_close(&f);
}

static void large_files_arrive_whole(void **state)
{
    static const size_t sizes[] = {1, 131071, 131072, 131073, 3000000};
    struct http_fixture f;
    struct seen seen;
    struct answer a;
    struct err e;
    open_with(&f, state, &seen, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *data = malloc(sizes[i]), *got;
        size_t len;
        for (size_t j = 0; j < sizes[i]; j++)
            data[j] = (char)(j * 2654435761u >> 13);
        seen.served_file = path_in(state, "large");
        assert_ok(file_write_atomic(seen.served_file, data, sizes[i], &e), &e);
        struct http_call_options o = {.url = url_of(&f, "/file"), .save_to = path_in(state, "got")};
        do_call(&f, &o, &a);
        assert_status(&a, 200);
        assert_ok(file_read(o.save_to, 1 << 22, &got, &len, &e), &e);
        assert_int_equal(len, sizes[i]);
        assert_memory_equal(got, data, len);
        free(data);
        free(got);
    }
    fixture_close(&f);
}

/* ---- who asks ---- */

static void call_as(struct http_fixture *f, const char *method, const char *path, const char *token,
                    struct answer *a)
{
    struct http_call_options o = {.method = method, .url = url_of(f, path), .token = token};
    do_call(f, &o, a);
}

static void roles_decide(void **state)
{
    struct http_fixture f;
    struct seen seen;
    struct answer a;
    open_with(&f, state, &seen,
              "ann operator " OPERATOR_TOKEN "\ngrafana viewer " VIEWER_TOKEN "\n");
    call_as(&f, "GET", "/echo/x", NULL, &a);
    assert_status(&a, 401);
    assert_contains(a.body, "Authorization: Bearer");
    call_as(&f, "GET", "/echo/x", "guessed-guessed-guessed", &a);
    assert_status(&a, 401);
    call_as(&f, "GET", "/echo/x", VIEWER_TOKEN, &a);
    assert_status(&a, 200);
    assert_contains(a.body, "\"actor\":\"grafana\",\"role\":1");
    call_as(&f, "POST", "/echo/x", VIEWER_TOKEN, &a);
    assert_status(&a, 403);
    assert_string_equal(a.body, "{\"error\":\"grafana is a viewer, but this needs an operator\"}");
    call_as(&f, "POST", "/echo/x", OPERATOR_TOKEN, &a);
    assert_status(&a, 200);
    assert_contains(a.body, "\"actor\":\"ann\",\"role\":2");
    call_as(&f, "GET", "/public", NULL, &a);
    assert_status(&a, 200);
    assert_contains(a.body, "\"actor\":\"anonymous\",\"role\":0");
    fixture_close(&f);
}

static void refusals_say_how_to_ask(void **state)
{
    struct http_fixture f;
    struct seen seen;
    open_with(&f, state, &seen, "ann operator " OPERATOR_TOKEN "\n");
    struct raw *r = raw_open(&f);
    raw_puts(r, "GET /echo/x HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_wait(r, "{\"error\":");
    assert_contains(r->text, "HTTP/1.1 401 ");
    assert_contains(r->text, "WWW-Authenticate: Bearer realm=\"leeway\"\r\n");
    raw_close(r);
    fixture_close(&f);
}

static void without_tokens_the_actor_may_name_himself(void **state)
{
    static const char *const named[] = {"X-Leeway-Actor: bob", NULL};
    static const char *const odd[] = {"X-Leeway-Actor: bob\"; drop", NULL};
    static const char *const page[] = {"Origin: http://evil.example", NULL};
    struct http_fixture f;
    struct seen seen;
    struct answer a;
    open_with(&f, state, &seen, NULL);
    struct http_call_options o = {.method = "POST", .url = url_of(&f, "/echo/x"), .headers = named};
    do_call(&f, &o, &a);
    assert_contains(a.body, "\"actor\":\"local/bob\",\"role\":2");
    o.headers = odd;
    do_call(&f, &o, &a);
    assert_status(&a, 400);
    o.headers = page;
    do_call(&f, &o, &a);
    assert_status(&a, 403);
    assert_contains(a.body, "cross-origin");
    fixture_close(&f);
}

/* ---- starting ---- */

static void bad_starts_say_what_to_configure(void **state)
{
    struct http_server_options o;
    struct http_server *s;
    struct err e;
    uv_loop_t loop;
    static const struct http_route bad_pattern[] = {{"GET", "echo", on_echo, 0, 0, false}, {0}};
    uv_loop_init(&loop);
    http_server_options_init(&o);
    o.host = "0.0.0.0";
    o.spool_dir = *state;
    assert_fails(http_server_start(&loop, &o, routes, NULL, &s, &e), &e, ERR_REFUSED,
                 "configure a token file");
    o.host = "::";
    assert_fails(http_server_start(&loop, &o, routes, NULL, &s, &e), &e, ERR_REFUSED, "::");
    o.host = "no.such.host.invalid";
    assert_fails(http_server_start(&loop, &o, routes, NULL, &s, &e), &e, ERR_INVALID, "no.such");
    http_server_options_init(&o);
    assert_fails(http_server_start(&loop, &o, routes, NULL, &s, &e), &e, ERR_INVALID, "spool_dir");
    o.spool_dir = *state;
    o.cert_file = "/x";
    assert_fails(http_server_start(&loop, &o, routes, NULL, &s, &e), &e, ERR_INVALID,
                 "both or neither");
    o.key_file = "/y";
    assert_fails(http_server_start(&loop, &o, routes, NULL, &s, &e), &e, ERR_NOT_FOUND, "/x");
    o.cert_file = o.key_file = NULL;
    assert_fails(http_server_start(&loop, &o, bad_pattern, NULL, &s, &e), &e, ERR_INVALID,
                 "route echo");
    assert_fails(http_server_start(NULL, &o, routes, NULL, &s, &e), &e, ERR_INVALID, "n_threads");
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_taken_port_is_named(void **state)
{
    struct http_fixture f;
    struct seen seen;
    struct http_server_options o;
    struct http_server *s;
    struct err e;
    char address[32];
    open_with(&f, state, &seen, NULL);
    http_server_options_init(&o);
    o.spool_dir = *state;
    o.port = http_server_port(f.server);
    snprintf(address, sizeof address, "127.0.0.1:%d", o.port);
    assert_fails(http_server_start(&f.loop, &o, routes, NULL, &s, &e), &e, ERR_IO, address);
    fixture_close(&f);
}

static void loopback_over_ipv6_works(void **state)
{
    struct http_fixture f;
    struct http_server_options o;
    struct seen seen = {0};
    struct answer a;
    char url[64];
    http_server_options_init(&o);
    o.host = "::1";
    o.spool_dir = *state;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool has_ipv6 = fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) == 0;
    close(fd);
    if (!has_ipv6)
        skip();
    fixture_open(&f, &o, routes, &seen);
    snprintf(url, sizeof url, "http://[::1]:%d/echo/six", http_server_port(f.server));
    struct http_call_options call = {.url = url};
    do_call(&f, &call, &a);
    assert_status(&a, 200);
    fixture_close(&f);
}

/* ---- slow peers ---- */

static void a_silent_peer_is_dropped(void **state)
{
    struct http_fixture f;
    struct http_server_options o;
    struct seen seen = {0};
    http_server_options_init(&o);
    o.spool_dir = *state;
    o.idle_timeout_s = 1;
    fixture_open(&f, &o, routes, &seen);
    struct raw *head = raw_open(&f), *body = raw_open(&f);
    raw_puts(head, "GET /echo/x HTTP/1.1\r\nHo");
    raw_puts(body, "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab");
    raw_wait_eof(head);
    raw_wait_eof(body);
    raw_close(head);
    raw_close(body);
    fixture_close(&f);
}

static void connections_over_the_limit_are_turned_away(void **state)
{
    struct http_fixture f;
    struct http_server_options o;
    struct seen seen = {0};
    http_server_options_init(&o);
    o.spool_dir = *state;
    o.max_connections = 2;
    fixture_open(&f, &o, routes, &seen);
    struct raw *one = raw_open(&f), *two = raw_open(&f);
    raw_puts(one, "GET /echo/one HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_puts(two, "GET /echo/two HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_wait(one, "\"name\":\"one\"");
    raw_wait(two, "\"name\":\"two\"");
    struct raw *three = raw_open(&f);
    raw_puts(three, "GET /echo/three HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_close(one);
    while (!three->eof && strstr(three->text, "three") == NULL) {
        three->changed = false;
        run_until(&f, &three->changed);
    }
    raw_close(two);
    raw_close(three);
    fixture_close(&f);
}

static void listen_addresses_are_split_and_bad_ones_refused(void **state)
{
    static const char *const bad[] = {
        "", "127.0.0.1", ":80", "[]:80", "h:", "h:65536", "h:-1", "h:80x", "h: 80", "h:+80"};
    char host[HTTP_HOST_BYTES] = "kept";
    int port = -1;
    struct err e = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(http_listen_parse(bad[i], host, &port, &e), ERR_INVALID);
        assert_non_null(strstr(e.message, "expected HOST:PORT"));
    }
    assert_string_equal(host, "kept");
    assert_int_equal(port, -1);
    assert_int_equal(http_listen_parse("127.0.0.1:0", host, &port, &e), ERR_OK);
    assert_string_equal(host, "127.0.0.1");
    assert_int_equal(port, 0);
    assert_int_equal(http_listen_parse("[::1]:65535", host, &port, &e), ERR_OK);
    assert_string_equal(host, "::1");
    assert_int_equal(port, 65535);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listen_addresses_are_split_and_bad_ones_refused),
        cmocka_unit_test(handlers_see_the_decoded_request),
        cmocka_unit_test(bodies_arrive_whole),
        cmocka_unit_test(errors_are_json),
        cmocka_unit_test(method_not_allowed_carries_allow),
        cmocka_unit_test(head_is_get_without_the_body),
        cmocka_unit_test(a_body_over_the_limit_gets_413_and_the_connection_lives),
        cmocka_unit_test(a_chunked_body_over_the_limit_gets_413),
        cmocka_unit_test(a_huge_announced_body_is_refused_unread),
        cmocka_unit_test(a_polite_client_hears_413_before_it_sends),
        cmocka_unit_test(endless_chunks_are_cut_off),
        cmocka_unit_test(a_request_can_be_answered_later),
        cmocka_unit_test(an_answer_to_a_peer_that_left_goes_nowhere),
        cmocka_unit_test(a_spooled_body_is_a_file_until_answered),
        cmocka_unit_test(an_upload_that_breaks_off_leaves_no_file),
        cmocka_unit_test(files_are_served),
        cmocka_unit_test(large_files_arrive_whole),
        cmocka_unit_test(roles_decide),
        cmocka_unit_test(refusals_say_how_to_ask),
        cmocka_unit_test(without_tokens_the_actor_may_name_himself),
        cmocka_unit_test(bad_starts_say_what_to_configure),
        cmocka_unit_test(a_taken_port_is_named),
        cmocka_unit_test(loopback_over_ipv6_works),
        cmocka_unit_test(a_silent_peer_is_dropped),
        cmocka_unit_test(connections_over_the_limit_are_turned_away),
    };
    return cmocka_run_group_tests_name("http_server", tests, make_test_folder, remove_test_folder);
}
