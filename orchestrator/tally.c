/* tally.c - see tally.h. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/safetensors.h"

#define MAX_COUNT (INT64_C(1) << 53) /* a JSON number is exact up to here */

void tally_clean_up(struct tally *t)
{
    profile_free(t->profile);
    *t = (struct tally){0};
}

enum err_code profile_copy(const struct profile *p, struct profile **out, struct err *e)
{
    enum err_code rc = profile_new(p->ruler, out, e);
    if (rc == ERR_OK)
        profile_merge(*out, p);
    return rc;
}

enum err_code tally_merge(struct tally *dst, const struct tally *src, struct err *e)
{
    if (src->profile) {
        if (dst->profile)
            profile_merge(dst->profile, src->profile);
        else if (profile_copy(src->profile, &dst->profile, e) != ERR_OK)
            return ERR_NOMEM;
    }
    dst->requests += src->requests;
    dst->rows += src->rows;
    dst->errors += src->errors;
    dst->latency_sum += src->latency_sum;
    if (src->n_buckets > 0) {
        dst->n_buckets = src->n_buckets;
        memcpy(dst->bounds, src->bounds, sizeof(dst->bounds));
    }
    for (size_t i = 0; i <= TALLY_MAX_BUCKETS; i++)
        dst->latency[i] += src->latency[i];
    return ERR_OK;
}

enum err_code tally_subtract(struct tally *dst, const struct tally *earlier, struct err *e)
{
    if (dst->requests < earlier->requests || dst->rows < earlier->rows ||
        dst->errors < earlier->errors)
        return err_set(e, ERR_INVALID, "counters went backwards within one instance");
    for (size_t i = 0; i <= TALLY_MAX_BUCKETS; i++) {
        if (dst->latency[i] < earlier->latency[i])
            return err_set(e, ERR_INVALID, "latency counts went backwards within one instance");
        dst->latency[i] -= earlier->latency[i];
    }
    if (dst->profile && earlier->profile &&
        profile_subtract(dst->profile, earlier->profile, e) != ERR_OK)
        return ERR_INVALID;
    dst->requests -= earlier->requests;
    dst->rows -= earlier->rows;
    dst->errors -= earlier->errors;
    dst->latency_sum -= earlier->latency_sum;
    return ERR_OK;
}

static enum err_code read_bounds(const cJSON *bounds, struct tally *t, struct err *e)
{
    const cJSON *item = NULL;
    size_t i = 0;
    cJSON_ArrayForEach(item, bounds)
    {
        if (!cJSON_IsNumber(item) || (i > 0 && !(item->valuedouble > t->bounds[i - 1])))
            return err_set(e, ERR_INVALID,
                           "latency_seconds.bounds[%zu]: expected ascending numbers", i);
        t->bounds[i++] = item->valuedouble;
    }
    t->n_buckets = i;
    return ERR_OK;
}

static enum err_code read_counts(const cJSON *counts, struct tally *t, struct err *e)
{
    const cJSON *item = NULL;
    size_t i = 0;
    cJSON_ArrayForEach(item, counts)
    {
        if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= MAX_COUNT))
            return err_set(e, ERR_INVALID, "latency_seconds.counts[%zu]: expected a count", i);
        t->latency[i++] = (uint64_t)item->valuedouble;
    }
    return ERR_OK;
}

static enum err_code read_latency(const cJSON *side, struct tally *t, struct err *e)
{
    const cJSON *bounds = NULL, *counts = NULL;
    if (json_get_array(side, "latency_seconds.bounds", &bounds, e) != ERR_OK ||
        json_get_array(side, "latency_seconds.counts", &counts, e) != ERR_OK ||
        json_get_double(side, "latency_seconds.sum", 0, 1e15, &t->latency_sum, e) != ERR_OK)
        return e ? e->code : ERR_INVALID;
    int n = cJSON_GetArraySize(bounds);
    if (n > TALLY_MAX_BUCKETS || cJSON_GetArraySize(counts) != n + 1)
        return err_set(
            e, ERR_INVALID,
            "latency_seconds: expected at most %d bounds and one count more, got %d and %d",
            TALLY_MAX_BUCKETS, n, cJSON_GetArraySize(counts));
    enum err_code rc = read_bounds(bounds, t, e);
    return rc == ERR_OK ? read_counts(counts, t, e) : rc;
}

