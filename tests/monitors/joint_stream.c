/*
 * joint_stream.c - made-up streams of several features.
 */
#include "joint_stream.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"

#define WEEK_ROWS 700

const char *const joint_law_names[] = {
#define X(symbol, text) [symbol] = text,
    JOINT_LAW_LIST(X)
#undef X
};

static void must(enum err_code code, const struct err *e)
{
    if (code == ERR_OK)
        return;
    fprintf(stderr, "joint stream: %s\n", e->message);
    exit(1);
}

static void *room(size_t n, size_t size)
{
    void *p = calloc(n > 0 ? n : 1, size);
    if (p == NULL)
        exit(1);
    return p;
}

static double draw_student3(struct rng *r)
{
    double z = rng_normal(r), squares = 0.0;
    for (int i = 0; i < 3; i++) {
        double x = rng_normal(r);
        squares += x * x;
    }
    return z / sqrt(squares / 3.0);
}

static double draw(struct joint_stream *s, size_t feature)
{
    double *level = &s->level[feature];
    switch (s->law) {
    case JOINT_NORMAL:
        return rng_normal(&s->rng);
    case JOINT_HEAVY:
        return draw_student3(&s->rng);
    case JOINT_DISCRETE:
        return fmin(4.0, floor(-log(1.0 - rng_uniform(&s->rng))));
    case JOINT_WEEKLY:
        return rng_normal(&s->rng) +
               0.5 * sin(2.0 * M_PI * ((double)(s->n_drawn % WEEK_ROWS) / WEEK_ROWS) +
                         (double)feature);
    case JOINT_AR:
        return *level = 0.9 * *level + sqrt(1.0 - 0.81) * rng_normal(&s->rng);
    case JOINT_FACTORS:
        return sqrt(0.4) * s->level[s->n_features + feature % 3] + sqrt(0.6) * rng_normal(&s->rng);
    }
    return NAN;
}

static void draw_row(struct joint_stream *s, double *row)
{
    for (size_t k = 0; k < 3; k++)
        s->level[s->n_features + k] = rng_normal(&s->rng);
    for (size_t j = 0; j < s->n_features; j++)
        row[j] = draw(s, j);
    s->n_drawn++;
}

static void change_row(struct joint_stream *s, const struct joint_change *c, double *row)
{
    if (c->rho !=
        0.0) /* as independent features have it: the law of feature 1 stays where normal */
        row[1] = c->rho * row[0] + sqrt(1.0 - c->rho * c->rho) * row[1];
    row[0] = row[0] * (c->scatter > 0.0 ? c->scatter : 1.0) + c->shift;
    if (c->missing > 0.0 && rng_uniform(&s->rng) < c->missing)
        row[0] = NAN;
}

void joint_stream_draw(struct joint_stream *s, size_t n_rows, const struct joint_change *change,
                       double *codes)
{
    for (size_t i = 0; i < n_rows; i++) {
        double *row = codes + i * s->n_features;
        draw_row(s, row);
        if (change != NULL)
            change_row(s, change, row);
    }
    if (change != NULL && n_rows > 0)
        codes[2] += change->outlier;
}

struct schema *joint_stream_schema(size_t n_features)
{
    struct buf b = BUF_INIT;
    struct schema *schema = NULL;
    struct err e = {0};
    cJSON *json = NULL;
    buf_puts(&b, "{\"model\": \"m\", \"features\": [");
    for (size_t f = 0; f < n_features; f++)
        buf_printf(&b, "%s{\"name\": \"f%zu\", \"type\": \"numeric\"}", f > 0 ? "," : "", f);
    buf_puts(&b, "], \"label\": {\"name\": \"y\", \"type\": \"regression\"}}");
    must(json_parse("schema", b.data, b.len, &json, &e), &e);
    must(schema_from_json(json, &schema, &e), &e);
    cJSON_Delete(json);
    buf_free(&b);
    return schema;
}

static void warm_up(struct joint_stream *s, double *row)
{
    for (int i = 0; i < 100; i++)
        draw_row(s, row);
}

void joint_stream_init(struct joint_stream *s, enum joint_law law, size_t n_features,
                       size_t n_chunks, size_t chunk_rows, uint64_t seed)
{
    *s = (struct joint_stream){.law = law, .n_features = n_features, .n_chunks = n_chunks};
    struct mon_joint_space_options o;
    struct err e = {0};
    mon_joint_space_options_init(&o);
    rng_seed(&s->rng, seed);
    s->level = room(n_features + 3, sizeof *s->level);
    s->schema = joint_stream_schema(n_features);
    s->chunks = room(n_chunks, sizeof(struct mon_joint_sums *));
    double *codes = room(n_chunks * chunk_rows * n_features, sizeof *codes);
    warm_up(s, codes);
    joint_stream_draw(s, n_chunks * chunk_rows, NULL, codes);
    must(mon_joint_space_fit(s->schema, codes, n_chunks * chunk_rows, &o, &s->space, &e), &e);
    must(mon_joint_sums_new(s->space, &s->reference, &e), &e);
    for (size_t k = 0; k < n_chunks; k++) {
        must(mon_joint_sums_new(s->space, &s->chunks[k], &e), &e);
        mon_joint_sums_count(s->chunks[k], codes + k * chunk_rows * n_features, chunk_rows);
        mon_joint_sums_merge(s->reference, s->chunks[k]);
    }
    free(codes);
}

void joint_stream_deinit(struct joint_stream *s)
{
    for (size_t k = 0; k < s->n_chunks; k++)
        mon_joint_sums_free(s->chunks[k]);
    free(s->chunks);
    mon_joint_sums_free(s->reference);
    mon_joint_space_free(s->space);
    schema_free(s->schema);
    free(s->level);
}

struct mon_joint_sums *joint_stream_window(struct joint_stream *s, size_t n_rows,
                                           const struct joint_change *change)
{
    struct mon_joint_sums *window = NULL;
    struct err e = {0};
    double *codes = room(n_rows * s->n_features, sizeof *codes);
    joint_stream_draw(s, n_rows, change, codes);
    must(mon_joint_sums_new(s->space, &window, &e), &e);
    mon_joint_sums_count(window, codes, n_rows);
    free(codes);
    return window;
}

struct mon_joint_null *joint_stream_null(const struct joint_stream *s, double window_rows)
{
    struct mon_joint_null *null = NULL;
    struct mon_joint_null_options o;
    struct err e = {0};
    mon_joint_null_options_init(&o);
    o.window_rows = window_rows;
    must(mon_joint_null_new(s->reference, s->chunks, s->n_chunks, &o, &null, &e), &e);
    return null;
}
