/*
 * rows.h - raw rows as they come from clients and files, before any version has looked at them.
 *
 * Column-major, in schema order. A numeric value is a double (NaN: missing); a categorical value is
 * a text view (s == NULL: missing). Categorical numbers from JSON or a numeric matrix are their
 * shortest decimal text ("3", "0.5"): rows_number_text makes it, on both sides.
 */
#ifndef MODEL_ROWS_H
#define MODEL_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "model/schema.h"

struct text {
    const char *s; /* not terminated; NULL: missing */
    uint32_t len;
};

struct column {
    double *numbers;    /* numeric features: n_rows values; else NULL */
    struct text *texts; /* categorical features: n_rows views; else NULL */
};

struct rows {
    size_t n_rows;
    size_t n_columns; /* schema->n_features */
    struct column *columns;
};

/* Allocates columns for n_rows rows, every value missing. *out is owned; free with rows_free. The
 * texts that the caller puts in are borrowed. */
enum err_code rows_new(const struct schema *s, size_t n_rows, struct rows **out, struct err *e);
void rows_free(struct rows *r);

/* The text of a number used as a category; returns its length; out has room for 32 bytes. */
size_t rows_number_text(double value, char out[32]);

#endif
