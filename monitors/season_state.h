/*
 * season_state.h - private: the phases' profiles, and which chunk went where.
 */
#ifndef MONITORS_SRC_SEASON_STATE_H
#define MONITORS_SRC_SEASON_STATE_H

#include "monitors/season.h"

struct mon_season {
    enum mon_cycle cycle;
    int64_t utc_offset_ms;
    size_t n_chunks;
    size_t *phase_of_chunk;                 /* n_chunks */
    struct profile *phases[MON_PHASES_MAX]; /* NULL: no rows */
    bool supported[MON_PHASES_MAX];         /* chunks of two cycles at least */
    char note[MON_SEASON_NOTE_BYTES];
};

/*
 * What a window of this mix would look like, as counts that carry the reference's own noise: the
 * phases' shares weighted by the mix, times the rows that would be as noisy. out: series->n_cells.
 * Returns those rows, 1 / sum(w^2 / n). Phases without support are left out.
 */
double season_expected(const struct mon_season *s, const struct mon_phase_mix *mix,
                       const struct series *series, double *out);

#endif
