/*
 * artifact.h - a model version: one safetensors file, named by its SHA-256.
 *
 * It holds schema, vocabulary, transform, weights, ruler, reference profile (and the reference cut
 * into chunks in time order, from which thresholds are calibrated), golden rows and the manifest
 * (lineage and metrics). Read-only after loading; any thread may score with it (one scratch per
 * thread).
 */
#ifndef MODEL_ARTIFACT_H
#define MODEL_ARTIFACT_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "base/sha256.h"
#include "model/predict.h"
#include "model/profile.h"
#include "model/rows.h"
#include "model/schema.h"
#include "model/transform.h"
#include "model/vocabulary.h"

#define ARTIFACT_FORMAT 1
#define ARTIFACT_GOLDEN_ROWS 32 /* at most */
#define ARTIFACT_VALIDATION_ROWS 20000

struct artifact {
    char sha256[SHA256_HEX_BYTES]; /* "" before it was saved */
    struct schema *schema;         /* classes always filled in for classifiers */
    struct vocabulary *vocabulary;
    struct transform *transform;
    struct predictor *predictor;
    struct ruler *ruler;
    struct profile *reference;
    size_t n_chunks; /* the reference in time order, equal row counts but for the last */
    struct profile **chunks;
    int64_t
        *chunk_spans; /* n_chunks x 2: unix ms from (inclusive), to (exclusive); NULL: unknown */
    /* The newest rows that training did not fit to: what the version answered and what was true, in
     * time order. What scores mean, and how large losses are, is read off them; no features. */
    size_t n_validation;      /* at most ARTIFACT_VALIDATION_ROWS; 0: not kept */
    float *validation_scores; /* n_validation x n_outputs */
    double *validation_labels;
    size_t n_golden;
    double *golden_codes;    /* n_golden x n_features, as vocabulary_encode gives */
    float *golden_outputs;   /* n_golden x n_outputs, as the trainer saw */
    double golden_tolerance; /* absolute, on probabilities; relative to the scale for regression */
    /*
     * Manifest, owned. {"format": 1, "model", "created", "code_version", "backend", "device",
     * "precision", "seed", "hyperparameters": {...}, "lineage": {"snapshot_sha256",
     * "snapshot_rows", "from_unix_ms", "to_unix_ms", "policy_sha256", "parent_sha256", "run",
     * "trigger": {...}}, "metrics": {"validation": {"n", "accuracy", "log_loss", "auc", "rmse",
     * "mae"}}}
     */
    cJSON *manifest;
};

/* Everything NULL or 0. */
struct artifact *artifact_new(void);
void artifact_free(struct artifact *a); /* and all it holds */

/* Writes atomically and fills a->sha256. */
enum err_code artifact_save(struct artifact *a, const char *path, struct err *e);

/* Loads and checks: hash (where expected_sha256 is not NULL), format, shapes that fit each other,
 * the golden rows (artifact_check_golden). *out is owned; free with artifact_free. */
enum err_code artifact_load(const char *path, const char *expected_sha256, struct artifact **out,
                            struct err *e);

/* Scores the golden rows and compares; the error names row, output, both values and the tolerance.
 */
enum err_code artifact_check_golden(const struct artifact *a, struct err *e);

size_t artifact_n_outputs(const struct artifact *a);

/* Per-thread memory for scoring, at best max_rows at once; fits this artifact only. */
struct artifact_scratch;
enum err_code artifact_scratch_new(const struct artifact *a, size_t max_rows,
                                   struct artifact_scratch **out, struct err *e);
void artifact_scratch_free(struct artifact_scratch *s);

/* The one way from raw rows to predictions: encode, transform, predict. scores: n_rows x n_outputs.
 * codes (n_rows x n_features) is filled too, for counting. More rows than the scratch's go through
 * it in blocks: nothing is allocated. ERR_INVALID where the columns do not fit; ERR_INTERNAL, with
 * row and output, where the model gives a value that is not finite (scores are filled all the
 * same). */
enum err_code artifact_score(const struct artifact *a, struct artifact_scratch *s,
                             const struct rows *rows, double *codes, float *scores, struct err *e);
enum err_code artifact_score_codes(const struct artifact *a, struct artifact_scratch *s,
                                   const double *codes, size_t n_rows, float *scores,
                                   struct err *e);

#endif
