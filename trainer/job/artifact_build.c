/*
 * artifact_build.c - reference, chunks, validation pairs, golden rows.
 */
#include "trainer/artifact_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHUNKS 200
#define MIN_CHUNK_ROWS 50
#define MAX_CHUNK_BYTES (32U << 20) /* of all chunks' counts: wide models get fewer chunks */
#define GOLDEN_ODD_ROWS 8           /* kept free for rows with missing or unseen values */

enum err_code artifact_build_scores(const struct artifact *a, const double *codes, size_t n_rows,
                                    float *scores, struct err *e)
{
    struct artifact_scratch *scratch;
    enum err_code code = artifact_scratch_new(a, n_rows, &scratch, e);
    if (!code) {
        code = artifact_score_codes(a, scratch, codes, n_rows, scores, e);
        artifact_scratch_free(scratch);
    }
    return code;
}

/* ---- reference and chunks ---- */

static enum err_code profile_rows(const struct artifact *a, const struct train_data *d,
                                  const float *scores, size_t from, size_t n_rows,
                                  struct profile **out, struct err *e)
{
    enum err_code code = profile_new(a->ruler, out, e);
    if (!code) {
        profile_count(*out, d->codes + from * a->schema->n_features,
                      scores + from * artifact_n_outputs(a), n_rows);
    }
    return code;
}

static size_t rows_per_chunk(size_t n_rows, size_t n_cells)
{
    size_t chunk_bytes = n_cells * sizeof(uint64_t);
    size_t affordable = MAX_CHUNK_BYTES / (chunk_bytes ? chunk_bytes : 1);
    size_t n = n_rows / MIN_CHUNK_ROWS;
    n = n < MAX_CHUNKS ? n : MAX_CHUNKS;
    n = n < affordable ? n : affordable;
    n = n > 0 ? n : 1;
    return (n_rows + n - 1) / n;
}

/* Of the rows from first to last; their times ascend. */
static void note_span(struct artifact *a, const struct train_data *d, size_t first, size_t last)
{
    int64_t *span = a->chunk_spans + 2 * a->n_chunks;
    span[0] = d->snapshot->time_unix_ms[first];
    span[1] = d->snapshot->time_unix_ms[last] + 1;
}

static enum err_code cut_chunks(struct artifact *a, const struct train_data *d, const float *scores,
                                struct err *e)
{
    size_t n_rows = train_data_n_fit(d), step = rows_per_chunk(n_rows, a->ruler->n_cells);
    size_t n_chunks = (n_rows + step - 1) / step;
    a->chunks = calloc(n_chunks, sizeof *a->chunks);
    a->chunk_spans = calloc(n_chunks, 2 * sizeof *a->chunk_spans);
    if (!a->chunks || !a->chunk_spans) {
        return err_set(e, ERR_NOMEM, "out of memory for the reference's chunks");
    }
    enum err_code code = ERR_OK;
    for (size_t from = 0; !code && from < n_rows; from += step) {
        size_t n = from + step < n_rows ? step : n_rows - from;
        code = profile_rows(a, d, scores, from, n, &a->chunks[a->n_chunks], e);
        if (!code) {
            note_span(a, d, from, from + n - 1);
            a->n_chunks++;
        }
    }
    return code;
}

enum err_code artifact_build_reference(struct artifact *a, const struct train_data *d,
                                       const float *scores, struct err *e)
{
    struct ruler_options options;
    ruler_options_init(&options);
    enum err_code code = ruler_fit(a->schema, a->vocabulary, d->codes, scores, train_data_n_fit(d),
                                   &options, &a->ruler, e);
    code = code ? code : profile_rows(a, d, scores, 0, train_data_n_fit(d), &a->reference, e);
    return code ? code : cut_chunks(a, d, scores, e);
}

/* ---- validation pairs ---- */

