/*
 * ecdd.c - EWMA for Concept Drift Detection (Ross, Adams, Tasoulis & Hand, "Exponentially weighted
 * moving average charts for detecting concept drift", Pattern Recognition Letters 33, 2012): an
 * exponentially weighted error rate Z_t against the mean rate p_t; a change at
 * Z_t > p_t + L(p_t) sigma_Z, a warning at half of that limit.
 *
 * L is the paper's polynomial in p_t for an average run length of 100, 400 or 1000 answers between
 * false changes, fitted by its authors for lambda = 0.2 (coefficients as in MOA and frouros, which
 * agree); another lambda needs control_limit, an L of the user's own. Measured
 * (docs/monitors-detectors.md), 400 is near its word for error rates of 0.1 to 0.4; 100 gives less
 * than it says, and 1000, whose polynomial lies below that of 400 unless p is near 0.3, alarms more
 * often than 400. For fewer false changes set control_limit, not arl0.
 *
 * p_t is the plain mean (the paper's sum; its recursion is off by one), Z_0 = 0, and as in MOA no
 * change is looked for before min_instances answers.
 */
#include "detector_error.h"
#include "detector_fields.h"

/* 1 less this is 1; left to decay on, it would end as a subnormal number, which is slow. */
#define DECAYED 1e-17

struct ecdd {
    double lambda, arl0, control_limit, warning, min_instances;
    double n, errors, z;
    double decay;   /* (1 - lambda)^(2 n), for the variance of a young Z */
    double changed; /* 1: the next value starts afresh */
    const struct limit *limit;
};

static const struct detector_param params[] = {
    {"lambda", offsetof(struct ecdd, lambda), 1e-6, 1, 0.2, false},
    {"arl0", offsetof(struct ecdd, arl0), 100, 1000, 400, true},
    {"control_limit", offsetof(struct ecdd, control_limit), 0, 1e6, 0, false},
    {"warning", offsetof(struct ecdd, warning), 0, 1, 0.5, false},
    {"min_instances", offsetof(struct ecdd, min_instances), 1, 1e9, 30, true},
    {.key = NULL},
};

static const struct detector_param fields[] = {
    DETECTOR_COUNT(struct ecdd, n),        DETECTOR_COUNT(struct ecdd, errors),
    DETECTOR_NUMBER(struct ecdd, z, 0, 1), DETECTOR_NUMBER(struct ecdd, decay, 0, 1),
    DETECTOR_FLAG(struct ecdd, changed),   {.key = NULL},
};

/* L = c0 + c1 p + c3 p^3 + c5 p^5 + c7 p^7. */
static const struct limit {
    double arl0, c0, c1, c3, c5, c7;
} limits[] = {
    {100, 2.76, -6.23, 18.12, -312.45, 1002.18},
    {400, 3.97, -6.56, 48.73, -330.13, 848.18},
    {1000, 1.17, 7.56, -21.24, 112.12, -987.23},
};
#define N_LIMITS (sizeof limits / sizeof limits[0])

static void reset(void *state)
{
    struct ecdd *d = state;
    detector_clear_fields(fields, d);
    d->decay = 1.0;
}

static enum err_code start(void *state, struct err *e)
{
    struct ecdd *d = state;
    reset(d);
    if (d->control_limit > 0.0)
        return ERR_OK;
    if (d->lambda != 0.2)
        return err_set(e, ERR_INVALID,
                       "control_limit: needed with lambda %g, the published limits are for 0.2",
                       d->lambda);
    for (size_t i = 0; i < N_LIMITS; i++)
        if (limits[i].arl0 == d->arl0) {
            d->limit = &limits[i];
            return ERR_OK;
        }
    return err_set(e, ERR_INVALID, "arl0: expected 100, 400 or 1000, got %g", d->arl0);
}

static double control_limit(const struct ecdd *d, double p)
{
    const struct limit *l = d->limit;
    if (l == NULL)
        return d->control_limit;
    double p2 = p * p;
    return l->c0 + p * (l->c1 + p2 * (l->c3 + p2 * (l->c5 + p2 * l->c7)));
}

static double mean(const struct ecdd *d)
{
    return d->n > 0.0 ? d->errors / d->n : 0.0;
}

static enum mon_detection look(struct ecdd *d, double *before)
{
    double p = mean(d);
    double variance = p * (1.0 - p) * d->lambda / (2.0 - d->lambda) * (1.0 - d->decay);
    double room = control_limit(d, p) * sqrt(variance);
    if (d->z > p + room) {
        *before = p;
        d->changed = 1.0;
        return MON_CHANGE;
    }
    return d->z > p + d->warning * room ? MON_WARNING : MON_STABLE;
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct ecdd *d = state;
    double error = is_error(x);
    (void)direction; /* up: the only one */
    if (d->changed > 0.0)
        reset(d);
    d->n += 1.0;
    d->errors += error;
    d->z += d->lambda * (error - d->z);
    d->decay *= (1.0 - d->lambda) * (1.0 - d->lambda);
    if (d->decay < DECAYED)
        d->decay = 0.0;
    return d->n >= d->min_instances ? look(d, before) : MON_STABLE;
}

static double estimate(const void *state)
{
    return ((const struct ecdd *)state)->z;
}

/* As many equally weighted values have the variance of Z. */
static double width(const void *state)
{
    const struct ecdd *d = state;
    return fmin(d->n, (2.0 - d->lambda) / d->lambda);
}

static bool save(const void *state, cJSON *out)
{
    return detector_save_fields(fields, state, out);
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    struct ecdd *d = state;
    enum err_code rc = detector_load_fields(fields, d, in, e);
    if (rc == ERR_OK && d->errors > d->n)
        return err_set(e, ERR_INVALID, "errors: expected at most n (%g), got %g", d->n, d->errors);
    return rc;
}

const struct detector_kind detector_ecdd = {
    .name = "ecdd",
    .state_bytes = sizeof(struct ecdd),
    .params = params,
    .usual = DIRECTION_UP,
    .usual_only = true,
    .start = start,
    .reset = reset,
    .update = update,
    .estimate = estimate,
    .width = width,
    .save = save,
    .load = load,
};
