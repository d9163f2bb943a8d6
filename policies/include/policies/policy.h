/*
 * policy.h - the policy file as a checked, plain struct.
 *
 * A policy declares for one model: what is watched (monitors), what asks for a retrain (triggers),
 * what may forbid it (guards), how to train, what the candidate must show (gate), how it is rolled
 * out, and who is told. Reading collects every mistake of the file, not only the first; unknown and
 * inapplicable keys are mistakes. Keys, ranges and defaults live in tables (policy_keys.c), from
 * which reader, writer and JSON Schema are made; what a key means is said there and in the schema.
 *
 * Who calls it: leewayd (load, then decide.h with the numbers), the CLI (check, schema).
 * What it does not do: read data, compute statistics, or know a clock.
 */
#ifndef POLICIES_POLICY_H
#define POLICIES_POLICY_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "policies/cron.h"
#include "policies/diagnostic.h"
#include "policies/time_intervals.h"

#define POLICY_FORMAT 1      /* the value of the file's `leeway:` key */
#define POLICY_NAME_BYTES 64 /* of monitors and triggers */
#define POLICY_MODEL_BYTES 128
#define POLICY_TEXT_BYTES 512
#define POLICY_MAX_BYTES (1024 * 1024)
#define POLICY_MAX_MONITORS 32
#define POLICY_MAX_TRIGGERS 32
#define POLICY_MAX_STEPS 20
#define POLICY_MAX_BLACKOUTS 16
#define POLICY_MAX_NOTIFY 16
#define POLICY_MAX_HIDDEN 8
#define POLICY_MAX_FEATURE_NAMES 4096

/* Every enum below: X(P, symbol after the prefix P, the word in the file); name tables and the
 * schema are made from the same lists. */
#define POLICY_MODE_LIST(X, P) X(P, ACT, "act") X(P, OBSERVE, "observe")
#define POLICY_LABEL_LIST(X, P)                                                                    \
    X(P, UNKNOWN, "unknown")                                                                       \
    X(P, BINARY, "binary") X(P, MULTICLASS, "multiclass") X(P, REGRESSION, "regression")
#define POLICY_MONITOR_LIST(X, P)                                                                  \
    X(P, DRIFT, "drift")                       /* features against the reference */                \
    X(P, PREDICTION_DRIFT, "prediction_drift") /* outputs against the reference */                 \
    X(P, QUALITY, "quality")                   /* missing, unseen, out of range ..., constant */   \
    X(P, PERFORMANCE, "performance")           /* a metric on labelled rows */                     \
    X(P, DETECTOR, "detector")                 /* a change detector on labelled errors */          \
    X(P, ESTIMATED_PERFORMANCE, "estimated_performance") /* a metric, before labels arrive */      \
    X(P, HARM, "harm") /* labelled losses against the reference's risk, row by row */
#define POLICY_STATISTIC_LIST(X, P)                                                                \
    X(P, PSI, "psi")                                                                               \
    X(P, KS, "ks")                                                                                 \
    X(P, JS, "js")                                                                                 \
    X(P, HELLINGER, "hellinger")                                                                   \
    X(P, CRAMER_VON_MISES, "cramer_von_mises")                                                     \
    X(P, WASSERSTEIN, "wasserstein")
#define POLICY_METRIC_LIST(X, P)                                                                   \
    X(P, AUTO, "auto") /* accuracy; for regression rmse */                                         \
    X(P, ACCURACY, "accuracy")                                                                     \
    X(P, LOG_LOSS, "log_loss")                                                                     \
    X(P, AUC, "auc")                                                                               \
    X(P, RMSE, "rmse")                                                                             \
    X(P, MAE, "mae")                                                                               \
    X(P, PRECISION, "precision")                                                                   \
    X(P, RECALL, "recall") X(P, F1, "f1") X(P, SPECIFICITY, "specificity")
