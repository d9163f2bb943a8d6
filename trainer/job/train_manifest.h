/*
 * train_manifest.h - the manifest inside an artifact: where it comes from, how it was made, how
 * good it is.
 */
#ifndef TRAINER_JOB_TRAIN_MANIFEST_H
#define TRAINER_JOB_TRAIN_MANIFEST_H

#include <cjson/cJSON.h>

#include "model/artifact.h"
#include "model/snapshot.h"
#include "trainer/train_job.h"

struct train_manifest_inputs {
    const struct train_job *job;
    const struct train_job_report *report;
    const struct train_parameters *parameters; /* resolved */
    const struct snapshot *snapshot;
    const struct artifact *champion; /* or NULL */
    const cJSON *validation_metrics;
    int64_t now_unix_ms;
};

/* The form that artifact.h describes. *out is owned. */
enum err_code train_manifest_build(const struct train_manifest_inputs *in, cJSON **out,
                                   struct err *e);

#endif
