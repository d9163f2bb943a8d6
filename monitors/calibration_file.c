/*
 * calibration_file.c - a calibrator as safetensors, and back with every rule checked.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calibrator.h"

#define BLOCK_FIELDS 4 /* low, high, chance, rows */
#define MAX_BLOCKS 10000000

static void tensor_name(const char *prefix, const char *what, char out[256])
{
    snprintf(out, 256, "%scalibration/%s", prefix, what);
}

static size_t all_blocks(const struct mon_calibrator *c)
{
    size_t n = 0;
    for (size_t k = 0; k < c->n_outputs; k++)
        n += c->curves[k].n_blocks;
    return n;
}

/* One buffer for both tensors: the blocks, then where each curve begins. */
static void fill(const struct mon_calibrator *c, double *blocks, int64_t *first)
{
    first[0] = 0;
    for (size_t k = 0; k < c->n_outputs; k++) {
        const struct mon_calibration_curve *curve = &c->curves[k];
        memcpy(blocks + (size_t)first[k] * BLOCK_FIELDS, curve->blocks,
               curve->n_blocks * sizeof *curve->blocks);
        first[k + 1] = first[k] + (int64_t)curve->n_blocks;
    }
}

enum err_code mon_calibrator_to_st(const struct mon_calibrator *c, const char *prefix,
                                   struct st_writer *w, void **keep, struct err *e)
{
    size_t n = all_blocks(c);
    double *blocks = malloc(n * BLOCK_FIELDS * sizeof *blocks + (c->n_outputs + 1) * 8);
    *keep = blocks;
    if (blocks == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu calibration blocks", n);
    int64_t *first = (int64_t *)(void *)(blocks + n * BLOCK_FIELDS);
    fill(c, blocks, first);
    char name[256];
    tensor_name(prefix, "blocks", name);
    enum err_code rc =
        st_writer_add(w, name, ST_F64, 2, (const int64_t[]){(int64_t)n, BLOCK_FIELDS}, blocks, e);
    if (rc != ERR_OK)
        return rc;
    tensor_name(prefix, "first", name);
    return st_writer_add(w, name, ST_I64, 1, (const int64_t[]){(int64_t)c->n_outputs + 1}, first,
                         e);
}

static enum err_code check_curve(const struct mon_calibration_curve *curve, size_t k, struct err *e)
{
    for (size_t i = 0; i < curve->n_blocks; i++) {
        const struct mon_calibration_block *b = &curve->blocks[i];
        bool sound = isfinite(b->low) && isfinite(b->high) && b->low <= b->high &&
                     b->chance >= 0.0 && b->chance <= 1.0 && isfinite(b->rows) && b->rows > 0.0;
        if (sound && i > 0)
            sound = b[-1].high < b->low && b[-1].chance < b->chance;
        if (!sound)
            return err_set(e, ERR_INVALID,
                           "block %zu of calibration curve %zu (scores %g to %g, chance %g, %g "
                           "rows) breaks a rule",
                           i, k, b->low, b->high, b->chance, b->rows);
    }
    return ERR_OK;
}

static enum err_code read_curve(struct mon_calibration_curve *curve, size_t k, const double *blocks,
                                int64_t begin, int64_t end, struct err *e)
{
    size_t n = (size_t)(end - begin);
    curve->blocks = malloc(n * sizeof *curve->blocks);
    if (curve->blocks == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu calibration blocks", n);
    memcpy(curve->blocks, blocks + begin * BLOCK_FIELDS, n * sizeof *curve->blocks);
    curve->n_blocks = n;
    return check_curve(curve, k, e);
}

static enum err_code read_curves(struct mon_calibrator *c, const struct st_tensor *blocks,
                                 const int64_t *first, struct err *e)
{
    int64_t end = blocks->shape[0];
    if (first[0] != 0 || first[c->n_outputs] != end)
        return err_set(e, ERR_INVALID, "calibration curves do not cover the %lld blocks",
                       (long long)end);
    for (size_t k = 0; k < c->n_outputs; k++) {
        if (first[k + 1] <= first[k] || first[k + 1] > end)
            return err_set(e, ERR_INVALID, "calibration curve %zu has no blocks of its own", k);
        enum err_code rc = read_curve(&c->curves[k], k, blocks->data, first[k], first[k + 1], e);
        if (rc != ERR_OK)
            return rc;
    }
    return ERR_OK;
}

static enum err_code need_tensors(const struct st_file *f, const char *prefix,
                                  const struct st_tensor **blocks, const struct st_tensor **first,
                                  struct err *e)
{
    char name[256];
    tensor_name(prefix, "blocks", name);
    enum err_code rc = st_need(f, name, ST_F64, 2, (const int64_t[]){-1, BLOCK_FIELDS}, blocks, e);
    if (rc != ERR_OK)
        return rc;
    tensor_name(prefix, "first", name);
    rc = st_need(f, name, ST_I64, 1, (const int64_t[]){-1}, first, e);
    if (rc != ERR_OK)
        return rc;
    int64_t n_outputs = (*first)->shape[0] - 1;
    if (n_outputs < 1 || n_outputs > SCHEMA_MAX_CLASSES || (*blocks)->shape[0] > MAX_BLOCKS)
        return err_set(e, ERR_INVALID, "%lld calibration curves of %lld blocks are out of range",
                       (long long)n_outputs, (long long)(*blocks)->shape[0]);
    return ERR_OK;
}

enum err_code mon_calibrator_from_st(const struct st_file *f, const char *prefix,
                                     struct mon_calibrator **out, struct err *e)
{
    const struct st_tensor *blocks, *first;
    enum err_code rc = need_tensors(f, prefix, &blocks, &first, e);
    if (rc != ERR_OK)
        return rc;
    size_t n_outputs = (size_t)first->shape[0] - 1;
    struct mon_calibrator *c =
        calibrator_new(n_outputs == 1 ? LABEL_BINARY : LABEL_MULTICLASS, n_outputs);
    if (c == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %zu calibration curves", n_outputs);
    rc = read_curves(c, blocks, first->data, e);
    if (rc == ERR_OK)
        *out = c;
    else
        mon_calibrator_free(c);
    return rc;
}
