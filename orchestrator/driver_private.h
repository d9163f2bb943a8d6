/*
 * driver_private.h - shared by driver.c (events in, actions out) and driver_actions.c (carrying
 * them out).
 */
#ifndef ORCHESTRATOR_DRIVER_PRIVATE_H
#define ORCHESTRATOR_DRIVER_PRIVATE_H

#include "driver.h"

/* A run that is under way. */
struct carried {
    struct driver *driver;
    struct run run;      /* after its newest step */
    bool acting;         /* an action is in flight */
    bool action_waiting; /* another one was given out meanwhile: run.action */
    uint32_t acting_seq; /* of the one in flight */
    int steps_in_flight;
    struct carried *next;
};

struct driver {
    struct daemon *d;
    struct carried *runs;
    uv_timer_t tick;
    struct event_work *waiting; /* to be offered again */
    char problem[512];          /* why a round could not decide for a model; "" */
    bool deciding;              /* a round of decisions is on the worker */
    bool closed;
};

/* An event with everything it points to, on its way to the worker and back. */
struct event_work {
    struct driver *driver;
    char run_id[RUN_ID_BYTES];
    enum run_event_kind kind;
    uint32_t action_seq;
    char actor[128], text[512], sha256[65];
    bool retryable;
    int64_t n_rows;
    int replicas, replicas_away;
    enum run_job_state job;
    double progress;
    enum rollout_verdict verdict;
    int64_t champion_requests, candidate_requests;
    char *detail; /* owned JSON */
    /* FETCH_RESULT: the file that becomes a version */
    char artifact_path[DAEMON_PATH_BYTES];
    char *manifest; /* owned; filled by the worker */

    struct campaign_step step;
    driver_stepped *done; /* operators'; NULL otherwise */
    void *user;
    bool counted; /* in the run's steps_in_flight */
    uv_timer_t retry;
    int tries;
    struct event_work *next_waiting;
};

/* NULL on out of memory: the run's own retry comes round again. */
struct event_work *event_new(struct carried *c, enum run_event_kind kind);
/* Takes w. */
void event_submit(struct event_work *w);
/* An action failed: says so to the machine. */
void event_action_failed(struct carried *c, const struct err *err);

/* Starts run.action of c; its outcome comes as an event. */
void action_start(struct carried *c);

#endif
