/*
 * run_machine.h - a run, from trigger to its end, as a pure function of (run, event, now): the next
 * state and ONE action for the shell to carry out. No I/O, no clock, no log, no memory of its own.
 *
 * The contract with the shell (the driver of leewayd, backtests, tests):
 *
 * Times are wall milliseconds, because they must survive a restart; a clock that jumps back delays
 * and never breaks.
 *
 * A run has at most ONE action in flight. Where run_step gives out another one while the first has
 * not ended (an abort while a submit is under way), the shell starts it after the first has ended;
 * the first one's outcome carries an old action_seq and is ignored.
 *
 * After every step whose outcome says `changed` the run is saved, with its transition and audit
 * record where there is one, in one transaction; only then is the action started. So a shell may as
 * well load the run anew for each step.
 *
 * After a restart the shell loads the run and feeds RUN_EV_START: the pending action is given out
 * again under the same action_seq. Actions are idempotent: a job goes by (run, job attempt),
 * snapshots and artifacts by content, desired states by generation.
 *
 * RUN_EV_TICK is due at run->next_at_ms (INT64_MAX: never); an early one does no harm.
 *
 * Replicas that are away: a push has succeeded when every replica that could be reached runs it and
 * at least one did (or the fleet is empty). One that is away is brought up by the collector at the
 * next poll, because control is desired state; it does not stop a rollout, and it cannot undo one.
 * A replica that refuses a version (golden rows, load failure) fails the push for good: the run
 * rolls back.
 */
#ifndef MACHINE_RUN_MACHINE_H
#define MACHINE_RUN_MACHINE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sha256.h"
#include "machine/rollout.h"

#define RUN_ID_BYTES 64
#define RUN_MODEL_BYTES 128
#define RUN_LABEL_BYTES 32
#define RUN_REASON_BYTES 512
#define RUN_READING_BYTES 256

/*
 * X(symbol, name, default deadline in ms, sentence). The deadline is for the whole state, retries
 * included; for SHADOW and CANARY it is for the push alone (then the stage's own max_time holds);
 * 0: none.
 */
#define RUN_STATE_LIST(X)                                                                          \
    X(RUN_AWAITING_APPROVAL, "awaiting_approval", 604800000,                                       \
      "an operator must allow the training")                                                       \
    X(RUN_SNAPSHOT, "snapshot", 600000, "the training set is being written")                       \
    X(RUN_PUSH, "push", 1800000, "snapshot and champion go to the trainer")                        \
    X(RUN_SUBMIT, "submit", 1800000, "the job is handed to the trainer")                           \
    X(RUN_TRAIN, "train", 3600000, "the job runs; it is polled")                                   \
    X(RUN_FETCH, "fetch", 1800000, "candidate and scores come from the trainer")                   \
    X(RUN_GATE, "gate", 600000, "candidate and champion are compared on the holdout")              \
    X(RUN_DISTRIBUTE, "distribute", 1800000, "the fleet loads the candidate at weight 0")          \
    X(RUN_SHADOW, "shadow", 600000, "the candidate scores what the champion answers")              \
    X(RUN_CANARY, "canary", 600000, "the candidate answers part of the requests")                  \
    X(RUN_AWAITING_PROMOTION, "awaiting_promotion", 604800000,                                     \
      "an operator must allow the promotion")                                                      \
    X(RUN_PROMOTE, "promote", 1800000, "the fleet makes the candidate its champion")               \
    X(RUN_ROLL_BACK, "roll_back", 1800000, "the fleet goes back to the old champion alone")        \
    X(RUN_CANCEL, "cancel", 1800000, "the job is being cancelled")                                 \
    X(RUN_PROMOTED, "promoted", 0, "end: the candidate is the champion")                           \
    X(RUN_REJECTED, "rejected", 0, "end: the gate did not let the candidate through")              \
    X(RUN_ROLLED_BACK, "rolled_back", 0, "end: the rollout took the candidate back")               \
    X(RUN_FAILED, "failed", 0, "end: something could not be done")                                 \
    X(RUN_ABORTED, "aborted", 0, "end: an operator stopped it")                                    \
    X(RUN_EXPIRED, "expired", 0, "end: nobody approved in time")

enum run_state {
#define X(symbol, name, deadline_ms, sentence) symbol,
    RUN_STATE_LIST(X)
#undef X
};
#define X(symbol, name, deadline_ms, sentence) +1
enum { RUN_N_STATES = 0 RUN_STATE_LIST(X) };
#undef X

