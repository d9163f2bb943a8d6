/*
 * http_testing.h - a server and a client on one loop, plain calls, and raw sockets for what no
 * client library would send. Every wait is for an event and has a deadline.
 */
#ifndef HTTP_TESTING_H
#define HTTP_TESTING_H

#include "testing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/http_client.h"
#include "base/http_server.h"

#define WAIT_MAX_MS 20000

struct http_fixture {
    uv_loop_t loop;
    uv_timer_t deadline;
    bool late;
    struct http_server *server; /* NULL: stopped */
    struct http_client *client;
    bool server_stopped, client_closed;
    const char *scheme;
    char folder[64];
};

static inline void fixture_on_late(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static inline void fixture_set(void *flag)
{
    *(bool *)flag = true;
}

/* Runs the loop until *flag; fails after WAIT_MAX_MS. */
static inline void run_until(struct http_fixture *f, const bool *flag)
{
    f->late = false;
    uv_timer_start(&f->deadline, fixture_on_late, WAIT_MAX_MS, 0);
    while (!*flag && !f->late)
        uv_run(&f->loop, UV_RUN_ONCE);
    uv_timer_stop(&f->deadline);
    if (!*flag)
        fail_msg("nothing happened for %d ms", WAIT_MAX_MS);
}

/* Starts server (port chosen by the system) and client; user is passed to the handlers. */
static inline void fixture_open(struct http_fixture *f, struct http_server_options *o,
                                const struct http_route *routes, void *user)
{
    struct err e;
    memset(f, 0, sizeof *f);
    signal(SIGPIPE, SIG_IGN); /* what process_start does in every program */
    f->scheme = o->cert_file != NULL ? "https" : "http";
    uv_loop_init(&f->loop);
    uv_timer_init(&f->loop, &f->deadline);
    f->deadline.data = &f->late;
    assert_ok(http_client_new(&f->loop, &f->client, &e), &e);
    assert_ok(http_server_start(&f->loop, o, routes, user, &f->server, &e), &e);
}

static inline void fixture_stop_server(struct http_fixture *f, int grace_ms)
{
    http_server_stop(f->server, grace_ms, fixture_set, &f->server_stopped);
    f->server = NULL;
    run_until(f, &f->server_stopped);
}

/* Fails where anything was left open on the loop. */
static inline void fixture_close(struct http_fixture *f)
{
    if (f->server != NULL)
        fixture_stop_server(f, 1000);
    http_client_close(f->client, fixture_set, &f->client_closed);
    run_until(f, &f->client_closed);
    uv_close((uv_handle_t *)&f->deadline, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
}

/* ---- calls ---- */

struct answer {
    bool done;
    int n_done;
    enum err_code code;
    char message[512];
    int status, tries;
    char body[8192], content_type[128];
    size_t body_len;
    int64_t elapsed_ms;
};

static inline void answer_fill(const struct http_result *r, void *user)
{
    struct answer *a = user;
    a->code = r->code;
    a->status = r->status;
    a->tries = r->tries;
    a->body_len = r->body_len;
    a->elapsed_ms = r->elapsed_ms;
    snprintf(a->message, sizeof a->message, "%s", r->message);
    snprintf(a->body, sizeof a->body, "%s", r->body);
    snprintf(a->content_type, sizeof a->content_type, "%s", r->content_type);
    a->n_done++;
    a->done = true;
}

/* scheme://127.0.0.1:port/path in one of four buffers that take turns. */
static inline const char *url_of(const struct http_fixture *f, const char *path)
{
    static char urls[4][512];
    static unsigned turn;
    char *url = urls[turn++ % 4];
    snprintf(url, 512, "%s://127.0.0.1:%d%s", f->scheme, http_server_port(f->server), path);
    return url;
}

static inline struct http_call *start_call(struct http_fixture *f, struct http_call_options *o,
                                           struct answer *a)
{
    struct err e;
    struct http_call *call;
    memset(a, 0, sizeof *a);
    assert_ok(http_call_start(f->client, o, answer_fill, a, &call, &e), &e);
    assert_false(a->done);
    return call;
}

static inline void do_call(struct http_fixture *f, struct http_call_options *o, struct answer *a)
{
    start_call(f, o, a);
    run_until(f, &a->done);
}

static inline void simple_call(struct http_fixture *f, const char *method, const char *path,
                               struct answer *a)
{
    struct http_call_options o = {.method = method, .url = url_of(f, path)};
    do_call(f, &o, a);
}

#define assert_status(a, want)                                                                     \
    do {                                                                                           \
        if ((a)->code != ERR_OK || (a)->status != (want))                                          \
            fail_msg("expected %d, got %d %s: %s", (want), (a)->status, (a)->body, (a)->message);  \
    } while (0)

#define assert_contains(text, want)                                                                \
    do {                                                                                           \
        if (strstr((text), (want)) == NULL)                                                        \
            fail_msg("expected \"%s\" in \"%s\"", (want), (text));                                 \
    } while (0)

/* ---- raw sockets ---- */

struct raw {
    struct http_fixture *f;
    int fd;
    uv_poll_t poll;
    char text[65536];
    size_t len;
    bool eof, changed, closed;
};

static inline void raw_on_readable(uv_poll_t *poll, int status, int events)
{
    struct raw *r = poll->data;
    ssize_t n = recv(r->fd, r->text + r->len, sizeof r->text - 1 - r->len, MSG_DONTWAIT);
    (void)events;
    if (n < 0 && (errno == EAGAIN || errno == EINTR) && status == 0)
        return;
    if (n > 0)
        r->len += (size_t)n;
    r->text[r->len] = '\0';
    r->eof = n <= 0;
    r->changed = true;
    if (r->eof)
        uv_poll_stop(poll);
}

static inline struct raw *raw_open(struct http_fixture *f)
{
    struct raw *r = calloc(1, sizeof *r);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_server_port(f->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    r->f = f;
    r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(r->fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(uv_poll_init(&f->loop, &r->poll, r->fd), 0);
    r->poll.data = r;
    uv_poll_start(&r->poll, UV_READABLE, raw_on_readable);
    return r;
}

static inline void raw_send(struct raw *r, const char *data, size_t len)
{
    assert_int_equal(send(r->fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

static inline void raw_puts(struct raw *r, const char *text)
{
    raw_send(r, text, strlen(text));
}

/* Waits until the answer holds text. */
static inline void raw_wait(struct raw *r, const char *text)
{
    while (strstr(r->text, text) == NULL && !r->eof) {
        r->changed = false;
        run_until(r->f, &r->changed);
    }
    assert_contains(r->text, text);
}

static inline void raw_wait_eof(struct raw *r)
{
    run_until(r->f, &r->eof);
}

static inline void raw_on_closed(uv_handle_t *handle)
{
    struct raw *r = handle->data;
    r->closed = true;
}

static inline void raw_close(struct raw *r)
{
    uv_close((uv_handle_t *)&r->poll, raw_on_closed);
    close(r->fd);
    run_until(r->f, &r->closed);
    free(r);
}

#endif
