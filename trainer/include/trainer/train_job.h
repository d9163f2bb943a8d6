/*
 * train_job.h - one training job from snapshot to result manifest, as files in a folder.
 *
 * Called by leeway-train, one process a job, and by tests. Silent: what happened is in the report.
 */
#ifndef TRAINER_TRAIN_JOB_H
#define TRAINER_TRAIN_JOB_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"
#include "trainer/fit.h"
#include "trainer/result_manifest.h"
#include "trainer/train_parameters.h"

struct train_job {                             /* all borrowed */
    const char *snapshot_path, *champion_path; /* champion: NULL for none */
    const char *snapshot_sha256,
        *champion_sha256; /* what they must hash to; NULL: whatever they are */
    const char *folder;   /* exists; gets the files of result_manifest.h */
    const char *backend;  /* for compute_open */
    const char *model;    /* the snapshot must be for it; NULL: any */
    struct train_parameters parameters;
    const cJSON *lineage; /* object to be recorded: run, policy, trigger; NULL for none */
    void (*on_epoch)(const struct train_progress *p, void *user); /* may be NULL */
    void *user;
};

/* Filled as far as the job came, also where it failed. */
struct train_job_report {
    struct result_manifest result;
    struct fit_result fit;
    const char *algorithm; /* what auto became; static text; NULL before that is known */
    char backend[32], device[128];
    size_t n_rows, n_columns; /* rows of the snapshot, inputs of the model */
    bool warm_started;
    struct err cold_because; /* code ERR_OK unless a warm start was asked for and refused */
    bool calibrated;
    double seconds; /* all of it */
};

/* Runs it. The result manifest is written last: without it, nothing counts. report may not be NULL;
 * free what it holds with result_manifest_deinit(&report->result). */
enum err_code train_job_run(const struct train_job *job, struct train_job_report *report,
                            struct err *e);

#endif
