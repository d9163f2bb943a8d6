/*
 * arena.h - memory that lives as long as one request: taken piece by piece, given back at once.
 *
 * One arena per lane, so nothing here is locked. Memory up to ARENA_KEEP_BYTES stays with the arena
 * between requests; what a big request needed beyond that is freed.
 */
#ifndef INFERENCE_ARENA_H
#define INFERENCE_ARENA_H

#include <stddef.h>

#define ARENA_KEEP_BYTES ((size_t)1 << 20)

struct arena_chunk;

struct arena {
    struct arena_chunk *newest;
};

#define ARENA_INIT ((struct arena){0})

/* Aligned for any type, not zeroed; NULL: out of memory. Valid until arena_reset. */
void *arena_alloc(struct arena *a, size_t size_bytes);
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#endif
