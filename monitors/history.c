/*
 * history.c - rings of earlier values per signal, ranks among them, thresholds from them.
 */
#include "monitors/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "sorted.h"

#define MIN_SLOTS 64

struct series {
    char monitor[MON_NAME_BYTES];
    char statistic[32];
    char feature[MON_FEATURE_BYTES];
    uint64_t hash;
    size_t n, next; /* next: where the next value goes */
    double *values; /* keep */
};

struct mon_history {
    size_t keep, max_series;
    size_t n_series;
    size_t n_slots;        /* a power of two, at least twice n_series */
    struct series **slots; /* open addressing; NULL: free */
};

double mon_history_rank(const double *values, size_t n, double x)
{
    double smaller = 0.0, compared = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(values[i]))
            continue;
        compared += 1.0;
        smaller += values[i] < x ? 1.0 : values[i] == x ? 0.5 : 0.0;
    }
    return compared > 0.0 && !isnan(x) ? smaller / compared : NAN;
}

enum err_code mon_history_new(size_t keep, size_t max_series, struct mon_history **out,
                              struct err *e)
{
    if (keep < 1 || keep > 1000000 || max_series < 1 || max_series > (size_t)1 << 24)
        return err_set(e, ERR_INVALID, "a history of %zu values in %zu series", keep, max_series);
    struct mon_history *h = calloc(1, sizeof *h);
    if (h != NULL)
        h->slots = calloc(MIN_SLOTS, sizeof *h->slots);
    if (h == NULL || h->slots == NULL) {
        free(h);
        return err_set(e, ERR_NOMEM, "out of memory for a history");
    }
    h->keep = keep;
    h->max_series = max_series;
    h->n_slots = MIN_SLOTS;
    *out = h;
    return ERR_OK;
}

static void series_free(struct series *s)
{
    if (s == NULL)
        return;
    free(s->values);
    free(s);
}

void mon_history_free(struct mon_history *h)
{
    if (h == NULL)
        return;
    for (size_t i = 0; i < h->n_slots; i++)
        series_free(h->slots[i]);
    free(h->slots);
    free(h);
}

static uint64_t hash_of(const struct mon_signal *s)
{
    static const uint8_t no_key[16] = {0};
    uint64_t parts[] = {siphash24(s->monitor, strlen(s->monitor), no_key),
                        siphash24(s->statistic, strlen(s->statistic), no_key),
                        siphash24(s->feature, strlen(s->feature), no_key)};
    return siphash24(parts, sizeof parts, no_key);
}

static bool is_of(const struct series *series, const struct mon_signal *s)
{
    return strcmp(series->feature, s->feature) == 0 &&
           strcmp(series->statistic, s->statistic) == 0 && strcmp(series->monitor, s->monitor) == 0;
}

/* The signal's slot, or the free one where it belongs. */
static struct series **find(const struct mon_history *h, const struct mon_signal *s, uint64_t hash)
{
    size_t i = (size_t)hash & (h->n_slots - 1);
    while (h->slots[i] != NULL && !(h->slots[i]->hash == hash && is_of(h->slots[i], s)))
        i = (i + 1) & (h->n_slots - 1);
    return &h->slots[i];
}

