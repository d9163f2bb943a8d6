/*
 * replay.h - feeds a CSV file through a fleet as a client would: one infer request a row, labels
 * some rows later, and a score of what was answered.
 *
 * Rows go round robin over the replicas, at a rate, and never more than `concurrency` at a time. A
 * replica that does not answer costs a retry of the same row, with the same id, elsewhere. Who
 * calls it: cmd_replay.c.
 */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opt.h"
#include "cli.h"
#include "replay_score.h"

#define REPLAY_MAX_CONCURRENCY 256

struct replay_options {
    const char *file, *model, *label, *id_prefix;
    const char *fleet_file; /* or replicas */
    struct opt_list replicas;
    const char *baseline; /* URL of a leeway-serve with a frozen version; NULL: none */
    const char *replica_token_file;
    int64_t skip, n_rows; /* n_rows 0: to the end */
    int64_t concurrency, label_delay;
    int64_t row_timeout_ms;   /* a row that no replica took for so long is an error */
    int64_t label_timeout_ms; /* at the end, without any being accepted */
    double rate;              /* rows/s; 0: as fast as it goes */
};

struct replay_result {
    struct replay_score score;
    int64_t n_rows;  /* answered */
    int64_t errors;  /* rows that nobody answered */
    int64_t retries; /* requests sent again */
    int64_t labels_accepted, label_duplicates, label_conflicts, labels_left;
    int64_t started_unix_ms, elapsed_ms;
    bool interrupted;
};

/* Runs to the end of the file, or until SIGINT. *out is filled also where it fails on the way; free
 * its score. */
enum err_code replay_run(const struct cli *cli, const struct replay_options *o,
                         struct replay_result *out, struct err *e);

#endif
