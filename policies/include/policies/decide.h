/*
 * decide.h - from numbers to a decision: retrain, hold back, or nothing, always with the reason.
 *
 * Pure: no clock, no I/O, no state. The caller hands in everything that is known, so a decision can
 * be replayed from its input. Triggers are tried in file order; the first that fires asks; then the
 * guards are asked in the order of POLICY_GUARD_LIST, and the first that forbids holds back.
 *
 * "Insufficient" is neither drift nor ok: such a window does not count towards a trigger's windows
 * in a row, and it ends the row.
 */
#ifndef POLICIES_DECIDE_H
#define POLICIES_DECIDE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "policies/policy.h"

#define DECISION_REASON_BYTES 1024
#define DECISION_MANUAL "manual" /* the trigger's name where a person asked */

enum policy_verdict { POLICY_INSUFFICIENT, POLICY_OK, POLICY_DRIFT };

/* One statistic of one monitor on one series in one window. DRIFT means for drift: beyond its
 * threshold; for quality: risen beyond its limit; for performance: worse than the reference at the
 * monitor's confidence, by whatever amount (the amount is the trigger's). What could not be
 * computed is INSUFFICIENT. */
struct policy_signal {
    int monitor;         /* index into policy->monitors */
    int64_t window;      /* ascending within a monitor; gaps are fine, equal ones belong together */
    const char *feature; /* "" for performance */
    const char *statistic; /* "psi", "missing_rate", "accuracy", ...: for words and evidence */
    enum policy_verdict verdict;
    double value;     /* NaN where it could not be computed */
    double reference; /* the same on the reference; NaN where that means nothing (psi, ks, js) */
    double threshold; /* the value at which the verdict turns; NaN where unknown */
    int64_t n_rows;   /* rows, or labelled rows, behind it */
};

/* An alarm of a detector. */
struct policy_alarm {
    int monitor;
    int64_t at_unix_ms;
    int64_t n_rows;       /* labelled rows it had seen */
    double before, after; /* mean error before and after the change; NaN where unknown */
};

/* A run of the past, or the active one. */
struct policy_run {
    const char *id;
    const char *trigger; /* the trigger's name, or DECISION_MANUAL */
    const char *state;   /* for the evidence: "promoted", "failed", ... */
    int64_t started_unix_ms;
    int64_t ended_unix_ms; /* 0: not yet */
};

struct policy_request { /* a person asks */
    const char *actor, *reason;
    bool force; /* skip every guard but "one run per model" */
};

/* Pointers are borrowed during the call. Only fresh evidence is handed in: a run uses up what led
 * to it, so signals and alarms are those since the last run ended (or since the champion came),
 * judged against the champion's reference. */
struct policy_input {
    int64_t now_unix_ms;
    enum policy_label label;
    size_t n_signals; /* in any order; as many windows as the largest `windows` suffice */
    const struct policy_signal *signals;
    size_t n_alarms;
    const struct policy_alarm *alarms;
    size_t n_runs; /* any order; the newest 200 suffice. The active run is among them */
    const struct policy_run *runs;
    const char *active_run; /* id of the run in progress; NULL: none */
    int64_t labelled_rows;  /* labelled since the last run cut its snapshot; all of them before the
                               first */
    int64_t rows_since_run; /* rows scored since the last run ended; all of them before the first */
    int64_t champion_trained_unix_ms; /* 0: no champion yet */
    int64_t policy_since_unix_ms; /* schedules count from here: when the policy came into force */
    const struct policy_request *request; /* NULL: nobody asks */
};

enum policy_outcome { POLICY_NOTHING, POLICY_HOLD_BACK, POLICY_RETRAIN };

/* X(symbol, name in evidence and metrics, what it protects). Asked in this order. */
#define POLICY_GUARD_LIST(X)                                                                       \
    X(GUARD_ONE_RUN, "one_run_per_model", "two runs of a model never race")                        \
    X(GUARD_OBSERVE, "observe", "mode: observe starts nothing by itself")                          \
    X(GUARD_BLACKOUT, "blackout", "no run starts in a blackout window")                            \
    X(GUARD_COOLDOWN, "cooldown", "time between the end of a run and the next")                    \
    X(GUARD_COOLDOWN_ROWS, "cooldown_rows", "rows between the end of a run and the next")          \
    X(GUARD_MAX_RUNS, "max_runs_per_day", "the budget of runs in any 24 hours")                    \
    X(GUARD_MIN_LABELLED_ROWS, "min_labelled_rows", "enough new labels to learn from")

enum policy_guard {
#define X(symbol, name, what) symbol,
    POLICY_GUARD_LIST(X)
#undef X
        GUARD_NONE
};

struct policy_decision {
    enum policy_outcome outcome;
    int trigger;                          /* index into policy->triggers; -1: none, or a person */
    char trigger_name[POLICY_NAME_BYTES]; /* "" for NOTHING; DECISION_MANUAL for a person */
    enum policy_guard guard;              /* HOLD_BACK: the first that forbade; else GUARD_NONE */
    int64_t retry_unix_ms; /* HOLD_BACK: when that guard may allow it; 0: not a matter of time */
    bool needs_approval;   /* RETRAIN: a person must approve before the training starts */
    char reason[DECISION_REASON_BYTES]; /* "psi 0.31 > 0.25 on 3 of 8 features for 2 windows (...)"
                                         */
    cJSON *evidence; /* owned, an object: outcome, trigger with its numbers, every trigger's and
                        guard's word */
};

/* Decides. *out is filled on ERR_OK; clean up with policy_decision_deinit. Fails only on out of
 * memory or where the input refers to monitors that the policy does not have. */
enum err_code policy_decide(const struct policy *p, const struct policy_input *in,
                            struct policy_decision *out, struct err *e);
void policy_decision_deinit(struct policy_decision *d);

/* What one guard says by itself. why (a sentence, at least 1 byte) is written in both cases;
 * retry_unix_ms may be NULL, else as in the decision. */
bool guard_allows(enum policy_guard guard, const struct policy *p, const struct policy_input *in,
                  char *why, size_t why_bytes, int64_t *retry_unix_ms);

const char *policy_guard_name(enum policy_guard guard); /* "none" for GUARD_NONE */
const char *policy_outcome_name(enum policy_outcome o); /* "nothing", "hold_back", "retrain" */
const char *policy_verdict_name(enum policy_verdict v); /* "insufficient", "ok", "drift" */

#endif