/* X(symbol, name, operator's verb?, sentence) */
#define RUN_EVENT_LIST(X)                                                                          \
    X(RUN_EV_START, "start", false, "the run was made, or the daemon came back")                   \
    X(RUN_EV_TICK, "tick", false, "time has passed")                                               \
    X(RUN_EV_ACTION_OK, "action_ok", false, "the action was carried out")                          \
    X(RUN_EV_ACTION_FAILED, "action_failed", false, "the action could not be carried out")         \
    X(RUN_EV_JOB_STATUS, "job_status", false, "the outcome of a poll")                             \
    X(RUN_EV_GATE_VERDICT, "gate_verdict", false, "the outcome of the gate's evaluation")          \
    X(RUN_EV_ROLLOUT_NUMBERS, "rollout_numbers", false, "the outcome of reading both sides")       \
    X(RUN_EV_APPROVE, "approve", true, "allow what is waited for")                                 \
    X(RUN_EV_PAUSE, "pause", true, "start nothing new; safety checks go on")                       \
    X(RUN_EV_RESUME, "resume", true, "go on")                                                      \
    X(RUN_EV_PROMOTE, "promote", true, "make the candidate champion now, skipping what is left")   \
    X(RUN_EV_ABORT, "abort", true, "stop; take back what has been rolled out")                     \
    X(RUN_EV_ROLLBACK, "rollback", true, "take the candidate back")

enum run_event_kind {
#define X(symbol, name, verb, sentence) symbol,
    RUN_EVENT_LIST(X)
#undef X
};

/* X(symbol, name, sentence) */
#define RUN_ACTION_LIST(X)                                                                         \
    X(RUN_ACT_NONE, "none", "wait until next_at_ms or an event")                                   \
    X(RUN_ACT_BUILD_SNAPSHOT, "build_snapshot", "ACTION_OK: sha256, n_rows")                       \
    X(RUN_ACT_PUSH_SNAPSHOT, "push_snapshot", "snapshot and champion to the trainer; ACTION_OK")   \
    X(RUN_ACT_SUBMIT_JOB, "submit_job", "job id = run_job_id; ACTION_OK")                          \
    X(RUN_ACT_POLL_JOB, "poll_job", "JOB_STATUS")                                                  \
    X(RUN_ACT_FETCH_RESULT, "fetch_result",                                                        \
      "artifact stored and registered as candidate, scores stored; ACTION_OK: sha256, label")      \
    X(RUN_ACT_EVALUATE_GATE, "evaluate_gate", "GATE_VERDICT")                                      \
    X(RUN_ACT_PUSH_DESIRED, "push_desired",                                                        \
      "run_desired to every replica; ACTION_OK: replicas, replicas_away")                          \
    X(RUN_ACT_READ_ROLLOUT, "read_rollout", "ROLLOUT_NUMBERS")                                     \
    X(RUN_ACT_CANCEL_JOB, "cancel_job", "ACTION_OK; a job nobody knows counts as cancelled")

enum run_action_kind {
#define X(symbol, name, sentence) symbol,
    RUN_ACTION_LIST(X)
#undef X
};

/* X(symbol, name, sentence) */
#define RUN_JOB_LIST(X)                                                                            \
    X(RUN_JOB_QUEUED, "queued", "the trainer will start it")                                       \
    X(RUN_JOB_RUNNING, "running", "it trains")                                                     \
    X(RUN_JOB_SUCCEEDED, "succeeded", "a valid result is there")                                   \
    X(RUN_JOB_FAILED, "failed", "it ended without a valid result")                                 \
    X(RUN_JOB_CANCELLED, "cancelled", "it was cancelled")                                          \
    X(RUN_JOB_UNKNOWN, "unknown", "the trainer does not know it: hand it over again")

enum run_job_state {
#define X(symbol, name, sentence) symbol,
    RUN_JOB_LIST(X)
#undef X
};

/* What a run was told to do when it was made; a policy edited later does not change a run under
 * way. */
struct run_plan {
    bool approve_training;
    bool approve_promotion;
    bool gate; /* false: no gate */
    int64_t deadline_ms[RUN_N_STATES];
    int64_t retry_min_ms, retry_max_ms; /* backoff doubles from min to max */
    int64_t poll_ms;                    /* between polls of the job */
    int64_t read_ms;                    /* between readings of a rollout */
    int job_retries;             /* further jobs after one that failed for no fault of its data */
    struct rollout_plan rollout; /* shadow stages first */
};

/* The defaults: gate on, no approvals, no rollout stages, the deadlines above. */
void run_plan_init(struct run_plan *p);

struct run {
    char id[RUN_ID_BYTES];
    char model[RUN_MODEL_BYTES];
    char trigger[RUN_MODEL_BYTES]; /* the name of what asked for it, e.g. "drift" */
    struct run_plan plan;
    char champion[SHA256_HEX_BYTES]; /* "": the model has none yet */
    char champion_label[RUN_LABEL_BYTES];
    char candidate[SHA256_HEX_BYTES]; /* "" until fetched */
    char candidate_label[RUN_LABEL_BYTES];
    char snapshot[SHA256_HEX_BYTES];
    int64_t snapshot_rows;
    enum rollout_verdict gate_verdict;

