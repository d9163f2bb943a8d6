/*
 * trainer.h - the daemon: its one struct, and what its files do for each other.
 *
 *   trainer_start.c   start, recovery, stop
 *   trainer.c         the queue, the processes, what each action of the job machine does
 *   job_check.c       is there a valid result?
 *   job_api.c         HTTP: jobs
 *   content_api.c     HTTP: snapshots, artifacts
 *   trainer_status.c  HTTP: capacity, metrics, health; the probe of backends
 *   trainer_main.c    options, signals
 *
 * Everything runs on one uv loop; hashing and verifying of big files goes to its thread pool.
 */
#ifndef TRAINER_DAEMON_TRAINER_H
#define TRAINER_DAEMON_TRAINER_H

#include <cjson/cJSON.h>
#include <limits.h>
#include <uv.h>

#include "base/err.h"
#include "base/http_server.h"
#include "daemon/content_store.h"
#include "daemon/job.h"

#define TRAINER_DURATION_BOUNDS 8

struct trainer_options {
    struct http_server_options http;
    const char *data;          /* folder */
    const char *train_program; /* path of leeway-train */
    int64_t slots, store_bytes;
    int64_t max_attempts, max_queued, keep_jobs;
    int64_t kill_after_ms; /* between SIGTERM and SIGKILL */
    bool allow_fault_injection;
};

void trainer_options_init(struct trainer_options *o);

struct trainer_probe { /* a run of leeway-train --list-backends at start */
    uv_process_t process;
    uv_pipe_t pipe;
    uv_timer_t timer;
    char text[65536];
    size_t len;
    cJSON *answer; /* NULL: not there yet, or it failed */
    int open_handles;
};

struct trainer {
    struct trainer_options o;
    uv_loop_t *loop;
    struct http_server *http;
    struct content_store store;
    char jobs_folder[PATH_MAX / 4], spool_folder[PATH_MAX / 4];
    int lock_fd;              /* of the data folder */
    struct job *first, *last; /* all jobs, in order of submission */
    uv_timer_t tick;          /* runs while a job does */
    uv_idle_t pump;           /* starts queued jobs in the next turn */
    bool ticking, stopping;
    struct trainer_probe probe;
    uint64_t submitted_total, over_total[JOB_CANCELLED + 1], requeued_total, evicted_total;
    uint64_t durations[TRAINER_DURATION_BOUNDS + 1]; /* of succeeded jobs */
    double duration_sum;
};

extern const double trainer_duration_bounds[TRAINER_DURATION_BOUNDS];

/* Locks the data folder, loads its jobs, adopts or re-queues those that were running, listens,
 * starts what there is room for. */
enum err_code trainer_start(struct trainer *t, const struct trainer_options *o, uv_loop_t *loop,
                            struct err *e);
/* Stops listening and ends running jobs, which start over at the next start; then the loop runs
 * dry. */
void trainer_stop(struct trainer *t);
/* After the loop ran dry. */
void trainer_deinit(struct trainer *t);

/* ---- jobs ---- */

struct job *trainer_find_job(const struct trainer *t, const char *id);
/* Feeds one event to a job: steps the machine, saves, does the action. message may be NULL. */
void trainer_event(struct trainer *t, struct job *j, enum job_event_kind kind, const char *message);
/* Records and queues a new job; takes j. */
enum err_code trainer_submit(struct trainer *t, struct job *j, struct err *e);
size_t trainer_count(const struct trainer *t, bool (*is)(enum job_state));
/* Does a job that is not over need this file? For the store's eviction. user: the trainer. */
bool trainer_pins(const char *sha256, void *user);
/* Verifies what the job left, in the thread pool; then VALID, INVALID or INTERRUPTED. */
void job_check_start(struct job *j);
/* Looks after processes from now on. */
void trainer_ensure_tick(struct trainer *t);
/* Starts what is queued, as far as there are slots, in the loop's next turn. */
void trainer_pump_soon(struct trainer *t);
/* Makes room in the store. */
void trainer_evict(struct trainer *t);

/* ---- HTTP ---- */

extern const struct http_route trainer_routes[];

void job_api_submit(struct http_request *r, void *user);
void job_api_status(struct http_request *r, void *user);
void job_api_list(struct http_request *r, void *user);
void job_api_cancel(struct http_request *r, void *user);
void job_api_log(struct http_request *r, void *user);
void job_api_artifact(struct http_request *r, void *user);
void job_api_scores(struct http_request *r, void *user);
/* Answers the requests that wait for the end of j. */
void job_api_answer_waiters(struct job *j);

void content_api_put_snapshot(struct http_request *r, void *user);
void content_api_get_snapshot(struct http_request *r, void *user);
void content_api_put_artifact(struct http_request *r, void *user);
void content_api_get_artifact(struct http_request *r, void *user);

void trainer_status_capacity(struct http_request *r, void *user);
void trainer_status_metrics(struct http_request *r, void *user);
void trainer_status_health(struct http_request *r, void *user);
/* Asks the train program what it can train on; capacity answers with the CPU backends until it is
 * known. */
void trainer_probe_start(struct trainer *t);
void trainer_probe_stop(struct trainer *t);

#endif
