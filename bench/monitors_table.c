/*
 * monitors_table.c - made-up tables for bench_monitors, and rulers over them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rand.h"
#include "monitors_speed.h"

const char *const column_names[N_COLUMNS] = {
#define X(symbol, text) [symbol] = text,
    COLUMN_LIST(X)
#undef X
};

static double draw(enum column_law column, size_t feature, struct rng *r)
{
    switch (column) {
    case COLUMN_NORMAL:
        return rng_normal(r);
    case COLUMN_MISSING:
        return rng_uniform(r) < 0.1 ? NAN : rng_normal(r);
    case COLUMN_WHOLE:
        return floor(40 * rng_uniform(r));
    case COLUMN_HEAVY:
        return tan(M_PI * (rng_uniform(r) - 0.5));
    case COLUMN_MIXED:
        return draw(feature % 8 == 1   ? COLUMN_WHOLE
                    : feature % 8 == 5 ? COLUMN_HEAVY
                                       : COLUMN_NORMAL,
                    feature, r);
    case N_COLUMNS:
        break;
    }
    return NAN;
}

static void make_schema(struct table *t)
{
    struct err e = {0};
    cJSON *json = cJSON_CreateObject(), *label = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "model", "m");
    cJSON *features = cJSON_AddArrayToObject(json, "features");
    for (size_t i = 0; i < t->n_features; i++) {
        char name[32];
        cJSON *feature = cJSON_CreateObject();
        snprintf(name, sizeof name, "f%zu", i);
        cJSON_AddStringToObject(feature, "name", name);
        cJSON_AddStringToObject(feature, "type", "numeric");
        cJSON_AddItemToArray(features, feature);
    }
    cJSON_AddStringToObject(label, "name", "y");
    cJSON_AddStringToObject(label, "type", "regression");
    cJSON_AddItemToObject(json, "label", label);
    if (schema_from_json(json, &t->schema, &e) ||
        vocabulary_new(t->schema, NULL, NULL, &t->vocabulary, &e))
        bench_fail("schema", &e);
    cJSON_Delete(json);
}

void table_init(struct table *t, enum column_law column, size_t n_rows, size_t n_features,
                uint64_t seed)
{
    struct ruler_options o;
    struct err e = {0};
    struct rng rng;
    size_t n = n_rows * n_features;
    float *scores = calloc(N_REFERENCE, sizeof *scores);
    *t = (struct table){.n_rows = n_rows, .n_features = n_features};
    t->f64 = malloc(n * sizeof *t->f64);
    t->f32 = malloc(n * sizeof *t->f32);
    if (!scores || !t->f64 || !t->f32) {
        err_set(&e, ERR_NOMEM, "out of memory for %zu values", n);
        bench_fail("table", &e);
    }
    rng_seed(&rng, seed);
    for (size_t i = 0; i < n; i++)
        t->f64[i] = t->f32[i] = (float)draw(column, i % n_features, &rng);
    make_schema(t);
    ruler_options_init(&o);
    if (ruler_fit(t->schema, t->vocabulary, t->f64, scores, N_REFERENCE, &o, &t->ruler, &e))
        bench_fail("ruler", &e);
    free(scores);
}

void table_deinit(struct table *t)
{
    ruler_free(t->ruler);
    vocabulary_free(t->vocabulary);
    schema_free(t->schema);
    free(t->f64);
    free(t->f32);
}

struct profile *table_profile(const struct table *t, size_t from, size_t n_rows)
{
    struct profile *p = NULL;
    struct err e = {0};
    if (profile_new(t->ruler, &p, &e))
        bench_fail("profile", &e);
    profile_count(p, t->f64 + from * t->n_features, NULL, n_rows);
    return p;
}
