/*
 * season_phases.c - the reference's chunks added up by phase.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "season_state.h"

#define LEAST_SUPPORT 0.5 /* of the rows, for a cycle to be taken */

void mon_season_options_init(struct mon_season_options *o)
{
    *o = (struct mon_season_options){.cycle = MON_HOUR_OF_WEEK};
}

static int64_t phase_ms(enum mon_cycle c)
{
    switch (c) {
#define X(symbol, text, phases, ms)                                                                \
    case symbol:                                                                                   \
        return ms;
        MON_CYCLE_LIST(X)
#undef X
    }
    return INT64_MAX;
}

static int64_t middle_of(struct mon_span s)
{
    return s.from_unix_ms / 2 + s.to_unix_ms / 2;
}

/* Which day or week: two chunks of one phase and one cycle are neighbours and confirm nothing. */
static double cycle_number(const struct mon_season *s, struct mon_span span)
{
    double cycle_ms = (double)phase_ms(s->cycle) * (double)mon_cycle_phases(s->cycle);
    return floor(((double)middle_of(span) + (double)s->utc_offset_ms) / cycle_ms);
}

static double median_length(const struct mon_span *spans, size_t n)
{
    /* chunks are equal but for gaps: the middle one stands for them */
    return (double)spans[n / 2].to_unix_ms - (double)spans[n / 2].from_unix_ms;
}

static void assign(struct mon_season *s, const struct mon_span *spans)
{
    double first_cycle[MON_PHASES_MAX];
    bool seen[MON_PHASES_MAX] = {false};
    memset(s->supported, 0, sizeof s->supported);
    for (size_t k = 0; k < s->n_chunks; k++) {
        size_t phase = mon_cycle_phase(s->cycle, s->utc_offset_ms, middle_of(spans[k]));
        double number = cycle_number(s, spans[k]);
        s->phase_of_chunk[k] = phase;
        s->supported[phase] |= seen[phase] && number != first_cycle[phase];
        if (!seen[phase])
            first_cycle[phase] = number;
        seen[phase] = true;
    }
}

static double supported_share(const struct mon_season *s, struct profile *const *chunks)
{
    double rows = 0.0, supported = 0.0;
    for (size_t k = 0; k < s->n_chunks; k++) {
        rows += (double)chunks[k]->n_rows;
        supported += s->supported[s->phase_of_chunk[k]] ? (double)chunks[k]->n_rows : 0.0;
    }
    return rows > 0.0 ? supported / rows : 0.0;
}

static enum mon_cycle coarser(enum mon_cycle c)
{
    switch (c) {
    case MON_HOUR_OF_WEEK:
        return MON_DAY_OF_WEEK;
    case MON_DAY_OF_WEEK:
        return MON_HOUR_OF_DAY;
    case MON_HOUR_OF_DAY:
    case MON_CYCLE_NONE:
        return MON_CYCLE_NONE;
    }
    return MON_CYCLE_NONE;
}

static void choose_cycle(struct mon_season *s, struct profile *const *chunks,
                         const struct mon_span *spans)
{
    double length_ms = median_length(spans, s->n_chunks);
    for (; s->cycle != MON_CYCLE_NONE; s->cycle = coarser(s->cycle)) {
        assign(s, spans);
        if (length_ms <= (double)phase_ms(s->cycle) && supported_share(s, chunks) >= LEAST_SUPPORT)
            return;
    }
    memset(s->phase_of_chunk, 0, s->n_chunks * sizeof *s->phase_of_chunk);
    memset(s->supported, 0, sizeof s->supported);
    s->supported[0] = s->n_chunks > 1;
}

static void write_note(struct mon_season *s, enum mon_cycle asked)
{
    size_t n_supported = 0, n_phases = mon_cycle_phases(s->cycle);
    for (size_t i = 0; i < n_phases; i++)
        n_supported += s->supported[i];
    int n = s->cycle == MON_CYCLE_NONE
                ? snprintf(s->note, sizeof s->note, "no season")
                : snprintf(s->note, sizeof s->note, "%s: %zu of %zu phases have a reference",
                           mon_cycle_name(s->cycle), n_supported, n_phases);
    if (s->cycle != asked)
        snprintf(s->note + n, sizeof s->note - (size_t)n,
                 "; for %s the reference's chunks are too long or its cycles too few",
                 mon_cycle_name(asked));
}

