/*
 * train_data.c - the checks and the cut.
 */
#include "trainer/train_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "trainer/recode.h"

static enum err_code cut(struct train_data *d, double validation, struct err *e)
{
    const struct snapshot *s = d->snapshot;
    if (s->n_rows == 0) {
        return err_set(e, ERR_INVALID, "the snapshot has no rows");
    }
    if (s->n_holdout >= s->n_rows) {
        return err_set(e, ERR_INVALID, "no rows to train on: %zu rows, all of them held out",
                       s->n_rows);
    }
    size_t n_fit = s->n_rows - s->n_holdout;
    d->n_holdout = s->n_holdout;
    d->n_validation = (size_t)(validation * (double)n_fit + 0.5);
    d->n_train = n_fit - d->n_validation;
    if (d->n_train < TRAIN_MIN_ROWS || d->n_validation < TRAIN_MIN_VALIDATION_ROWS) {
        return err_set(e, ERR_INVALID,
                       "too few rows for the split: %zu rows less %zu held out give %zu to train "
                       "and %zu to validate, expected at least %d and %d",
                       s->n_rows, s->n_holdout, d->n_train, d->n_validation, TRAIN_MIN_ROWS,
                       TRAIN_MIN_VALIDATION_ROWS);
    }
    return ERR_OK;
}

static enum err_code check_label(const struct schema *s, double label, size_t row, struct err *e)
{
    if (!isfinite(label)) {
        return err_set(e, ERR_INVALID, "label \"%s\" of row %zu is %s, expected %s", s->label, row,
                       isnan(label) ? "NaN" : "infinite",
                       s->label_kind == LABEL_REGRESSION ? "a number" : "a class");
    }
    if (s->label_kind != LABEL_REGRESSION &&
        (label < 0 || label >= (double)s->n_classes || label != floor(label))) {
        return err_set(e, ERR_INVALID, "label \"%s\" of row %zu is %g, expected a class 0..%zu",
                       s->label, row, label, s->n_classes - 1);
    }
    return ERR_OK;
}

static enum err_code check_labels(const struct train_data *d, struct err *e)
{
    const struct snapshot *s = d->snapshot;
    for (size_t i = 0; i < s->n_rows; i++) {
        enum err_code code = check_label(s->schema, s->labels[i], i, e);
        if (code) {
            return code;
        }
    }
    return ERR_OK;
}

static enum err_code check_classes(const struct train_data *d, struct err *e)
{
    const struct snapshot *s = d->snapshot;
    if (s->schema->label_kind == LABEL_REGRESSION) {
        return ERR_OK;
    }
    for (size_t i = 1; i < d->n_train; i++) {
        if (s->labels[i] != s->labels[0]) {
            return ERR_OK;
        }
    }
    return err_set(e, ERR_INVALID,
                   "one class only: all %zu training rows have label \"%s\" = \"%s\"", d->n_train,
                   s->schema->label, s->schema->classes[(size_t)s->labels[0]]);
}

static enum err_code encode(struct train_data *d, struct err *e)
{
    const struct snapshot *s = d->snapshot;
    enum err_code code = vocabulary_fit(s, d->n_train, &d->vocabulary, e);
    if (code) {
        return code;
    }
    d->codes = calloc(s->n_rows * s->schema->n_features, sizeof *d->codes);
    d->labels = malloc(s->n_rows * sizeof *d->labels);
    if (!d->codes || !d->labels) {
        return err_set(e, ERR_NOMEM, "out of memory for %zu rows of %zu features", s->n_rows,
                       s->schema->n_features);
    }
    memcpy(d->labels, s->labels, s->n_rows * sizeof *d->labels);
    return recode_rows(s, 0, s->n_rows, d->schema, d->vocabulary, d->codes, e);
}

enum err_code train_data_new(const struct snapshot *s, double validation, struct train_data **out,
                             struct err *e)
{
    struct train_data *d = calloc(1, sizeof *d);
    if (!d) {
        return err_set(e, ERR_NOMEM, "out of memory for training data");
    }
    d->snapshot = s;
    d->schema = schema_copy(s->schema);
    enum err_code code =
        d->schema ? cut(d, validation, e) : err_set(e, ERR_NOMEM, "out of memory for a schema");
    code = code ? code : check_labels(d, e);
    code = code ? code : check_classes(d, e);
    code = code ? code : encode(d, e);
    if (code) {
        train_data_free(d);
        return code;
    }
    *out = d;
    return ERR_OK;
}

void train_data_free(struct train_data *d)
{
    if (!d) {
        return;
    }
    schema_free(d->schema);
    vocabulary_free(d->vocabulary);
    free(d->codes);
    free(d->labels);
    free(d);
}

void train_data_flip_labels(struct train_data *d, double share, uint64_t seed)
{
    struct rng rng;
    rng_seed(&rng, seed);
    size_t n_classes = d->schema->n_classes;
    for (size_t i = 0; i < train_data_n_fit(d); i++) {
        if (rng_uniform(&rng) < share) {
            size_t other = (size_t)d->labels[i] + 1 + rng_below(&rng, n_classes - 1);
            d->labels[i] = (double)(other % n_classes);
        }
    }
}

size_t train_data_n_fit(const struct train_data *d)
{
    return d->n_train + d->n_validation;
}
