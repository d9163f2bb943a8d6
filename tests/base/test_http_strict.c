/*
 * test_http_strict.c - requests that two readers could understand differently are refused, sent as
 * raw bytes because no client library would.
 */
#include "http_testing.h"

static int n_handled;

static void on_any(struct http_request *r, void *user)
{
    (void)user;
    n_handled++;
    http_respond(r, 200, "text/plain", "handled", 7);
}

static const struct http_route routes[] = {
    {"GET", "/x", on_any, HTTP_VIEWER, 0, false},
    {"POST", "/x", on_any, HTTP_VIEWER, 0, false},
    {"GET", "/smuggled", on_any, HTTP_VIEWER, 0, false},
    {0},
};

struct sample {
    const char *bytes;
    size_t len;
    int status; /* 0: the connection just ends */
    const char *text;
};

#define S(bytes) (bytes), sizeof(bytes) - 1
#define SMUGGLED "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

static const struct sample refused[] = {
    {S("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
       "0\r\n\r\n" SMUGGLED),
     400, "Content-Length together with Transfer-Encoding"},
    {S("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 36\r\n\r\n"
       "0\r\n\r\n" SMUGGLED),
     400, "Content-Length together with Transfer-Encoding"},
    {S("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 36\r\n\r\n" SMUGGLED),
     400, "2 Content-Length headers"},
    {S("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\nabcde"), 400,
     "2 Content-Length headers"},
    {S("GET /x HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"), 400, "2 Host headers"},
    {S("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n" SMUGGLED), 501,
     "other than chunked"},
    {S("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 501,
     "other than chunked"},
    {S("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
       "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
     501, "other than chunked"},
    {S("POST /x HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400,
     "Transfer-Encoding in HTTP/1.0"},
    {S("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length : 36\r\n\r\n" SMUGGLED), 400,
     "malformed header name"},
    {S("GET /x HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n"), 400, "malformed header name"},
    {S("GET /x HTTP/1.1\r\nHost: x\r\nA: b\0c\r\nB: d\r\n\r\n"), 400, "header A"},
    {S("GET /x HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"), 400, "header A"},
    {S("GET /x HTTP/1.1\r\nHost: x\r\nA: \0\r\nB: d\r\n\r\n"), 400, "header A"},
    {S("GET /x HTTP/1.1\r\nHost: x\0.evil\r\nA: b\r\n\r\n"), 400, "header Host"},
    {S("POST /x HTTP/1.1\r\nContent-Length: 0\0 36\r\nHost: x\r\n\r\n" SMUGGLED), 400,
     "header Content-Length"},
    {S("GET /x HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n"), 400, "control character in header A"},
    {S("GET /x HTTP/1.1\r\nHost: x\r\nA: b\x01\r\n\r\n"), 400, "control character in header A"},
    {S("GET /x HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\nB: c\r\n\r\n"), 400, "folded"},
    {S("GET /x HTTP/1.1\r\n\r\n"), 400, "Host"},
    {S("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nabcde"), 400, ""},
    {S("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nabcde"), 400, ""},
    {S("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"), 400, ""},
    {S("GET /x y HTTP/1.1\r\nHost: x\r\n\r\n"), 0, ""},
};

static void expect_refused(struct http_fixture *f, const struct sample *s)
{
    char line[32];
    struct raw *r = raw_open(f);
    n_handled = 0;
    raw_send(r, s->bytes, s->len);
    raw_wait_eof(r);
    snprintf(line, sizeof line, s->status > 0 ? "HTTP/1.1 %d " : "", s->status);
    if (strstr(r->text, line) == NULL || strstr(r->text, s->text) == NULL || n_handled > 0)
        fail_msg("%s\n: expected %s \"%s\", got %d handled and %s", s->bytes, line, s->text,
                 n_handled, r->text);
    raw_close(r);
}

static void ambiguous_requests_are_refused(void **state)
{
    struct http_fixture f;
    struct http_server_options o;
    (void)state;
    http_server_options_init(&o);
    fixture_open(&f, &o, routes, NULL);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        expect_refused(&f, &refused[i]);
    fixture_close(&f);
}

static const struct sample accepted[] = {
    {S("GET /x HTTP/1.1\r\nHost: x\r\nA:\r\nB: \r\nC:  c\t d\r\nD:e\r\n\r\n"), 200, "handled"},
    {S("GET /x?a=%20&b&c= HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nX-\xc3: 1\r\n\r\n"), 400, ""},
    {S("GET /x?a&b=1 HTTP/1.1\r\nHost: x\r\nName: \xc3\xbc\r\n\r\n"), 200, "handled"},
    {S("GET /x HTTP/1.0\r\n\r\n"), 200, "handled"},
    {S("GET /x HTTP/1.1\nHost: x\nA: b\n\n"), 200, "handled"},
    {S("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n"
       "Trailer: t\r\n\r\n"),
     200, "handled"},
    {S("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 005\r\n\r\nabcde"), 200, "handled"},
    {S("GET /x HTTP/1.1\r\nHost: x\r\nCookie: a=b; c=d\r\nCookie: e\r\n\r\n"), 200, "handled"},
};

static void ordinary_requests_are_not(void **state)
{
    struct http_fixture f;
    struct http_server_options o;
    (void)state;
    http_server_options_init(&o);
    fixture_open(&f, &o, routes, NULL);
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        char line[32];
        struct raw *r = raw_open(&f);
        raw_send(r, accepted[i].bytes, accepted[i].len);
        snprintf(line, sizeof line, "HTTP/1.1 %d ", accepted[i].status);
        raw_wait(r, line);
        raw_wait(r, accepted[i].text);
        raw_close(r);
    }
    fixture_close(&f);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct http_fixture f;
    struct http_server_options o;
    (void)state;
    http_server_options_init(&o);
    fixture_open(&f, &o, routes, NULL);
    struct raw *r = raw_open(&f);
    raw_puts(r, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
                "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    raw_wait_eof(r);
    const char *first = strstr(r->text, "handled"), *second = strstr(r->text, "no such path");
    assert_true(first != NULL && second != NULL && first < second);
    assert_non_null(strstr(second, "handled"));
    raw_close(r);
    fixture_close(&f);
}

static void large_heads_get_431(void **state)
{
    struct http_fixture f;
    struct http_server_options o;
    static char value[20000];
    (void)state;
    memset(value, 'v', sizeof value - 1);
    http_server_options_init(&o);
    fixture_open(&f, &o, routes, NULL);
    struct raw *long_value = raw_open(&f), *many = raw_open(&f);
    raw_puts(long_value, "GET /x HTTP/1.1\r\nHost: x\r\nA: ");
    raw_puts(long_value, value);
    raw_puts(long_value, "\r\n\r\n");
    raw_wait_eof(long_value);
    assert_contains(long_value->text, "HTTP/1.1 431 ");
    raw_puts(many, "GET /x HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 200; i++)
        raw_puts(many, "A: b\r\n");
    raw_puts(many, "\r\n");
    raw_wait_eof(many);
    assert_contains(many->text, "HTTP/1.1 431 ");
    assert_contains(many->text, "{\"error\":\"head too large");
    raw_close(long_value);
    raw_close(many);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ambiguous_requests_are_refused),
        cmocka_unit_test(ordinary_requests_are_not),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(large_heads_get_431),
    };
    return cmocka_run_group_tests_name("http_strict", tests, NULL, NULL);
}
