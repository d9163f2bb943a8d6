/*
 * null.c - the calibrated null of one statistic: which chunks count, and what is measured on them.
 */
#include "null.h"

#include <math.h>
#include <stdlib.h>

#include "season_state.h"

void mon_null_options_init(struct mon_null_options *o)
{
    *o = (struct mon_null_options){.statistic = MON_PSI, .window_rows = 1000.0};
}

/* The chunks that count: of a last one shorter than half its neighbour nothing can be learnt. */
static size_t usable_chunks(struct profile *const *chunks, size_t n_chunks)
{
    if (n_chunks > 1 && chunks[n_chunks - 1]->n_rows * 2 < chunks[n_chunks - 2]->n_rows)
        n_chunks--;
    for (size_t k = 0; k < n_chunks; k++)
        if (chunks[k]->n_rows == 0)
            return 0;
    return n_chunks >= NULL_MIN_CHUNKS ? n_chunks : 0;
}

static double mean_rows(struct profile *const *chunks, size_t n_chunks)
{
    double rows = 0.0;
    for (size_t k = 0; k < n_chunks; k++)
        rows += (double)chunks[k]->n_rows;
    return n_chunks > 0 ? rows / (double)n_chunks : 0.0;
}

static double run_rows(const struct mon_null *null, double window_rows)
{
    if (null->n_chunks == 0)
        return 0.0;
    size_t run = null_block_chunks(null->n_chunks, null->chunk_rows, window_rows);
    return fmin(window_rows, (double)run * null->chunk_rows);
}

static enum err_code check_options(const struct mon_null_options *o, size_t n_chunks, struct err *e)
{
    if (!(o->window_rows >= 1.0))
        return err_set(e, ERR_INVALID, "window_rows: expected 1 or more, got %g", o->window_rows);
    if (o->season != NULL && o->season->n_chunks != n_chunks)
        return err_set(e, ERR_INVALID, "the season was made of %zu chunks, the null is of %zu",
                       o->season->n_chunks, n_chunks);
    return ERR_OK;
}

static enum err_code make_series(struct mon_null *null, struct err *e)
{
    size_t n = null->n_series > 0 ? null->n_series : 1;
    null->whole = calloc(n, sizeof *null->whole);
    null->phases = null->season != NULL ? calloc(n, sizeof *null->phases) : NULL;
    if (null->whole != NULL && (null->season == NULL || null->phases != NULL))
        return ERR_OK;
    return err_set(e, ERR_NOMEM, "out of memory for the null of %zu series", n);
}

enum err_code mon_null_make(const struct mon_null_options *o, const struct profile *reference,
                            struct profile *const *chunks, size_t n_chunks, struct mon_null **out,
                            struct err *e)
{
    enum err_code rc = check_options(o, n_chunks, e);
    if (rc != ERR_OK)
        return rc;
    struct mon_null *null = calloc(1, sizeof *null);
    if (null == NULL)
        return err_set(e, ERR_NOMEM, "out of memory");
    null->statistic = o->statistic;
    null->n_series = reference->ruler->n_series;
    null->n_chunks = o->independent_rows ? 0 : usable_chunks(chunks, n_chunks);
    null->chunk_rows = mean_rows(chunks, null->n_chunks);
    null->run_rows = run_rows(null, o->window_rows);
    null->season = null->n_chunks > 0 ? o->season : NULL;
    rc = make_series(null, e);
    if (rc == ERR_OK && null->n_chunks > 0)
        rc = null_measure(null, reference, chunks, NULL, o->window_rows, null->whole, e);
    if (rc == ERR_OK && null->season != NULL)
        rc = null_measure(null, reference, chunks, o->season, o->window_rows, null->phases, e);
    if (rc != ERR_OK) {
        mon_null_free(null);
        return rc;
    }
    *out = null;
    return ERR_OK;
}

enum err_code mon_null_new(const struct profile *reference, struct profile *const *chunks,
                           size_t n_chunks, enum mon_statistic statistic, double window_rows,
                           struct mon_null **out, struct err *e)
{
    struct mon_null_options o;
    mon_null_options_init(&o);
    o.statistic = statistic;
    o.window_rows = window_rows;
    return mon_null_make(&o, reference, chunks, n_chunks, out, e);
}

void mon_null_free(struct mon_null *null)
{
    if (null == NULL)
        return;
    free(null->whole);
    free(null->phases);
    free(null);
}

double mon_null_design_effect(const struct mon_null *null, size_t series)
{
    if (null->n_chunks == 0)
        return 1.0;
    const struct series_null *s =
        null->phases != NULL ? &null->phases[series] : &null->whole[series];
    return fmax(s->chunks.design_effect, s->blocks.design_effect);
}