#define POLICY_DETECTOR_LIST(X, P)                                                                 \
    X(P, RATE_SCAN, "rate_scan")                                                                   \
    X(P, ADWIN, "adwin")                                                                           \
    X(P, PAGE_HINKLEY, "page_hinkley")                                                             \
    X(P, CUSUM, "cusum")                                                                           \
    X(P, DDM, "ddm")                                                                               \
    X(P, EDDM, "eddm")                                                                             \
    X(P, RDDM, "rddm")                                                                             \
    X(P, HDDM_A, "hddm_a")                                                                         \
    X(P, HDDM_W, "hddm_w")                                                                         \
    X(P, FHDDM, "fhddm")                                                                           \
    X(P, ECDD, "ecdd") X(P, STEPD, "stepd") X(P, KSWIN, "kswin") X(P, BOCD, "bocd")
#define POLICY_SEASON_LIST(X, P)                                                                   \
    X(P, NONE, "none")                                                                             \
    X(P, HOUR_OF_DAY, "hour_of_day")                                                               \
    X(P, DAY_OF_WEEK, "day_of_week") X(P, HOUR_OF_WEEK, "hour_of_week")
#define POLICY_DETECT_ON_LIST(X, P) X(P, ERROR, "error") X(P, LOSS, "loss")
#define POLICY_TRIGGER_LIST(X, P)                                                                  \
    X(P, DRIFT_SHARE, "drift_share")           /* a share of a monitor's series drifts */          \
    X(P, DRIFT_FEATURES, "drift_features")     /* named features drift */                          \
    X(P, PERFORMANCE_DROP, "performance_drop") /* the metric is worse than the reference's */      \
    X(P, HARM, "harm")                         /* the risk is beyond what is tolerated */          \
    X(P, DETECTOR, "detector")                 /* the detector raised an alarm */                  \
    X(P, LABELLED_ROWS, "labelled_rows")       /* so many new labels */                            \
    X(P, AGE, "age")                           /* the champion was trained so long ago */          \
    X(P, SCHEDULE, "schedule")                 /* a cron time has come */
#define POLICY_MATCH_LIST(X, P) X(P, ANY, "any") X(P, ALL, "all")
#define POLICY_APPROVAL_LIST(X, P)                                                                 \
    X(P, NONE, "none") X(P, TRAIN, "train") X(P, PROMOTE, "promote") X(P, BOTH, "both")
#define POLICY_ALGORITHM_LIST(X, P)                                                                \
    X(P, AUTO, "auto")                                                                             \
    X(P, LINEAR, "linear") X(P, LOGISTIC, "logistic") X(P, SOFTMAX, "softmax") X(P, MLP, "mlp")
#define POLICY_CLASS_WEIGHTS_LIST(X, P) X(P, NONE, "none") X(P, BALANCED, "balanced")
#define POLICY_BACKEND_LIST(X, P)                                                                  \
    X(P, AUTO, "auto") X(P, REFERENCE, "reference") X(P, OPENBLAS, "openblas") X(P, CUDA, "cuda")
#define POLICY_TIMEOUT_LIST(X, P) X(P, ROLLBACK, "rollback") X(P, PROMOTE, "promote")
#define POLICY_EVENT_LIST(X, P)                                                                    \
    X(P, TRIGGERED, "triggered")                                                                   \
    X(P, HELD_BACK, "held_back")                                                                   \
    X(P, AWAITING_APPROVAL, "awaiting_approval")                                                   \
    X(P, REJECTED, "rejected")                                                                     \
    X(P, PROMOTED, "promoted")                                                                     \
    X(P, ROLLED_BACK, "rolled_back") X(P, FAILED, "failed") X(P, CANCELLED, "cancelled")

