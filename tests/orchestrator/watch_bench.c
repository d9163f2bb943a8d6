/* watch_bench.c - see watch_bench.h. */
#include "watch_bench.h"

#include <math.h>

#include "base/json.h"
#include "base/rand.h"
#include "base/safetensors.h"
#include "store/observation_store.h"
#include "store/registry.h"
#include "store/window_store.h"
#include "tally.h"

#define N_REFERENCE 4000
#define N_CHUNKS 40
#define N_GOLDEN 5
#define N_VALIDATION 2000
#define CHUNK_MS (INT64_C(12) * 3600000) /* the reference is of 20 days */

const char *const bench_policy =
    "leeway: 1\n"
    "model: loan\n"
    "window: {rows: 500}\n"
    "monitors:\n"
    "  - {name: inputs, kind: drift, statistic: psi, features: all, min_rows: 100}\n"
    "  - {name: predictions, kind: prediction_drift, statistic: js, min_rows: 100}\n"
    "  - {name: quality, kind: quality, missing: 2%, unseen: 2%, out_of_range: 5%, min_rows: 100}\n"
    "  - {name: accuracy, kind: performance, metric: accuracy, rows: 200, min_rows: 100,"
    " confidence: 99%}\n"
    "  - {name: errors, kind: detector, detector: adwin, on: error, min_rows: 50}\n"
    "triggers:\n"
    "  - {name: accuracy-fell, kind: performance_drop, monitor: accuracy, drop: 5%}\n"
    "  - {name: inputs-drift, kind: drift_share, monitor: inputs, share: 50%, windows: 2}\n"
    "guards: {cooldown: none, max_runs_per_day: none, min_labelled_rows: 50}\n"
    "train: {window: {rows: 1000}, holdout_share: 20%, deadline: 1m, memory: 1G}\n"
    "gate: {metric: accuracy, margin: 1%, confidence: 95%, min_rows: 50}\n"
    "rollout:\n"
    "  steps: [{weight: 50%, min_requests: 50, max_time: 10m}]\n"
    "  abort: {error_rate_increase: 2%, latency_p99_ratio: 3, prediction_js: 0.2,"
    " metric_drop: 5%, confidence: 99%}\n"
    "  on_timeout: rollback\n";

static const double bounds[BENCH_BUCKETS] = {0.001, 0.01, 0.1};

static void must(enum err_code rc, const struct err *e)
{
    if (rc != ERR_OK) {
        print_error("%s\n", e->message);
        fail();
    }
}

/* ---- versions ---- */

static const char *label_json(enum label_kind kind, bool classes)
{
    switch (kind) {
    case LABEL_BINARY:
        return classes ? "\"binary\",\"classes\":[\"no\",\"yes\"]" : "\"binary\"";
    case LABEL_MULTICLASS:
        return classes ? "\"multiclass\",\"classes\":[\"a\",\"b\",\"c\"]" : "\"multiclass\"";
    case LABEL_REGRESSION:
        return "\"regression\"";
    }
    return "";
}

static char *schema_text(enum label_kind kind, bool classes)
{
    char text[512];
    snprintf(
        text, sizeof(text),
        "{\"model\":\"" BENCH_MODEL "\",\"features\":[{\"name\":\"age\",\"type\":\"numeric\"},"
        "{\"name\":\"zip\",\"type\":\"categorical\"}],\"label\":{\"name\":\"paid\",\"type\":%s}}",
        label_json(kind, classes));
    return strdup(text);
}

static struct schema *make_schema(enum label_kind kind, bool classes)
{
    struct err e = {0};
    cJSON *json = NULL;
    struct schema *s = NULL;
    char *text = schema_text(kind, classes);
    must(json_parse("schema", text, strlen(text), &json, &e), &e);
    must(schema_from_json(json, &s, &e), &e);
    cJSON_Delete(json);
    free(text);
    return s;
}

static void make_transform(struct artifact *a)
{
    struct err e = {0};
    must(transform_new(2, &a->transform, &e), &e);
    a->transform->features[0] = (struct transform_feature){.kind = FEATURE_NUMERIC,
                                                           .clip_low = -INFINITY,
                                                           .clip_high = INFINITY,
                                                           .impute = 40,
                                                           .mean = 40,
                                                           .scale = 10};
    a->transform->features[1] =
        (struct transform_feature){.kind = FEATURE_CATEGORICAL, .n_categories = 2};
    transform_layout(a->transform);
}

