/*
 * joint_null.c - means without drift, from the reference's chunks against the rest of it.
 *
 * Eigenvectors are fitted to the rest each time: to the rows they were fitted to they fit too well,
 * and a window would seem to have drifted for not having been among them.
 */
#include "joint_null.h"

#include <stdlib.h>
#include <string.h>

#include "spectrum.h"

/* Overlapping blocks say about half as much again as those that fit side by side (Meketon &
 * Schmeiser 1984). */
#define OVERLAP_GAIN 1.5

#define MIN_BLOCKS 4

struct measure {
    struct mon_joint_null *null;
    double keep_variance;
    struct mon_joint_sums **chunks; /* owned: merged with neighbours where there are many */
    size_t n, block;                /* block: chunks in a run of the window's size */
    struct mon_joint_sums *total, *part, *rest;
    struct joint_room room;
    double *differences[MON_N_JOINT]; /* n x joint_length each, divided by the root of 1 / rows */
    double *rest_rows;                /* n, of each difference's other side */
    double *inverse_rows;             /* n, what its squares were divided by */
    double *gram;                     /* n x n, for the spectrum */
};

void mon_joint_null_options_init(struct mon_joint_null_options *o)
{
    *o = (struct mon_joint_null_options){.window_rows = 1000.0, .keep_variance = 0.65};
}

void mon_joint_null_free(struct mon_joint_null *null)
{
    if (null == NULL)
        return;
    joint_model_deinit(&null->model);
    free(null->pair_variance);
    free(null);
}

static void measure_deinit(struct measure *m)
{
    for (size_t k = 0; m->chunks != NULL && k < m->n; k++)
        mon_joint_sums_free(m->chunks[k]);
    free(m->chunks);
    mon_joint_sums_free(m->total);
    mon_joint_sums_free(m->part);
    mon_joint_sums_free(m->rest);
    joint_room_deinit(&m->room);
    for (int s = 0; s < MON_N_JOINT; s++)
        free(m->differences[s]);
    free(m->rest_rows);
    free(m->gram);
}

/* The chunks that count: of a last one shorter than half its neighbour nothing can be learnt. */
static size_t usable_chunks(struct mon_joint_sums *const *chunks, size_t n)
{
    if (n > 1 && chunks[n - 1]->rows * 2 < chunks[n - 2]->rows)
        n--;
    for (size_t k = 0; k < n; k++)
        if (chunks[k]->rows < 2)
            return 0;
    return n >= JOINT_MIN_CHUNKS ? n : 0;
}

/* Neighbours that become one: until they are few, but no longer than a window. */
static size_t count_together(const struct measure *m, struct mon_joint_sums *const *chunks,
                             size_t n_chunks)
{
    size_t together = (n_chunks + JOINT_ENOUGH_CHUNKS - 1) / JOINT_ENOUGH_CHUNKS;
    size_t least = (n_chunks + JOINT_MAX_CHUNKS - 1) / JOINT_MAX_CHUNKS;
    double fit = floor(m->null->window_rows / (double)chunks[0]->rows);
    if ((double)together > fit)
        together = (size_t)fmax(fit, 1.0);
    return together > least ? together : least;
}

