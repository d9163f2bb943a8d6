/*
 * rate_scan.c - has the rate of errors risen, and since when? Every split of the newest values into
 * a recent part and the part before it is judged by Fisher's exact test.
 *
 * Given how many errors there were in both parts, the number in the recent one is hypergeometric
 * where the rate has not changed, and stochastically smaller where it has fallen (Fisher 1935): a
 * model that still learns raises no more alarms than one at rest. The window is an exponential
 * histogram; splits lie at its bucket boundaries, and the older part is everything before the split
 * or, so that errors of the first days hide nothing, only the newest 2, 4, 8... times as much as
 * the recent part.
 *
 * A split with m recent values is a change where the tail's probability is at most
 * SHARE horizon / rows_between min(1, m / horizon)^2. Splits of m values are independent looks only
 * every m values or so, which is why longer ones may have the larger share (Walther, Annals of
 * Statistics 2010); the square spends the budget where time is short for detection anyway: a strong
 * rise pays for it with a row or two. SHARE makes rows_between what it says: bench_concept_drift
 * --alarms measures it. A value in between 0 and 1 counts as that much of an error; parts of an
 * error are rounded against the change.
 */
#include <math.h>
#include <stdint.h>

#include "detector_kind.h"
#include "detector_range.h"
#include "exphist.h"
#include "tail.h"

#define PER_ROW 8
#define SHARE 0.0075

struct rate_scan {
    double rows_between, horizon, min_rise;
    struct detector_range range;
    struct exphist window;  /* of 0..1 */
    double share, exponent; /* of a split of horizon values or more: the largest; -log of it */
};

static const struct detector_param params[] = {
    {"rows_between", offsetof(struct rate_scan, rows_between), 100, 1e12, 2e5, false},
    {"horizon", offsetof(struct rate_scan, horizon), 1, 1e9, 400, false},
    {"min_rise", offsetof(struct rate_scan, min_rise), 0, 1e12, 0, false},
    {"low", offsetof(struct rate_scan, range.low), -1e12, 1e12, 0, false},
    {"high", offsetof(struct rate_scan, range.high), -1e12, 1e12, 1, false},
    {.key = NULL},
};

/* The newest values of the window up to a bucket's end, or a part of the window between two. */
struct part {
    double n, errors;
};

struct splits {
    size_t n, n_befores;
    struct part recent[EXPHIST_ROWS * PER_ROW]; /* shortest first */
    struct part before[EXPHIST_ROWS];           /* the same, at the ends of rows only */
};

static enum err_code start(void *state, struct err *e)
{
    struct rate_scan *s = state;
    enum err_code rc = range_check(&s->range, e);
    if (rc == ERR_OK && s->horizon > s->rows_between)
        rc = err_set(e, ERR_INVALID, "horizon: expected at most rows_between (%g), got %g",
                     s->rows_between, s->horizon);
    s->share = SHARE * s->horizon / s->rows_between;
    s->exponent = -log(s->share);
    return rc == ERR_OK ? exphist_init(&s->window, PER_ROW, e) : rc;
}

static void stop(void *state)
{
    exphist_deinit(&((struct rate_scan *)state)->window);
}

static void reset(void *state)
{
    exphist_clear(&((struct rate_scan *)state)->window);
}

static void find_splits(const struct exphist *w, struct splits *s)
{
    struct part p = {0.0, 0.0};
    s->n = s->n_befores = 0;
    for (size_t row = 0; row < w->n_rows; row++) {
        for (size_t k = w->rows[row].used; k-- > 0;) {
            p.n += (double)((uint64_t)1 << row);
            p.errors += w->rows[row].first[k].total;
            s->recent[s->n++] = p;
        }
        s->before[s->n_befores++] = p;
    }
}

static struct part turned(struct part p)
{
    return (struct part){p.n, p.n - p.errors};
}

/* The chi-squared statistic of the table is no less than the tail's exponent where that is large
 * enough for a change (tests/monitors/oracle/rate_scan_rejection.py): nearly all splits end here,
 * without a logarithm. */
