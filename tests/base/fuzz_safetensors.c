/* fuzz_safetensors.c - any bytes; every view that is handed out can be read to its last byte. */
#include <stdlib.h>
#include <string.h>

#include "base/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sink;

static void read_tensor(const struct st_tensor *t)
{
    if ((uintptr_t)t->data % st_dtype_size(t->dtype) != 0 ||
        t->size_bytes != (size_t)t->n_elements * st_dtype_size(t->dtype)) {
        abort();
    }
    for (size_t i = 0; i < t->size_bytes; i++) {
        sink += ((const uint8_t *)t->data)[i];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e;
    struct st_file *f;
    uint8_t *exact = malloc(size ? size : 1);
    memcpy(exact, data, size);
    if (!st_open_memory(exact, size, &f, &e)) {
        for (size_t i = 0; i < st_count(f); i++) {
            read_tensor(st_at(f, i));
            if (st_find(f, st_at(f, i)->name) != st_at(f, i)) {
                abort();
            }
        }
        st_metadata(f, "k");
        st_close(f);
    }
    free(exact);
    return 0;
}