#define POLICY_SYMBOL(P, symbol, text) P##_##symbol,
enum policy_mode { POLICY_MODE_LIST(POLICY_SYMBOL, POLICY_MODE) };
enum policy_label { POLICY_LABEL_LIST(POLICY_SYMBOL, POLICY_LABEL) };
enum policy_monitor_kind { POLICY_MONITOR_LIST(POLICY_SYMBOL, POLICY_MONITOR) };
enum policy_statistic { POLICY_STATISTIC_LIST(POLICY_SYMBOL, POLICY_STATISTIC) };
enum policy_metric { POLICY_METRIC_LIST(POLICY_SYMBOL, POLICY_METRIC) };
enum policy_detector { POLICY_DETECTOR_LIST(POLICY_SYMBOL, POLICY_DETECTOR) };
enum policy_season { POLICY_SEASON_LIST(POLICY_SYMBOL, POLICY_SEASON) };
enum policy_detect_on { POLICY_DETECT_ON_LIST(POLICY_SYMBOL, POLICY_DETECT_ON) };
enum policy_trigger_kind { POLICY_TRIGGER_LIST(POLICY_SYMBOL, POLICY_TRIGGER) };
enum policy_match { POLICY_MATCH_LIST(POLICY_SYMBOL, POLICY_MATCH) };
enum policy_approval { POLICY_APPROVAL_LIST(POLICY_SYMBOL, POLICY_APPROVAL) };
enum policy_algorithm { POLICY_ALGORITHM_LIST(POLICY_SYMBOL, POLICY_ALGORITHM) };
enum policy_class_weights { POLICY_CLASS_WEIGHTS_LIST(POLICY_SYMBOL, POLICY_CLASS_WEIGHTS) };
enum policy_backend { POLICY_BACKEND_LIST(POLICY_SYMBOL, POLICY_BACKEND) };
enum policy_timeout { POLICY_TIMEOUT_LIST(POLICY_SYMBOL, POLICY_TIMEOUT) };
enum policy_event { POLICY_EVENT_LIST(POLICY_SYMBOL, POLICY_EVENT) };

/* The words of the file; never NULL. */
const char *policy_monitor_kind_name(enum policy_monitor_kind k);
const char *policy_statistic_name(enum policy_statistic s);
const char *policy_metric_name(enum policy_metric m);
const char *policy_detector_name(enum policy_detector d);
const char *policy_season_name(enum policy_season s);
const char *policy_trigger_kind_name(enum policy_trigger_kind k);
const char *policy_algorithm_name(enum policy_algorithm a);
const char *policy_backend_name(enum policy_backend b);
const char *policy_event_name(enum policy_event e);

/* In every struct: shares are 0..1 (the file may say 5%), times milliseconds, sizes bytes. A double
 * that the file may switch `off` or leave to calibration is NaN then: test it with isnan. */

struct policy_names {
    bool all; /* the file said `all`; n is 0 */
    size_t n;
    char **items; /* owned by the policy */
};

/* Exactly one of the two is above 0. */
struct policy_window {
    int64_t rows;
    int64_t duration_ms; /* of event time */
};

struct policy_monitor {
    char name[POLICY_NAME_BYTES];
    enum policy_monitor_kind kind;
    /* drift, quality */
    struct policy_names features;
    /* drift, prediction_drift */
    enum policy_statistic statistic;
    double false_alarm_rate;      /* per window, over all features together (Benjamini-Hochberg) */
    int64_t false_alarm_every_ms; /* instead: mean time between false alarms; 0: the rate counts */
    enum policy_season season;    /* windows are compared with the same hours or days */
    int64_t lengths;              /* 1, 2, 4 ... 2^(lengths-1) windows together are judged, too */
    double threshold;             /* NaN: calibrated from the reference's own chunks */
    double
        min_effect; /* below it nothing is drift, however significant; NaN: the statistic's own */
    /* all kinds: fewer rows (labelled ones for performance, detector) are "insufficient" */
    int64_t min_rows;
    /* quality: how far the share may rise above the reference's; NaN: not watched */
    double missing, unseen, out_of_range, infinite;
    bool constant; /* quality: whether a feature that varied and no longer does is drift */
    /* performance, estimated_performance */
    enum policy_metric metric;
    int64_t rows;      /* newest labelled rows that the metric is taken over */
    double confidence; /* one-sided, that it is worse than the reference's */
    /* detector: watches for rises */
    enum policy_detector detector;
    enum policy_detect_on on;        /* 0/1 error, or the loss (log-loss, squared error) */
    double delta;                    /* adwin */
    double magnitude, lambda, alpha; /* page_hinkley: delta, lambda and forgetting of the paper */
    /* harm; `on` says which loss */
    double tolerance; /* of the risk, in the loss's unit; NaN: from the reference */
    int64_t
        rows_between_alarms; /* rate_scan too; expected, at least, while the risk is at its limit */
};

