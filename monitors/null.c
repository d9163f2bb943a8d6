/*
 * null.c - design effects from the reference's chunks in time order.
 *
 * Each chunk becomes a vector z, one entry per cell, whose squared length has a known mean for
 * independent rows: for psi and js (share - overall share) / sqrt(overall share), mean (G - 1) /
 * rows (Pearson); for ks the difference of cumulative shares, whose entry at F has variance F (1 -
 * F) / rows. From them, the ratio to independent rows:
 *
 * chunks: rows x the unbiased between-chunk variance. Every pseudo-window drawn from chunks without
 *     replacement has it as its expectation, so no resampling is needed.
 * blocks: for every run of L consecutive chunks (L: the window's size), the difference to all the
 * others, over its expectation. Sees dependence longer than a chunk; rests on fewer blocks.
 */
#include "null.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "spectrum.h"

struct measure {
    const struct profile *reference;
    struct profile *const *chunks;
    enum mon_statistic statistic;
    size_t n_chunks, block; /* block: chunks in a window-sized run */
    double chunk_rows;
    struct cells cells;
    double *shares; /* n_chunks x cells: chunk shares, then z */
    double *mean;   /* cells */
    double *sum;    /* cells: of a block */
    double *square; /* cells: mean squares */
    double *room;   /* n_chunks x n_chunks */
};

static void measure_deinit(struct measure *m)
{
    cells_deinit(&m->cells);
    free(m->shares);
    free(m->mean);
    free(m->sum);
    free(m->square);
    free(m->room);
}

static enum err_code measure_init(struct measure *m, struct err *e)
{
    size_t largest = cells_largest(m->reference->ruler);
    enum err_code rc = cells_init(&m->cells, m->reference->ruler, e);
    if (rc != ERR_OK)
        return rc;
    m->shares = calloc(m->n_chunks * largest, sizeof *m->shares);
    m->mean = calloc(largest, sizeof *m->mean);
    m->sum = calloc(largest, sizeof *m->sum);
    m->square = calloc(largest, sizeof *m->square);
    m->room = calloc(m->n_chunks * m->n_chunks, sizeof *m->room);
    if (m->shares != NULL && m->mean != NULL && m->sum != NULL && m->square != NULL &&
        m->room != NULL)
        return ERR_OK;
    return err_set(e, ERR_NOMEM, "out of memory for %zu chunks of %zu cells", m->n_chunks, largest);
}

/* Chunk shares; cumulative ones for ks. */
static void fill_shares(struct measure *m, const struct series *s)
{
    size_t n = m->cells.n;
    for (size_t k = 0; k < m->n_chunks; k++) {
        double *share = m->shares + k * n;
        cells_sum(&m->cells, m->chunks[k]->counts + s->first_cell, share);
        for (size_t i = 0; i < n; i++)
            share[i] /= (double)m->chunks[k]->n_rows;
        for (size_t i = 1; m->statistic == MON_KS && i < n; i++)
            share[i] += share[i - 1];
    }
}

/* shares -> z: centred, and for psi and js scaled. An entry that never varies stays 0. */
static void standardise(struct measure *m)
{
    size_t n = m->cells.n;
    memset(m->mean, 0, n * sizeof *m->mean);
    for (size_t k = 0; k < m->n_chunks; k++)
        for (size_t i = 0; i < n; i++)
            m->mean[i] += m->shares[k * n + i] / (double)m->n_chunks;
    for (size_t k = 0; k < m->n_chunks; k++)
        for (size_t i = 0; i < n; i++) {
            double centred = m->shares[k * n + i] - m->mean[i];
            bool scaled = m->statistic != MON_KS && m->mean[i] > 0.0;
            m->shares[k * n + i] = scaled ? centred / sqrt(m->mean[i]) : centred;
        }
}

/* Sum of the mean squares of z over what independent rows would give. */
static double ratio_to_independent(const struct measure *m, double rows)
{
    double sum = 0.0, independent = 0.0, occupied = 0.0;
    for (size_t i = 0; i < m->cells.n; i++) {
        sum += m->square[i];
        independent += m->mean[i] * (1.0 - m->mean[i]);
        occupied += m->mean[i] > 0.0;
    }
    if (m->statistic != MON_KS)
        independent = occupied - 1.0;
    return independent > 1e-9 ? rows * sum / independent : 1.0;
}

static double chunk_effect(struct measure *m)
{
    size_t n = m->cells.n;
    memset(m->square, 0, n * sizeof *m->square);
    for (size_t k = 0; k < m->n_chunks; k++)
        for (size_t i = 0; i < n; i++)
            m->square[i] += m->shares[k * n + i] * m->shares[k * n + i] / (double)(m->n_chunks - 1);
    return ratio_to_independent(m, m->chunk_rows);
}

