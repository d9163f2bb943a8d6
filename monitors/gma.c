/*
 * gma.c - the geometric moving average chart (Roberts, "Control chart tests based on geometric
 * moving averages", Technometrics 1959) of deviations from the running mean: z = alpha z + (1 -
 * alpha) (x - mean), a change where z exceeds threshold; falls where -z does.
 *
 * Details as in frouros: the mean includes the newest value; min_instances values are let pass.
 */
#include <math.h>

#include "detector_fields.h"

struct gma {
    double min_instances, alpha, threshold;
    double n, mean, z;
    double changed; /* 1: the next value starts afresh */
};

static const struct detector_param params[] = {
    {"min_instances", offsetof(struct gma, min_instances), 1, 1e9, 30, true},
    {"alpha", offsetof(struct gma, alpha), 0, 1, 0.99, false},
    {"threshold", offsetof(struct gma, threshold), 0, 1e12, 1, false},
    {.key = NULL},
};

static const struct detector_param fields[] = {
    DETECTOR_COUNT(struct gma, n),
    DETECTOR_NUMBER(struct gma, mean, -INFINITY, INFINITY),
    DETECTOR_NUMBER(struct gma, z, -INFINITY, INFINITY),
    DETECTOR_FLAG(struct gma, changed),
    {.key = NULL},
};

static void reset(void *state)
{
    detector_clear_fields(fields, state);
}

static bool exceeds(const struct gma *g, enum direction direction)
{
    return (direction != DIRECTION_DOWN && g->z > g->threshold) ||
           (direction != DIRECTION_UP && -g->z > g->threshold);
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct gma *g = state;
    if (g->changed > 0.0)
        reset(g);
    double mean_before = g->mean;
    g->n += 1.0;
    g->mean += (x - g->mean) / g->n;
    g->z = g->alpha * g->z + (1.0 - g->alpha) * (x - g->mean);
    if (g->n < g->min_instances || !exceeds(g, direction))
        return MON_STABLE;
    g->changed = 1.0;
    *before = mean_before;
    return MON_CHANGE;
}

static double estimate(const void *state)
{
    return ((const struct gma *)state)->mean;
}

static double width(const void *state)
{
    return ((const struct gma *)state)->n;
}

static bool save(const void *state, cJSON *out)
{
    return detector_save_fields(fields, state, out);
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    return detector_load_fields(fields, state, in, e);
}

const struct detector_kind detector_gma = {
    .name = "gma",
    .state_bytes = sizeof(struct gma),
    .params = params,
    .reset = reset,
    .update = update,
    .estimate = estimate,
    .width = width,
    .save = save,
    .load = load,
};
