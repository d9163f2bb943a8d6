/*
 * host_memory.h - the memory operations that every backend on the CPU shares.
 */
#ifndef TRAINER_COMPUTE_HOST_MEMORY_H
#define TRAINER_COMPUTE_HOST_MEMORY_H

#include <stddef.h>
#include <stdint.h>

void *host_alloc(void *ctx, size_t size_bytes); /* zeroed, aligned to a cache line */
void host_release(void *ctx, void *memory);
void host_copy(void *ctx, void *to, const void *from, size_t size_bytes);
void host_zero(void *ctx, void *memory, size_t size_bytes);
void host_gather_rows(void *ctx, float *to, const float *from, const uint32_t *index, size_t n_rows,
                      size_t n_cols);
int host_sync(void *ctx, char *message, size_t size_bytes);
void host_close(void *ctx);

#endif
