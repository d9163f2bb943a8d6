/* store_health.c - see store_health.h. */
#include "store_health.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/file.h"
#include "base/log.h"
#include "daemon.h"
#include "store/db.h"

#define PROBE_EVERY_MS 1000
#define PROBE_BYTES                                                                                \
    (1 << 20) /* the log of a store that has room in itself must not pass for a free disk */

struct store_health {
    struct daemon *d;
    uv_timer_t timer;
    bool probing, closed;
    char problem[512];
    char probe_path[DAEMON_PATH_BYTES];
};

static bool is_the_stores_fault(enum err_code code)
{
    return code == ERR_NO_SPACE || code == ERR_IO || code == ERR_CORRUPT;
}

static enum err_code write_probe_file(const char *path, struct err *e)
{
    void *zeros = calloc(1, PROBE_BYTES);
    if (!zeros)
        return err_set(e, ERR_NOMEM, "no memory to probe the disk");
    enum err_code rc = file_write_atomic(path, zeros, PROBE_BYTES, e);
    unlink(path);
    free(zeros);
    return rc;
}

static void probe_work(struct store *s, void *data, struct err *e)
{
    const struct store_health *h = data;
    if (write_probe_file(h->probe_path, e) == ERR_OK)
        db_probe(s, e);
}

static void on_probed(void *data, const struct err *err)
{
    struct store_health *h = data;
    h->probing = false;
    if (err->code != ERR_OK || h->closed)
        return;
    log_info("store_works_again", LOG_S("after", h->problem));
    h->problem[0] = '\0';
    uv_timer_stop(&h->timer);
}

static void on_timer(uv_timer_t *timer)
{
    struct store_health *h = timer->data;
    if (h->probing)
        return;
    h->probing = true;
    daemon_work(h->d, probe_work, on_probed, h);
}

struct store_health *store_health_new(struct daemon *d)
{
    struct store_health *h = calloc(1, sizeof(*h));
    if (!h)
        return NULL;
    h->d = d;
    snprintf(h->probe_path, sizeof(h->probe_path), "%s/probe", d->spool_dir);
    uv_timer_init(d->loop, &h->timer);
    h->timer.data = h;
    return h;
}

void store_health_note(struct store_health *h, const struct err *e)
{
    if (!h || h->closed || !is_the_stores_fault(e->code))
        return;
    h->d->counters.store_failures++;
    if (h->problem[0] == '\0') {
        log_error("store_failed", LOG_S("error", e->message),
                  LOG_S("next", "everything is tried again; replicas keep their logs meanwhile"));
        uv_timer_start(&h->timer, on_timer, PROBE_EVERY_MS, PROBE_EVERY_MS);
    }
    snprintf(h->problem, sizeof(h->problem), "%s", e->message);
}

const char *store_health_problem(const struct store_health *h)
{
    return h ? h->problem : "";
}

void store_health_close(struct store_health *h)
{
    if (!h || h->closed)
        return;
    h->closed = true;
    uv_close((uv_handle_t *)&h->timer, NULL);
}

void store_health_free(struct store_health *h)
{
    free(h);
}
