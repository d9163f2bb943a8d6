/*
 * ruler.c - the ruler: which series there are, their cells, and the groups (deciles of the
 * reference) that statistics with few bins merge the cells to.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ruler_private.h"

#define SORT_ROWS 200000 /* a grid is laid over at most about this many rows, evenly spaced */
#define RARE_SHARE 0.01  /* categories below this share of the reference are one group */
#define PAGE_CELLS 512   /* of 8 bytes: counts of two series this far apart evict each other */

void ruler_options_init(struct ruler_options *o)
{
    *o = (struct ruler_options){
        .core_cells = 128, .tail_cells = 16, .max_point_masses = 16, .n_groups = 10};
}

void ruler_free(struct ruler *ruler)
{
    if (!ruler)
        return;
    struct ruler_private *r = (struct ruler_private *)ruler;
    for (size_t i = 0; r->grids && i < ruler->n_series; i++) {
        if (r->tables.edges)
            r->grids[i].edges = NULL; /* the tables' */
        grid_deinit(&r->grids[i]);
    }
    count_tables_deinit(&r->tables);
    free(r->grids);
    free(r->groups);
    free(ruler->series);
    free(r);
}

static void outline_features(struct ruler *r, const struct schema *s, const struct vocabulary *v)
{
    for (size_t i = 0; i < s->n_features; i++) {
        const struct feature *f = &s->features[i];
        struct series *series = &r->series[i];
        snprintf(series->name, sizeof series->name, "%s", f->name);
        if (f->pii) {
            series->kind = SERIES_PRESENCE;
            series->n_cells = 2;
        } else if (f->kind == FEATURE_CATEGORICAL) {
            series->kind = SERIES_CATEGORICAL;
            series->n_cells = vocabulary_size(v, i) + 2;
        } else {
            series->kind = SERIES_NUMERIC;
        }
    }
}

static void outline_predictions(struct ruler_private *r, const struct schema *s)
{
    struct series *series = &r->ruler.series[s->n_features];
    for (size_t i = 0; i < r->n_outputs; i++, series++) {
        series->kind = SERIES_NUMERIC;
        series->prediction = true;
        if (r->n_outputs == 1)
            snprintf(series->name, sizeof series->name, "prediction");
        else
            snprintf(series->name, sizeof series->name, "prediction/%s", s->classes[i]);
    }
    if (r->n_classes) {
        series->kind = SERIES_CATEGORICAL;
        series->prediction = true;
        series->n_cells = r->n_classes + 2;
        snprintf(series->name, sizeof series->name, "class");
    }
}

enum err_code ruler_outline(const struct schema *s, const struct vocabulary *v,
                            struct ruler_private **out, struct err *e)
{
    if (s->label_kind != LABEL_REGRESSION && s->n_classes < 2)
        return err_set(e, ERR_INVALID, "a ruler needs the classes of label %s, the schema has %zu",
                       s->label, s->n_classes);
    struct ruler_private *r = calloc(1, sizeof *r);
    if (!r)
        return err_set(e, ERR_NOMEM, "out of memory for a ruler");
    r->n_classes = s->label_kind == LABEL_REGRESSION ? 0 : s->n_classes;
    r->n_outputs = schema_n_outputs(s);
    r->ruler.n_features = s->n_features;
    r->ruler.n_series = s->n_features + r->n_outputs + (r->n_classes ? 1 : 0);
    r->ruler.series = calloc(r->ruler.n_series, sizeof *r->ruler.series);
    r->grids = calloc(r->ruler.n_series, sizeof *r->grids);
    if (!r->ruler.series || !r->grids) {
        ruler_free(&r->ruler);
        return err_set(e, ERR_NOMEM, "out of memory for a ruler");
    }
    outline_features(&r->ruler, s, v);
    outline_predictions(r, s);
    *out = r;
    return ERR_OK;
}

static void place_series(struct series *s, const struct grid *g)
{
    if (s->kind == SERIES_NUMERIC) {
        s->n_edges = g->n_edges;
        s->edges = g->edges;
        s->n_cells = g->n_edges + 3;
    }
    s->infinite_cell = s->kind == SERIES_NUMERIC ? s->n_cells - 2 : SIZE_MAX;
    s->unseen_cell = s->kind == SERIES_CATEGORICAL ? s->n_cells - 2 : SIZE_MAX;
    s->missing_cell = s->n_cells - 1;
}

enum err_code ruler_place_cells(struct ruler_private *r, struct err *e)
{
    size_t at = 0;
    for (size_t i = 0; i < r->ruler.n_series; i++) {
        struct series *s = &r->ruler.series[i];
        place_series(s, &r->grids[i]);
        s->first_cell = at;
        at += s->n_cells;
        if (s->n_cells % PAGE_CELLS == 0)
            at += 8; /* one unused cache line */
    }
    r->ruler.n_cells = at;
    r->groups = calloc(at, sizeof *r->groups);
    if (!r->groups)
        return err_set(e, ERR_NOMEM, "out of memory for a ruler of %zu cells", at);
    for (size_t i = 0; i < r->ruler.n_series; i++)
        r->ruler.series[i].group_of = r->groups + r->ruler.series[i].first_cell;
    return count_tables_init(r, e);
}

/* One column of the rows to lay a grid over. */
struct sample {
    double *values; /* finite; room for every row that may be taken */
    size_t n;
    double least, most; /* of all rows, not only the taken ones */
};