/* A remainder joins the last. */
static enum err_code merge_chunks(struct measure *m, const struct mon_joint_space *space,
                                  struct mon_joint_sums *const *chunks, size_t n_chunks,
                                  struct err *e)
{
    size_t together = count_together(m, chunks, n_chunks), n = n_chunks / together;
    m->chunks = calloc(n, sizeof *m->chunks);
    if (m->chunks == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu chunks", n);
    for (size_t k = 0; k < n; k++, m->n++) {
        enum err_code code = mon_joint_sums_new(space, &m->chunks[k], e);
        if (code != ERR_OK)
            return code;
    }
    for (size_t k = 0; k < n_chunks; k++)
        mon_joint_sums_merge(m->chunks[k / together < n ? k / together : n - 1], chunks[k]);
    return ERR_OK;
}

static enum err_code sum_up(struct measure *m, const struct mon_joint_space *space, struct err *e)
{
    enum err_code code = mon_joint_sums_new(space, &m->total, e);
    if (code == ERR_OK)
        code = mon_joint_sums_new(space, &m->part, e);
    if (code == ERR_OK)
        code = mon_joint_sums_new(space, &m->rest, e);
    for (size_t k = 0; code == ERR_OK && k < m->n; k++)
        mon_joint_sums_merge(m->total, m->chunks[k]);
    return code;
}

/* At least four blocks must fit, or the block estimate says nothing. */
static size_t block_chunks(size_t n_chunks, double chunk_rows, double window_rows)
{
    double wanted = round(window_rows / chunk_rows);
    return (size_t)fmax(1.0, fmin(wanted, (double)(n_chunks / MIN_BLOCKS)));
}

static enum err_code make_room(struct measure *m, struct err *e)
{
    bool have_room = true;
    for (int s = 0; s < MON_N_JOINT; s++) {
        size_t length = joint_length(&m->null->model, (enum mon_joint_statistic)s);
        m->differences[s] = calloc(m->n * length + 1, sizeof(double));
        have_room &= m->differences[s] != NULL;
    }
    m->rest_rows = calloc(2 * m->n, sizeof *m->rest_rows);
    m->gram = calloc(m->n * m->n, sizeof *m->gram);
    if (!have_room || m->rest_rows == NULL || m->gram == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for the differences of %zu chunks", m->n);
    m->inverse_rows = m->rest_rows + m->n;
    return joint_room_init(&m->room, m->null->model.space, e);
}

static enum err_code measure_init(struct measure *m, struct mon_joint_sums *const *chunks,
                                  size_t n_chunks, struct err *e)
{
    const struct mon_joint_space *space = m->null->model.space;
    enum err_code code = merge_chunks(m, space, chunks, n_chunks, e);
    if (code == ERR_OK)
        code = sum_up(m, space, e);
    if (code != ERR_OK)
        return code;
    m->null->n_chunks = m->n;
    m->null->chunk_rows = (double)m->total->rows / (double)m->n;
    m->block = block_chunks(m->n, m->null->chunk_rows, m->null->window_rows);
    return make_room(m, e);
}

/* rest = all chunks but k .. k + block - 1, which are in `part`, and the neighbour on either side,
 * whose rows may remember them (h-block cross-validation: Burman, Chow & Nolan 1994). */
static void set_rest(struct measure *m, size_t k, size_t block)
{
    mon_joint_sums_clear(m->rest);
    mon_joint_sums_merge(m->rest, m->total);
    mon_joint_sums_subtract(m->rest, m->part, NULL);
    if (k > 0)
        mon_joint_sums_subtract(m->rest, m->chunks[k - 1], NULL);
    if (k + block < m->n)
        mon_joint_sums_subtract(m->rest, m->chunks[k + block], NULL);
}

/* Every statistic's difference of `part`, block chunks from k on, to the rest. */
static enum err_code part_against_rest(struct measure *m, size_t k, size_t block, struct err *e)
{
    struct joint_model model;
    set_rest(m, k, block);
    enum err_code code = joint_model_init(&model, m->rest, m->keep_variance, e);
    if (code != ERR_OK)
        return code;
    joint_moments_of(m->part, &m->room.a);
    joint_moments_of(m->rest, &m->room.b);
    m->rest_rows[k] = m->room.b.rows;
    m->inverse_rows[k] = joint_inverse_rows(m->room.b.rows, m->room.a.rows);
    for (int s = 0; s < MON_N_JOINT; s++) {
        size_t length = joint_length(&model, (enum mon_joint_statistic)s);
        double *row = m->differences[s] + k * length, scale = 1.0 / sqrt(m->inverse_rows[k]);
        joint_difference(&model, (enum mon_joint_statistic)s, &m->room, row);
        for (size_t i = 0; i < length; i++)
            row[i] *= scale;
    }
    joint_model_deinit(&model);
    return ERR_OK;
}

/* Runs of `block` chunks, from every chunk on. Subtracting what was merged is exact and cannot fail
 * but for sums that somebody made up: those are then taken as they are. */
static enum err_code fill_differences(struct measure *m, size_t block, struct err *e)
{
    enum err_code code = ERR_OK;
    mon_joint_sums_clear(m->part);
    for (size_t k = 0; code == ERR_OK && k < m->n; k++) {
        mon_joint_sums_merge(m->part, m->chunks[k]);
        if (k >= block)
            mon_joint_sums_subtract(m->part, m->chunks[k - block], NULL);
        if (k + 1 >= block)
            code = part_against_rest(m, k + 1 - block, block, e);
    }
    return code;
}

static double mean_square(const double *rows, size_t n, size_t length)
{
    double sum = 0.0;
    for (size_t i = 0; i < n * length; i++)
        sum += rows[i] * rows[i];
    return sum / (double)n;
}

static void measure_optimism(struct measure *m)
{
    double sum = 0.0;
    for (size_t k = 0; k < m->n; k++)
        sum += m->differences[MON_JOINT_PCA][k] * sqrt(m->inverse_rows[k]) * m->rest_rows[k];
    m->null->tails[MON_JOINT_PCA].optimism = sum / (double)m->n;
}

static void take_off_optimism(struct measure *m, size_t n_runs)
{
    for (size_t k = 0; k < n_runs; k++)
        m->differences[MON_JOINT_PCA][k] -=
            m->null->tails[MON_JOINT_PCA].optimism / (m->rest_rows[k] * sqrt(m->inverse_rows[k]));
}

static void measure_pairs(struct measure *m)
{
    size_t length = joint_length(&m->null->model, MON_JOINT_CORRELATION);
    const double *differences = m->differences[MON_JOINT_CORRELATION];
    for (size_t k = 0; k < m->n; k++)
        for (size_t i = 0; i < length; i++) {
            double d = differences[k * length + i];
            m->null->pair_variance[i] += d * d / (double)m->n;
        }
}

/* The chunks' mean is taken off: the spectrum is one of deviations from it. */
static void centre(double *rows, size_t n, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        double mean = 0.0;
        for (size_t k = 0; k < n; k++)
            mean += rows[k * length + i] / (double)n;
        for (size_t k = 0; k < n; k++)
            rows[k * length + i] -= mean;
    }
}

/* The degrees that the squares' own scatter over the chunks shows: fewer than the spectrum has
 * where the vectors are not normal. */
static double degrees_of_scatter(const double *rows, size_t n, size_t length)
{
    double mean = 0.0, sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        double square = mean_square(rows + k * length, 1, length), step = square - mean;
        mean += step / (double)(k + 1);
        sum += step * (square - mean);
    }
    return sum > 0.0 ? 2.0 * mean * mean * ((double)n - 1.0) / sum : INFINITY;
}

