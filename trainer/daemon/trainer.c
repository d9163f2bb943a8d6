/*
 * trainer.c - the daemon's heart: jobs on disk become a list in memory, events step them, actions
 * are done.
 *
 * State files are written from the loop: a few hundred bytes and an fsync per transition, of which
 * a job has four. What can be big (verifying a result) goes to the thread pool.
 */
#include "daemon/trainer.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/job_process.h"

#define TICK_MS 100

const double trainer_duration_bounds[TRAINER_DURATION_BOUNDS] = {0.1, 0.5, 1,   5,
                                                                 30,  120, 600, 3600};

/* ---- the list ---- */

struct job *trainer_find_job(const struct trainer *t, const char *id)
{
    for (struct job *j = t->first; j; j = j->next) {
        if (strcmp(j->id, id) == 0) {
            return j;
        }
    }
    return NULL;
}

size_t trainer_count(const struct trainer *t, bool (*is)(enum job_state))
{
    size_t n = 0;
    for (const struct job *j = t->first; j; j = j->next) {
        n += is(j->status.state);
    }
    return n;
}

static void append(struct trainer *t, struct job *j)
{
    j->next = NULL;
    if (t->last) {
        t->last->next = j;
    } else {
        t->first = j;
    }
    t->last = j;
}

static void unlink_job(struct trainer *t, struct job *j)
{
    struct job **at = &t->first, *before = NULL;
    while (*at != j) {
        before = *at;
        at = &before->next;
    }
    *at = j->next;
    if (t->last == j) {
        t->last = before;
    }
}

/* Forgets the oldest finished jobs beyond keep_jobs, folder and all. */
static void purge(struct trainer *t)
{
    size_t over = trainer_count(t, job_is_over);
    for (struct job *j = t->first, *next; j && over > (size_t)t->o.keep_jobs; j = next) {
        next = j->next;
        if (job_is_over(j->status.state) && !j->checking && !j->watched) {
            struct err e = {0};
            if (file_remove_tree(j->folder, &e)) {
                log_warn("job_not_removed", LOG_S("job", j->id), LOG_S("error", e.message));
            }
            unlink_job(t, j);
            job_free(j);
            over--;
        }
    }
}

bool trainer_pins(const char *sha256, void *user)
{
    const struct trainer *t = user;
    for (const struct job *j = t->first; j; j = j->next) {
        if (!job_is_over(j->status.state) &&
            (strcmp(j->spec.snapshot, sha256) == 0 || strcmp(j->spec.champion, sha256) == 0)) {
            return true;
        }
    }
    return false;
}

void trainer_evict(struct trainer *t)
{
    int n = content_store_evict(&t->store, trainer_pins, t);
    t->evicted_total += (uint64_t)n;
    if (n > 0) {
        log_info("store_evicted", LOG_I("files", n), LOG_I("limit_bytes", t->store.max_bytes));
    }
}

/* ---- processes ---- */

static void on_process_closed(uv_handle_t *handle)
{
    struct job *j = handle->data;
    j->watched = false;
}

static void on_process_exit(uv_process_t *process, int64_t status, int signum)
{
    struct job *j = process->data;
    if (signum) {
        snprintf(j->exit_text, sizeof j->exit_text, "was killed by signal %d (%s)", signum,
                 strsignal(signum));
    } else {
        snprintf(j->exit_text, sizeof j->exit_text, "exited with code %lld", (long long)status);
    }
    j->leader_gone = true;
    uv_close((uv_handle_t *)process, on_process_closed);
    if (job_process_alive(j)) {
        job_process_signal(j, SIGKILL); /* children that outlived it; the tick waits for them */
    } else {
        trainer_event(j->trainer, j, JOB_ON_GONE, NULL);
    }
}

static bool has_process(enum job_state s)
{
    return s == JOB_RUNNING || s == JOB_STOPPING;
}

