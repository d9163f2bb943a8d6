/*
 * rand.c - unguessable identifiers from the kernel, the seeded generator, and the keyed hash.
 *
 * xoshiro256** and splitmix64: https://prng.di.unimi.it (public domain reference). SipHash-2-4:
 * Aumasson & Bernstein, "SipHash: a fast short-input PRF", 2012, section 2.
 */
#include "base/rand.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void fill_random(unsigned char *out, size_t len)
{
    while (len > 0) {
        ssize_t n = getrandom(out, len, 0);
        if (n > 0) {
            out += n;
            len -= (size_t)n;
        } else if (errno != EINTR) {
            abort(); /* an identifier that can be guessed is worse than no process */
        }
    }
}

void rand_id(char *out, size_t n_bytes)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[64];
    while (n_bytes > 0) {
        size_t n = n_bytes < sizeof bytes ? n_bytes : sizeof bytes;
        fill_random(bytes, n);
        for (size_t i = 0; i < n; i++) {
            *out++ = digits[bytes[i] >> 4];
            *out++ = digits[bytes[i] & 15];
        }
        n_bytes -= n;
    }
    *out = '\0';
}

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

void rng_seed(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        r->s[i] = splitmix64(&seed);
    }
}

uint64_t rng_u64(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

double rng_uniform(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1.0p-53;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    uint64_t reject_below = -n % n; /* 2^64 mod n: what would make the first values more likely */
    uint64_t x;
    do {
        x = rng_u64(r);
    } while (x < reject_below);
    return x % n;
}

/* Marsaglia's polar method. The second value of the pair is dropped: keeping it would make the
 * state more than the four words that callers copy and compare. */
double rng_normal(struct rng *r)
{
    double u, v, s;
    do {
        u = 2 * rng_uniform(r) - 1;
        v = 2 * rng_uniform(r) - 1;
        s = u * u + v * v;
    } while (s >= 1 || s == 0);
    return u * sqrt(-2 * log(s) / s);
}

static uint64_t load_le64(const uint8_t *p)
{
    uint64_t x = 0;
    for (int i = 7; i >= 0; i--) {
        x = x << 8 | p[i];
    }
    return x;
}

static void sip_rounds(uint64_t v[4], int n)
{
    while (n-- > 0) {
        v[0] += v[1];
        v[1] = rotl(v[1], 13) ^ v[0];
        v[0] = rotl(v[0], 32);
        v[2] += v[3];
        v[3] = rotl(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotl(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotl(v[1], 17) ^ v[2];
        v[2] = rotl(v[2], 32);
    }
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_rounds(v, 2);
    v[0] ^= word;
}

uint64_t siphash24(const void *data, size_t len, const uint8_t key[16])
{
    uint64_t k0 = load_le64(key), k1 = load_le64(key + 8);
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                     k1 ^ 0x7465646279746573};
    const uint8_t *p = data;
    size_t rest = len % 8;
    for (const uint8_t *end = p + (len - rest); p != end; p += 8) {
        sip_word(v, load_le64(p));
    }
    uint8_t last[8] = {0};
    if (rest) {
        memcpy(last, p, rest);
    }
    last[7] = (uint8_t)len;
    sip_word(v, load_le64(last));
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
