/*
 * reference.h - what a comparison needs, built once and kept in one file: schema, vocabulary,
 * ruler, profile, the profile's chunks in time order with the time they cover, and, where rows have
 * label and score, pairs of these.
 *
 * Building takes two passes over the rows, so that memory does not grow with them. The first learns
 * the categories and keeps a sample (reservoir: Vitter 1985, algorithm R); then the grid is laid
 * over the sample; the second counts every row. With no more rows than the sample holds the grid is
 * the one ruler_fit lays over all of them; with more, values beyond the sample's extremes are
 * counted as out of its range, in the reference as in every window.
 *
 * The file is safetensors, its tensors are named as in a model's artifact, and a model's artifact
 * can be loaded as a reference. A schema must have a label; where nobody has one, schema->label is
 * MON_NO_LABEL, a regression, and there are no predictions to watch.
 *
 * Values are taken as they come: NaN is missing, infinities are counted apart, a constant or wholly
 * missing feature gets a grid all the same. One row is a reference; fewer than 8 chunks leave the
 * null for independent rows (drift.h).
 *
 * Does not: read CSV (monitors/program does), compare (drift.h, quality.h). One thread per builder;
 * a reference is read-only and any thread's.
 */
#ifndef MONITORS_REFERENCE_H
#define MONITORS_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/profile.h"
#include "model/schema.h"
#include "model/vocabulary.h"
#include "monitors/joint_sums.h"
#include "monitors/season.h"

#define MON_REFERENCE_FORMAT 1
#define MON_NO_LABEL "(none)"

/* One value of a row: a number for numeric features (NaN: missing), a terminated text for
 * categorical ones (NULL: missing). */
struct mon_value {
    double number;
    const char *text;
};

/* One row, borrowed for the call. */
struct mon_row {
    const struct mon_value *values; /* one per schema feature */
    const float *scores;            /* schema_n_outputs; NULL: none; NaN: missing */
    double label;                   /* class index, or value; NaN: not known */
    int64_t unix_ms;                /* when it happened; ignored where the schema has no time */
};

struct mon_reference {
    struct schema *schema; /* classes filled in for classifiers */
    struct vocabulary *vocabulary;
    struct ruler *ruler;
    struct profile *profile; /* every row */
    size_t n_chunks;         /* the rows in the order they came, equal counts but for the last */
    struct profile **chunks;
    struct mon_span *spans; /* n_chunks; NULL: the rows have no times */
    /* Labelled rows with their scores, in the order they came, evenly spaced where there are more
     * than the builder keeps: what scores mean and how large losses are is read off them. */
    size_t n_validation;      /* 0: none */
    float *validation_scores; /* n_validation x schema_n_outputs */
    double *validation_labels;
    uint64_t *mismatched; /* n_features: values that were no numbers, and count as missing; NULL:
                             not known */
    bool has_repeats;     /* n_repeated is known */
    uint64_t n_repeated;  /* rows equal to another in every feature (duplicates.h); personal ones
                             count  as present or missing */
    /* Several features together (joint.h); all NULL or 0 where it was not asked for. */
    struct mon_joint_space *joint_space;
    struct mon_joint_sums *joint; /* every row */
    size_t n_joint_chunks;        /* the rows in the order they came, at most 1,024 stretches */
    struct mon_joint_sums **joint_chunks;
    bool has_scores;      /* the prediction series hold something */
    char **score_columns; /* schema_n_outputs names of columns; NULL: none, or not known */
    uint64_t n_sampled;   /* rows the grid was laid over; 0: unknown (a model's artifact) */
};

void mon_reference_free(struct mon_reference *r); /* and all it holds; NULL is fine */

/* Whether the schema's label is one. */
bool mon_reference_has_label(const struct mon_reference *r);

/* A row's values as codes, n_features doubles of the caller's: what profile_count takes. Categories
 * that the reference has not are CODE_UNSEEN; pii features NaN or CODE_PRESENT; numbers beyond
 * +-1e140 are infinite. */
void mon_reference_encode(const struct mon_reference *r, const struct mon_value *values,
                          double *codes);

struct mon_reference_options {
    /* 0 (default): where rows have times, of an hour, or of a day where an hour has fewer than 10
     * rows, but no more than 4,400 chunks; else of 50 rows, but no more than 400 chunks. Their
     * counts take 64 MiB of the file at most: longer chunks where there would be more. */
    size_t chunk_rows;
    size_t sample_rows; /* default 200,000; 1 or more; as many labelled rows are kept at most */
    size_t max_joint_columns; /* default 64: with more features (or fewer than 2) joint sums, whose
                                 size grows with their square, are left out; 0: never */
    size_t max_distinct_rows; /* bound of duplicates.h, default MON_DISTINCT_ROWS; 0: repeated rows
                                 are not counted */
    uint64_t seed;            /* of the sample; default 1 */
    const char *const *score_columns; /* schema_n_outputs names, copied: where a file has the
                                         scores; NULL (default): not said */
};
void mon_reference_options_init(struct mon_reference_options *o);

struct mon_reference_builder;

/* Copies schema and options. For a classifier the schema must name the classes. *out is owned; free
 * with mon_reference_builder_free. */
enum err_code mon_reference_builder_new(const struct schema *s,
                                        const struct mon_reference_options *o,
                                        struct mon_reference_builder **out, struct err *e);
void mon_reference_builder_free(struct mon_reference_builder *b);

/* First pass, each row once; not after lay. O(features), and a hash look-up a category. More than
 * SCHEMA_MAX_CATEGORIES categories of a feature: ERR_LIMIT, naming it. */
enum err_code mon_reference_builder_scan(struct mon_reference_builder *b, const struct mon_row *row,
                                         struct err *e);
/* Between the passes: fixes the vocabulary (declared categories first, as declared, then the
 * others, sorted), lays the grid, plans the chunks. No row: ERR_INVALID. */
enum err_code mon_reference_builder_lay(struct mon_reference_builder *b, struct err *e);
/* Second pass, after lay: the same rows in the same order. Rows the first pass did not see are
 * counted too. */
enum err_code mon_reference_builder_count(struct mon_reference_builder *b,
                                          const struct mon_row *row, struct err *e);
/* How many values of each feature (n_features counts, copied) were no numbers where the schema
 * wants them; the caller, who reads text, knows. Once, before finish. */
enum err_code mon_reference_builder_mismatched(struct mon_reference_builder *b,
                                               const uint64_t *counts, struct err *e);
/* *out is owned; free with mon_reference_free. The builder is spent: free it. */
enum err_code mon_reference_builder_finish(struct mon_reference_builder *b,
                                           struct mon_reference **out, struct err *e);

/* Written atomically; equal references give equal bytes. */
enum err_code mon_reference_save(const struct mon_reference *r, const char *path, struct err *e);

/* Reads what mon_reference_save wrote, or a model's artifact (its weights are not looked at).
 * Everything is checked: shapes, that every series counts every row, spans in order. Errors name
 * the file. *out is owned. */
enum err_code mon_reference_load(const char *path, struct mon_reference **out, struct err *e);
/* The same over bytes, borrowed for the call. */
enum err_code mon_reference_load_memory(const void *data, size_t size_bytes,
                                        struct mon_reference **out, struct err *e);

#endif
