/*
 * cusum.c - the cumulative sum chart (Page, "Continuous inspection schemes", Biometrika 1954)
 * against the running mean: sum = max(0, sum + x - mean - delta), a change where it exceeds
 * threshold. For falls the deviations are taken the other way round.
 *
 * Details as in frouros: the mean includes the newest value; min_instances values are let pass.
 */
#include <math.h>

#include "detector_fields.h"

struct cusum {
    double min_instances, delta, threshold;
    double n, mean, up, down;
    double changed; /* 1: the next value starts afresh */
};

static const struct detector_param params[] = {
    {"min_instances", offsetof(struct cusum, min_instances), 1, 1e9, 30, true},
    {"delta", offsetof(struct cusum, delta), 0, 1e12, 0.005, false},
    {"threshold", offsetof(struct cusum, threshold), 0, 1e12, 50, false},
    {.key = NULL},
};

static const struct detector_param fields[] = {
    DETECTOR_COUNT(struct cusum, n),
    DETECTOR_NUMBER(struct cusum, mean, -INFINITY, INFINITY),
    DETECTOR_NUMBER(struct cusum, up, 0, INFINITY),
    DETECTOR_NUMBER(struct cusum, down, 0, INFINITY),
    DETECTOR_FLAG(struct cusum, changed),
    {.key = NULL},
};

static void reset(void *state)
{
    detector_clear_fields(fields, state);
}

static bool exceeds(const struct cusum *c, enum direction direction)
{
    return (direction != DIRECTION_DOWN && c->up > c->threshold) ||
           (direction != DIRECTION_UP && c->down > c->threshold);
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct cusum *c = state;
    if (c->changed > 0.0)
        reset(c);
    double mean_before = c->mean;
    c->n += 1.0;
    c->mean += (x - c->mean) / c->n;
    c->up = fmax(0.0, c->up + x - c->mean - c->delta);
    c->down = fmax(0.0, c->down - x + c->mean - c->delta);
    if (c->n < c->min_instances || !exceeds(c, direction))
        return MON_STABLE;
    c->changed = 1.0;
    *before = mean_before;
    return MON_CHANGE;
}

static double estimate(const void *state)
{
    return ((const struct cusum *)state)->mean;
}

static double width(const void *state)
{
    return ((const struct cusum *)state)->n;
}

static bool save(const void *state, cJSON *out)
{
    return detector_save_fields(fields, state, out);
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    return detector_load_fields(fields, state, in, e);
}

const struct detector_kind detector_cusum = {
    .name = "cusum",
    .state_bytes = sizeof(struct cusum),
    .params = params,
    .reset = reset,
    .update = update,
    .estimate = estimate,
    .width = width,
    .save = save,
    .load = load,
};