static void make_predictor(const struct version_options *o, struct artifact *a)
{
    struct err e = {0};
    size_t n_out = schema_n_outputs(a->schema);
    size_t sizes[2] = {a->transform->n_columns, n_out};
    enum predict_link link = o->kind == LABEL_BINARY       ? LINK_SIGMOID
                             : o->kind == LABEL_MULTICLASS ? LINK_SOFTMAX
                                                           : LINK_IDENTITY;
    must(predictor_new(sizes, 1, link, &a->predictor, &e), &e);
    for (size_t i = 0; i < sizes[0] * n_out; i++)
        a->predictor->layers[0].weights[i] = (float)(i % 3) * 0.5f - 0.4f;
    a->predictor->layers[0].bias[0] = (float)o->bias;
}

static void make_codes(struct rng *rng, double shift, double *codes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        codes[2 * i] = 40 + 10 * (shift + rng_normal(rng));
        codes[2 * i + 1] = (double)rng_below(rng, 2);
    }
}

static float *score(const struct artifact *a, const double *codes, size_t n)
{
    struct err e = {0};
    struct artifact_scratch *scratch = NULL;
    float *scores = malloc(n * schema_n_outputs(a->schema) * sizeof(*scores));
    must(artifact_scratch_new(a, n, &scratch, &e), &e);
    must(artifact_score_codes(a, scratch, codes, n, scores, &e), &e);
    artifact_scratch_free(scratch);
    return scores;
}

static void make_reference(struct artifact *a, const double *codes, const float *scores)
{
    struct err e = {0};
    struct ruler_options o;
    size_t n_out = schema_n_outputs(a->schema), size = N_REFERENCE / N_CHUNKS;
    ruler_options_init(&o);
    must(ruler_fit(a->schema, a->vocabulary, codes, scores, N_REFERENCE, &o, &a->ruler, &e), &e);
    must(profile_new(a->ruler, &a->reference, &e), &e);
    profile_count(a->reference, codes, scores, N_REFERENCE);
    a->n_chunks = N_CHUNKS;
    a->chunks = calloc(N_CHUNKS, sizeof(*a->chunks));
    for (size_t c = 0; c < N_CHUNKS; c++) {
        must(profile_new(a->ruler, &a->chunks[c], &e), &e);
        profile_count(a->chunks[c], codes + c * size * 2, scores + c * size * n_out, size);
    }
}

static void make_spans(struct artifact *a)
{
    a->chunk_spans = malloc(N_CHUNKS * 2 * sizeof(*a->chunk_spans));
    for (int64_t c = 0; c < N_CHUNKS; c++) {
        a->chunk_spans[2 * c] = T0 - (N_CHUNKS - c) * CHUNK_MS;
        a->chunk_spans[2 * c + 1] = a->chunk_spans[2 * c] + CHUNK_MS;
    }
}

/* Binary labels that come true as often as the score says. */
static void make_validation(struct artifact *a, const float *scores, bool nan_scores,
                            struct rng *rng)
{
    a->n_validation = N_VALIDATION;
    a->validation_scores = malloc(N_VALIDATION * sizeof(*a->validation_scores));
    a->validation_labels = malloc(N_VALIDATION * sizeof(*a->validation_labels));
    memcpy(a->validation_scores, scores, N_VALIDATION * sizeof(*scores));
    for (size_t i = 0; i < N_VALIDATION; i++)
        a->validation_labels[i] = rng_uniform(rng) < (double)scores[i] ? 1 : 0;
    for (size_t i = 0; nan_scores && i < N_VALIDATION; i++)
        a->validation_scores[i] = NAN;
}

static void make_golden(struct artifact *a, const double *codes, const float *scores)
{
    size_t n_scores = N_GOLDEN * schema_n_outputs(a->schema);
    a->n_golden = N_GOLDEN;
    a->golden_tolerance = 1e-5;
    a->golden_codes = malloc(N_GOLDEN * 2 * sizeof(double));
    a->golden_outputs = malloc(n_scores * sizeof(float));
    memcpy(a->golden_codes, codes, N_GOLDEN * 2 * sizeof(double));
    memcpy(a->golden_outputs, scores, n_scores * sizeof(float));
}

static cJSON *make_manifest(const struct version_options *o)
{
    struct err e = {0};
    cJSON *j = NULL;
    const char *text = o->no_metrics
                           ? "{\"model\":\"" BENCH_MODEL "\"}"
                           : "{\"model\":\"" BENCH_MODEL
                             "\",\"metrics\":{\"validation\":{\"n\":2000,\"accuracy\":0.9,"
                             "\"log_loss\":0.3,\"auc\":0.95,\"rmse\":1.0,\"mae\":0.8}}}";
    must(json_parse("manifest", text, strlen(text), &j, &e), &e);
    return j;
}

