/*
 * model_snapshot.h - a model's counters at one instant, and their two forms on the wire: the state
 * (JSON) and the report (safetensors).
 */
#ifndef INFERENCE_MODEL_SNAPSHOT_H
#define INFERENCE_MODEL_SNAPSHOT_H

#include <cjson/cJSON.h>

#include "lane.h"
#include "served_model.h"

struct snapshot_version {
    struct ledger *ledger;
    char label[LEDGER_LABEL_BYTES];
    struct side sides[N_ROLES];
    struct profile *served, *shadow; /* NULL without profiles; shadow also where it scored none */
};

struct model_snapshot {
    const struct served_model *model; /* borrowed */
    struct deployment *deployment;    /* NULL: not served */
    struct last_error last_error;
    int64_t now_unix_ms;
    struct observation_log_info log;
    size_t n_versions;
    struct snapshot_version versions[LEDGERS_MAX];
};

/* Stops the counting for the moment of the copy. Free with model_snapshot_deinit, also after a
 * failure. */
enum err_code model_snapshot_take(struct served_model *m, struct lanes *lanes, bool with_profiles,
                                  struct model_snapshot *out, struct err *e);
void model_snapshot_deinit(struct model_snapshot *s);

/* GET .../state of docs/wire.md; owned; NULL: out of memory. */
cJSON *model_snapshot_to_json(const struct model_snapshot *s, const char *replica,
                              const char *instance);

/* GET .../report: *out is owned (free). The snapshot must hold profiles. */
enum err_code model_snapshot_to_report(const struct model_snapshot *s, const char *replica,
                                       const char *instance, void **out, size_t *size_bytes,
                                       struct err *e);

#endif
