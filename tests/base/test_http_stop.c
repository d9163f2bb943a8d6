/*
 * test_http_stop.c - a loop server is stopped in the middle of everything and leaves nothing
 * behind; the sanitizers and fixture_close, which fails where a handle stayed open, are the oracle.
 */
#include "http_testing.h"

struct state {
    struct http_request *kept[64];
    int n_kept;
    bool has_kept, has_all;
    int n_wanted;
    struct http_fixture *fixture;
};

static void on_keep(struct http_request *r, void *user)
{
    struct state *s = user;
    s->kept[s->n_kept++] = r;
    s->has_kept = true;
    s->has_all = s->n_kept == s->n_wanted;
}

static void on_quick(struct http_request *r, void *user)
{
    (void)user;
    http_respond(r, 200, "text/plain", "quick", 5);
}

static void on_shutdown(struct http_request *r, void *user)
{
    struct state *s = user;
    struct http_fixture *f = s->fixture;
    http_server_stop(f->server, 5000, fixture_set, &f->server_stopped);
    f->server = NULL;
    http_respond(r, 202, "text/plain", "stopping", 8);
}

static const struct http_route routes[] = {
    {"GET", "/keep", on_keep, HTTP_OPERATOR, 0, false},
    {"GET", "/quick", on_quick, HTTP_OPERATOR, 0, false},
    {"POST", "/quick", on_quick, HTTP_OPERATOR, 0, false},
    {"POST", "/shutdown", on_shutdown, HTTP_OPERATOR, 0, false},
    {0},
};

static void open_server(struct http_fixture *f, struct state *s)
{
    struct http_server_options o;
    memset(s, 0, sizeof *s);
    http_server_options_init(&o);
    fixture_open(f, &o, routes, s);
    s->fixture = f;
}

static void an_idle_server_stops_at_once(void **state)
{
    struct http_fixture f;
    struct state s;
    (void)state;
    open_server(&f, &s);
    uint64_t before = uv_now(&f.loop);
    fixture_stop_server(&f, 60000);
    assert_true(uv_now(&f.loop) - before < 5000);
    fixture_close(&f);
}

static void open_connections_do_not_hold_up_the_stop(void **state)
{
    struct http_fixture f;
    struct state s;
    (void)state;
    open_server(&f, &s);
    struct raw *silent = raw_open(&f), *half = raw_open(&f), *kept_alive = raw_open(&f);
    raw_puts(half, "GET /quick HTTP/1.1\r\nHo");
    raw_puts(kept_alive, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_wait(kept_alive, "quick");
    fixture_stop_server(&f, 60000);
    raw_wait_eof(silent);
    raw_wait_eof(half);
    raw_wait_eof(kept_alive);
    raw_close(silent);
    raw_close(half);
    raw_close(kept_alive);
    fixture_close(&f);
}

static void running_requests_may_finish(void **state)
{
    struct http_fixture f;
    struct state s;
    (void)state;
    open_server(&f, &s);
    struct raw *r = raw_open(&f);
    raw_puts(r, "GET /keep HTTP/1.1\r\nHost: x\r\n\r\n");
    run_until(&f, &s.has_kept);
    http_server_stop(f.server, 60000, fixture_set, &f.server_stopped);
    f.server = NULL;
    for (int i = 0; i < 5; i++)
        uv_run(&f.loop, UV_RUN_NOWAIT);
    assert_false(f.server_stopped);
    http_respond(s.kept[0], 200, "text/plain", "finished", 8);
    run_until(&f, &f.server_stopped);
    raw_wait(r, "finished");
    raw_close(r);
    fixture_close(&f);
}

static void requests_that_come_during_the_stop_are_told_so(void **state)
{
    struct http_fixture f;
    struct state s;
    (void)state;
    open_server(&f, &s);
    struct raw *running = raw_open(&f), *kept_alive = raw_open(&f);
    raw_puts(kept_alive, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_wait(kept_alive, "quick");
    raw_puts(running, "GET /keep HTTP/1.1\r\nHost: x\r\n\r\n");
    run_until(&f, &s.has_kept);
    http_server_stop(f.server, 60000, fixture_set, &f.server_stopped);
    f.server = NULL;
    raw_puts(kept_alive, "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_wait(kept_alive, "{\"error\":\"the server is stopping\"}");
    assert_contains(kept_alive->text, "HTTP/1.1 503 ");
    http_respond(s.kept[0], 200, "text/plain", "finished", 8);
    run_until(&f, &f.server_stopped);
    raw_close(running);
    raw_close(kept_alive);
    fixture_close(&f);
}

static void requests_answered_after_the_stop_go_nowhere(void **state)
{
    struct http_fixture f;
    struct state s;
    struct raw *peers[32];
    (void)state;
    open_server(&f, &s);
    s.n_wanted = 32;
    for (int i = 0; i < 32; i++) {
        peers[i] = raw_open(&f);
        raw_puts(peers[i], "GET /keep?a=b HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    run_until(&f, &s.has_all);
    fixture_stop_server(&f, 10);
    for (int i = 0; i < 32; i++) {
        raw_wait_eof(peers[i]);
        raw_close(peers[i]);
    }
    for (int i = 0; i < 32; i++) {
        assert_string_equal(http_query(s.kept[i], "a"), "b");
        http_add_header(s.kept[i], "X-Late", "1");
        if (i % 2 == 0)
            http_respond(s.kept[i], 200, "text/plain", "late", 4);
        else
            assert_null(http_sse_start(s.kept[i], NULL, NULL));
    }
    fixture_close(&f);
}

static void a_handler_may_stop_its_own_server(void **state)
{
    struct http_fixture f;
    struct state s;
    struct answer a;
    (void)state;
    open_server(&f, &s);
    struct http_call_options o = {.method = "POST", .url = url_of(&f, "/shutdown")};
    do_call(&f, &o, &a);
    assert_status(&a, 202);
    run_until(&f, &f.server_stopped);
    fixture_close(&f);
}

static void stopping_in_the_middle_of_uploads_is_clean(void **state)
{
    struct http_fixture f;
    struct state s;
    (void)state;
    open_server(&f, &s);
    struct raw *r[8];
    for (int i = 0; i < 8; i++) {
        r[i] = raw_open(&f);
        raw_puts(r[i], "POST /quick HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\npart");
    }
    struct answer a;
    simple_call(&f, "GET", "/quick", &a);
    assert_status(&a, 200);
    fixture_stop_server(&f, 10);
    for (int i = 0; i < 8; i++) {
        raw_wait_eof(r[i]);
        raw_close(r[i]);
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_server_stops_at_once),
        cmocka_unit_test(open_connections_do_not_hold_up_the_stop),
        cmocka_unit_test(running_requests_may_finish),
        cmocka_unit_test(requests_that_come_during_the_stop_are_told_so),
        cmocka_unit_test(requests_answered_after_the_stop_go_nowhere),
        cmocka_unit_test(a_handler_may_stop_its_own_server),
        cmocka_unit_test(stopping_in_the_middle_of_uploads_is_clean),
    };
    return cmocka_run_group_tests_name("http_stop", tests, NULL, NULL);
}