static void take(struct sample *s, double value, bool sampled)
{
    if (!isfinite(value))
        return;
    s->least = fmin(s->least, value);
    s->most = fmax(s->most, value);
    if (sampled)
        s->values[s->n++] = value;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct fit {
    const double *codes;
    const float *scores;
    size_t n_rows;
    const struct ruler_options *o;
    double *room; /* of one column */
};

/* NaN where there is no such value. */
static double fit_value(const struct ruler_private *r, const struct fit *fit, size_t row,
                        size_t series)
{
    size_t n_features = r->ruler.n_features;
    if (series < n_features)
        return fit->codes[row * n_features + series];
    return fit->scores ? (double)fit->scores[row * r->n_outputs + series - n_features] : NAN;
}

static enum err_code fit_series(struct ruler_private *r, size_t series, const struct fit *fit,
                                struct err *e)
{
    size_t every = fit->n_rows / SORT_ROWS + 1;
    struct sample s = {.values = fit->room, .least = INFINITY, .most = -INFINITY};
    for (size_t i = 0; i < fit->n_rows; i++)
        take(&s, fit_value(r, fit, i, series), i % every == 0);
    qsort(s.values, s.n, sizeof *s.values, ascending);
    double range[2] = {s.least, s.most};
    if (series >= r->ruler.n_features &&
        r->n_classes) { /* probabilities, whatever of them the reference held */
        range[0] = fmin(range[0], 0);
        range[1] = fmax(range[1], 1);
    }
    return grid_lay(&r->grids[series], s.values, s.n, range, fit->o, e);
}

/* Every group but the special cells' holds some of the reference; cells that hold none go with the
 * cell before them. A cell belongs where the middle of its mass is. */
static size_t group_numeric(uint16_t *groups, const uint64_t *counts, size_t n, size_t n_groups)
{
    double total = 0, below = 0;
    for (size_t i = 0; i < n; i++)
        total += (double)counts[i];
    size_t group = 0;
    double last = -1;
    for (size_t i = 0; i < n; i++) {
        double count = (double)counts[i];
        double part = count > 0 ? floor((double)n_groups * (below + count / 2) / total) : last;
        if (part != last && last >= 0)
            group++;
        last = part;
        below += count;
        groups[i] = (uint16_t)group;
    }
    return group + 1;
}

static size_t group_categorical(uint16_t *groups, const uint64_t *counts, size_t n)
{
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += (double)counts[i];
    size_t n_groups = 0;
    bool rare = false;
    for (size_t i = 0; i < n; i++)
        if ((double)counts[i] >= RARE_SHARE * total && counts[i] > 0)
            groups[i] = (uint16_t)n_groups++;
        else
            rare = true;
    for (size_t i = 0; rare && i < n; i++)
        if (!((double)counts[i] >= RARE_SHARE * total && counts[i] > 0))
            groups[i] = (uint16_t)n_groups;
    return n_groups + rare;
}

static void group_series(struct ruler_private *r, struct series *s, const uint64_t *counts,
                         size_t n_groups)
{
    uint16_t *groups = r->groups + s->first_cell;
    size_t n_plain = series_n_plain(s);
    counts += s->first_cell;
    if (s->kind == SERIES_NUMERIC)
        s->n_groups = group_numeric(groups, counts, n_plain, n_groups);
    else if (s->kind == SERIES_CATEGORICAL)
        s->n_groups = group_categorical(groups, counts, n_plain);
    for (size_t i = n_plain; i < s->n_cells; i++)
        groups[i] = (uint16_t)s->n_groups++;
}

static enum err_code fit_groups(struct ruler_private *r, const struct fit *fit, struct err *e)
{
    struct profile *p = NULL;
    enum err_code code = profile_new(&r->ruler, &p, e);
    if (code)
        return code;
    profile_count(p, fit->codes, fit->scores, fit->n_rows);
    for (size_t i = 0; i < r->ruler.n_series; i++)
        group_series(r, &r->ruler.series[i], p->counts, fit->o->n_groups);
    profile_free(p);
    return ERR_OK;
}

static enum err_code check_options(const struct ruler_options *o, size_t n_rows, struct err *e)
{
    if (n_rows == 0)
        return err_set(e, ERR_INVALID, "a ruler needs at least one row");
    if (o->core_cells < 1 || o->core_cells > 10000 || o->tail_cells < 1 || o->tail_cells > 1000 ||
        o->max_point_masses > 100 || o->n_groups < 1 || o->n_groups > 1000)
        return err_set(e, ERR_INVALID,
                       "ruler: core_cells %zu (1..10000), tail_cells %zu (1..1000), "
                       "max_point_masses %zu (0..100), n_groups %zu (1..1000)",
                       o->core_cells, o->tail_cells, o->max_point_masses, o->n_groups);
    return ERR_OK;
}

enum err_code ruler_fit(const struct schema *s, const struct vocabulary *v, const double *codes,
                        const float *scores, size_t n_rows, const struct ruler_options *o,
                        struct ruler **out, struct err *e)
{
    struct fit fit = {.codes = codes, .scores = scores, .n_rows = n_rows, .o = o};
    struct ruler_private *r = NULL;
    enum err_code code = check_options(o, n_rows, e);
    if (!code)
        code = ruler_outline(s, v, &r, e);
    if (!code && !(fit.room = malloc((n_rows / (n_rows / SORT_ROWS + 1) + 1) * sizeof(double))))
        code = err_set(e, ERR_NOMEM, "out of memory for a ruler over %zu rows", n_rows);
    for (size_t i = 0; !code && i < r->ruler.n_series; i++)
        if (r->ruler.series[i].kind == SERIES_NUMERIC)
            code = fit_series(r, i, &fit, e);
    if (!code)
        code = ruler_place_cells(r, e);
    if (!code)
        code = fit_groups(r, &fit, e);
    free(fit.room);
    if (code)
        ruler_free(r ? &r->ruler : NULL);
    else
        *out = &r->ruler;
    return code;
}
