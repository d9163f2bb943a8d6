/*
 * ddm.c - the Drift Detection Method (Gama, Medas, Castillo & Rodrigues, "Learning with drift
 * detection", SBIA 2004): the error rate p_i with its deviation s_i = sqrt(p_i (1 - p_i) / i)
 * against their values when p_i + s_i was least.
 *
 * Warning from p_i + s_i > p_min + 2 s_min, change from 3 s_min. The paper writes >=, with which a
 * stream without any error (or with nothing else) is at its limit at once; river and MOA write >,
 * and so do we. As they do, nothing is looked at before warm_start answers: a rate over a few
 * answers is no minimum. The rate is errors / n, exact, not a running mean.
 */
#include "detector_error.h"
#include "detector_fields.h"

struct ddm {
    double warm_start, warning, drift;
    double n, errors, p_min, s_min;
    double changed; /* 1: the next value starts afresh */
};

static const struct detector_param params[] = {
    {"warm_start", offsetof(struct ddm, warm_start), 1, 1e9, 30, true},
    {"warning", offsetof(struct ddm, warning), 0, 100, 2, false},
    {"drift", offsetof(struct ddm, drift), 0, 100, 3, false},
    {.key = NULL},
};

static const struct detector_param fields[] = {
    DETECTOR_COUNT(struct ddm, n),
    DETECTOR_COUNT(struct ddm, errors),
    DETECTOR_NUMBER(struct ddm, p_min, 0, 1),
    DETECTOR_NUMBER(struct ddm, s_min, 0, 1),
    DETECTOR_FLAG(struct ddm, changed),
    {.key = NULL},
};

static void reset(void *state)
{
    struct ddm *d = state;
    detector_clear_fields(fields, d);
    d->p_min = d->s_min = 1.0; /* no rate and deviation sum to 2 */
}

static enum err_code start(void *state, struct err *e)
{
    const struct ddm *d = state;
    if (d->warning > d->drift)
        return err_set(e, ERR_INVALID, "warning: expected at most drift (%g), got %g", d->drift,
                       d->warning);
    reset(state);
    return ERR_OK;
}

static double estimate(const void *state)
{
    const struct ddm *d = state;
    return d->n > 0.0 ? d->errors / d->n : 0.0;
}

static double width(const void *state)
{
    return ((const struct ddm *)state)->n;
}

static enum mon_detection look(struct ddm *d, double *before)
{
    double p = estimate(d), s = rate_sd(p, d->n);
    if (p + s < d->p_min + d->s_min) {
        d->p_min = p;
        d->s_min = s;
    }
    if (p + s > d->p_min + d->drift * d->s_min) {
        d->changed = 1.0;
        *before = d->p_min;
        return MON_CHANGE;
    }
    return p + s > d->p_min + d->warning * d->s_min ? MON_WARNING : MON_STABLE;
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct ddm *d = state;
    (void)direction; /* up: the only one */
    if (d->changed > 0.0)
        reset(d);
    d->n += 1.0;
    d->errors += is_error(x);
    return d->n > d->warm_start ? look(d, before) : MON_STABLE;
}

static bool save(const void *state, cJSON *out)
{
    return detector_save_fields(fields, state, out);
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    struct ddm *d = state;
    enum err_code rc = detector_load_fields(fields, d, in, e);
    if (rc == ERR_OK && d->errors > d->n)
        return err_set(e, ERR_INVALID, "errors: expected at most n (%g), got %g", d->n, d->errors);
    return rc;
}

const struct detector_kind detector_ddm = {
    .name = "ddm",
    .state_bytes = sizeof(struct ddm),
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
