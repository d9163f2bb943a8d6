/*
 * snapshot.h - the training set of a run, as it travels to the GPU host: a safetensors file written
 * by the orchestrator from its observation store, or from a CSV, and read by the trainer.
 *
 * Tensors: "x/<feature name>" per non-pii feature: F64 [n] for numeric (NaN missing), I32 [n] for
 * categorical (index into the metadata's categories, -1 missing); "y": F64 [n] (class index or
 * value); "time": I64 [n] unix ms, ascending. Metadata: "schema" (JSON), "categories" ({feature:
 * [texts]}), "classes" ([texts], for classifiers), "holdout" (decimal: how many of the last rows
 * training must not touch; they are the gate's), "lineage" (JSON, copied into the manifest).
 */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include "base/err.h"
#include "base/sha256.h"
#include "model/schema.h"
#include "model/vocabulary.h"

struct snapshot {
    struct schema *schema;         /* with classes */
    struct vocabulary *vocabulary; /* all categories of the snapshot */
    size_t n_rows, n_holdout;
    double *codes; /* n_rows x n_features, row-major, as vocabulary_encode gives */
    double *labels;
    int64_t *time_unix_ms;
    cJSON *lineage; /* may be NULL */
    char sha256[SHA256_HEX_BYTES];
};

/* Row by row, in time order: for the writer's side. */
struct snapshot_builder;
enum err_code snapshot_builder_new(const struct schema *s, struct snapshot_builder **out,
                                   struct err *e);
void snapshot_builder_free(struct snapshot_builder *b);
/* values: one per schema feature (pii ones are ignored); number for numeric, text for categorical
 * (NULL missing). label: class name, or a decimal number for regression. Copies. */
struct snapshot_value {
    double number;
    const char *text;
};
enum err_code snapshot_builder_add(struct snapshot_builder *b, int64_t time_unix_ms,
                                   const struct snapshot_value *values, const char *label,
                                   struct err *e);
size_t snapshot_builder_rows(const struct snapshot_builder *b);
/* n_holdout < rows. lineage may be NULL (borrowed). */
enum err_code snapshot_builder_save(struct snapshot_builder *b, size_t n_holdout,
                                    const cJSON *lineage, const char *path,
                                    char sha256[SHA256_HEX_BYTES], struct err *e);

/* Reads and checks one; errors name tensor and column. *out is owned; free with snapshot_free. */
enum err_code snapshot_load(const char *path, const char *expected_sha256, struct snapshot **out,
                            struct err *e);
void snapshot_free(struct snapshot *s);

#endif
