/*
 * trainer_status.c - what the trainer says of itself: capacity, metrics, health. And the probe:
 * what there is to train on is asked of leeway-train, so that no CUDA library is ever loaded into
 * the daemon.
 */
#include <signal.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/prom.h"
#include "daemon/trainer.h"

#define PROBE_TIMEOUT_MS 20000

static bool is_queued(enum job_state s)
{
    return s == JOB_QUEUED;
}

/* ---- capacity, health ---- */

static cJSON *copy_or(const cJSON *found, cJSON *otherwise)
{
    if (!found) {
        return otherwise;
    }
    cJSON_Delete(otherwise);
    return cJSON_Duplicate(found, true);
}

void trainer_status_capacity(struct http_request *r, void *user)
{
    static const char *const cpu[] = {"reference", "openblas"};
    const struct trainer *t = user;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "slots", (double)t->o.slots);
    cJSON_AddNumberToObject(json, "running", (double)trainer_count(t, job_has_slot));
    cJSON_AddNumberToObject(json, "queued", (double)trainer_count(t, is_queued));
    cJSON_AddItemToObject(
        json, "backends",
        copy_or(json_at(t->probe.answer, "backends"), cJSON_CreateStringArray(cpu, 2)));
    cJSON_AddItemToObject(json, "devices",
                          copy_or(json_at(t->probe.answer, "devices"), cJSON_CreateArray()));
    cJSON_AddStringToObject(json, "code_version", LEEWAY_VERSION);
    http_respond_json(r, 200, json);
}

void trainer_status_health(struct http_request *r, void *user)
{
    const struct trainer *t = user;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "status", t->stopping ? "stopping" : "ok");
    http_respond_json(r, t->stopping ? 503 : 200, json);
}

/* ---- metrics ---- */

static void gauge(struct buf *b, const char *name, const char *help, double value)
{
    prom_family(b, name, "gauge", help);
    prom_sample(b, name, NULL, value);
}

static void counter(struct buf *b, const char *name, const char *help, uint64_t value)
{
    prom_family(b, name, "counter", help);
    prom_sample(b, name, NULL, (double)value);
}

static void add_ends(struct buf *b, const struct trainer *t)
{
    static const enum job_state ends[] = {JOB_SUCCEEDED, JOB_FAILED, JOB_CANCELLED};
    prom_family(b, "leeway_trainer_jobs_total", "counter",
                "Jobs that ended since the trainer started, by their end.");
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const char *labels[] = {"state", job_state_wire(ends[i]), NULL};
        prom_sample(b, "leeway_trainer_jobs_total", labels, (double)t->over_total[ends[i]]);
    }
}

void trainer_status_metrics(struct http_request *r, void *user)
{
    const struct trainer *t = user;
    const char *version[] = {"version", LEEWAY_VERSION, NULL};
    struct buf b = BUF_INIT;
    prom_family(&b, "leeway_trainer_build_info", "gauge", "The version of the program.");
    prom_sample(&b, "leeway_trainer_build_info", version, 1);
    add_ends(&b, t);
    counter(&b, "leeway_trainer_submitted_total", "Jobs submitted since the trainer started.",
            t->submitted_total);
    counter(&b, "leeway_trainer_requeued_total",
            "Jobs queued again because their process vanished or the trainer stopped.",
            t->requeued_total);
    counter(&b, "leeway_trainer_store_evicted_total", "Files removed to keep the store's bound.",
            t->evicted_total);
    gauge(&b, "leeway_trainer_slots", "Jobs that may run at the same time.", (double)t->o.slots);
    gauge(&b, "leeway_trainer_jobs_running", "Jobs that hold a slot.",
          (double)trainer_count(t, job_has_slot));
    gauge(&b, "leeway_trainer_queue_depth", "Jobs that wait for a slot.",
          (double)trainer_count(t, is_queued));
    gauge(&b, "leeway_trainer_store_bytes", "Size of all pushed snapshots and artifacts.",
          (double)content_store_bytes(&t->store));
    gauge(&b, "leeway_trainer_store_limit_bytes", "The bound of the store.",
          (double)t->store.max_bytes);
    prom_family(&b, "leeway_trainer_job_duration_seconds", "histogram",
                "Duration of the jobs that succeeded.");
    prom_histogram(&b, "leeway_trainer_job_duration_seconds", NULL, trainer_duration_bounds,
                   t->durations, TRAINER_DURATION_BOUNDS, t->duration_sum);
    size_t len;
    char *text = buf_take(&b, &len);
    if (text) {
        http_respond_take(r, 200, PROM_CONTENT_TYPE, text, len);
    } else {
        http_respond_error(r, 500, "out of memory");
    }
}

