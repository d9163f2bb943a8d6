/*
 * hddm_a.c - HDDM with the A-test (Frias-Blanco, del Campo-Avila, Ramos-Jimenez, Morales-Bueno,
 * Ortiz-Diaz & Caballero-Mota, "Online and non-parametric drift detection methods based on
 * Hoeffding's bounds", IEEE TKDE 27(3), 2015): the mean up to a cut point against the mean of all.
 * The cut is where mean + Hoeffding's epsilon was least (for a rise) or mean - epsilon greatest
 * (for a fall); the difference is significant by corollary 1 with log(2 / confidence).
 *
 * For values of a known range: low..high, 0..1 unless said. MOA restarts silently after a fall and
 * river flags it; here it is a change like a rise. Direction "up" is the one-sided test, "both" the
 * two-sided, "down" its other half. river lets warning and change be set together; here a change
 * outranks a warning.
 */
#include "detector_fields.h"
#include "detector_range.h"

struct part {
    double n, sum;
};

struct hddm_a {
    double drift_confidence, warning_confidence;
    struct detector_range range;
    struct part total, least, greatest; /* least, greatest: up to the cut for a rise, for a fall */
    double changed;                     /* 1: the next value starts afresh */
    double log_cut, log_drift, log_warning;
};

static const struct detector_param params[] = {
    {"drift_confidence", offsetof(struct hddm_a, drift_confidence), 1e-300, 0.999, 0.001, false},
    {"warning_confidence", offsetof(struct hddm_a, warning_confidence), 1e-300, 0.999, 0.005,
     false},
    {"low", offsetof(struct hddm_a, range.low), -1e150, 1e150, 0, false},
    {"high", offsetof(struct hddm_a, range.high), -1e150, 1e150, 1, false},
    {.key = NULL},
};

static const struct detector_param fields[] = {
    {"total_n", offsetof(struct hddm_a, total.n), 0, 9e15, 0, true},
    {"total_sum", offsetof(struct hddm_a, total.sum), 0, 9e15, 0, false},
    {"least_n", offsetof(struct hddm_a, least.n), 0, 9e15, 0, true},
    {"least_sum", offsetof(struct hddm_a, least.sum), 0, 9e15, 0, false},
    {"greatest_n", offsetof(struct hddm_a, greatest.n), 0, 9e15, 0, true},
    {"greatest_sum", offsetof(struct hddm_a, greatest.sum), 0, 9e15, 0, false},
    DETECTOR_FLAG(struct hddm_a, changed),
    {.key = NULL},
};

static void reset(void *state)
{
    detector_clear_fields(fields, state);
}

static enum err_code start(void *state, struct err *e)
{
    struct hddm_a *d = state;
    if (d->drift_confidence > d->warning_confidence)
        return err_set(e, ERR_INVALID,
                       "drift_confidence: expected at most warning_confidence (%g), got %g",
                       d->warning_confidence, d->drift_confidence);
    d->log_cut = log(1.0 / d->drift_confidence);
    d->log_drift = log(2.0 / d->drift_confidence);
    d->log_warning = log(2.0 / d->warning_confidence);
    return range_check(&d->range, e);
}

static double mean(const struct part *p)
{
    return p->n > 0.0 ? p->sum / p->n : 0.0;
}

static double epsilon(const struct hddm_a *d, const struct part *p)
{
    return sqrt(d->log_cut / (2.0 * p->n));
}

static void add(struct hddm_a *d, double unit)
{
    d->total.n += 1.0;
    d->total.sum += unit;
    double all = mean(&d->total), eps = epsilon(d, &d->total);
    if (d->least.n == 0.0 || mean(&d->least) + epsilon(d, &d->least) >= all + eps)
        d->least = d->total;
    if (d->greatest.n == 0.0 || mean(&d->greatest) - epsilon(d, &d->greatest) <= all - eps)
        d->greatest = d->total;
}

/* rise: mean of all less mean up to the cut, or its negative. */
static enum mon_detection judge(const struct hddm_a *d, const struct part *cut, double rise)
{
    if (cut->n == d->total.n)
        return MON_STABLE;
    double scale = (d->total.n - cut->n) / cut->n / d->total.n / 2.0;
    if (rise >= sqrt(scale * d->log_drift))
        return MON_CHANGE;
    return rise >= sqrt(scale * d->log_warning) ? MON_WARNING : MON_STABLE;
}

static enum mon_detection change(struct hddm_a *d, struct part cut, double *before)
{
    *before = range_from_unit(&d->range, mean(&cut));
    d->total.n -= cut.n; /* until the next value the estimate is of the part after the cut */
    d->total.sum -= cut.sum;
    d->changed = 1.0;
    return MON_CHANGE;
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct hddm_a *d = state;
    enum mon_detection up = MON_STABLE, down = MON_STABLE;
    if (d->changed > 0.0)
        reset(d);
    add(d, range_to_unit(&d->range, x));
    if (direction != DIRECTION_DOWN)
        up = judge(d, &d->least, mean(&d->total) - mean(&d->least));
    if (direction != DIRECTION_UP)
        down = judge(d, &d->greatest, mean(&d->greatest) - mean(&d->total));
    if (up == MON_CHANGE || down == MON_CHANGE)
        return change(d, up == MON_CHANGE ? d->least : d->greatest, before);
    return up == MON_WARNING ? up : down;
}

static double estimate(const void *state)
{
    const struct hddm_a *d = state;
    return d->total.n > 0.0 ? range_from_unit(&d->range, mean(&d->total)) : 0.0;
}

static double width(const void *state)
{
    return ((const struct hddm_a *)state)->total.n;
}

static bool save(const void *state, cJSON *out)
{
    return detector_save_fields(fields, state, out);
}

/* While changed the whole is only what came after the cut. */
static enum err_code check_part(const char *name, const struct part *part, const struct hddm_a *d,
                                struct err *e)
{
    if (part->sum > part->n || (d->changed == 0.0 && part->n > d->total.n))
        return err_set(e, ERR_INVALID,
                       "%s_n, %s_sum: expected a mean of 0..1 over at most %g, got "
                       "%g over %g",
                       name, name, d->total.n, part->sum, part->n);
    return ERR_OK;
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    struct hddm_a *d = state;
    enum err_code rc = detector_load_fields(fields, d, in, e);
    if (rc == ERR_OK)
        rc = check_part("total", &d->total, d, e);
    if (rc == ERR_OK)
        rc = check_part("least", &d->least, d, e);
    return rc == ERR_OK ? check_part("greatest", &d->greatest, d, e) : rc;
}

const struct detector_kind detector_hddm_a = {
    .name = "hddm_a",
    .state_bytes = sizeof(struct hddm_a),
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
