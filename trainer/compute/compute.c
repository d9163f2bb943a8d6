/*
 * compute.c - chooses a backend by name.
 */
#include "trainer/compute.h"

#include <dlfcn.h>
#include <string.h>

typedef enum err_code open_fn(struct compute *out, struct err *e);

static enum err_code open_auto(struct compute *out, struct err *e)
{
    if (compute_cuda_open(out, NULL) == ERR_OK) {
        return ERR_OK;
    }
    return compute_openblas_open(out, e);
}

static const struct backend {
    const char *name;
    open_fn *open;
} backends[] = {
    {"auto", open_auto},
    {"reference", compute_reference_open},
    {"openblas", compute_openblas_open},
    {"cuda", compute_cuda_open},
};

enum err_code compute_open(const char *name, struct compute *out, struct err *e)
{
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        if (strcmp(backends[i].name, name) == 0) {
            return backends[i].open(out, e);
        }
    }
    return err_set(e, ERR_INVALID,
                   "backend: expected auto, reference, openblas or cuda, got \"%.40s\"", name);
}

void compute_close(struct compute *c)
{
    if (c->ops) {
        c->ops->close(c->ctx);
    }
    if (c->library) {
        dlclose(c->library);
    }
    memset(c, 0, sizeof *c);
}

enum err_code compute_sync(const struct compute *c, struct err *e)
{
    char message[256];
    if (c->ops->sync(c->ctx, message, sizeof message) == 0) {
        return ERR_OK;
    }
    return err_set(e, ERR_INTERNAL, "backend %s on %s: %s", c->ops->name, c->device, message);
}
