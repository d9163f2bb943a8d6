/*
 * arena.c - a list of chunks, the newest first; each new one is at least twice as big.
 */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#define ARENA_FIRST_BYTES ((size_t)16 << 10)

struct arena_chunk {
    struct arena_chunk *older;
    size_t size_bytes, used_bytes;
    alignas(max_align_t) char data[];
};

static struct arena_chunk *add_chunk(struct arena *a, size_t need)
{
    size_t size = a->newest ? a->newest->size_bytes * 2 : ARENA_FIRST_BYTES;
    if (size < need) {
        size = need;
    }
    struct arena_chunk *chunk = malloc(sizeof *chunk + size);
    if (!chunk) {
        return NULL;
    }
    chunk->older = a->newest;
    chunk->size_bytes = size;
    chunk->used_bytes = 0;
    a->newest = chunk;
    return chunk;
}

void *arena_alloc(struct arena *a, size_t size_bytes)
{
    const size_t align = alignof(max_align_t);
    if (size_bytes > SIZE_MAX / 4) {
        return NULL;
    }
    size_bytes = (size_bytes + align - 1) / align * align;
    struct arena_chunk *chunk = a->newest;
    if (!chunk || chunk->size_bytes - chunk->used_bytes < size_bytes) {
        chunk = add_chunk(a, size_bytes);
    }
    if (!chunk) {
        return NULL;
    }
    void *piece = chunk->data + chunk->used_bytes;
    chunk->used_bytes += size_bytes;
    return piece;
}

void arena_reset(struct arena *a)
{
    struct arena_chunk *keep = NULL;
    while (a->newest) {
        struct arena_chunk *chunk = a->newest;
        a->newest = chunk->older;
        if (!keep && chunk->size_bytes <= ARENA_KEEP_BYTES) {
            keep = chunk;
        } else {
            free(chunk);
        }
    }
    if (keep) {
        keep->older = NULL;
        keep->used_bytes = 0;
    }
    a->newest = keep;
}

void arena_free(struct arena *a)
{
    while (a->newest) {
        struct arena_chunk *chunk = a->newest;
        a->newest = chunk->older;
        free(chunk);
    }
}
