/*
 * season.h - which part of the cycle rows belong to, so that Monday morning is compared with Monday
 * mornings.
 *
 * A cycle cuts time into phases (hours of the day, days of the week, hours of the week). A season
 * is one profile per phase, added up from the reference's chunks that carry times. A window's phase
 * mix says how many of its rows lie in each phase; it is compared with the same mixture of the
 * phases' profiles (drift.h), and what "without drift" means is measured on each chunk against the
 * other chunks of its own phase.
 *
 * Does not: know time zones or holidays (utc_offset_ms is one number), find the cycle by itself.
 * Pure; any thread.
 */
#ifndef MONITORS_SEASON_H
#define MONITORS_SEASON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/profile.h"

#define MON_PHASES_MAX 168
#define MON_SEASON_NOTE_BYTES 192

/* X(symbol, text, phases, milliseconds of a phase) */
#define MON_CYCLE_LIST(X)                                                                          \
    X(MON_CYCLE_NONE, "none", 1, INT64_MAX)                                                        \
    X(MON_HOUR_OF_DAY, "hour_of_day", 24, 3600000)                                                 \
    X(MON_DAY_OF_WEEK, "day_of_week", 7, 86400000)                                                 \
    X(MON_HOUR_OF_WEEK, "hour_of_week", 168, 3600000)

enum mon_cycle {
#define X(symbol, text, phases, ms) symbol,
    MON_CYCLE_LIST(X)
#undef X
};

const char *mon_cycle_name(enum mon_cycle c);
/* False where the name is not one of the list; *out is then unchanged. */
bool mon_cycle_from_name(const char *name, enum mon_cycle *out);
size_t mon_cycle_phases(enum mon_cycle c); /* 1 for none */
/* Phase of a moment, 0..phases-1; week days count from Monday. Times before 1970 are legal. */
size_t mon_cycle_phase(enum mon_cycle c, int64_t utc_offset_ms, int64_t unix_ms);

/* The event time that rows cover: from <= t < to. */
struct mon_span {
    int64_t from_unix_ms, to_unix_ms;
};

/* Rows by phase: a plain value that adds like a profile. All zero: nothing is known. */
struct mon_phase_mix {
    double rows[MON_PHASES_MAX];
};

/* Adds rows spread evenly over the span; an empty or reversed span counts at its beginning. */
void mon_phase_mix_add(struct mon_phase_mix *mix, enum mon_cycle c, int64_t utc_offset_ms,
                       struct mon_span span, double rows);
/* Adds the other's rows phase by phase; both are of the same cycle and offset. other may be into
 * itself (which doubles it); neither is NULL. */
void mon_phase_mix_merge(struct mon_phase_mix *into, const struct mon_phase_mix *other);

struct mon_season_options {
    enum mon_cycle cycle; /* default MON_HOUR_OF_WEEK */
    int64_t utc_offset_ms;
};
void mon_season_options_init(struct mon_season_options *o);

/* Profiles of the phases, from the reference's chunks. Read-only after it was made. */
struct mon_season;

/*
 * chunks and spans: n_chunks each, in time order, chunks over one ruler. A chunk belongs to the
 * phase of its middle. A phase has support where at least two chunks of different cycles (days,
 * weeks) hold rows of it, so that it can be compared with itself. Where chunks are longer than a
 * phase, or phases with support hold less than half of the rows, the next coarser cycle is taken
 * (hour of the week, day of the week, hour of the day, none): mon_season_note says so. Memory: one
 * profile per phase with rows. *out is owned, free with mon_season_free; it borrows the chunks'
 * ruler. n_chunks = 0: ERR_INVALID. ERR_NOMEM.
 */
enum err_code mon_season_new(const struct mon_season_options *o, struct profile *const *chunks,
                             const struct mon_span *spans, size_t n_chunks, struct mon_season **out,
                             struct err *e);
void mon_season_free(struct mon_season *s);

enum mon_cycle mon_season_cycle(const struct mon_season *s); /* in use, maybe coarser than asked */
/* One sentence: the cycle in use, phases with support, and why it is not the one asked for. View,
 * valid while the season is. */
const char *mon_season_note(const struct mon_season *s);
/* Adds a window's rows to its mix, by the season's own cycle and offset. */
void mon_season_mix(const struct mon_season *s, struct mon_span span, double rows,
                    struct mon_phase_mix *mix);
/* Share of a mix in phases with support, 0..1; 0 for an empty mix. */
double mon_season_support(const struct mon_season *s, const struct mon_phase_mix *mix);

#endif
