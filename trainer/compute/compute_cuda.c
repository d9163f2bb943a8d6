/*
 * compute_cuda.c - finds leeway_cuda.so (beside the program, or where LEEWAY_CUDA_LIB says), checks
 * that it was built for this interface, and hands its operations on. No CUDA header is needed here.
 */
#include "trainer/compute.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY_NAME "leeway_cuda.so"

static void library_path(char *out, size_t size_bytes)
{
    const char *env = getenv("LEEWAY_CUDA_LIB");
    if (env && *env) {
        snprintf(out, size_bytes, "%s", env);
        return;
    }
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(exe, '/');
    snprintf(out, size_bytes, "%.*s/" LIBRARY_NAME, slash ? (int)(slash - exe) : 1,
             slash ? exe : ".");
}

/* dlsym gives an object pointer; POSIX promises that the copy below works for functions. */
static bool symbol(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);
    memcpy(function, &address, sizeof address);
    return address != NULL;
}

static enum err_code check_abi(void *library, const char *path, struct err *e)
{
    compute_cuda_abi_fn *abi;
    if (!symbol(library, COMPUTE_CUDA_ABI_SYMBOL, &abi)) {
        return err_set(e, ERR_UNSUPPORTED, "%s is not a Leeway CUDA backend", path);
    }
    if (abi() != COMPUTE_ABI) {
        return err_set(e, ERR_UNSUPPORTED, "%s has interface %d, this program needs %d", path,
                       abi(), COMPUTE_ABI);
    }
    return ERR_OK;
}

/* cuBLAS is half a gigabyte to map: a host without the driver is told apart before that. */
static enum err_code check_driver(struct err *e)
{
    void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!driver) {
        return err_set(e, ERR_UNSUPPORTED, "no CUDA device: no NVIDIA driver (%.200s)", dlerror());
    }
    dlclose(driver);
    return ERR_OK;
}

static enum err_code load_library(void **out, struct err *e)
{
    char path[PATH_MAX];
    library_path(path, sizeof path);
    if (access(path, R_OK) != 0) {
        return err_set(e, ERR_UNSUPPORTED, "no CUDA backend: %s is absent (built without nvcc?)",
                       path);
    }
    enum err_code code = check_driver(e);
    if (code) {
        return code;
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        return err_set(e, ERR_UNSUPPORTED, "no CUDA backend: %.400s", dlerror());
    }
    code = check_abi(library, path, e);
    if (code) {
        dlclose(library);
        return code;
    }
    *out = library;
    return ERR_OK;
}

enum err_code compute_devices(struct compute_device *out, int max, int *n, struct err *e)
{
    *n = 0;
    void *library;
    if (load_library(&library, e)) {
        return ERR_OK;
    }
    compute_cuda_devices_fn *devices;
    char message[256] = "it lacks " COMPUTE_CUDA_DEVICES_SYMBOL;
    int found = symbol(library, COMPUTE_CUDA_DEVICES_SYMBOL, &devices)
                    ? devices(out, max, message, sizeof message)
                    : -1;
    if (found < 0) {
        err_set(e, ERR_UNSUPPORTED, "no CUDA device: %s", message);
    }
    dlclose(library);
    *n = found > 0 ? found : 0;
    return ERR_OK;
}

static enum err_code open_device(struct compute *out, struct err *e)
{
    compute_cuda_devices_fn *devices;
    compute_cuda_open_fn *open_fn;
    if (!symbol(out->library, COMPUTE_CUDA_DEVICES_SYMBOL, &devices) ||
        !symbol(out->library, COMPUTE_CUDA_OPEN_SYMBOL, &open_fn)) {
        return err_set(e, ERR_UNSUPPORTED, "the CUDA backend lacks a function");
    }
    struct compute_device device;
    char message[256] = "none found";
    if (devices(&device, 1, message, sizeof message) < 1 ||
        open_fn(&out->ops, &out->ctx, message, sizeof message) != 0) {
        return err_set(e, ERR_UNSUPPORTED, "no CUDA device: %s", message);
    }
    snprintf(out->device, sizeof out->device, "%s", device.name);
    return ERR_OK;
}

enum err_code compute_cuda_open(struct compute *out, struct err *e)
{
    struct compute c = {0};
    enum err_code code = load_library(&c.library, e);
    if (!code) {
        code = open_device(&c, e);
    }
    if (code) {
        compute_close(&c);
        return code;
    }
    *out = c;
    return ERR_OK;
}
