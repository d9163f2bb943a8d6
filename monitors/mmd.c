/*
 * mmd.c - two samples of rows by their pairwise distances. Permutations are columns of one matrix
 * of 0 and 1, so that OpenBLAS sums all of them in one product.
 */
#include "monitors/mmd.h"

#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pairwise.h"
#include "sample_rows.h"

#define BATCH 64 /* permutations a product */
#define MAX_PERMUTATIONS 100000

void mon_pairwise_options_init(struct mon_pairwise_options *o)
{
    *o = (struct mon_pairwise_options){
        .width = NAN, .max_rows = 1000, .permutations = 500, .seed = 1};
}

/* The rows that take part, x's first, and how near they are to each other. */
struct pooled {
    size_t n_x, n, n_columns;
    double *rows;   /* n x n_columns */
    double *matrix; /* n x n: the kernel, or distances with a minus */
    double *sums;   /* n: of the matrix's rows */
    double total;   /* of the sums */
};

static void pooled_deinit(struct pooled *p)
{
    free(p->rows);
    free(p->matrix);
    free(p->sums);
}

static size_t fewer(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum err_code pooled_init(struct pooled *p, const double *x, size_t n_x, const double *y,
                                 size_t n_y, size_t n_columns, const struct mon_pairwise_options *o,
                                 struct rng *r, struct err *e)
{
    size_t most = fewer(n_x, o->max_rows) + fewer(n_y, o->max_rows);
    *p = (struct pooled){.n_columns = n_columns};
    p->rows = malloc((most * n_columns + 1) * sizeof *p->rows);
    p->matrix = malloc((most * most + 1) * sizeof *p->matrix);
    p->sums = malloc((most + 1) * sizeof *p->sums);
    if (p->rows == NULL || p->matrix == NULL || p->sums == NULL) {
        pooled_deinit(p);
        return err_set(e, ERR_NOMEM, "out of memory for the distances of %zu rows", most);
    }
    p->n_x = sample_rows(x, n_x, n_columns, o->max_rows, r, p->rows);
    p->n = p->n_x + sample_rows(y, n_y, n_columns, o->max_rows, r, p->rows + p->n_x * n_columns);
    return ERR_OK;
}

/* width NaN: minus the distance. */
static double nearness(const struct pooled *p, size_t i, size_t j, double width)
{
    double square =
        pairwise_square(p->rows + i * p->n_columns, p->rows + j * p->n_columns, p->n_columns);
    return isnan(width) ? -sqrt(square) : exp(-square / (2.0 * width * width));
}

static void fill_matrix(struct pooled *p, double width)
{
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j <= i; j++)
            p->matrix[i * p->n + j] = p->matrix[j * p->n + i] = nearness(p, i, j, width);
    p->total = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        p->sums[i] = 0.0;
        for (size_t j = 0; j < p->n; j++)
            p->sums[i] += p->matrix[i * p->n + j];
        p->total += p->sums[i];
    }
}

/* From the matrix's sum over the pairs within the first sample, and over its rows. */
static double biased(const struct pooled *p, double within_x, double rows_x)
{
    double n_x = (double)p->n_x, n_y = (double)(p->n - p->n_x), between = rows_x - within_x;
    double within_y = p->total - 2.0 * between - within_x;
    return within_x / (n_x * n_x) + within_y / (n_y * n_y) - 2.0 * between / (n_x * n_y);
}

static double unbiased(const struct pooled *p, double within_x, double rows_x)
{
    double n_x = (double)p->n_x, n_y = (double)(p->n - p->n_x), between = rows_x - within_x;
    double within_y = p->total - 2.0 * between - within_x, self = p->matrix[0];
    return (within_x - n_x * self) / (n_x * (n_x - 1.0)) +
           (within_y - n_y * self) / (n_y * (n_y - 1.0)) - 2.0 * between / (n_x * n_y);
}

/* Marks n_x of the rows, each choice with the same chance: the first of a partial shuffle. */
static void draw_members(const struct pooled *p, struct rng *r, size_t *order, double *members,
                         size_t column)
{
    for (size_t i = 0; i < p->n; i++)
        members[i * BATCH + column] = 0.0;
    for (size_t i = 0; i < p->n_x; i++) {
        size_t other = i + rng_below(r, p->n - i), swap = order[i];
        order[i] = order[other];
        order[other] = swap;
        members[order[i] * BATCH + column] = 1.0;
    }
}

/* How many of `columns` permutations reach the limit. */
static size_t count_batch(const struct pooled *p, const double *members, double *products,
                          size_t columns, double limit)
{
    size_t reached = 0;
    int n = (int)p->n;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, BATCH, n, 1.0, p->matrix, n, members,
                BATCH, 0.0, products, BATCH);
    for (size_t c = 0; c < columns; c++) {
        double within = 0.0, rows = 0.0;
        for (size_t i = 0; i < p->n; i++) {
            within += members[i * BATCH + c] * products[i * BATCH + c];
            rows += members[i * BATCH + c] * p->sums[i];
        }
        reached += biased(p, within, rows) >= limit;
    }
    return reached;
}

