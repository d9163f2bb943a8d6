/*
 * watch_private.h - what the parts of the worker's side share: watch.c (models and their caches),
 * watch_ingest.c (reports), watch_source.c (what is new in them), watch_window.c (windows to
 * signals; watch_drift.c and watch_estimate.c their larger monitors), watch_history.c (signals
 * among their own past), watch_evidence.c (signals until they are used up), watch_sums.c (both
 * sides of a rollout), watch_labels.c (labels to performance; watch_harm.c to harm), watch_decide.c
 * (the policy's input), watch_compare.c (gate and rollout), watch_json.c (for the API).
 */
#ifndef ORCHESTRATOR_WATCH_PRIVATE_H
#define ORCHESTRATOR_WATCH_PRIVATE_H

#include "model/artifact.h"
#include "monitors/compare.h"
#include "monitors/detectors.h"
#include "monitors/drift.h"
#include "monitors/estimate.h"
#include "monitors/harm.h"
#include "monitors/history.h"
#include "monitors/performance.h"
#include "monitors/scan.h"
#include "policies/policy.h"
#include "tally.h"
#include "watch.h"

#define WATCH_MAX_MODELS 256
#define WATCH_KEEP_WINDOWS 500  /* closed windows a model, with signals */
#define WATCH_KEEP_PROFILES 100 /* of them, with profile */
#define WATCH_KEEP_POINTS 500   /* performance points */
#define WATCH_MAX_ALARMS 64
#define WATCH_MAX_LENGTHS 8 /* as policy_monitor.lengths */
#define WATCH_N_SEASONS (POLICY_SEASON_HOUR_OF_WEEK + 1)
#define WATCH_MAX_RING_ROWS 1000000 /* labelled rows that performance is taken over */
#define WATCH_SOURCE_BYTES 320      /* a replica's address */

/* A labelled row of the champion, as the performance monitors need it. */
struct labelled_ring {
    size_t capacity, n, start; /* rows */
    size_t n_outputs;
    float *scores;
    double *labels;
};

struct evidence {                /* one signal that no run has used up yet */
    struct policy_signal signal; /* its texts are set when it is handed out */
    char feature[MON_FEATURE_BYTES], statistic[32];
};

/*
 * The last cumulative report of one (process, version, role). The process is known by its instance;
 * where it was met (its address) is only the slot it is kept in, so that a restart takes the place
 * of what was there before. A replica's name is neither: several on one host go by the host's name.
 */
struct source {
    char address[WATCH_SOURCE_BYTES], instance[64], sha256[65], role[16];
    int64_t unix_ms; /* when it was saved */
    struct tally last;
};

/* Sums of both sides since a run's rollout began. */
struct rollout_sums {
    char run[RUN_ID_BYTES]; /* "": none */
    char candidate_sha256[65];
    int64_t from_lseq;    /* labelled rows after it count, */
    int64_t from_unix_ms; /* if they were answered from then on */
    struct tally champion, candidate, shadow;
    int64_t folded_lseq; /* labelled rows up to it are in the losses; not saved, folded in again */
    struct mon_side champion_losses, candidate_losses;
};

struct model_watch {
    char name[128];
    struct schema *schema;
    struct policy *policy; /* NULL: none */
    char policy_sha256[65];
    int64_t policy_since_unix_ms;

    char champion_sha256[65]; /* "": none */
    char champion_label[32];
    int64_t champion_since_unix_ms;
    struct artifact *champion; /* loaded once */
    struct artifact *other;    /* the candidate of a rollout */
    /* for drift monitors; of the champion. By length of the block; by season, NULL: not in use */
    struct mon_null *nulls[POLICY_MAX_MONITORS][WATCH_MAX_LENGTHS];
    struct mon_season *seasons[WATCH_N_SEASONS];
    struct mon_scan *scans[WATCH_N_SEASONS];
    int64_t block_from_unix_ms[WATCH_N_SEASONS][WATCH_MAX_LENGTHS]; /* of the scans; 0: not begun */
    cJSON *longer; /* {"policy": sha256, "from": as above, "MONITOR/SCALE": [signals that drift]} */
    struct mon_history *history;       /* of its closed windows' signals */
    struct mon_calibrator *calibrator; /* for estimated performance; NULL: cannot be */
    double reference_metric[POLICY_MAX_MONITORS], reference_n[POLICY_MAX_MONITORS];

