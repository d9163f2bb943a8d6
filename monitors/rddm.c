/*
 * rddm.c - the Reactive Drift Detection Method (Barros, Cabral, Goncalves & Santos, "RDDM: Reactive
 * drift detection method", Expert Systems with Applications 90, 2017): DDM that forgets. A concept
 * of max_concept answers is cut to the newest min_concept, so that its rate still moves; a warning
 * of more than warn_limit answers is a change; after a change the statistics are those of the
 * answers since the warning began.
 *
 * The rules are those of the code its authors published for MOA: a change without a warning before
 * it, and one by warn_limit, keep only the newest answer; a long concept that is cut keeps its
 * minimum; cuts happen only outside a warning. The printed pseudocode differs in one point: there
 * a counter of its own starts again at every cut, so that min_instances further answers are needed
 * before the next look. frouros keeps all stored answers after a warning, not those since it began.
 *
 * Cost: O(1); the update after a change or a cut goes once through the stored answers.
 */
#include "bit_ring.h"
#include "detector_error.h"
#include "detector_fields.h"

struct rddm {
    double min_instances, warning, drift, max_concept, min_concept, warn_limit;
    double n, errors, p_min, s_min;
    double warned;       /* answers since the warning began, with its first; 0: no warning */
    double changed, cut; /* the next update starts again from the stored answers */
    struct bit_ring newest;
};

static const struct detector_param params[] = {
    {"min_instances", offsetof(struct rddm, min_instances), 1, 1e9, 129, true},
    {"warning", offsetof(struct rddm, warning), 0, 100, 1.773, false},
    {"drift", offsetof(struct rddm, drift), 0, 100, 2.258, false},
    {"max_concept", offsetof(struct rddm, max_concept), 1, 1e9, 40000, true},
    {"min_concept", offsetof(struct rddm, min_concept), 1, 1e6, 7000, true},
    {"warn_limit", offsetof(struct rddm, warn_limit), 1, 1e9, 1400, true},
    {.key = NULL},
};

static const struct detector_param fields[] = {
    DETECTOR_COUNT(struct rddm, n),
    DETECTOR_COUNT(struct rddm, errors),
    DETECTOR_NUMBER(struct rddm, p_min, 0, 1),
    DETECTOR_NUMBER(struct rddm, s_min, 0, 1),
    DETECTOR_COUNT(struct rddm, warned),
    DETECTOR_FLAG(struct rddm, changed),
    DETECTOR_FLAG(struct rddm, cut),
    {.key = NULL},
};

static void forget_minimum(struct rddm *d)
{
    d->p_min = d->s_min = 1.0; /* no rate and deviation sum to 2 */
}

static void reset(void *state)
{
    struct rddm *d = state;
    detector_clear_fields(fields, d);
    forget_minimum(d);
    bit_ring_clear(&d->newest);
}

static enum err_code start(void *state, struct err *e)
{
    struct rddm *d = state;
    if (d->warning > d->drift)
        return err_set(e, ERR_INVALID, "warning: expected at most drift (%g), got %g", d->drift,
                       d->warning);
    if (d->min_concept > d->max_concept)
        return err_set(e, ERR_INVALID, "min_concept: expected at most max_concept (%g), got %g",
                       d->max_concept, d->min_concept);
    enum err_code rc = bit_ring_init(&d->newest, (size_t)d->min_concept, e);
    if (rc == ERR_OK)
        reset(d);
    return rc;
}

static void stop(void *state)
{
    struct rddm *d = state;
    bit_ring_deinit(&d->newest);
}

static double estimate(const void *state)
{
    const struct rddm *d = state;
    return d->n > 0.0 ? d->errors / d->n : 0.0;
}

static double width(const void *state)
{
    return ((const struct rddm *)state)->n;
}

static void count(struct rddm *d, bool error)
{
    d->n += 1.0;
    d->errors += error;
}

static void track_minimum(struct rddm *d)
{
    double p = estimate(d), s = rate_sd(p, d->n);
    if (d->n >= d->min_instances && p + s < d->p_min + d->s_min) {
        d->p_min = p;
        d->s_min = s;
    }
}

/* The statistics as if only the stored answers had been seen; a cut keeps the old minimum. */
static void start_again(struct rddm *d)
{
    d->n = d->errors = d->warned = 0.0;
    if (d->changed > 0.0)
        forget_minimum(d);
    for (size_t i = 0; i < d->newest.length; i++) {
        count(d, bit_ring_at(&d->newest, i));
        if (d->changed > 0.0)
            track_minimum(d);
    }
    d->changed = d->cut = 0.0;
}

static enum mon_detection change(struct rddm *d, double n_kept, double *before)
{
    bit_ring_keep(&d->newest, (size_t)fmin(n_kept, (double)d->newest.length));
    d->changed = 1.0;
    *before = d->p_min;
    return MON_CHANGE;
}

static enum mon_detection look(struct rddm *d, double *before)
{
    track_minimum(d);
    double p = estimate(d), height = p + rate_sd(p, d->n) - d->p_min;
    if (height > d->drift * d->s_min)
        return change(d, d->warned + 1.0, before);
    if (height > d->warning * d->s_min) {
        d->warned += 1.0;
        return d->warned > d->warn_limit ? change(d, 1.0, before) : MON_WARNING;
    }
    d->warned = 0.0;
    d->cut = d->n >= d->max_concept;
    return MON_STABLE;
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct rddm *d = state;
    bool dropped;
    (void)direction; /* up: the only one */
    if (d->changed > 0.0 || d->cut > 0.0)
        start_again(d);
    bit_ring_push(&d->newest, is_error(x), &dropped);
    count(d, is_error(x));
    return d->n >= d->min_instances ? look(d, before) : MON_STABLE;
}

static bool save(const void *state, cJSON *out)
{
    const struct rddm *d = state;
    return detector_save_fields(fields, d, out) && bit_ring_save(&d->newest, "newest", out);
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    struct rddm *d = state;
    enum err_code rc = detector_load_fields(fields, d, in, e);
    if (rc == ERR_OK && d->errors > d->n)
        rc = err_set(e, ERR_INVALID, "errors: expected at most n (%g), got %g", d->n, d->errors);
    return rc == ERR_OK ? bit_ring_load(&d->newest, "newest", in, e) : rc;
}

const struct detector_kind detector_rddm = {
    .name = "rddm",
    .state_bytes = sizeof(struct rddm),
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
