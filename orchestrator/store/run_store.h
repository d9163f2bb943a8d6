/*
 * run_store.h - runs and their timelines. Each transition is one transaction: the run as it stands
 * now, with its pending action, the line in the timeline with its reason and numbers, and the audit
 * record.
 */
#ifndef STORE_RUN_STORE_H
#define STORE_RUN_STORE_H

#include <cjson/cJSON.h>

#include "base/store.h"
#include "machine/run_machine.h"

/* A new run. evidence: what the trigger saw (NULL: {}); policy_sha256 may be "". ERR_CONFLICT where
 * the id exists, or the model has a run under way. Caller's transaction. */
enum err_code run_store_create(struct store *s, const struct run *r, const cJSON *evidence,
                               const char *policy_sha256, const char *actor, struct err *e);

/* What run_step made of ev, to be saved: call it where out->changed. A line goes to the timeline,
 * and a record to the audit log, where out->transition. Caller's transaction. */
enum err_code run_store_save(struct store *s, const struct run *r, const struct run_event *ev,
                             const struct run_outcome *out, int64_t unix_ms, struct err *e);

/* Runs that have not ended, oldest first. *out is owned: free. */
enum err_code run_store_load_active(struct store *s, struct run **out, size_t *n, struct err *e);
enum err_code run_store_load(struct store *s, const char *id, struct run *out, struct err *e);

/* Newest first. model NULL: all. [{"id","model","state","trigger","reason","created_unix_ms",
 * "entered_unix_ms","ended_unix_ms"|null,"paused","champion":{...},"candidate":{...}|null,...}]. */
enum err_code run_store_list(struct store *s, const char *model, int limit, cJSON **out,
                             struct err *e);
/* One run: the list's object with "evidence", "policy_sha256", "plan" and "timeline":
 * [{"n","unix_ms", "from","to","event","actor","reason","numbers","action"}], oldest first. */
enum err_code run_store_show(struct store *s, const char *id, cJSON **out, struct err *e);

/* What guards ask. Times 0: never. */
struct run_history {
    int n_active;
    int n_started_since; /* created at or after since_unix_ms */
    int64_t last_started_unix_ms;
    int64_t last_ended_unix_ms;
    int n_failed_in_a_row; /* ends other than promoted, counted back from the newest */
};
enum err_code run_store_history(struct store *s, const char *model, int64_t since_unix_ms,
                                struct run_history *out, struct err *e);

#endif
