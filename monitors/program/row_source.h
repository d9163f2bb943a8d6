/*
 * row_source.h - a CSV file as the rows of a schema, one at a time: values, scores, label, time.
 *
 * A field that is no number where the schema says numeric is counted and read as missing; so are
 * labels that are none of the classes and scores that are no numbers. A time that cannot be read is
 * an error that names the place: windows would be wrong without it.
 */
#ifndef PROGRAM_ROW_SOURCE_H
#define PROGRAM_ROW_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/csv.h"
#include "base/err.h"
#include "model/schema.h"
#include "monitors/reference.h"
#include "csv_progress.h"

struct row_source_options {
    const char *const *score_columns; /* schema_n_outputs names; NULL: rows have no scores */
    bool wants_label;                 /* the file must have the label's column */
    bool quiet;                       /* no progress on stderr */
};

struct row_source {
    struct csv *csv;
    const struct schema *schema;
    int *feature_columns;
    int label_column, time_column; /* -1: none */
    int *score_columns;            /* n_scores */
    size_t n_scores;
    struct mon_value *values;
    float *scores;
    struct mon_row row;      /* the row read last; points into the above */
    uint64_t *mismatched;    /* by feature: texts where a number was expected, in all rows */
    size_t n_row_mismatched; /* features of the row read last that have one */
    size_t *row_mismatched;
    uint64_t n_label_mismatched, n_score_mismatched;
    uint64_t n_backward; /* rows older than the one before */
    struct csv_progress progress;
};

/* Opens path ("-": stdin) and finds every column; those that are not there are ERR_INVALID, naming
 * them. schema is borrowed. Close *out with row_source_close. */
enum err_code row_source_open(const char *path, const struct schema *s,
                              const struct row_source_options *o, struct row_source *out,
                              struct err *e);
void row_source_close(struct row_source *s);

/* The next row into s->row, valid until the next call; *more is false at the end of the file and
 * after Ctrl-C. */
enum err_code row_source_next(struct row_source *s, bool *more, struct err *e);

uint64_t row_source_mismatches(const struct row_source *s);

/* Appends the names of the file's columns that are not read, a few of them, and how many more; says
 * how many there are. */
size_t row_source_unused(const struct row_source *s, struct buf *names);

#endif
