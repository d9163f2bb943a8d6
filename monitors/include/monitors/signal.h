/*
 * signal.h - what a monitor says: one statistic, its threshold and where that came from, the
 * evidence, the rows it rests on, a verdict, and the same as one sentence and as one JSON object.
 *
 * Plain values, no ownership: a signal can be copied, stored and compared. Numbers that do not
 * apply are NaN (absent in JSON). Too little data is a verdict of its own and never reads as "ok".
 */
#ifndef MONITORS_SIGNAL_H
#define MONITORS_SIGNAL_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "model/schema.h"

#define MON_NAME_BYTES 64
#define MON_FEATURE_BYTES (SCHEMA_NAME_BYTES + 16) /* as struct series' name */
#define MON_SENTENCE_BYTES 512

/* X(symbol, text) */
#define MON_VERDICT_LIST(X)                                                                        \
    X(MON_OK, "ok")                                                                                \
    X(MON_DRIFT, "drift")               /* evidence and effect are both beyond their limits */     \
    X(MON_INSUFFICIENT, "insufficient") /* too few rows to say; not the same as ok */              \
    X(MON_UNAVAILABLE, "unavailable")   /* cannot be computed on these data: one class, no values */

enum mon_verdict {
#define X(symbol, text) symbol,
    MON_VERDICT_LIST(X)
#undef X
};

/* X(symbol, text) */
#define MON_KIND_LIST(X)                                                                           \
    X(MON_KIND_DRIFT, "drift")                                                                     \
    X(MON_KIND_QUALITY, "quality")                                                                 \
    X(MON_KIND_DETECTOR, "detector")                                                               \
    X(MON_KIND_PERFORMANCE, "performance")                                                         \
    X(MON_KIND_ESTIMATE, "estimated_performance") /* without labels */                             \
    X(MON_KIND_HARM, "harm")                      /* drift that costs performance */               \
    X(MON_KIND_JOINT, "joint")                    /* several features together */

enum mon_kind {
#define X(symbol, text) symbol,
    MON_KIND_LIST(X)
#undef X
};

struct mon_signal {
    char monitor[MON_NAME_BYTES]; /* the policy's name for it */
    enum mon_kind kind;
    char statistic[32]; /* "psi", "ks", "js", "missing_rate", "adwin", "accuracy", ... */
    char feature[MON_FEATURE_BYTES]; /* the series; "" where the signal is about the model */
    double n;                        /* rows of the window (labelled ones for performance) */
    double n_reference;              /* rows it is compared with */
    double value;                    /* the statistic now */
    double reference_value;          /* the same on the reference, where that means something */
    double threshold;                /* the value from which on evidence suffices; what is beyond
                                        it and still ok is smaller than the least effect asked for */
    char threshold_origin[96];       /* "calibrated: 20 chunks ...", "policy", "asymptotic ..." */
    char rule[128];                  /* what was computed, and how: bins, smoothing, test */
    double p_value;                  /* before correction over features */
    double e_value;                  /* evidence of an anytime-valid test; 1/alpha suffices */
    double effect;       /* size of the change, bias removed; unit depends on statistic */
    double history_n;    /* earlier values of the same signal that it was compared with */
    double history_rank; /* share of them that were smaller, ties half: 0..1 */
    enum mon_verdict verdict;
};

/* Everything empty, numbers NaN, MON_UNAVAILABLE. monitor and statistic are cut to fit. */
void mon_signal_init(struct mon_signal *s, const char *monitor, enum mon_kind kind,
                     const char *statistic);

const char *mon_verdict_name(enum mon_verdict v);
const char *mon_kind_name(enum mon_kind k);

/* One sentence with the numbers; returns out, always terminated. */
const char *mon_signal_sentence(const struct mon_signal *s, char out[MON_SENTENCE_BYTES]);

/* Owned; NULL: out of memory. {"monitor", "kind", "statistic", "feature", "verdict", "n",
 * "n_reference", "value", "reference_value", "rule", "threshold", "threshold_origin", "p_value",
 * "e_value", "effect", "history_n", "history_rank", "sentence"}; numbers that are not finite and
 * texts that are empty are left out, but for "feature". */
cJSON *mon_signal_to_json(const struct mon_signal *s);

/* How many of n signals have the verdict. */
size_t mon_signals_count(const struct mon_signal *signals, size_t n, enum mon_verdict v);

/* Drifted among those that could be judged (ok or drift); NaN where none could. */
double mon_signals_drift_share(const struct mon_signal *signals, size_t n);

#endif