static void measure_chunks(struct measure *m)
{
    measure_optimism(m);
    take_off_optimism(m, m->n);
    measure_pairs(m);
    for (int s = 0; s < MON_N_JOINT; s++) {
        struct joint_tail *t = &m->null->tails[s];
        size_t length = joint_length(&m->null->model, (enum mon_joint_statistic)s);
        double degrees_of_chunks = (double)m->n - 1.0;
        t->chunks.mean = mean_square(m->differences[s], m->n, length);
        centre(m->differences[s], m->n, length);
        struct spectrum shape =
            spectrum_of(m->differences[s], m->n, length, degrees_of_chunks, m->gram);
        t->degrees =
            fmax(1.0, fmin(shape.degrees, degrees_of_scatter(m->differences[s], m->n, length)));
        t->skew_degrees = fmin(shape.skew_degrees, t->degrees);
        t->chunks.nu = degrees_of_chunks * t->degrees;
    }
}

static void measure_blocks(struct measure *m)
{
    size_t n_runs = m->n - m->block + 1;
    double side_by_side = (double)m->n / (double)m->block;
    take_off_optimism(m, n_runs);
    for (int s = 0; s < MON_N_JOINT; s++) {
        struct joint_tail *t = &m->null->tails[s];
        size_t length = joint_length(&m->null->model, (enum mon_joint_statistic)s);
        t->blocks.mean = mean_square(m->differences[s], n_runs, length);
        t->blocks.nu = OVERLAP_GAIN * (side_by_side - 1.0) * t->degrees;
    }
}

