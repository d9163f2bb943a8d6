/*
 * job_process.h - the processes of a job: starting, finding after a restart, signalling.
 *
 * Each job runs in a session and process group of its own. Its processes inherit a descriptor of
 * jobs/ID/lock with an exclusive flock, taken before the fork: the lock is free if and only if none
 * of them lives, which no process id can say (ids are used again; a daemon killed between fork and
 * writing the id down never knew it). They also carry LEEWAY_JOB_FOLDER in their environment, by
 * which they are found when they must be signalled.
 */
#ifndef TRAINER_DAEMON_JOB_PROCESS_H
#define TRAINER_DAEMON_JOB_PROCESS_H

#include <stdbool.h>

#include "base/err.h"
#include "daemon/job.h"

#define JOB_FOLDER_ENV "LEEWAY_JOB_FOLDER"

struct job_command {
    const char *program;                       /* leeway-train */
    const char *snapshot_path, *champion_path; /* champion NULL: none */
};

/* Clears out/, starts the process and sets j->pid. on_exit is called on the loop when the leader
 * ended; it must uv_close the process. */
enum err_code job_process_start(uv_loop_t *loop, struct job *j, const struct job_command *command,
                                uv_exit_cb on_exit, struct err *e);

/* Is any process of the job alive? */
bool job_process_alive(const struct job *j);

/* Sends signum to the job's group, whoever is left of it; finds it first where the id is unknown or
 * no longer the job's. */
void job_process_signal(struct job *j, int signum);

#endif
