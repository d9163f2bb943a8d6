/*
 * chunks.c - see model/chunks.h.
 */
#include "model/chunks.h"

#include <stdlib.h>
#include <string.h>

#include "ruler_private.h"

void chunks_packed_deinit(struct chunks_packed *p)
{
    free(p->counts);
    free(p->moments);
    free(p->rows);
    *p = (struct chunks_packed){0};
}

static enum err_code pack(const struct ruler *r, struct profile *const *chunks, size_t n,
                          struct chunks_packed *out, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (chunks[i]->n_rows > UINT32_MAX)
            return err_set(e, ERR_LIMIT, "chunk %zu has %llu rows, expected at most 2^32 - 1", i,
                           (unsigned long long)chunks[i]->n_rows);
        for (size_t c = 0; c < r->n_cells; c++)
            out->counts[i * r->n_cells + c] = (uint32_t)chunks[i]->counts[c];
        memcpy(out->moments + i * r->n_series, chunks[i]->moments,
               r->n_series * sizeof *out->moments);
        out->rows[i] = chunks[i]->n_rows;
    }
    return ERR_OK;
}

enum err_code chunks_to_st(const struct ruler *r, struct profile *const *chunks, size_t n,
                           struct st_writer *w, struct chunks_packed *out, struct err *e)
{
    const int64_t rows = (int64_t)n, n_cells = (int64_t)r->n_cells;
    const int64_t n_series = (int64_t)r->n_series;
    *out = (struct chunks_packed){0};
    if (n == 0)
        return ERR_OK;
    out->counts = malloc(n * r->n_cells * sizeof *out->counts);
    out->moments = malloc(n * r->n_series * sizeof *out->moments);
    out->rows = malloc(n * sizeof *out->rows);
    if (!out->counts || !out->moments || !out->rows)
        return err_set(e, ERR_NOMEM, "out of memory to save %zu chunks", n);
    enum err_code code = pack(r, chunks, n, out, e);
    if (!code)
        code = st_writer_add(w, "chunks/counts", ST_U32, 2, (const int64_t[]){rows, n_cells},
                             out->counts, e);
    if (!code)
        code = st_writer_add(w, "chunks/moments", ST_F64, 3, (const int64_t[]){rows, n_series, 5},
                             out->moments, e);
    return code ? code : st_writer_add(w, "chunks/rows", ST_U64, 1, &rows, out->rows, e);
}

static enum err_code unpack(const struct ruler *r, size_t i, const struct chunks_packed *from,
                            struct profile **out, struct err *e)
{
    struct profile *p = NULL;
    enum err_code code = profile_new(r, &p, e);
    if (code)
        return code;
    for (size_t c = 0; c < r->n_cells; c++)
        p->counts[c] = from->counts[i * r->n_cells + c];
    memcpy(p->moments, from->moments + i * r->n_series, r->n_series * sizeof *p->moments);
    p->n_rows = from->rows[i];
    *out = p;
    code = profile_check(p, e);
    if (code)
        err_prefix(e, "chunk %zu", i);
    return code;
}

/* Views into the file, never written to. */
static enum err_code find_tensors(const struct st_file *f, const struct ruler *r, int64_t *n,
                                  struct chunks_packed *out, struct err *e)
{
    const int64_t n_cells = (int64_t)r->n_cells, n_series = (int64_t)r->n_series;
    const struct st_tensor *counts, *moments, *rows;
    enum err_code code =
        st_need(f, "chunks/counts", ST_U32, 2, (const int64_t[]){-1, n_cells}, &counts, e);
    if (code)
        return code;
    *n = counts->shape[0];
    code = st_need(f, "chunks/moments", ST_F64, 3, (const int64_t[]){*n, n_series, 5}, &moments, e);
    if (!code)
        code = st_need(f, "chunks/rows", ST_U64, 1, n, &rows, e);
    if (!code)
        *out = (struct chunks_packed){.counts = (uint32_t *)counts->data,
                                      .moments = (struct moments *)moments->data,
                                      .rows = (uint64_t *)rows->data};
    return code;
}

enum err_code chunks_from_st(const struct st_file *f, const struct ruler *r, struct profile ***out,
                             size_t *n_out, struct err *e)
{
    struct chunks_packed from = {0};
    int64_t n = 0;
    enum err_code code = ERR_OK;
    struct profile **chunks = NULL;
    if (st_find(f, "chunks/counts")) {
        code = find_tensors(f, r, &n, &from, e);
        if (!code && !(chunks = calloc((size_t)n + 1, sizeof *chunks)))
            code = err_set(e, ERR_NOMEM, "out of memory for %lld chunks", (long long)n);
    }
    for (int64_t i = 0; !code && i < n; i++)
        code = unpack(r, (size_t)i, &from, &chunks[i], e);
    if (code) {
        chunks_free(chunks, (size_t)n);
        return code;
    }
    *out = chunks;
    *n_out = (size_t)n;
    return ERR_OK;
}

enum err_code chunks_spans_to_st(const int64_t *spans, size_t n, struct st_writer *w, struct err *e)
{
    const int64_t shape[2] = {(int64_t)n, 2};
    return spans && n > 0 ? st_writer_add(w, "chunks/spans", ST_I64, 2, shape, spans, e) : ERR_OK;
}

static enum err_code check_spans(const int64_t *spans, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (spans[2 * i] >= spans[2 * i + 1])
            return err_set(e, ERR_CORRUPT,
                           "chunks/spans: chunk %zu ends (%lld) before it begins (%lld)", i,
                           (long long)spans[2 * i + 1], (long long)spans[2 * i]);
    return ERR_OK;
}

enum err_code chunks_spans_from_st(const struct st_file *f, size_t n, int64_t **out, struct err *e)
{
    const struct st_tensor *spans;
    *out = NULL;
    if (!st_find(f, "chunks/spans"))
        return ERR_OK;
    enum err_code code =
        st_need(f, "chunks/spans", ST_I64, 2, (const int64_t[]){(int64_t)n, 2}, &spans, e);
    if (code)
        return code;
    int64_t *copy = malloc(spans->size_bytes + 1);
    if (!copy)
        return err_set(e, ERR_NOMEM, "out of memory for the times of %zu chunks", n);
    memcpy(copy, spans->data, spans->size_bytes);
    code = check_spans(copy, n, e);
    if (code)
        free(copy);
    else
        *out = copy;
    return code;
}

void chunks_free(struct profile **chunks, size_t n)
{
    for (size_t i = 0; chunks && i < n; i++)
        profile_free(chunks[i]);
    free(chunks);
}
