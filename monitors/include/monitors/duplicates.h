/*
 * duplicates.h - how many rows of a stretch are equal to another row of it, in bounded memory.
 *
 * Rows are known by a 64-bit hash of their values. Every hash is kept with its count until
 * max_distinct are held; then only hashes below half the range are, and so on (distinct sampling,
 * Gibbons 2001). Equal rows have equal hashes and are kept or dropped together, so the rate among
 * the kept ones is exact at first and unbiased after. Two different rows share a hash with chance
 * 2^-64 a pair: a million rows have one false pair in 3.7e7 stretches.
 *
 * Merging gives what one counter would have given for both stretches. One thread at a time.
 */
#ifndef MONITORS_DUPLICATES_H
#define MONITORS_DUPLICATES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "monitors/quality.h"

struct mon_duplicates;

#define MON_DISTINCT_ROWS ((size_t)1 << 18) /* a bound for most: 8 MiB, and exact up to there */

/* Holds up to max_distinct hashes (16 to 2^30) of 16 bytes in a table that is at most half full, so
 * 32 to 64 bytes each at the bound; it grows from little. ERR_INVALID, ERR_NOMEM. *out is owned;
 * free with mon_duplicates_free. */
enum err_code mon_duplicates_new(size_t max_distinct, struct mon_duplicates **out, struct err *e);
void mon_duplicates_free(struct mon_duplicates *d); /* NULL allowed */

/* Forgets all rows and keeps the table, for the next stretch. */
void mon_duplicates_clear(struct mon_duplicates *d);

/* Adds n_rows rows; codes: n_rows x n_columns, row-major. All NaN are one value, and so are 0 and
 * -0. ERR_NOMEM, after which some of the rows are counted. */
enum err_code mon_duplicates_add(struct mon_duplicates *d, const double *codes, size_t n_rows,
                                 size_t n_columns, struct err *e);

/* Adds one row by a hash that the caller made; any good 64-bit hash, the same for both sides of a
 * merge. */
enum err_code mon_duplicates_add_hash(struct mon_duplicates *d, uint64_t hash, struct err *e);

/* dst += src. ERR_NOMEM, after which some of src is counted. */
enum err_code mon_duplicates_merge(struct mon_duplicates *dst, const struct mon_duplicates *src,
                                   struct err *e);

/* Rows kept, and how many of them are equal to another; {0, 0} where none were added. */
struct mon_repeats mon_duplicates_count(const struct mon_duplicates *d);

/* All rows that were added, and how many of them are equal to another by the rate among those kept:
 * whole numbers, exact while all are kept. What stretches of other lengths are compared by. */
struct mon_repeats mon_duplicates_estimate(const struct mon_duplicates *d);

/* Share of the range of hashes that is kept: 1 while the count is exact, else 1/2, 1/4, ... */
double mon_duplicates_sampled(const struct mon_duplicates *d);

#endif
