/*
 * fit_init.c - starting weights.
 */
#include "trainer/fit.h"

#include <math.h>
#include <string.h>

static bool column_is_zero(const float *x, size_t n_rows, size_t n_columns, size_t column)
{
    for (size_t i = 0; i < n_rows; i++) {
        if (x[i * n_columns + column] != 0) {
            return false;
        }
    }
    return true;
}

static void fill_normal(struct layer *l, double deviation, struct rng *rng)
{
    for (size_t i = 0; i < l->n_in * l->n_out; i++) {
        l->weights[i] = (float)(deviation * rng_normal(rng));
    }
}

void fit_init_weights(struct predictor *p, const float *x, size_t n_rows, struct rng *rng)
{
    for (size_t i = 0; i < p->n_layers; i++) {
        struct layer *l = &p->layers[i];
        bool last = i + 1 == p->n_layers;
        double variance = last ? 2.0 / (double)(l->n_in + l->n_out) : 2.0 / (double)l->n_in;
        memset(l->bias, 0, l->n_out * sizeof *l->bias);
        fill_normal(l, p->n_layers > 1 ? sqrt(variance) : 0, rng);
    }
    struct layer *first = &p->layers[0];
    for (size_t j = 0; p->n_layers > 1 && j < first->n_in; j++) {
        if (column_is_zero(x, n_rows, first->n_in, j)) {
            memset(first->weights + j * first->n_out, 0, first->n_out * sizeof *first->weights);
        }
    }
}
