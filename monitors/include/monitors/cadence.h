/*
 * cadence.h - where a stream of rows is cut into windows: every so many rows, or every so much
 * event time.
 *
 * Rows come in calls of any size; what a call leaves over stays in the open window. A cut is given
 * as the row it lies before, so a caller counts rows [last cut, cut.row), closes the window, goes
 * on, and in the end counts what is left:
 *
 *     size_t at = 0, from = 0;
 *     struct mon_cut cut;
 *     while (mon_cadence_next(&cadence, times_ms, n_rows, &at, &cut)) {
 *         count(from, cut.row);
 *         close(&cut);
 *         from = cut.row;
 *     }
 *     count(from, n_rows);
 *
 * By rows, a window closes with the row that fills it. By time, window k is the half-open stretch
 * [start + k x every_ms, start + (k + 1) x every_ms) and closes when the first row beyond it
 * arrives: nobody can know before that no more will come. A row older than the open window (late)
 * is counted into it; the cadence never goes back.
 *
 * A stretch without rows is a decision, hence an option: MON_GAP_COALESCE closes one window and
 * says how many empty ones followed; MON_GAP_EACH closes every empty one too, so that a gap of a
 * day under windows of a second makes 86,400 cuts. Plain values, no ownership; one thread at a
 * time.
 */
#ifndef MONITORS_CADENCE_H
#define MONITORS_CADENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum mon_cadence_kind { MON_CADENCE_ROWS, MON_CADENCE_TIME };
enum mon_gap { MON_GAP_COALESCE, MON_GAP_EACH };

/* Make it with one of the two functions below. It may be copied and stored. */
struct mon_cadence {
    enum mon_cadence_kind kind;
    uint64_t every_rows; /* MON_CADENCE_ROWS */
    int64_t every_ms;    /* MON_CADENCE_TIME */
    enum mon_gap gap;
    bool aligned;       /* windows start at whole multiples of every_ms (UTC hours, days), not at
                           the first row; by time only */
    bool started;       /* a row has been seen; by time, start_ms has a meaning */
    int64_t start_ms;   /* of the open window */
    uint64_t open_rows; /* in the open window, over all calls */
};

struct mon_cut {
    size_t row;       /* the window ends before this row of the call: 0..n_rows */
    uint64_t n_rows;  /* of the closed window, over all calls; 0 only with MON_GAP_EACH */
    int64_t start_ms; /* of the closed window, both 0 by rows */
    int64_t end_ms;
    uint64_t n_empty; /* empty windows after it that MON_GAP_COALESCE left out */
};

/* Windows of every_rows rows; 0 is ERR_INVALID. */
enum err_code mon_cadence_by_rows(struct mon_cadence *c, uint64_t every_rows, struct err *e);

/* Windows of every_ms milliseconds of event time, from the first row's time on; below 1 is
 * ERR_INVALID. */
enum err_code mon_cadence_by_time(struct mon_cadence *c, int64_t every_ms, enum mon_gap gap,
                                  struct err *e);

/*
 * Finds the next cut at or after row *at of a call of n_rows rows and writes it; false, *cut
 * untouched, where the rest of the call belongs to the open window. *at is 0 at the start of a
 * call and belongs to this function between. times_ms: n_rows event times in order, Unix
 * milliseconds; NULL allowed by rows. n_rows = 0 gives no cut.
 */
bool mon_cadence_next(struct mon_cadence *c, const int64_t *times_ms, size_t n_rows, size_t *at,
                      struct mon_cut *cut);

#endif
