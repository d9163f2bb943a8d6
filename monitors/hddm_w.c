/*
 * hddm_w.c - HDDM with the W-test (Frias-Blanco and others, "Online and non-parametric drift
 * detection methods based on Hoeffding's bounds", IEEE TKDE 27(3), 2015): exponentially weighted
 * means on both sides of a cut, compared by McDiarmid's bound sqrt(B log(1 / confidence) / 2),
 * where B is the sum of the squared weights of both.
 *
 * For values of a known range: low..high, 0..1 unless said. Direction "up" is the one-sided test,
 * "both" the two-sided, "down" its other half. MOA's code restarts silently after a fall and starts
 * the cut for a fall at the smallest positive number instead of minus infinity; river has both as
 * here. A change outranks a warning.
 */
#include "detector_fields.h"
#include "detector_range.h"

/* A weighted mean; squares: sum of the squared weights, 0 before the first value. */
struct weighted {
    double mean, squares;
};

/* One side of the test: where the bound was at its best, and what came since. */
struct side {
    struct weighted first, second;
};

struct hddm_w {
    double drift_confidence, warning_confidence, lambda;
    struct detector_range range;
    struct weighted total;
    struct side rise, fall;
    double changed; /* 1: the next value starts afresh */
    double log_drift, log_warning;
};

static const struct detector_param params[] = {
    {"drift_confidence", offsetof(struct hddm_w, drift_confidence), 1e-300, 0.999, 0.001, false},
    {"warning_confidence", offsetof(struct hddm_w, warning_confidence), 1e-300, 0.999, 0.005,
     false},
    {"lambda", offsetof(struct hddm_w, lambda), 1e-9, 1, 0.05, false},
    {"low", offsetof(struct hddm_w, range.low), -1e150, 1e150, 0, false},
    {"high", offsetof(struct hddm_w, range.high), -1e150, 1e150, 1, false},
    {.key = NULL},
};

#define UNIT(key, field)                                                                           \
    {                                                                                              \
        key, offsetof(struct hddm_w, field), 0, 1, 0, false                                        \
    }
static const struct detector_param fields[] = {
    UNIT("mean", total.mean),
    UNIT("squares", total.squares),
    UNIT("rise_first_mean", rise.first.mean),
    UNIT("rise_first_squares", rise.first.squares),
    UNIT("rise_second_mean", rise.second.mean),
    UNIT("rise_second_squares", rise.second.squares),
    UNIT("fall_first_mean", fall.first.mean),
    UNIT("fall_first_squares", fall.first.squares),
    UNIT("fall_second_mean", fall.second.mean),
    UNIT("fall_second_squares", fall.second.squares),
    DETECTOR_FLAG(struct hddm_w, changed),
    {.key = NULL},
};
#undef UNIT

static void reset(void *state)
{
    detector_clear_fields(fields, state);
}

static enum err_code start(void *state, struct err *e)
{
    struct hddm_w *d = state;
    if (d->drift_confidence > d->warning_confidence)
        return err_set(e, ERR_INVALID,
                       "drift_confidence: expected at most warning_confidence (%g), got %g",
                       d->warning_confidence, d->drift_confidence);
    d->log_drift = log(1.0 / d->drift_confidence);
    d->log_warning = log(1.0 / d->warning_confidence);
    return range_check(&d->range, e);
}

static void add(struct weighted *w, double unit, double lambda)
{
    if (w->squares == 0.0) {
        *w = (struct weighted){unit, 1.0};
        return;
    }
    double rest = 1.0 - lambda;
    w->mean = lambda * unit + rest * w->mean;
    w->squares = lambda * lambda + rest * rest * w->squares;
}

/* sign 1: the cut is where mean + bound was least; -1: where mean - bound was greatest. */
static void move_cut(const struct hddm_w *d, struct side *s, double unit, double sign)
{
    double now = sign * d->total.mean + sqrt(d->total.squares * d->log_drift / 2.0);
    double best = sign * s->first.mean + sqrt(s->first.squares * d->log_drift / 2.0);
    if (s->first.squares == 0.0 || now < best)
        *s = (struct side){.first = d->total};
    else
        add(&s->second, unit, d->lambda);
}

static enum mon_detection judge(const struct hddm_w *d, const struct side *s, double sign)
{
    if (s->second.squares == 0.0)
        return MON_STABLE;
    double rise = sign * (s->second.mean - s->first.mean);
    double half = (s->first.squares + s->second.squares) / 2.0;
    if (rise > sqrt(half * d->log_drift))
        return MON_CHANGE;
    return rise > sqrt(half * d->log_warning) ? MON_WARNING : MON_STABLE;
}

static enum mon_detection change(struct hddm_w *d, const struct side *s, double *before)
{
    *before = range_from_unit(&d->range, s->first.mean);
    d->total = s->second; /* until the next value the estimate is of the part after the cut */
    d->changed = 1.0;
    return MON_CHANGE;
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct hddm_w *d = state;
    enum mon_detection up = MON_STABLE, down = MON_STABLE;
    if (d->changed > 0.0)
        reset(d);
    double unit = range_to_unit(&d->range, x);
    add(&d->total, unit, d->lambda);
    move_cut(d, &d->rise, unit, 1.0);
    move_cut(d, &d->fall, unit, -1.0);
    if (direction != DIRECTION_DOWN)
        up = judge(d, &d->rise, 1.0);
    if (direction != DIRECTION_UP)
        down = judge(d, &d->fall, -1.0);
    if (up == MON_CHANGE || down == MON_CHANGE)
        return change(d, up == MON_CHANGE ? &d->rise : &d->fall, before);
    return up == MON_WARNING ? up : down;
}

static double estimate(const void *state)
{
    const struct hddm_w *d = state;
    return d->total.squares > 0.0 ? range_from_unit(&d->range, d->total.mean) : 0.0;
}

/* As many equally weighted values have this variance. */
static double width(const void *state)
{
    const struct hddm_w *d = state;
    return d->total.squares > 0.0 ? 1.0 / d->total.squares : 0.0;
}

static bool save(const void *state, cJSON *out)
{
    return detector_save_fields(fields, state, out);
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    return detector_load_fields(fields, state, in, e);
}

const struct detector_kind detector_hddm_w = {
    .name = "hddm_w",
    .state_bytes = sizeof(struct hddm_w),
    .params = params,
    .usual = DIRECTION_UP,
    .start = start,
    .reset = reset,
    .update = update,
    .estimate = estimate,
    .width = width,
    .save = save,
    .load = load,
};
