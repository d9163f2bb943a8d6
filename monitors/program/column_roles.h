/*
 * column_roles.h - which column of a CSV file is what: feature, label, score, time. Said by the
 * user, or guessed from the first rows (base/csv_column.h) and told.
 */
#ifndef PROGRAM_COLUMN_ROLES_H
#define PROGRAM_COLUMN_ROLES_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/csv.h"
#include "base/csv_column.h"
#include "base/err.h"
#include "base/opt.h"

#define ROLES_SNIFF_ROWS 100000

/* What the command line says. All borrowed. */
struct column_options {
    const char *label, *time; /* NULL: none, and for time: a column that looks like one */
    struct opt_list scores, exclude, categorical, numeric;
};

/* The options as rows of a command's table. */
#define COLUMN_OPTS(o)                                                                             \
    {.name = "label",                                                                              \
     .kind = OPT_STRING,                                                                           \
     .dest = &(o)->label,                                                                          \
     .arg = "COLUMN",                                                                              \
     .help = "The column with what came true; it is no feature."},                                 \
        {.name = "score",                                                                          \
         .kind = OPT_STRINGS,                                                                      \
         .dest = &(o)->scores,                                                                     \
         .arg = "COLUMN",                                                                          \
         .help = "The model's answer: the chance of the last class, or the predicted amount; for " \
                 "several classes one column each, in the classes' order."},                       \
        {.name = "time",                                                                           \
         .kind = OPT_STRING,                                                                       \
         .dest = &(o)->time,                                                                       \
         .arg = "COLUMN",                                                                          \
         .help = "When a row happened; found by itself where one column looks like it. \"\": "     \
                 "none."},                                                                         \
        {.name = "exclude",                                                                        \
         .kind = OPT_STRINGS,                                                                      \
         .dest = &(o)->exclude,                                                                    \
         .arg = "COLUMN",                                                                          \
         .help = "Not a feature."},                                                                \
        {.name = "categorical",                                                                    \
         .kind = OPT_STRINGS,                                                                      \
         .dest = &(o)->categorical,                                                                \
         .arg = "COLUMN",                                                                          \
         .help = "Its numbers are codes, not amounts."},                                           \
    {                                                                                              \
        .name = "numeric", .kind = OPT_STRINGS, .dest = &(o)->numeric, .arg = "COLUMN",            \
        .help = "Its numbers are amounts, few as they are."                                        \
    }

enum column_part { PART_FEATURE, PART_LABEL, PART_SCORE, PART_TIME, PART_LEFT_OUT };

struct column_role {
    enum column_part part;
    const char *name; /* view into the csv */
    struct column_verdict verdict;
    bool said; /* by the user: verdict.reason is empty */
    double missing_share;
};

struct column_roles {
    size_t n;
    struct column_role *items; /* by column of the file */
    struct csv_stats *stats;   /* likewise */
    int64_t n_rows;            /* looked at */
    const struct column_options *options;
};

/* Reads up to ROLES_SNIFF_ROWS rows of file, as messages call it, and decides. A column that is
 * named and not there, or that plays two parts, is ERR_INVALID; so is a file without rows or
 * features. options and csv outlive *out; deinit it with column_roles_deinit. */
enum err_code column_roles_sniff(struct csv *csv, const char *file, const struct column_options *o,
                                 struct column_roles *out, struct err *e);
void column_roles_deinit(struct column_roles *r);

/* The schema they make, owned; "label" is left out where there is none. ERR_INVALID where the label
 * is neither a class nor a number. */
enum err_code column_roles_schema(const struct column_roles *r, const char *model, cJSON **out,
                                  struct err *e);

/* csv_find_column, but an error naming the file and the nearest name where it is not there. */
enum err_code column_find(const struct csv *csv, const char *file, const char *name, int *out,
                          struct err *e);

#endif