    enum run_state state;
    enum run_state end;                /* where ROLL_BACK and CANCEL lead */
    char reason[RUN_REASON_BYTES];     /* of the last transition */
    char end_reason[RUN_REASON_BYTES]; /* why it is being taken back or cancelled */
    int64_t created_ms;
    int64_t entered_ms;  /* the state */
    int64_t deadline_ms; /* of the state; INT64_MAX: none */
    int64_t next_at_ms;  /* when a TICK is due; INT64_MAX: never */
    int64_t again_ms;    /* when the pending action is given out (again); INT64_MAX: not by time */
    enum run_action_kind action; /* the pending one */
    uint32_t action_seq;
    bool in_flight;
    uint32_t attempt; /* failures of the action in a row */
    bool pushed;      /* SHADOW, CANARY: the fleet runs the stage */
    bool paused;
    int64_t paused_ms;
    struct rollout rollout;
    char reading[RUN_READING_BYTES]; /* of this stage, the last one in words */
    uint32_t job_attempt;            /* from 1 */
    uint32_t forgotten;              /* times the trainer did not know the job */
    enum run_job_state job_state;
    double job_progress; /* 0..1 */
};

struct run_event {
    enum run_event_kind kind;
    uint32_t action_seq; /* outcomes: of the action they belong to */
    const char *actor;   /* operator's verbs */
    const char *text;    /* why: the failure, the verdict's words, the operator's; NULL allowed */
    bool retryable;      /* ACTION_FAILED; JOB_STATUS failed: another job may succeed */
    const char *sha256;  /* ACTION_OK of BUILD_SNAPSHOT, FETCH_RESULT */
    const char *label;   /* ACTION_OK of FETCH_RESULT */
    int64_t n_rows;      /* ACTION_OK of BUILD_SNAPSHOT */
    int replicas, replicas_away;                   /* ACTION_OK of PUSH_DESIRED */
    enum run_job_state job;                        /* JOB_STATUS */
    double progress;                               /* JOB_STATUS: 0..1 */
    enum rollout_verdict verdict;                  /* GATE_VERDICT, ROLLOUT_NUMBERS */
    int64_t champion_requests, candidate_requests; /* ROLLOUT_NUMBERS: since the rollout began */
    const char *detail; /* JSON text of the numbers behind it, for the timeline; NULL allowed */
};

enum run_answer {
    RUN_DONE,    /* the event was taken */
    RUN_ALREADY, /* an operator's verb: it is so already */
    RUN_REFUSED, /* an operator's verb: no, and reason says why */
    RUN_IGNORED, /* an outcome of an old action, an early tick */
};

struct run_outcome {
    enum run_answer answer;
    bool changed;    /* the run is not what it was: save it before acting */
    bool transition; /* from -> run->state is worth a line in the timeline */
    enum run_state from;
    enum run_action_kind action; /* start it now, with run->action_seq */
    char reason[RUN_REASON_BYTES];
};

/* A run in its first state; feed RUN_EV_START. champion may be NULL or "". plan is copied; it must
 * have passed run_plan_check; its job deadline is deadline_ms[RUN_TRAIN]. Texts that are too long
 * are cut. */
void run_init(struct run *r, const char *id, const char *model, const char *trigger,
              const struct run_plan *plan, const char *champion, const char *champion_label,
              int64_t now_ms);
enum err_code run_plan_check(const struct run_plan *p, struct err *e);

struct run_outcome run_step(struct run *r, const struct run_event *ev, int64_t now_ms);

/* The desired state that the run's state stands for: what PUSH_DESIRED pushes, and what the fleet
 * shall run while the run is in this state or after it has ended there. Views into r. champion "":
 * the model is not to be served (a first version was taken back): DELETE it at the replicas. */
struct run_desired {
    const char *champion, *champion_label;
    const char *candidate, *candidate_label; /* "": none */
    double weight;
    bool shadow;
    const char *warm; /* "": none; the version a rollback would go back to */
};
void run_desired(const struct run *r, struct run_desired *out);

/* The job's id at the trainer: "<run>-<job attempt>". A new attempt is made only after the trainer
 * said that the one before has failed. */
#define RUN_JOB_ID_BYTES (RUN_ID_BYTES + 12)
void run_job_id(const struct run *r, char out[RUN_JOB_ID_BYTES]);

bool run_state_is_end(enum run_state s);
const char *run_state_name(enum run_state s);
const char *run_state_sentence(enum run_state s);
bool run_state_parse(const char *name, enum run_state *out);
const char *run_event_name(enum run_event_kind k);
const char *run_action_name(enum run_action_kind k);
bool run_action_parse(const char *name, enum run_action_kind *out);
const char *run_job_name(enum run_job_state s);
bool run_job_parse(const char *name, enum run_job_state *out);

/* Complete: a run read back steps exactly as the one written. Owned; NULL: out of memory. */
cJSON *run_to_json(const struct run *r);
enum err_code run_from_json(const cJSON *json, struct run *out, struct err *e);
/* The event's numbers, for the timeline: {"event": "rollout_numbers", "verdict": "good", ...}. */
cJSON *run_event_to_json(const struct run_event *ev);

#endif
