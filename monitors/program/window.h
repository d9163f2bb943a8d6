/*
 * window.h - a window while it fills: counts of its rows, several features together, scores and
 * labels. What the judges look at.
 */
#ifndef PROGRAM_WINDOW_H
#define PROGRAM_WINDOW_H

#include "monitors/duplicates.h"
#include "monitors/reference.h"
#include "window_pairs.h"

struct window {
    uint64_t index;       /* from 1 */
    uint64_t first_row;   /* of the file, from 1 */
    struct mon_span span; /* event time; from > to where rows have none */
    struct profile *profile;
    uint64_t *mismatched;           /* by feature: values that were no numbers */
    struct mon_duplicates *repeats; /* NULL: not counted */
    struct mon_joint_sums *joint;   /* NULL: not counted */
    struct window_pairs pairs;      /* empty where nobody wants them */
};

/* joint, repeats: whether to count the features together and rows that repeat, where the reference
 * does. */
enum err_code window_init(struct window *w, const struct mon_reference *ref, bool joint,
                          bool repeats, struct err *e);
void window_deinit(struct window *w);

/* Empties it for the next window, which begins at first_row. */
void window_begin(struct window *w, uint64_t first_row);

/* Counts n rows, coded by the reference; scores: n x outputs, or NaN. */
enum err_code window_count(struct window *w, const double *codes, const float *scores, size_t n,
                           struct err *e);

bool window_has_time(const struct window *w);

#define WINDOW_NAME_BYTES 96

/* "rows 1-1000" or "2026-01-02 03:00 to 04:00, 960 rows" into out. */
char *window_name(const struct window *w, char out[WINDOW_NAME_BYTES]);

#endif
