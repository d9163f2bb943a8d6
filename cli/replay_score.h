/*
 * replay_score.h - how good the answers of a replay were: accuracy or RMSE, overall, per version
 * and per 1,000 rows, for what was served and for a frozen version beside it. Pure.
 */
#ifndef CLI_REPLAY_SCORE_H
#define CLI_REPLAY_SCORE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define REPLAY_BUCKET_ROWS 1000
#define REPLAY_MAX_VERSIONS 256
#define REPLAY_VERSION_BYTES 64
#define REPLAY_CLASS_BYTES 256

enum replay_side { REPLAY_SERVED, REPLAY_FROZEN, REPLAY_N_SIDES };

/* What one replica answered to one row. */
struct replay_answer {
    char version[REPLAY_VERSION_BYTES];
    char class_name[REPLAY_CLASS_BYTES]; /* classifiers */
    double value;                        /* regression */
};

struct replay_tally {
    int64_t n, n_right;
    double sum_squares; /* regression: of the errors */
};

struct replay_bucket {
    struct replay_tally sides[REPLAY_N_SIDES];
};

struct replay_score {
    bool regression;
    bool has_frozen;
    struct replay_tally sides[REPLAY_N_SIDES];
    size_t n_versions;
    struct {
        char version[REPLAY_VERSION_BYTES];
        int64_t n_rows, first_row;
        struct replay_tally tally;
    } versions[REPLAY_MAX_VERSIONS]; /* more are counted in the sides only */
    size_t n_buckets, capacity;
    struct replay_bucket *buckets; /* owned */
};

void replay_score_free(struct replay_score *s);

/* Reads a V2 infer answer of one row. */
enum err_code replay_answer_read(const cJSON *json, bool regression, struct replay_answer *out,
                                 struct err *e);

/* Adds the answer to row (from 0, in the file's order). label NULL: the row is counted for its
 * version, and not judged. True where the version was seen for the first time. */
bool replay_score_add(struct replay_score *s, int64_t row, enum replay_side side,
                      const struct replay_answer *answer, const char *label);

const char *replay_score_metric(const struct replay_score *s);            /* "accuracy" or "rmse" */
double replay_tally_value(const struct replay_tally *t, bool regression); /* NaN for no rows */

/* Adds "served", "frozen", "by_version" and "per_1000". */
void replay_score_to_json(const struct replay_score *s, cJSON *out);

#endif