void version_save(const struct version_options *o, const char *folder,
                  char sha256[SHA256_HEX_BYTES])
{
    static const char *const zips[] = {"a", "b"};
    static const char *const *const categories[2] = {NULL, zips};
    static const size_t n_categories[2] = {0, 2};
    char first[256], path[256];
    struct err e = {0};
    struct rng rng;
    struct artifact *a = artifact_new();
    double *codes = malloc(N_REFERENCE * 2 * sizeof(*codes));
    rng_seed(&rng, 1);
    a->schema = make_schema(o->kind, true);
    must(vocabulary_new(a->schema, categories, n_categories, &a->vocabulary, &e), &e);
    make_transform(a);
    make_predictor(o, a);
    make_codes(&rng, 0, codes, N_REFERENCE);
    float *scores = score(a, codes, N_REFERENCE);
    make_reference(a, codes, scores);
    make_spans(a);
    if (o->kind == LABEL_BINARY && !o->no_validation)
        make_validation(a, scores, o->nan_scores, &rng);
    make_golden(a, codes, scores);
    a->manifest = make_manifest(o);
    snprintf(first, sizeof(first), "%s/new.safetensors", folder);
    must(artifact_save(a, first, &e), &e);
    snprintf(path, sizeof(path), "%s/%s.safetensors", folder, a->sha256);
    assert_int_equal(rename(first, path), 0);
    memcpy(sha256, a->sha256, SHA256_HEX_BYTES);
    artifact_free(a);
    free(scores);
    free(codes);
}

/* ---- the bench ---- */

static void add_version(struct bench *b, const char *sha256)
{
    struct registry_version v = {
        .model = BENCH_MODEL, .created_unix_ms = T0, .manifest_json = "{}"};
    snprintf(v.sha256, sizeof(v.sha256), "%s", sha256);
    snprintf(v.path, sizeof(v.path), "%s.safetensors", sha256);
    assert_ok(registry_add_version(b->f->s, &v, NULL, e));
}

struct bench *bench_open(struct fixture *f, enum label_kind kind, bool classes, const char *policy)
{
    struct bench *b = calloc(1, sizeof(*b));
    char *schema = schema_text(kind, classes);
    b->f = f;
    b->now_ms = T0 + 1000;
    snprintf(b->artifacts, sizeof(b->artifacts), "%s/artifacts", f->folder);
    assert_ok(file_mkdirs(b->artifacts, e));
    version_save(&(struct version_options){.kind = kind}, b->artifacts, b->champion);
    version_save(&(struct version_options){.kind = kind, .bias = 0.1}, b->artifacts, b->candidate);
    assert_ok(store_begin(f->s, e));
    assert_ok(registry_put_model(f->s, BENCH_MODEL, schema, policy, T0, e));
    add_version(b, b->champion);
    add_version(b, b->candidate);
    assert_ok(registry_set_champion(f->s, BENCH_MODEL, b->champion, "test", "", T0, e));
    assert_ok(store_commit(f->s, e));
    free(schema);
    assert_ok(watch_new(b->artifacts, &b->w, e));
    return b;
}

void bench_crown(struct bench *b, const char *sha256)
{
    struct store *s = b->f->s;
    assert_ok(store_begin(s, e));
    add_version(b, sha256);
    assert_ok(registry_set_champion(s, BENCH_MODEL, sha256, "test", "", T0, e));
    assert_ok(store_commit(s, e));
    watch_forget(b->w, BENCH_MODEL);
    memcpy(b->champion, sha256, sizeof(b->champion));
}

void bench_close(struct bench *b)
{
    watch_free(b->w);
    free(b);
}

void bench_restart(struct bench *b)
{
    watch_free(b->w);
    b->w = NULL;
    fixture_reopen(b->f);
    assert_ok(watch_new(b->artifacts, &b->w, e));
}

int bench_setup(void **state)
{
    void *f = NULL;
    fixture_open(&f);
    *state = bench_open(f, LABEL_BINARY, true, bench_policy);
    return 0;
}

int bench_teardown(void **state)
{
    struct bench *b = *state;
    void *f = b->f;
    bench_close(b);
    return fixture_close(&f);
}

/* ---- a replica ---- */

