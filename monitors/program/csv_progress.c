/*
 * csv_progress.c - see csv_progress.h.
 */
#include "csv_progress.h"

#include <stdio.h>

#include "base/clock.h"

struct csv_progress csv_progress_new(bool quiet)
{
    struct progress line = progress_new();
    return (struct csv_progress){
        .line = line, .started_mono_ms = clock_mono_ms(), .quiet = quiet || !line.tty};
}

void csv_progress_show(struct csv_progress *p, const struct csv *csv)
{
    if (p->quiet || !progress_due(&p->line))
        return;
    char percent[16] = "";
    double rows = (double)csv_row_number(csv), share = csv_progress(csv);
    double seconds = (double)(clock_mono_ms() - p->started_mono_ms) / 1000;
    if (share >= 0)
        snprintf(percent, sizeof percent, ", %.0f %%", 100 * share);
    progress_show(&p->line, "%.0f rows, %.0f rows/s%s", rows, seconds > 0 ? rows / seconds : 0,
                  percent);
}
