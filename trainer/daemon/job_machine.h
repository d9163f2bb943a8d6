/*
 * job_machine.h - the life of a job, as a pure machine: no I/O, no clock. The daemon turns
 * processes, timers and requests into events and carries out the one action that comes back.
 *
 *            slot                 gone            valid
 *   QUEUED --------> RUNNING ------------> CHECKING -----> SUCCEEDED
 *     |                 | cancel, deadline,    | invalid
 *     | cancel          v shutdown             v
 *     v             STOPPING ---- gone ---> CANCELLED, FAILED, or QUEUED again (shutdown)
 *   CANCELLED
 */
#ifndef TRAINER_DAEMON_JOB_MACHINE_H
#define TRAINER_DAEMON_JOB_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* X(symbol, name on disk, name on the wire) */
#define JOB_STATE_LIST(X)                                                                          \
    X(JOB_QUEUED, "queued", "queued")          /* waits for a slot */                              \
    X(JOB_RUNNING, "running", "running")       /* its process runs, or is about to */              \
    X(JOB_STOPPING, "stopping", "running")     /* its process group was told to end */             \
    X(JOB_CHECKING, "checking", "running")     /* the process is gone; is there a valid result? */ \
    X(JOB_SUCCEEDED, "succeeded", "succeeded") /* a valid result manifest is there */              \
    X(JOB_FAILED, "failed", "failed")                                                              \
    X(JOB_CANCELLED, "cancelled", "cancelled")

enum job_state {
#define X(symbol, name, wire) symbol,
    JOB_STATE_LIST(X)
#undef X
};

/* X(symbol, name on disk): why a job is STOPPING */
#define JOB_STOP_LIST(X)                                                                           \
    X(JOB_STOP_NONE, "none")                                                                       \
    X(JOB_STOP_CANCEL, "cancel")                                                                   \
    X(JOB_STOP_DEADLINE, "deadline")                                                               \
    X(JOB_STOP_SHUTDOWN, "shutdown") /* the daemon ends in good order; the job starts over */

enum job_stop {
#define X(symbol, name) symbol,
    JOB_STOP_LIST(X)
#undef X
};

enum job_event_kind {
    JOB_ON_SLOT,        /* a slot is free for it */
    JOB_ON_SPAWN_ERROR, /* the process could not be started; message says why */
    JOB_ON_CANCEL,
    JOB_ON_DEADLINE,
    JOB_ON_SHUTDOWN,
    JOB_ON_GRACE_OVER,  /* told to end, and still there */
    JOB_ON_GONE,        /* no process of the job is left */
    JOB_ON_VALID,       /* the result manifest and its files are good */
    JOB_ON_INVALID,     /* they are not; message says why */
    JOB_ON_INTERRUPTED, /* no result and no error, and nobody saw how the process ended */
};

struct job_event {
    enum job_event_kind kind;
    int64_t now_unix_ms;
    const char *message; /* NULL but where the kind says so */
};

enum job_action {
    JOB_DO_NOTHING,
    JOB_DO_SPAWN,
    JOB_DO_TERMINATE, /* SIGTERM to the group */
    JOB_DO_KILL,      /* SIGKILL to the group */
    JOB_DO_CHECK,     /* verify the result */
};

struct job_status {
    enum job_state state;
    enum job_stop stop;
    int attempts; /* processes started for it, those ended by a shutdown not counted */
    int64_t submitted_unix_ms, started_unix_ms,
        ended_unix_ms; /* 0: not yet; started: last attempt */
    char error[512];
};

/* Moves *s and returns what to do. An event that means nothing in a state changes nothing. */
enum job_action job_step(struct job_status *s, const struct job_event *event, int max_attempts);

bool job_is_over(enum job_state state);  /* succeeded, failed, cancelled */
bool job_has_slot(enum job_state state); /* running, stopping, checking */

const char *job_state_name(enum job_state s);
const char *job_state_wire(enum job_state s);
const char *job_stop_name(enum job_stop s);
bool job_state_parse(const char *name, enum job_state *out);
bool job_stop_parse(const char *name, enum job_stop *out);

#endif
