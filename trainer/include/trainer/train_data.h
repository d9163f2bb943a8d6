/*
 * train_data.h - a snapshot made ready for a fit: checked, cut in time order, and encoded with the
 * vocabulary that the new version will have.
 *
 *   [ training rows | validation rows | holdout rows ]   oldest first
 *
 * The holdout is the gate's: nothing here but its own codes is derived from it. The validation rows
 * decide when training stops, and calibrate; vocabulary, transform and weights come from the
 * training rows alone.
 */
#ifndef TRAINER_TRAIN_DATA_H
#define TRAINER_TRAIN_DATA_H

#include "base/err.h"
#include "model/schema.h"
#include "model/snapshot.h"
#include "model/vocabulary.h"

#define TRAIN_MIN_ROWS 10 /* training rows */
#define TRAIN_MIN_VALIDATION_ROWS 5
#define TRAIN_MAX_CATEGORIES                                                                       \
    1000 /* of a feature that declares none: the most frequent; the rest are unseen */

struct train_data {
    const struct snapshot *snapshot; /* borrowed */
    struct schema *schema;           /* the snapshot's, with classes */
    struct vocabulary *vocabulary;
    size_t n_train, n_validation, n_holdout;
    double *codes;  /* all rows x n_features, row-major, in the new vocabulary */
    double *labels; /* all rows: class index or value */
};

/*
 * validation: share of the rows before the holdout. Every fault of the data is one sentence: no
 * rows, too few for the split, a label that is missing or of no class, one class only (named). s is
 * borrowed until train_data_free.
 */
enum err_code train_data_new(const struct snapshot *s, double validation, struct train_data **out,
                             struct err *e);
void train_data_free(struct train_data *d);

/* A drill's bad data: gives a share of the training and validation rows another class, at random.
 * The holdout keeps its labels. Classifiers only. */
void train_data_flip_labels(struct train_data *d, double share, uint64_t seed);

size_t train_data_n_fit(const struct train_data *d); /* training + validation rows */

/* The categories of the first n_rows rows: declared ones as declared; else those seen, sorted by
 * bytes. *out is owned; free with vocabulary_free. */
enum err_code vocabulary_fit(const struct snapshot *s, size_t n_rows, struct vocabulary **out,
                             struct err *e);

#endif
