/*
 * replica_private.h - shared by replica.c (the visits) and replica_set.c (which replicas there are,
 * and what others may ask of one).
 */
#ifndef ORCHESTRATOR_REPLICA_PRIVATE_H
#define ORCHESTRATOR_REPLICA_PRIVATE_H

#include "replica.h"

struct replica {
    struct daemon *d;
    char url[FLEET_URL_BYTES];
    char name[128], instance[64];
    enum replica_state state;
    char error[512];
    int64_t last_seen_unix_ms;
    struct replica_model models[DAEMON_MAX_MODELS];
    size_t n_models;

    uv_timer_t timer;
    bool visiting, hurry, closing;
    int failures; /* visits failed in a row */
    /* The model being visited, by name: d->models may be read again while an answer is awaited. */
    char at[128];
    char log_id[64];   /* of its observation log, as the report said */
    bool met;          /* something was asked in this visit */
    bool visit_failed; /* anything went wrong in this visit */
};

/* The timer's callback: a visit begins. */
void replica_visit(uv_timer_t *timer);
/* Frees the replica once its timer is closed. */
void replica_on_closed(uv_handle_t *handle);

#endif
