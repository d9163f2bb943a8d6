/*
 * desired.h - what the orchestrator wants a model to run: read, checked, compared, written. Pure.
 */
#ifndef INFERENCE_DESIRED_H
#define INFERENCE_DESIRED_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sha256.h"
#include "ledger.h"

#define DESIRED_MAX_WARM 8
#define DESIRED_MAX_VERSIONS (DESIRED_MAX_WARM + 2)

struct desired_version {
    char sha256[SHA256_HEX_BYTES];
    char label[LEDGER_LABEL_BYTES];
};

struct desired {
    int64_t generation;
    struct desired_version champion, candidate;
    bool has_candidate;
    double weight; /* 0 without candidate */
    bool shadow;
    size_t n_warm;
    char warm[DESIRED_MAX_WARM][SHA256_HEX_BYTES];
    char salt[SCHEMA_NAME_BYTES];
    double sample;
};

/* Reads the body of PUT .../desired (docs/wire.md). Unknown keys are errors. The salt defaults to
 * model, a label to the first 12 digits of its hash, the sample to 1. */
enum err_code desired_parse(const char *text, size_t len, const char *model, struct desired *out,
                            struct err *e);

cJSON *desired_to_json(const struct desired *d); /* owned; NULL: out of memory */

enum desired_order {
    DESIRED_NEWER,    /* apply it */
    DESIRED_SAME,     /* applied already */
    DESIRED_OLDER,    /* refuse: a lower generation */
    DESIRED_DIFFERENT /* refuse: the same generation says something else */
};

/* running NULL: nothing runs. */
enum desired_order desired_compare(const struct desired *running, const struct desired *wanted);

/* The distinct versions that d names, champion first, then candidate, then warm ones; returns how
 * many. */
size_t desired_versions(const struct desired *d, const char *sha256s[DESIRED_MAX_VERSIONS]);

#endif