enum err_code tally_from_side(const cJSON *side, struct tally *out, struct err *e)
{
    struct tally t = {0};
    int64_t requests = 0, rows = 0, errors = 0;
    if (json_get_int(side, "requests", 0, MAX_COUNT, &requests, e) != ERR_OK ||
        json_get_int(side, "rows", 0, MAX_COUNT, &rows, e) != ERR_OK ||
        json_get_int(side, "errors", 0, requests, &errors, e) != ERR_OK ||
        read_latency(side, &t, e) != ERR_OK)
        return e ? e->code : ERR_INVALID;
    t.requests = (uint64_t)requests;
    t.rows = (uint64_t)rows;
    t.errors = (uint64_t)errors;
    *out = t;
    return ERR_OK;
}

/* Layout: "counts" U64 [4 + 65] (requests, rows, errors, n_buckets, latency), "numbers" F64 [64 +
 * 1] (bounds, latency sum), and the profile under "profile/". */
#define BLOB_COUNTS (4 + TALLY_MAX_BUCKETS + 1)
#define BLOB_NUMBERS (TALLY_MAX_BUCKETS + 1)

enum err_code tally_to_blob(const struct tally *t, void **out, size_t *size_bytes, struct err *e)
{
    uint64_t counts[BLOB_COUNTS] = {t->requests, t->rows, t->errors, t->n_buckets};
    double numbers[BLOB_NUMBERS];
    int64_t n_counts = BLOB_COUNTS, n_numbers = BLOB_NUMBERS;
    void *keep = NULL;
    struct st_writer *w = st_writer_new();
    memcpy(counts + 4, t->latency, sizeof(t->latency));
    memcpy(numbers, t->bounds, sizeof(t->bounds));
    numbers[TALLY_MAX_BUCKETS] = t->latency_sum;
    enum err_code rc = w ? ERR_OK : err_set(e, ERR_NOMEM, "no memory for a tally");
    if (rc == ERR_OK)
        rc = st_writer_add(w, "counts", ST_U64, 1, &n_counts, counts, e);
    if (rc == ERR_OK)
        rc = st_writer_add(w, "numbers", ST_F64, 1, &n_numbers, numbers, e);
    if (rc == ERR_OK && t->profile)
        rc = profile_to_st(t->profile, "profile/", w, &keep, e);
    if (rc == ERR_OK)
        rc = st_writer_memory(w, out, size_bytes, e);
    st_writer_free(w);
    free(keep);
    return rc;
}

enum err_code tally_from_blob(const void *data, size_t size_bytes, const struct ruler *ruler,
                              struct tally *out, struct err *e)
{
    struct st_file *f = NULL;
    const struct st_tensor *counts = NULL, *numbers = NULL;
    int64_t n_counts = BLOB_COUNTS, n_numbers = BLOB_NUMBERS;
    struct tally t = {0};
    enum err_code rc = st_open_memory(data, size_bytes, &f, e);
    if (rc == ERR_OK)
        rc = st_need(f, "counts", ST_U64, 1, &n_counts, &counts, e);
    if (rc == ERR_OK)
        rc = st_need(f, "numbers", ST_F64, 1, &n_numbers, &numbers, e);
    if (rc == ERR_OK) {
        const uint64_t *c = counts->data;
        const double *d = numbers->data;
        t = (struct tally){.requests = c[0], .rows = c[1], .errors = c[2]};
        t.n_buckets = c[3] <= TALLY_MAX_BUCKETS ? (size_t)c[3] : 0;
        memcpy(t.latency, c + 4, sizeof(t.latency));
        memcpy(t.bounds, d, sizeof(t.bounds));
        t.latency_sum = d[TALLY_MAX_BUCKETS];
        if (ruler && st_find(f, "profile/counts"))
            rc = profile_from_st(f, "profile/", ruler, &t.profile, e);
    }
    st_close(f);
    if (rc == ERR_OK)
        *out = t;
    return rc;
}
