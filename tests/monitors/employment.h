/*
 * employment.h - the US Census stream of ../shared with a deployed model's predictions, watched
 * chunk by chunk: input drift, estimated and realised performance, harm. For the test and the
 * bench.
 */
#ifndef TESTS_MONITORS_EMPLOYMENT_H
#define TESTS_MONITORS_EMPLOYMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "monitors/harm.h"

struct employment; /* the files in memory */

/* folder: where employment_MA_*.csv.gz lie. False where one is absent. */
bool employment_exists(const char *folder);
enum err_code employment_load(const char *folder, struct employment **out, struct err *e);
void employment_free(struct employment *d);

struct employment_chunk {
    size_t first_row, n_rows; /* of the analysis part */
    size_t n_drifted, n_features;
    char top_feature[MON_FEATURE_BYTES]; /* largest importance x drift among the drifted; "" */
    double auc, accuracy;                /* realised */
    struct mon_estimate auc_estimate, auc_from_counts, accuracy_estimate;
    struct mon_signal harm, estimated; /* labelled; estimated AUC without labels */
};

struct employment_report {
    size_t n_chunks;
    struct employment_chunk *chunks;
    struct mon_harm_limit limit;
    double reference_auc;
    double auc_error_median; /* |estimate - realised| */
    double auc_error_median_counts;
};

/* Chunks that end at or before the drift's row, or begin at or after it; that lie in the harm
 * wholly, or not at all; and in how many of them drift or harm is spoken of. */
struct employment_verdict {
    size_t chunks_before, chunks_after, chunks_inside, chunks_outside;
    size_t drift_before, drift_after;
    size_t harm_inside, harm_outside, harm_partly;
    size_t estimated_inside, estimated_outside;
    double auc_error_allowed; /* 0.003 for chunks of 5,000 rows; smaller ones are noisier, by the
                                 root of their size */
    bool holds;
};

/* Watches the analysis part in chunks of chunk_rows, everything at its defaults. *out is owned;
 * free with employment_report_free. */
enum err_code employment_watch(const struct employment *d, size_t chunk_rows,
                               struct employment_report *out, struct err *e);
void employment_report_free(struct employment_report *r);

/* What is promised: drift in every chunk after its row; harm in every chunk inside its rows, and at
 * least in one that touches them, and in none outside; the median estimate within 0.003. */
void employment_judge(const struct employment_report *r, struct employment_verdict *out);

/* What is known of the stream (../shared/data/README.md): features drift for good from about here
 * on; the model is harmed only inside. Analysis rows. */
#define EMPLOYMENT_DRIFT_ROW 70000
#define EMPLOYMENT_HARM_FIRST 134000
#define EMPLOYMENT_HARM_LAST 145000

#endif
