/*
 * vocabulary.h - categories to codes, per version. Encoded rows are doubles, n_rows x n_features,
 * row-major: numeric features as they are (NaN: missing), categorical features as their code
 * 0..n-1, CODE_UNSEEN for a category that training did not see, NaN for missing; pii features NaN
 * or CODE_PRESENT.
 */
#ifndef MODEL_VOCABULARY_H
#define MODEL_VOCABULARY_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/err.h"
#include "model/rows.h"
#include "model/schema.h"

#define CODE_UNSEEN (-1.0)
#define CODE_PRESENT (0.0)

struct vocabulary; /* for all features of a schema; read-only after it was made; any thread */

/* categories[f]: n_categories[f] texts (terminated, distinct) for categorical features, ignored for
 * others; both NULL where no feature is categorical. Copies. *out is owned; free with
 * vocabulary_free. */
enum err_code vocabulary_new(const struct schema *s, const char *const *const *categories,
                             const size_t *n_categories, struct vocabulary **out, struct err *e);
void vocabulary_free(struct vocabulary *v);

size_t vocabulary_size(const struct vocabulary *v, size_t feature);
const char *vocabulary_text(const struct vocabulary *v, size_t feature, size_t code); /* view */
/* Code, or -1. len need not end in a terminator. */
int vocabulary_code(const struct vocabulary *v, size_t feature, const char *s, size_t len);

/* rows -> codes (n_rows x n_features, row-major, caller's memory). */
void vocabulary_encode(const struct vocabulary *v, const struct schema *s, const struct rows *rows,
                       double *codes);

/* {"zipcode": ["a", "b"], ...} */
cJSON *vocabulary_to_json(const struct vocabulary *v, const struct schema *s);
enum err_code vocabulary_from_json(const cJSON *json, const struct schema *s,
                                   struct vocabulary **out, struct err *e);

#endif