static void tick_job(struct trainer *t, struct job *j)
{
    const struct job_status *s = &j->status;
    bool reported = j->watched && !j->leader_gone;
    if (!reported && !job_process_alive(j)) {
        trainer_event(t, j, JOB_ON_GONE, NULL);
    } else if (j->leader_gone) {
        job_process_signal(j, SIGKILL);
    } else if (s->state == JOB_RUNNING &&
               clock_unix_ms() - s->started_unix_ms > j->spec.deadline_s * 1000) {
        trainer_event(t, j, JOB_ON_DEADLINE, NULL);
    } else if (s->state == JOB_STOPPING && clock_mono_ms() - j->stop_mono_ms > t->o.kill_after_ms) {
        trainer_event(t, j, JOB_ON_GRACE_OVER, NULL);
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct trainer *t = timer->data;
    for (struct job *j = t->first, *next; j; j = next) {
        next = j->next;
        if (has_process(j->status.state)) {
            tick_job(t, j);
        }
    }
    if (trainer_count(t, has_process) == 0) {
        uv_timer_stop(timer);
        t->ticking = false;
    }
    if (t->stopping && !t->ticking && !uv_is_closing((uv_handle_t *)timer)) {
        uv_close((uv_handle_t *)timer, NULL);
    }
}

void trainer_ensure_tick(struct trainer *t)
{
    if (!t->ticking) {
        t->ticking = true;
        uv_timer_start(&t->tick, on_tick, TICK_MS, TICK_MS);
    }
}

static enum err_code spawn(struct trainer *t, struct job *j, struct err *e)
{
    char snapshot[PATH_MAX], champion[PATH_MAX];
    struct job_command command = {.program = t->o.train_program, .snapshot_path = snapshot};
    content_store_path(&t->store, CONTENT_SNAPSHOT, j->spec.snapshot, snapshot);
    content_store_use(&t->store, CONTENT_SNAPSHOT, j->spec.snapshot);
    if (j->spec.champion[0]) {
        content_store_path(&t->store, CONTENT_ARTIFACT, j->spec.champion, champion);
        content_store_use(&t->store, CONTENT_ARTIFACT, j->spec.champion);
        command.champion_path = champion;
    }
    return job_process_start(t->loop, j, &command, on_process_exit, e);
}

/* ---- events and actions ---- */

static bool save(struct job *j, struct err *e)
{
    if (job_save(j, e) == ERR_OK) {
        return true;
    }
    log_error("state_not_saved", LOG_S("job", j->id), LOG_S("error", e->message),
              LOG_S("next", "a restart would find its last saved state"));
    return false;
}

static void do_spawn(struct trainer *t, struct job *j, bool saved, struct err *e)
{
    /* A process that no file speaks of would be lost with the daemon: no record, no process. */
    if (!saved || spawn(t, j, e)) {
        trainer_event(t, j, JOB_ON_SPAWN_ERROR, e->message);
        return;
    }
    save(j, e);
    trainer_ensure_tick(t);
}

static void do_action(struct trainer *t, struct job *j, enum job_action action, bool saved,
                      struct err *e)
{
    switch (action) {
    case JOB_DO_NOTHING:
        break;
    case JOB_DO_SPAWN:
        do_spawn(t, j, saved, e);
        break;
    case JOB_DO_TERMINATE:
        j->stop_mono_ms = clock_mono_ms();
        job_process_signal(j, SIGTERM);
        trainer_ensure_tick(t);
        break;
    case JOB_DO_KILL:
        log_warn("job_killed", LOG_S("job", j->id), LOG_S("reason", "it ignored SIGTERM"));
        job_process_signal(j, SIGKILL);
        break;
    case JOB_DO_CHECK:
        job_check_start(j);
        break;
    }
}

static void count_end(struct trainer *t, const struct job *j)
{
    const struct job_status *s = &j->status;
    t->over_total[s->state]++;
    if (s->state != JOB_SUCCEEDED) {
        return;
    }
    double seconds = (double)(s->ended_unix_ms - s->started_unix_ms) / 1000;
    int bucket = 0;
    while (bucket < TRAINER_DURATION_BOUNDS && seconds > trainer_duration_bounds[bucket]) {
        bucket++;
    }
    t->durations[bucket]++;
    t->duration_sum += seconds;
}

static void log_transition(const struct job *j, enum job_state from)
{
    log_info("job", LOG_S("job", j->id), LOG_S("model", j->spec.model),
             LOG_S("from", job_state_name(from)), LOG_S("to", job_state_name(j->status.state)),
             LOG_I("attempt", j->status.attempts), LOG_I("pid", j->pid),
             LOG_S("error", j->status.error));
}

static void pump(struct trainer *t)
{
    for (struct job *j = t->first; j && !t->stopping; j = j->next) {
        if (trainer_count(t, job_has_slot) >= (size_t)t->o.slots) {
            return;
        }
        if (j->status.state == JOB_QUEUED && !j->watched) {
            trainer_event(t, j, JOB_ON_SLOT, NULL);
        }
    }
}

static void on_pump(uv_idle_t *idle)
{
    struct trainer *t = idle->data;
    uv_idle_stop(idle);
    purge(t);
    pump(t);
}

/* Starting what is queued waits for the next turn of the loop: an event that frees a slot would
 * else start jobs, fail, and start jobs again from within itself. */
void trainer_pump_soon(struct trainer *t)
{
    if (!t->stopping) {
        uv_idle_start(&t->pump, on_pump);
    }
}

void trainer_event(struct trainer *t, struct job *j, enum job_event_kind kind, const char *message)
{
    struct err e = {0};
    enum job_state from = j->status.state;
    const struct job_event event = {kind, clock_unix_ms(), message};
    enum job_action action = job_step(&j->status, &event, (int)t->o.max_attempts);
    enum job_state to = j->status.state;
    bool saved = true;
    if (from != to || kind == JOB_ON_CANCEL) {
        if (!job_has_slot(to)) {
            j->pid = 0;
        }
        log_transition(j, from);
        saved = save(j, &e);
    }
    if (from != to && job_is_over(to)) {
        count_end(t, j);
    } else if (from != to && to == JOB_QUEUED) {
        t->requeued_total++;
    }
    do_action(t, j, action, saved, &e);
    if (from != to && !job_has_slot(to)) {
        job_api_answer_waiters(j);
        trainer_pump_soon(t);
    }
}

enum err_code trainer_submit(struct trainer *t, struct job *j, struct err *e)
{
    enum err_code code = job_create(j, e);
    if (code) {
        file_remove_tree(j->folder, NULL);
        job_free(j);
        return code;
    }
    append(t, j);
    t->submitted_total++;
    log_info("job_submitted", LOG_S("job", j->id), LOG_S("model", j->spec.model),
             LOG_S("snapshot", j->spec.snapshot), LOG_S("champion", j->spec.champion));
    trainer_pump_soon(t);
    return ERR_OK;
}
