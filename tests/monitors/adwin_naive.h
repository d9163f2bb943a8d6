/*
 * adwin_naive.h - ADWIN without any thought of speed: the oracle of the fast one.
 */
#ifndef TESTS_MONITORS_ADWIN_NAIVE_H
#define TESTS_MONITORS_ADWIN_NAIVE_H

#include <stdbool.h>
#include <stddef.h>

#define ADWIN_NAIVE_ROWS 40
#define ADWIN_NAIVE_BUCKETS 17 /* max_buckets is at most 16 */

struct naive_bucket {
    double total, variance;
};

struct adwin_naive {
    double delta, clock, max_buckets, min_window_length, grace_period;
    double ticks, width, total, variance;
    size_t n_rows, used[ADWIN_NAIVE_ROWS];
    struct naive_bucket buckets[ADWIN_NAIVE_ROWS][ADWIN_NAIVE_BUCKETS];
};

void adwin_naive_init(struct adwin_naive *a, double delta, double clock, double max_buckets);
/* True where x ends with a shorter window: a change. */
bool adwin_naive_update(struct adwin_naive *a, double x);

#endif
