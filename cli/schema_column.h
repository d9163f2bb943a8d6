/*
 * schema_column.h - what one pass over a CSV column tells of it, and what it is taken for. Pure;
 * memory is bounded by the number of distinct values that are kept.
 */
#ifndef CLI_SCHEMA_COLUMN_H
#define CLI_SCHEMA_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COLUMN_MAX_DISTINCT 1000 /* more are not told apart */
#define COLUMN_MAX_CODES 12      /* so few distinct whole numbers are codes, not amounts */
#define COLUMN_REASON_BYTES 200

struct schema_stats {
    int64_t n_rows, n_missing, n_numbers, n_whole, n_dates;
    int64_t n_falls; /* numbers smaller than the one before: hardly any for clocks and counters */
    double last, min, max;
    double mean, m2, m3; /* Welford's running moments; m3 after Terriberry (2007) */
    size_t n_distinct;   /* up to COLUMN_MAX_DISTINCT + 1 */
    char **distinct;     /* owned; a hash set by open addressing */
};

bool schema_stats_init(struct schema_stats *s); /* false: out of memory */
void schema_stats_clean_up(struct schema_stats *s);
bool schema_stats_add(struct schema_stats *s, const char *field); /* false: out of memory */

/* Skewness m3 / m2^1.5 * sqrt(n); 0 for fewer than 3 numbers or a constant. */
double schema_stats_skewness(const struct schema_stats *s);

/* The distinct values, sorted as numbers where all are, else as bytes; *out is owned, its texts are
 * not. Returns how many; 0: none, or out of memory. */
size_t schema_stats_sorted(const struct schema_stats *s, char ***out);

enum column_guess { COLUMN_NUMERIC, COLUMN_CATEGORICAL, COLUMN_LEFT_OUT };

struct column_verdict {
    enum column_guess guess;
    bool log1p, pii;
    char reason[COLUMN_REASON_BYTES];
};

struct column_verdict schema_column_judge(const char *name, const struct schema_stats *s);

#endif
