/*
 * bocd.c - Bayesian online change point detection (Adams & MacKay, "Bayesian online changepoint
 * detection", arXiv 0710.3742, 2007): the posterior of the run length, the number of values since
 * the last change, for normal values of unknown mean and known variance (algorithm 1, steps 2-8,
 * with the normal-normal conjugate pair) and a constant hazard.
 *
 * A change is reported where the most probable run is shorter than all values since the last
 * report; then the longer runs go, and the values of that run stay: its length says where the
 * change was. frouros forgets everything there; the case both were checked against comes out the
 * same.
 *
 * Bounded: with max_runs of them, the two neighbouring runs that lie closest together for their
 * length are joined: the more probable stands for both. What is kept gets sparser with age, as a
 * logarithm; runs of fewer than YOUNG values and the longest stay apart. Dropping runs of little
 * posterior, as the paper suggests, loses the true one: where a change goes far from the prior the
 * first values after it make that run improbable by many orders, where it is small the run stays
 * improbable for long. With max_runs 1000 the tests find no difference to the whole posterior; the
 * default moves the first change by two values at most. Cost: O(max_runs) an update, an exponential
 * and a square root each; memory 40 bytes each.
 *
 * The prior has to fit the data's scale: prior_mean and prior_var where means may lie, data_var the
 * variance about them. Values beyond 1e100 count as 1e100. direction "up" or "down" reports only
 * changes to a mean above or below the one that was left.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "detector_fields.h"

#define VALUE_LIMIT 1e100
#define WEIGHT_FLOOR 1e-100 /* a run as improbable as this has no way back */
#define YOUNG 32

/* weight: posterior; stands_for: how many runs as probable as this one it was joined from;
 * exponent: of the newest value's density, within an update. */
struct run {
    double length, weight, stands_for, mean, exponent;
};

struct bocd {
    double prior_mean, prior_var, data_var, hazard, min_instances, max_runs;
    double since; /* values since the last reported change */
    size_t n_runs, best;
    struct run *runs; /* longest first; the last is the empty run */
};

static const struct detector_param params[] = {
    {"prior_mean", offsetof(struct bocd, prior_mean), -1e100, 1e100, 0, false},
    {"prior_var", offsetof(struct bocd, prior_var), 1e-12, 1e12, 1, false},
    {"data_var", offsetof(struct bocd, data_var), 1e-12, 1e12, 1, false},
    {"hazard", offsetof(struct bocd, hazard), 1e-12, 0.5, 0.01, false},
    {"min_instances", offsetof(struct bocd, min_instances), 1, 1e9, 1, true},
    {"max_runs", offsetof(struct bocd, max_runs), 2 * YOUNG, 10000, 200, true},
    {.key = NULL},
};

static void reset(void *state)
{
    struct bocd *b = state;
    b->runs[0] = (struct run){.weight = 1.0, .stands_for = 1.0, .mean = b->prior_mean};
    b->n_runs = 1;
    b->best = 0;
    b->since = 0.0;
}

