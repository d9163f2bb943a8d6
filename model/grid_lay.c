/*
 * grid_lay.c - where the edges of a numeric series go: an affine core over the bulk, log-spaced
 * tails to the reference's ends, and a cell of its own for every value that holds much of the
 * reference.
 *
 * Grids that do not look at the centre (DDSketch, log-linear) bound the error of values, not of
 * ranks: N(1000, 1) falls into one of their cells. Hence median and interquartile range.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "grid_private.h"

#define CORE_IQRS 3.0     /* of the median, each way; a normal's +-4 sigma */
#define MASS_SHARE 0.01   /* of the reference, for a cell of its own */
#define MASS_WIDENING 4   /* how many times wider the core may become to take in the masses */
#define REST_SHARE 0.05   /* of the reference, outside the masses, that is worth a core */
#define MASS_MIN_COUNT 5  /* in a small reference 1 % is a single row */
#define CELLS_PER_VALUE 4 /* core cells that a series of few distinct values gets for each */
#define MIN_WIDTH 1e-290  /* of the core: its inverse must be finite */

struct plan {
    const double *sorted;
    size_t n;
    double range[2];
    const struct ruler_options *o;
    double *masses; /* ascending */
    size_t n_masses;
    size_t n_distinct;
    double low, high; /* of the core, as wished */
    bool narrow;      /* the core is a single value */
};

struct run {
    double value;
    size_t count;
};

static double quantile(const double *sorted, size_t n, double q)
{
    return sorted[(size_t)(q * (double)(n - 1) + 0.5)];
}

