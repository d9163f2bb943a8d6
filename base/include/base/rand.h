/*
 * rand.h - two kinds of randomness, never mixed.
 *
 * rand_id makes unguessable identifiers. struct rng is a seeded generator (xoshiro256**, Blackman &
 * Vigna 2018, seeded by splitmix64) for reproducible fits, jitter and simulations.
 */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

/* Writes n_bytes random bytes as 2 x n_bytes hex digits and a terminator into out. */
void rand_id(char *out, size_t n_bytes);

struct rng {
    uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
double rng_uniform(struct rng *r);           /* [0, 1) */
uint64_t rng_below(struct rng *r, uint64_t n); /* 0..n-1, unbiased; n > 0 */
double rng_normal(struct rng *r);            /* mean 0, variance 1 */

/* Keyed 64-bit hash (SipHash-2-4, Aumasson & Bernstein 2012): equal on every machine and release. */
uint64_t siphash24(const void *data, size_t len, const uint8_t key[16]);

#endif
