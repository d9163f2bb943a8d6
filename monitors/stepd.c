/*
 * stepd.c - STEPD (Nishida & Yamauchi, "Detecting concept drift using statistical testing",
 * Discovery Science 2007): the test of equal proportions, with the continuity correction, between
 * the newest window answers and all before them since the last change. Equation 1, on errors
 * instead of right answers, which is the same number:
 *   T = (|e_r / n_r - e_o / n_o| - (1/n_o + 1/n_r) / 2) / sqrt(p (1 - p) (1/n_o + 1/n_r)).
 *
 * The paper rejects equality in favour of "accuracy has fallen": one-sided, direction "up" here and
 * the default; "down" is the other side, "both" the two-sided test at the same level. MOA's code is
 * two-sided, takes the absolute value of T after the correction (two equal rates, where T is
 * negative, can then alarm) and calls a better model a drift; frouros shares the absolute value.
 * Here a negative T is no evidence, and where nobody or everybody erred there is none either.
 */
#include "bit_ring.h"
#include "detector_error.h"
#include "detector_fields.h"
#include "tail.h"

/* The T beyond which the p-value is below its alpha. */
struct critical {
    double drift, warning;
};

struct stepd {
    double window, alpha_drift, alpha_warning;
    double older_n, older_errors;
    double changed; /* 1: the next value starts afresh */
    struct critical one_sided, two_sided;
    struct bit_ring recent;
};

static const struct detector_param params[] = {
    {"window", offsetof(struct stepd, window), 2, 1e6, 30, true},
    {"alpha_drift", offsetof(struct stepd, alpha_drift), 1e-300, 0.5, 0.003, false},
    {"alpha_warning", offsetof(struct stepd, alpha_warning), 1e-300, 0.5, 0.05, false},
    {.key = NULL},
};

static const struct detector_param fields[] = {
    DETECTOR_COUNT(struct stepd, older_n),
    DETECTOR_COUNT(struct stepd, older_errors),
    DETECTOR_FLAG(struct stepd, changed),
    {.key = NULL},
};

static void reset(void *state)
{
    struct stepd *d = state;
    detector_clear_fields(fields, d);
    bit_ring_clear(&d->recent);
}

static enum err_code start(void *state, struct err *e)
{
    struct stepd *d = state;
    if (d->alpha_drift > d->alpha_warning)
        return err_set(e, ERR_INVALID, "alpha_drift: expected at most alpha_warning (%g), got %g",
                       d->alpha_warning, d->alpha_drift);
    d->one_sided =
        (struct critical){-quantile_normal(d->alpha_drift), -quantile_normal(d->alpha_warning)};
    d->two_sided = (struct critical){-quantile_normal(d->alpha_drift / 2.0),
                                     -quantile_normal(d->alpha_warning / 2.0)};
    return bit_ring_init(&d->recent, (size_t)d->window, e);
}

static void stop(void *state)
{
    struct stepd *d = state;
    bit_ring_deinit(&d->recent);
}

/* Of the rise of the error rate; signed, the correction taken off its size. 0 without evidence. */
static double test_statistic(const struct stepd *d)
{
    double n_r = (double)d->recent.length, e_r = (double)d->recent.ones;
    double inverse = 1.0 / d->older_n + 1.0 / n_r;
    double p = (d->older_errors + e_r) / (d->older_n + n_r);
    double rise = e_r / n_r - d->older_errors / d->older_n;
    double size = fabs(rise) - 0.5 * inverse;
    if (size <= 0.0 || p <= 0.0 || p >= 1.0)
        return 0.0;
    return copysign(size / sqrt(p * (1.0 - p) * inverse), rise);
}

static double evidence(enum direction direction, double t)
{
    switch (direction) {
    case DIRECTION_UP:
        return t;
    case DIRECTION_DOWN:
        return -t;
    case DIRECTION_BOTH:
        return fabs(t);
    }
    return 0.0;
}

static enum mon_detection look(struct stepd *d, enum direction direction, double *before)
{
    const struct critical *c = direction == DIRECTION_BOTH ? &d->two_sided : &d->one_sided;
    double t = evidence(direction, test_statistic(d));
    if (t <= c->drift)
        return t > c->warning ? MON_WARNING : MON_STABLE;
    *before = d->older_errors / d->older_n;
    d->changed = 1.0;
    return MON_CHANGE;
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct stepd *d = state;
    bool dropped;
    if (d->changed > 0.0)
        reset(d);
    d->older_errors += bit_ring_push(&d->recent, is_error(x), &dropped);
    d->older_n += dropped;
    return d->older_n >= d->window ? look(d, direction, before) : MON_STABLE;
}

static double estimate(const void *state)
{
    const struct stepd *d = state;
    return (double)d->recent.ones / fmax(1.0, (double)d->recent.length);
}

static double width(const void *state)
{
    return (double)((const struct stepd *)state)->recent.length;
}

static bool save(const void *state, cJSON *out)
{
    const struct stepd *d = state;
    return detector_save_fields(fields, d, out) && bit_ring_save(&d->recent, "recent", out);
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    struct stepd *d = state;
    enum err_code rc = detector_load_fields(fields, d, in, e);
    if (rc == ERR_OK && d->older_errors > d->older_n)
        rc = err_set(e, ERR_INVALID, "older_errors: expected at most older_n (%g), got %g",
                     d->older_n, d->older_errors);
    if (rc == ERR_OK)
        rc = bit_ring_load(&d->recent, "recent", in, e);
    if (rc == ERR_OK && d->older_n > 0.0 && d->recent.length < d->recent.capacity)
        rc = err_set(e, ERR_INVALID,
                     "older_n: expected 0 before recent holds %zu answers, it has %zu",
                     d->recent.capacity, d->recent.length);
    return rc;
}

const struct detector_kind detector_stepd = {
    .name = "stepd",
    .state_bytes = sizeof(struct stepd),
    .params = params,
    .usual = DIRECTION_UP,
    .start = start,
    .stop = stop,
    .reset = reset,
    .update = update,
    .estimate = estimate,
    .width = width,
    .save = save,
    .load = load,
};
