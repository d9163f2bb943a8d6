/*
 * csv_column.h - what one pass over a CSV column tells of it, and what it is taken for. Pure;
 * memory is bounded by the number of distinct values that are kept.
 */
#ifndef BASE_CSV_COLUMN_H
#define BASE_CSV_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time_text.h"

#define COLUMN_MAX_DISTINCT 1000 /* more are not told apart */
#define COLUMN_MAX_CODES 12      /* so few distinct whole numbers are codes, not amounts */
#define COLUMN_REASON_BYTES 200

struct csv_stats {
    int64_t n_rows, n_missing, n_numbers, n_whole;
    int64_t n_dates, n_times; /* texts that look like dates; those that time_text_parse reads */
    int64_t n_comma_numbers;  /* texts such as "1,5" */
    int64_t n_infinite;       /* "inf" and the like, neither numbers nor texts */
    int64_t n_falls; /* numbers smaller than the one before: hardly any for clocks and counters */
    double last, min, max;
    double mean, m2, m3;      /* Welford's running moments; m3 after Terriberry (2007) */
    size_t n_distinct;        /* up to COLUMN_MAX_DISTINCT + 1 */
    size_t n_distinct_others; /* of these, such as are no finite numbers */
    char **distinct;          /* owned; a hash set by open addressing */
};

bool csv_stats_init(struct csv_stats *s); /* false: out of memory */
void csv_stats_clean_up(struct csv_stats *s);
bool csv_stats_add(struct csv_stats *s, const char *field); /* false: out of memory */

/* Skewness m3 / m2^1.5 * sqrt(n); 0 for fewer than 3 numbers or a constant. */
double csv_stats_skewness(const struct csv_stats *s);

/* The distinct values, sorted as numbers where all are, else as bytes; *out is owned, its texts are
 * not. Returns how many; 0: none, or out of memory. */
size_t csv_stats_sorted(const struct csv_stats *s, char ***out);

enum column_guess { COLUMN_NUMERIC, COLUMN_CATEGORICAL, COLUMN_LEFT_OUT };

struct column_verdict {
    enum column_guess guess;
    bool log1p;    /* numbers with a long tail */
    bool personal; /* the name says so */
    bool is_time;  /* left out, and when its rows happened: in this format */
    enum time_format time_format;
    char reason[COLUMN_REASON_BYTES];
};

/* A column where 95 % or more are numbers is numeric; the reason says how many are not. */
struct column_verdict csv_column_judge(const char *name, const struct csv_stats *s);

#endif
