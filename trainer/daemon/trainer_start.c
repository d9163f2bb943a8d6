/*
 * trainer_start.c - from a data folder to a running daemon, and back.
 *
 * What the last daemon left is loaded, and what was under way is taken up: a job whose processes
 * live is adopted, one whose processes are gone is judged by what they left, or starts over.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/job_process.h"
#include "daemon/trainer.h"

void trainer_options_init(struct trainer_options *o)
{
    *o = (struct trainer_options){.slots = 1,
                                  .store_bytes = INT64_C(20) << 30,
                                  .max_attempts = 3,
                                  .max_queued = 1000,
                                  .keep_jobs = 500,
                                  .kill_after_ms = 5000};
    http_server_options_init(&o->http);
}

static void insert_sorted(struct trainer *t, struct job *j)
{
    struct job **at = &t->first;
    while (*at && ((*at)->status.submitted_unix_ms < j->status.submitted_unix_ms ||
                   ((*at)->status.submitted_unix_ms == j->status.submitted_unix_ms &&
                    strcmp((*at)->id, j->id) < 0))) {
        at = &(*at)->next;
    }
    j->next = *at;
    *at = j;
    if (!j->next) {
        t->last = j;
    }
}

static void load_one(struct trainer *t, const char *id)
{
    struct job *j;
    struct err e = {0};
    enum err_code code = job_load(t, t->jobs_folder, id, &j, &e);
    if (code == ERR_OK) {
        insert_sorted(t, j);
        return;
    }
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/%s", t->jobs_folder, id);
    if (code == ERR_NOT_FOUND && strcmp(id, "") != 0) {
        file_remove_tree(folder, NULL); /* its submit was never answered */
    } else {
        log_error("job_not_loaded", LOG_S("job", id), LOG_S("error", e.message),
                  LOG_S("next", "its folder is left alone"));
    }
}

static enum err_code load_jobs(struct trainer *t, struct err *e)
{
    DIR *dir = opendir(t->jobs_folder);
    struct dirent *d;
    if (!dir) {
        return err_set_errno(e, errno, "cannot read %s", t->jobs_folder);
    }
    while ((d = readdir(dir))) {
        if (job_id_valid(d->d_name)) {
            load_one(t, d->d_name);
        }
    }
    closedir(dir);
    return ERR_OK;
}

/* A job that was under way: adopted where its processes live, else judged by what they left. */
static void recover(struct trainer *t, struct job *j)
{
    if (j->status.state == JOB_CHECKING) {
        job_check_start(j);
        return;
    }
    bool alive = job_process_alive(j);
    log_info("job_recovered", LOG_S("job", j->id), LOG_B("alive", alive), LOG_I("pid", j->pid),
             LOG_S("next", alive ? "adopted" : "its result is checked"));
    if (!alive) {
        trainer_event(t, j, JOB_ON_GONE, NULL);
        return;
    }
    if (j->status.state == JOB_STOPPING) {
        j->stop_mono_ms = clock_mono_ms();
        job_process_signal(j, SIGTERM);
    }
    trainer_ensure_tick(t);
}

static void recover_all(struct trainer *t)
{
    for (struct job *j = t->first; j; j = j->next) {
        if (job_has_slot(j->status.state)) {
            recover(t, j);
        }
    }
}

static enum err_code make_folders(struct trainer *t, struct err *e)
{
    char *data = NULL, store[PATH_MAX / 2];
    enum err_code code = file_mkdirs(t->o.data, e);
    /* Absolute: running processes are known by their folder, whatever the next start calls it. */
    if (!code && (!(data = realpath(t->o.data, NULL)) ||
                  strlen(data) + sizeof "/store" + JOB_ID_MAX > PATH_MAX / 4)) {
        code = err_set(e, ERR_INVALID, "--data: not a usable path: %.200s", t->o.data);
    }
    if (!code) {
        snprintf(t->jobs_folder, sizeof t->jobs_folder, "%.800s/jobs", data);
        snprintf(t->spool_folder, sizeof t->spool_folder, "%.800s/spool", data);
        snprintf(store, sizeof store, "%s/store", data);
        code = file_lock_folder(data, &t->lock_fd, e);
    }
    code = code ? code : file_remove_tree(t->spool_folder, e); /* half of an upload is nothing */
    code = code ? code : file_mkdirs(t->spool_folder, e);
    code = code ? code : file_mkdirs(t->jobs_folder, e);
    code = code ? code : content_store_init(&t->store, store, t->o.store_bytes, e);
    free(data);
    return code;
}

static void init_handles(struct trainer *t)
{
    uv_timer_init(t->loop, &t->tick);
    uv_idle_init(t->loop, &t->pump);
    t->tick.data = t;
    t->pump.data = t;
}

enum err_code trainer_start(struct trainer *t, const struct trainer_options *o, uv_loop_t *loop,
                            struct err *e)
{
    *t = (struct trainer){.o = *o, .loop = loop, .lock_fd = -1};
    init_handles(t);
    enum err_code code = make_folders(t, e);
    code = code ? code : load_jobs(t, e);
    if (!code) {
        t->o.http.spool_dir = t->spool_folder;
        t->o.http.max_body_bytes = (size_t)o->store_bytes;
        code = http_server_start(loop, &t->o.http, trainer_routes, t, &t->http, e);
    }
    if (!code) {
        recover_all(t);
        trainer_probe_start(t);
        trainer_pump_soon(t);
    }
    return code;
}

void trainer_stop(struct trainer *t)
{
    t->stopping = true;
    uv_close((uv_handle_t *)&t->pump, NULL);
    for (struct job *j = t->first; j; j = j->next) {
        if (j->status.state == JOB_RUNNING) {
            trainer_event(t, j, JOB_ON_SHUTDOWN, NULL);
        }
    }
    trainer_probe_stop(t);
    if (t->http) {
        http_server_stop(t->http, 2000, NULL, NULL);
    }
    trainer_ensure_tick(t); /* closes itself once no process is left */
}

void trainer_deinit(struct trainer *t)
{
    for (struct job *j = t->first, *next; j; j = next) {
        next = j->next;
        job_free(j);
    }
    cJSON_Delete(t->probe.answer);
    if (t->lock_fd >= 0) {
        close(t->lock_fd);
    }
}
