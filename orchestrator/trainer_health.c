/* trainer_health.c - see trainer_health.h. */
#include "trainer_health.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon.h"

#define PROBE_EVERY_MS 10000

struct trainer_health {
    struct daemon *d;
    uv_timer_t timer;
    bool probing, known, closed;
    int64_t noted_mono_ms;
    char problem[512];
};

void trainer_health_note(struct trainer_health *h, const struct err *e)
{
    if (!h || h->closed)
        return;
    bool away = e->code == ERR_UNREACHABLE || e->code == ERR_TIMEOUT ||
                e->code == ERR_UNAUTHORIZED || e->code == ERR_FORBIDDEN;
    if (away && h->problem[0] == '\0')
        log_warn("trainer_down", LOG_S("error", e->message),
                 LOG_S("next", "asked again every few seconds; runs wait"));
    if (!away && h->problem[0])
        log_info("trainer_up", LOG_S("url", h->d->options.trainer_url));
    snprintf(h->problem, sizeof(h->problem), "%s", away ? e->message : "");
    h->known = true;
    h->noted_mono_ms = clock_mono_ms();
}

static void on_probed(const struct err *e, const struct job_status *status, void *user)
{
    struct trainer_health *h = user;
    (void)status;
    h->probing = false;
    trainer_health_note(h, e);
}

static void on_timer(uv_timer_t *timer)
{
    struct trainer_health *h = timer->data;
    bool asked_lately = h->known && clock_mono_ms() - h->noted_mono_ms < PROBE_EVERY_MS;
    if (h->probing || asked_lately)
        return;
    h->probing = true;
    h->d->backend->ops->probe(h->d->backend, on_probed, h);
}

struct trainer_health *trainer_health_new(struct daemon *d)
{
    struct trainer_health *h = calloc(1, sizeof(*h));
    if (!h)
        return NULL;
    h->d = d;
    uv_timer_init(d->loop, &h->timer);
    h->timer.data = h;
    uv_timer_start(&h->timer, on_timer, 0, PROBE_EVERY_MS / 2);
    return h;
}

const char *trainer_health_state(const struct trainer_health *h)
{
    if (!h || !h->known)
        return "unknown";
    return h->problem[0] ? "down" : "up";
}

const char *trainer_health_problem(const struct trainer_health *h)
{
    return h ? h->problem : "";
}

void trainer_health_close(struct trainer_health *h)
{
    if (!h || h->closed)
        return;
    h->closed = true;
    uv_close((uv_handle_t *)&h->timer, NULL);
}

void trainer_health_free(struct trainer_health *h)
{
    free(h);
}