void sim_init(struct sim *s, struct bench *b, const char *name, const char *instance)
{
    const char *shas[2] = {b->champion, b->candidate};
    *s = (struct sim){.b = b, .name = name, .instance = instance};
    rng_seed(&s->rng, 7);
    for (size_t i = 0; i < 2; i++) {
        char path[256];
        snprintf(path, sizeof(path), "%s/%s.safetensors", b->artifacts, shas[i]);
        assert_ok(artifact_load(path, shas[i], &s->versions[i], e));
    }
}

void sim_clean_up(struct sim *s)
{
    for (size_t i = 0; i < s->n_sides; i++)
        profile_free(s->sides[i].scored);
    artifact_free(s->versions[0]);
    artifact_free(s->versions[1]);
}

static const struct artifact *sim_version(const struct sim *s, const char *sha256)
{
    return s->versions[strcmp(sha256, s->versions[0]->sha256) == 0 ? 0 : 1];
}

static struct sim_side *sim_side(struct sim *s, const char *sha256, const char *role)
{
    for (size_t i = 0; i < s->n_sides; i++)
        if (strcmp(s->sides[i].sha256, sha256) == 0 && strcmp(s->sides[i].role, role) == 0)
            return &s->sides[i];
    struct sim_side *side = &s->sides[s->n_sides++];
    snprintf(side->sha256, sizeof(side->sha256), "%s", sha256);
    snprintf(side->role, sizeof(side->role), "%s", role);
    assert_ok(profile_new(sim_version(s, sha256)->ruler, &side->scored, e));
    return side;
}

void sim_serve(struct sim *s, const struct sim_requests *r)
{
    const struct artifact *a = sim_version(s, r->sha256);
    struct sim_side *side = sim_side(s, r->sha256, r->role);
    double *codes = malloc(2 * r->n * sizeof(*codes));
    make_codes(&s->rng, r->shift, codes, r->n);
    for (size_t i = 0; r->same_zip && i < r->n; i++)
        codes[2 * i + 1] = 1;
    float *scores = score(a, codes, r->n);
    profile_count(side->scored, codes, scores, r->n - r->errors);
    side->requests += r->n;
    side->rows += r->n - r->errors;
    side->errors += r->errors;
    side->latency[r->slow ? BENCH_BUCKETS - 1 : 0] += r->n;
    free(codes);
    free(scores);
}

static cJSON *side_json(const struct sim_side *side)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "sha256", side->sha256);
    cJSON_AddStringToObject(j, "label", "v");
    cJSON_AddStringToObject(j, "role", side->role);
    cJSON_AddNumberToObject(j, "requests", (double)side->requests);
    cJSON_AddNumberToObject(j, "rows", (double)side->rows);
    cJSON_AddNumberToObject(j, "errors", (double)side->errors);
    cJSON *latency = cJSON_AddObjectToObject(j, "latency_seconds");
    cJSON_AddItemToObject(latency, "bounds", cJSON_CreateDoubleArray(bounds, BENCH_BUCKETS));
    cJSON *counts = cJSON_AddArrayToObject(latency, "counts");
    for (size_t i = 0; i <= BENCH_BUCKETS; i++)
        cJSON_AddItemToArray(counts, cJSON_CreateNumber((double)side->latency[i]));
    cJSON_AddNumberToObject(latency, "sum", (double)side->requests * 0.001);
    return j;
}

static char *state_text(const struct sim *s)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "model", BENCH_MODEL);
    cJSON_AddStringToObject(j, "replica", s->name);
    cJSON_AddStringToObject(j, "instance", s->instance);
    cJSON_AddNumberToObject(j, "generation", 1);
    cJSON *log = cJSON_AddObjectToObject(j, "log");
    cJSON_AddStringToObject(log, "id", s->name);
    cJSON_AddNumberToObject(log, "next_seq", 0);
    cJSON_AddNumberToObject(log, "dropped", 0);
    cJSON *sides = cJSON_AddArrayToObject(j, "sides");
    for (size_t i = 0; i < s->n_sides; i++)
        cJSON_AddItemToArray(sides, side_json(&s->sides[i]));
    char *text = json_print(j);
    cJSON_Delete(j);
    return text;
}

