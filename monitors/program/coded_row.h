/*
 * coded_row.h - one row as it is counted, kept for as long as it takes: the row source's own is
 * gone with the next.
 */
#ifndef PROGRAM_CODED_ROW_H
#define PROGRAM_CODED_ROW_H

#include "monitors/reference.h"
#include "row_source.h"

struct coded_row {
    double *codes; /* n_features */
    float *scores; /* n_outputs; NaN: missing */
    bool has_scores;
    double label;
    int64_t unix_ms, line; /* line: of the file, from 1 */
    size_t n_mismatched;   /* features of it whose value was no number */
    size_t *mismatched;
};

enum err_code coded_row_init(struct coded_row *r, const struct mon_reference *ref, struct err *e);
void coded_row_deinit(struct coded_row *r);

/* The row that the source has read last. */
void coded_row_take(struct coded_row *r, const struct mon_reference *ref,
                    const struct row_source *source);

#endif