struct policy_cron {
    char text[POLICY_MODEL_BYTES];
    struct cron times;
};

struct policy_trigger {
    char name[POLICY_NAME_BYTES];
    enum policy_trigger_kind kind;
    int monitor;     /* index into monitors; -1 for kinds without one */
    int64_t windows; /* drift_*, performance_drop: held for so many windows in a row, at least 1 */
    double share;    /* drift_share: of the monitor's series that could be judged */
    struct policy_names features; /* drift_features */
    enum policy_match match;      /* drift_features: any of them, or all of them */
    double drop;                  /* performance_drop, in units of policy_metric_worsening */
    int64_t rows;                 /* labelled_rows */
    int64_t max_age_ms;           /* age */
    struct policy_cron cron;      /* schedule */
    struct time_zone_ref time_zone;
};

struct policy_guards {
    int64_t cooldown_ms;           /* after the end of a run, whatever its end; 0: none */
    int64_t cooldown_rows;         /* rows scored since the end of a run; 0: none */
    int64_t max_runs_per_day;      /* started in any 24 hours, failed ones too; 0: no limit */
    int64_t min_labelled_rows;     /* labelled since the last run cut its snapshot */
    enum policy_approval approval; /* by a person; a manual request approves its own training */
    size_t n_blackout;
    struct time_interval blackout[POLICY_MAX_BLACKOUTS]; /* no run starts inside */
};

/* Names, ranges and defaults are those of the job API (docs/wire.md, submit.parameters). */
struct policy_parameters {
    enum policy_algorithm algorithm;
    size_t n_hidden;
    int64_t hidden[POLICY_MAX_HIDDEN];
    int64_t epochs, batch;
    double learning_rate; /* NaN: the trainer's own */
    double l2, validation;
    int64_t patience;
    enum policy_class_weights class_weights;
    bool warm_start, calibrate;
    int64_t seed;
    double flip_labels; /* fault injection for drills; refused by a trainer that was not told to
                           allow it */
};

struct policy_train {
    struct policy_window window; /* newest labelled rows; the holdout is among them */
    int64_t holdout_rows;        /* the newest, kept for the gate; 0: holdout_share counts */
    double holdout_share;
    struct policy_parameters parameters;
    enum policy_backend backend;
    int64_t deadline_ms;
    int64_t memory_bytes;
    int64_t retries; /* of a job that failed for want of a host or by a crash, not by bad data */
};

struct policy_gate {
    bool enabled;
    enum policy_metric metric; /* auto, accuracy, log_loss, rmse, mae: what has a loss per row */
    double margin;     /* the gain must exceed it, in units of policy_metric_worsening; below 0: a
                          candidate that much worse still passes */
    double confidence; /* one-sided, of the paired difference */
    int64_t min_rows;  /* fewer in the holdout: not enough, which does not pass */
};

struct policy_step {
    double weight;        /* share of request keys that the candidate answers; rises step by step */
    int64_t min_requests; /* answered by the candidate in this step before a verdict counts */
    int64_t min_time_ms, max_time_ms;
};

struct policy_shadow {
    bool enabled;
    int64_t min_requests;
    int64_t max_time_ms;
};

struct policy_abort {
    double error_rate_increase; /* points of error share over the champion's; NaN: not judged */
    double latency_p99_ratio;   /* candidate / champion; NaN: not judged */
    double prediction_js; /* Jensen-Shannon distance of both sides' predictions; NaN: not judged */
    double
        metric_drop;   /* on labelled rows of both sides, as policy_trigger.drop; NaN: not judged */
    double confidence; /* that a stated bound is truly passed, over the whole rollout */
};

