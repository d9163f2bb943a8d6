/*
 * campaign.h - the worker's side of runs: every transition as one transaction (run, timeline,
 * audit, desired state, registry). What the run machine decides is made durable here; the driver
 * carries out what comes back.
 */
#ifndef ORCHESTRATOR_CAMPAIGN_H
#define ORCHESTRATOR_CAMPAIGN_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/store.h"
#include "machine/run_machine.h"
#include "watch.h"

/* Whom to tell of what, as the policy says. */
struct campaign_notice {
    const char *event; /* of the policy's list: "promoted", ...; NULL: nothing to tell */
    size_t n_webhooks;
    char webhooks[POLICY_MAX_NOTIFY][POLICY_TEXT_BYTES];
};

/* The outcome of a step, for the loop thread. */
struct campaign_step {
    struct run run; /* after it */
    struct run_outcome outcome;
    bool desired_changed;
    struct campaign_notice notice;
};

/* Steps one run. version: where not NULL, an artifact to register before (FETCH_RESULT's outcome);
 * its label becomes the event's. ERR_NOT_FOUND where there is no such run. Own transaction. */
struct campaign_version {
    const char *sha256, *path, *manifest_json;
};
enum err_code campaign_step(struct watch *w, struct store *s, const char *run_id,
                            const struct run_event *ev, const struct campaign_version *version,
                            int64_t now_unix_ms, struct campaign_step *out, struct err *e);

/* What the policy says of a model now; where it says retrain, the run is made and started (own
 * transaction). *step is filled where *started. */
struct campaign_decision {
    enum policy_outcome outcome;
    bool has_policy, started;
    char trigger[128];
    char reason[1024];
    struct campaign_notice notice; /* of being held back */
};
enum err_code campaign_decide(struct watch *w, struct store *s, const char *model,
                              const struct policy_request *request, int64_t now_unix_ms,
                              struct campaign_decision *decision, struct campaign_step *step,
                              struct err *e);

/* Puts an earlier version back into service; a run under way is told to take its candidate back. to
 * NULL: the champion before. Own transaction. */
struct campaign_rollback {
    char from[32], to[32];
    int64_t generation;
};
enum err_code campaign_rollback(struct watch *w, struct store *s, const char *model, const char *to,
                                const char *actor, const char *reason, int64_t now_unix_ms,
                                struct campaign_rollback *out, struct err *e);

/* The body of docs/wire.md's submit. *out is owned. */
enum err_code campaign_job_spec(struct watch *w, struct store *s, const struct run *run,
                                cJSON **out, struct err *e);

/* Cuts the training set of a run: writes <dir>/<sha256>.safetensors. */
enum err_code campaign_snapshot(struct watch *w, struct store *s, const struct run *run,
                                const char *dir, int64_t now_unix_ms, char sha256[SHA256_HEX_BYTES],
                                int64_t *n_rows, struct err *e);

#endif
