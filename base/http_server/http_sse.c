/*
 * http_sse.c - event streams: a bounded queue per stream, read by libmicrohttpd, suspended while
 * empty.
 *
 * libmicrohttpd does not see a peer leave while a connection is suspended, so each stream also
 * watches its socket for hang-up on the loop. A stream ends in one way only: its connection
 * completes.
 */
#include "http_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define SSE_MAX_WAITING_BYTES (1 << 20)
#define SSE_BLOCK_BYTES 4096

enum sse_state {
    SSE_OPEN,
    SSE_ENDING, /* what is queued is still sent, nothing is added */
    SSE_DEAD,   /* nothing is sent any more; the connection is about to complete */
};

struct http_sse {
    struct http_request *request; /* NULL once completed */
    enum sse_state state;
    struct buf queue; /* data[n_sent..len) waits */
    size_t n_sent;
    uv_poll_t hangup;
    bool watching;
    int fd;
    void (*on_close)(struct http_sse *, void *);
    void *user;
};

static size_t waiting(const struct http_sse *s)
{
    return s->queue.len - s->n_sent;
}

static void wake(struct http_sse *s)
{
    if (s->request != NULL && s->request->suspended)
        http_request_resume(s->request);
}

static void drop(struct http_sse *s)
{
    if (s->state == SSE_DEAD)
        return;
    s->state = SSE_DEAD;
    /* A stream that is blocked in a send would wait for its timeout; this makes the send fail. */
    shutdown(s->fd, SHUT_RDWR);
    wake(s);
}

static void on_hangup(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    uv_poll_stop(poll);
    drop(poll->data);
}

static ssize_t on_read(void *cls, uint64_t position, char *out, size_t max)
{
    struct http_sse *s = cls;
    size_t n = waiting(s) < max ? waiting(s) : max;
    (void)position;
    if (s->state == SSE_DEAD)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (n > 0) {
        memcpy(out, s->queue.data + s->n_sent, n);
        s->n_sent += n;
        return (ssize_t)n;
    }
    if (s->state == SSE_ENDING)
        return MHD_CONTENT_READER_END_OF_STREAM;
    http_request_suspend(s->request);
    return 0;
}

static void watch_hangup(struct http_sse *s)
{
    struct http_server *server = s->request->server;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(s->request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    s->fd = info->connect_fd;
    s->hangup.data = s;
    s->watching = uv_poll_init(server->loop, &s->hangup, s->fd) == 0;
    if (s->watching)
        uv_poll_start(&s->hangup, UV_DISCONNECT, on_hangup);
}

static struct MHD_Response *stream_response(struct http_sse *s)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, SSE_BLOCK_BYTES, on_read, s, NULL);
    if (response == NULL)
        return NULL;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return response;
}

struct http_sse *http_sse_start(struct http_request *r, void (*on_close)(struct http_sse *, void *),
                                void *user)
{
    if (r->server == NULL || r->server->n_threads > 0 || atomic_load(&r->server->stopping)) {
        http_respond_error(r, 503, "no event stream: the server is stopping or has no loop");
        return NULL;
    }
    struct http_sse *s = calloc(1, sizeof *s);
    struct MHD_Response *response = s != NULL ? stream_response(s) : NULL;
    if (response == NULL) {
        free(s);
        http_respond_json(r, 500, NULL);
        return NULL;
    }
    s->request = r;
    s->on_close = on_close;
    s->user = user;
    watch_hangup(s);
    buf_puts(&s->queue, ": open\n\n"); /* lets a client see that the stream stands */
    r->sse = s;
    http_answer(r, 200, response);
    return s;
}

/* Moves what waits to the front once the sent part is the larger one: each byte moves at most once.
 */
static void forget_sent(struct http_sse *s)
{
    if (s->n_sent < s->queue.len / 2)
        return;
    memmove(s->queue.data, s->queue.data + s->n_sent, waiting(s));
    s->queue.len -= s->n_sent;
    s->n_sent = 0;
}

static void put_lines(struct buf *b, const char *data)
{
    for (const char *line = data; line != NULL;) {
        size_t len = strcspn(line, "\r\n");
        buf_puts(b, "data: ");
        buf_append(b, line, len);
        buf_puts(b, "\n");
        line = line[len] != '\0' ? line + len + 1 : NULL;
    }
    buf_puts(b, "\n");
}

static void queued(struct http_sse *s)
{
    if (buf_failed(&s->queue) || waiting(s) > SSE_MAX_WAITING_BYTES)
        drop(s);
    else
        wake(s);
}

void http_sse_send(struct http_sse *s, const char *event, const char *data)
{
    if (s->state != SSE_OPEN)
        return;
    if (s->n_sent > 0)
        forget_sent(s);
    if (event != NULL)
        buf_printf(&s->queue, "event: %s\n", event);
    put_lines(&s->queue, data);
    queued(s);
}

void sse_ping_all(struct http_server *server)
{
    for (struct http_request *r = server->requests, *next; r != NULL; r = next) {
        next = r->next;
        if (r->sse == NULL || r->sse->state != SSE_OPEN)
            continue;
        buf_puts(&r->sse->queue, ": ping\n\n");
        queued(r->sse);
    }
}

void sse_end(struct http_sse *s)
{
    if (s->state != SSE_OPEN)
        return;
    s->state = SSE_ENDING;
    wake(s);
}

static void sse_free(struct http_sse *s)
{
    buf_free(&s->queue);
    free(s);
}

static void on_handle_closed(uv_handle_t *handle)
{
    sse_free(handle->data);
}

void sse_completed(struct http_sse *s)
{
    s->state = SSE_DEAD;
    s->request = NULL;
    if (s->on_close != NULL)
        s->on_close(s, s->user);
    if (s->watching)
        uv_close((uv_handle_t *)&s->hangup, on_handle_closed);
    else
        sse_free(s);
}
