/*
 * deploy.h - brings one replica to the desired state of one model: PUT the state, push the
 * artifacts that it says are missing, PUT again. Idempotent; loop thread only.
 */
#ifndef ORCHESTRATOR_DEPLOY_H
#define ORCHESTRATOR_DEPLOY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/http_client.h"

struct deploy_target {
    const char *replica_url; /* without a final slash */
    const char *token;       /* NULL: none */
    const char *ca_file;     /* NULL: the system's */
    const char *model;
    const char *desired;      /* JSON of docs/wire.md */
    const char *artifact_dir; /* <artifact_dir>/<sha256>.safetensors */
};

/* err->code: ERR_OK applied; ERR_REFUSED the replica cannot load a version (the message says which
 * and why); ERR_CONFLICT it runs a newer generation; anything else: not reached, try again. */
typedef void deploy_done(const struct err *err, void *user);

/* Copies target. done is called exactly once, never from inside. */
enum err_code deploy_start(struct http_client *client, const struct deploy_target *target,
                           deploy_done *done, void *user, struct err *e);

#endif
