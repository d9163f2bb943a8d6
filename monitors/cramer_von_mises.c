/*
 * cramer_von_mises.c - the two-sample Cramer-von Mises test. The exact law is walked group by group
 * over the lattice of how many values each sample has got so far, keeping for every node the
 * distribution of the partial statistic; 4U is a whole number, so equal partial sums meet.
 */
#include <math.h>
#include <stdlib.h>

#include "enumerate.h"
#include "pooled.h"
#include "quadratic_form.h"

#define EXACT_MAX_SIDE 20

/* A distribution: ascending values with their probabilities. Owned. */
struct law {
    size_t n;
    int64_t *value;
    double *chance;
};

static void law_deinit(struct law *l)
{
    free(l->value);
    free(l->chance);
    *l = (struct law){0};
}

static bool law_init(struct law *l, size_t capacity)
{
    *l = (struct law){.value = malloc((capacity + 1) * sizeof *l->value),
                      .chance = malloc((capacity + 1) * sizeof *l->chance)};
    return l->value != NULL && l->chance != NULL;
}

static void law_put(struct law *l, int64_t value, double chance)
{
    if (l->n > 0 && l->value[l->n - 1] == value) {
        l->chance[l->n - 1] += chance;
        return;
    }
    l->value[l->n] = value;
    l->chance[l->n++] = chance;
}

/* to = to + weight x from, from shifted by shift; what reaches limit has exceeded for good, since
 * partial sums never fall, and goes to *beyond. False: out of memory. */
static bool law_add(struct law *to, const struct law *from, int64_t shift, double weight,
                    int64_t limit, double *beyond)
{
    struct law sum;
    if (!law_init(&sum, to->n + from->n)) {
        law_deinit(&sum);
        return false;
    }
    size_t i = 0, j = 0;
    while (i < to->n || j < from->n) {
        if (j == from->n || (i < to->n && to->value[i] <= from->value[j] + shift)) {
            law_put(&sum, to->value[i], to->chance[i]);
            i++;
        } else if (from->value[j] + shift >= limit) {
            *beyond += weight * from->chance[j++];
        } else {
            law_put(&sum, from->value[j] + shift, weight * from->chance[j]);
            j++;
        }
    }
    law_deinit(to);
    *to = sum;
    return true;
}

/* sum over s = 1..a of (2c - 2s)^2: what a values of one sample, which get the ranks before + 1 ..
 * before + a there, add to 4U / n when their pooled midrank is before + c. */
static double group_sum(double a, double c)
{
    return 4.0 * (a * c * c - c * a * (a + 1.0) + a * (a + 1.0) * (2.0 * a + 1.0) / 6.0);
}

/* 4U added by a group of a and b values where i and j came before it. */
static double group_u(double n1, double n2, double i, double j, double a, double b)
{
    double half = 0.5 * (a + b + 1.0);
    return n1 * group_sum(a, j + half) + n2 * group_sum(b, i + half);
}

static double four_u(const struct mon_pooled *p)
{
    double i = 0.0, j = 0.0, u = 0.0;
    for (size_t g = 0; g < p->n_groups; g++) {
        double a = (double)p->in_x[g], b = (double)p->in_y[g];
        u += group_u((double)p->n1, (double)p->n2, i, j, a, b);
        i += a;
        j += b;
    }
    return u;
}

/* The walk: laws[i] for i values of the first sample among the `before` seen. */
struct lattice {
    const struct mon_pooled *p;
    struct law now[EXACT_MAX_SIDE + 1], next[EXACT_MAX_SIDE + 1];
    int64_t limit;
    double beyond;
};

