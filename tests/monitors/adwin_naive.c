/*
 * adwin_naive.c - ADWIN2 written as the paper reads (Bifet & Gavalda 2007): every bucket joined at
 * once, every cut computed with its divisions and its root. The oracle of monitors/adwin.c; it
 * finds the indices of 01_adwin.json too.
 */
#include "adwin_naive.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static size_t row_capacity(const struct adwin_naive *a)
{
    return (size_t)a->max_buckets + 1;
}

static struct naive_bucket *row_at(struct adwin_naive *a, size_t row)
{
    return a->buckets[row];
}

void adwin_naive_init(struct adwin_naive *a, double delta, double clock, double max_buckets)
{
    memset(a, 0, sizeof *a);
    a->delta = delta;
    a->clock = clock;
    a->max_buckets = max_buckets;
    a->min_window_length = 5.0;
    a->grace_period = 10.0;
    a->n_rows = 1;
}

/* Squared deviation that joining two parts of these sizes and means adds. */
static double between(double n1, double mean1, double n2, double mean2)
{
    return n1 * n2 * (mean1 - mean2) * (mean1 - mean2) / (n1 + n2);
}

static void drop_oldest(struct adwin_naive *a, size_t row, size_t n)
{
    struct naive_bucket *b = row_at(a, row);
    a->used[row] -= n;
    memmove(b, b + n, a->used[row] * sizeof *b);
}

/* Two oldest buckets of a full row become one of the next. */
static void compress(struct adwin_naive *a)
{
    for (size_t row = 0; row + 1 < ADWIN_NAIVE_ROWS && a->used[row] == row_capacity(a); row++) {
        struct naive_bucket *b = row_at(a, row);
        double n = ldexp(1.0, (int)row);
        struct naive_bucket joined = {b[0].total + b[1].total,
                                      b[0].variance + b[1].variance +
                                          between(n, b[0].total / n, n, b[1].total / n)};
        drop_oldest(a, row, 2);
        row_at(a, row + 1)[a->used[row + 1]++] = joined;
        if (row + 2 > a->n_rows)
            a->n_rows = row + 2;
    }
}

static void insert(struct adwin_naive *a, double x)
{
    if (a->width > 0.0)
        a->variance += between(a->width, a->total / a->width, 1.0, x);
    a->width += 1.0;
    a->total += x;
    row_at(a, 0)[a->used[0]++] = (struct naive_bucket){x, 0.0};
    compress(a);
}

static void delete_oldest(struct adwin_naive *a)
{
    size_t row = a->n_rows - 1;
    struct naive_bucket b = row_at(a, row)[0];
    double n = ldexp(1.0, (int)row);
    a->width -= n;
    a->total -= b.total;
    double removed = b.variance;
    if (a->width > 0.0)
        removed += between(n, b.total / n, a->width, a->total / a->width);
    a->variance = fmax(0.0, a->variance - removed);
    drop_oldest(a, row, 1);
    while (a->n_rows > 1 && a->used[a->n_rows - 1] == 0)
        a->n_rows--;
}

/* What the bound of theorem 3.1, with the normal approximation of section 4.1, shares over all
 * cuts. */
struct bound {
    double length_off, log_term, scale; /* scale: 2 variance log_term */
};

static bool cut_is_significant(const struct bound *b, double n0, double u0, double n1, double u1)
{
    double inverse = 1.0 / (n0 - b->length_off) + 1.0 / (n1 - b->length_off);
    double bound = sqrt(b->scale * inverse) + 2.0 / 3.0 * b->log_term * inverse;
    return fabs(u0 / n0 - u1 / n1) > bound;
}

/* Oldest to newest; too short a side is no cut, nor is the whole window. */
static bool any_cut(struct adwin_naive *a)
{
    double log_term = log(2.0 * log(a->width) / a->delta);
    struct bound bound = {a->min_window_length - 1.0, log_term,
                          2.0 * a->variance / a->width * log_term};
    double n0 = 0.0, u0 = 0.0, longest = a->width - a->min_window_length;
    for (size_t row = a->n_rows; row-- > 0;) {
        double size = ldexp(1.0, (int)row);
        for (size_t k = 0; k < a->used[row]; k++) {
            n0 += size;
            u0 += row_at(a, row)[k].total;
            if (n0 > a->min_window_length && n0 < longest &&
                cut_is_significant(&bound, n0, u0, a->width - n0, a->total - u0))
                return true;
        }
    }
    return false;
}

bool adwin_naive_update(struct adwin_naive *a, double x)
{
    insert(a, x);
    a->ticks += 1.0;
    if (a->ticks < a->clock)
        return false;
    a->ticks = 0.0;
    if (a->width <= a->grace_period)
        return false;
    double width_before = a->width;
    while (a->width > 1.0 && any_cut(a))
        delete_oldest(a);
    return a->width != width_before;
}
