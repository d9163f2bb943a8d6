/*
 * null_measure.c - how much more stretches of the reference differ from the rest of it than
 * independent rows would.
 *
 * Each chunk becomes a vector y, one entry per cell: its shares less those of the chunks it belongs
 * with (all, or those of its phase), cumulated and weighted so that its norm is the statistic
 * (statistic_weights), times the root of its rows, freed of its own part in what it is compared
 * with (leave-block-out). Then y scatters like the difference of one row, whatever the chunk's
 * size, and its mean square over that of independent rows is the design effect:
 *
 * chunks: of single chunks. Every pseudo-window drawn from them without replacement has it as its
 *     expectation, so nothing needs to be drawn.
 * blocks: of every run of L consecutive chunks (L: the window's size; the moving-block resample,
 *     enumerated). Sees dependence longer than a chunk; rests on fewer blocks.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "null_measure.h"
#include "season_state.h"

static void measure_deinit(struct measure *m)
{
    cells_deinit(&m->cells);
    profile_free(m->total);
    free(m->used);
    free(m->block_size);
    free(m->laid);
    free(m->counts);
    free(m->expected);
    free(m->widths);
    free(m->weights);
    free(m->shares);
    free(m->square);
    free(m->sum);
    free(m->independent);
    free(m->y);
    free(m->thin);
    free(m->room);
}

static bool allocate(struct measure *m, size_t largest)
{
    double **vectors[] = {&m->laid,    &m->counts, &m->expected, &m->widths,     &m->shares,
                          &m->weights, &m->square, &m->sum,      &m->independent};
    bool all = true;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        *vectors[i] = calloc(largest, sizeof(double));
        all &= *vectors[i] != NULL;
    }
    m->used = calloc(m->n_chunks, sizeof *m->used);
    m->block_size = calloc(m->n_chunks, sizeof *m->block_size);
    m->y = calloc(m->n_chunks * largest, sizeof *m->y);
    m->thin = calloc(m->n_chunks * THIN_COLUMNS, sizeof *m->thin);
    m->room = calloc(m->n_chunks * m->n_chunks, sizeof *m->room);
    return all && m->used != NULL && m->block_size != NULL && m->y != NULL && m->thin != NULL &&
           m->room != NULL;
}

static size_t phase_of(const struct measure *m, size_t chunk)
{
    return m->season != NULL ? m->season->phase_of_chunk[chunk] : 0;
}

/* Chunks by phase, and which of them have company. */
static void count_phases(struct measure *m, size_t of_phase[MON_PHASES_MAX])
{
    memset(of_phase, 0, MON_PHASES_MAX * sizeof *of_phase);
    for (size_t k = 0; k < m->n_chunks; k++)
        of_phase[phase_of(m, k)]++;
    for (size_t k = 0; k < m->n_chunks; k++) {
        size_t phase = phase_of(m, k);
        m->used[k] = of_phase[phase] > 1 && (m->season == NULL || m->season->supported[phase]);
        m->n_used += m->used[k];
    }
    m->dof = (double)m->n_used;
    for (size_t i = 0; i < MON_PHASES_MAX; i++)
        m->dof -= of_phase[i] > 1 && (m->season == NULL || m->season->supported[i]);
}

/* Deviations from a common mean are correlated by -1/(n - 1): a run of m chunks of one phase
 * scatters by m (m - 1) / (n - 1) less than m would. Kept up as the run moves on. 0 where a chunk
 * of it has no company. */
static void size_runs(struct measure *m, const size_t of_phase[MON_PHASES_MAX])
{
    size_t in_run[MON_PHASES_MAX] = {0}, lonely = 0;
    double lost = 0.0;
    for (size_t k = 0; k < m->n_chunks; k++) {
        size_t phase = phase_of(m, k);
        double others = fmax(1.0, (double)of_phase[phase] - 1.0);
        lost += 2.0 * (double)in_run[phase]++ / others;
        lonely += !m->used[k];
        if (k >= m->block) {
            phase = phase_of(m, k - m->block);
            others = fmax(1.0, (double)of_phase[phase] - 1.0);
            lost -= 2.0 * (double)--in_run[phase] / others;
            lonely -= !m->used[k - m->block];
        }
        if (k + 1 >= m->block && lonely == 0)
            m->block_size[k] = fmax(0.0, (double)m->block - lost);
    }
}

static enum err_code measure_init(struct measure *m, struct err *e)
{
    size_t largest = cells_largest(m->reference->ruler), of_phase[MON_PHASES_MAX];
    enum err_code rc = cells_init(&m->cells, m->reference->ruler, e);
    if (rc == ERR_OK)
        rc = profile_new(m->reference->ruler, &m->total, e);
    if (rc != ERR_OK)
        return rc;
    if (!allocate(m, largest))
        return err_set(e, ERR_NOMEM, "out of memory for %zu chunks of %zu cells", m->n_chunks,
                       largest);
    for (size_t k = 0; k < m->n_chunks; k++)
        profile_merge(m->total, m->chunks[k]);
    count_phases(m, of_phase);
    size_runs(m, of_phase);
    return ERR_OK;
}

