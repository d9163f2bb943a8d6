/*
 * test_http_client.c - the client against our own server: retries, deadlines, cancelling, files.
 */
#include "http_testing.h"

struct peer {
    int n_calls;
    int n_failures; /* how many calls get failure_status first */
    int failure_status;
    const char *retry_after;
    struct http_request *kept[8];
    int n_kept;
    bool has_kept;
    char seen_header[128], seen_type[128], seen_method[16], seen_agent[64];
    size_t seen_len;
    uint64_t seen_sum;
    size_t answer_len;
};

static void on_flaky(struct http_request *r, void *user)
{
    struct peer *p = user;
    if (++p->n_calls > p->n_failures) {
        http_respond(r, 200, "text/plain", "at last", 7);
        return;
    }
    if (p->retry_after != NULL)
        http_add_header(r, "Retry-After", p->retry_after);
    http_respond_error(r, p->failure_status, "not now");
}

static void on_keep(struct http_request *r, void *user)
{
    struct peer *p = user;
    p->n_calls++;
    p->kept[p->n_kept++] = r;
    p->has_kept = true;
}

static void answer_kept(struct peer *p)
{
    while (p->n_kept > 0)
        http_respond(p->kept[--p->n_kept], 200, "text/plain", "late", 4);
}

static uint64_t sum_of(const char *data, size_t len)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + (unsigned char)data[i];
    return sum;
}

static void copy_header(struct http_request *r, const char *name, char *out, size_t size_bytes)
{
    const char *value = http_header(r, name);
    snprintf(out, size_bytes, "%s", value != NULL ? value : "(absent)");
}

static void on_look(struct http_request *r, void *user)
{
    struct peer *p = user;
    const char *body = http_body(r, &p->seen_len);
    p->seen_sum = sum_of(body, p->seen_len);
    copy_header(r, "X-Test", p->seen_header, sizeof p->seen_header);
    copy_header(r, "Content-Type", p->seen_type, sizeof p->seen_type);
    copy_header(r, "User-Agent", p->seen_agent, sizeof p->seen_agent);
    snprintf(p->seen_method, sizeof p->seen_method, "%s", http_method(r));
    http_respond(r, 200, NULL, "", 0);
}

static void on_large(struct http_request *r, void *user)
{
    struct peer *p = user;
    char *body = malloc(p->answer_len + 1);
    memset(body, 'z', p->answer_len);
    http_respond_take(r, http_query(r, "status") != NULL ? 404 : 200, "text/plain", body,
                      p->answer_len);
}

static void on_moved(struct http_request *r, void *user)
{
    (void)user;
    http_add_header(r, "Location", "/flaky");
    http_respond(r, 302, NULL, "", 0);
}

static const struct http_route routes[] = {
    {"GET", "/flaky", on_flaky, HTTP_OPERATOR, 0, false},
    {"GET", "/keep", on_keep, HTTP_OPERATOR, 0, false},
    {"GET", "/look", on_look, HTTP_OPERATOR, 0, false},
    {"PUT", "/look", on_look, HTTP_OPERATOR, 64 << 20, false},
    {"POST", "/look", on_look, HTTP_OPERATOR, 64 << 20, false},
    {"DELETE", "/look", on_look, HTTP_OPERATOR, 0, false},
    {"GET", "/large", on_large, HTTP_OPERATOR, 0, false},
    {"GET", "/moved", on_moved, HTTP_OPERATOR, 0, false},
    {0},
};

static void open_peer(struct http_fixture *f, struct peer *p)
{
    struct http_server_options o;
    memset(p, 0, sizeof *p);
    http_server_options_init(&o);
    fixture_open(f, &o, routes, p);
}

/* ---- retry ---- */

static void a_503_is_repeated_until_it_passes(void **state)
{
    struct http_fixture f;
    struct peer p;
    struct answer a;
    (void)state;
    open_peer(&f, &p);
    p.n_failures = 2;
    p.failure_status = 503;
    struct http_call_options o = {.url = url_of(&f, "/flaky"), .max_tries = 5, .backoff_ms = 1};
    do_call(&f, &o, &a);
    assert_status(&a, 200);
    assert_string_equal(a.body, "at last");
    assert_int_equal(a.tries, 3);
    assert_int_equal(p.n_calls, 3);
    fixture_close(&f);
}

