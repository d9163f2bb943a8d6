/*
 * adwin.c - ADWIN2 (Bifet & Gavalda, "Learning from time-changing data with adaptive windowing",
 * SDM 2007): an exponential histogram of the newest values; where two parts of it differ in mean by
 * more than chance allows, the older one goes.
 *
 * Details as in MOA and river: the cut is looked for every clock values, subwindows shorter than
 * min_window_length do not count, and the bound uses the harmonic length with min_window_length
 * taken off. All buckets of a row are looked at (older river releases skipped the newest:
 * river#1539).
 *
 * Nearly all cuts are far from significant. A test without division or root rejects those; only
 * what it cannot reject is computed as published, so that no decision differs.
 */
#include <math.h>
#include <stdint.h>

#include "base/json.h"
#include "detector_kind.h"
#include "exphist.h"

struct adwin {
    double delta, clock, max_buckets, min_window_length, grace_period;
    double ticks; /* values since the last look, below clock */
    struct exphist window;
};

static const struct detector_param params[] = {
    {"delta", offsetof(struct adwin, delta), 1e-12, 0.999, 0.002, false},
    {"clock", offsetof(struct adwin, clock), 1, 1e6, 32, true},
    {"max_buckets", offsetof(struct adwin, max_buckets), 2, 64, 5, true},
    {"min_window_length", offsetof(struct adwin, min_window_length), 1, 1e6, 5, true},
    {"grace_period", offsetof(struct adwin, grace_period), 0, 1e9, 10, true},
    {.key = NULL},
};

static enum err_code start(void *state, struct err *e)
{
    struct adwin *a = state;
    return exphist_init(&a->window, (size_t)a->max_buckets, e);
}

static void stop(void *state)
{
    exphist_deinit(&((struct adwin *)state)->window);
}

static void reset(void *state)
{
    struct adwin *a = state;
    a->ticks = 0.0;
    exphist_clear(&a->window);
}

/* What the bound of theorem 3.1, with the normal approximation of section 4.1, shares over all cuts
 * of a window. */
struct bound {
    double width, total;
    double shortest, longest;           /* both exclusive, of the older part */
    double length_off, log_term, scale; /* scale: 2 variance log_term */
    double mean, free, steep;           /* of may_be_significant */
};

/* With d = u0 - n0 mean, the two means differ by d W / (n0 n1), and the bound is at least
 * sqrt(scale W / (n0 n1)) + 2/3 log_term W / (n0 n1), as length_off >= 0. So no cut is significant
 * where |d| <= 2/3 log_term + sqrt(scale n0 n1 / W). The margins are for rounding, here and in the
 * test as published: its difference of means is off by at most 2^-51 (|u0| + |u1|) W / (n0 n1), d
 * by 2^-51 (|u0| + |total|), and |u0| <= sqrt(W sum of squares) = sqrt(W variance + total^2); 2^-46
 * covers both, 1e-9 the relative errors of the rest. */
static struct bound bound_of(const struct adwin *a)
{
    const struct exphist *w = &a->window;
    const double relative = 1.0 - 1e-9;
    double log_term = log(2.0 * log(w->width) / a->delta);
    double scale = 2.0 * w->variance / w->width * log_term;
    double rounding = 0x1p-45 * sqrt(w->width * w->variance + w->total * w->total);
    return (struct bound){.width = w->width,
                          .total = w->total,
                          .shortest = a->min_window_length,
                          .longest = w->width - a->min_window_length,
                          .length_off = a->min_window_length - 1.0,
                          .log_term = log_term,
                          .scale = scale,
                          .mean = w->total / w->width,
                          .free = 2.0 / 3.0 * relative * log_term - rounding,
                          .steep = relative * scale / w->width};
}

static inline bool may_be_significant(const struct bound *b, double n0, double u0)
{
    double above = fabs(u0 - n0 * b->mean) - b->free;
    above = above > 0.0 ? above : 0.0;
    return above * above > b->steep * n0 * (b->width - n0);
}

static bool is_significant(const struct bound *b, double n0, double u0)
{
    double n1 = b->width - n0, u1 = b->total - u0;
    double inverse = 1.0 / (n0 - b->length_off) + 1.0 / (n1 - b->length_off);
    double bound = sqrt(b->scale * inverse) + 2.0 / 3.0 * b->log_term * inverse;
    return fabs(u0 / n0 - u1 / n1) > bound;
}

/* Oldest to newest; too short a side is no cut, nor is the whole window. */
static bool any_cut(const struct adwin *a)
{
    struct bound b = bound_of(a);
    double n0 = 0.0, u0 = 0.0;
    for (size_t row = a->window.n_rows; row-- > 0;) {
        double size = (double)((uint64_t)1 << row);
        const struct exphist_row *r = &a->window.rows[row];
        for (size_t k = 0; k < r->used; k++) {
            n0 += size;
            u0 += r->first[k].total;
            if (may_be_significant(&b, n0, u0) && n0 > b.shortest && n0 < b.longest &&
                is_significant(&b, n0, u0))
                return true;
        }
    }
    return false;
}

static double estimate(const void *state)
{
    return exphist_mean(&((const struct adwin *)state)->window);
}

static double width(const void *state)
{
    return ((const struct adwin *)state)->window.width;
}

static enum mon_detection look(struct adwin *a, enum direction direction, double *before)
{
    struct exphist *w = &a->window;
    exphist_settle(w);
    double width_before = w->width, total_before = w->total;
    while (w->width > 1.0 && any_cut(a))
        exphist_drop_oldest(w);
    if (w->width == width_before)
        return MON_STABLE;
    double dropped_mean = (total_before - w->total) / (width_before - w->width);
    if (!direction_wants(direction, dropped_mean, exphist_mean(w)))
        return MON_STABLE;
    *before = dropped_mean;
    return MON_CHANGE;
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct adwin *a = state;
    exphist_add(&a->window, x);
    a->ticks += 1.0;
    if (a->ticks < a->clock)
        return MON_STABLE;
    a->ticks = 0.0;
    if (a->window.width <= a->grace_period)
        return MON_STABLE;
    return look(a, direction, before);
}

static bool save(const void *state, cJSON *out)
{
    const struct adwin *a = state;
    return cJSON_AddNumberToObject(out, "ticks", a->ticks) != NULL && exphist_save(&a->window, out);
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    struct adwin *a = state;
    enum err_code rc = json_get_double(in, "ticks", 0, a->clock, &a->ticks, e);
    return rc == ERR_OK ? exphist_load(&a->window, in, e) : rc;
}

const struct detector_kind detector_adwin = {
    .name = "adwin",
    .state_bytes = sizeof(struct adwin),
    .params = params,
    .start = start,
    .stop = stop,
    .reset = reset,
    .update = update,
    .estimate = estimate,
    .width = width,
    .save = save,
    .load = load,
};
