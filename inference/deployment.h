/*
 * deployment.h - loaded versions, and the immutable set of them that a model runs at one moment.
 *
 * A request takes a reference to the deployment it begins with and keeps it until it was answered;
 * a swap puts another one in its place. Both are counted, so the last one out frees, whoever that
 * is.
 */
#ifndef INFERENCE_DEPLOYMENT_H
#define INFERENCE_DEPLOYMENT_H

#include "base/err.h"
#include "desired.h"
#include "feature_index.h"
#include "ledger.h"
#include "model/artifact.h"
#include "routing.h"

/* A checked, loaded artifact; read-only, but for the scratch, which belongs to the lane's thread.
 */
struct version;

/* Loads and checks (hash, model name, golden rows). ledger: the one kept of this version,
 * referenced; NULL: a new one is made. *out is owned; give it back with version_unref. */
enum err_code version_load(const char *path, const char *sha256, const char *model,
                           struct ledger *ledger, size_t n_lanes, struct version **out,
                           struct err *e);
struct version *version_ref(struct version *v);
void version_unref(struct version *v); /* NULL allowed */

const struct artifact *version_artifact(const struct version *v);
const struct feature_index *version_features(const struct version *v);
struct ledger *version_ledger(const struct version *v); /* borrowed */

/* Scores rows on a lane. codes: n_rows x n_features, scores: n_rows x n_outputs, both filled.
 * ERR_INTERNAL where a score is not a finite number. */
enum err_code version_score(struct version *v, size_t lane, const struct rows *rows, double *codes,
                            float *scores, struct err *e);

struct deployed {
    struct version *version;
    char label[LEDGER_LABEL_BYTES];
};

struct deployment {
    struct desired desired;
    struct routing routing;
    size_t n; /* desired_versions order: champion, candidate where there is one, warm ones */
    struct deployed versions[DESIRED_MAX_VERSIONS];
    bool same_inputs; /* champion and candidate read the same tensors */
};

/* versions: as desired_versions lists them, taken over also where this fails. Starts with one
 * reference. */
enum err_code deployment_new(const struct desired *desired, struct version *const *versions,
                             size_t n, struct deployment **out, struct err *e);
struct deployment *deployment_ref(struct deployment *d);
void deployment_unref(struct deployment *d); /* NULL allowed */

const struct deployed *deployment_champion(const struct deployment *d);
const struct deployed *deployment_candidate(const struct deployment *d); /* NULL: none */
enum role deployment_role(const struct deployment *d, const struct deployed *v);

/* By label, SHA-256, or a unique prefix of it of at least 8 digits; NULL: none. */
const struct deployed *deployment_find(const struct deployment *d, const char *name);

#endif
