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
#define OUTLIER_AT 777
#define HOUR_MS 3600000.0

const char *law_name(enum law law)
{
    static const char *const names[] = {
#define X(symbol, text) [symbol] = text,
        LAW_LIST(X)
#undef X
    };
    return names[law];
}

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

/* The same for every row of an hour; each feature's week is turned a little further. */
static double seasonal_mean(const struct stream *s, size_t feature)
{
    double hours = floor((double)(s->now_ms - STREAM_BEGIN_MS) / HOUR_MS),
           turn = 0.7 * (double)feature;
    return 1.5 * sin(2.0 * M_PI * hours / 168.0 + turn) + sin(2.0 * M_PI * hours / 24.0 + turn);
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
    case LAW_WEEKLY:
        return s->mean[feature] + rng_normal(&s->rng);
    case LAW_COUNTER:
        return s->level[feature] += 1.0;
    }
    return NAN;
}

static double changed(struct stream *s, double x, const struct change *c)
{
    if (s->law != LAW_CATEGORY)
        x = x * (c->scale > 0.0 ? c->scale : 1.0) + c->shift;
    if (c->missing > 0.0 && rng_uniform(&s->rng) < c->missing)
        x = NAN;
    if (c->doubled > 0.0 && x != 0.0 && !isnan(x) && rng_uniform(&s->rng) < c->doubled)
        x = 0.0;
    return x;
}

static void draw_row(struct stream *s, const struct change *c, double *codes)
{
    size_t row = (size_t)((s->now_ms - STREAM_BEGIN_MS) / s->row_ms);
    bool outlier = c->outlier_every > 0 && row % c->outlier_every == OUTLIER_AT;
    for (size_t f = 0; f < s->n_features; f++) {
        codes[f] = draw(s, f);
        if (f == 0 || !c->one_feature)
            codes[f] = changed(s, codes[f], c);
        if (outlier)
            codes[f] = 1000.0;
    }
}

/* The seasonal means stand still within an hour: worked out anew when one begins. */
static void pass_time(struct stream *s)
{
    int64_t hour = (s->now_ms - STREAM_BEGIN_MS) / (int64_t)HOUR_MS;
    if (s->law == LAW_WEEKLY && hour != s->hour)
        for (size_t f = 0; f < s->n_features; f++)
            s->mean[f] = seasonal_mean(s, f);
    s->hour = hour;
    s->now_ms += s->row_ms;
}

void stream_draw(struct stream *s, size_t n_rows, const struct change *change, double *codes,
                 float *scores)
{
    const struct change none = {0};
    for (size_t i = 0; i < n_rows; i++) {
        pass_time(s);
        draw_row(s, change != NULL ? change : &none, codes + i * s->n_features);
        scores[i] = (float)rng_uniform(&s->rng);
    }
}

struct mon_span stream_span(const struct stream *s, size_t n_rows)
{
    return (struct mon_span){s->now_ms, s->now_ms + (int64_t)n_rows * s->row_ms};
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
    s->spans = calloc(s->n_chunks, sizeof *s->spans);
    for (size_t k = 0; k < s->n_chunks; k++) {
        size_t from = k * chunk_rows, n = n_rows - from < chunk_rows ? n_rows - from : chunk_rows;
        assert_int_equal(profile_new(s->ruler, &s->chunks[k], NULL), ERR_OK);
        s->spans[k] = (struct mon_span){STREAM_BEGIN_MS + (int64_t)from * s->row_ms,
                                        STREAM_BEGIN_MS + (int64_t)(from + n) * s->row_ms};
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
    *s = (struct stream){.law = law,
                         .n_features = n_features,
                         .now_ms = STREAM_BEGIN_MS,
                         .row_ms = 36000,
                         .hour = -1};
    struct ruler_options options;
    ruler_options_init(&options);
    rng_seed(&s->rng, seed);
    s->level = calloc(n_features, sizeof *s->level);
    s->mean = calloc(n_features, sizeof *s->mean);
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
    free(s->spans);
    profile_free(s->reference);
    ruler_free(s->ruler);
    vocabulary_free(s->vocabulary);
    schema_free(s->schema);
    free(s->level);
    free(s->mean);
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
