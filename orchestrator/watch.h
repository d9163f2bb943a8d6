/*
 * watch.h - the worker's side of watching: what came in becomes windows, labelled rows and signals,
 * and those become decisions. Everything here runs on the store queue, one call at a time, and
 * keeps in memory only what it can rebuild from the store.
 */
#ifndef ORCHESTRATOR_WATCH_H
#define ORCHESTRATOR_WATCH_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/store.h"
#include "machine/run_machine.h"
#include "policies/decide.h"

struct schema;
struct watch;

enum err_code watch_new(const char *artifact_dir, struct watch **out, struct err *e);
void watch_free(struct watch *w);

/* What a report said, for the loop thread. */
struct report_outcome {
    char replica[128], instance[64], log_id[64];
    int64_t generation;
    char champion[128], candidate[128];
    int64_t requests, errors, log_next, log_dropped;
    int64_t from_seq;   /* read the observation log from here */
    int windows_closed; /* by this report */
};

/* Counts a replica's report (safetensors, docs/wire.md): differences against the last one go into
 * the open window and the rollout's sums, in one transaction. The same report twice counts once.
 * address: where the replica answers. */
enum err_code watch_ingest_report(struct watch *w, struct store *s, const char *model,
                                  const char *address, const void *report, size_t size_bytes,
                                  int64_t now_unix_ms, struct report_outcome *out, struct err *e);

/* Reads the labelled rows that are new since the last call into the performance monitors and
 * detectors; *n_points says how many points were added. */
enum err_code watch_fold_labels(struct watch *w, struct store *s, const char *model,
                                size_t *n_points, struct err *e);

/* What the policy says now. request NULL: nobody asks. *has_policy is false where the model has
 * none (then *out is untouched). Clean up with policy_decision_deinit. */
enum err_code watch_decide(struct watch *w, struct store *s, const char *model,
                           const struct policy_request *request, int64_t now_unix_ms,
                           bool *has_policy, struct policy_decision *out, struct err *e);

/* Both sides of the model's rollout compared: the verdict with its numbers (detail is an owned JSON
 * text; text a sentence). */
struct rollout_reading {
    enum rollout_verdict verdict;
    int64_t champion_requests, candidate_requests;
    char text[384];
    char *detail;
};
enum err_code watch_read_rollout(struct watch *w, struct store *s, const struct run *run,
                                 struct rollout_reading *out, struct err *e);

/* The gate: paired losses of a scores file (docs/wire.md). */
enum err_code watch_judge_gate(struct watch *w, struct store *s, const struct run *run,
                               const char *scores_path, struct rollout_reading *out, struct err *e);

/* The candidate of the run is about to be tried: both sides' sums begin at zero. Caller's
 * transaction. */
enum err_code watch_rollout_begins(struct watch *w, struct store *s, const struct run *run,
                                   struct err *e);

/* A run of the model was made. Caller's transaction. */
enum err_code watch_run_started(struct watch *w, struct store *s, const struct run *run,
                                struct err *e);
/* A run has ended, or the champion was changed by hand: what was seen so far is used up; windows,
 * detectors and evidence begin anew. Caller's transaction. */
enum err_code watch_fresh_start(struct watch *w, struct store *s, const char *model, struct err *e);
/* The snapshot of a run was cut: labels from here on are new. Caller's transaction. */
enum err_code watch_snapshot_cut(struct watch *w, struct store *s, const char *model,
                                 struct err *e);
/* The champion or the policy changed: everything cached about the model is read again. */
void watch_forget(struct watch *w, const char *model);

/* The policy that a run was started with, and the model's schema; views until the next watch call.
 */
enum err_code watch_run_policy(struct watch *w, struct store *s, const char *model,
                               const struct policy **policy, const char **sha256, struct err *e);
enum err_code watch_schema(struct watch *w, struct store *s, const char *model,
                           const struct schema **out, struct err *e);

/* ---- for the control API; all owned by the caller ---- */

/* [{"monitor","metric","at_unix_ms","labelled","n","value","reference","version","verdict"}],
 * oldest first. */
enum err_code watch_performance_json(struct watch *w, struct store *s, const char *model, int limit,
                                     cJSON **out, struct err *e);
/* The reference's and one window's shares of a feature, for a chart (window 0: the newest). */
enum err_code watch_feature_json(struct watch *w, struct store *s, const char *model,
                                 const char *feature, int64_t window, cJSON **out, struct err *e);
/* {"outcome","reason","at_unix_ms"} of the newest decision; NULL before the first. */
enum err_code watch_decision_json(struct watch *w, struct store *s, const char *model, cJSON **out,
                                  struct err *e);

#endif
