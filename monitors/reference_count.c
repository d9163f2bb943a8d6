/*
 * reference_count.c - the second pass over a reference's rows: counts, chunk by chunk, rows that
 * repeat, and labelled rows with their scores.
 */
#include <stdlib.h>
#include <string.h>

#include "reference_builder.h"
#include "reference_joint.h"

static enum err_code count_block(struct mon_reference_builder *b, struct err *e)
{
    size_t n = b->n_block;
    b->n_block = 0;
    if (n == 0)
        return ERR_OK;
    profile_count(b->chunk, b->block_codes, b->block_scores, n);
    enum err_code code = b->repeats ? mon_duplicates_add(b->repeats, b->block_codes, n,
                                                         b->ref->schema->n_features, e)
                                    : ERR_OK;
    return code ? code : reference_joint_count(b, b->block_codes, n, e);
}

static enum err_code grow_chunks(struct mon_reference_builder *b, struct err *e)
{
    struct mon_reference *r = b->ref;
    size_t cap = b->chunk_cap ? b->chunk_cap * 2 : 64;
    struct profile **chunks = realloc(r->chunks, cap * sizeof *chunks);
    if (chunks)
        r->chunks = chunks;
    struct mon_span *spans = realloc(r->spans, cap * sizeof *spans);
    if (spans)
        r->spans = spans;
    if (!chunks || !spans)
        return err_set(e, ERR_NOMEM, "out of memory for %zu chunks", cap);
    b->chunk_cap = cap;
    return ERR_OK;
}

static enum err_code close_chunk(struct mon_reference_builder *b, struct err *e)
{
    struct mon_reference *r = b->ref;
    if (r->n_chunks == b->chunk_cap && grow_chunks(b, e))
        return ERR_NOMEM;
    enum err_code code = count_block(b, e);
    if (code)
        return code;
    profile_merge(r->profile, b->chunk);
    r->spans[r->n_chunks] = b->span;
    r->chunks[r->n_chunks++] = b->chunk;
    b->chunk = NULL;
    return ERR_OK;
}

static enum err_code grow_validation(struct mon_reference_builder *b, struct err *e)
{
    struct mon_reference *r = b->ref;
    size_t cap = b->validation_cap ? b->validation_cap * 2 : 1024;
    float *scores = realloc(r->validation_scores, cap * b->n_outputs * sizeof *scores);
    if (scores)
        r->validation_scores = scores;
    double *labels = realloc(r->validation_labels, cap * sizeof *labels);
    if (labels)
        r->validation_labels = labels;
    if (!scores || !labels)
        return err_set(e, ERR_NOMEM, "out of memory for %zu labelled rows", cap);
    b->validation_cap = cap;
    return ERR_OK;
}

static bool is_labelled(const struct mon_reference_builder *b, const struct mon_row *row)
{
    bool labelled = row->scores && !isnan(row->label);
    for (size_t i = 0; labelled && i < b->n_outputs; i++)
        labelled = !isnan(row->scores[i]);
    return labelled;
}

static enum err_code keep_labelled(struct mon_reference_builder *b, const struct mon_row *row,
                                   struct err *e)
{
    struct mon_reference *r = b->ref;
    if (!is_labelled(b, row) || b->n_labelled++ % b->keep_every != 0)
        return ERR_OK;
    if (r->n_validation == b->validation_cap && grow_validation(b, e))
        return ERR_NOMEM;
    memcpy(r->validation_scores + r->n_validation * b->n_outputs, row->scores,
           b->n_outputs * sizeof *row->scores);
    r->validation_labels[r->n_validation++] = row->label;
    return ERR_OK;
}

static void add_to_block(struct mon_reference_builder *b, const struct mon_row *row)
{
    size_t n_features = b->ref->schema->n_features;
    mon_reference_encode(b->ref, row->values, b->block_codes + b->n_block * n_features);
    reference_copy_scores(b->block_scores + b->n_block * b->n_outputs, row->scores, b->n_outputs);
    for (size_t i = 0; row->scores && !b->ref->has_scores && i < b->n_outputs; i++)
        b->ref->has_scores = !isnan(row->scores[i]);
    b->n_block++;
    reference_widen(&b->span, row->unix_ms);
}

enum err_code mon_reference_builder_count(struct mon_reference_builder *b,
                                          const struct mon_row *row, struct err *e)
{
    enum err_code code = ERR_OK;
    if (!b->chunk) {
        code = profile_new(b->ref->ruler, &b->chunk, e);
        b->span = (struct mon_span){row->unix_ms, row->unix_ms + 1};
    }
    if (code)
        return code;
    add_to_block(b, row);
    code = keep_labelled(b, row, e);
    if (code)
        return code;
    bool full = b->chunk->n_rows + b->n_block == b->chunk_rows;
    if (full)
        return close_chunk(b, e);
    return b->n_block == REFERENCE_BLOCK_ROWS ? count_block(b, e) : ERR_OK;
}

enum err_code mon_reference_builder_mismatched(struct mon_reference_builder *b,
                                               const uint64_t *counts, struct err *e)
{
    size_t n = b->ref->schema->n_features;
    uint64_t *copy = malloc(n * sizeof *copy);
    if (!copy)
        return err_set(e, ERR_NOMEM, "out of memory for %zu counts", n);
    memcpy(copy, counts, n * sizeof *copy);
    free(b->ref->mismatched);
    b->ref->mismatched = copy;
    return ERR_OK;
}

enum err_code mon_reference_builder_finish(struct mon_reference_builder *b,
                                           struct mon_reference **out, struct err *e)
{
    enum err_code code = b->chunk ? close_chunk(b, e) : ERR_OK;
    if (!code && b->ref->profile->n_rows == 0)
        code = err_set(e, ERR_INVALID, "a reference needs at least one row");
    if (code)
        return code;
    if (b->ref->schema->time.name[0] == '\0') {
        free(b->ref->spans);
        b->ref->spans = NULL;
    }
    reference_joint_finish(b->ref);
    b->ref->has_repeats = b->repeats != NULL;
    b->ref->n_repeated = b->repeats ? (uint64_t)mon_duplicates_estimate(b->repeats).repeated : 0;
    for (size_t f = 0; f < b->ref->schema->n_features; f++)
        text_map_deinit(&b->categories[f]);
    free(b->categories);
    b->categories = NULL;
    *out = b->ref;
    b->ref = NULL;
    return ERR_OK;
}
