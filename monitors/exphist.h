/*
 * exphist.h - private: an exponential histogram (Datar, Gionis, Indyk & Motwani, SIAM J. Comput.
 * 2002, as Bifet & Gavalda 2007 use it): the sums of a long window in logarithmic memory, fine
 * where it is new and coarse where it is old.
 *
 * Row r holds buckets of 2^r values, oldest first. Where a row has more than per_row buckets, its
 * two oldest become one of the next row. Row n_rows - 1 holds the oldest values. Joining waits: up
 * to EXPHIST_BATCH new values may lie in row 0 until exphist_settle, which gives the same buckets
 * as joining after each value, without its badly predicted branches (20 -> 9 ns a value).
 */
#ifndef MONITORS_SRC_EXPHIST_H
#define MONITORS_SRC_EXPHIST_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define EXPHIST_ROWS 40 /* 2^40 values: 300 years at 100 values a second */
#define EXPHIST_BATCH 32

struct bucket {
    double total, variance; /* variance: sum of squared deviations inside the bucket */
};

struct exphist_row {
    struct bucket *first; /* the oldest in use */
    size_t used;
    struct bucket *begin, *end; /* the row's share of the memory */
};

struct exphist {
    double width, total, variance; /* over the whole window */
    size_t per_row, n_rows;        /* n_rows: in use; at least 1 */
    struct exphist_row rows[EXPHIST_ROWS];
    struct bucket *memory;
};

/* per_row: at least 2. Pair: exphist_deinit, which also takes a zeroed struct. */
enum err_code exphist_init(struct exphist *h, size_t per_row, struct err *e);
void exphist_deinit(struct exphist *h);
void exphist_clear(struct exphist *h);

void exphist_add(struct exphist *h, double x);

/* Joins what waits: to be called before the buckets are read or dropped. */
void exphist_settle(struct exphist *h);

/* Takes the oldest bucket away; the window must be settled and not empty. What is left is summed up
 * anew, so that nothing of the dropped values stays behind as rounding. */
void exphist_drop_oldest(struct exphist *h);

/* Mean of the window; 0 where it is empty. */
double exphist_mean(const struct exphist *h);

/* "rows", "total", "variance" of an object. False: out of memory. */
bool exphist_save(const struct exphist *h, cJSON *out);
/* Into a cleared histogram. */
enum err_code exphist_load(struct exphist *h, const cJSON *in, struct err *e);

#endif
