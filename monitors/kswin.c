/*
 * kswin.c - KSWIN (Raab, Heusinger & Schleif, "Reactive soft prototype computing for concept drift
 * streams", Neurocomputing 416, 2020): in a sliding window, the newest stat_size values R against
 * as many drawn at random from the older ones, W; a change where the Kolmogorov-Smirnov distance
 * exceeds sqrt(-ln(alpha) / stat_size), the paper's limit.
 *
 * river asks SciPy for a p-value instead (ln(alpha / 2) in the limit, in effect) and for a distance
 * above 0.1. window_size 100 and stat_size 30 are as there; alpha is 0.0001 as in frouros, not
 * 0.005, because the test is made anew at every value. After a change the
 * newest stat_size values stay and the older go. direction "up" or "down" reports only changes in
 * which the mean of R lies above or below that of the older values; the window is cut all the same.
 *
 * A subset drawn from the older values is a subset of their ranks, so both sides are kept sorted
 * and W comes out sorted: an update moves two values in sorted arrays, draws stat_size numbers
 * (Floyd's sampling) and merges. O(window_size), no sort, no memory. The generator is part of the
 * saved state.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/rand.h"
#include "detector_fields.h"

#define WORD_BITS 64

struct kswin {
    double alpha, window_size, stat_size, seed;
    size_t n_window, n_recent; /* window_size and stat_size as integers */
    size_t first, length;      /* of the ring */
    double *ring;              /* n_window: the values in order of time */
    double *older, *recent;    /* sorted; n_window - n_recent, n_recent */
    uint64_t *drawn;           /* a bit for each rank of older in W; all 0 between updates */
    double *sample;            /* W, sorted */
    double limit;              /* in steps of 1 / stat_size */
    struct rng rng;
};

static const struct detector_param params[] = {
    {"alpha", offsetof(struct kswin, alpha), 1e-300, 0.999, 0.0001, false},
    {"window_size", offsetof(struct kswin, window_size), 2, 100000, 100, true},
    {"stat_size", offsetof(struct kswin, stat_size), 1, 50000, 30, true},
    {"seed", offsetof(struct kswin, seed), 0, 9007199254740991.0, 1, true},
    {.key = NULL},
};

static void reset(void *state)
{
    struct kswin *k = state;
    k->first = k->length = 0;
    rng_seed(&k->rng, (uint64_t)k->seed);
}