static enum err_code permute(const struct pooled *p, size_t permutations, double value,
                             struct rng *r, double *p_value, struct err *e)
{
    double *members = calloc(2 * p->n * BATCH, sizeof *members);
    size_t *order = malloc(p->n * sizeof *order), reached = 0;
    enum err_code code = ERR_OK;
    if (members == NULL || order == NULL)
        code = err_set(e, ERR_NOMEM, "out of memory for permutations of %zu rows", p->n);
    /* sums of the same numbers in another order: equal but for rounding */
    double limit = value - 1e-12 * fabs(p->total) / ((double)p->n * (double)p->n);
    for (size_t i = 0; code == ERR_OK && i < p->n; i++)
        order[i] = i;
    for (size_t done = 0; code == ERR_OK && done < permutations; done += BATCH) {
        size_t columns = fewer(permutations - done, BATCH);
        for (size_t c = 0; c < columns; c++)
            draw_members(p, r, order, members, c);
        reached += count_batch(p, members, members + p->n * BATCH, columns, limit);
    }
    free(members);
    free(order);
    if (code == ERR_OK)
        *p_value = (1.0 + (double)reached) / (1.0 + (double)permutations);
    return code;
}

static enum err_code measure(struct pooled *p, const struct mon_pairwise_options *o, double width,
                             struct rng *r, struct mon_pairwise *out, struct err *e)
{
    double within = 0.0, rows = 0.0;
    enum err_code code = ERR_OK;
    fill_matrix(p, width);
    for (size_t i = 0; i < p->n_x; i++) {
        rows += p->sums[i];
        for (size_t j = 0; j < p->n_x; j++)
            within += p->matrix[i * p->n + j];
    }
    double value = biased(p, within, rows);
    if (o->permutations > 0)
        code = permute(p, o->permutations, value, r, &out->p_value, e);
    out->width = width;
    out->biased = fmax(value, 0.0);
    if (p->n_x > 1 && p->n - p->n_x > 1)
        out->unbiased = unbiased(p, within, rows);
    return code;
}

static enum err_code check_options(size_t n_columns, const struct mon_pairwise_options *o,
                                   struct err *e)
{
    if (n_columns == 0 || o->max_rows == 0)
        return err_set(e, ERR_INVALID, "two samples of %zu columns, at most %zu rows", n_columns,
                       o->max_rows);
    if (n_columns > MON_PAIRWISE_MAX_COLUMNS || o->max_rows > MON_PAIRWISE_MAX_ROWS ||
        o->permutations > MAX_PERMUTATIONS)
        return err_set(e, ERR_LIMIT,
                       "two samples: %zu columns of %d, max_rows %zu of %d, %zu permutations of %d",
                       n_columns, MON_PAIRWISE_MAX_COLUMNS, o->max_rows, MON_PAIRWISE_MAX_ROWS,
                       o->permutations, MAX_PERMUTATIONS);
    if (!isnan(o->width) && !(o->width > 0.0 && isfinite(o->width)))
        return err_set(e, ERR_INVALID, "width: expected a positive number, got %g", o->width);
    return ERR_OK;
}

static double kernel_width(const struct pooled *p, double wanted)
{
    double median =
        isnan(wanted) ? pairwise_median(p->rows, p->n, p->n_columns, p->matrix) : wanted;
    return median > 0.0 ? median : 1.0;
}

static enum err_code compare(const double *x, size_t n_x, const double *y, size_t n_y,
                             size_t n_columns, const struct mon_pairwise_options *o, bool kernel,
                             struct mon_pairwise *out, struct err *e)
{
    struct pooled p;
    struct rng r;
    enum err_code code = check_options(n_columns, o, e);
    rng_seed(&r, o->seed);
    if (code == ERR_OK)
        code = pooled_init(&p, x, n_x, y, n_y, n_columns, o, &r, e);
    if (code != ERR_OK)
        return code;
    struct mon_pairwise found = {.unbiased = NAN, .biased = NAN, .width = NAN, .p_value = NAN};
    found.n_x = p.n_x;
    found.n_y = p.n - p.n_x;
    if (found.n_x > 0 && found.n_y > 0)
        code = measure(&p, o, kernel ? kernel_width(&p, o->width) : NAN, &r, &found, e);
    pooled_deinit(&p);
    if (code == ERR_OK)
        *out = found;
    return code;
}

enum err_code mon_mmd(const double *x, size_t n_x, const double *y, size_t n_y, size_t n_columns,
                      const struct mon_pairwise_options *o, struct mon_pairwise *out, struct err *e)
{
    return compare(x, n_x, y, n_y, n_columns, o, true, out, e);
}

enum err_code mon_energy_multivariate(const double *x, size_t n_x, const double *y, size_t n_y,
                                      size_t n_columns, const struct mon_pairwise_options *o,
                                      struct mon_pairwise *out, struct err *e)
{
    return compare(x, n_x, y, n_y, n_columns, o, false, out, e);
}
