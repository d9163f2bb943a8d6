/*
 * bit_ring.h - private: the newest right/wrong answers, one bit each, with their count of ones.
 */
#ifndef MONITORS_SRC_BIT_RING_H
#define MONITORS_SRC_BIT_RING_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bit_ring {
    uint64_t *words;
    size_t capacity, first, length, ones;
};

/* Empty, for capacity bits (1 or more). Free with bit_ring_deinit; a zeroed ring may be freed. */
enum err_code bit_ring_init(struct bit_ring *r, size_t capacity, struct err *e);
void bit_ring_deinit(struct bit_ring *r);

void bit_ring_clear(struct bit_ring *r);

/* Bit i, 0 the oldest; i < length. */
bool bit_ring_at(const struct bit_ring *r, size_t i);

/* Adds the newest bit. True where the ring was full and the bit it dropped was a one; *dropped says
 * whether one was dropped at all. */
bool bit_ring_push(struct bit_ring *r, bool bit, bool *dropped);

/* Forgets all but the newest n bits (all are kept where there are fewer). O(bits forgotten). */
void bit_ring_keep(struct bit_ring *r, size_t n);

/* As a string of 0 and 1 named key, oldest first. False: out of memory. */
bool bit_ring_save(const struct bit_ring *r, const char *key, cJSON *out);
enum err_code bit_ring_load(struct bit_ring *r, const char *key, const cJSON *in, struct err *e);

#endif