    struct profile *window;                         /* open */
    int64_t window_from_unix_ms, window_to_unix_ms; /* 0: nothing counted yet */
    int64_t last_window_id;                         /* of the newest closed one */

    struct source *sources;
    size_t n_sources;
    struct rollout_sums sums;

    int64_t lseq;            /* labelled rows up to it are folded in */
    int64_t fresh_from_lseq; /* only rows after it count for performance and detectors */
    int64_t n_folded;        /* of the champion's, since fresh_from_lseq */
    struct labelled_ring ring;
    struct mon_detector *detectors[POLICY_MAX_MONITORS]; /* NULL where the monitor is none */
    struct mon_harm *harms[POLICY_MAX_MONITORS];         /* likewise */
    cJSON *points;                                       /* array */

    struct evidence *evidence; /* of each monitor the newest windows that its triggers ask for */
    size_t n_evidence, evidence_room;
    struct policy_alarm alarms[WATCH_MAX_ALARMS];
    size_t n_alarms;

    int64_t snapshot_lseq;        /* labels up to it were in the last snapshot */
    int64_t run_end_observed;     /* rows observed when the last run ended */
    int64_t evidence_from_window; /* windows up to this id are used up */

    struct policy_run *runs; /* cache of the past; texts within run_texts */
    size_t n_runs;
    cJSON *run_texts;
    bool runs_known;

    cJSON *decision; /* the newest */
};

struct watch {
    char *artifact_dir;
    struct model_watch *models[WATCH_MAX_MODELS];
    size_t n_models;
};

/* The model with everything loaded; ERR_NOT_FOUND where the store has no such model. */
enum err_code watch_model(struct watch *w, struct store *s, const char *name,
                          struct model_watch **out, struct err *e);

/* The artifact of a version, for its ruler: the champion's or, cached, one other. */
enum err_code watch_artifact(struct watch *w, struct model_watch *m, const char *sha256,
                             struct artifact **out, struct err *e);

enum policy_label watch_label_kind(const struct schema *s);
enum mon_metric watch_metric(const struct model_watch *m, enum policy_metric metric);

/* Class index or value of a label's text; NaN where it is neither. */
double watch_label_value(const struct schema *s, const char *label);

/* Small numbers that must survive: saved as one JSON state. Caller's transaction. */
enum err_code watch_save_marks(struct store *s, const struct model_watch *m, struct err *e);

/* ---- watch_source.c ---- */

/* Where and when a report was had. */
struct meeting {
    const char *address, *instance;
    int64_t now_unix_ms;
};

/* The difference since the source's last report, which is replaced by cumulative (taken) and saved
 * where anything is new. A restarted replica, or a version loaded anew, has begun at zero: all of
 * it is new. Caller's transaction. */
enum err_code watch_difference(struct store *s, struct model_watch *m, const struct meeting *met,
                               const char *sha256, const char *role, struct tally *cumulative,
                               struct tally *delta, struct err *e);
enum err_code watch_load_sources(struct store *s, struct model_watch *m, struct err *e);
void watch_clear_sources(struct model_watch *m);
/* Only versions that are being watched have a ruler at hand, NULL for others: these begin anew when
 * they matter. */
const struct ruler *watch_ruler_of(const struct model_watch *m, const char *sha256);
bool watch_tally_is_empty(const struct tally *t);

/* ---- watch_window.c ---- */

enum err_code watch_load_open_window(struct store *s, struct model_watch *m, struct err *e);
bool watch_window_is_full(const struct model_watch *m);
/* Judges the open window by every monitor of the policy, stores it and empties it. Caller's
 * transaction. */