static enum err_code start(void *state, struct err *e)
{
    struct bocd *b = state;
    b->runs = calloc((size_t)b->max_runs, sizeof *b->runs);
    if (b->runs == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %g runs", b->max_runs);
    reset(b);
    return ERR_OK;
}

static void stop(void *state)
{
    struct bocd *b = state;
    free(b->runs);
}

/* What the mean of a run rests on, in values: the prior is worth data_var / prior_var of them. The
 * predictive variance then is data_var (1 + 1 / worth). */
static double worth(const struct bocd *b, double length)
{
    return b->data_var / b->prior_var + length;
}

/* Step 3: the scale of the predictive density goes into the weight at once, its exponent is kept;
 * returned is the greatest of them. */
static double predict(struct bocd *b, double x)
{
    double greatest = -INFINITY;
    for (size_t i = 0; i < b->n_runs; i++) {
        struct run *r = &b->runs[i];
        double wider = 1.0 + 1.0 / worth(b, r->length), off = x - r->mean;
        r->weight /= sqrt(wider);
        r->exponent = -0.5 * off * off / (b->data_var * wider);
        greatest = fmax(greatest, r->exponent);
    }
    return greatest;
}

/* Steps 4, 6, 7: weights are the posterior, the empty run's (step 5) then is the hazard itself. */
static void weigh(struct bocd *b, double greatest)
{
    double total = 0.0;
    for (size_t i = 0; i < b->n_runs; i++) {
        struct run *r = &b->runs[i];
        r->weight = fmax(WEIGHT_FLOOR, r->weight * exp(r->exponent - greatest));
        total += r->weight * r->stands_for;
    }
    for (size_t i = 0; i < b->n_runs; i++)
        b->runs[i].weight *= (1.0 - b->hazard) / total;
}

/* Step 8. */
static void learn(struct bocd *b, double x)
{
    for (size_t i = 0; i < b->n_runs; i++) {
        struct run *r = &b->runs[i];
        r->length += 1.0;
        r->mean += (x - r->mean) / worth(b, r->length);
    }
}

static void remove_run(struct bocd *b, size_t i)
{
    b->n_runs--;
    memmove(b->runs + i, b->runs + i + 1, (b->n_runs - i) * sizeof *b->runs);
}

/* The newer of the two neighbours that lie closest together for their length, apart from the
 * longest run, by which a change is judged, and the young ones. There are such neighbours where
 * there are max_runs: twice as many as can be young, all of different length. */
static size_t closest(const struct bocd *b)
{
    size_t found = 0;
    double least = INFINITY;
    for (size_t i = 2; i < b->n_runs; i++) {
        const struct run *r = &b->runs[i];
        double gap = (r[-1].length - r->length) / r->length;
        if (r->length < YOUNG)
            break;
        if (gap < least) {
            least = gap;
            found = i;
        }
    }
    return found;
}

/* One run for two: the more probable, standing for both. */
static void join_neighbours(struct bocd *b)
{
    size_t i = closest(b);
    struct run *older = &b->runs[i - 1], *newer = &b->runs[i];
    double mass = older->weight * older->stands_for + newer->weight * newer->stands_for;
    if (newer->weight > older->weight)
        *older = *newer;
    older->stands_for = mass / older->weight;
    remove_run(b, i);
}

/* Of two equally probable runs the longer. */
static size_t heaviest(const struct bocd *b)
{
    size_t best = 0;
    for (size_t i = 1; i < b->n_runs; i++)
        if (b->runs[i].weight > b->runs[best].weight)
            best = i;
    return best;
}

static void add(struct bocd *b, double x)
{
    weigh(b, predict(b, x));
    learn(b, x);
    if (b->n_runs == (size_t)b->max_runs)
        join_neighbours(b);
    b->runs[b->n_runs++] =
        (struct run){.weight = b->hazard, .stands_for = 1.0, .mean = b->prior_mean};
    b->best = heaviest(b);
    b->since += 1.0;
}

static void forget_longer(struct bocd *b)
{
    b->n_runs -= b->best;
    memmove(b->runs, b->runs + b->best, b->n_runs * sizeof *b->runs);
    b->best = 0;
    b->since = b->runs[0].length;
}

static double estimate(const void *state)
{
    const struct bocd *b = state;
    return b->runs[b->best].mean;
}

static double width(const void *state)
{
    const struct bocd *b = state;
    return b->runs[b->best].length;
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct bocd *b = state;
    double left = estimate(b);
    add(b, fmin(VALUE_LIMIT, fmax(-VALUE_LIMIT, x)));
    if (b->since < b->min_instances || b->runs[b->best].length == b->since)
        return MON_STABLE;
    forget_longer(b);
    if (!direction_wants(direction, left, estimate(b)))
        return MON_STABLE;
    *before = left;
    return MON_CHANGE;
}

static bool save(const void *state, cJSON *out)
{
    const struct bocd *b = state;
    cJSON *runs = cJSON_AddArrayToObject(out, "runs");
    bool ok = runs != NULL && cJSON_AddNumberToObject(out, "since", b->since) != NULL;
    for (size_t i = 0; ok && i < b->n_runs; i++) {
        const struct run *r = &b->runs[i];
        const double numbers[] = {r->length, r->weight, r->stands_for, r->mean};
        ok = cJSON_AddItemToArray(runs, cJSON_CreateDoubleArray(numbers, 4));
    }
    return ok;
}

static bool number_in(const cJSON *list, int i, double min, double max, double *out)
{
    const cJSON *item = cJSON_GetArrayItem(list, i);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= min && item->valuedouble <= max))
        return false;
    *out = item->valuedouble;
    return true;
}

/* Runs get shorter from one to the next, to the empty one at the end. */
static bool load_run(struct bocd *b, const cJSON *item)
{
    struct run *r = &b->runs[b->n_runs];
    double longest = b->n_runs > 0 ? r[-1].length - 1.0 : b->since;
    if (cJSON_GetArraySize(item) != 4 || !number_in(item, 0, 0, longest, &r->length) ||
        r->length != floor(r->length) || !number_in(item, 1, 1e-300, 1, &r->weight) ||
        !number_in(item, 2, 1, 9e15, &r->stands_for) ||
        !number_in(item, 3, -2 * VALUE_LIMIT, 2 * VALUE_LIMIT, &r->mean))
        return false;
    b->n_runs++;
    return true;
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    struct bocd *b = state;
    const cJSON *runs = NULL;
    enum err_code rc = json_get_double(in, "since", 0, 9e15, &b->since, e);
    if (rc == ERR_OK)
        rc = json_get_array(in, "runs", &runs, e);
    if (rc != ERR_OK)
        return rc;
    b->n_runs = 0;
    for (const cJSON *item = runs->child; item != NULL; item = item->next)
        if (b->n_runs == (size_t)b->max_runs || !load_run(b, item))
            return err_set(
                e, ERR_INVALID,
                "runs[%zu]: expected [length, weight, stands_for, mean] of at most %g ever shorter "
                "runs",
                b->n_runs, b->max_runs);
    if (b->n_runs == 0 || b->runs[b->n_runs - 1].length != 0.0)
        return err_set(e, ERR_INVALID, "runs: expected the empty run as the last of %zu",
                       b->n_runs);
    b->best = heaviest(b);
    return ERR_OK;
}

const struct detector_kind detector_bocd = {
    .name = "bocd",
    .state_bytes = sizeof(struct bocd),
    .params = params,
    .usual = DIRECTION_BOTH,
    .start = start,
    .stop = stop,
    .reset = reset,
    .update = update,
    .estimate = estimate,
    .width = width,
    .save = save,
    .load = load,
};