static enum err_code start(void *state, struct err *e)
{
    struct kswin *k = state;
    if (k->window_size < 2.0 * k->stat_size)
        return err_set(e, ERR_INVALID, "window_size: expected at least 2 stat_size (%g), got %g",
                       2.0 * k->stat_size, k->window_size);
    k->n_window = (size_t)k->window_size;
    k->n_recent = (size_t)k->stat_size;
    k->limit = sqrt(-log(k->alpha) * k->stat_size);
    k->ring = calloc(k->n_window, sizeof *k->ring);
    k->older = calloc(k->n_window - k->n_recent, sizeof *k->older);
    k->recent = calloc(k->n_recent, sizeof *k->recent);
    k->sample = calloc(k->n_recent, sizeof *k->sample);
    k->drawn = calloc((k->n_window - k->n_recent + WORD_BITS - 1) / WORD_BITS, sizeof *k->drawn);
    if (k->ring == NULL || k->older == NULL || k->recent == NULL || k->sample == NULL ||
        k->drawn == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a window of %zu values", k->n_window);
    reset(k);
    return ERR_OK;
}

static void stop(void *state)
{
    struct kswin *k = state;
    free(k->ring);
    free(k->older);
    free(k->recent);
    free(k->sample);
    free(k->drawn);
}

static size_t n_recent(const struct kswin *k)
{
    return k->length < k->n_recent ? k->length : k->n_recent;
}

static size_t n_older(const struct kswin *k)
{
    return k->length - n_recent(k);
}

/* Value i of the window, 0 the oldest. */
static double value_at(const struct kswin *k, size_t i)
{
    size_t at = k->first + i;
    return k->ring[at < k->n_window ? at : at - k->n_window];
}

/* How many of the sorted x lie below value. */
static size_t rank_of(const double *x, size_t n, double value)
{
    size_t low = 0;
    while (n > 0) {
        size_t half = n / 2;
        if (x[low + half] < value) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

static void sorted_insert(double *x, size_t n, double value)
{
    size_t at = rank_of(x, n, value);
    memmove(x + at + 1, x + at, (n - at) * sizeof *x);
    x[at] = value;
}

static void sorted_remove(double *x, size_t n, double value)
{
    size_t at = rank_of(x, n, value);
    memmove(x + at, x + at + 1, (n - at - 1) * sizeof *x);
}

static void drop_oldest(struct kswin *k)
{
    sorted_remove(k->older, n_older(k), value_at(k, 0));
    k->first = k->first + 1 < k->n_window ? k->first + 1 : 0;
    k->length--;
}

/* The newest value of the older part is the one that leaves the full recent part. */
static void push(struct kswin *k, double x)
{
    if (k->length == k->n_window)
        drop_oldest(k);
    size_t recent = n_recent(k);
    if (recent == k->n_recent) {
        double leaves = value_at(k, k->length - recent);
        sorted_remove(k->recent, recent--, leaves);
        sorted_insert(k->older, k->length - k->n_recent, leaves);
    }
    sorted_insert(k->recent, recent, x);
    size_t at = k->first + k->length++;
    k->ring[at < k->n_window ? at : at - k->n_window] = x;
}

/* 0..n-1, unbiased, almost never with a division: Lemire, "Fast random integer generation in an
 * interval", ACM TOMACS 29(1), 2019, on the upper half of a word. */
static size_t draw_below(struct rng *r, uint32_t n)
{
    uint64_t scaled = (rng_u64(r) >> 32) * n;
    if ((uint32_t)scaled < n) {
        uint32_t reject_below = -n % n;
        while ((uint32_t)scaled < reject_below)
            scaled = (rng_u64(r) >> 32) * n;
    }
    return scaled >> 32;
}

static bool claim(struct kswin *k, size_t rank)
{
    uint64_t *word = &k->drawn[rank / WORD_BITS], bit = UINT64_C(1) << (rank % WORD_BITS);
    bool was_free = (*word & bit) == 0;
    *word |= bit;
    return was_free;
}

/* Floyd's algorithm: n_recent of the older ranks, every subset as likely as any other. */
static void draw_ranks(struct kswin *k)
{
    size_t n = n_older(k);
    for (size_t j = n - k->n_recent; j < n; j++)
        if (!claim(k, draw_below(&k->rng, (uint32_t)j + 1)))
            claim(k, j);
}

/* W from the drawn ranks, which are forgotten. */
static void take_sample(struct kswin *k)
{
    size_t n = 0;
    for (size_t at = 0; at < n_older(k); at += WORD_BITS) {
        uint64_t word = k->drawn[at / WORD_BITS];
        k->drawn[at / WORD_BITS] = 0;
        for (; word != 0; word &= word - 1)
            k->sample[n++] = k->older[at + (size_t)__builtin_ctzll(word)];
    }
}

/* Kolmogorov-Smirnov distance of W and R in steps of 1 / n_recent. Without branches, which nothing
 * could predict; equal values move both sides, so that ties are seen only as a whole. */
static double distance(const struct kswin *k)
{
    size_t r = 0, w = 0, n = k->n_recent, greatest = 0;
    while (r < n && w < n) {
        double of_r = k->recent[r], of_w = k->sample[w];
        r += of_r <= of_w;
        w += of_w <= of_r;
        size_t apart = r > w ? r - w : w - r;
        greatest = apart > greatest ? apart : greatest;
    }
    return (double)greatest;
}

/* Divided before it is added: values near the largest double have a mean too. */
static double mean(const double *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] / (double)n;
    return sum;
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct kswin *k = state;
    push(k, x);
    if (k->length < k->n_window)
        return MON_STABLE;
    draw_ranks(k);
    take_sample(k);
    if (distance(k) <= k->limit)
        return MON_STABLE;
    double left = mean(k->older, n_older(k));
    while (n_older(k) > 0)
        drop_oldest(k);
    if (!direction_wants(direction, left, mean(k->recent, k->n_recent)))
        return MON_STABLE;
    *before = left;
    return MON_CHANGE;
}

static double estimate(const void *state)
{
    const struct kswin *k = state;
    return mean(k->recent, n_recent(k));
}

static double width(const void *state)
{
    return (double)n_recent(state);
}

static bool save(const void *state, cJSON *out)
{
    const struct kswin *k = state;
    cJSON *list = cJSON_AddArrayToObject(out, "window");
    bool ok = list != NULL;
    for (size_t i = 0; ok && i < k->length; i++)
        ok = cJSON_AddItemToArray(list, cJSON_CreateNumber(value_at(k, i)));
    return ok && detector_save_rng(&k->rng, out);
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    struct kswin *k = state;
    const cJSON *list = NULL;
    enum err_code rc = json_get_array(in, "window", &list, e);
    if (rc == ERR_OK && (size_t)cJSON_GetArraySize(list) > k->n_window)
        rc = err_set(e, ERR_INVALID, "window: expected at most %zu values", k->n_window);
    int i = 0;
    for (const cJSON *x = rc == ERR_OK ? list->child : NULL; x != NULL; x = x->next, i++) {
        if (!cJSON_IsNumber(x) || !isfinite(x->valuedouble))
            return err_set(e, ERR_INVALID, "window[%d]: expected a finite number", i);
        push(k, x->valuedouble);
    }
    return rc == ERR_OK ? detector_load_rng(&k->rng, in, e) : rc;
}

const struct detector_kind detector_kswin = {
    .name = "kswin",
    .state_bytes = sizeof(struct kswin),
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
