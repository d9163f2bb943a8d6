/*
 * routing.h - which version answers a request, and whether its rows are written down. Pure.
 *
 * A request key is hashed to a fraction u of 2^64; the candidate answers iff u < weight. The hash
 * is keyed by the model's salt alone, so a key lands on the same side at every replica, and raising
 * the weight never moves a key off the candidate. Sampling for the observation log uses a hash of
 * its own: with one for both, a sample of 5 % would hold the candidate's rows only.
 */
#ifndef INFERENCE_ROUTING_H
#define INFERENCE_ROUTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct routing {
    uint8_t split_key[16];  /* first 16 bytes of SHA-256(salt) */
    uint8_t sample_key[16]; /* the other 16 */
    double weight;          /* 0..1: the candidate's share; 0 without one */
    double sample;          /* 0..1: share of keys that are observed */
};

void routing_init(struct routing *r, const char *salt, double weight, double sample);
bool routing_to_candidate(const struct routing *r, const void *key, size_t len);
bool routing_observed(const struct routing *r, const void *key, size_t len);

#endif
