/*
 * mann_whitney.c - the two-sided Mann-Whitney test.
 */
#include <math.h>
#include <stdlib.h>

#include "enumerate.h"
#include "pooled.h"
#include "tail.h"

#define EXACT_MAX_SIDE 8
#define EXACT_MAX_PAIRS 1e7

/* Pairs in which the first sample's value is larger, ties half. */
static double u_of(const struct mon_pooled *p)
{
    double below_y = 0.0, u = 0.0;
    for (size_t g = 0; g < p->n_groups; g++) {
        u += (double)p->in_x[g] * (below_y + 0.5 * (double)p->in_y[g]);
        below_y += (double)p->in_y[g];
    }
    return u;
}

static double off_centre(const struct mon_pooled *p)
{
    return fabs(u_of(p) - 0.5 * (double)p->n1 * (double)p->n2);
}

/*
 * How many ways give U = 0 .. n_u - 1: the coefficients of the Gaussian binomial, prod over i =
 * 1..m of (1 - q^(n+i)) / (1 - q^i) (Mann & Whitney 1947). Each factor divides first, so that every
 * polynomial on the way counts something. Only the lower half is asked for, where for m <= 8 the
 * subtraction costs a digit at most.
 */
static void count_ways(size_t m, size_t n, double *ways, size_t n_u)
{
    ways[0] = 1.0;
    for (size_t i = 1; i <= m; i++) {
        for (size_t u = i; u < n_u; u++)
            ways[u] += ways[u - i];
        for (size_t u = n_u; u-- > n + i;)
            ways[u] -= ways[u - n - i];
    }
}

/* Without ties the law is symmetric: twice the tail beyond the nearer end. */
static enum err_code exact_without_ties(const struct mon_pooled *p, double u, double *p_value,
                                        struct err *e)
{
    size_t m = p->n1 < p->n2 ? p->n1 : p->n2, n = p->n1 < p->n2 ? p->n2 : p->n1;
    size_t nearer = (size_t)fmin(u, (double)m * (double)n - u);
    double *ways = calloc(nearer + 1, sizeof *ways), beyond = 0.0, all = 1.0;
    if (ways == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu values of U", nearer + 1);
    count_ways(m, n, ways, nearer + 1);
    for (size_t i = 0; i <= nearer; i++)
        beyond += ways[i];
    for (size_t i = 1; i <= m; i++)
        all = all * (double)(n + i) / (double)i;
    *p_value = fmin(2.0 * beyond / all, 1.0);
    free(ways);
    return ERR_OK;
}

static double normal_p_value(const struct mon_pooled *p)
{
    double n1 = (double)p->n1, n2 = (double)p->n2, n = n1 + n2, ties = 0.0;
    for (size_t g = 0; g < p->n_groups; g++) {
        double t = (double)(p->in_x[g] + p->in_y[g]);
        ties += t * (t * t - 1.0);
    }
    double variance = n1 * n2 / 12.0 * (n + 1.0 - ties / (n * (n - 1.0)));
    if (p->n_groups < 2)
        return 1.0;
    return fmin(2.0 * tail_normal((off_centre(p) - 0.5) / sqrt(variance)), 1.0);
}

static bool is_exact_without_ties(const struct mon_pooled *p)
{
    uint64_t less = p->n1 < p->n2 ? p->n1 : p->n2;
    return !pooled_has_ties(p) && less <= EXACT_MAX_SIDE &&
           (double)p->n1 * (double)p->n2 <= EXACT_MAX_PAIRS;
}

enum err_code mon_mann_whitney_test(const struct mon_pooled *p, enum mon_p how,
                                    struct mon_evidence *out, struct err *e)
{
    struct mon_evidence found = pooled_insufficient(p);
    enum err_code code = ERR_OK;
    if (pooled_has_both(p)) {
        found.statistic = u_of(p);
        if (how == MON_P_AUTO && is_exact_without_ties(p)) {
            found.method = "exact: no ties";
            code = exact_without_ties(p, found.statistic, &found.p_value, e);
        } else if (how == MON_P_AUTO && enumerate_is_cheap(p)) {
            found.method = "exact: enumeration";
            code = enumerate_p_value(p, off_centre, &found.p_value, e);
        } else {
            found.method = "asymptotic: normal, corrected for ties and continuity";
            found.p_value = normal_p_value(p);
        }
    }
    if (code == ERR_OK)
        *out = found;
    return code;
}
