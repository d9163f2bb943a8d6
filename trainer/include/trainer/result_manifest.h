/*
 * result_manifest.h - result.json, the last thing that a job writes and the only proof that it
 * succeeded. An exit code is none: schedulers have reported success for scripts that never ran.
 */
#ifndef TRAINER_RESULT_MANIFEST_H
#define TRAINER_RESULT_MANIFEST_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sha256.h"

/* Names within a job's output folder. */
#define RESULT_FILE "result.json"
#define RESULT_ERROR_FILE "error.json" /* {"error": sentence}: why there is no result */
#define RESULT_ARTIFACT_FILE "model.safetensors"
#define RESULT_SCORES_FILE "scores.safetensors"

struct result_manifest {
    char artifact_sha256[SHA256_HEX_BYTES];
    int64_t artifact_bytes;
    char scores_sha256[SHA256_HEX_BYTES]; /* "": no holdout rows, no scores */
    cJSON *metrics;                       /* owned */
    int64_t n_train, n_validation, n_holdout;
};

void result_manifest_deinit(struct result_manifest *m);

/* {"artifact_sha256", "artifact_bytes", "scores_sha256", "metrics", "n_train", "n_validation",
 * "n_holdout"}: as in the job status. Owned; NULL: out of memory. */
cJSON *result_manifest_to_json(const struct result_manifest *m);

/* Writes folder/result.json atomically. */
enum err_code result_manifest_save(const struct result_manifest *m, const char *folder,
                                   struct err *e);

/* Reads and checks it; with verify_files, hashes the files it names as well (slow for big ones: not
 * on a loop). ERR_NOT_FOUND where there is none. *out is to be deinitialised. */
enum err_code result_manifest_load(const char *folder, bool verify_files,
                                   struct result_manifest *out, struct err *e);

/* Records why a job failed / reads it; false where there is no such file. */
enum err_code result_error_save(const char *folder, const struct err *why, struct err *e);
bool result_error_load(const char *folder, struct err *out);

#endif