static bool may_be_rise(const struct rate_scan *s, struct part old, struct part recent)
{
    double n = old.n + recent.n, errors = old.errors + recent.errors;
    double gap = recent.errors * old.n - old.errors * recent.n;
    return gap > 0.0 && gap * gap * n > s->exponent * old.n * recent.n * errors * (n - errors);
}

static bool is_rise(const struct rate_scan *s, struct part old, struct part recent)
{
    double whole = floor(recent.errors + 1e-9), others = ceil(old.errors - 1e-9);
    double rise = recent.errors / recent.n - old.errors / old.n;
    double reach = fmin(1.0, recent.n / s->horizon);
    return rise * (s->range.high - s->range.low) >= s->min_rise &&
           tail_hypergeometric(whole, recent.n, others, old.n) <= s->share * reach * reach;
}

/* The longest older part that the recent values exceed, or n 0. */
static struct part exceeded(const struct rate_scan *s, const struct splits *splits,
                            struct part recent, bool falls)
{
    struct part asked = falls ? turned(recent) : recent;
    for (size_t b = splits->n_befores; b-- > 0 && splits->before[b].n >= 2.0 * recent.n;) {
        struct part old = {splits->before[b].n - recent.n,
                           splits->before[b].errors - recent.errors};
        struct part compared = falls ? turned(old) : old;
        if (may_be_rise(s, compared, asked) && is_rise(s, compared, asked))
            return old;
    }
    return (struct part){0.0, 0.0};
}

static void keep_newest(struct exphist *w, double n)
{
    while (w->width > n)
        exphist_drop_oldest(w);
}

static bool scan(struct rate_scan *s, bool falls, double *before)
{
    struct splits splits;
    exphist_settle(&s->window);
    find_splits(&s->window, &splits);
    for (size_t k = 0; k < splits.n && 2.0 * splits.recent[k].n <= s->window.width; k++) {
        struct part old = exceeded(s, &splits, splits.recent[k], falls);
        if (old.n == 0.0)
            continue;
        *before = range_from_unit(&s->range, old.errors / old.n);
        keep_newest(&s->window, splits.recent[k].n);
        return true;
    }
    return false;
}

/* A rise can only have become significant with a value above the mean, a fall with one below. */
static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct rate_scan *s = state;
    double unit = range_to_unit(&s->range, x);
    exphist_add(&s->window, unit);
    double mean = exphist_mean(&s->window);
    bool found = (direction != DIRECTION_DOWN && unit > mean && scan(s, false, before)) ||
                 (direction != DIRECTION_UP && unit < mean && scan(s, true, before));
    return found ? MON_CHANGE : MON_STABLE;
}

static bool in_range(const void *state, double x)
{
    const struct rate_scan *s = state;
    return x >= s->range.low && x <= s->range.high;
}

static double estimate(const void *state)
{
    const struct rate_scan *s = state;
    return s->window.width > 0.0 ? range_from_unit(&s->range, exphist_mean(&s->window)) : 0.0;
}

static double width(const void *state)
{
    return ((const struct rate_scan *)state)->window.width;
}

static bool save(const void *state, cJSON *out)
{
    return exphist_save(&((const struct rate_scan *)state)->window, out);
}

/* No bucket holds more errors than values. */
static enum err_code check_window(const struct exphist *w, struct err *e)
{
    for (size_t row = 0; row < w->n_rows; row++)
        for (size_t k = 0; k < w->rows[row].used; k++) {
            double total = w->rows[row].first[k].total, most = (double)((uint64_t)1 << row);
            if (!(total >= 0.0 && total <= most))
                return err_set(e, ERR_INVALID, "rows[%zu][%zu]: expected 0 to %g, got %g", row,
                               2 * k, most, total);
        }
    return ERR_OK;
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    struct rate_scan *s = state;
    enum err_code rc = exphist_load(&s->window, in, e);
    return rc == ERR_OK ? check_window(&s->window, e) : rc;
}

const struct detector_kind detector_rate_scan = {
    .name = "rate_scan",
    .state_bytes = sizeof(struct rate_scan),
    .params = params,
    .usual = DIRECTION_UP,
    .start = start,
    .stop = stop,
    .reset = reset,
    .update = update,
    .in_range = in_range,
    .estimate = estimate,
    .width = width,
    .save = save,
    .load = load,
};
