/*
 * replica.h - the collector: one struct per replica, visited in turns, for ever.
 *
 * A visit: for each model fetch the report; hand it to the worker; bring the replica up to date
 * where it runs an old generation; read its observation log from where the worker left off until
 * nothing is new; then sleep. A visit that fails is repeated with backoff; nothing is lost, because
 * everything a replica says is cumulative or has an offset. Loop thread only.
 */
#ifndef ORCHESTRATOR_REPLICA_H
#define ORCHESTRATOR_REPLICA_H

#include <cjson/cJSON.h>

#include "daemon.h"

enum replica_state { REPLICA_UNKNOWN, REPLICA_UP, REPLICA_DOWN };

/* What the last visit saw of one model; for status, metrics and the driver. */
struct replica_model {
    char model[128];
    int64_t generation;
    char champion[128], candidate[128]; /* labels; "" for none */
    int64_t requests, errors;
    int64_t log_behind, log_dropped;
    char refused[512]; /* why it would not take a desired state; "" */
    int64_t refused_generation;
};

/* The fleet's callback: adds and removes so that there is one replica per target. */
void replica_sync(struct daemon *d, const struct fleet_targets *targets);
void replica_close_all(struct daemon *d);

/* Visits now rather than at the end of the pause (after the desired state has changed). */
void replica_hurry(struct daemon *d);

const char *replica_url(const struct replica *r);
const char *replica_name(const struct replica *r);
enum replica_state replica_state(const struct replica *r);
const char *replica_error(const struct replica *r);         /* "" where all is well */
int64_t replica_last_seen_unix_ms(const struct replica *r); /* 0: never */
const struct replica_model *replica_find_model(const struct replica *r, const char *model);

/* {"replica", "url", "state", ...} of the OpenAPI file; owned. */
cJSON *replica_to_json(const struct daemon *d, const struct replica *r);

#endif
