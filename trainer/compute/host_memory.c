/*
 * host_memory.c - memory of the CPU backends. Lines of 64 bytes: a sum must not depend on where
 * malloc happened to put an array, or a fit would not repeat itself.
 */
#include "compute/host_memory.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 64

void *host_alloc(void *ctx, size_t size_bytes)
{
    (void)ctx;
    if (size_bytes > SIZE_MAX - LINE_BYTES) {
        return NULL;
    }
    size_t rounded = (size_bytes + LINE_BYTES) / LINE_BYTES * LINE_BYTES;
    void *memory = aligned_alloc(LINE_BYTES, rounded);
    if (memory) {
        memset(memory, 0, rounded);
    }
    return memory;
}

void host_release(void *ctx, void *memory)
{
    (void)ctx;
    free(memory);
}

void host_copy(void *ctx, void *to, const void *from, size_t size_bytes)
{
    (void)ctx;
    memcpy(to, from, size_bytes);
}

void host_zero(void *ctx, void *memory, size_t size_bytes)
{
    (void)ctx;
    memset(memory, 0, size_bytes);
}

void host_gather_rows(void *ctx, float *to, const float *from, const uint32_t *index, size_t n_rows,
                      size_t n_cols)
{
    (void)ctx;
    for (size_t i = 0; i < n_rows; i++) {
        memcpy(to + i * n_cols, from + index[i] * n_cols, n_cols * sizeof *to);
    }
}

int host_sync(void *ctx, char *message, size_t size_bytes)
{
    (void)ctx, (void)message, (void)size_bytes;
    return 0;
}

void host_close(void *ctx)
{
    (void)ctx;
}
