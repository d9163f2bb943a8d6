/*
 * adwin.c - ADWIN2 (Bifet & Gavalda, "Learning from time-changing data with adaptive windowing",
 * SDM 2007): an exponential histogram of the newest values; where two parts of it differ in mean by
 * more than chance allows, the older one goes.
 *
 * Details as in MOA and river: the cut is looked for every clock values, subwindows shorter than
 * min_window_length do not count, and the bound uses the harmonic length with min_window_length
 * taken off. All buckets of a row are looked at (older river releases skipped the newest:
 * river#1539).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "detector_kind.h"

#define ADWIN_ROWS 48 /* row r holds buckets of 2^r values */

struct bucket {
    double total, variance; /* variance: sum of squared deviations inside the bucket */
};

struct adwin {
    double delta, clock, max_buckets, min_window_length, grace_period;
    double ticks, width, total, variance; /* ticks: since the last look, below clock */
    size_t n_rows;                        /* in use; at least 1 */
    size_t used[ADWIN_ROWS];              /* buckets in each row */
    struct bucket *buckets;               /* ADWIN_ROWS x row_capacity, oldest first in a row */
};

static const struct detector_param params[] = {
    {"delta", offsetof(struct adwin, delta), 1e-12, 0.999, 0.002, false},
    {"clock", offsetof(struct adwin, clock), 1, 1e6, 32, true},
    {"max_buckets", offsetof(struct adwin, max_buckets), 2, 64, 5, true},
    {"min_window_length", offsetof(struct adwin, min_window_length), 1, 1e6, 5, true},
    {"grace_period", offsetof(struct adwin, grace_period), 0, 1e9, 10, true},
    {.key = NULL},
};

static size_t row_capacity(const struct adwin *a)
{
    return (size_t)a->max_buckets + 1;
}

static struct bucket *row_at(const struct adwin *a, size_t row)
{
    return a->buckets + row * row_capacity(a);
}

static void reset(void *state)
{
    struct adwin *a = state;
    a->ticks = a->width = a->total = a->variance = 0.0;
    a->n_rows = 1;
    memset(a->used, 0, sizeof a->used);
}

