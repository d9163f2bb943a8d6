/*
 * reference_joint.c - the joint side of a reference: several features together. The space is laid
 * over the first pass's sample, the sums are counted in the second, for all rows and for stretches
 * of chunks; kept as tensors "joint/...", "joint_reference/..." and "joint_chunks/I/...".
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "reference_builder.h"
#include "reference_joint.h"

#define MAX_JOINT_CHUNKS 1024            /* the null merges more */
#define MAX_JOINT_BYTES (16.0 * 1048576) /* of their sums: 64 columns have some 460 */
#define MIN_JOINT_ROWS 10                /* of a stretch */
#define PREFIX_BYTES 48

void reference_joint_deinit(struct mon_reference *r)
{
    for (size_t i = 0; r->joint_chunks && i < r->n_joint_chunks; i++)
        mon_joint_sums_free(r->joint_chunks[i]);
    free(r->joint_chunks);
    mon_joint_sums_free(r->joint);
    mon_joint_space_free(r->joint_space);
}

/* ---- building ---- */

static size_t count_columns(const struct schema *s)
{
    size_t n = 0;
    for (size_t f = 0; f < s->n_features; f++)
        n += !s->features[f].pii;
    return n;
}

/* Rows of a stretch: of a chunk, or of several where there would be too many stretches or too few
 * rows in one. */
static uint64_t plan_stretch(const struct mon_reference_builder *b,
                             const struct mon_joint_space *space)
{
    double columns = (double)mon_joint_space_n_columns(space);
    double bytes = 8.0 * (columns * (columns + 2) + 2.0 * (double)mon_joint_space_n_waves(space));
    uint64_t most = (uint64_t)fmin(MAX_JOINT_CHUNKS, MAX_JOINT_BYTES / bytes);
    uint64_t n_chunks = (b->n_scanned + b->chunk_rows - 1) / b->chunk_rows;
    uint64_t together = (n_chunks + most - 1) / most;
    uint64_t least = (MIN_JOINT_ROWS + b->chunk_rows - 1) / b->chunk_rows;
    return b->chunk_rows * (together > least ? together : least);
}

enum err_code reference_joint_lay(struct mon_reference_builder *b, struct err *e)
{
    struct mon_reference *r = b->ref;
    struct mon_joint_space_options o;
    size_t n_columns = count_columns(r->schema);
    if (n_columns < 2 || n_columns > b->options.max_joint_columns || b->n_scanned < 2)
        return ERR_OK;
    mon_joint_space_options_init(&o);
    o.seed = b->options.seed;
    r->joint_chunks = calloc(MAX_JOINT_CHUNKS + 1, sizeof *r->joint_chunks);
    if (!r->joint_chunks)
        return err_set(e, ERR_NOMEM, "out of memory for joint sums");
    enum err_code code =
        mon_joint_space_fit(r->schema, b->sample_codes, b->n_sample, &o, &r->joint_space, e);
    if (code)
        return code;
    b->joint_rows = plan_stretch(b, r->joint_space);
    return mon_joint_sums_new(r->joint_space, &r->joint, e);
}

enum err_code reference_joint_count(struct mon_reference_builder *b, const double *codes, size_t n,
                                    struct err *e)
{
    struct mon_reference *r = b->ref;
    if (!r->joint_space)
        return ERR_OK;
    size_t last = r->n_joint_chunks;
    bool full = last == 0 || (mon_joint_sums_rows(r->joint_chunks[last - 1]) >= b->joint_rows &&
                              last < MAX_JOINT_CHUNKS);
    if (full) {
        enum err_code code = mon_joint_sums_new(r->joint_space, &r->joint_chunks[last], e);
        if (code)
            return code;
        r->n_joint_chunks = ++last;
    }
    mon_joint_sums_count(r->joint_chunks[last - 1], codes, n);
    return ERR_OK;
}

void reference_joint_finish(struct mon_reference *r)
{
    for (size_t i = 0; i < r->n_joint_chunks; i++)
        mon_joint_sums_merge(r->joint, r->joint_chunks[i]);
}

/* ---- the file ---- */

static const char *chunk_prefix(size_t i, char out[PREFIX_BYTES])
{
    snprintf(out, PREFIX_BYTES, "joint_chunks/%zu/", i);
    return out;
}

enum err_code reference_joint_to_st(const struct mon_reference *r, struct st_writer *w, void **keep,
                                    struct err *e)
{
    char prefix[PREFIX_BYTES];
    *keep = NULL;
    if (!r->joint_space)
        return ERR_OK;
    enum err_code code = mon_joint_space_to_st(r->joint_space, w, keep, e);
    if (!code)
        code = mon_joint_sums_to_st(r->joint, "joint_reference/", w, e);
    for (size_t i = 0; !code && i < r->n_joint_chunks; i++)
        code = mon_joint_sums_to_st(r->joint_chunks[i], chunk_prefix(i, prefix), w, e);
    return code;
}

static size_t count_chunks(const struct st_file *f)
{
    char prefix[PREFIX_BYTES], name[PREFIX_BYTES + 8];
    size_t n = 0;
    do
        snprintf(name, sizeof name, "%srows", chunk_prefix(n, prefix));
    while (st_find(f, name) && ++n < MAX_JOINT_CHUNKS);
    return n;
}

enum err_code reference_joint_from_st(struct mon_reference *r, const struct st_file *f,
                                      struct err *e)
{
    char prefix[PREFIX_BYTES];
    if (!st_find(f, "joint_reference/rows"))
        return ERR_OK;
    enum err_code code = mon_joint_space_from_st(f, r->schema, &r->joint_space, e);
    if (!code)
        code = mon_joint_sums_from_st(f, "joint_reference/", r->joint_space, &r->joint, e);
    if (!code && mon_joint_sums_rows(r->joint) < 2)
        code = err_set(e, ERR_CORRUPT, "joint_reference/rows: expected 2 or more");
    if (code)
        return code;
    size_t n = count_chunks(f);
    r->joint_chunks = calloc(n + 1, sizeof *r->joint_chunks);
    if (!r->joint_chunks)
        return err_set(e, ERR_NOMEM, "out of memory for joint sums");
    for (; !code && r->n_joint_chunks < n; r->n_joint_chunks += code == ERR_OK)
        code = mon_joint_sums_from_st(f, chunk_prefix(r->n_joint_chunks, prefix), r->joint_space,
                                      &r->joint_chunks[r->n_joint_chunks], e);
    return code;
}
