/*
 * null_curvature.c - the index itself against its second-order form, on runs of chunks.
 */
#include <math.h>
#include <string.h>

#include "null_measure.h"
#include "season_state.h"

/* Moves a run's counts (m->square), and those expected of it (m->sum), by a chunk that joins (1) or
 * leaves (-1). */
static void move_run(struct measure *m, const struct series *s, size_t chunk, double sign)
{
    const struct profile *with =
        m->season != NULL ? m->season->phases[m->season->phase_of_chunk[chunk]] : m->total;
    double share = (double)m->chunks[chunk]->n_rows / (double)with->n_rows;
    cells_sum(&m->cells, m->chunks[chunk]->counts + s->first_cell, m->counts);
    cells_sum(&m->cells, with->counts + s->first_cell, m->expected);
    for (size_t i = 0; i < m->cells.n; i++) {
        m->square[i] += sign * m->counts[i];
        m->sum[i] += sign * share * m->expected[i];
    }
}

static double sum_of(const double *values, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum;
}

/* Of the run at hand: the weighted squares that the tails are made for, in the index's unit. */
static double second_order(struct measure *m)
{
    size_t n = m->cells.n;
    double rows = sum_of(m->square, n), all = sum_of(m->sum, n), sum = 0.0;
    for (size_t i = 0; i < n; i++)
        m->shares[i] = fmax(0.0, m->sum[i] / all);
    statistic_weights(m->statistic, m->shares, m->widths, n, CELLS_MIN_EXPECTED / m->window_rows,
                      m->weights);
    for (size_t i = 0; i < n; i++) {
        double deviation = m->weights[i] * (m->square[i] / rows - m->shares[i]);
        sum += deviation * deviation;
    }
    return sum * m->unit.mean / m->unit.degrees;
}

/* After second_order: of the same run, the index squared where it is a root. */
static double index_of(struct measure *m, const struct series *s)
{
    for (size_t i = 0; i < m->cells.n; i++)
        m->shares[i] *= (double)m->total->n_rows;
    double value = statistic_value(m->statistic, s, m->shares, m->square, m->widths, m->cells.n);
    return statistic_is_square(m->statistic) ? value : value * value;
}

/* Over the runs: second order q, index x, and their squares. */
struct sums {
    double q, x, qq, qx, xx;
};

static void add_run(struct measure *m, const struct series *s, struct sums *sums)
{
    double q = second_order(m), x = index_of(m, s);
    sums->q += q;
    sums->x += x;
    sums->qq += q * q;
    sums->qx += q * x;
    sums->xx += x * x;
}

/* The ratio of means and its standard error (Cochran 1977, 6.4); runs overlap, so that one in
 * m->block is news. */
static double ratio_and_error(const struct measure *m, const struct sums *s)
{
    double ratio = s->x / s->q;
    double rest = fmax(0.0, s->xx - 2.0 * ratio * s->qx + ratio * ratio * s->qq);
    return ratio + sqrt(rest * (double)m->block) / s->q;
}

double null_curvature(struct measure *m, const struct series *s)
{
    struct sums sums = {0};
    if (!statistic_of_groups(m->statistic))
        return 1.0; /* these are their second-order form */
    memset(m->square, 0, m->cells.n * sizeof *m->square);
    memset(m->sum, 0, m->cells.n * sizeof *m->sum);
    for (size_t k = 0; k < m->n_chunks; k++) {
        move_run(m, s, k, 1.0);
        if (k >= m->block)
            move_run(m, s, k - m->block, -1.0);
        if (m->block_size[k] > 0.0)
            add_run(m, s, &sums);
    }
    return sums.q > 1e-9 ? fmax(1.0, ratio_and_error(m, &sums)) : 1.0;
}
