/*
 * duplicates.c - counts of row hashes in an open table, thinned by halves when it is full.
 */
#include "monitors/duplicates.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MIN_SLOTS 64

struct slot {
    uint64_t hash;
    uint64_t count; /* 0: free */
};

struct mon_duplicates {
    size_t max_distinct;
    size_t n_slots; /* a power of two */
    size_t n_used;
    uint64_t n_added;
    int shift; /* a hash is kept where its top `shift` bits are 0 */
    struct slot *slots;
};

enum err_code mon_duplicates_new(size_t max_distinct, struct mon_duplicates **out, struct err *e)
{
    if (max_distinct < 16 || max_distinct > (size_t)1 << 30)
        return err_set(e, ERR_INVALID, "max_distinct %zu is not in 16..2^30", max_distinct);
    struct mon_duplicates *d = calloc(1, sizeof *d);
    if (d != NULL)
        d->slots = calloc(MIN_SLOTS, sizeof *d->slots);
    if (d == NULL || d->slots == NULL) {
        free(d);
        return err_set(e, ERR_NOMEM, "out of memory for a counter of duplicates");
    }
    d->max_distinct = max_distinct;
    d->n_slots = MIN_SLOTS;
    *out = d;
    return ERR_OK;
}

void mon_duplicates_free(struct mon_duplicates *d)
{
    if (d == NULL)
        return;
    free(d->slots);
    free(d);
}

void mon_duplicates_clear(struct mon_duplicates *d)
{
    memset(d->slots, 0, d->n_slots * sizeof *d->slots);
    d->n_used = 0;
    d->n_added = 0;
    d->shift = 0;
}

static bool is_kept(const struct mon_duplicates *d, uint64_t hash)
{
    return d->shift == 0 || hash >> (64 - d->shift) == 0;
}

/* The slot of a hash, or the free one where it belongs. The low bits: the top ones thin. */
static struct slot *find(struct slot *slots, size_t n_slots, uint64_t hash)
{
    size_t i = (size_t)hash & (n_slots - 1);
    while (slots[i].count > 0 && slots[i].hash != hash)
        i = (i + 1) & (n_slots - 1);
    return &slots[i];
}

/* Moves what is still kept to a table of n_slots. */
static enum err_code rebuild(struct mon_duplicates *d, size_t n_slots, struct err *e)
{
    struct slot *slots = calloc(n_slots, sizeof *slots);
    if (slots == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu row hashes", n_slots);
    d->n_used = 0;
    for (size_t i = 0; i < d->n_slots; i++) {
        if (d->slots[i].count == 0 || !is_kept(d, d->slots[i].hash))
            continue;
        *find(slots, n_slots, d->slots[i].hash) = d->slots[i];
        d->n_used++;
    }
    free(d->slots);
    d->slots = slots;
    d->n_slots = n_slots;
    return ERR_OK;
}

/* Room for one more: a larger table while the bound allows, else half the range. A stretch whose
 * hashes all have the same top bits (a caller's poor hash) is thinned until one is left. */
static enum err_code make_room(struct mon_duplicates *d, struct err *e)
{
    enum err_code code = ERR_OK;
    while (code == ERR_OK && d->n_used >= d->max_distinct && d->shift < 63) {
        d->shift++;
        code = rebuild(d, d->n_slots, e);
    }
    if (code == ERR_OK && 2 * (d->n_used + 1) > d->n_slots)
        code = rebuild(d, 2 * d->n_slots, e);
    return code;
}

static enum err_code add_count(struct mon_duplicates *d, uint64_t hash, uint64_t count,
                               struct err *e)
{
    if (!is_kept(d, hash))
        return ERR_OK;
    struct slot *s = find(d->slots, d->n_slots, hash);
    if (s->count == 0) {
        enum err_code code = make_room(d, e);
        if (code != ERR_OK || !is_kept(d, hash))
            return code;
        s = find(d->slots, d->n_slots, hash);
        s->hash = hash;
        d->n_used++;
    }
    s->count += count;
    return ERR_OK;
}

enum err_code mon_duplicates_add_hash(struct mon_duplicates *d, uint64_t hash, struct err *e)
{
    enum err_code code = add_count(d, hash, 1, e);
    d->n_added += code == ERR_OK;
    return code;
}

/* One value into a row's hash: the finaliser of splitmix64 (Steele, Lea & Flood 2014). No key:
 * nobody gains by making rows collide here. */
static uint64_t mix(uint64_t h, double x)
{
    union {
        double x;
        uint64_t bits;
    } value = {.x = x == 0.0 ? 0.0 : x};
    uint64_t z =
        h + (isnan(x) ? UINT64_C(0x7ff8000000000000) : value.bits) + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

enum err_code mon_duplicates_add(struct mon_duplicates *d, const double *codes, size_t n_rows,
                                 size_t n_columns, struct err *e)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < n_rows; i++) {
        uint64_t hash = 0;
        for (size_t j = 0; j < n_columns; j++)
            hash = mix(hash, codes[i * n_columns + j]);
        code = mon_duplicates_add_hash(d, hash, e);
    }
    return code;
}

enum err_code mon_duplicates_merge(struct mon_duplicates *dst, const struct mon_duplicates *src,
                                   struct err *e)
{
    enum err_code code = ERR_OK;
    if (src->shift > dst->shift) {
        dst->shift = src->shift;
        code = rebuild(dst, dst->n_slots, e);
    }
    for (size_t i = 0; code == ERR_OK && i < src->n_slots; i++)
        if (src->slots[i].count > 0)
            code = add_count(dst, src->slots[i].hash, src->slots[i].count, e);
    dst->n_added += src->n_added;
    return code;
}

struct mon_repeats mon_duplicates_count(const struct mon_duplicates *d)
{
    struct mon_repeats r = {0.0, 0.0};
    for (size_t i = 0; i < d->n_slots; i++) {
        r.rows += (double)d->slots[i].count;
        r.repeated += d->slots[i].count > 1 ? (double)d->slots[i].count : 0.0;
    }
    return r;
}

struct mon_repeats mon_duplicates_estimate(const struct mon_duplicates *d)
{
    struct mon_repeats kept = mon_duplicates_count(d);
    double share = kept.rows > 0.0 ? kept.repeated / kept.rows : 0.0, n = (double)d->n_added;
    return (struct mon_repeats){.rows = n,
                                .repeated = d->shift > 0 ? round(share * n) : kept.repeated};
}

double mon_duplicates_sampled(const struct mon_duplicates *d)
{
    return ldexp(1.0, -d->shift);
}
