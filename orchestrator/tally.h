/*
 * tally.h - what one side of one version has done: requests, rows, errors, latency, and the profile
 * of the rows it scored. Cumulative from a replica, or summed up here; additive, with an exact
 * difference.
 */
#ifndef ORCHESTRATOR_TALLY_H
#define ORCHESTRATOR_TALLY_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/profile.h"

#define TALLY_MAX_BUCKETS 64

struct tally {
    uint64_t requests, rows, errors;
    size_t n_buckets; /* upper bounds; counts has one more for what is above the last */
    double bounds[TALLY_MAX_BUCKETS];
    uint64_t latency[TALLY_MAX_BUCKETS + 1];
    double latency_sum;      /* seconds */
    struct profile *profile; /* owned; NULL: none */
};

void tally_clean_up(struct tally *t);

/* dst += src. A profile is taken over as a copy where dst has none; both over the same ruler. */
enum err_code tally_merge(struct tally *dst, const struct tally *src, struct err *e);
/* dst -= earlier; ERR_INVALID where anything would be negative (dst is then of no use). */
enum err_code tally_subtract(struct tally *dst, const struct tally *earlier, struct err *e);

/* The counters of one entry of a replica's "sides". */
enum err_code tally_from_side(const cJSON *side, struct tally *out, struct err *e);

/* Owned bytes (free) and back. ruler: of the profile within; may be NULL where there is none. */
enum err_code tally_to_blob(const struct tally *t, void **out, size_t *size_bytes, struct err *e);
enum err_code tally_from_blob(const void *data, size_t size_bytes, const struct ruler *ruler,
                              struct tally *out, struct err *e);

enum err_code profile_copy(const struct profile *p, struct profile **out, struct err *e);

#endif
