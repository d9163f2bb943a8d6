/*
 * fhddm.c - the Fast Hoeffding Drift Detection Method (Pesaranghader & Viktor, "Fast Hoeffding
 * drift detection method for evolving data streams", ECML-PKDD 2016): the rate of right answers in
 * a sliding window against the greatest it has been; a change where it has fallen by Hoeffding's
 * epsilon = sqrt(ln(1 / delta) / (2 window)) or more.
 *
 * window 100 and delta 1e-6 are the defaults of its authors' own code. The paper alarms at
 * p_max - p >= epsilon; MOA and river at >. It has no warning level, and none is made up here.
 */
#include "bit_ring.h"
#include "detector_error.h"
#include "detector_fields.h"

struct fhddm {
    double window, delta;
    double least; /* fewest errors in a full window since the last change; window + 1: none yet */
    double changed;
    double limit; /* epsilon in errors: epsilon window */
    struct bit_ring errors;
};

static const struct detector_param params[] = {
    {"window", offsetof(struct fhddm, window), 2, 1e6, 100, true},
    {"delta", offsetof(struct fhddm, delta), 1e-300, 0.999, 1e-6, false},
    {.key = NULL},
};

static const struct detector_param fields[] = {
    DETECTOR_COUNT(struct fhddm, least),
    DETECTOR_FLAG(struct fhddm, changed),
    {.key = NULL},
};

static void reset(void *state)
{
    struct fhddm *d = state;
    bit_ring_clear(&d->errors);
    d->least = d->window + 1.0;
    d->changed = 0.0;
}

static enum err_code start(void *state, struct err *e)
{
    struct fhddm *d = state;
    enum err_code rc = bit_ring_init(&d->errors, (size_t)d->window, e);
    if (rc != ERR_OK)
        return rc;
    d->limit = sqrt(d->window * log(1.0 / d->delta) / 2.0);
    reset(d);
    return ERR_OK;
}

static void stop(void *state)
{
    struct fhddm *d = state;
    bit_ring_deinit(&d->errors);
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct fhddm *d = state;
    bool dropped;
    (void)direction; /* up: the only one */
    if (d->changed > 0.0)
        reset(d);
    bit_ring_push(&d->errors, is_error(x), &dropped);
    if (d->errors.length < d->errors.capacity)
        return MON_STABLE;
    d->least = fmin(d->least, (double)d->errors.ones);
    if ((double)d->errors.ones - d->least < d->limit)
        return MON_STABLE;
    d->changed = 1.0;
    *before = d->least / d->window;
    return MON_CHANGE;
}

static double estimate(const void *state)
{
    const struct fhddm *d = state;
    return (double)d->errors.ones / fmax(1.0, (double)d->errors.length);
}

static double width(const void *state)
{
    return (double)((const struct fhddm *)state)->errors.length;
}

static bool save(const void *state, cJSON *out)
{
    const struct fhddm *d = state;
    return detector_save_fields(fields, d, out) && bit_ring_save(&d->errors, "errors", out);
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    struct fhddm *d = state;
    enum err_code rc = detector_load_fields(fields, d, in, e);
    if (rc == ERR_OK && d->least > d->window + 1.0)
        return err_set(e, ERR_INVALID, "least: expected at most %g, got %g", d->window + 1.0,
                       d->least);
    return rc == ERR_OK ? bit_ring_load(&d->errors, "errors", in, e) : rc;
}

const struct detector_kind detector_fhddm = {
    .name = "fhddm",
    .state_bytes = sizeof(struct fhddm),
    .params = params,
    .usual = DIRECTION_UP,
    .usual_only = true,
    .start = start,
    .stop = stop,
    .reset = reset,
    .update = update,
    .estimate = estimate,
    .width = width,
    .save = save,
    .load = load,
};
