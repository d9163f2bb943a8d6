/*
 * test_http_sse.c - event streams: delivery, peers that leave, read too slowly, or outlive the
 * server.
 */
#include "http_testing.h"

#include "../../base/http_server/http_internal.h"

struct streams {
    struct http_sse *stream;
    bool has_stream, has_closed;
    int n_closed;
};

static void on_close(struct http_sse *s, void *user)
{
    struct streams *t = user;
    assert_ptr_equal(s, t->stream);
    t->stream = NULL;
    t->n_closed++;
    t->has_closed = true;
}

static void on_events(struct http_request *r, void *user)
{
    struct streams *t = user;
    t->stream = http_sse_start(r, on_close, t);
    t->has_stream = true;
}

static void on_plain(struct http_request *r, void *user)
{
    (void)user;
    http_respond(r, 200, "text/plain", "plain", 5);
}

static const struct http_route routes[] = {
    {"GET", "/events", on_events, HTTP_VIEWER, 0, false},
    {"GET", "/plain", on_plain, HTTP_VIEWER, 0, false},
    {0},
};

static struct raw *open_stream(struct http_fixture *f, struct streams *t)
{
    struct http_server_options o;
    memset(t, 0, sizeof *t);
    http_server_options_init(&o);
    fixture_open(f, &o, routes, t);
    struct raw *r = raw_open(f);
    raw_puts(r, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_wait(r, ": open\n\n");
    assert_true(t->has_stream);
    return r;
}

static void events_arrive_as_they_are_sent(void **state)
{
    struct http_fixture f;
    struct streams t;
    (void)state;
    struct raw *r = open_stream(&f, &t);
    assert_contains(r->text, "Content-Type: text/event-stream\r\n");
    http_sse_send(t.stream, "run", "{\"id\":\"r-7\"}");
    raw_wait(r, "event: run\ndata: {\"id\":\"r-7\"}\n\n");
    http_sse_send(t.stream, NULL, "two\nlines");
    raw_wait(r, "data: two\ndata: lines\n\n");
    sse_ping_all(f.server); /* what the timer does every 15 s */
    raw_wait(r, ": ping\n\n");
    for (int i = 0; i < 1000; i++)
        http_sse_send(t.stream, "tick", i < 999 ? "{\"more\":true}" : "{\"more\":false}");
    raw_wait(r, "{\"more\":false}");
    assert_int_equal(t.n_closed, 0);
    raw_close(r);
    run_until(&f, &t.has_closed);
    fixture_close(&f);
    assert_int_equal(t.n_closed, 1);
}

/* The stream is idle, so libmicrohttpd has it suspended and does not look at the socket. */
static void a_peer_that_leaves_is_noticed_at_once(void **state)
{
    struct http_fixture f;
    struct streams t;
    (void)state;
    struct raw *r = open_stream(&f, &t);
    uint64_t before = uv_now(&f.loop);
    raw_close(r);
    run_until(&f, &t.has_closed);
    assert_true(uv_now(&f.loop) - before < 5000);
    assert_int_equal(t.n_closed, 1);
    fixture_close(&f);
    assert_int_equal(t.n_closed, 1);
}

static void a_slow_reader_is_dropped_with_bounded_memory(void **state)
{
    struct http_fixture f;
    struct streams t;
    static char data[10001];
    int n_sent = 0;
    (void)state;
    struct raw *r = open_stream(&f, &t);
    uv_poll_stop(&r->poll); /* reads nothing from here on */
    memset(data, 'x', sizeof data - 1);
    for (; t.stream != NULL && n_sent < 10000; n_sent++) {
        http_sse_send(t.stream, "row", data);
        uv_run(&f.loop, UV_RUN_NOWAIT);
    }
    if (t.stream != NULL)
        fail_msg("still open after %d events of %zu bytes", n_sent, sizeof data);
    assert_int_equal(t.n_closed, 1);
    raw_close(r);
    fixture_close(&f);
}

static void streams_end_when_the_server_stops(void **state)
{
    struct http_fixture f;
    struct streams t;
    (void)state;
    struct raw *r = open_stream(&f, &t);
    http_sse_send(t.stream, "last", "{}");
    fixture_stop_server(&f, 5000);
    assert_int_equal(t.n_closed, 1);
    raw_wait_eof(r);
    assert_contains(r->text, "event: last\ndata: {}\n\n");
    assert_contains(r->text, "\r\n0\r\n"); /* a clean end, not a cut */
    raw_close(r);
    fixture_close(&f);
}

static void a_stream_nobody_reads_does_not_hold_up_the_stop(void **state)
{
    struct http_fixture f;
    struct streams t;
    static char data[10001];
    (void)state;
    struct raw *r = open_stream(&f, &t);
    uv_poll_stop(&r->poll);
    memset(data, 'x', sizeof data - 1);
    for (int i = 0; i < 90; i++)
        http_sse_send(t.stream, "row", data);
    fixture_stop_server(&f, 50);
    assert_int_equal(t.n_closed, 1);
    raw_close(r);
    fixture_close(&f);
}

static void head_of_a_stream_opens_and_closes_it(void **state)
{
    struct http_fixture f;
    struct http_server_options o;
    struct streams t = {0};
    struct answer a;
    (void)state;
    http_server_options_init(&o);
    fixture_open(&f, &o, routes, &t);
    simple_call(&f, "HEAD", "/events", &a);
    assert_status(&a, 200);
    assert_string_equal(a.content_type, "text/event-stream");
    run_until(&f, &t.has_closed);
    simple_call(&f, "GET", "/plain", &a); /* the connection goes on */
    assert_status(&a, 200);
    fixture_close(&f);
    assert_int_equal(t.n_closed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_arrive_as_they_are_sent),
        cmocka_unit_test(a_peer_that_leaves_is_noticed_at_once),
        cmocka_unit_test(a_slow_reader_is_dropped_with_bounded_memory),
        cmocka_unit_test(streams_end_when_the_server_stops),
        cmocka_unit_test(a_stream_nobody_reads_does_not_hold_up_the_stop),
        cmocka_unit_test(head_of_a_stream_opens_and_closes_it),
    };
    return cmocka_run_group_tests_name("http_sse", tests, NULL, NULL);
}