static void make_report(const struct sim *s, void **bytes, size_t *size_bytes)
{
    struct st_writer *w = st_writer_new();
    void *keep[4] = {NULL};
    char *state = state_text(s);
    assert_ok(st_writer_meta(w, "state", state, e));
    for (size_t i = 0; i < s->n_sides; i++) {
        const struct sim_side *side = &s->sides[i];
        char prefix[96];
        snprintf(prefix, sizeof(prefix), "%s/%s", side->sha256,
                 strcmp(side->role, "shadow") == 0 ? "shadow/" : "");
        assert_ok(profile_to_st(side->scored, prefix, w, &keep[i], e));
    }
    assert_ok(st_writer_memory(w, bytes, size_bytes, e));
    st_writer_free(w);
    for (size_t i = 0; i < 4; i++)
        free(keep[i]);
    free(state);
}

enum err_code sim_try_report(struct sim *s, const char *address, struct report_outcome *out,
                             struct err *e)
{
    void *bytes = NULL;
    size_t len = 0;
    make_report(s, &bytes, &len);
    s->b->now_ms += 1000;
    enum err_code rc = watch_ingest_report(s->b->w, s->b->f->s, BENCH_MODEL, address, bytes, len,
                                           s->b->now_ms, out, e);
    free(bytes);
    return rc;
}

struct report_outcome sim_report(struct sim *s, const char *address)
{
    struct report_outcome out = {0};
    assert_ok(sim_try_report(s, address, &out, e));
    return out;
}

/* ---- labelled rows ---- */

#define BATCH 1000

static const char *label_of(const struct bench_rows *r, bool wrong)
{
    return r->label ? r->label : wrong ? "no" : "yes";
}

static bool is_wrong(size_t i, size_t every)
{
    return every > 0 && i % every == 0;
}

static void label_batch(struct bench *b, const struct bench_rows *r, size_t from, size_t n)
{
    static const float yes = 0.9f, no = 0.1f;
    static char ids[BATCH][32];
    struct observation rows[BATCH];
    struct observation_label labels[BATCH];
    struct observation_batch batch = {.model = BENCH_MODEL, .replica = "r", .log_id = "labelled"};
    for (size_t i = 0; i < n; i++) {
        bool wrong = is_wrong(from + i, r->wrong_every);
        bool shadow_wrong = is_wrong(from + i, r->shadow_wrong_every);
        snprintf(ids[i], sizeof(ids[i]), "q%lld", (long long)b->n_rows);
        rows[i] = (struct observation){.seq = b->n_rows++,
                                       .id = ids[i],
                                       .unix_ms = b->now_ms,
                                       .role = OBSERVATION_CHAMPION,
                                       .version = r->sha256,
                                       .x = "[40,\"a\"]",
                                       .y = &yes,
                                       .n_y = 1};
        if (r->shadow) {
            rows[i].shadow_version = r->shadow;
            rows[i].shadow_y = shadow_wrong == wrong ? &yes : &no;
            rows[i].n_shadow_y = 1;
        }
        labels[i] = (struct observation_label){
            .id = ids[i], .label = label_of(r, wrong), .unix_ms = b->now_ms};
    }
    batch.next_seq = b->n_rows;
    assert_ok(observation_ingest(b->f->s, &batch, rows, n, NULL, e));
    assert_ok(observation_add_labels(b->f->s, BENCH_MODEL, labels, n, b->now_ms, NULL, e));
}

void bench_label(struct bench *b, const struct bench_rows *r)
{
    for (size_t done = 0; done < r->n; done += BATCH)
        label_batch(b, r, done, r->n - done < BATCH ? r->n - done : BATCH);
}

/* ---- looking ---- */

size_t bench_n_windows(struct bench *b)
{
    cJSON *list = NULL;
    assert_ok(window_store_list(b->f->s, BENCH_MODEL, NULL, 0, 500, &list, e));
    size_t n = (size_t)cJSON_GetArraySize(list);
    cJSON_Delete(list);
    return n;
}

cJSON *bench_window(struct bench *b)
{
    cJSON *list = NULL;
    assert_ok(window_store_list(b->f->s, BENCH_MODEL, NULL, 0, 1, &list, e));
    cJSON *window = cJSON_DetachItemFromArray(list, 0);
    cJSON_Delete(list);
    assert_non_null(window);
    return window;
}

uint64_t bench_open_rows(struct bench *b)
{
    void *data = NULL;
    size_t len = 0;
    struct st_file *file = NULL;
    const struct st_tensor *rows = NULL;
    int64_t one = 1;
    assert_ok(window_store_get_state(b->f->s, BENCH_MODEL, "window", &data, &len, e));
    assert_ok(st_open_memory(data, len, &file, e));
    assert_ok(st_need(file, "profile/rows", ST_U64, 1, &one, &rows, e));
    uint64_t n = *(const uint64_t *)rows->data;
    st_close(file);
    free(data);
    return n;
}
