/*
 * profile_read.c - numbers out of a profile: moments, quantiles; a profile as tensors and back.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ruler_private.h"

_Static_assert(sizeof(struct moments) == 5 * sizeof(double), "moments are a row of 5 doubles");

double series_shift(const struct ruler *r, size_t series)
{
    return ruler_private(r)->grids[series].shift;
}

double moments_mean(const struct moments *m, double shift)
{
    return m->n > 0 ? shift + m->sum / m->n : NAN;
}

double moments_variance(const struct moments *m)
{
    if (m->n < 2)
        return 0;
    return fmax(m->sum_sq - m->sum * m->sum / m->n, 0) / (m->n - 1);
}

static double inside_cell(const struct series *s, size_t cell, double part)
{
    if (cell == 0)
        return s->edges[0];
    double low = s->edges[cell - 1];
    if (cell == s->n_edges || s->edges[cell] == nextafter(low, INFINITY))
        return low;
    return low + (s->edges[cell] - low) * part;
}

double series_quantile(const struct series *s, const uint64_t *counts, double q)
{
    double total = 0, below = 0;
    for (size_t i = 0; s->kind == SERIES_NUMERIC && i <= s->n_edges; i++)
        total += (double)counts[i];
    if (!(total > 0))
        return NAN;
    double rank = fmin(fmax(q, 0), 1) * total;
    for (size_t i = 0; i <= s->n_edges; i++) {
        double count = (double)counts[i];
        if (count > 0 && below + count >= rank)
            return inside_cell(s, i, (rank - below) / count);
        below += count;
    }
    return s->edges[s->n_edges - 1];
}

struct names {
    char counts[128], moments[128], rows[128];
};

static enum err_code make_names(struct names *n, const char *prefix, struct err *e)
{
    if (strlen(prefix) > sizeof n->counts - sizeof "moments")
        return err_set(e, ERR_INVALID, "profile: the prefix %.120s is too long", prefix);
    snprintf(n->counts, sizeof n->counts, "%scounts", prefix);
    snprintf(n->moments, sizeof n->moments, "%smoments", prefix);
    snprintf(n->rows, sizeof n->rows, "%srows", prefix);
    return ERR_OK;
}

enum err_code profile_to_st(const struct profile *p, const char *prefix, struct st_writer *w,
                            void **keep, struct err *e)
{
    const int64_t n_cells = (int64_t)p->ruler->n_cells, one = 1;
    const int64_t moments[2] = {(int64_t)p->ruler->n_series, 5};
    struct names n;
    *keep = NULL; /* all three lie in the profile as the file wants them */
    enum err_code code = make_names(&n, prefix, e);
    if (!code)
        code = st_writer_add(w, n.counts, ST_U64, 1, &n_cells, p->counts, e);
    if (!code)
        code = st_writer_add(w, n.moments, ST_F64, 2, moments, p->moments, e);
    return code ? code : st_writer_add(w, n.rows, ST_U64, 1, &one, &p->n_rows, e);
}

static enum err_code check_moments(const struct profile *p, size_t series, uint64_t finite,
                                   struct err *e)
{
    const struct moments *m = &p->moments[series];
    if (m->n != (double)finite || !isfinite(m->sum) || !isfinite(m->sum_sq) || isnan(m->min) ||
        isnan(m->max))
        return err_set(e, ERR_PARSE,
                       "series %s: moments of %g values (sum %g, squares %g, min %g, max %g), but "
                       "%llu were counted",
                       p->ruler->series[series].name, m->n, m->sum, m->sum_sq, m->min, m->max,
                       (unsigned long long)finite);
    return ERR_OK;
}

/* Every row is counted once in every series. */
static enum err_code check_series(const struct profile *p, size_t series, struct err *e)
{
    const struct series *s = &p->ruler->series[series];
    const uint64_t *counts = p->counts + s->first_cell;
    uint64_t left = p->n_rows, finite = 0;
    for (size_t i = 0; i < s->n_cells; i++) {
        if (counts[i] > left)
            return err_set(e, ERR_PARSE, "series %s counts more than the profile's %llu rows",
                           s->name, (unsigned long long)p->n_rows);
        left -= counts[i];
        finite += i < series_n_plain(s) ? counts[i] : 0;
    }
    if (left)
        return err_set(e, ERR_PARSE, "series %s counts %llu of the profile's %llu rows", s->name,
                       (unsigned long long)(p->n_rows - left), (unsigned long long)p->n_rows);
    return s->kind == SERIES_NUMERIC ? check_moments(p, series, finite, e) : ERR_OK;
}

enum err_code profile_check(const struct profile *p, struct err *e)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; !code && i < p->ruler->n_series; i++)
        code = check_series(p, i, e);
    return code;
}

enum err_code profile_from_st(const struct st_file *f, const char *prefix, const struct ruler *r,
                              struct profile **out, struct err *e)
{
    const int64_t n_cells = (int64_t)r->n_cells, one = 1, shape[2] = {(int64_t)r->n_series, 5};
    const struct st_tensor *counts, *moments, *rows;
    struct names n;
    struct profile *p = NULL;
    enum err_code code = make_names(&n, prefix, e);
    if (!code)
        code = st_need(f, n.counts, ST_U64, 1, &n_cells, &counts, e);
    if (!code)
        code = st_need(f, n.moments, ST_F64, 2, shape, &moments, e);
    if (!code)
        code = st_need(f, n.rows, ST_U64, 1, &one, &rows, e);
    if (code || (code = profile_new(r, &p, e)))
        return code;
    memcpy(p->counts, counts->data, counts->size_bytes);
    memcpy(p->moments, moments->data, moments->size_bytes);
    memcpy(&p->n_rows, rows->data, sizeof p->n_rows);
    code = profile_check(p, e);
    if (code) {
        err_prefix(e, "%s", n.counts);
        profile_free(p);
        return code;
    }
    *out = p;
    return ERR_OK;
}
