/*
 * stream.c - made-up streams for monitor tests.
 */
#include "stream.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"

#define N_CATEGORIES 8

static double draw_student2(struct rng *r)
{
    double u = rng_uniform(r);
    while (u <= 0.0)
        u = rng_uniform(r);
    return (2.0 * u - 1.0) / sqrt(2.0 * u * (1.0 - u)); /* the quantile function */
}

static double draw_category(struct rng *r)
{
    double u = rng_uniform(r);
    if (u < 0.01)
        return NAN;
    if (u < 0.012)
        return N_CATEGORIES - 1;
    return (double)rng_below(r, N_CATEGORIES - 1);
}

static double draw(struct stream *s, size_t feature)
{
    switch (s->law) {
    case LAW_NORMAL:
        return rng_normal(&s->rng);
    case LAW_HEAVY:
        return draw_student2(&s->rng);
    case LAW_DISCRETE:
        return fmin(4.0, floor(-log(1.0 - rng_uniform(&s->rng))));
    case LAW_AR:
        s->level[feature] = 0.9 * s->level[feature] + sqrt(1 - 0.81) * rng_normal(&s->rng);
        return s->level[feature];
    case LAW_CATEGORY:
        return draw_category(&s->rng);
    case LAW_COUNTER:
        return s->level[feature] += 1.0;
    }
    return NAN;
}

void stream_draw(struct stream *s, size_t n_rows, const struct change *change, double *codes,
                 float *scores)
{
    const struct change none = {0};
    const struct change *c = change != NULL ? change : &none;
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t f = 0; f < s->n_features; f++) {
            double x = draw(s, f);
            if (s->law != LAW_CATEGORY)
                x = x * (c->scale > 0.0 ? c->scale : 1.0) + c->shift;
            if (c->missing > 0.0 && rng_uniform(&s->rng) < c->missing)
                x = NAN;
            codes[i * s->n_features + f] = x;
        }
        scores[i] = (float)rng_uniform(&s->rng);
    }
}

static void make_schema(struct stream *s)
{
    char text[128 * 64];
    size_t at = (size_t)snprintf(text, sizeof text, "{\"model\": \"m\", \"features\": [");
    for (size_t f = 0; f < s->n_features; f++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "%s{\"name\": \"f%zu\", \"type\": \"%s\"}", f > 0 ? "," : "", f,
                               s->law == LAW_CATEGORY ? "categorical" : "numeric");
    at += (size_t)snprintf(text + at, sizeof text - at,
                           "], \"label\": {\"name\": \"y\", \"type\": \"binary\","
                           " \"classes\": [\"no\", \"yes\"]}}");
    cJSON *json = NULL;
    assert_int_equal(json_parse("schema", text, at, &json, NULL), ERR_OK);
    assert_int_equal(schema_from_json(json, &s->schema, NULL), ERR_OK);
    cJSON_Delete(json);
}

static void make_vocabulary(struct stream *s)
{
    static const char *const texts[N_CATEGORIES] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    const char *const **lists = calloc(s->n_features, sizeof *lists);
    size_t *counts = calloc(s->n_features, sizeof *counts);
    for (size_t f = 0; f < s->n_features; f++) {
        lists[f] = texts;
        counts[f] = s->law == LAW_CATEGORY ? N_CATEGORIES : 0;
    }
    assert_int_equal(vocabulary_new(s->schema, lists, counts, &s->vocabulary, NULL), ERR_OK);
    free(lists);
    free(counts);
}

static void cut_chunks(struct stream *s, const double *codes, const float *scores, size_t n_rows,
                       size_t chunk_rows)
{
    s->n_chunks = (n_rows + chunk_rows - 1) / chunk_rows;
    s->chunks = calloc(s->n_chunks, sizeof(struct profile *));
    for (size_t k = 0; k < s->n_chunks; k++) {
        size_t from = k * chunk_rows, n = n_rows - from < chunk_rows ? n_rows - from : chunk_rows;
        assert_int_equal(profile_new(s->ruler, &s->chunks[k], NULL), ERR_OK);
        profile_count(s->chunks[k], codes + from * s->n_features, scores + from, n);
        profile_merge(s->reference, s->chunks[k]);
    }
}

void stream_init(struct stream *s, enum law law, size_t n_features, size_t n_reference,
                 size_t chunk_rows, uint64_t seed)
{
    stream_init_changed(s, law, NULL, n_features, n_reference, chunk_rows, seed);
}

void stream_init_changed(struct stream *s, enum law law, const struct change *change,
                         size_t n_features, size_t n_reference, size_t chunk_rows, uint64_t seed)
{
    *s = (struct stream){.law = law, .n_features = n_features};
    struct ruler_options options;
    ruler_options_init(&options);
    rng_seed(&s->rng, seed);
    s->level = calloc(n_features, sizeof *s->level);
    make_schema(s);
    make_vocabulary(s);
    double *codes = calloc(n_reference * n_features, sizeof *codes);
    float *scores = calloc(n_reference, sizeof *scores);
    stream_draw(s, n_reference, change, codes, scores);
    assert_int_equal(
        ruler_fit(s->schema, s->vocabulary, codes, scores, n_reference, &options, &s->ruler, NULL),
        ERR_OK);
    assert_int_equal(profile_new(s->ruler, &s->reference, NULL), ERR_OK);
    cut_chunks(s, codes, scores, n_reference, chunk_rows);
    free(codes);
    free(scores);
}

void stream_deinit(struct stream *s)
{
    for (size_t k = 0; k < s->n_chunks; k++)
        profile_free(s->chunks[k]);
    free(s->chunks);
    profile_free(s->reference);
    ruler_free(s->ruler);
    vocabulary_free(s->vocabulary);
    schema_free(s->schema);
    free(s->level);
}

struct profile *stream_window(struct stream *s, size_t n_rows, const struct change *change)
{
    struct profile *window = NULL;
    double *codes = calloc(n_rows * s->n_features, sizeof *codes);
    float *scores = calloc(n_rows, sizeof *scores);
    assert_int_equal(profile_new(s->ruler, &window, NULL), ERR_OK);
    stream_draw(s, n_rows, change, codes, scores);
    profile_count(window, codes, scores, n_rows);
    free(codes);
    free(scores);
    return window;
}
