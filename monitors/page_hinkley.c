/*
 * page_hinkley.c - the Page-Hinkley test (Page, "Continuous inspection schemes", Biometrika 1954),
 * with river's fading factor alpha: a cumulative sum of deviations from the running mean, less a
 * tolerance delta, against its extreme so far.
 *
 * from_extreme 0 compares the sum itself, as frouros does: then a long fall hides the rise after
 * it.
 */
#include <math.h>

#include "detector_fields.h"

struct page_hinkley {
    double min_instances, delta, threshold, alpha, from_extreme;
    double n, mean;
    double sum_up, least_up, sum_down, most_down;
    double changed; /* 1: the next value starts afresh */
};

static const struct detector_param params[] = {
    {"min_instances", offsetof(struct page_hinkley, min_instances), 1, 1e9, 30, true},
    {"delta", offsetof(struct page_hinkley, delta), 0, 1e12, 0.005, false},
    {"threshold", offsetof(struct page_hinkley, threshold), 0, 1e12, 50, false},
    {"alpha", offsetof(struct page_hinkley, alpha), 0, 1, 0.9999, false},
    {"from_extreme", offsetof(struct page_hinkley, from_extreme), 0, 1, 1, true},
    {.key = NULL},
};

static const struct detector_param fields[] = {
    DETECTOR_COUNT(struct page_hinkley, n),
    DETECTOR_NUMBER(struct page_hinkley, mean, -INFINITY, INFINITY),
    DETECTOR_NUMBER(struct page_hinkley, sum_up, -INFINITY, INFINITY),
    DETECTOR_NUMBER(struct page_hinkley, least_up, -INFINITY, INFINITY),
    DETECTOR_NUMBER(struct page_hinkley, sum_down, -INFINITY, INFINITY),
    DETECTOR_NUMBER(struct page_hinkley, most_down, -INFINITY, INFINITY),
    DETECTOR_FLAG(struct page_hinkley, changed),
    {.key = NULL},
};

static void reset(void *state)
{
    detector_clear_fields(fields, state);
}

static void add(struct page_hinkley *p, double x)
{
    p->n += 1.0;
    p->mean += (x - p->mean) / p->n;
    p->sum_up = p->sum_up * p->alpha + (x - p->mean - p->delta);
    p->sum_down = p->sum_down * p->alpha + (x - p->mean + p->delta);
    if (p->n == 1.0 || p->sum_up < p->least_up)
        p->least_up = p->sum_up;
    if (p->n == 1.0 || p->sum_down > p->most_down)
        p->most_down = p->sum_down;
}

static bool changed(const struct page_hinkley *p, enum direction direction)
{
    double least = p->from_extreme > 0.0 ? p->least_up : 0.0;
    double most = p->from_extreme > 0.0 ? p->most_down : 0.0;
    bool up = p->sum_up - least > p->threshold;
    bool down = most - p->sum_down > p->threshold;
    switch (direction) {
    case DIRECTION_BOTH:
        return up || down;
    case DIRECTION_UP:
        return up;
    case DIRECTION_DOWN:
        return down;
    }
    return false;
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct page_hinkley *p = state;
    if (p->changed > 0.0)
        reset(p);
    double mean_before = p->mean;
    add(p, x);
    if (p->n < p->min_instances || !changed(p, direction))
        return MON_STABLE;
    p->changed = 1.0;
    *before = mean_before;
    return MON_CHANGE;
}

static double estimate(const void *state)
{
    return ((const struct page_hinkley *)state)->mean;
}

static double width(const void *state)
{
    return ((const struct page_hinkley *)state)->n;
}

static bool save(const void *state, cJSON *out)
{
    return detector_save_fields(fields, state, out);
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    return detector_load_fields(fields, state, in, e);
}

const struct detector_kind detector_page_hinkley = {
    .name = "page_hinkley",
    .state_bytes = sizeof(struct page_hinkley),
    .params = params,
    .reset = reset,
    .update = update,
    .estimate = estimate,
    .width = width,
    .save = save,
    .load = load,
};
