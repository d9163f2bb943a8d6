/*
 * page_hinkley.c - the Page-Hinkley test (Page, "Continuous inspection schemes", Biometrika 1954),
 * with river's fading factor alpha: a cumulative sum of deviations from the running mean, less a
 * tolerance delta, against its extreme so far.
 */
#include <math.h>

#include "base/json.h"
#include "detector_kind.h"

struct page_hinkley {
    double min_instances, delta, threshold, alpha;
    double n, mean;
    double sum_up, least_up, sum_down, most_down;
    double changed; /* 1: the next value starts afresh */
};

static const struct detector_param params[] = {
    {"min_instances", offsetof(struct page_hinkley, min_instances), 1, 1e9, 30, true},
    {"delta", offsetof(struct page_hinkley, delta), 0, 1e12, 0.005, false},
    {"threshold", offsetof(struct page_hinkley, threshold), 0, 1e12, 50, false},
    {"alpha", offsetof(struct page_hinkley, alpha), 0, 1, 0.9999, false},
    {.key = NULL},
};

static const struct detector_param state_fields[] = {
    {"n", offsetof(struct page_hinkley, n), 0, 9e15, 0, true},
    {"mean", offsetof(struct page_hinkley, mean), -INFINITY, INFINITY, 0, false},
    {"sum_up", offsetof(struct page_hinkley, sum_up), -INFINITY, INFINITY, 0, false},
    {"least_up", offsetof(struct page_hinkley, least_up), -INFINITY, INFINITY, 0, false},
    {"sum_down", offsetof(struct page_hinkley, sum_down), -INFINITY, INFINITY, 0, false},
    {"most_down", offsetof(struct page_hinkley, most_down), -INFINITY, INFINITY, 0, false},
    {"changed", offsetof(struct page_hinkley, changed), 0, 1, 0, true},
    {.key = NULL},
};

static void reset(void *state)
{
    struct page_hinkley *p = state;
    p->n = p->mean = p->sum_up = p->least_up = p->sum_down = p->most_down = p->changed = 0.0;
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
    bool up = p->sum_up - p->least_up > p->threshold;
    bool down = p->most_down - p->sum_down > p->threshold;
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
    for (const struct detector_param *f = state_fields; f->key != NULL; f++) {
        double value = *(const double *)((const char *)state + f->offset);
        if (cJSON_AddNumberToObject(out, f->key, value) == NULL)
            return false;
    }
    return true;
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    for (const struct detector_param *f = state_fields; f->key != NULL; f++) {
        double *value = (double *)((char *)state + f->offset);
        enum err_code rc = json_get_double(in, f->key, f->min, f->max, value, e);
        if (rc != ERR_OK)
            return rc;
    }
    return ERR_OK;
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