/* A pair's own variance is the chunks'; that rows remember longer than a chunk is taken from all
 * pairs together, because a few blocks say too little about one. */
static void finish_pairs(struct measure *m, size_t length)
{
    const struct joint_tail *t = &m->null->tails[MON_JOINT_CORRELATION];
    double ratio = t->chunks.mean > 0.0 ? t->blocks.mean / t->chunks.mean : 1.0;
    double inverse_nu = 1.0 / ((double)m->n - 1.0);
    if (ratio > 1.0) {
        for (size_t i = 0; i < length; i++)
            m->null->pair_variance[i] *= ratio;
        inverse_nu += 1.0 / t->blocks.nu;
    }
    m->null->pair_nu = 1.0 / inverse_nu;
}

static enum err_code measure_all(struct measure *m, struct err *e)
{
    enum err_code code = fill_differences(m, 1, e);
    if (code != ERR_OK)
        return code;
    measure_chunks(m);
    for (int s = 0; s < MON_N_JOINT; s++)
        m->null->tails[s].blocks = m->null->tails[s].chunks;
    if (m->block > 1) {
        code = fill_differences(m, m->block, e);
        if (code == ERR_OK)
            measure_blocks(m);
    }
    finish_pairs(m, joint_length(&m->null->model, MON_JOINT_CORRELATION));
    return code;
}

static enum err_code calibrate(struct mon_joint_null *null, struct mon_joint_sums *const *chunks,
                               size_t n_chunks, double keep_variance, struct err *e)
{
    struct measure m = {.null = null, .keep_variance = keep_variance};
    enum err_code code = measure_init(&m, chunks, n_chunks, e);
    if (code == ERR_OK)
        code = measure_all(&m, e);
    measure_deinit(&m);
    return code;
}

static enum err_code check_arguments(const struct mon_joint_sums *reference,
                                     const struct mon_joint_null_options *o, struct err *e)
{
    if (!(o->window_rows >= 1.0 && isfinite(o->window_rows)))
        return err_set(e, ERR_INVALID, "window_rows: expected 1 or more, got %g", o->window_rows);
    if (!(o->keep_variance > 0.0 && o->keep_variance <= 1.0))
        return err_set(e, ERR_INVALID, "keep_variance: expected more than 0 and at most 1, got %g",
                       o->keep_variance);
    if (reference->rows < 2)
        return err_set(e, ERR_INVALID, "a joint reference of %llu rows: expected 2 or more",
                       (unsigned long long)reference->rows);
    return ERR_OK;
}

enum err_code mon_joint_null_new(const struct mon_joint_sums *reference,
                                 struct mon_joint_sums *const *chunks, size_t n_chunks,
                                 const struct mon_joint_null_options *o,
                                 struct mon_joint_null **out, struct err *e)
{
    enum err_code code = check_arguments(reference, o, e);
    if (code != ERR_OK)
        return code;
    struct mon_joint_null *null = calloc(1, sizeof *null);
    if (null == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a joint null");
    null->window_rows = o->window_rows;
    size_t usable = usable_chunks(chunks, n_chunks), n = reference->space->n_columns;
    null->pair_variance = calloc(n * n, sizeof *null->pair_variance);
    if (null->pair_variance == NULL)
        code = err_set(e, ERR_NOMEM, "out of memory for the pairs of %zu columns", n);
    if (code == ERR_OK)
        code = joint_model_init(&null->model, reference, o->keep_variance, e);
    if (code == ERR_OK && usable > 0)
        code = calibrate(null, chunks, usable, o->keep_variance, e);
    if (code != ERR_OK)
        mon_joint_null_free(null);
    else
        *out = null;
    return code;
}
