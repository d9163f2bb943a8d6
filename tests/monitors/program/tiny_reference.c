/*
 * tiny_reference.c - see tiny_reference.h.
 */
#include "tiny_reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/rand.h"

static const char text[] =
    "{\"model\":\"tiny\",\"features\":[{\"name\":\"x\",\"type\":\"numeric\"},"
    "{\"name\":\"z\",\"type\":\"numeric\"},"
    "{\"name\":\"town\",\"type\":\"categorical\",\"categories\":[\"Rome\"]},"
    "{\"name\":\"ssn\",\"type\":\"categorical\",\"pii\":true}],"
    "\"label\":{\"name\":\"y\",\"type\":\"binary\",\"classes\":[\"no\",\"yes\"]},"
    "\"time\":{\"name\":\"ts\",\"format\":\"unix_ms\"}}";

struct tiny_row tiny_row_make(uint64_t seed, size_t i)
{
    static const char *const towns[] = {"Rome", "Oslo", "Bonn"};
    struct rng r;
    rng_seed(&r, seed * 1000003 + i);
    struct tiny_row row = {.unix_ms = (int64_t)i * 60000};
    row.values[0].number = rng_normal(&r);
    row.values[1].number = rng_uniform(&r) < 0.05 ? NAN : 10 + 0.8 * row.values[0].number;
    row.values[2].text = towns[rng_below(&r, 3)];
    row.values[3].text = i % 2 ? "123-45" : NULL;
    row.score = (float)(1 / (1 + exp(-row.values[0].number)));
    row.label = rng_uniform(&r) < (double)row.score;
    return row;
}

struct mon_row tiny_row_view(const struct tiny_row *row)
{
    return (struct mon_row){
        .values = row->values, .scores = &row->score, .label = row->label, .unix_ms = row->unix_ms};
}

static void need(enum err_code code, const struct err *e)
{
    if (!code)
        return;
    fprintf(stderr, "tiny reference: %s\n", e->message);
    abort();
}

struct schema *tiny_reference_schema(void)
{
    struct schema *s = NULL;
    struct err e = {0};
    cJSON *json = cJSON_Parse(text);
    need(schema_from_json(json, &s, &e), &e);
    cJSON_Delete(json);
    return s;
}

struct mon_reference *tiny_reference(size_t n, const struct mon_reference_options *options)
{
    static const char *const score_columns[] = {"p"};
    struct mon_reference_options o;
    struct mon_reference_builder *b = NULL;
    struct mon_reference *ref = NULL;
    struct schema *s = tiny_reference_schema();
    struct err e = {0};
    mon_reference_options_init(&o);
    if (options)
        o = *options;
    o.score_columns = score_columns;
    need(mon_reference_builder_new(s, &o, &b, &e), &e);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < n; i++) {
            struct tiny_row row = tiny_row_make(1, i);
            struct mon_row view = tiny_row_view(&row);
            need(pass ? mon_reference_builder_count(b, &view, &e)
                      : mon_reference_builder_scan(b, &view, &e),
                 &e);
        }
        if (pass == 0)
            need(mon_reference_builder_lay(b, &e), &e);
    }
    need(mon_reference_builder_finish(b, &ref, &e), &e);
    mon_reference_builder_free(b);
    schema_free(s);
    return ref;
}