static int more_first(const void *a, const void *b)
{
    const struct run *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return (x->value > y->value) - (x->value < y->value);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool is_mass(const struct plan *p, size_t count)
{
    return count == p->n || (count >= MASS_MIN_COUNT && (double)count >= MASS_SHARE * (double)p->n);
}

/* Values holding 1 % or more: at most 100 of them. */
static size_t find_runs(struct plan *p, struct run runs[100])
{
    size_t n_runs = 0;
    for (size_t i = 0, next; i < p->n; i = next) {
        for (next = i + 1; next < p->n && p->sorted[next] == p->sorted[i];)
            next++;
        p->n_distinct++;
        if (is_mass(p, next - i) && n_runs < 100)
            runs[n_runs++] = (struct run){p->sorted[i], next - i};
    }
    return n_runs;
}

static void find_masses(struct plan *p)
{
    struct run runs[100];
    size_t n = find_runs(p, runs);
    qsort(runs, n, sizeof runs[0], more_first);
    p->n_masses = n < p->o->max_point_masses ? n : p->o->max_point_masses;
    for (size_t i = 0; i < p->n_masses; i++)
        p->masses[i] = runs[i].value;
    qsort(p->masses, p->n_masses, sizeof p->masses[0], ascending);
}

/* Copies what is in no mass; returns how many. */
static size_t without_masses(const struct plan *p, double *rest)
{
    size_t n = 0, m = 0;
    for (size_t i = 0; i < p->n; i++) {
        while (m < p->n_masses && p->masses[m] < p->sorted[i])
            m++;
        if (m == p->n_masses || p->masses[m] != p->sorted[i])
            rest[n++] = p->sorted[i];
    }
    return n;
}

/* false where half of the values are one and the same. */
static bool core_around(struct plan *p, const double *sorted, size_t n)
{
    double iqr = n ? quantile(sorted, n, 0.75) - quantile(sorted, n, 0.25) : 0;
    if (!(iqr > 0))
        return false;
    double median = quantile(sorted, n, 0.5);
    p->low = fmax(median - CORE_IQRS * iqr, sorted[0]);
    p->high = fmin(median + CORE_IQRS * iqr, sorted[n - 1]);
    return true;
}

/* Values in the core are found quickest: it takes in the masses where that does not cost the bulk
 * its resolution. 0 among counts of 7 to 12 comes in, a -999 that means missing does not. */
static void take_in_masses(struct plan *p)
{
    if (p->n_masses == 0)
        return;
    double low = fmin(p->low, p->masses[0]), high = fmax(p->high, p->masses[p->n_masses - 1]);
    if (high - low <= MASS_WIDENING * (p->high - p->low)) {
        p->low = low;
        p->high = high;
    }
}

/* The bulk is what the masses leave, or everything where they leave next to nothing; where neither
 * has a width, the span of the masses. */
static enum err_code find_core(struct plan *p, struct err *e)
{
    double *rest = malloc(p->n * sizeof *rest);
    if (!rest)
        return err_set(e, ERR_NOMEM, "out of memory to lay a grid over %zu values", p->n);
    size_t n = without_masses(p, rest);
    bool rest_matters = (double)n >= REST_SHARE * (double)p->n;
    if ((rest_matters && core_around(p, rest, n)) || core_around(p, p->sorted, p->n) ||
        core_around(p, rest, n)) {
        take_in_masses(p);
    } else {
        p->low = p->n_masses ? p->masses[0] : p->sorted[0];
        p->high = p->n_masses ? p->masses[p->n_masses - 1] : p->sorted[p->n - 1];
    }
    free(rest);
    p->low = fmin(fmax(p->low, -GRID_LIMIT / 4), GRID_LIMIT / 4);
    p->high = fmin(fmax(p->high, -GRID_LIMIT / 4), GRID_LIMIT / 4);
    return ERR_OK;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A bin is at least four doubles wide, and ends a hair beyond the last value, not on it. */
static void set_affine(struct grid *g, struct plan *p)
{
    double size = fmax(fabs(p->low), fabs(p->high));
    double finest = fmax(4 * (nextafter(size, INFINITY) - size), MIN_WIDTH);
    double width = p->high - p->low;
    p->narrow = width < finest;
    if (p->narrow)
        width = finest;
    double fits = fmin(width / finest, (double)p->o->core_cells);
    g->low = p->low;
    g->n_bins = least((size_t)fits, CELLS_PER_VALUE * p->n_distinct);
    g->inverse = (double)g->n_bins / (width * (1 + 1e-12));
}

static void add_edge(struct grid *g, double x)
{
    if (fabs(x) <= GRID_LIMIT)
        g->edges[g->n_edges++] = x;
}

/* Edges from the core's end at `from` out to `to` (either side): as wide as the core's cells while
 * that reaches, else growing geometrically. */
static void add_tail(struct grid *g, const struct plan *p, double from, double to)
{
    double way = to - from, span = fabs(way);
    size_t n = p->o->tail_cells;
    double first = p->narrow ? ldexp(span, 1 - (int)n) : 1 / g->inverse;
    if (!(span > 0))
        return;
    if (span <= (double)n * first) {
        n = (size_t)ceil(span / first);
        for (size_t i = 1; i < n; i++)
            add_edge(g, from + way * ((double)i / (double)n));
    } else {
        double growth = log(span / first) / (double)(n - 1);
        for (size_t i = 0; i + 1 < n; i++)
            add_edge(g, from + copysign(first * exp(growth * (double)i), way));
    }
    add_edge(g, to);
}

static void sort_edges(struct grid *g)
{
    qsort(g->edges, g->n_edges, sizeof g->edges[0], ascending);
    size_t n = 0;
    for (size_t i = 0; i < g->n_edges; i++)
        if (n == 0 || g->edges[i] > g->edges[n - 1])
            g->edges[n++] = g->edges[i];
    g->n_edges = n;
}

static void add_edges(struct grid *g, const struct plan *p)
{
    for (size_t i = 0; i <= g->n_bins; i++)
        add_edge(g, grid_bin_start(g->low, g->inverse, i));
    double high = g->edges[g->n_edges - 1];
    double least_value = fmax(p->range[0], -GRID_LIMIT / 2);
    double most_value = fmin(p->range[1], GRID_LIMIT / 2);
    if (least_value < g->low)
        add_tail(g, p, g->low, least_value);
    if (most_value >= high)
        add_tail(g, p, high, nextafter(most_value, INFINITY));
    for (size_t i = 0; i < p->n_masses; i++) {
        add_edge(g, p->masses[i]);
        add_edge(g, nextafter(p->masses[i], INFINITY));
    }
    sort_edges(g);
}

static enum err_code lay(struct grid *g, struct plan *p, struct err *e)
{
    find_masses(p);
    enum err_code code = find_core(p, e);
    if (code)
        return code;
    set_affine(g, p);
    g->shift = quantile(p->sorted, p->n, 0.5);
    add_edges(g, p);
    return grid_map(g, e);
}

/* No finite value to learn from: below zero, and not. */
static enum err_code lay_empty(struct grid *g, struct err *e)
{
    g->inverse = 1;
    add_edge(g, 0);
    return grid_map(g, e);
}

enum err_code grid_lay(struct grid *g, const double *sorted, size_t n, const double range[2],
                       const struct ruler_options *o, struct err *e)
{
    struct plan p = {.sorted = sorted, .n = n, .o = o, .range = {range[0], range[1]}};
    size_t most = o->core_cells + 1 + 2 * o->tail_cells + 2 * o->max_point_masses;
    *g = (struct grid){0};
    g->edges = malloc(most * sizeof *g->edges);
    p.masses = malloc((o->max_point_masses + 1) * sizeof *p.masses);
    enum err_code code = g->edges && p.masses
                             ? ERR_OK
                             : err_set(e, ERR_NOMEM, "out of memory for a grid of %zu edges", most);
    if (!code)
        code = n ? lay(g, &p, e) : lay_empty(g, e);
    free(p.masses);
    if (code)
        grid_deinit(g);
    return code;
}
