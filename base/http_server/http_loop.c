/*
 * http_loop.c - runs a libmicrohttpd daemon that has no thread on a uv loop.
 *
 * Its epoll descriptor becomes readable when any of its sockets is ready; its next timeout is kept
 * in a timer. A connection that was resumed shows in neither, so resuming must be followed by a
 * kick.
 */
#include "http_internal.h"

static void run_and_rearm(struct loop_driver *d);

static void on_epoll_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run_and_rearm((struct loop_driver *)((char *)poll - offsetof(struct loop_driver, poll)));
}

static void on_timeout(uv_timer_t *timer)
{
    run_and_rearm((struct loop_driver *)((char *)timer - offsetof(struct loop_driver, timer)));
}

static void run_and_rearm(struct loop_driver *d)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;
    d->kicked = false;
    MHD_run(d->daemon);
    if (d->kicked)
        uv_timer_start(&d->timer, on_timeout, 0, 0);
    else if (MHD_get_timeout(d->daemon, &timeout_ms) == MHD_YES)
        uv_timer_start(&d->timer, on_timeout, timeout_ms, 0);
    else
        uv_timer_stop(&d->timer);
}

int loop_driver_start(struct loop_driver *d, uv_loop_t *loop, struct MHD_Daemon *daemon, void *data)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    int rc = uv_poll_init(loop, &d->poll, info->epoll_fd);
    if (rc != 0)
        return rc;
    d->daemon = daemon;
    uv_timer_init(loop, &d->timer);
    d->timer.data = d->poll.data = data;
    return uv_poll_start(&d->poll, UV_READABLE, on_epoll_ready);
}

void loop_driver_kick(struct loop_driver *d)
{
    d->kicked = true;
    uv_timer_start(&d->timer, on_timeout, 0, 0);
}

void loop_driver_stop(struct loop_driver *d)
{
    uv_poll_stop(&d->poll);
    uv_timer_stop(&d->timer);
}

void loop_driver_close(struct loop_driver *d, uv_close_cb on_closed)
{
    uv_close((uv_handle_t *)&d->poll, on_closed);
    uv_close((uv_handle_t *)&d->timer, on_closed);
}
