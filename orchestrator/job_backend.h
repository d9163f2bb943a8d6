/*
 * job_backend.h - where training runs, behind one small interface: the orchestrator says what it
 * wants done with a job, a backend does it over whatever wire it speaks. leeway-trainer's job API
 * is trainer_backend.c; Slurm and Kubernetes are further backends with the same table.
 *
 * Every operation is idempotent: the job id is chosen here (run id + attempt). Every callback comes
 * exactly once, on the loop thread; from inside the call only where it could not even be started.
 */
#ifndef ORCHESTRATOR_JOB_BACKEND_H
#define ORCHESTRATOR_JOB_BACKEND_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/http_client.h"

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_SUCCEEDED, JOB_FAILED, JOB_CANCELLED };

struct job_status {
    enum job_state state;
    char error[256];          /* JOB_FAILED: why */
    char artifact_sha256[65]; /* JOB_SUCCEEDED */
    const cJSON *document; /* the backend's whole answer; a view during the callback; may be NULL */
};

/* err->code ERR_OK on success; status is NULL where the operation has none. */
typedef void job_done(const struct err *err, const struct job_status *status, void *user);

/* What a job needs to be there before it starts. Paths are local files named by their hashes. */
struct job_inputs {
    const char *snapshot_sha256, *snapshot_path;
    const char *champion_sha256, *champion_path; /* NULL: no champion */
};

struct job_backend;

struct job_backend_ops {
    const char *name;
    void (*push)(struct job_backend *b, const struct job_inputs *inputs, job_done *done,
                 void *user);
    /* spec: the body of docs/wire.md's submit; copied */
    void (*submit)(struct job_backend *b, const char *job_id, const cJSON *spec, job_done *done,
                   void *user);
    void (*poll)(struct job_backend *b, const char *job_id, job_done *done, void *user);
    /* Saves the artifact and the paired scores of a succeeded job as files. */
    void (*fetch)(struct job_backend *b, const char *job_id, const char *artifact_path,
                  const char *scores_path, job_done *done, void *user);
    void (*cancel)(struct job_backend *b, const char *job_id, job_done *done, void *user);
    /* Whether it is there and lets us in; changes nothing. */
    void (*probe)(struct job_backend *b, job_done *done, void *user);
    void (*free)(struct job_backend *b);
};

struct job_backend {
    const struct job_backend_ops *ops;
};

/* leeway-trainer at url (at most 300 bytes). token, ca_file may be NULL. client is borrowed. */
enum err_code trainer_backend_new(struct http_client *client, const char *url, const char *token,
                                  const char *ca_file, struct job_backend **out, struct err *e);

#endif