static enum err_code start(void *state, struct err *e)
{
    struct adwin *a = state;
    a->buckets = calloc(ADWIN_ROWS * row_capacity(a), sizeof *a->buckets);
    if (a->buckets == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a detector");
    reset(a);
    return ERR_OK;
}

static void stop(void *state)
{
    struct adwin *a = state;
    free(a->buckets);
}

/* Squared deviation that joining two parts of these sizes and means adds. */
static double between(double n1, double mean1, double n2, double mean2)
{
    return n1 * n2 * (mean1 - mean2) * (mean1 - mean2) / (n1 + n2);
}

static void drop_oldest(struct adwin *a, size_t row, size_t n)
{
    struct bucket *b = row_at(a, row);
    a->used[row] -= n;
    memmove(b, b + n, a->used[row] * sizeof *b);
}

/* Two oldest buckets of a full row become one of the next. */
static void compress(struct adwin *a)
{
    for (size_t row = 0; row + 1 < ADWIN_ROWS && a->used[row] == row_capacity(a); row++) {
        struct bucket *b = row_at(a, row);
        double n = ldexp(1.0, (int)row);
        struct bucket joined = {b[0].total + b[1].total,
                                b[0].variance + b[1].variance +
                                    between(n, b[0].total / n, n, b[1].total / n)};
        drop_oldest(a, row, 2);
        row_at(a, row + 1)[a->used[row + 1]++] = joined;
        if (row + 2 > a->n_rows)
            a->n_rows = row + 2;
    }
}

static void insert(struct adwin *a, double x)
{
    if (a->width > 0.0)
        a->variance += between(a->width, a->total / a->width, 1.0, x);
    a->width += 1.0;
    a->total += x;
    row_at(a, 0)[a->used[0]++] = (struct bucket){x, 0.0};
    compress(a);
}

static void delete_oldest(struct adwin *a)
{
    size_t row = a->n_rows - 1;
    struct bucket b = row_at(a, row)[0];
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
static bool any_cut(const struct adwin *a)
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

static bool wanted(enum direction direction, double before, double after)
{
    switch (direction) {
    case DIRECTION_BOTH:
        return true;
    case DIRECTION_UP:
        return after > before;
    case DIRECTION_DOWN:
        return after < before;
    }
    return true;
}

static double estimate(const void *state)
{
    const struct adwin *a = state;
    return a->width > 0.0 ? a->total / a->width : 0.0;
}

static double width(const void *state)
{
    return ((const struct adwin *)state)->width;
}

static enum mon_detection update(void *state, enum direction direction, double x, double *before)
{
    struct adwin *a = state;
    insert(a, x);
    a->ticks += 1.0;
    if (a->ticks < a->clock)
        return MON_STABLE;
    a->ticks = 0.0;
    if (a->width <= a->grace_period)
        return MON_STABLE;
    double width_before = a->width, total_before = a->total;
    while (a->width > 1.0 && any_cut(a))
        delete_oldest(a);
    if (a->width == width_before)
        return MON_STABLE;
    double dropped_mean = (total_before - a->total) / (width_before - a->width);
    if (!wanted(direction, dropped_mean, estimate(a)))
        return MON_STABLE;
    *before = dropped_mean;
    return MON_CHANGE;
}

static bool add_row(const struct adwin *a, size_t row, cJSON *rows)
{
    cJSON *list = cJSON_CreateArray();
    if (list == NULL || !cJSON_AddItemToArray(rows, list))
        return false;
    for (size_t k = 0; k < a->used[row]; k++) {
        cJSON *total = cJSON_CreateNumber(row_at(a, row)[k].total);
        cJSON *variance = cJSON_CreateNumber(row_at(a, row)[k].variance);
        if (!cJSON_AddItemToArray(list, total) || !cJSON_AddItemToArray(list, variance))
            return false;
    }
    return true;
}

static bool save(const void *state, cJSON *out)
{
    const struct adwin *a = state;
    cJSON *rows = cJSON_AddArrayToObject(out, "rows");
    bool ok = rows != NULL && cJSON_AddNumberToObject(out, "ticks", a->ticks) != NULL &&
              cJSON_AddNumberToObject(out, "total", a->total) != NULL &&
              cJSON_AddNumberToObject(out, "variance", a->variance) != NULL;
    for (size_t row = 0; ok && row < a->n_rows; row++)
        ok = add_row(a, row, rows);
    return ok;
}

static enum err_code load_row(struct adwin *a, size_t row, const cJSON *list, struct err *e)
{
    int n = cJSON_GetArraySize(list);
    if (!cJSON_IsArray(list) || n % 2 != 0 || (size_t)n / 2 > row_capacity(a) - 1)
        return err_set(e, ERR_INVALID, "rows[%zu]: expected at most %zu pairs, got %d values", row,
                       row_capacity(a) - 1, n);
    double pair[2];
    int i = 0;
    for (const cJSON *item = list->child; item != NULL; item = item->next, i++) {
        if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
            return err_set(e, ERR_INVALID, "rows[%zu][%d]: expected a finite number", row, i);
        pair[i % 2] = item->valuedouble;
        if (i % 2 == 1)
            row_at(a, row)[a->used[row]++] = (struct bucket){pair[0], fmax(0.0, pair[1])};
    }
    a->width += (double)(n / 2) * ldexp(1.0, (int)row);
    return ERR_OK;
}

static enum err_code load(void *state, const cJSON *in, struct err *e)
{
    struct adwin *a = state;
    const cJSON *rows = NULL;
    enum err_code rc = json_get_array(in, "rows", &rows, e);
    if (rc == ERR_OK)
        rc = json_get_double(in, "ticks", 0, a->clock, &a->ticks, e);
    if (rc == ERR_OK)
        rc = json_get_double(in, "total", -INFINITY, INFINITY, &a->total, e);
    if (rc == ERR_OK)
        rc = json_get_double(in, "variance", 0, INFINITY, &a->variance, e);
    if (rc == ERR_OK && cJSON_GetArraySize(rows) > ADWIN_ROWS)
        rc = err_set(e, ERR_INVALID, "rows: expected at most %d", ADWIN_ROWS);
    size_t row = 0;
    for (const cJSON *r = rc == ERR_OK ? rows->child : NULL; rc == ERR_OK && r; r = r->next)
        rc = load_row(a, row++, r, e);
    while (row > 1 && a->used[row - 1] == 0)
        row--;
    a->n_rows = row > 0 ? row : 1;
    return rc;
}

const struct detector_kind detector_adwin = {
    .name = "adwin",
    .state_bytes = sizeof(struct adwin),
    .params = params,
    .start = start,
    .stop = stop,
    .reset = reset,
    .update = update,
    .estimate = estimate,
    .width = width,
    .save = save,
    .load = load,
};