static void tries_are_bounded_and_the_last_answer_is_given(void **state)
{
    struct http_fixture f;
    struct peer p;
    struct answer a;
    (void)state;
    open_peer(&f, &p);
    p.n_failures = 100;
    p.failure_status = 429;
    struct http_call_options o = {.url = url_of(&f, "/flaky"), .max_tries = 3, .backoff_ms = 1};
    do_call(&f, &o, &a);
    assert_status(&a, 429);
    assert_contains(a.body, "not now");
    assert_int_equal(p.n_calls, 3);
    p.n_calls = 0;
    p.failure_status = 500; /* not passing: one try */
    do_call(&f, &o, &a);
    assert_status(&a, 500);
    assert_int_equal(p.n_calls, 1);
    p.n_calls = 0;
    p.failure_status = 503;
    p.retry_after = "3600"; /* beyond the deadline: no use waiting */
    do_call(&f, &o, &a);
    assert_status(&a, 503);
    assert_int_equal(p.n_calls, 1);
    fixture_close(&f);
}

static void nobody_there_is_unreachable_with_host_and_port(void **state)
{
    struct http_fixture f;
    struct peer p;
    struct answer a;
    struct err e;
    char url[64], peer[32];
    (void)state;
    open_peer(&f, &p);
    int port = http_server_port(f.server);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/x", port);
    snprintf(peer, sizeof peer, "127.0.0.1:%d", port);
    fixture_stop_server(&f, 0);
    struct http_call_options o = {.url = url, .max_tries = 3, .backoff_ms = 1};
    do_call(&f, &o, &a);
    assert_int_equal(a.code, ERR_UNREACHABLE);
    assert_int_equal(a.tries, 3);
    assert_contains(a.message, peer);
    struct http_result r = {.code = a.code, .body = ""};
    snprintf(r.message, sizeof r.message, "%s", a.message);
    assert_fails(http_result_check(&r, "GET /x", &e), &e, ERR_UNREACHABLE, "GET /x: 127.0.0.1:");
    fixture_close(&f);
}

/* ---- time ---- */

static void the_deadline_ends_a_call(void **state)
{
    struct http_fixture f;
    struct peer p;
    struct answer a;
    (void)state;
    open_peer(&f, &p);
    struct http_call_options o = {.url = url_of(&f, "/keep"), .timeout_ms = 150};
    do_call(&f, &o, &a);
    assert_int_equal(a.code, ERR_TIMEOUT);
    assert_true(a.elapsed_ms >= 140 && a.elapsed_ms < 5000);
    answer_kept(&p);
    fixture_close(&f);
}

static void a_try_has_a_limit_of_its_own(void **state)
{
    struct http_fixture f;
    struct peer p;
    struct answer a;
    (void)state;
    open_peer(&f, &p);
    struct http_call_options o = {.url = url_of(&f, "/keep"),
                                  .timeout_ms = 10000,
                                  .try_timeout_ms = 100,
                                  .max_tries = 3,
                                  .backoff_ms = 1};
    do_call(&f, &o, &a);
    assert_int_equal(a.code, ERR_TIMEOUT);
    assert_int_equal(a.tries, 3);
    assert_true(a.elapsed_ms >= 280 && a.elapsed_ms < 9000);
    answer_kept(&p);
    fixture_close(&f);
}

static void cancelled_calls_end_with_cancelled(void **state)
{
    struct http_fixture f;
    struct peer p;
    struct answer fresh, running, waiting;
    (void)state;
    open_peer(&f, &p);
    struct http_call_options keep = {.url = url_of(&f, "/keep")};
    http_call_cancel(start_call(&f, &keep, &fresh));
    assert_false(fresh.done);
    run_until(&f, &fresh.done);
    assert_int_equal(fresh.code, ERR_CANCELLED);
    assert_int_equal(p.n_calls, 0);
    struct http_call *call = start_call(&f, &keep, &running);
    run_until(&f, &p.has_kept);
    http_call_cancel(call);
    http_call_cancel(call);
    run_until(&f, &running.done);
    assert_int_equal(running.code, ERR_CANCELLED);
    p.n_failures = 1000;
    p.failure_status = 503;
    p.retry_after = "5";
    struct http_call_options flaky = {.url = url_of(&f, "/flaky"), .max_tries = 3};
    int n_before = p.n_calls;
    call = start_call(&f, &flaky, &waiting);
    while (p.n_calls == n_before)
        uv_run(&f.loop, UV_RUN_ONCE);
    http_call_cancel(call);
    run_until(&f, &waiting.done);
    assert_int_equal(waiting.code, ERR_CANCELLED);
    assert_int_equal(fresh.n_done + running.n_done + waiting.n_done, 3);
    answer_kept(&p);
    fixture_close(&f);
}