static enum err_code add_chunks(struct mon_season *s, struct profile *const *chunks, struct err *e)
{
    for (size_t k = 0; k < s->n_chunks; k++) {
        struct profile **phase = &s->phases[s->phase_of_chunk[k]];
        enum err_code rc = *phase == NULL ? profile_new(chunks[k]->ruler, phase, e) : ERR_OK;
        if (rc != ERR_OK)
            return rc;
        profile_merge(*phase, chunks[k]);
    }
    return ERR_OK;
}

enum err_code mon_season_new(const struct mon_season_options *o, struct profile *const *chunks,
                             const struct mon_span *spans, size_t n_chunks, struct mon_season **out,
                             struct err *e)
{
    if (n_chunks == 0)
        return err_set(e, ERR_INVALID, "a season needs the reference's chunks: there are none");
    struct mon_season *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(e, ERR_NOMEM, "out of memory");
    s->cycle = o->cycle;
    s->utc_offset_ms = o->utc_offset_ms;
    s->n_chunks = n_chunks;
    s->phase_of_chunk = calloc(n_chunks, sizeof *s->phase_of_chunk);
    if (s->phase_of_chunk == NULL) {
        mon_season_free(s);
        return err_set(e, ERR_NOMEM, "out of memory for %zu chunks", n_chunks);
    }
    choose_cycle(s, chunks, spans);
    write_note(s, o->cycle);
    enum err_code rc = add_chunks(s, chunks, e);
    if (rc != ERR_OK) {
        mon_season_free(s);
        return rc;
    }
    *out = s;
    return ERR_OK;
}

void mon_season_free(struct mon_season *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < MON_PHASES_MAX; i++)
        profile_free(s->phases[i]);
    free(s->phase_of_chunk);
    free(s);
}

enum mon_cycle mon_season_cycle(const struct mon_season *s)
{
    return s->cycle;
}

const char *mon_season_note(const struct mon_season *s)
{
    return s->note;
}

void mon_season_mix(const struct mon_season *s, struct mon_span span, double rows,
                    struct mon_phase_mix *mix)
{
    mon_phase_mix_add(mix, s->cycle, s->utc_offset_ms, span, rows);
}

double mon_season_support(const struct mon_season *s, const struct mon_phase_mix *mix)
{
    double rows = 0.0, supported = 0.0;
    for (size_t i = 0; i < MON_PHASES_MAX; i++) {
        rows += mix->rows[i];
        supported += s->supported[i] ? mix->rows[i] : 0.0;
    }
    return rows > 0.0 ? supported / rows : 0.0;
}

double season_expected(const struct mon_season *s, const struct mon_phase_mix *mix,
                       const struct series *series, double *out)
{
    double rows = 0.0, inverse = 0.0;
    memset(out, 0, series->n_cells * sizeof *out);
    for (size_t i = 0; i < MON_PHASES_MAX; i++)
        rows += s->supported[i] ? mix->rows[i] : 0.0;
    for (size_t i = 0; rows > 0.0 && i < MON_PHASES_MAX; i++) {
        if (!s->supported[i] || !(mix->rows[i] > 0.0))
            continue;
        double weight = mix->rows[i] / rows, n = (double)s->phases[i]->n_rows;
        inverse += weight * weight / n;
        for (size_t c = 0; c < series->n_cells; c++)
            out[c] += weight / n * (double)s->phases[i]->counts[series->first_cell + c];
    }
    double as_noisy = inverse > 0.0 ? 1.0 / inverse : 0.0;
    for (size_t c = 0; c < series->n_cells; c++)
        out[c] *= as_noisy;
    return as_noisy;
}
