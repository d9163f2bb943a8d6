/*
 * season.c - cycles, phases, and how a window's rows spread over them.
 */
#include "monitors/season.h"

#include <math.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define MONDAY_MS (4 * DAY_MS) /* 1970-01-05, a Monday */

const char *mon_cycle_name(enum mon_cycle c)
{
    switch (c) {
#define X(symbol, text, phases, ms)                                                                \
    case symbol:                                                                                   \
        return text;
        MON_CYCLE_LIST(X)
#undef X
    }
    return "?";
}

bool mon_cycle_from_name(const char *name, enum mon_cycle *out)
{
#define X(symbol, text, phases, ms)                                                                \
    if (strcmp(name, text) == 0) {                                                                 \
        *out = symbol;                                                                             \
        return true;                                                                               \
    }
    MON_CYCLE_LIST(X)
#undef X
    return false;
}

struct cycle_shape {
    size_t n_phases;
    int64_t phase_ms;
};

static struct cycle_shape shape_of(enum mon_cycle c)
{
    static const struct cycle_shape shapes[] = {
#define X(symbol, text, phases, ms) [symbol] = {phases, ms},
        MON_CYCLE_LIST(X)
#undef X
    };
    return shapes[c];
}

size_t mon_cycle_phases(enum mon_cycle c)
{
    return shape_of(c).n_phases;
}

/* Never negative, whatever the sign of x. */
static int64_t modulo(int64_t x, int64_t m)
{
    return (x % m + m) % m;
}

/* Milliseconds into the cycle. The week begins on Monday. */
static int64_t into_cycle(struct cycle_shape shape, int64_t utc_offset_ms, int64_t unix_ms)
{
    int64_t cycle_ms = shape.phase_ms * (int64_t)shape.n_phases;
    int64_t since_monday = modulo(unix_ms, 7 * DAY_MS) - MONDAY_MS;
    return modulo(since_monday + modulo(utc_offset_ms, 7 * DAY_MS), cycle_ms);
}

size_t mon_cycle_phase(enum mon_cycle c, int64_t utc_offset_ms, int64_t unix_ms)
{
    struct cycle_shape shape = shape_of(c);
    if (shape.n_phases == 1)
        return 0;
    return (size_t)(into_cycle(shape, utc_offset_ms, unix_ms) / shape.phase_ms);
}

/* Whole cycles give every phase the same; the rest is walked phase by phase. */
static void spread(struct mon_phase_mix *mix, struct cycle_shape shape, int64_t into,
                   double length_ms, double rows)
{
    double phase_ms = (double)shape.phase_ms, cycle_ms = phase_ms * (double)shape.n_phases;
    double whole = floor(length_ms / cycle_ms), rest_ms = length_ms - whole * cycle_ms;
    size_t phase = (size_t)(into / shape.phase_ms);
    double room_ms = phase_ms - (double)(into % shape.phase_ms);
    for (size_t i = 0; i < shape.n_phases; i++)
        mix->rows[i] += rows * whole * phase_ms / length_ms;
    while (rest_ms > 0.0) {
        double part_ms = fmin(rest_ms, room_ms);
        mix->rows[phase] += rows * part_ms / length_ms;
        rest_ms -= part_ms;
        room_ms = phase_ms;
        phase = (phase + 1) % shape.n_phases;
    }
}

void mon_phase_mix_add(struct mon_phase_mix *mix, enum mon_cycle c, int64_t utc_offset_ms,
                       struct mon_span span, double rows)
{
    struct cycle_shape shape = shape_of(c);
    double length_ms = (double)span.to_unix_ms - (double)span.from_unix_ms;
    if (shape.n_phases == 1 || !(length_ms > 0.0))
        mix->rows[mon_cycle_phase(c, utc_offset_ms, span.from_unix_ms)] += rows;
    else
        spread(mix, shape, into_cycle(shape, utc_offset_ms, span.from_unix_ms), length_ms, rows);
}

void mon_phase_mix_merge(struct mon_phase_mix *into, const struct mon_phase_mix *other)
{
    for (size_t i = 0; i < MON_PHASES_MAX; i++)
        into->rows[i] += other->rows[i];
}
