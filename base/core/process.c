/*
 * process.c - the first lines of every `main`: signals, umask, and what must be decided before
 * OpenBLAS is loaded.
 */
#include "base/process.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The instructions of OpenBLAS's SkylakeX kernels, compiled with -march=skylake-avx512. */
static bool cpu_has_skylakex_kernels(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

/* Sets a variable that the user has not set; true where the environment changed. */
static bool set_where_unset(const char *name, const char *value)
{
    return !getenv(name) && setenv(name, value, 0) == 0;
}

/* Executed through /proc, the kernel would call the process "exe" in ps and top. */
static void keep_name(char **argv)
{
    if (argv && argv[0]) {
        const char *slash = strrchr(argv[0], '/');
        prctl(PR_SET_NAME, slash ? slash + 1 : argv[0]);
    }
}

void process_start(char **argv, int needs_blas)
{
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    if (!needs_blas) {
        return;
    }
    bool changed = set_where_unset("OPENBLAS_NUM_THREADS", "1");
    if (cpu_has_skylakex_kernels()) {
        changed |= set_where_unset("OPENBLAS_CORETYPE", "SkylakeX");
    }
    if (changed) {
        /* The second time both are set, so this happens once. Where it fails the program goes on,
         * only slower. */
        execv("/proc/self/exe", argv);
    }
    keep_name(argv);
}