/* From i of the first sample, a of the group's size values go there. */
static bool step(struct lattice *l, uint64_t before, uint64_t size, uint64_t i, uint64_t a)
{
    uint64_t n1 = l->p->n1, n2 = l->p->n2, j = before - i, left = n1 + n2 - before;
    if (l->now[i].n == 0 || i + a > n1 || j + size - a > n2)
        return true;
    double chance = enumerate_choose(size, a) * enumerate_choose(left - size, n1 - i - a) /
                    enumerate_choose(left, n1 - i);
    double added =
        group_u((double)n1, (double)n2, (double)i, (double)j, (double)a, (double)(size - a));
    return law_add(&l->next[i + a], &l->now[i], llround(added), chance, l->limit, &l->beyond);
}

static bool walk_group(struct lattice *l, uint64_t before, uint64_t size)
{
    bool ok = true;
    for (uint64_t i = 0; ok && i <= l->p->n1 && i <= before; i++)
        for (uint64_t a = 0; ok && a <= size; a++)
            ok = step(l, before, size, i, a);
    for (uint64_t i = 0; i <= l->p->n1; i++) {
        law_deinit(&l->now[i]);
        l->now[i] = l->next[i];
        l->next[i] = (struct law){0};
    }
    return ok;
}

static enum err_code exact(const struct mon_pooled *p, double u, double *p_value, struct err *e)
{
    struct lattice l = {.p = p, .limit = llround(u)};
    bool ok = law_init(&l.now[0], 1);
    uint64_t before = 0;
    if (ok)
        law_put(&l.now[0], 0, 1.0);
    for (size_t g = 0; ok && g < p->n_groups; g++) {
        uint64_t size = p->in_x[g] + p->in_y[g];
        ok = walk_group(&l, before, size);
        before += size;
    }
    double below = 0.0;
    for (size_t i = 0; ok && i < l.now[p->n1].n; i++)
        below += l.now[p->n1].chance[i];
    for (uint64_t i = 0; i <= EXACT_MAX_SIDE; i++) {
        law_deinit(&l.now[i]);
        law_deinit(&l.next[i]);
    }
    if (!ok)
        return err_set(e, ERR_NOMEM, "out of memory for an exact Cramer-von Mises law");
    *p_value = l.beyond / (l.beyond + below); /* the two are 1, but for rounding */
    return ERR_OK;
}

/* Anderson 1962, eqs. 11, 14, 15: T brought to the limit's mean 1/6 and variance 1/45. */
static double to_limit(double t, double n1, double n2)
{
    double n = n1 + n2, k = n1 * n2;
    double mean = (1.0 + 1.0 / n) / 6.0;
    double variance =
        (n + 1.0) * (4.0 * k * n - 3.0 * (n1 * n1 + n2 * n2) - 2.0 * k) / (45.0 * n * n * 4.0 * k);
    return 1.0 / 6.0 + (t - mean) / sqrt(45.0 * variance);
}

static double limit_p_value(const struct mon_pooled *p, double t)
{
    if (p->n_groups < 2) /* one value: nothing could have come out otherwise */
        return 1.0;
    return tail_cramer_von_mises(to_limit(t, (double)p->n1, (double)p->n2));
}

enum err_code mon_cramer_von_mises_test(const struct mon_pooled *p, enum mon_p how,
                                        struct mon_evidence *out, struct err *e)
{
    struct mon_evidence found = pooled_insufficient(p);
    if (pooled_has_both(p)) {
        double n1 = (double)p->n1, n2 = (double)p->n2, k = n1 * n2, u = four_u(p);
        found.statistic = 0.25 * u / (k * (n1 + n2)) - (4.0 * k - 1.0) / (6.0 * (n1 + n2));
        if (how == MON_P_AUTO && p->n1 <= EXACT_MAX_SIDE && p->n2 <= EXACT_MAX_SIDE) {
            found.method = "exact, conditional on ties";
            enum err_code code = exact(p, u, &found.p_value, e);
            if (code != ERR_OK)
                return code;
        } else {
            found.method = "asymptotic: limit law, moments matched";
            found.p_value = limit_p_value(p, found.statistic);
        }
    }
    *out = found;
    return ERR_OK;
}
