/*
 * tiny_artifact.c - the versions of tiny_artifact.h.
 */
#include "tiny_artifact.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define N_ROWS 40
#define N_GOLDEN 5

static void must(enum err_code code, const struct err *e)
{
    if (code) {
        fprintf(stderr, "tiny_artifact: %s\n", e->message);
        abort();
    }
}

struct schema *tiny_schema(const char *text)
{
    struct err e = {0};
    cJSON *json = NULL;
    struct schema *s = NULL;
    must(json_parse("schema", text, strlen(text), &json, &e), &e);
    must(schema_from_json(json, &s, &e), &e);
    cJSON_Delete(json);
    return s;
}

static struct schema *make_schema(const struct tiny_options *o)
{
    char text[1024];
    snprintf(text, sizeof text,
             "{\"model\":\"%s\",\"features\":[{\"name\":\"age\",\"type\":\"numeric\"},"
             "{\"name\":\"zip\",\"type\":\"categorical\"},"
             "{\"name\":\"ssn\",\"type\":\"categorical\",\"pii\":true}%s],"
             "\"label\":{\"name\":\"paid\",\"type\":\"binary\",\"classes\":[\"no\",\"yes\"]}}",
             o->model ? o->model : "loan",
             o->income ? ",{\"name\":\"income\",\"type\":\"numeric\"}" : "");
    return tiny_schema(text);
}

double tiny_score(double bias, double age, const char *zip)
{
    double z = bias + (isnan(age) ? 0 : (age - 40) / 10);
    z += !*zip ? 0.25 : strcmp(zip, "a") == 0 ? 1 : strcmp(zip, "b") == 0 ? -1 : 0.5;
    return 1 / (1 + exp(-z));
}

static const struct transform_feature numeric = {
    .kind = FEATURE_NUMERIC, .clip_low = -INFINITY, .clip_high = INFINITY, .scale = 1};

static void make_transform(const struct tiny_options *o, struct artifact *a)
{
    struct err e = {0};
    must(transform_new(a->schema->n_features, &a->transform, &e), &e);
    struct transform_feature *f = a->transform->features;
    f[0] = numeric;
    f[0].impute = f[0].mean = 40;
    f[0].scale = 10;
    f[1] = (struct transform_feature){.kind = FEATURE_CATEGORICAL, .n_categories = 2};
    f[2] = (struct transform_feature){.kind = FEATURE_CATEGORICAL, .skip = true};
    if (o->income) {
        f[3] = numeric;
        f[3].scale = 1000;
    }
    transform_layout(a->transform);
}

static void make_predictor(const struct tiny_options *o, struct artifact *a)
{
    static const float weights[6] = {1, 1, -1, 0.5f, 0.25f, 1};
    const size_t sizes[2] = {a->transform->n_columns, 1};
    struct err e = {0};
    must(predictor_new(sizes, 1, LINK_SIGMOID, &a->predictor, &e), &e);
    memcpy(a->predictor->layers[0].weights, weights, sizes[0] * sizeof(float));
    a->predictor->layers[0].bias[0] = (float)o->bias;
}

static void make_row(size_t i, size_t n_features, double *codes)
{
    codes[0] = i % 9 == 5 ? NAN : 20 + (double)i;
    codes[1] = (double)(i % 2);
    codes[2] = i % 5 == 0 ? NAN : CODE_PRESENT;
    if (n_features > 3) {
        codes[3] = 100 * (double)i;
    }
}

static double score_row(const struct tiny_options *o, const double *codes)
{
    double p = tiny_score(o->bias + (o->income ? codes[3] / 1000 : 0), codes[0],
                          codes[1] == 0 ? "a" : "b");
    return o->wrong_golden ? 1 - p : p;
}

static void make_profiles(struct artifact *a, const double *codes, const float *scores)
{
    struct err e = {0};
    struct ruler_options r;
    ruler_options_init(&r);
    must(ruler_fit(a->schema, a->vocabulary, codes, scores, N_ROWS, &r, &a->ruler, &e), &e);
    must(profile_new(a->ruler, &a->reference, &e), &e);
    profile_count(a->reference, codes, scores, N_ROWS);
    a->chunks = calloc(1, sizeof *a->chunks);
    a->n_chunks = 1;
    must(profile_new(a->ruler, &a->chunks[0], &e), &e);
    profile_count(a->chunks[0], codes, scores, N_ROWS);
}

static void make_golden(struct artifact *a, const double *codes, const float *scores)
{
    size_t n_codes = N_GOLDEN * a->schema->n_features;
    a->n_golden = N_GOLDEN;
    a->golden_tolerance = 1e-5;
    a->golden_codes = malloc(n_codes * sizeof(double));
    a->golden_outputs = malloc(N_GOLDEN * sizeof(float));
    memcpy(a->golden_codes, codes, n_codes * sizeof(double));
    memcpy(a->golden_outputs, scores, N_GOLDEN * sizeof(float));
}

struct artifact *tiny_artifact(const struct tiny_options *o)
{
    static const char *const zips[] = {"a", "b"};
    static const char *const *const categories[4] = {NULL, zips, NULL, NULL};
    static const size_t n_categories[4] = {0, 2, 0, 0};
    struct err e = {0};
    struct artifact *a = artifact_new();
    double codes[N_ROWS * 4];
    float scores[N_ROWS];
    a->schema = make_schema(o);
    size_t n_features = a->schema->n_features;
    must(vocabulary_new(a->schema, categories, n_categories, &a->vocabulary, &e), &e);
    make_transform(o, a);
    make_predictor(o, a);
    for (size_t i = 0; i < N_ROWS; i++) {
        make_row(i, n_features, codes + i * n_features);
        scores[i] = (float)score_row(o, codes + i * n_features);
    }
    make_profiles(a, codes, scores);
    make_golden(a, codes, scores);
    a->manifest = cJSON_CreateObject();
    cJSON_AddStringToObject(a->manifest, "model", a->schema->model);
    return a;
}

void tiny_artifact_save(const struct tiny_options *o, const char *folder,
                        char sha256[SHA256_HEX_BYTES])
{
    char first[PATH_MAX], path[PATH_MAX];
    struct err e = {0};
    struct artifact *a = tiny_artifact(o);
    snprintf(first, sizeof first, "%s/new.safetensors", folder);
    must(artifact_save(a, first, &e), &e);
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, a->sha256);
    if (rename(first, path) != 0) {
        perror(path);
        abort();
    }
    memcpy(sha256, a->sha256, SHA256_HEX_BYTES);
    artifact_free(a);
}
