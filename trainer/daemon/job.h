/*
 * job.h - a job in the daemon's memory, and its folder on disk.
 *
 *   jobs/ID/spec.json    what was submitted; its presence is the job's
 *          state.json    where it stands (job_status, and the process)
 *          lock          held by the job's processes as long as one of them lives
 *          log           their stderr and stdout
 *          parameters.json, lineage.json   for leeway-train, from the spec
 *          out/          what leeway-train writes: result_manifest.h, train_progress.h
 *
 * Every file but log and lock is written atomically: a crash leaves the old one or the new one.
 */
#ifndef TRAINER_DAEMON_JOB_H
#define TRAINER_DAEMON_JOB_H

#include <cjson/cJSON.h>
#include <limits.h>
#include <sys/types.h>
#include <uv.h>

#include "daemon/job_machine.h"
#include "daemon/job_spec.h"
#include "trainer/result_manifest.h"

struct http_request;
struct trainer;

struct job_waiter { /* a cancel that is answered when the job is over */
    struct http_request *request;
    struct job_waiter *next;
};

struct job {
    struct trainer *trainer;
    struct job *next; /* in order of submission */
    char id[JOB_ID_MAX + 1];
    char folder[PATH_MAX / 2];
    struct job_spec spec;
    struct job_status status;
    struct result_manifest result; /* of a succeeded job */
    pid_t pid;                     /* of the process and of its group; 0: none known */
    bool watched; /* process is open and will report the leader's exit; false for an adopted job */
    bool leader_gone;     /* it has; others of the group may be left */
    bool checking;        /* a work item reads the result; the job must stay */
    int64_t stop_mono_ms; /* when it was told to end */
    char exit_text[128];  /* how the process ended, in words; "" where nobody saw it */
    uv_process_t process;
    struct job_waiter *waiters;
};

/* A new job, QUEUED; takes spec. NULL: out of memory (spec is then freed). */
struct job *job_new(struct trainer *t, const char *jobs_folder, const char *id,
                    struct job_spec *spec, int64_t now_unix_ms);
void job_free(struct job *j);

/* Creates the folder and writes spec.json; from then on the job survives a crash. */
enum err_code job_create(const struct job *j, struct err *e);
/* Writes state.json. */
enum err_code job_save(const struct job *j, struct err *e);
/* Reads jobs_folder/id back. ERR_NOT_FOUND: no job (no spec.json yet). */
enum err_code job_load(struct trainer *t, const char *jobs_folder, const char *id, struct job **out,
                       struct err *e);

void job_path(const struct job *j, const char *name, char out[PATH_MAX]);

/* The status of docs/wire.md, owned; NULL: out of memory. */
cJSON *job_to_json(const struct job *j);

#endif