enum err_code watch_close_window(struct store *s, struct model_watch *m, struct err *e);

/* Writes signals of a monitor, ranked among their past, to a window's array and to the evidence. */
enum err_code watch_add_signals(struct model_watch *m, size_t monitor, int64_t window,
                                struct mon_signal *signals, size_t n, cJSON *out, struct err *e);

/* A tally under a name of the model's states. Loading one that is not there leaves *out as it is.
 */
enum err_code watch_load_tally(struct store *s, const char *model, const char *name,
                               const struct ruler *ruler, struct tally *out, struct err *e);
enum err_code watch_save_tally(struct store *s, const char *model, const char *name,
                               const struct tally *t, struct err *e);

/* ---- watch_drift.c ---- */

/* Nulls, seasons and scans of the champion under the policy. */
enum err_code watch_make_drift(struct model_watch *m, struct err *e);
enum err_code watch_load_drift(struct store *s, struct model_watch *m, struct err *e);
void watch_clear_drift(struct model_watch *m);
/* Judges the open window by every drift monitor; out takes the signals. Caller's transaction. */
enum err_code watch_judge_drift(struct store *s, struct model_watch *m, int64_t window, cJSON *out,
                                struct err *e);
/* Forgets what was saved of earlier windows. Caller's transaction. */
enum err_code watch_spend_drift(struct store *s, const char *model, struct err *e);

/* ---- watch_estimate.c ---- */

/* View of the version's validation pairs; n 0 where it holds none. */
struct mon_labelled watch_validation(const struct artifact *a);
enum err_code watch_make_estimate(struct model_watch *m, struct err *e);
/* The open window's estimate. */
enum err_code watch_judge_estimate(struct model_watch *m, size_t monitor, struct mon_signal *out,
                                   struct err *e);

/* ---- watch_history.c ---- */

/* A history of the champion's windows that are stored. */
enum err_code watch_load_history(struct store *s, struct model_watch *m, struct err *e);
/* Ranks a closed window's signal among those before it, then notes it. */
enum err_code watch_note_history(struct model_watch *m, struct mon_signal *signal, struct err *e);

/* ---- watch_evidence.c ---- */

/* Adds a signal. windows ascend within a monitor. */
enum err_code watch_add_evidence(struct model_watch *m, int monitor, int64_t window,
                                 const struct mon_signal *signal, struct err *e);
/* The same from a signal's JSON; one of a monitor that the policy has not is left out. */
enum err_code watch_evidence_from_json(struct model_watch *m, int64_t window, const cJSON *signal,
                                       struct err *e);
/* Drops what no trigger will ask for any more. */
void watch_trim_evidence(struct model_watch *m);
/* The signals of closed windows that are not used up. */
enum err_code watch_load_evidence(struct store *s, struct model_watch *m, struct err *e);

/* ---- watch_sums.c ---- */

enum err_code watch_load_sums(struct watch *w, struct store *s, struct model_watch *m,
                              struct err *e);
enum err_code watch_save_sums(struct store *s, const struct model_watch *m, struct err *e);
void watch_clear_sums(struct rollout_sums *sums);

/* ---- watch_labels.c ---- */

/* Detectors, ring and saved points; the rows themselves are folded in by watch_fold_labels. */
enum err_code watch_load_labels(struct store *s, struct model_watch *m, struct err *e);
void watch_clear_labels(struct model_watch *m);

/* ---- watch_harm.c ---- */

/* The metric whose row losses a detector or harm monitor eats. */
enum mon_metric watch_loss_metric(const struct model_watch *m, size_t monitor);
enum err_code watch_make_harms(struct model_watch *m, struct err *e);
void watch_clear_harms(struct model_watch *m);
/* One labelled row's loss; true where there is something to say: when harm begins, and every
 * min_rows rows. */
bool watch_feed_harm(struct model_watch *m, size_t monitor, double loss, struct mon_signal *out);

#endif