/* y of a chunk from its counts and those of what it belongs with, and what independent rows would
 * have. */
static void deviate(struct measure *m, const struct series *s, double *y)
{
    size_t n = m->cells.n;
    double rows = statistic_rows(m->statistic, s, m->counts, n);
    double all = statistic_rows(m->statistic, s, m->expected, n);
    if (!(rows > 0.0) || !(all > rows))
        return;
    bool cumulated = !statistic_of_groups(m->statistic);
    double scale = sqrt(rows / (1.0 - rows / all)), share = 0.0, difference = 0.0;
    for (size_t i = 0; i < n; i++)
        m->sum[i] = m->expected[i] / all;
    statistic_weights(m->statistic, m->sum, m->widths, n, CELLS_MIN_EXPECTED / m->window_rows,
                      m->weights);
    for (size_t i = 0; i < n; i++) {
        share = (cumulated ? share : 0.0) + m->sum[i];
        difference = (cumulated ? difference : 0.0) + m->counts[i] / rows - m->sum[i];
        y[i] = m->weights[i] * scale * difference;
        m->independent[i] += m->weights[i] * m->weights[i] * fmax(0.0, share * (1.0 - share));
    }
    if (m->statistic == MON_WASSERSTEIN)
        m->independent_sum += statistic_sum_variance(s, m->expected, m->widths);
}

static void fill(struct measure *m, const struct series *s)
{
    const struct profile *with = m->total;
    m->independent_sum = 0.0;
    memset(m->independent, 0, m->cells.n * sizeof *m->independent);
    memset(m->y, 0, m->n_chunks * m->cells.n * sizeof *m->y);
    for (size_t k = 0; k < m->n_chunks; k++) {
        if (!m->used[k])
            continue;
        if (m->season != NULL)
            with = m->season->phases[phase_of(m, k)];
        cells_sum(&m->cells, m->chunks[k]->counts + s->first_cell, m->counts);
        cells_sum(&m->cells, with->counts + s->first_cell, m->expected);
        deviate(m, s, m->y + k * m->cells.n);
    }
    m->independent_sum /= (double)m->n_used;
    for (size_t i = 0; i < m->cells.n; i++)
        m->independent[i] /= (double)m->n_used;
}

/* Mean squares, by cell and of the sum over the cells, put together. */
struct scatter {
    double squares;    /* sum of the mean squares */
    double deviations; /* sum of their roots */
    double sum_square; /* mean square of the sum */
};

static struct scatter scatter_of(const double *squares, size_t n, double divisor, double sum_square)
{
    struct scatter out = {.sum_square = sum_square / divisor};
    for (size_t i = 0; i < n; i++) {
        out.squares += squares[i] / divisor;
        out.deviations += sqrt(squares[i] / divisor);
    }
    return out;
}

/* Of all runs of length chunks. */
static struct scatter scatter_of_runs(struct measure *m, size_t length)
{
    size_t n = m->cells.n;
    double size = 0.0, sum_square = 0.0;
    memset(m->square, 0, n * sizeof *m->square);
    memset(m->sum, 0, n * sizeof *m->sum);
    for (size_t k = 0; k < m->n_chunks; k++) {
        double run = length == 1 ? (double)m->used[k] : m->block_size[k], across = 0.0;
        for (size_t i = 0; i < n; i++) {
            m->sum[i] += m->y[k * n + i];
            if (k >= length)
                m->sum[i] -= m->y[(k - length) * n + i];
            across += m->sum[i];
        }
        if (!(run > 0.0))
            continue;
        size += run;
        sum_square += across * across;
        for (size_t i = 0; i < n; i++)
            m->square[i] += m->sum[i] * m->sum[i];
    }
    return scatter_of(m->square, n, size > 0.0 ? size : 1.0, sum_square);
}

/* The norm's mean square and degrees, of what was found relative to independent rows. */
static struct estimate compare(const struct measure *m, struct scatter found,
                               struct scatter independent, struct spectrum shape)
{
    struct estimate e = {.design_effect = 1.0, .degrees_share = 1.0, .skew_share = 1.0};
    struct statistic_unit unit = m->unit;
    if (m->statistic == MON_WASSERSTEIN) {
        struct statistic_unit a = statistic_unit_of_l1(found.deviations, found.sum_square);
        unit = statistic_unit_of_l1(independent.deviations, independent.sum_square);
        found.squares = a.mean;
        independent.squares = unit.mean;
        shape = (struct spectrum){a.degrees, a.degrees};
    }
    if (independent.squares > 1e-9)
        e.design_effect = fmax(1.0, found.squares / independent.squares);
    e.degrees_share = shape.degrees / unit.degrees;
    e.skew_share = shape.skew_degrees / unit.skew_degrees;
    /* what the tail rests on: its scale is that of the few directions that rule it */
    e.nu = m->statistic == MON_KS ? shape.degrees : shape.skew_degrees;
    return e;
}

