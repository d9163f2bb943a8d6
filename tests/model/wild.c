/*
 * wild.c - the columns, the ruler and the wild values.
 */
#include "wild.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rand.h"
#include "shapes.h"
#include "tiny_model.h"

static const char *kind_of(size_t feature)
{
    return feature % 7 == 5    ? "\"categorical\""
           : feature % 11 == 9 ? "\"numeric\",\"pii\":true"
                               : "\"numeric\"";
}

static void make_schema(struct wild *b)
{
    static const char *const three[] = {"a", "b", "c"};
    const char *const *categories[WILD_MAX_FEATURES];
    size_t n_categories[WILD_MAX_FEATURES];
    char json[64 * (WILD_MAX_FEATURES + 4)];
    size_t len = (size_t)sprintf(json, "{\"model\":\"m\",\"features\":[");
    for (size_t i = 0; i < b->n_features; i++) {
        len += (size_t)sprintf(json + len, "%s{\"name\":\"f%zu\",\"type\":%s}", i ? "," : "", i,
                               kind_of(i));
        categories[i] = three;
        n_categories[i] = i % 7 == 5 ? 3 : 0;
    }
    sprintf(json + len, "],\"label\":{\"name\":\"y\",\"type\":\"multiclass\","
                        "\"classes\":[\"p\",\"q\",\"r\"]}}");
    struct err e = {0};
    b->schema = tiny_schema(json);
    if (vocabulary_new(b->schema, categories, n_categories, &b->vocabulary, &e))
        fail_msg("%s", e.message);
}

static void draw(struct wild *b, struct rng *rng)
{
    for (size_t f = 0; f < b->n_features; f++) {
        struct shape_bench column = shape_bench((enum shape)(f % N_SHAPES), WILD_ROWS);
        for (size_t i = 0; i < WILD_ROWS; i++)
            b->codes[i * b->n_features + f] =
                f % 7 == 5 ? floor(3 * rng_uniform(rng)) : column.values[i];
        shape_free(&column);
    }
    for (size_t i = 0; i < WILD_ROWS * WILD_CLASSES; i++)
        b->scores[i] = (float)rng_uniform(rng);
}

static double near_an_edge(const struct series *s, struct rng *rng)
{
    double edge = s->edges[(size_t)(rng_uniform(rng) * (double)s->n_edges)];
    switch ((int)(5 * rng_uniform(rng))) {
    case 0:
        return edge;
    case 1:
        return nextafter(edge, INFINITY);
    case 2:
        return nextafter(edge, -INFINITY);
    case 3:
        return (float)edge;
    default:
        return nextafterf((float)edge, rng_uniform(rng) < 0.5 ? INFINITY : -INFINITY);
    }
}

static double wild_value(const struct series *s, struct rng *rng)
{
    static const double values[] = {
        NAN,   INFINITY, -INFINITY, 1e308,   -1e308,  DBL_MAX, -DBL_MAX, FLT_MAX, -FLT_MAX, 0,
        -0.0,  DBL_MIN,  5e-324,    -5e-324, FLT_MIN, 1e-45,   -1e-45,   1e8,     1e10,     -1e10,
        1e300, -1e300,   -1,        0.5,     1.5,     3,       1e6,      2.5,     -999,     2e9};
    if (s->kind == SERIES_NUMERIC && rng_uniform(rng) < 0.6)
        return near_an_edge(s, rng);
    return values[(size_t)(rng_uniform(rng) * (sizeof values / sizeof values[0]))];
}

/* Rows without any wild value, with one, and of nothing else. */
static void make_wild(struct wild *b, struct rng *rng)
{
    for (size_t i = 0; i < WILD_ROWS; i++) {
        double share = i % 3 == 0 ? 0 : i % 3 == 1 ? 0.1 : 1;
        for (size_t f = 0; f < b->n_features; f++)
            if (rng_uniform(rng) < share)
                b->codes[i * b->n_features + f] = wild_value(&b->ruler->series[f], rng);
        for (size_t o = 0; o < WILD_CLASSES; o++)
            if (rng_uniform(rng) < share / 4)
                b->scores[i * WILD_CLASSES + o] =
                    wild_value(&b->ruler->series[b->n_features + o], rng);
    }
}

struct wild wild_new(size_t n_features)
{
    struct wild b = {.n_features = n_features};
    struct ruler_options o;
    struct err e = {0};
    struct rng rng;
    rng_seed(&rng, 77 + n_features);
    b.codes = malloc(WILD_ROWS * n_features * sizeof *b.codes);
    b.scores = malloc(WILD_ROWS * WILD_CLASSES * sizeof *b.scores);
    float *scores = malloc(WILD_ROWS * WILD_CLASSES * sizeof *scores);
    make_schema(&b);
    draw(&b, &rng);
    for (size_t i = 0; i < WILD_ROWS * WILD_CLASSES; i++)
        scores[i] = (float)b.scores[i];
    ruler_options_init(&o);
    if (ruler_fit(b.schema, b.vocabulary, b.codes, scores, WILD_ROWS, &o, &b.ruler, &e))
        fail_msg("%s", e.message);
    make_wild(&b, &rng);
    free(scores);
    return b;
}

void wild_free(struct wild *b)
{
    ruler_free(b->ruler);
    vocabulary_free(b->vocabulary);
    schema_free(b->schema);
    free(b->codes);
    free(b->scores);
}