static void closing_cancels_what_runs(void **state)
{
    struct http_fixture f;
    struct peer p;
    struct answer one, two;
    struct err e;
    (void)state;
    open_peer(&f, &p);
    struct http_call_options o = {.url = url_of(&f, "/keep")};
    start_call(&f, &o, &one);
    run_until(&f, &p.has_kept);
    start_call(&f, &o, &two);
    http_client_close(f.client, fixture_set, &f.client_closed);
    assert_fails(http_call_start(f.client, &o, answer_fill, &one, NULL, &e), &e, ERR_CANCELLED,
                 "closing");
    run_until(&f, &f.client_closed);
    assert_int_equal(one.code, ERR_CANCELLED);
    assert_int_equal(two.code, ERR_CANCELLED);
    assert_int_equal(one.n_done + two.n_done, 2);
    answer_kept(&p);
    fixture_stop_server(&f, 1000);
    assert_ok(http_client_new(&f.loop, &f.client, &e), &e); /* for fixture_close */
    fixture_close(&f);
}

/* A call may be cancelled while its file is being made durable; done still comes once. */
static void cancelling_at_every_moment_ends_once(void **state)
{
    struct http_fixture f;
    struct peer p;
    open_peer(&f, &p);
    p.answer_len = 100000;
    for (int n_turns = 0; n_turns < 30; n_turns++) {
        struct answer a;
        struct http_call_options o = {.url = url_of(&f, "/large"),
                                      .save_to = path_in(state, "cancelled")};
        struct http_call *call = start_call(&f, &o, &a);
        for (int i = 0; i < n_turns && !a.done; i++)
            uv_run(&f.loop, UV_RUN_NOWAIT);
        if (!a.done)
            http_call_cancel(call);
        run_until(&f, &a.done);
        assert_true(a.code == ERR_OK || a.code == ERR_CANCELLED);
        assert_int_equal(a.n_done, 1);
    }
    fixture_close(&f);
}

/* ---- what is sent ---- */

static void method_headers_and_body_are_sent(void **state)
{
    static const char *const headers[] = {"X-Test: yes", "content-type: text/csv", NULL};
    struct http_fixture f;
    struct peer p;
    struct answer a;
    (void)state;
    open_peer(&f, &p);
    struct http_call_options o = {
        .method = "PUT", .url = url_of(&f, "/look"), .body = "{}", .body_len = 2};
    do_call(&f, &o, &a);
    assert_status(&a, 200);
    assert_string_equal(p.seen_method, "PUT");
    assert_string_equal(p.seen_type, "application/json");
    assert_int_equal(p.seen_len, 2);
    assert_contains(p.seen_agent, "leeway/");
    o.headers = headers;
    do_call(&f, &o, &a);
    assert_string_equal(p.seen_header, "yes");
    assert_string_equal(p.seen_type, "text/csv");
    simple_call(&f, "POST", "/look", &a);
    assert_status(&a, 200);
    assert_string_equal(p.seen_type, "(absent)");
    simple_call(&f, "DELETE", "/look", &a);
    assert_status(&a, 200);
    assert_string_equal(p.seen_method, "DELETE");
    fixture_close(&f);
}

