/*
 * chunks.h - the reference cut into stretches of equal row counts, in time order, as tensors:
 * "chunks/counts" U32 [n_chunks, n_cells], "chunks/moments" F64 [n_chunks, n_series, 5],
 * "chunks/rows" U64 [n_chunks], and, where the rows have times, "chunks/spans" I64 [n_chunks, 2]:
 * the unix ms from (inclusive) and to (exclusive) of each. The same in a model's artifact and in a
 * reference of its own.
 */
#ifndef MODEL_CHUNKS_H
#define MODEL_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/safetensors.h"
#include "model/profile.h"

/* The packed arrays, which must live until the file is written; free with chunks_packed_deinit. */
struct chunks_packed {
    uint32_t *counts;
    struct moments *moments;
    uint64_t *rows;
};

/* Packs n chunks over r (borrowed; nothing is written where n is 0) and adds their tensors. *out is
 * to be deinitialised whatever is returned. ERR_LIMIT where a chunk has more than 2^32 - 1 rows. */
enum err_code chunks_to_st(const struct ruler *r, struct profile *const *chunks, size_t n,
                           struct st_writer *w, struct chunks_packed *out, struct err *e);
void chunks_packed_deinit(struct chunks_packed *p);

/* Reads and checks them; a file without chunks gives *n 0 and *out NULL. *out is owned: free with
 * chunks_free. */
enum err_code chunks_from_st(const struct st_file *f, const struct ruler *r, struct profile ***out,
                             size_t *n, struct err *e);
/* spans: n x 2, from < to, borrowed until the file is written; NULL: the rows have no times. */
enum err_code chunks_spans_to_st(const int64_t *spans, size_t n, struct st_writer *w,
                                 struct err *e);
/* A file without spans gives *out NULL; a span that ends before it begins is ERR_CORRUPT. *out is
 * owned: n x 2, free with free. */
enum err_code chunks_spans_from_st(const struct st_file *f, size_t n, int64_t **out, struct err *e);
void chunks_free(struct profile **chunks, size_t n);

#endif
