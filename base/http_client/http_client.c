/*
 * http_client.c - libcurl's multi interface on a uv loop: a poll handle per socket, one timer.
 *
 * Calls go straight to the peer: proxies named in the environment are ignored (http_transfer.c),
 * because a daemon that polls its own fleet must not change its routes with the shell that started
 * it.
 */
#include "http_client_internal.h"

#include <stdlib.h>

#include "base/clock.h"

struct http_socket {
    struct http_client *client;
    curl_socket_t fd;
    uv_poll_t poll;
};

/* ---- libcurl -> loop ---- */

static void take_finished(struct http_client *c)
{
    int n_left;
    for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &n_left)) != NULL;) {
        struct http_call *call;
        CURLcode code = m->data.result;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        call_on_transfer_done(call, code);
    }
}

static void act(struct http_client *c, curl_socket_t fd, int flags)
{
    int n_running;
    curl_multi_socket_action(c->multi, fd, flags, &n_running);
    take_finished(c);
}

static void on_socket_event(uv_poll_t *poll, int status, int events)
{
    struct http_socket *s = poll->data;
    int flags =
        0; /* after an error there are no events: curl looks for itself, and knows what it was */
    (void)status;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    act(s->client, s->fd, flags);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer_wanted(CURLM *multi, long timeout_ms, void *user)
{
    struct http_client *c = user;
    (void)multi;
    if (timeout_ms < 0)
        uv_timer_stop(&c->timer);
    else
        uv_timer_start(&c->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

/* ---- closing ---- */

static void client_free(struct http_client *c)
{
    void (*on_closed)(void *) = c->on_closed;
    void *user = c->close_user;
    curl_global_cleanup();
    free(c);
    if (on_closed != NULL)
        on_closed(user);
}

static void on_socket_closed(uv_handle_t *handle)
{
    struct http_socket *s = handle->data;
    struct http_client *c = s->client;
    free(s);
    if (--c->n_sockets == 0 && c->multi == NULL)
        client_free(c);
}

/* Cleaning up closes kept connections, and each asks for its socket to be forgotten. */
static void on_timer_closed(uv_handle_t *handle)
{
    struct http_client *c = handle->data;
    CURLM *multi = c->multi;
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, NULL);
    curl_multi_cleanup(multi);
    c->multi = NULL;
    if (c->n_sockets == 0)
        client_free(c);
}

void client_call_gone(struct http_client *c)
{
    if (c->closing && c->calls == NULL && !uv_is_closing((uv_handle_t *)&c->timer))
        uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

void http_client_close(struct http_client *c, void (*on_closed)(void *), void *user)
{
    c->closing = true;
    c->on_closed = on_closed;
    c->close_user = user;
    for (struct http_call *call = c->calls; call != NULL; call = call->next)
        http_call_cancel(call);
    client_call_gone(c);
}

/* ---- sockets ---- */

static struct http_socket *socket_new(struct http_client *c, curl_socket_t fd)
{
    struct http_socket *s = malloc(sizeof *s);
    if (s == NULL)
        return NULL;
    s->client = c;
    s->fd = fd;
    s->poll.data = s;
    if (uv_poll_init_socket(c->loop, &s->poll, fd) != 0) {
        free(s);
        return NULL;
    }
    c->n_sockets++;
    curl_multi_assign(c->multi, fd, s);
    return s;
}

static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
    struct http_client *c = user;
    struct http_socket *s = socket_user;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s != NULL)
            uv_close((uv_handle_t *)&s->poll, on_socket_closed);
        return 0;
    }
    if (s == NULL && (s = socket_new(c, fd)) == NULL)
        return -1;
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&s->poll, events, on_socket_event) == 0 ? 0 : -1;
}

/* ---- opening ---- */

enum err_code http_client_new(struct uv_loop_s *loop, struct http_client **out, struct err *e)
{
    struct http_client *c = calloc(1, sizeof *c);
    if (c == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(c);
        return err_set(e, ERR_NOMEM, "HTTP client: out of memory");
    }
    c->multi = curl_multi_init();
    if (c->multi == NULL) {
        free(c);
        curl_global_cleanup();
        return err_set(e, ERR_NOMEM, "HTTP client: out of memory");
    }
    c->loop = loop;
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    /* Jitter exists to keep processes apart, so it is the one generator that is not given a seed.
     */
    rng_seed(&c->jitter, (uint64_t)clock_mono_ns() ^ (uint64_t)uv_os_getpid() << 32);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    *out = c;
    return ERR_OK;
}