static void a_file_is_streamed_as_the_body(void **state)
{
    struct http_fixture f;
    struct peer p;
    struct answer a;
    struct err e;
    const char *path = path_in(state, "upload");
    size_t len = 5000000;
    char *data = malloc(len);
    for (size_t i = 0; i < len; i++)
        data[i] = (char)(i * 2654435761u >> 13);
    assert_ok(file_write_atomic(path, data, len, &e), &e);
    open_peer(&f, &p);
    struct http_call_options o = {.method = "PUT", .url = url_of(&f, "/look"), .body_file = path};
    do_call(&f, &o, &a);
    assert_status(&a, 200);
    assert_int_equal(p.seen_len, len);
    assert_int_equal(p.seen_sum, sum_of(data, len));
    assert_string_equal(p.seen_type, "application/octet-stream");
    o.body_file = path_in(state, "absent");
    assert_fails(http_call_start(f.client, &o, answer_fill, &a, NULL, &e), &e, ERR_NOT_FOUND,
                 "absent");
    free(data);
    fixture_close(&f);
}

static void bad_options_fail_at_once(void **state)
{
    static const char *const split[] = {"X: y\r\nAuthorization: z", NULL};
    struct http_fixture f;
    struct peer p;
    struct answer a;
    struct err e;
    (void)state;
    open_peer(&f, &p);
    struct http_call_options o = {.url = "ftp://127.0.0.1/x"};
    assert_fails(http_call_start(f.client, &o, answer_fill, &a, NULL, &e), &e, ERR_INVALID, "ftp");
    o.url = "file:///etc/passwd";
    assert_fails(http_call_start(f.client, &o, answer_fill, &a, NULL, &e), &e, ERR_INVALID, "file");
    o.url = "127.0.0.1:80";
    assert_fails(http_call_start(f.client, &o, answer_fill, &a, NULL, &e), &e, ERR_INVALID, "URL");
    o.url = NULL;
    assert_fails(http_call_start(f.client, &o, answer_fill, &a, NULL, &e), &e, ERR_INVALID, "URL");
    o.url = "http://127.0.0.1/";
    o.headers = split;
    assert_fails(http_call_start(f.client, &o, answer_fill, &a, NULL, &e), &e, ERR_INVALID,
                 "one line");
    o.headers = NULL;
    o.token = "a\r\nb";
    assert_fails(http_call_start(f.client, &o, answer_fill, &a, NULL, &e), &e, ERR_INVALID,
                 "token");
    fixture_close(&f);
}

