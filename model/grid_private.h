/*
 * grid_private.h - what grid.c and grid_lay.c share.
 */
#ifndef MODEL_GRID_PRIVATE_H
#define MODEL_GRID_PRIVATE_H

#include "grid.h"

/* Grids stay within this, so that a difference of two edges is finite; beyond it is under- and
 * overflow. */
#define GRID_LIMIT 1e300

/* The least x with (x - low) * inverse >= bin; +inf where none is below GRID_LIMIT. */
double grid_bin_start(double low, double inverse, size_t bin);

/* Fills bins, high and reach from edges, low, inverse, n_bins and shift. */
enum err_code grid_map(struct grid *g, struct err *e);

#endif
