/*
 * schema.h - what a model is about: its features, their kinds, and its label. Part of every
 * artifact and the first thing both sides agree on.
 *
 * JSON form (YAML is turned into it by the CLI):
 *   {"model": "loan",
 *    "features": [{"name": "age", "type": "numeric", "transform": {"impute": "median", "log1p":
 * false, "clip": [0, 120], "standardise": true}},
 *                 {"name": "zipcode", "type": "categorical", "categories": ["a", "b"]},
 *                 {"name": "ssn", "type": "categorical", "pii": true}],
 *    "label": {"name": "class", "type": "binary", "classes": ["DOWN", "UP"]},
 *    "time": {"name": "ts", "format": "iso8601"}}
 *
 * "impute" is "median", "mean" or a number. Categories and classes may be written as numbers or
 * booleans: they are taken as their shortest text (rows_number_text).
 *
 * A feature with "pii": true is counted (present / missing) and never logged, stored or learnt
 * from: it is no model input. `classes` may be left out; training then takes them from the data
 * (sorted). For binary, the LAST class is the positive one. `categories` likewise.
 *
 * "time" may be left out. It names the column of files that says when a row happened, in one of
 * base/time_text.h's formats: for windows by event time and for seasons. It is no feature: a
 * request brings no such input, and one that does is refused as for any other unknown name.
 */
#ifndef MODEL_SCHEMA_H
#define MODEL_SCHEMA_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/time_text.h"

#define SCHEMA_MAX_FEATURES 4096
#define SCHEMA_MAX_CLASSES 1024
#define SCHEMA_MAX_CATEGORIES 10000 /* of one feature: more is an identifier, not a category */
#define SCHEMA_CATEGORY_BYTES 1024  /* with its terminator */
#define SCHEMA_NAME_BYTES 128

enum feature_kind { FEATURE_NUMERIC, FEATURE_CATEGORICAL };
enum label_kind { LABEL_BINARY, LABEL_MULTICLASS, LABEL_REGRESSION };
enum impute_kind { IMPUTE_MEDIAN, IMPUTE_MEAN, IMPUTE_CONSTANT };

struct feature {
    char name[SCHEMA_NAME_BYTES];
    enum feature_kind kind;
    bool pii;
    /* numeric: what the fitted transform shall do (defaults: median, no log1p, clip to what
     * training saw, standardise) */
    enum impute_kind impute;
    double impute_value; /* IMPUTE_CONSTANT */
    bool log1p;          /* sign(x) * log(1 + |x|) */
    bool has_clip;
    double clip_low, clip_high; /* in raw units, before log1p */
    bool standardise;
    /* categorical: declared categories, or none */
    size_t n_categories;
    char **categories;
};

struct schema {
    char model[SCHEMA_NAME_BYTES];
    size_t n_features;
    struct feature *features;
    char label[SCHEMA_NAME_BYTES];
    enum label_kind label_kind;
    size_t n_classes; /* 0: not declared, or regression; binary: 2 */
    char **classes;
    struct {
        char name[SCHEMA_NAME_BYTES]; /* "": rows have no time */
        enum time_format format;
    } time;
};

/* Checks and reads a schema. Names are 1..127 bytes of [A-Za-z0-9_.-] for the model, any text
 * without control characters for features. Errors carry the JSON path. *out is owned; free with
 * schema_free. */
enum err_code schema_from_json(const cJSON *json, struct schema **out, struct err *e);
cJSON *schema_to_json(const struct schema *s); /* owned; NULL: out of memory */
struct schema *schema_copy(const struct schema *s);
void schema_free(struct schema *s);

/* Index, or -1. O(n). */
int schema_find_feature(const struct schema *s, const char *name);
int schema_find_class(const struct schema *s, const char *name);

/* Number of values a prediction has: binary 1 (P of the positive class), multiclass n_classes,
 * regression 1. */
size_t schema_n_outputs(const struct schema *s);

const char *feature_kind_name(enum feature_kind k);
const char *label_kind_name(enum label_kind k);

#endif