static void redirects_and_proxies_are_not_followed(void **state)
{
    struct http_fixture f;
    struct peer p;
    struct answer a;
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    open_peer(&f, &p);
    simple_call(&f, "GET", "/moved", &a);
    assert_status(&a, 302);
    assert_int_equal(p.n_calls, 0);
    fixture_close(&f);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

/* ---- what comes back ---- */

static void answers_over_the_limit_are_refused(void **state)
{
    struct http_fixture f;
    struct peer p;
    struct answer a;
    (void)state;
    open_peer(&f, &p);
    p.answer_len = 100000;
    struct http_call_options o = {.url = url_of(&f, "/large"), .max_body_bytes = 99999};
    do_call(&f, &o, &a);
    assert_int_equal(a.code, ERR_LIMIT);
    assert_contains(a.message, "99999 bytes");
    o.max_body_bytes = 100000;
    do_call(&f, &o, &a);
    assert_status(&a, 200);
    assert_int_equal(a.body_len, 100000);
    fixture_close(&f);
}

static void a_2xx_body_is_saved_whole_or_not_at_all(void **state)
{
    struct http_fixture f;
    struct peer p;
    struct answer a;
    struct err e;
    char *text;
    size_t len;
    const char *path = path_in(state, "saved");
    open_peer(&f, &p);
    p.answer_len = 300000;
    struct http_call_options o = {.url = url_of(&f, "/large"), .save_to = path};
    do_call(&f, &o, &a);
    assert_status(&a, 200);
    assert_int_equal(a.body_len, 0);
    assert_ok(file_read(path, 1 << 20, &text, &len, &e), &e);
    assert_int_equal(len, 300000);
    free(text);
    o.max_body_bytes = 299999;
    o.save_to = path_in(state, "too-large");
    do_call(&f, &o, &a);
    assert_int_equal(a.code, ERR_LIMIT);
    assert_false(file_exists(o.save_to));
    o.url = url_of(&f, "/large?status=404");
    p.answer_len = 10;
    do_call(&f, &o, &a);
    assert_status(&a, 404);
    assert_string_equal(a.body, "zzzzzzzzzz");
    assert_false(file_exists(o.save_to));
    o.url = url_of(&f, "/large");
    p.answer_len = 0;
    do_call(&f, &o, &a);
    assert_status(&a, 200);
    assert_true(file_exists(o.save_to));
    o.save_to = "/nonexistent/folder/file";
    p.answer_len = 10;
    do_call(&f, &o, &a);
    assert_int_equal(a.code, ERR_NOT_FOUND);
    assert_contains(a.message, "/nonexistent/folder/file");
    fixture_close(&f);
}

static void results_become_errors(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum err_code code;
        const char *message;
    } cases[] = {
        {200, "", ERR_OK, ""},
        {204, "", ERR_OK, ""},
        {409, "{\"error\":\"job exists\"}", ERR_CONFLICT, "submit answered 409: job exists"},
        {404, "plain text\nmore", ERR_NOT_FOUND, "submit answered 404: plain text"},
        {500, "", ERR_INTERNAL, "submit answered 500"},
        {503, "{\"other\":1}", ERR_BUSY, "submit answered 503: {\"other\":1}"},
        {302, "", ERR_INTERNAL, "submit answered 302"},
        {418, "{\"error\":7}", ERR_INVALID, "submit answered 418: {\"error\":7}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err e = {.message = ""};
        struct http_result r = {.code = ERR_OK,
                                .status = cases[i].status,
                                .body = cases[i].body,
                                .body_len = strlen(cases[i].body)};
        assert_int_equal(http_result_check(&r, "submit", &e), cases[i].code);
        assert_string_equal(e.message, cases[i].message);
    }
}

/* ---- without a loop ---- */

static void serve_one(void *user)
{
    struct http_fixture *f = user;
    uv_run(&f->loop, UV_RUN_DEFAULT);
}

static void wake_and_stop(uv_async_t *wake)
{
    struct http_fixture *f = wake->data;
    http_server_stop(f->server, 1000, NULL, NULL);
    f->server = NULL;
    http_client_close(f->client, NULL, NULL);
    uv_close((uv_handle_t *)&f->deadline, NULL);
    uv_close((uv_handle_t *)wake, NULL);
}

static void a_synchronous_call_needs_no_loop(void **state)
{
    struct http_fixture f;
    struct peer p;
    struct answer a = {0};
    struct err e;
    uv_async_t wake;
    uv_thread_t thread;
    (void)state;
    open_peer(&f, &p);
    uv_async_init(&f.loop, &wake, wake_and_stop);
    wake.data = &f;
    struct http_call_options o = {.url = url_of(&f, "/flaky")};
    uv_thread_create(&thread, serve_one, &f);
    assert_ok(http_call_sync(&o, answer_fill, &a, &e), &e);
    assert_true(a.done);
    assert_status(&a, 200);
    o.url = "nonsense://";
    assert_fails(http_call_sync(&o, answer_fill, &a, &e), &e, ERR_INVALID, "nonsense");
    uv_async_send(&wake);
    uv_thread_join(&thread);
    assert_int_equal(uv_loop_close(&f.loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_503_is_repeated_until_it_passes),
        cmocka_unit_test(tries_are_bounded_and_the_last_answer_is_given),
        cmocka_unit_test(nobody_there_is_unreachable_with_host_and_port),
        cmocka_unit_test(the_deadline_ends_a_call),
        cmocka_unit_test(a_try_has_a_limit_of_its_own),
        cmocka_unit_test(cancelled_calls_end_with_cancelled),
        cmocka_unit_test(cancelling_at_every_moment_ends_once),
        cmocka_unit_test(closing_cancels_what_runs),
        cmocka_unit_test(method_headers_and_body_are_sent),
        cmocka_unit_test(a_file_is_streamed_as_the_body),
        cmocka_unit_test(bad_options_fail_at_once),
        cmocka_unit_test(redirects_and_proxies_are_not_followed),
        cmocka_unit_test(answers_over_the_limit_are_refused),
        cmocka_unit_test(a_2xx_body_is_saved_whole_or_not_at_all),
        cmocka_unit_test(results_become_errors),
        cmocka_unit_test(a_synchronous_call_needs_no_loop),
    };
    return cmocka_run_group_tests_name("http_client", tests, make_test_folder, remove_test_folder);
}