enum err_code artifact_build_validation(struct artifact *a, const struct train_data *d,
                                        const float *scores, struct err *e)
{
    size_t n_outputs = artifact_n_outputs(a), n_fit = train_data_n_fit(d);
    size_t n =
        d->n_validation < ARTIFACT_VALIDATION_ROWS ? d->n_validation : ARTIFACT_VALIDATION_ROWS;
    a->validation_scores = malloc(n * n_outputs * sizeof *a->validation_scores);
    a->validation_labels = malloc(n * sizeof *a->validation_labels);
    if (!a->validation_scores || !a->validation_labels) {
        return err_set(e, ERR_NOMEM, "out of memory for %zu validation rows", n);
    }
    memcpy(a->validation_scores, scores + (n_fit - n) * n_outputs,
           n * n_outputs * sizeof *a->validation_scores);
    memcpy(a->validation_labels, d->labels + (n_fit - n), n * sizeof *a->validation_labels);
    a->n_validation = n;
    return ERR_OK;
}

/* ---- golden rows ---- */

static bool is_odd(const struct schema *s, const double *codes)
{
    for (size_t j = 0; j < s->n_features; j++) {
        bool unseen = s->features[j].kind == FEATURE_CATEGORICAL && codes[j] == CODE_UNSEEN;
        if (unseen || isnan(codes[j])) {
            return true;
        }
    }
    return false;
}

/* Marks n of the rows with odd[row] == which, evenly among them; returns how many it marked. */
static size_t pick_evenly(const bool *odd, bool which, size_t n_rows, size_t n, bool *picked)
{
    size_t there = 0, seen = 0, done = 0;
    for (size_t i = 0; i < n_rows; i++) {
        there += odd[i] == which;
    }
    n = n < there ? n : there;
    for (size_t i = 0; i < n_rows && done < n; i++) {
        if (odd[i] == which && seen++ == done * there / n) {
            picked[i] = true;
            done++;
        }
    }
    return done;
}

static void pick_rows(const struct schema *s, const struct train_data *d, bool *odd, bool *picked)
{
    size_t n_rows = train_data_n_fit(d);
    for (size_t i = 0; i < n_rows; i++) {
        odd[i] = is_odd(s, d->codes + i * s->n_features);
        picked[i] = false;
    }
    size_t n = pick_evenly(odd, false, n_rows, ARTIFACT_GOLDEN_ROWS - GOLDEN_ODD_ROWS, picked);
    pick_evenly(odd, true, n_rows, ARTIFACT_GOLDEN_ROWS - n, picked);
}

static enum err_code copy_golden(struct artifact *a, const struct train_data *d,
                                 const float *outputs, const bool *picked, struct err *e)
{
    size_t n_features = a->schema->n_features, n_outputs = artifact_n_outputs(a);
    a->golden_codes = calloc(ARTIFACT_GOLDEN_ROWS * n_features, sizeof *a->golden_codes);
    a->golden_outputs = calloc(ARTIFACT_GOLDEN_ROWS * n_outputs, sizeof *a->golden_outputs);
    if (!a->golden_codes || !a->golden_outputs) {
        return err_set(e, ERR_NOMEM, "out of memory for golden rows");
    }
    for (size_t i = 0; i < train_data_n_fit(d); i++) {
        if (picked[i]) {
            memcpy(a->golden_codes + a->n_golden * n_features, d->codes + i * n_features,
                   n_features * sizeof *d->codes);
            memcpy(a->golden_outputs + a->n_golden * n_outputs, outputs + i * n_outputs,
                   n_outputs * sizeof *outputs);
            a->n_golden++;
        }
    }
    a->golden_tolerance = GOLDEN_TOLERANCE;
    return ERR_OK;
}

enum err_code artifact_build_golden(struct artifact *a, const struct train_data *d,
                                    const float *outputs, struct err *e)
{
    size_t n_rows = train_data_n_fit(d);
    bool *odd = malloc(n_rows * sizeof *odd), *picked = malloc(n_rows * sizeof *picked);
    enum err_code code = ERR_OK;
    if (odd && picked) {
        pick_rows(a->schema, d, odd, picked);
        code = copy_golden(a, d, outputs, picked, e);
    } else {
        code = err_set(e, ERR_NOMEM, "out of memory for golden rows");
    }
    free(odd);
    free(picked);
    return code ? code : artifact_check_golden(a, e);
}
