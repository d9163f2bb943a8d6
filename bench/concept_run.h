/*
 * concept_run.h - one labelled stream, the online classifier and one watcher of its errors.
 *
 * Each row is predicted, its error is shown to the watcher, then the row is learnt. Where the
 * watcher says change, the classifier is started afresh and learns from the next row on.
 */
#ifndef BENCH_CONCEPT_RUN_H
#define BENCH_CONCEPT_RUN_H

#include "concept_stream.h"

#define CONCEPT_FOUND_WITHIN 1500 /* rows after a change in which an alarm counts as finding it */
#define CONCEPT_DEFAULT "rate_scan"

struct concept_result {
    size_t n_changes, n_rows;
    size_t found, extra;                /* extra: alarms that found no change */
    size_t again;                       /* later alarms of a transition that is still under way */
    double delay;                       /* sum over the found */
    size_t delays[CONCEPT_MAX_CHANGES]; /* SIZE_MAX: not found */
    double errors;                      /* made by the classifier */
};

/* detector: a name of monitors/detectors.h; its defaults, direction up. */
enum err_code concept_run(const struct concept_stream *s, const char *detector,
                          struct concept_result *out, struct err *e);

/* Adds counts; the single delays are not kept. */
void concept_result_add(struct concept_result *sum, const struct concept_result *r);
/* Mean delay of what was found; NaN: nothing was. */
double concept_result_delay(const struct concept_result *r);

#endif
