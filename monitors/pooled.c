/*
 * pooled.c - pooling two samples, or two count vectors, into groups of equal values.
 */
#include "pooled.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "sorted.h"

static struct mon_pooled *allocate(size_t n_groups)
{
    struct mon_pooled *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->values = calloc(n_groups + 1, sizeof *p->values);
    p->in_x = calloc(n_groups + 1, sizeof *p->in_x);
    p->in_y = calloc(n_groups + 1, sizeof *p->in_y);
    if (p->values == NULL || p->in_x == NULL || p->in_y == NULL) {
        mon_pooled_free(p);
        return NULL;
    }
    return p;
}

/* Owned: the values that are no NaN, in order; *n becomes their number. */
static double *sorted_copy(const double *x, size_t *n)
{
    double *copy = calloc(*n + 1, sizeof *copy);
    size_t kept = 0;
    for (size_t i = 0; copy != NULL && i < *n; i++)
        if (!isnan(x[i]))
            copy[kept++] = x[i];
    if (copy != NULL)
        sorted_ascending(copy, kept);
    *n = kept;
    return copy;
}

static void merge(struct mon_pooled *p, const double *x, size_t n1, const double *y, size_t n2)
{
    size_t i = 0, j = 0;
    while (i < n1 || j < n2) {
        double value = j == n2 || (i < n1 && x[i] <= y[j]) ? x[i] : y[j];
        size_t i0 = i, j0 = j;
        while (i < n1 && x[i] == value)
            i++;
        while (j < n2 && y[j] == value)
            j++;
        p->values[p->n_groups] = value;
        p->in_x[p->n_groups] = i - i0;
        p->in_y[p->n_groups++] = j - j0;
    }
    p->n1 = n1;
    p->n2 = n2;
}

enum err_code mon_pooled_new(const double *x, size_t n1, const double *y, size_t n2,
                             struct mon_pooled **out, struct err *e)
{
    size_t kept1 = n1, kept2 = n2;
    double *sx = sorted_copy(x, &kept1), *sy = sorted_copy(y, &kept2);
    struct mon_pooled *p = allocate(kept1 + kept2);
    enum err_code code = ERR_OK;
    if (sx == NULL || sy == NULL || p == NULL) {
        mon_pooled_free(p);
        code = err_set(e, ERR_NOMEM, "out of memory for %zu + %zu values", n1, n2);
        goto done;
    }
    merge(p, sx, kept1, sy, kept2);
    p->n_nan = (n1 - kept1) + (n2 - kept2);
    *out = p;
done:
    free(sx);
    free(sy);
    return code;
}

static bool is_count(double x)
{
    return x >= 0.0 && x <= 0x1p53;
}

/* Appends a cell; false where it is no cell of counts, or does not come after the last one. */
static bool append_cell(struct mon_pooled *p, double position, double x_count, double y_count)
{
    if (!is_count(x_count) || !is_count(y_count) || isnan(position))
        return false;
    if (x_count < 1.0 && y_count < 1.0)
        return true;
    if (p->n_groups > 0 && !(position > p->values[p->n_groups - 1]))
        return false;
    p->values[p->n_groups] = position;
    p->in_x[p->n_groups] = (uint64_t)x_count;
    p->in_y[p->n_groups] = (uint64_t)y_count;
    p->n1 += p->in_x[p->n_groups];
    p->n2 += p->in_y[p->n_groups++];
    return true;
}

enum err_code mon_pooled_from_counts(const double *positions, const double *x_counts,
                                     const double *y_counts, size_t n_cells,
                                     struct mon_pooled **out, struct err *e)
{
    struct mon_pooled *p = allocate(n_cells);
    if (p == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu cells", n_cells);
    for (size_t c = 0; c < n_cells; c++) {
        double position = positions != NULL ? positions[c] : (double)c;
        if (append_cell(p, position, x_counts[c], y_counts[c]))
            continue;
        mon_pooled_free(p);
        return err_set(e, ERR_INVALID, "cell %zu: counts %g and %g at %g", c, x_counts[c],
                       y_counts[c], position);
    }
    *out = p;
    return ERR_OK;
}

void mon_pooled_free(struct mon_pooled *p)
{
    if (p == NULL)
        return;
    free(p->values);
    free(p->in_x);
    free(p->in_y);
    free(p);
}

struct mon_evidence pooled_insufficient(const struct mon_pooled *p)
{
    return (struct mon_evidence){.statistic = NAN,
                                 .p_value = NAN,
                                 .n1 = (double)p->n1,
                                 .n2 = (double)p->n2,
                                 .n_left_out = (double)p->n_nan,
                                 .method = "insufficient"};
}

struct pooled_finite pooled_finite(const struct mon_pooled *p)
{
    struct pooled_finite f = {.first = 0, .last = p->n_groups};
    while (f.first < f.last && isinf(p->values[f.first]))
        f.first++;
    while (f.last > f.first && isinf(p->values[f.last - 1]))
        f.last--;
    for (size_t g = f.first; g < f.last; g++) {
        f.n1 += (double)p->in_x[g];
        f.n2 += (double)p->in_y[g];
    }
    if (f.last > f.first + 1) {
        double range = p->values[f.last - 1] - p->values[f.first];
        f.exponent = isinf(range) ? DBL_MAX_EXP : ilogb(range);
    }
    return f;
}

struct mon_evidence pooled_finite_insufficient(const struct mon_pooled *p,
                                               const struct pooled_finite *f)
{
    struct mon_evidence e = pooled_insufficient(p);
    e.n_left_out += e.n1 + e.n2 - f->n1 - f->n2;
    e.n1 = f->n1;
    e.n2 = f->n2;
    return e;
}
