/*
 * csv_progress.h - how far a long file is read, on a terminal's stderr: rows, rows a second, share
 * of the bytes.
 */
#ifndef PROGRAM_CSV_PROGRESS_H
#define PROGRAM_CSV_PROGRESS_H

#include "base/csv.h"
#include "base/progress.h"

struct csv_progress {
    struct progress line;
    int64_t started_mono_ms;
    bool quiet; /* also where stderr is no terminal */
};

struct csv_progress csv_progress_new(bool quiet);

/* Looks at the clock: not for every row. */
void csv_progress_show(struct csv_progress *p, const struct csv *csv);

#endif
