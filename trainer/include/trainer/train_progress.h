/*
 * train_progress.h - how far a job is: leeway-train appends a JSON line an epoch to a file,
 * leeway-trainer reads the last one.
 */
#ifndef TRAINER_TRAIN_PROGRESS_H
#define TRAINER_TRAIN_PROGRESS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"

#define TRAIN_PROGRESS_FILE "progress.jsonl"

struct train_progress {
    int epoch, epochs;            /* epoch 1.. */
    double loss, validation_loss; /* mean weighted loss a row; training's is the epoch's average */
    double rows_per_second;
};

/* One line, one write(2): a reader never sees half of one followed by another. */
enum err_code train_progress_append(int fd, const struct train_progress *p, struct err *e);

/* The last whole line of the file; false where there is none yet. Reads at most 4 KiB. */
bool train_progress_read(const char *path, struct train_progress *out);

/* As in the job status. Owned; NULL: out of memory. */
cJSON *train_progress_to_json(const struct train_progress *p);

#endif
