/*
 * http_stop.c - ending a server: no new connections, a grace for running requests, then everything
 * closed.
 *
 * On a loop: streams are told to end; when the last active request completes or the grace is over
 * the daemon is stopped from a timer, never from inside its own callbacks. Requests whose handlers
 * have not answered lose their connection and live on until answered (see http_internal.h). With
 * threads: the same, waiting on a condition in a pool thread, or in the caller where there is no
 * loop.
 */
#include "http_internal.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PING_INTERVAL_MS 15000
#define N_LOOP_HANDLES 5 /* the driver's three, ping, grace */

static struct http_server *server_of_grace(uv_timer_t *timer)
{
    return (struct http_server *)((char *)timer - offsetof(struct http_server, grace_timer));
}

static void on_ping(uv_timer_t *timer)
{
    sse_ping_all((struct http_server *)((char *)timer - offsetof(struct http_server, ping_timer)));
}

void http_stop_handles_start(struct http_server *s)
{
    uv_timer_init(s->loop, &s->ping_timer);
    uv_timer_init(s->loop, &s->grace_timer);
    s->ping_timer.data = s->grace_timer.data = s;
    uv_timer_start(&s->ping_timer, on_ping, PING_INTERVAL_MS, PING_INTERVAL_MS);
    s->n_open_handles = N_LOOP_HANDLES;
}

void http_server_free(struct http_server *s)
{
    http_auth_free(s->auth);
    pthread_cond_destroy(&s->idle_cond);
    pthread_mutex_destroy(&s->idle_lock);
    free(s->spool_dir);
    free(s->server_name);
    free(s);
}

static void stopped(struct http_server *s)
{
    void (*on_stopped)(void *) = s->on_stopped;
    void *user = s->stop_user;
    http_server_free(s);
    if (on_stopped != NULL)
        on_stopped(user);
}

/* ---- on a loop ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_server *s = handle->data;
    if (--s->n_open_handles == 0)
        stopped(s);
}

static void close_daemon(struct http_server *s)
{
    for (struct http_request *r = s->requests; r != NULL; r = r->next)
        if (r->suspended)
            http_request_resume(r); /* MHD_stop_daemon asks for it */
    loop_driver_stop(&s->driver);
    MHD_stop_daemon(s->daemon);
}

static void on_grace_over(uv_timer_t *timer)
{
    struct http_server *s = server_of_grace(timer);
    close_daemon(s);
    loop_driver_close(&s->driver, on_handle_closed);
    uv_close((uv_handle_t *)&s->ping_timer, on_handle_closed);
    uv_close((uv_handle_t *)&s->grace_timer, on_handle_closed);
}

static void on_stop_begun(uv_timer_t *timer)
{
    struct http_server *s = server_of_grace(timer);
    MHD_socket fd = MHD_quiesce_daemon(s->daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
    for (struct http_request *r = s->requests; r != NULL; r = r->next)
        if (r->sse != NULL)
            sse_end(r->sse);
    uv_timer_start(timer, on_grace_over, atomic_load(&s->n_active) > 0 ? s->grace_ms : 0, 0);
}

/* ---- with threads ---- */

static struct timespec deadline_after(int ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    t.tv_sec += t.tv_nsec / 1000000000L;
    t.tv_nsec %= 1000000000L;
    return t;
}

static void stop_threads(struct http_server *s)
{
    struct timespec deadline = deadline_after(s->grace_ms);
    MHD_socket fd = MHD_quiesce_daemon(s->daemon);
    pthread_mutex_lock(&s->idle_lock);
    while (atomic_load(&s->n_active) > 0 &&
           pthread_cond_timedwait(&s->idle_cond, &s->idle_lock, &deadline) == 0)
        ;
    pthread_mutex_unlock(&s->idle_lock);
    MHD_stop_daemon(s->daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
}

static void on_stop_work(uv_work_t *work)
{
    stop_threads(work->data);
}

static void on_stop_work_done(uv_work_t *work, int status)
{
    (void)status;
    stopped(work->data);
}

/* ---- both ---- */

void http_note_completed(struct http_server *s)
{
    if (atomic_fetch_sub(&s->n_active, 1) != 1 || !atomic_load(&s->stopping))
        return;
    if (s->n_threads == 0) {
        uv_timer_start(&s->grace_timer, on_grace_over, 0, 0);
        return;
    }
    pthread_mutex_lock(&s->idle_lock);
    pthread_cond_signal(&s->idle_cond);
    pthread_mutex_unlock(&s->idle_lock);
}

void http_server_stop(struct http_server *s, int grace_ms, void (*on_stopped)(void *), void *user)
{
    s->grace_ms = grace_ms > 0 ? grace_ms : 0;
    s->on_stopped = on_stopped;
    s->stop_user = user;
    atomic_store(&s->stopping, true);
    if (s->n_threads == 0) {
        uv_timer_start(&s->grace_timer, on_stop_begun, 0, 0);
    } else if (s->loop != NULL) {
        s->stop_work.data = s;
        uv_queue_work(s->loop, &s->stop_work, on_stop_work, on_stop_work_done);
    } else {
        stop_threads(s);
        stopped(s);
    }
}
