/*
 * replica_server.h - the one struct of leeway-serve: its identity, its models, its server. The
 * program passes it down; the handlers of the APIs get it as their user pointer.
 */
#ifndef INFERENCE_REPLICA_SERVER_H
#define INFERENCE_REPLICA_SERVER_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "artifact_dir.h"
#include "base/http_server.h"
#include "lane.h"
#include "served_model.h"

#define REPLICA_MAX_MODELS 64

struct replica_options {
    const char *host;
    int port; /* 0: chosen by the system */
    const char *data_dir;
    const char *name;       /* NULL: the host's */
    uint64_t log_bytes;     /* of each model's observation log */
    const char *token_file; /* NULL: no authentication */
    const char *cert_file, *key_file;
    size_t max_body_bytes; /* of an infer request */
    int n_threads;         /* at least 2: one may be loading a version */
};

struct replica;

/* Restores the saved desired states, then listens: whoever reaches the port finds what was served
 * before. *out is owned; free with replica_stop. */
enum err_code replica_start(const struct replica_options *o, struct replica **out, struct err *e);
int replica_port(const struct replica *r);

/* Stops accepting, finishes what runs, frees. */
void replica_stop(struct replica *r, int grace_ms);

/* ---- for the handlers ---- */

const char *replica_name(const struct replica *r);
const char *replica_instance(const struct replica *r); /* random per process start */
int64_t replica_started_unix_ms(const struct replica *r);
struct lanes *replica_lanes(struct replica *r);
const struct artifact_dir *replica_artifacts(const struct replica *r);

/* NULL: unknown. Models are never freed while the replica lives. */
struct served_model *replica_find(struct replica *r, const char *model);
size_t replica_models(struct replica *r, struct served_model *out[REPLICA_MAX_MODELS]);

/* At least one model, and each that shall run does run. */
bool replica_is_ready(struct replica *r);

/* One apply at a time. The model is made where it is new. */
enum err_code replica_apply(struct replica *r, const char *model, const struct desired *wanted,
                            struct apply_result *result, struct served_model **out, struct err *e);
enum err_code replica_stop_model(struct replica *r, const char *model, struct err *e);

#endif