/* ---- the probe ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct trainer *t = handle->data;
    if (--t->probe.open_handles > 0 || t->stopping) {
        return;
    }
    struct trainer_probe *p = &t->probe;
    struct err e = {0};
    if (json_parse("--list-backends", p->text, p->len, &p->answer, &e)) {
        log_warn("backends_unknown", LOG_S("program", t->o.train_program),
                 LOG_S("error", e.message), LOG_S("next", "assuming reference and openblas"));
        return;
    }
    const cJSON *why = json_at(p->answer, "no_cuda_because");
    log_info("backends", LOG_I("devices", cJSON_GetArraySize(json_at(p->answer, "devices"))),
             LOG_S("no_cuda_because", cJSON_IsString(why) ? why->valuestring : ""));
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, on_handle_closed);
    }
}

static void on_probe_exit(uv_process_t *process, int64_t status, int signum)
{
    (void)status, (void)signum;
    struct trainer *t = process->data;
    close_handle((uv_handle_t *)process);
    close_handle((uv_handle_t *)&t->probe.timer);
}

static void on_probe_timeout(uv_timer_t *timer)
{
    struct trainer *t = timer->data;
    uv_kill(-t->probe.process.pid, SIGKILL);
}

static void on_probe_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct trainer_probe *p = &((struct trainer *)handle->data)->probe;
    (void)suggested;
    *buf = uv_buf_init(p->text + p->len, (unsigned)(sizeof p->text - p->len));
}

static void on_probe_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct trainer *t = stream->data;
    (void)buf;
    if (n < 0) {
        close_handle((uv_handle_t *)stream);
    } else {
        t->probe.len += (size_t)n;
    }
}

static int probe_spawn(struct trainer *t)
{
    struct trainer_probe *p = &t->probe;
    char *args[] = {(char *)t->o.train_program, (char *)"--list-backends", NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->pipe},
        {.flags = UV_IGNORE}};
    uv_process_options_t options = {.file = args[0],
                                    .args = args,
                                    .exit_cb = on_probe_exit,
                                    .stdio = stdio,
                                    .stdio_count = 3,
                                    .flags = UV_PROCESS_DETACHED};
    return uv_spawn(t->loop, &p->process, &options);
}

void trainer_probe_start(struct trainer *t)
{
    struct trainer_probe *p = &t->probe;
    uv_pipe_init(t->loop, &p->pipe, 0);
    uv_timer_init(t->loop, &p->timer);
    int status = probe_spawn(t);
    p->process.data = p->pipe.data = p->timer.data = t;
    p->open_handles = 3;
    if (status != 0) {
        log_warn("no_train_program", LOG_S("program", t->o.train_program),
                 LOG_S("error", uv_strerror(status)), LOG_S("next", "every job will fail"));
        close_handle((uv_handle_t *)&p->process);
        close_handle((uv_handle_t *)&p->pipe);
        close_handle((uv_handle_t *)&p->timer);
        return;
    }
    uv_read_start((uv_stream_t *)&p->pipe, on_probe_alloc, on_probe_read);
    uv_timer_start(&p->timer, on_probe_timeout, PROBE_TIMEOUT_MS, 0);
}

void trainer_probe_stop(struct trainer *t)
{
    struct trainer_probe *p = &t->probe;
    if (p->open_handles == 0) {
        return;
    }
    if (uv_is_active((uv_handle_t *)&p->process)) {
        uv_kill(-p->process.pid, SIGKILL);
    }
    close_handle((uv_handle_t *)&p->process);
    close_handle((uv_handle_t *)&p->pipe);
    close_handle((uv_handle_t *)&p->timer);
}
