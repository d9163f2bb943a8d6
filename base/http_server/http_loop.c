/*
 * http_loop.c - runs a libmicrohttpd daemon that has no thread on a uv loop.
 *
 * Its epoll descriptor becomes readable when any of its sockets is ready; its next timeout is kept
 * in a timer. A connection that was resumed shows in neither, so resuming must be followed by a
 * kick.
 */
#include "http_internal.h"

#define MAX_RUNS_WITHOUT_EVENT 100
#define SPIN_PAUSE_MS 10

static void run_and_rearm(struct loop_driver *d);

static void on_epoll_ready(uv_poll_t *poll, int status, int events)
{
    struct loop_driver *d =
        (struct loop_driver *)((char *)poll - offsetof(struct loop_driver, poll));
    (void)status;
    (void)events;
    d->n_runs_without_event = 0;
    run_and_rearm(d);
}

static void on_timeout(uv_timer_t *timer)
{
    run_and_rearm((struct loop_driver *)((char *)timer - offsetof(struct loop_driver, timer)));
}

static void on_soon(uv_idle_t *idle)
{
    run_and_rearm((struct loop_driver *)((char *)idle - offsetof(struct loop_driver, soon)));
}

static void rearm(struct loop_driver *d, uint64_t timeout_ms)
{
    bool spins =
        timeout_ms == 0 && d->n_busy == 0 && ++d->n_runs_without_event > MAX_RUNS_WITHOUT_EVENT;
    if (timeout_ms == 0 && !spins)
        uv_idle_start(&d->soon, on_soon);
    else
        uv_timer_start(&d->timer, on_timeout, spins ? SPIN_PAUSE_MS : timeout_ms, 0);
}

static void run_and_rearm(struct loop_driver *d)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;
    d->kicked = false;
    uv_idle_stop(&d->soon);
    uv_timer_stop(&d->timer);
    MHD_run(d->daemon);
    if (d->kicked)
        uv_idle_start(&d->soon, on_soon);
    else if (MHD_get_timeout(d->daemon, &timeout_ms) == MHD_YES)
        rearm(d, timeout_ms);
}

int loop_driver_start(struct loop_driver *d, uv_loop_t *loop, struct MHD_Daemon *daemon, void *data)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    int rc = uv_poll_init(loop, &d->poll, info->epoll_fd);
    if (rc != 0)
        return rc;
    d->daemon = daemon;
    uv_timer_init(loop, &d->timer);
    uv_idle_init(loop, &d->soon);
    d->timer.data = d->poll.data = d->soon.data = data;
    return uv_poll_start(&d->poll, UV_READABLE, on_epoll_ready);
}

void loop_driver_kick(struct loop_driver *d)
{
    d->kicked = true;
    uv_idle_start(&d->soon, on_soon);
}

void loop_driver_stop(struct loop_driver *d)
{
    uv_poll_stop(&d->poll);
    uv_timer_stop(&d->timer);
    uv_idle_stop(&d->soon);
}

void loop_driver_close(struct loop_driver *d, uv_close_cb on_closed)
{
    uv_close((uv_handle_t *)&d->poll, on_closed);
    uv_close((uv_handle_t *)&d->timer, on_closed);
    uv_close((uv_handle_t *)&d->soon, on_closed);
}
