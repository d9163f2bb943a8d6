/*
 * eddm.c - the Early Drift Detection Method (Baena-Garcia, del Campo-Avila, Fidalgo, Bifet, Gavalda
 * & Morales-Bueno, "Early drift detection method", IWKDDS 2006): the distance between two errors,
 * its mean p' and deviation s', against p' + 2 s' at its greatest. Warning below alpha of it,
 * change below beta.
 *
 * Only distances between two errors count, as the paper says, with the deviation of all of them
 * (n, not n - 1); river also counts the way to the first error and divides by n - 1. The paper
 * looks for drift from the 30th error on, because that many estimate the distribution; so does its
 * maximum here. river and MOA let it start with the 30th value, when it is a maximum over a handful
 * of distances and too high: on a stationary rate of 0.1 that more than doubled the false changes
 * (tests/monitors/oracle/detectors_oracle.py --eddm-start).
 */
#include "detector_error.h"
#include "detector_fields.h"

struct eddm {
    double warm_start, alpha, beta;
    double n, errors, last;     /* last: n at the newest error */
    double mean, squares;       /* of the distances; squares: summed deviations from the mean */
    double greatest, best_mean; /* p' + 2 s' at its greatest, and its p' */
    double warned, changed;     /* changed: the next value starts afresh */
};

static const struct detector_param params[] = {
    {"warm_start", offsetof(struct eddm, warm_start), 2, 1e9, 30, true},
    {"alpha", offsetof(struct eddm, alpha), 0, 1, 0.95, false},
    {"beta", offsetof(struct eddm, beta), 0, 1, 0.9, false},
    {.key = NULL},
};

static const struct detector_param fields[] = {
    DETECTOR_COUNT(struct eddm, n),
    DETECTOR_COUNT(struct eddm, errors),
    DETECTOR_COUNT(struct eddm, last),
    DETECTOR_NUMBER(struct eddm, mean, 0, 9e15),
    DETECTOR_NUMBER(struct eddm, squares, 0, 1e300),
    DETECTOR_NUMBER(struct eddm, greatest, 0, 1e300),
    DETECTOR_NUMBER(struct eddm, best_mean, 0, 9e15),
    DETECTOR_FLAG(struct eddm, warned),
    DETECTOR_FLAG(struct eddm, changed),
    {.key = NULL},
};

static void reset(void *state)
{
    detector_clear_fields(fields, state);
}

static enum err_code start(void *state, struct err *e)
{
    const struct eddm *d = state;
    if (d->beta > d->alpha)
        return err_set(e, ERR_INVALID, "beta: expected at most alpha (%g), got %g", d->alpha,
                       d->beta);
    return ERR_OK;
}

/* Welford over the distances; the first error opens the first one. */
static void add_error(struct eddm *d)
{
    double distance = d->n - d->last;
    d->last = d->n;
    d->errors += 1.0;
    if (d->errors == 1.0)
        return;
    double off = distance - d->mean;
    d->mean += off / (d->errors - 1.0);
    d->squares += off * (distance - d->mean);
}

static enum mon_detection look(struct eddm *d, double *before)
{
    double now = d->mean + 2.0 * sqrt(d->squares / (d->errors - 1.0));
    if (now > d->greatest) {
        d->greatest = now;
        d->best_mean = d->mean;
    }
    d->warned = now < d->alpha * d->greatest;
    if (now >= d->beta * d->greatest)
        return d->warned > 0.0 ? MON_WARNING : MON_STABLE;
    d->changed = 1.0;
    *before = 1.0 / d->best_mean;
    return MON_CHANGE;
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct eddm *d = state;
    (void)direction; /* up: the only one */
    if (d->changed > 0.0)
        reset(d);
    d->n += 1.0;
    if (is_error(x)) {
        add_error(d);
        if (d->errors >= d->warm_start)
            return look(d, before);
    }
    return d->warned > 0.0 ? MON_WARNING : MON_STABLE; /* the zone lasts until the next error */
}

static double estimate(const void *state)
{
    const struct eddm *d = state;
    return d->mean > 0.0 ? 1.0 / d->mean : d->errors / fmax(1.0, d->n);
}

static double width(const void *state)
{
    return ((const struct eddm *)state)->n;
}

static bool save(const void *state, cJSON *out)
{
    return detector_save_fields(fields, state, out);
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    struct eddm *d = state;
    enum err_code rc = detector_load_fields(fields, d, in, e);
    if (rc == ERR_OK && (d->errors > d->last || d->last > d->n))
        return err_set(e, ERR_INVALID, "errors, last, n: expected them to rise, got %g, %g, %g",
                       d->errors, d->last, d->n);
    if (rc == ERR_OK && d->errors >= d->warm_start && (d->mean < 1.0 || d->best_mean < 1.0))
        return err_set(e, ERR_INVALID, "mean, best_mean: expected 1 or more, got %g, %g", d->mean,
                       d->best_mean);
    return rc;
}

const struct detector_kind detector_eddm = {
    .name = "eddm",
    .state_bytes = sizeof(struct eddm),
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
