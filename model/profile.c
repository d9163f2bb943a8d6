/*
 * profile.c - profiles come and go, add and subtract. count.c fills them, profile_read.c reads
 * them.
 */
#include "model/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ruler_private.h"

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
