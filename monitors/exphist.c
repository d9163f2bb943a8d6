/*
 * exphist.c - the exponential histogram under ADWIN and the rate scan.
 *
 * A row's share of the memory is twice what it may hold and what a batch brings: the oldest buckets
 * leave by moving a pointer, and the row is copied back to the front of its share only when its end
 * is reached.
 */
#include "exphist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* A batch of 2^5 values brings a row r at most 2^(5 - r) buckets, rounded up. */
static size_t share(const struct exphist *h, size_t row)
{
    return 2 * (h->per_row + 1 + (EXPHIST_BATCH >> (row < 5 ? row : 5)));
}

static double bucket_size(size_t row)
{
    return (double)((uint64_t)1 << row);
}

void exphist_clear(struct exphist *h)
{
    h->width = h->total = h->variance = 0.0;
    h->n_rows = 1;
    for (size_t r = 0; r < EXPHIST_ROWS; r++) {
        h->rows[r].first = h->rows[r].begin;
        h->rows[r].used = 0;
    }
}

enum err_code exphist_init(struct exphist *h, size_t per_row, struct err *e)
{
    size_t n = 0;
    h->per_row = per_row;
    for (size_t r = 0; r < EXPHIST_ROWS; r++)
        n += share(h, r);
    h->memory = calloc(n, sizeof *h->memory);
    if (h->memory == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a window of %zu buckets a row", per_row);
    struct bucket *next = h->memory;
    for (size_t r = 0; r < EXPHIST_ROWS; r++) {
        h->rows[r].begin = next;
        next = h->rows[r].end = next + share(h, r);
    }
    exphist_clear(h);
    return ERR_OK;
}

void exphist_deinit(struct exphist *h)
{
    free(h->memory);
    h->memory = NULL;
}

/* Squared deviation that joining two parts of these sizes and means adds. */
static double between(double n1, double mean1, double n2, double mean2)
{
    return n1 * n2 * (mean1 - mean2) * (mean1 - mean2) / (n1 + n2);
}

static inline void push(struct exphist_row *r, struct bucket b)
{
    if (r->first + r->used == r->end) {
        memmove(r->begin, r->first, r->used * sizeof b);
        r->first = r->begin;
    }
    r->first[r->used++] = b;
}

/* Two buckets of one row as one of the next. Sizes are powers of two: no division, and the same
 * bits as with one. */
static struct bucket join(const struct bucket *b, size_t row)
{
    double n = bucket_size(row), gap = (b[0].total - b[1].total) / n;
    return (struct bucket){b[0].total + b[1].total,
                           b[0].variance + b[1].variance + gap * gap * n * 0.5};
}

static void join_row(struct exphist *h, size_t row)
{
    struct exphist_row *r = &h->rows[row];
    size_t n = (r->used - h->per_row + 1) / 2;
    for (size_t k = 0; k < n; k++)
        push(r + 1, join(r->first + 2 * k, row));
    r->first += 2 * n;
    r->used -= 2 * n;
    if (row + 2 > h->n_rows)
        h->n_rows = row + 2;
}

void exphist_settle(struct exphist *h)
{
    for (size_t row = 0; h->rows[row].used > h->per_row && row + 1 < EXPHIST_ROWS; row++)
        join_row(h, row);
}

void exphist_add(struct exphist *h, double x)
{
    if (h->width > 0.0)
        h->variance += between(h->width, h->total / h->width, 1.0, x);
    h->width += 1.0;
    h->total += x;
    push(&h->rows[0], (struct bucket){x, 0.0});
    if (h->rows[0].used >= h->per_row + EXPHIST_BATCH)
        exphist_settle(h);
}

static void sum_up(struct exphist *h)
{
    h->width = h->total = h->variance = 0.0;
    for (size_t row = h->n_rows; row-- > 0;) {
        double n = bucket_size(row);
        for (size_t k = 0; k < h->rows[row].used; k++) {
            struct bucket b = h->rows[row].first[k];
            h->variance += b.variance;
            if (h->width > 0.0)
                h->variance += between(h->width, h->total / h->width, n, b.total / n);
            h->width += n;
            h->total += b.total;
        }
    }
}

void exphist_drop_oldest(struct exphist *h)
{
    struct exphist_row *r = &h->rows[h->n_rows - 1];
    r->first++;
    r->used--;
    while (h->n_rows > 1 && h->rows[h->n_rows - 1].used == 0)
        h->n_rows--;
    sum_up(h);
}

double exphist_mean(const struct exphist *h)
{
    return h->width > 0.0 ? h->total / h->width : 0.0;
}

static bool save_row(const struct exphist_row *row, cJSON *rows)
{
    cJSON *list = cJSON_CreateArray();
    if (list == NULL || !cJSON_AddItemToArray(rows, list))
        return false;
    for (size_t k = 0; k < row->used; k++) {
        cJSON *total = cJSON_CreateNumber(row->first[k].total);
        cJSON *variance = cJSON_CreateNumber(row->first[k].variance);
        if (!cJSON_AddItemToArray(list, total) || !cJSON_AddItemToArray(list, variance))
            return false;
    }
    return true;
}

bool exphist_save(const struct exphist *h, cJSON *out)
{
    cJSON *rows = cJSON_AddArrayToObject(out, "rows");
    bool ok = rows != NULL && cJSON_AddNumberToObject(out, "total", h->total) != NULL &&
              cJSON_AddNumberToObject(out, "variance", h->variance) != NULL;
    for (size_t row = 0; ok && row < h->n_rows; row++)
        ok = save_row(&h->rows[row], rows);
    return ok;
}

static enum err_code load_row(struct exphist *h, size_t row, const cJSON *list, struct err *e)
{
    int n = cJSON_GetArraySize(list);
    size_t most = h->per_row + (row == 0 ? EXPHIST_BATCH - 1 : 0);
    if (!cJSON_IsArray(list) || n % 2 != 0 || (size_t)n / 2 > most)
        return err_set(e, ERR_INVALID, "rows[%zu]: expected at most %zu pairs, got %d values", row,
                       most, n);
    double pair[2];
    int i = 0;
    for (const cJSON *item = list->child; item != NULL; item = item->next, i++) {
        if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
            return err_set(e, ERR_INVALID, "rows[%zu][%d]: expected a finite number", row, i);
        pair[i % 2] = item->valuedouble;
        if (i % 2 == 1)
            push(&h->rows[row], (struct bucket){pair[0], fmax(0.0, pair[1])});
    }
    h->width += (double)(n / 2) * bucket_size(row);
    return ERR_OK;
}

enum err_code exphist_load(struct exphist *h, const cJSON *in, struct err *e)
{
    const cJSON *rows = NULL;
    enum err_code rc = json_get_array(in, "rows", &rows, e);
    if (rc == ERR_OK)
        rc = json_get_double(in, "total", -INFINITY, INFINITY, &h->total, e);
    if (rc == ERR_OK)
        rc = json_get_double(in, "variance", 0, INFINITY, &h->variance, e);
    if (rc == ERR_OK && cJSON_GetArraySize(rows) > EXPHIST_ROWS)
        rc = err_set(e, ERR_INVALID, "rows: expected at most %d", EXPHIST_ROWS);
    size_t row = 0;
    for (const cJSON *r = rc == ERR_OK ? rows->child : NULL; rc == ERR_OK && r; r = r->next)
        rc = load_row(h, row++, r, e);
    while (row > 1 && h->rows[row - 1].used == 0)
        row--;
    h->n_rows = row > 0 ? row : 1;
    return rc;
}
