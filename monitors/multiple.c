/*
 * multiple.c - many p-values of one window: which of them count.
 */
#include <math.h>
#include <stdlib.h>

#include "monitors/drift.h"
#include "multiple.h"

struct ranked {
    double p;
    size_t index;
};

static int by_p(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->p > y->p) - (x->p < y->p);
}

/* Ascending, NaN left out; NULL: out of memory, nothing is rejected. Owned. */
static struct ranked *rank(const double *p_values, size_t n, size_t *n_valid)
{
    struct ranked *ranked = calloc(n > 0 ? n : 1, sizeof *ranked);
    *n_valid = 0;
    for (size_t i = 0; ranked != NULL && i < n; i++)
        if (!isnan(p_values[i]))
            ranked[(*n_valid)++] = (struct ranked){p_values[i], i};
    if (ranked != NULL)
        qsort(ranked, *n_valid, sizeof *ranked, by_p);
    return ranked;
}

static void reject_first(const struct ranked *ranked, size_t n_rejected, bool *reject, size_t n)
{
    for (size_t i = 0; i < n; i++)
        reject[i] = false;
    for (size_t i = 0; i < n_rejected; i++)
        reject[ranked[i].index] = true;
}

static size_t count_valid(const double *p_values, size_t n)
{
    size_t n_valid = 0;
    for (size_t i = 0; i < n; i++)
        n_valid += !isnan(p_values[i]);
    return n_valid;
}

/* The largest k with p(k) <= q k / n_tests. */
size_t multiple_benjamini_hochberg(const double *p_values, size_t n, size_t n_tests, double q,
                                   bool *reject)
{
    size_t n_valid, n_rejected = 0;
    struct ranked *ranked = rank(p_values, n, &n_valid);
    for (size_t i = 0; i < n_valid; i++)
        if (ranked[i].p <= q * (double)(i + 1) / (double)n_tests)
            n_rejected = i + 1;
    reject_first(ranked, n_rejected, reject, n);
    free(ranked);
    return n_rejected;
}

size_t mon_benjamini_hochberg(const double *p_values, size_t n, double q, bool *reject)
{
    return multiple_benjamini_hochberg(p_values, n, count_valid(p_values, n), q, reject);
}

/* Down from the smallest, until the first with p(k) > alpha / (n_tests - k + 1). */
size_t multiple_holm(const double *p_values, size_t n, size_t n_tests, double alpha, bool *reject)
{
    size_t n_valid, n_rejected = 0;
    struct ranked *ranked = rank(p_values, n, &n_valid);
    while (n_rejected < n_valid && ranked[n_rejected].p <= alpha / (double)(n_tests - n_rejected))
        n_rejected++;
    reject_first(ranked, n_rejected, reject, n);
    free(ranked);
    return n_rejected;
}

size_t mon_holm(const double *p_values, size_t n, double alpha, bool *reject)
{
    return multiple_holm(p_values, n, count_valid(p_values, n), alpha, reject);
}
