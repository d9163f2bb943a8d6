/*
 * enumerate.c - exact permutation p-values of small samples. Values of one group are alike, so a
 * way is how many of each group go to the first sample, weighted by the choices inside the groups.
 */
#include "enumerate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ways x values looked at in each; 8 against 8 are 205,920 */
#define MAX_LOOKS 4e5

struct walk {
    struct mon_pooled way; /* shares the values of the observed one; in_x, in_y are its own */
    const uint64_t *sizes; /* of the groups */
    double (*statistic)(const struct mon_pooled *p);
    double limit;
    double all, beyond; /* weights */
};

double enumerate_choose(uint64_t n, uint64_t k)
{
    double c = 1.0;
    for (uint64_t i = 1; i <= k; i++)
        c = c * (double)(n - k + i) / (double)i;
    return c;
}

bool enumerate_is_cheap(const struct mon_pooled *p)
{
    uint64_t less = p->n1 < p->n2 ? p->n1 : p->n2, all = p->n1 + p->n2;
    if (all > 1000 || less > 64)
        return false;
    return enumerate_choose(all, less) * (double)all <= MAX_LOOKS;
}

static void deal(struct walk *w, size_t group, uint64_t left1, uint64_t left, double weight)
{
    if (group == w->way.n_groups) {
        w->all += weight;
        if (w->statistic(&w->way) >= w->limit)
            w->beyond += weight;
        return;
    }
    uint64_t size = w->sizes[group], rest = left - size;
    for (uint64_t a = left1 > rest ? left1 - rest : 0; a <= size && a <= left1; a++) {
        w->way.in_x[group] = a;
        w->way.in_y[group] = size - a;
        deal(w, group + 1, left1 - a, rest, weight * enumerate_choose(size, a));
    }
}

enum err_code enumerate_p_value(const struct mon_pooled *p,
                                double (*statistic)(const struct mon_pooled *p), double *p_value,
                                struct err *e)
{
    uint64_t *room = calloc(3 * p->n_groups + 1, sizeof *room);
    if (room == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu groups", p->n_groups);
    double observed = statistic(p);
    struct walk w = {.way = *p, .sizes = room, .statistic = statistic};
    w.way.in_x = room + p->n_groups;
    w.way.in_y = room + 2 * p->n_groups;
    w.limit = observed - 1e-12 * fabs(observed);
    for (size_t g = 0; g < p->n_groups; g++)
        room[g] = p->in_x[g] + p->in_y[g];
    deal(&w, 0, p->n1, p->n1 + p->n2, 1.0);
    *p_value = w.beyond / w.all;
    free(room);
    return ERR_OK;
}