static enum err_code grow(struct mon_history *h, struct err *e)
{
    size_t n_slots = 2 * h->n_slots;
    struct series **slots = calloc(n_slots, sizeof *slots);
    if (slots == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu series of history", h->n_series);
    for (size_t i = 0; i < h->n_slots; i++) {
        if (h->slots[i] == NULL)
            continue;
        size_t j = (size_t)h->slots[i]->hash & (n_slots - 1);
        while (slots[j] != NULL)
            j = (j + 1) & (n_slots - 1);
        slots[j] = h->slots[i];
    }
    free(h->slots);
    h->slots = slots;
    h->n_slots = n_slots;
    return ERR_OK;
}

static enum err_code add_series(struct mon_history *h, const struct mon_signal *s, uint64_t hash,
                                struct series **out, struct err *e)
{
    if (h->n_series == h->max_series)
        return err_set(e, ERR_LIMIT, "no history for %s of %s: %zu series are kept already",
                       s->statistic, s->feature, h->max_series);
    if (2 * (h->n_series + 1) > h->n_slots && grow(h, e) != ERR_OK)
        return ERR_NOMEM;
    struct series *series = calloc(1, sizeof *series);
    if (series != NULL)
        series->values = calloc(h->keep, sizeof *series->values);
    if (series == NULL || series->values == NULL) {
        free(series);
        return err_set(e, ERR_NOMEM, "out of memory for %zu values of history", h->keep);
    }
    memcpy(series->monitor, s->monitor, sizeof series->monitor);
    memcpy(series->statistic, s->statistic, sizeof series->statistic);
    memcpy(series->feature, s->feature, sizeof series->feature);
    series->hash = hash;
    *find(h, s, hash) = series;
    h->n_series++;
    *out = series;
    return ERR_OK;
}

static void put(struct series *series, size_t keep, double value)
{
    series->values[series->next] = value;
    series->next = (series->next + 1) % keep;
    if (series->n < keep)
        series->n++;
}

enum err_code mon_history_note(struct mon_history *h, struct mon_signal *s, struct err *e)
{
    uint64_t hash = hash_of(s);
    struct series *series = *find(h, s, hash);
    enum err_code code = ERR_OK;
    s->history_n = series != NULL ? (double)series->n : 0.0;
    s->history_rank = series != NULL ? mon_history_rank(series->values, series->n, s->value) : NAN;
    if (!isfinite(s->value)) {
        s->history_rank = NAN;
        return ERR_OK;
    }
    if (series == NULL)
        code = add_series(h, s, hash, &series, e);
    if (code == ERR_OK)
        put(series, h->keep, s->value);
    return code;
}

size_t mon_history_values(const struct mon_history *h, const struct mon_signal *s, double *values)
{
    const struct series *series = *find(h, s, hash_of(s));
    if (series == NULL)
        return 0;
    size_t oldest = (series->next + h->keep - series->n) % h->keep;
    for (size_t i = 0; i < series->n; i++)
        values[i] = series->values[(oldest + i) % h->keep];
    return series->n;
}

/* Sorts a copy. */
static enum err_code quantile(const double *values, size_t n, double q, double *out, struct err *e)
{
    double *sorted = malloc(n * sizeof *sorted);
    if (sorted == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu values", n);
    memcpy(sorted, values, n * sizeof *sorted);
    sorted_ascending(sorted, n);
    *out = sorted_quantile(sorted, n, q);
    free(sorted);
    return ERR_OK;
}

static double mean_of(const double *values, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

/* The difference is compared and not the sum: 0.85 is 0.1 above 0.75 only when it is rounded. */
static bool is_far(const struct mon_dynamic *d, double mean, double x, double *threshold)
{
    bool higher = d->extreme == MON_EXTREME_HIGHER;
    double limit = d->absolute ? d->deviation : d->deviation * mean;
    *threshold = higher ? mean + limit : mean - limit;
    return (higher ? x - mean : mean - x) >= limit;
}

enum err_code mon_dynamic_judge(const struct mon_dynamic *d, const double *values, size_t n,
                                double x, enum mon_verdict *verdict, double *threshold,
                                struct err *e)
{
    double limit = NAN;
    bool beyond = false;
    size_t used = n < d->window ? n : d->window;
    const double *last = used > 0 ? values + (n - used) : NULL;
    if (used > 0 && d->kind == MON_DYNAMIC_QUANTILE) {
        bool higher = d->extreme == MON_EXTREME_HIGHER;
        enum err_code code = quantile(last, used, higher ? 1.0 - d->share : d->share, &limit, e);
        if (code != ERR_OK)
            return code;
        beyond = higher ? x > limit : x < limit;
    } else if (used > 0) {
        beyond = is_far(d, mean_of(last, used), x, &limit);
    }
    *verdict = isnan(x)    ? MON_UNAVAILABLE
               : used == 0 ? MON_INSUFFICIENT
               : beyond    ? MON_DRIFT
                           : MON_OK;
    if (threshold != NULL)
        *threshold = limit;
    return ERR_OK;
}
