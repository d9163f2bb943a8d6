/*
 * profile.c - counting over a ruler; profiles add and subtract. profile_read.c reads them.
 *
 * Rows are taken in blocks and each block feature by feature, so that a series' grid and counts
 * stay in the first-level cache while its values are counted.
 */
#include "model/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ruler_private.h"

#define BLOCK_ROWS 64

enum err_code profile_new(const struct ruler *r, struct profile **out, struct err *e)
{
    struct profile *p = calloc(1, sizeof *p);
    if (p) {
        p->ruler = r;
        p->counts = malloc(r->n_cells * sizeof *p->counts);
        p->moments = malloc(r->n_series * sizeof *p->moments);
    }
    if (!p || !p->counts || !p->moments) {
        profile_free(p);
        return err_set(e, ERR_NOMEM, "out of memory for a profile of %zu cells", r->n_cells);
    }
    profile_clear(p);
    *out = p;
    return ERR_OK;
}

void profile_free(struct profile *p)
{
    if (!p)
        return;
    free(p->counts);
    free(p->moments);
    free(p);
}

void profile_clear(struct profile *p)
{
    p->n_rows = 0;
    memset(p->counts, 0, p->ruler->n_cells * sizeof *p->counts);
    for (size_t i = 0; i < p->ruler->n_series; i++)
        p->moments[i] = (struct moments){.min = INFINITY, .max = -INFINITY};
}

/* The moments are locals, and their address goes nowhere: in memory every value would wait for the
 * one before it to be stored. */
static void count_numeric(const struct series *s, const struct grid *g, const double *x, size_t n,
                          uint64_t *counts, struct moments *moments)
{
    double sum = 0, sum_sq = 0, min = moments->min, max = moments->max;
    size_t n_finite = 0;
    for (size_t i = 0; i < n; i++) {
        double from_shift = x[i] - g->shift;
        size_t cell;
        if (grid_in_core(g, x[i])) {
            cell = grid_core_cell(g, x[i]);
        } else if (isfinite(x[i])) {
            cell = grid_search(g->edges, g->n_edges, x[i]);
            from_shift = fmin(fmax(from_shift, -g->reach), g->reach);
        } else {
            counts[isnan(x[i]) ? s->missing_cell : s->infinite_cell]++;
            continue;
        }
        counts[cell]++;
        n_finite++;
        sum += from_shift;
        sum_sq += from_shift * from_shift;
        min = x[i] < min ? x[i] : min;
        max = x[i] > max ? x[i] : max;
    }
    moments->n += (double)n_finite;
    moments->sum += sum;
    moments->sum_sq += sum_sq;
    moments->min = min;
    moments->max = max;
}

static size_t category_cell(const struct series *s, double code)
{
    if (isnan(code))
        return s->missing_cell;
    return code >= 0 && code < (double)(s->n_cells - 2) ? (size_t)code : s->unseen_cell;
}

static size_t presence_cell(const struct series *s, double code)
{
    return isnan(code) ? s->missing_cell : 0;
}

static void count_series(struct profile *p, size_t series, const double *x, size_t n)
{
    const struct series *s = &p->ruler->series[series];
    uint64_t *counts = p->counts + s->first_cell;
    switch (s->kind) {
    case SERIES_NUMERIC:
        count_numeric(s, &ruler_private(p->ruler)->grids[series], x, n, counts,
                      &p->moments[series]);
        break;
    case SERIES_CATEGORICAL:
        for (size_t i = 0; i < n; i++)
            counts[category_cell(s, x[i])]++;
        break;
    case SERIES_PRESENCE:
        for (size_t i = 0; i < n; i++)
            counts[presence_cell(s, x[i])]++;
        break;
    }
}

/* The class with the largest probability; NaN where one of them is none. */
static double top_class(const float *scores, size_t n_outputs)
{
    if (n_outputs == 1)
        return isnan(scores[0]) ? NAN : scores[0] >= 0.5f;
    size_t top = 0;
    for (size_t i = 0; i < n_outputs; i++) {
        if (isnan(scores[i]))
            return NAN;
        top = scores[i] > scores[top] ? i : top;
    }
    return (double)top;
}

