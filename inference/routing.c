/*
 * routing.c - the keyed hash compared with the weight.
 */
#include "routing.h"

#include <stdio.h>
#include <string.h>

#include "base/rand.h"
#include "base/sha256.h"

void routing_init(struct routing *r, const char *salt, double weight, double sample)
{
    char hex[SHA256_HEX_BYTES];
    sha256_hex(salt, strlen(salt), hex);
    for (int i = 0; i < 32; i++) {
        unsigned byte = 0;
        sscanf(hex + 2 * i, "%2x", &byte);
        (i < 16 ? r->split_key : r->sample_key)[i % 16] = (uint8_t)byte;
    }
    r->weight = weight;
    r->sample = sample;
}

/* [0, 1): the upper 53 bits, which a double holds exactly. */
static double fraction(const uint8_t hash_key[16], const void *key, size_t len)
{
    return (double)(siphash24(key, len, hash_key) >> 11) * 0x1p-53;
}

bool routing_to_candidate(const struct routing *r, const void *key, size_t len)
{
    return r->weight > 0 && fraction(r->split_key, key, len) < r->weight;
}

bool routing_observed(const struct routing *r, const void *key, size_t len)
{
    return r->sample >= 1 || (r->sample > 0 && fraction(r->sample_key, key, len) < r->sample);
}
