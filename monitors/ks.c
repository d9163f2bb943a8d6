/*
 * ks.c - the Kolmogorov-Smirnov and Kuiper tests of two samples.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "enumerate.h"
#include "pooled.h"
#include "tail.h"

#define EXACT_MAX_CELLS 3e7

/* Largest excursions of F - G, up and down. */
struct excursion {
    double up, down;
};

static struct excursion excursion_of(const struct mon_pooled *p)
{
    struct excursion most = {0.0, 0.0};
    uint64_t i = 0, j = 0;
    for (size_t g = 0; g < p->n_groups; g++) {
        i += p->in_x[g];
        j += p->in_y[g];
        double difference = (double)i / (double)p->n1 - (double)j / (double)p->n2;
        most.up = fmax(most.up, difference);
        most.down = fmax(most.down, -difference);
    }
    return most;
}

static double effective_size(const struct mon_pooled *p)
{
    return (double)p->n1 * (double)p->n2 / (double)(p->n1 + p->n2);
}

/* n1 n2 D, a whole number. */
static int64_t steps_apart(const struct mon_pooled *p)
{
    int64_t i = 0, j = 0, most = 0;
    for (size_t g = 0; g < p->n_groups; g++) {
        i += (int64_t)p->in_x[g];
        j += (int64_t)p->in_y[g];
        int64_t apart = llabs(i * (int64_t)p->n2 - j * (int64_t)p->n1);
        most = apart > most ? apart : most;
    }
    return most;
}

/* ends[k]: a group ends after k of the pooled values. Inside a group the order means nothing, so
 * paths are looked at only there. */
static void mark_ends(const struct mon_pooled *p, unsigned char *ends)
{
    uint64_t k = 0;
    for (size_t g = 0; g < p->n_groups; g++)
        ends[k += p->in_x[g] + p->in_y[g]] = 1;
}

/*
 * reached[j], at row i: the chance that a random path from (0, 0) to (i, j) was ever h or more
 * apart. The last step came from (i - 1, j) with chance i / (i + j). Sums of positive terms only.
 */
static double paths_beyond(const struct mon_pooled *p, int64_t h, const unsigned char *ends,
                           double *reached)
{
    int64_t n1 = (int64_t)p->n1, n2 = (int64_t)p->n2;
    for (int64_t i = 0; i <= n1; i++)
        for (int64_t j = 0; j <= n2; j++) {
            double along_j = j > 0 ? reached[j - 1] : 0.0, along_i = i > 0 ? reached[j] : 0.0;
            if (ends[i + j] && llabs(i * n2 - j * n1) >= h)
                reached[j] = 1.0;
            else if (i + j > 0)
                reached[j] = ((double)i * along_i + (double)j * along_j) / (double)(i + j);
            else
                reached[j] = 0.0;
        }
    return reached[n2];
}

static enum err_code exact(const struct mon_pooled *p, double *p_value, struct err *e)
{
    unsigned char *ends = calloc(p->n1 + p->n2 + 1, 1);
    double *reached = calloc(p->n2 + 1, sizeof *reached);
    enum err_code code = ERR_OK;
    int64_t h = steps_apart(p);
    if (ends == NULL || reached == NULL) {
        code = err_set(e, ERR_NOMEM, "out of memory for paths to %llu values",
                       (unsigned long long)p->n2);
    } else if (h == 0) {
        *p_value = 1.0;
    } else {
        mark_ends(p, ends);
        *p_value = paths_beyond(p, h, ends, reached);
    }
    free(ends);
    free(reached);
    return code;
}

enum err_code mon_ks_test(const struct mon_pooled *p, enum mon_p how, struct mon_evidence *out,
                          struct err *e)
{
    struct mon_evidence found = pooled_insufficient(p);
    if (pooled_has_both(p)) {
        struct excursion most = excursion_of(p);
        found.statistic = fmax(most.up, most.down);
        if (how == MON_P_AUTO && (double)p->n1 * (double)p->n2 <= EXACT_MAX_CELLS) {
            found.method = "exact, conditional on ties";
            enum err_code code = exact(p, &found.p_value, e);
            if (code != ERR_OK)
                return code;
        } else {
            found.method = "asymptotic: Kolmogorov";
            found.p_value =
                tail_kolmogorov(effective_size(p) * found.statistic * found.statistic, INFINITY);
        }
    }
    *out = found;
    return ERR_OK;
}

static double kuiper_statistic(const struct mon_pooled *p)
{
    struct excursion most = excursion_of(p);
    return most.up + most.down;
}

enum err_code mon_kuiper_test(const struct mon_pooled *p, enum mon_p how, struct mon_evidence *out,
                              struct err *e)
{
    struct mon_evidence found = pooled_insufficient(p);
    if (pooled_has_both(p)) {
        found.statistic = kuiper_statistic(p);
        if (how == MON_P_AUTO && enumerate_is_cheap(p)) {
            found.method = "exact: enumeration";
            enum err_code code = enumerate_p_value(p, kuiper_statistic, &found.p_value, e);
            if (code != ERR_OK)
                return code;
        } else {
            double root = sqrt(effective_size(p));
            found.method = "asymptotic: Stephens 1965";
            found.p_value = tail_kuiper((root + 0.155 + 0.24 / root) * found.statistic);
        }
    }
    *out = found;
    return ERR_OK;
}
