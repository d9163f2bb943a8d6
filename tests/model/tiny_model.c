/*
 * tiny_model.c - the hand-made loan model and snapshot.
 */
#include "tiny_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "model/snapshot.h"

#define N_ROWS 40
#define N_CHUNKS 4
#define N_GOLDEN 5
#define N_VALIDATION 12

static const char loan_schema[] =
    "{\"model\":\"loan\",\"features\":["
    "{\"name\":\"age\",\"type\":\"numeric\",\"transform\":{\"clip\":[0,120]}},"
    "{\"name\":\"zip\",\"type\":\"categorical\"},"
    "{\"name\":\"ssn\",\"type\":\"categorical\",\"pii\":true}],"
    "\"label\":{\"name\":\"paid\",\"type\":\"binary\",\"classes\":[\"no\",\"yes\"]}}";

static const float weights[6] = {2, -1, 1, -1, 0.5f, 0.25f};
static const float bias = 0.1f;

static void must(enum err_code code, const struct err *e)
{
    if (code) {
        fprintf(stderr, "tiny_model: %s\n", e->message);
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

double tiny_model_expected(double age, double zip)
{
    double z = 0.1;
    if (isnan(age))
        z += 2 * (38.0 - 40) / 10 - 1; /* imputed */
    else
        z += 2 * (fmin(fmax(age, 0), 120) - 40) / 10;
    z += isnan(zip) ? 0.25 : zip == 0 ? 1 : zip == 1 ? -1 : 0.5;
    return 1 / (1 + exp(-z));
}

static void make_transform(struct artifact *a)
{
    struct err e = {0};
    must(transform_new(3, &a->transform, &e), &e);
    a->transform->features[0] = (struct transform_feature){.kind = FEATURE_NUMERIC,
                                                           .clip_low = 0,
                                                           .clip_high = 120,
                                                           .impute = 38,
                                                           .mean = 40,
                                                           .scale = 10,
                                                           .missing_column = true};
    a->transform->features[1] =
        (struct transform_feature){.kind = FEATURE_CATEGORICAL, .n_categories = 2};
    a->transform->features[2] =
        (struct transform_feature){.kind = FEATURE_CATEGORICAL, .skip = true};
    transform_layout(a->transform);
}

static void make_predictor(struct artifact *a)
{
    struct err e = {0};
    const size_t sizes[2] = {6, 1};
    must(predictor_new(sizes, 1, LINK_SIGMOID, &a->predictor, &e), &e);
    memcpy(a->predictor->layers[0].weights, weights, sizeof weights);
    a->predictor->layers[0].bias[0] = bias;
}

static void make_codes(double codes[N_ROWS * 3])
{
    for (size_t i = 0; i < N_ROWS; i++) {
        codes[i * 3] = i % 9 == 5 ? NAN : 20 + (double)i;
        codes[i * 3 + 1] = i % 7 == 3 ? NAN : (double)(i % 2);
        codes[i * 3 + 2] = i % 5 == 0 ? NAN : CODE_PRESENT;
    }
}

static void make_profiles(struct artifact *a, const double *codes, const float *scores)
{
    struct err e = {0};
    struct ruler_options o;
    ruler_options_init(&o);
    must(ruler_fit(a->schema, a->vocabulary, codes, scores, N_ROWS, &o, &a->ruler, &e), &e);
    must(profile_new(a->ruler, &a->reference, &e), &e);
    profile_count(a->reference, codes, scores, N_ROWS);
    a->n_chunks = N_CHUNKS;
    a->chunks = calloc(N_CHUNKS, sizeof *a->chunks);
    for (size_t i = 0; i < N_CHUNKS; i++) {
        size_t first = i * N_ROWS / N_CHUNKS;
        must(profile_new(a->ruler, &a->chunks[i], &e), &e);
        profile_count(a->chunks[i], codes + first * 3, scores + first, N_ROWS / N_CHUNKS);
    }
    a->chunk_spans = calloc(N_CHUNKS, 2 * sizeof *a->chunk_spans);
    for (size_t i = 0; i < N_CHUNKS; i++) {
        a->chunk_spans[2 * i] = (int64_t)i * 1000;
        a->chunk_spans[2 * i + 1] = (int64_t)i * 1000 + 900;
    }
}

static void make_validation(struct artifact *a, const float *scores)
{
    a->n_validation = N_VALIDATION;
    a->validation_scores = malloc(N_VALIDATION * sizeof *a->validation_scores);
    a->validation_labels = malloc(N_VALIDATION * sizeof *a->validation_labels);
    memcpy(a->validation_scores, scores, N_VALIDATION * sizeof *scores);
    for (size_t i = 0; i < N_VALIDATION; i++)
        a->validation_labels[i] = (double)(i % 2);
}

static void make_golden(struct artifact *a, const double *codes, const float *scores)
{
    a->n_golden = N_GOLDEN;
    a->golden_tolerance = 1e-5;
    a->golden_codes = malloc(N_GOLDEN * 3 * sizeof(double));
    a->golden_outputs = malloc(N_GOLDEN * sizeof(float));
    memcpy(a->golden_codes, codes, N_GOLDEN * 3 * sizeof(double));
    memcpy(a->golden_outputs, scores, N_GOLDEN * sizeof(float));
}

struct artifact *tiny_model(void)
{
    static const char *const zips[] = {"a", "b"};
    const char *const *categories[3] = {NULL, zips, NULL};
    const size_t n_categories[3] = {0, 2, 0};
    struct err e = {0};
    struct artifact *a = artifact_new();
    double codes[N_ROWS * 3];
    float scores[N_ROWS];
    a->schema = tiny_schema(loan_schema);
    must(vocabulary_new(a->schema, categories, n_categories, &a->vocabulary, &e), &e);
    make_transform(a);
    make_predictor(a);
    make_codes(codes);
    for (size_t i = 0; i < N_ROWS; i++)
        scores[i] = (float)tiny_model_expected(codes[i * 3], codes[i * 3 + 1]);
    make_profiles(a, codes, scores);
    make_validation(a, scores);
    make_golden(a, codes, scores);
    a->manifest = cJSON_CreateObject();
    cJSON_AddStringToObject(a->manifest, "model", "loan");
    cJSON_AddNumberToObject(a->manifest, "seed", 7);
    return a;
}

bool tiny_snapshot(const char *path, char sha256[SHA256_HEX_BYTES], struct err *e)
{
    static const char *const zips[] = {"b", "a", NULL};
    struct schema *s = tiny_schema(loan_schema);
    struct snapshot_builder *b = NULL;
    enum err_code code = snapshot_builder_new(s, &b, e);
    for (int i = 0; !code && i < 30; i++) {
        const struct snapshot_value row[3] = {{.number = i % 9 == 5 ? NAN : 20.0 + i},
                                              {.text = zips[i % 3]},
                                              {.text = "123-45-6789"}};
        code = snapshot_builder_add(b, 1000 * i, row, i % 2 ? "yes" : "no", e);
    }
    if (!code)
        code = snapshot_builder_save(b, 5, NULL, path, sha256, e);
    snapshot_builder_free(b);
    schema_free(s);
    return !code;
}
