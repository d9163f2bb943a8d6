/*
 * request_oracle.h - reads infer requests the slow and obvious way, over a cJSON tree: what the
 * one-pass reader must agree with. It knows JSON data of features only (no binary tensors), and
 * takes whatever cJSON takes, which is more than JSON.
 */
#ifndef TESTS_REQUEST_ORACLE_H
#define TESTS_REQUEST_ORACLE_H

#include <stdbool.h>

#include "model/rows.h"
#include "model/schema.h"

struct oracle_rows {
    size_t n_rows;
    double *numbers; /* n_features x n_rows; numeric features */
    char **texts;    /* n_features x n_rows, owned; NULL missing; categorical features */
};

/* False where the request is not a good one for the schema. */
bool oracle_read(const char *json, size_t len, const struct schema *schema,
                 struct oracle_rows *out);
void oracle_free(struct oracle_rows *o, const struct schema *schema);

/* The first difference in words, or NULL where rows and oracle hold the same values. */
const char *oracle_compare(const struct oracle_rows *o, const struct schema *schema,
                           const struct rows *rows);

#endif
