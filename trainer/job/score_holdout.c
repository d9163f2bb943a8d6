/*
 * score_holdout.c - the paired scores.
 */
#include "trainer/score_holdout.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "trainer/artifact_build.h"
#include "trainer/recode.h"
#include "trainer/train_metrics.h"

/* Scores of one version in its own classes: *out is n_holdout x n_outputs, owned. */
static enum err_code score_side(const struct snapshot *s, const struct artifact *a, float **out,
                                struct err *e)
{
    size_t n = s->n_holdout, first = s->n_rows - n;
    double *codes = calloc(n * a->schema->n_features, sizeof *codes);
    float *scores = calloc(n * artifact_n_outputs(a), sizeof *scores);
    enum err_code code = codes && scores
                             ? recode_rows(s, first, n, a->schema, a->vocabulary, codes, e)
                             : err_set(e, ERR_NOMEM, "out of memory scoring %zu holdout rows", n);
    code = code ? code : artifact_build_scores(a, codes, n, scores, e);
    free(codes);
    if (code) {
        free(scores);
        return code;
    }
    *out = scores;
    return ERR_OK;
}

static enum err_code check_label(const struct schema *candidate, const struct schema *champion,
                                 struct err *e)
{
    if (candidate->label_kind == champion->label_kind) {
        return ERR_OK;
    }
    return err_set(e, ERR_INVALID, "the champion predicts a %s label, the candidate a %s one",
                   label_kind_name(champion->label_kind), label_kind_name(candidate->label_kind));
}

/* A binary champion whose positive class is the candidate's negative one says 1 - p. */
static void align_binary(const struct schema *to, const struct schema *from, float *scores,
                         size_t n_rows)
{
    if (strcmp(to->classes[1], from->classes[0]) != 0) {
        return;
    }
    for (size_t i = 0; i < n_rows; i++) {
        scores[i] = 1 - scores[i];
    }
}

/* Columns in the order of the candidate's classes; a class that the champion never knew has
 * probability 0. *scores is replaced. */
static enum err_code align_classes(const struct schema *to, const struct schema *from,
                                   float **scores, size_t n_rows, struct err *e)
{
    float *aligned = calloc(n_rows * to->n_classes, sizeof *aligned);
    if (!aligned) {
        return err_set(e, ERR_NOMEM, "out of memory aligning classes");
    }
    for (size_t j = 0; j < to->n_classes; j++) {
        int k = schema_find_class(from, to->classes[j]);
        for (size_t i = 0; k >= 0 && i < n_rows; i++) {
            aligned[i * to->n_classes + j] = (*scores)[i * from->n_classes + (size_t)k];
        }
    }
    free(*scores);
    *scores = aligned;
    return ERR_OK;
}

static enum err_code score_champion(const struct snapshot *s, const struct schema *to,
                                    const struct artifact *champion, float **out, struct err *e)
{
    enum err_code code = check_label(to, champion->schema, e);
    code = code ? code : score_side(s, champion, out, e);
    if (code) {
        return err_prefix(e, "scoring the champion");
    }
    if (to->label_kind == LABEL_BINARY) {
        align_binary(to, champion->schema, *out, s->n_holdout);
    } else if (to->label_kind == LABEL_MULTICLASS) {
        code = align_classes(to, champion->schema, out, s->n_holdout, e);
    }
    return code;
}

static enum err_code add_metrics(cJSON *all, const char *side, const struct schema *schema,
                                 const struct snapshot *s, const float *scores, struct err *e)
{
    struct train_metrics m;
    enum err_code code =
        train_metrics_compute(schema->label_kind, scores, s->labels + (s->n_rows - s->n_holdout),
                              s->n_holdout, schema_n_outputs(schema), &m, e);
    if (!code && !cJSON_AddItemToObject(all, side, train_metrics_to_json(&m))) {
        code = err_set(e, ERR_NOMEM, "out of memory for metrics");
    }
    return code;
}

static enum err_code add_tensors(struct st_writer *w, const struct snapshot *s, size_t n_outputs,
                                 const float *candidate, const float *champion, struct err *e)
{
    size_t first = s->n_rows - s->n_holdout;
    const int64_t shape[2] = {(int64_t)s->n_holdout, (int64_t)n_outputs};
    enum err_code code = st_writer_add(w, "candidate", ST_F32, 2, shape, candidate, e);
    if (!code && champion) {
        code = st_writer_add(w, "champion", ST_F32, 2, shape, champion, e);
    }
    code = code ? code : st_writer_add(w, "y", ST_F64, 1, shape, s->labels + first, e);
    return code ? code : st_writer_add(w, "time", ST_I64, 1, shape, s->time_unix_ms + first, e);
}

static enum err_code save(const struct snapshot *s, size_t n_outputs, const float *candidate,
                          const float *champion, const cJSON *metrics, const char *path,
                          char sha256[SHA256_HEX_BYTES], struct err *e)
{
    struct st_writer *w = st_writer_new();
    char *text = json_print(metrics);
    enum err_code code = w && text ? add_tensors(w, s, n_outputs, candidate, champion, e)
                                   : err_set(e, ERR_NOMEM, "out of memory for the scores file");
    code = code ? code : st_writer_meta(w, "metrics", text, e);
    code = code ? code : st_writer_save(w, path, sha256, e);
    st_writer_free(w);
    free(text);
    return code;
}

enum err_code score_holdout(const struct snapshot *s, const struct artifact *candidate,
                            const struct artifact *champion, const char *path,
                            char sha256[SHA256_HEX_BYTES], cJSON **metrics, struct err *e)
{
    const struct schema *schema = candidate->schema;
    float *ours = NULL, *theirs = NULL;
    cJSON *all = cJSON_CreateObject();
    enum err_code code = score_side(s, candidate, &ours, e);
    code = code ? code : add_metrics(all, "candidate", schema, s, ours, e);
    if (!code && champion) {
        code = score_champion(s, schema, champion, &theirs, e);
        code = code ? code : add_metrics(all, "champion", schema, s, theirs, e);
    }
    code = code ? code : save(s, schema_n_outputs(schema), ours, theirs, all, path, sha256, e);
    free(ours);
    free(theirs);
    if (code) {
        cJSON_Delete(all);
        return code;
    }
    *metrics = all;
    return ERR_OK;
}
