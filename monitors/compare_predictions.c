/*
 * compare_predictions.c - what the two sides predict, over the champion's ruler.
 */
#include <math.h>
#include <stdlib.h>

#include "cells.h"
#include "comparison.h"
#include "martingale.h"
#include "monitors/distance.h"

/* A version trained on newer data may well predict otherwise: only a distance beyond the margin
 * that is not chance is bad. */
static void judge(struct mon_comparison *c, const struct mon_compare_options *o)
{
    if (c->n_champion < o->min_n || c->n_candidate < o->min_n || isnan(c->difference))
        return;
    if (c->difference <= c->margin)
        c->verdict = MON_GOOD;
    else if (c->e_value >= 1.0 / o->alpha)
        c->verdict = MON_BAD;
}

/* What equal distributions would give at these sizes, taken off (Lin 1991; see null_tail.c). */
static double corrected_distance(double distance, size_t n_cells, double n_champion,
                                 double n_candidate)
{
    double expected =
        ((double)n_cells - 1.0) * (1.0 / n_champion + 1.0 / n_candidate) / (8.0 * M_LN2);
    return sqrt(fmax(0.0, distance * distance - expected));
}

static void measure(const struct cells *cells, const struct series *s,
                    const struct profile *champion, const struct profile *candidate, double *a,
                    double *b, struct mon_comparison *out)
{
    cells_sum(cells, champion->counts + s->first_cell, a);
    cells_sum(cells, candidate->counts + s->first_cell, b);
    double distance = mon_distance_js(a, b, cells->n);
    out->difference = corrected_distance(distance, cells->n, out->n_champion, out->n_candidate);
    out->e_value = exp(martingale_log_equal(a, b, cells->n));
}

void mon_compare_predictions(const struct mon_compare_options *o, const struct profile *champion,
                             const struct profile *candidate, size_t series,
                             struct mon_comparison *out)
{
    const struct series *s = &champion->ruler->series[series];
    struct cells cells = {0};
    comparison_start(out, o, s->name, "Jensen-Shannon distance; Dirichlet-mixture e-process");
    out->n_champion = (double)champion->n_rows;
    out->n_candidate = (double)candidate->n_rows;
    if (champion->n_rows == 0 || candidate->n_rows == 0 ||
        cells_init(&cells, champion->ruler, NULL) != ERR_OK)
        return;
    cells_layout(&cells, s, champion->counts + s->first_cell, MON_JS,
                 fmin(out->n_champion, out->n_candidate));
    double *sums = calloc(2 * cells.n, sizeof *sums);
    if (sums != NULL) {
        measure(&cells, s, champion, candidate, sums, sums + cells.n, out);
        judge(out, o);
    }
    free(sums);
    cells_deinit(&cells);
}
