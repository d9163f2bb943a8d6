/*
 * train_parameters.h - a job's `parameters`, read and checked once at the job API and once by the
 * job.
 */
#ifndef TRAINER_TRAIN_PARAMETERS_H
#define TRAINER_TRAIN_PARAMETERS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/schema.h"

#define TRAIN_MAX_HIDDEN 8

enum train_algorithm {
    ALGORITHM_AUTO,
    ALGORITHM_LINEAR,
    ALGORITHM_LOGISTIC,
    ALGORITHM_SOFTMAX,
    ALGORITHM_MLP,
};

enum class_weights { CLASS_WEIGHTS_NONE, CLASS_WEIGHTS_BALANCED };

struct train_parameters {
    enum train_algorithm algorithm;
    size_t n_hidden;
    size_t hidden[TRAIN_MAX_HIDDEN]; /* widths, mlp only */
    int64_t epochs, batch, patience, seed;
    double learning_rate; /* 0: the algorithm's default, filled in by train_parameters_resolve */
    double l2;
    double validation; /* share of the rows before the holdout, the newest of them */
    enum class_weights class_weights;
    bool warm_start, calibrate;
    double flip_labels; /* share of training labels flipped on purpose; a drill, see docs/wire.md */
};

void train_parameters_init(struct train_parameters *p);

/* json: the object, or NULL for the defaults. Unknown keys and values out of range are errors that
 * name the key. */
enum err_code train_parameters_from_json(const cJSON *json, struct train_parameters *out,
                                         struct err *e);

/* Every value, as a job manifest records it. Owned; NULL: out of memory. */
cJSON *train_parameters_to_json(const struct train_parameters *p);

/*
 * Settles what depends on the label: auto becomes linear, logistic or softmax, or mlp where hidden
 * layers are asked for; the default learning rate. An algorithm or option that does not fit is
 * ERR_INVALID.
 */
enum err_code train_parameters_resolve(struct train_parameters *p, enum label_kind label,
                                       struct err *e);

const char *train_algorithm_name(enum train_algorithm a);

#endif
