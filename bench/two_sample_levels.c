/*
 * two_sample_levels.c - how often the limit laws of the two-sample tests call equal samples
 * different, and what one test costs: the numbers behind the sizes up to which two_sample.h counts
 * exactly.
 *
 *     ninja bench_two_sample_levels && bin/bench_two_sample_levels [rounds]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/rand.h"
#include "monitors/two_sample.h"

#define MAX_N 1000
#define DEFAULT_ROUNDS 20000

typedef enum err_code test_function(const struct mon_pooled *, enum mon_p, struct mon_evidence *,
                                    struct err *);

static enum err_code welch(const struct mon_pooled *p, enum mon_p how, struct mon_evidence *out,
                           struct err *e)
{
    (void)how;
    (void)e;
    *out = mon_welch_test(p);
    return ERR_OK;
}

static const struct {
    const char *name;
    test_function *test;
} tests[] = {
    {"kolmogorov-smirnov", mon_ks_test},
    {"kuiper", mon_kuiper_test},
    {"cramer-von mises", mon_cramer_von_mises_test},
    {"anderson-darling", mon_anderson_darling_test},
    {"mann-whitney", mon_mann_whitney_test},
    {"welch", welch},
};
#define N_TESTS (sizeof tests / sizeof *tests)

static const size_t sizes[][2] = {{5, 5}, {8, 20}, {20, 20}, {50, 50}, {200, 200}, {100, 1000}};
#define N_SIZES (sizeof sizes / sizeof *sizes)

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct level {
    double at_5_percent, at_a_thousandth, microseconds;
};

static struct level measure(test_function *test, size_t n1, size_t n2, long rounds, struct rng *r)
{
    struct level found = {0};
    double x[MAX_N], y[MAX_N];
    for (long i = 0; i < rounds; i++) {
        struct mon_pooled *p = NULL;
        struct mon_evidence e;
        for (size_t k = 0; k < n1; k++)
            x[k] = rng_normal(r);
        for (size_t k = 0; k < n2; k++)
            y[k] = rng_normal(r);
        double start = now_s();
        if (mon_pooled_new(x, n1, y, n2, &p, NULL) != ERR_OK ||
            test(p, MON_P_ASYMPTOTIC, &e, NULL) != ERR_OK)
            exit(1);
        found.microseconds += 1e6 * (now_s() - start) / (double)rounds;
        found.at_5_percent += (e.p_value <= 0.05) / (double)rounds;
        found.at_a_thousandth += (e.p_value <= 0.001) / (double)rounds;
        mon_pooled_free(p);
    }
    return found;
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? atol(argv[1]) : DEFAULT_ROUNDS;
    struct rng r;
    rng_seed(&r, 1);
    if (rounds < 1)
        return 2;
    printf("limit laws on %ld pairs of equal normal samples: share called different\n", rounds);
    printf("%-20s %11s %9s %9s %9s\n", "test", "sizes", "p<=0.05", "p<=0.001", "us");
    for (size_t t = 0; t < N_TESTS; t++)
        for (size_t s = 0; s < N_SIZES; s++) {
            struct level l = measure(tests[t].test, sizes[s][0], sizes[s][1], rounds, &r);
            printf("%-20s %5zu %5zu %9.4f %9.5f %9.1f\n", tests[t].name, sizes[s][0], sizes[s][1],
                   l.at_5_percent, l.at_a_thousandth, l.microseconds);
        }
    return 0;
}
