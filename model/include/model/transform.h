/*
 * transform.h - encoded rows to model inputs; fitted by trainer/, applied here, by both sides.
 *
 * Numeric feature: clip (raw units), log1p, impute where missing or infinite, standardise -> one
 * column, and a second, 0/1, "was missing" where training saw missing values. Categorical feature
 * of v categories: v + 2 columns, one-hot: the categories, unseen, missing. pii features give no
 * column.
 */
#ifndef MODEL_TRANSFORM_H
#define MODEL_TRANSFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/safetensors.h"
#include "model/schema.h"

struct transform_feature {
    enum feature_kind kind;
    bool skip;           /* pii */
    size_t first_column; /* of its output columns */
    size_t n_columns;
    size_t n_categories;        /* categorical */
    double clip_low, clip_high; /* -inf, +inf: none */
    bool log1p;
    double impute;      /* in the space after clip and log1p */
    double mean, scale; /* output = (x - mean) / scale; 0 and 1: not standardised */
    bool missing_column;
};

struct transform {
    size_t n_features, n_columns; /* n_columns: outputs */
    struct transform_feature *features;
};

/* Lays out first_column / n_columns from the other fields (kind, skip, n_categories,
 * missing_column). */
void transform_layout(struct transform *t);

enum err_code transform_new(size_t n_features, struct transform **out, struct err *e); /* zeroed */
void transform_free(struct transform *t);

/* codes: n_rows x n_features row-major -> x: n_rows x n_columns row-major, float32. Any thread. */
void transform_apply(const struct transform *t, const double *codes, size_t n_rows, float *x);

/* The clip + log1p step for one numeric value, NaN for missing or infinite: what fitting measures.
 */
double transform_raw(const struct transform_feature *f, double value);

/* Tensors "transform/..." and back. The arrays handed to the writer belong to *keep, an owned
 * buffer to free after the file was written. */
enum err_code transform_to_st(const struct transform *t, struct st_writer *w, void **keep,
                              struct err *e);
enum err_code transform_from_st(const struct st_file *f, const struct schema *s,
                                struct transform **out, struct err *e);

#endif