static void count_block(struct profile *p, const double *codes, const float *scores, size_t n)
{
    const struct ruler_private *r = ruler_private(p->ruler);
    size_t n_features = r->ruler.n_features, n_outputs = r->n_outputs;
    double column[BLOCK_ROWS];
    for (size_t f = 0; f < n_features; f++) {
        for (size_t i = 0; i < n; i++)
            column[i] = codes[i * n_features + f];
        count_series(p, f, column, n);
    }
    for (size_t o = 0; o < n_outputs; o++) {
        for (size_t i = 0; i < n; i++)
            column[i] = scores[i * n_outputs + o];
        count_series(p, n_features + o, column, n);
    }
    if (r->n_classes) {
        for (size_t i = 0; i < n; i++)
            column[i] = top_class(scores + i * n_outputs, n_outputs);
        count_series(p, n_features + n_outputs, column, n);
    }
}

void profile_count(struct profile *p, const double *codes, const float *scores, size_t n_rows)
{
    size_t n_features = p->ruler->n_features, n_outputs = ruler_private(p->ruler)->n_outputs;
    for (size_t i = 0; i < n_rows; i += BLOCK_ROWS) {
        size_t n = n_rows - i < BLOCK_ROWS ? n_rows - i : BLOCK_ROWS;
        count_block(p, codes + i * n_features, scores + i * n_outputs, n);
    }
    p->n_rows += n_rows;
}

void profile_merge(struct profile *dst, const struct profile *src)
{
    dst->n_rows += src->n_rows;
    for (size_t i = 0; i < dst->ruler->n_cells; i++)
        dst->counts[i] += src->counts[i];
    for (size_t i = 0; i < dst->ruler->n_series; i++) {
        struct moments *d = &dst->moments[i];
        const struct moments *s = &src->moments[i];
        d->n += s->n;
        d->sum += s->sum;
        d->sum_sq += s->sum_sq;
        d->min = fmin(d->min, s->min);
        d->max = fmax(d->max, s->max);
    }
}

static enum err_code check_subtract(const struct profile *dst, const struct profile *earlier,
                                    struct err *e)
{
    for (size_t i = 0; i < dst->ruler->n_series; i++) {
        const struct series *s = &dst->ruler->series[i];
        for (size_t c = s->first_cell; c < s->first_cell + s->n_cells; c++)
            if (dst->counts[c] < earlier->counts[c])
                return err_set(e, ERR_INVALID,
                               "series %s, cell %zu: %llu counted, but %llu were counted earlier",
                               s->name, c - s->first_cell, (unsigned long long)dst->counts[c],
                               (unsigned long long)earlier->counts[c]);
    }
    if (dst->n_rows < earlier->n_rows)
        return err_set(e, ERR_INVALID, "%llu rows, but there were %llu earlier",
                       (unsigned long long)dst->n_rows, (unsigned long long)earlier->n_rows);
    return ERR_OK;
}

enum err_code profile_subtract(struct profile *dst, const struct profile *earlier, struct err *e)
{
    enum err_code code = check_subtract(dst, earlier, e);
    if (code)
        return code;
    dst->n_rows -= earlier->n_rows;
    for (size_t i = 0; i < dst->ruler->n_cells; i++)
        dst->counts[i] -= earlier->counts[i];
    for (size_t i = 0; i < dst->ruler->n_series; i++) {
        struct moments *d = &dst->moments[i];
        const struct moments *s = &earlier->moments[i];
        d->n -= s->n;
        d->sum = d->n > 0 ? d->sum - s->sum : 0;
        d->sum_sq = d->n > 0 ? fmax(d->sum_sq - s->sum_sq, 0) : 0;
        if (!(d->n > 0))
            *d = (struct moments){.min = INFINITY, .max = -INFINITY};
    }
    return ERR_OK;
}

size_t series_cell(const struct series *s, double value)
{
    switch (s->kind) {
    case SERIES_CATEGORICAL:
        return category_cell(s, value);
    case SERIES_PRESENCE:
        return presence_cell(s, value);
    case SERIES_NUMERIC:
        break;
    }
    if (isnan(value))
        return s->missing_cell;
    return isinf(value) ? s->infinite_cell : grid_search(s->edges, s->n_edges, value);
}
