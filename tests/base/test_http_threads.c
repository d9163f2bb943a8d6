/*
 * test_http_threads.c - a server with its own threads under parallel requests; run it under TSan
 * too.
 */
#include "http_testing.h"

#include <stdatomic.h>

#define N_CALLS 400

struct work {
    atomic_int n_handled;
    atomic_bool entered, may_leave;
    struct http_fixture *fixture;
};

static void on_echo(struct http_request *r, void *user)
{
    struct work *w = user;
    size_t len;
    const char *body = http_body(r, &len);
    atomic_fetch_add(&w->n_handled, 1);
    http_add_header(r, "X-Name", http_param(r, "name"));
    http_respond(r, 200, "text/plain", body, len);
}

static void on_slow(struct http_request *r, void *user)
{
    struct work *w = user;
    atomic_store(&w->entered, true);
    while (!atomic_load(&w->may_leave))
        usleep(1000);
    http_respond(r, 200, "text/plain", "slow", 4);
}

static const struct http_route routes[] = {
    {"POST", "/echo/:name", on_echo, HTTP_OPERATOR, 0, false},
    {"GET", "/slow", on_slow, HTTP_OPERATOR, 0, false},
    {0},
};

static void open_threads(struct http_fixture *f, struct work *w, int n_threads)
{
    struct http_server_options o;
    memset(w, 0, sizeof *w);
    http_server_options_init(&o);
    o.n_threads = n_threads;
    fixture_open(f, &o, routes, w);
    w->fixture = f;
}

static void parallel_requests_all_get_their_own_answer(void **state)
{
    static struct answer answers[N_CALLS];
    (void)state;
    for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
        struct http_fixture f;
        struct work w;
        open_threads(&f, &w, n_threads);
        for (int i = 0; i < N_CALLS; i++) {
            char body[32];
            snprintf(body, sizeof body, "call %d", i);
            struct http_call_options o = {.method = "POST",
                                          .url = url_of(&f, "/echo/x"),
                                          .body = body,
                                          .body_len = strlen(body)};
            start_call(&f, &o, &answers[i]);
        }
        for (int i = 0; i < N_CALLS; i++) {
            char want[32];
            snprintf(want, sizeof want, "call %d", i);
            run_until(&f, &answers[i].done);
            assert_status(&answers[i], 200);
            assert_string_equal(answers[i].body, want);
        }
        assert_int_equal(atomic_load(&w.n_handled), N_CALLS);
        fixture_close(&f);
    }
}

static void refusals_come_from_the_threads_too(void **state)
{
    struct http_fixture f;
    struct work w;
    struct answer a;
    (void)state;
    open_threads(&f, &w, 2);
    simple_call(&f, "GET", "/nowhere", &a);
    assert_status(&a, 404);
    simple_call(&f, "GET", "/echo/x", &a);
    assert_status(&a, 405);
    struct raw *r = raw_open(&f);
    raw_puts(r, "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    raw_wait_eof(r);
    assert_contains(r->text, "HTTP/1.1 400 ");
    raw_close(r);
    fixture_close(&f);
}

static void leave_then_note(uv_timer_t *timer)
{
    struct work *w = timer->data;
    atomic_store(&w->may_leave, true);
    uv_close((uv_handle_t *)timer, NULL);
}

static void the_stop_waits_for_a_running_handler_without_blocking_the_loop(void **state)
{
    struct http_fixture f;
    struct work w;
    struct answer a;
    uv_timer_t timer;
    (void)state;
    open_threads(&f, &w, 2);
    struct http_call_options o = {.url = url_of(&f, "/slow")};
    start_call(&f, &o, &a);
    while (!atomic_load(&w.entered))
        uv_run(&f.loop, UV_RUN_NOWAIT);
    uv_timer_init(&f.loop, &timer);
    timer.data = &w;
    uv_timer_start(&timer, leave_then_note, 20, 0); /* fires only while the loop turns */
    fixture_stop_server(&f, 10000);
    run_until(&f, &a.done);
    assert_status(&a, 200);
    assert_string_equal(a.body, "slow");
    fixture_close(&f);
}

static void open_connections_do_not_hold_up_the_stop(void **state)
{
    struct http_fixture f;
    struct work w;
    (void)state;
    open_threads(&f, &w, 2);
    struct raw *half = raw_open(&f), *upload = raw_open(&f);
    raw_puts(half, "GET /slow HTT");
    raw_puts(upload, "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab");
    fixture_stop_server(&f, 50);
    raw_wait_eof(half);
    raw_wait_eof(upload);
    raw_close(half);
    raw_close(upload);
    fixture_close(&f);
}

static void without_a_loop_the_stop_returns_when_all_is_closed(void **state)
{
    struct http_server_options o;
    struct http_server *s;
    struct work w = {0};
    struct answer a = {0};
    struct err e;
    bool stopped = false;
    char url[64];
    (void)state;
    http_server_options_init(&o);
    o.n_threads = 2;
    assert_ok(http_server_start(NULL, &o, routes, &w, &s, &e), &e);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/echo/x", http_server_port(s));
    struct http_call_options call = {.method = "POST", .url = url, .body = "sync", .body_len = 4};
    assert_ok(http_call_sync(&call, answer_fill, &a, &e), &e);
    assert_status(&a, 200);
    assert_string_equal(a.body, "sync");
    http_server_stop(s, 1000, fixture_set, &stopped);
    assert_true(stopped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parallel_requests_all_get_their_own_answer),
        cmocka_unit_test(refusals_come_from_the_threads_too),
        cmocka_unit_test(the_stop_waits_for_a_running_handler_without_blocking_the_loop),
        cmocka_unit_test(open_connections_do_not_hold_up_the_stop),
        cmocka_unit_test(without_a_loop_the_stop_returns_when_all_is_closed),
    };
    return cmocka_run_group_tests_name("http_threads", tests, NULL, NULL);
}