struct policy_rollout {
    struct policy_shadow shadow;
    size_t n_steps; /* 0: promoted straight after gate and shadow */
    struct policy_step steps[POLICY_MAX_STEPS];
    struct policy_abort abort;
    enum policy_timeout
        on_timeout;        /* a step's max_time passed without a verdict; no data never promotes */
    int64_t warm_versions; /* former champions kept loaded, so that a rollback is one push */
};

struct policy_notify {
    char webhook[POLICY_TEXT_BYTES]; /* http:// or https:// */
    uint32_t events;                 /* bit 1u << POLICY_EVENT_x */
};

struct policy {
    int64_t format;
    char model[POLICY_MODEL_BYTES];
    char description[POLICY_TEXT_BYTES];
    enum policy_mode mode; /* observe: decides and says so, never starts a run by itself */
    struct policy_window window;
    size_t n_monitors;
    struct policy_monitor monitors[POLICY_MAX_MONITORS];
    size_t n_triggers; /* in file order, which is their precedence */
    struct policy_trigger triggers[POLICY_MAX_TRIGGERS];
    struct policy_guards guards;
    struct policy_train train;
    struct policy_gate gate;
    struct policy_rollout rollout;
    size_t n_notify;
    struct policy_notify notify[POLICY_MAX_NOTIFY];
};

/* What is known of the model; then metrics and feature names are checked too. */
struct policy_facts {
    enum policy_label label; /* POLICY_LABEL_UNKNOWN: metrics are not checked */
    size_t n_features;       /* 0: feature names are not checked */
    const char *const *features;
};

/* Reads and checks a policy. facts may be NULL. Every mistake goes into *d (required; cleared
 * first). ERR_OK: *out is owned, free with policy_free. ERR_INVALID or ERR_PARSE: d->n > 0 and *e
 * says how many and the first. ERR_IO, ERR_NOT_FOUND, ERR_NOMEM: the file or memory. A policy is
 * immutable afterwards and may be read from any thread. Time zones are read here, from the system's
 * files. */
enum err_code policy_load(const char *path, const struct policy_facts *facts, struct policy **out,
                          struct diagnostics *d, struct err *e);
/* The same over text; name stands for the file in messages. */
enum err_code policy_parse(const char *name, const char *text, size_t len,
                           const struct policy_facts *facts, struct policy **out,
                           struct diagnostics *d, struct err *e);
void policy_free(struct policy *p); /* NULL is fine */

/* The policy with all defaults filled in; read again it gives the same policy. Owned; NULL: out of
 * memory. */
cJSON *policy_to_json(const struct policy *p);
/* SHA-256 of the canonical form of that JSON: what the policy means, not how it was written. */
enum err_code policy_hash(const struct policy *p, char hex[65], struct err *e);

/* train.parameters as the job API wants them (docs/wire.md). Owned; NULL: out of memory. */
cJSON *policy_parameters_to_json(const struct policy_parameters *p);

/* The JSON Schema (draft 2020-12) of the file, made from the reader's own tables. Owned. */
cJSON *policy_json_schema(void);

/* Index into monitors, triggers; -1: no such name. */
int policy_find_monitor(const struct policy *p, const char *name);
int policy_find_trigger(const struct policy *p, const char *name);

/* auto -> accuracy, or rmse for regression; others stay. */
enum policy_metric policy_metric_resolve(enum policy_metric m, enum policy_label label);
/* accuracy and auc: more is better. Not for auto: resolve first. */
bool policy_metric_higher_is_better(enum policy_metric m);
/* How much worse value is than reference, in the units of `drop`: points for accuracy and auc,
 * share of the reference's value for the others. Negative: better. NaN where either is NaN or the
 * reference of a share is 0. */
double policy_metric_worsening(enum policy_metric m, double reference, double value);

#endif