/* Every cell that ends a fiftieth of the reference, with the weight of all of them: what a bridge's
 * spectrum needs, at a fraction of the cost. Returns how many. */
static size_t thin_columns(const struct measure *m, size_t columns[THIN_COLUMNS],
                           double factors[THIN_COLUMNS])
{
    double all = 0.0, held = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < m->cells.n; i++)
        all += m->expected[i];
    for (size_t i = 0; i < m->cells.n && n < THIN_COLUMNS; i++) {
        held += m->expected[i];
        if (held * (THIN_COLUMNS - 1) < all || !(m->expected[i] > 0.0))
            continue;
        columns[n] = i;
        factors[n++] = m->statistic == MON_CRAMER_VON_MISES ? sqrt(held / m->expected[i]) : 1.0;
        held = 0.0;
    }
    return n;
}

static struct spectrum shape_of_cumulated(struct measure *m)
{
    size_t columns[THIN_COLUMNS], n = thin_columns(m, columns, m->thin_factors);
    for (size_t k = 0; k < m->n_chunks; k++)
        for (size_t i = 0; i < n; i++)
            m->thin[k * n + i] = m->thin_factors[i] * m->y[k * m->cells.n + columns[i]];
    return spectrum_of(m->thin, m->n_chunks, n, m->dof, m->room);
}

/* m->expected: the reference's counts. */
static struct spectrum shape_of(struct measure *m)
{
    if (m->statistic == MON_WASSERSTEIN)
        return (struct spectrum){1.0, 1.0}; /* compare() has a better one */
    cells_sum_expected(&m->cells, m->laid, m->expected);
    if (statistic_of_groups(m->statistic))
        return spectrum_of(m->y, m->n_chunks, m->cells.n, m->dof, m->room);
    return shape_of_cumulated(m);
}

static struct series_null measure_series(struct measure *m, const struct series *s)
{
    const struct estimate independent_rows = {1.0, 1.0, 1.0, INFINITY};
    struct series_null out = {independent_rows, independent_rows};
    for (size_t i = 0; i < s->n_cells; i++)
        m->laid[i] = (double)m->total->counts[s->first_cell + i];
    if (m->n_used < NULL_MIN_CHUNKS || !statistic_widths(m->statistic, s, m->laid, m->widths))
        return out;
    cells_layout_expected(&m->cells, s, m->laid, m->statistic, m->window_rows);
    cells_sum_expected(&m->cells, m->laid, m->expected);
    m->unit = statistic_unit(m->statistic, s, m->expected, m->widths, m->cells.n);
    fill(m, s);
    struct scatter independent = scatter_of(m->independent, m->cells.n, 1.0, m->independent_sum);
    struct spectrum shape = shape_of(m);
    out.chunks = compare(m, scatter_of_runs(m, 1), independent, shape);
    out.blocks = compare(m, scatter_of_runs(m, m->block), independent, shape);
    double curvature = null_curvature(m, s);
    out.chunks.design_effect *= curvature;
    out.blocks.design_effect *= curvature;
    out.chunks.nu *= m->dof;
    out.blocks.nu *= fmax(1.0, m->dof / (double)m->block - 1.0);
    return out;
}

/* At least eight blocks must fit, or the block estimate says nothing. */
size_t null_block_chunks(size_t n_chunks, double chunk_rows, double window_rows)
{
    double wanted = round(window_rows / chunk_rows);
    return (size_t)fmax(1.0, fmin(wanted, (double)(n_chunks / NULL_MIN_CHUNKS)));
}

enum err_code null_measure(const struct mon_null *null, const struct profile *reference,
                           struct profile *const *chunks, const struct mon_season *season,
                           double window_rows, struct series_null *out, struct err *e)
{
    struct measure m = {.reference = reference,
                        .chunks = chunks,
                        .season = season,
                        .statistic = null->statistic,
                        .window_rows = window_rows,
                        .n_chunks = null->n_chunks,
                        .block = null_block_chunks(null->n_chunks, null->chunk_rows, window_rows)};
    enum err_code rc = measure_init(&m, e);
    for (size_t i = 0; rc == ERR_OK && i < null->n_series; i++)
        out[i] = measure_series(&m, &reference->ruler->series[i]);
    measure_deinit(&m);
    return rc;
}