/* z sums to 0 over all chunks, so the rest's mean is -sum / (n_chunks - block). */
static void add_block(struct measure *m, size_t n_blocks)
{
    double weight = 1.0 / (double)m->block + 1.0 / (double)(m->n_chunks - m->block);
    for (size_t i = 0; i < m->cells.n; i++) {
        double difference = m->sum[i] * weight;
        m->square[i] += difference * difference / (double)n_blocks;
    }
}

static double block_effect(struct measure *m)
{
    size_t n = m->cells.n, n_blocks = m->n_chunks - m->block + 1;
    memset(m->square, 0, n * sizeof *m->square);
    memset(m->sum, 0, n * sizeof *m->sum);
    for (size_t k = 0; k < m->n_chunks; k++) {
        for (size_t i = 0; i < n; i++) {
            m->sum[i] += m->shares[k * n + i];
            if (k >= m->block)
                m->sum[i] -= m->shares[(k - m->block) * n + i];
        }
        if (k + 1 >= m->block)
            add_block(m, n_blocks);
    }
    double chunks = (double)m->n_chunks, block = (double)m->block;
    return ratio_to_independent(m, m->chunk_rows / (1.0 / block + 1.0 / (chunks - block)));
}

static struct series_null measure_series(struct measure *m, const struct series *s,
                                         double window_rows)
{
    cells_layout(&m->cells, s, m->reference->counts + s->first_cell, m->statistic, window_rows);
    fill_shares(m, s);
    standardise(m);
    double chunks = (double)m->n_chunks, most = fmax(1.0, (double)m->cells.n - 1.0);
    struct spectrum shape = spectrum_of(m->shares, m->n_chunks, m->cells.n, m->room);
    double degrees = fmin(most, shape.degrees);
    return (struct series_null){
        .chunks = {fmax(1.0, chunk_effect(m)), (chunks - 1.0) * degrees},
        .blocks = {fmax(1.0, block_effect(m)), (chunks / (double)m->block - 1.0) * degrees},
        .degrees_share = degrees / most,
        .skew_share = fmin(degrees, shape.skew_degrees) / most,
    };
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

/* At least eight blocks must fit, or the block estimate says nothing. */
static size_t block_chunks(size_t n_chunks, double chunk_rows, double window_rows)
{
    double wanted = round(window_rows / chunk_rows);
    return (size_t)fmax(1.0, fmin(wanted, (double)(n_chunks / NULL_MIN_CHUNKS)));
}

static enum err_code measure_all(struct mon_null *null, const struct profile *reference,
                                 struct profile *const *chunks, double window_rows, struct err *e)
{
    struct measure m = {.reference = reference,
                        .chunks = chunks,
                        .statistic = null->statistic,
                        .n_chunks = null->n_chunks,
                        .chunk_rows = null->chunk_rows,
                        .block = block_chunks(null->n_chunks, null->chunk_rows, window_rows)};
    enum err_code rc = measure_init(&m, e);
    for (size_t i = 0; rc == ERR_OK && i < null->n_series; i++)
        null->series[i] = measure_series(&m, &reference->ruler->series[i], window_rows);
    measure_deinit(&m);
    return rc;
}

enum err_code mon_null_new(const struct profile *reference, struct profile *const *chunks,
                           size_t n_chunks, enum mon_statistic statistic, double window_rows,
                           struct mon_null **out, struct err *e)
{
    if (!(window_rows >= 1.0))
        return err_set(e, ERR_INVALID, "window_rows: expected 1 or more, got %g", window_rows);
    struct mon_null *null = calloc(1, sizeof *null);
    if (null == NULL)
        return err_set(e, ERR_NOMEM, "out of memory");
    null->statistic = statistic;
    null->n_series = reference->ruler->n_series;
    null->n_chunks = usable_chunks(chunks, n_chunks);
    null->chunk_rows = mean_rows(chunks, null->n_chunks);
    null->series = calloc(null->n_series > 0 ? null->n_series : 1, sizeof *null->series);
    enum err_code rc = null->series != NULL ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
    if (rc == ERR_OK && null->n_chunks > 0)
        rc = measure_all(null, reference, chunks, window_rows, e);
    if (rc != ERR_OK) {
        mon_null_free(null);
        return rc;
    }
    *out = null;
    return ERR_OK;
}

void mon_null_free(struct mon_null *null)
{
    if (null == NULL)
        return;
    free(null->series);
    free(null);
}

double mon_null_design_effect(const struct mon_null *null, size_t series)
{
    if (null->n_chunks == 0)
        return 1.0;
    const struct series_null *s = &null->series[series];
    return fmax(s->chunks.design_effect, s->blocks.design_effect);
}
