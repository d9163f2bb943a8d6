/*
 * replay_score.c - see replay_score.h.
 */
#include "replay_score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/json.h"

void replay_score_free(struct replay_score *s)
{
    free(s->buckets);
    *s = (struct replay_score){0};
}

/* ---- reading an answer ---- */

static const cJSON *find_output(const cJSON *json, const char *name)
{
    const cJSON *output = NULL;
    cJSON_ArrayForEach(output, cJSON_GetObjectItem(json, "outputs"))
    {
        const cJSON *n = cJSON_GetObjectItem(output, "name");
        if (cJSON_IsString(n) && strcmp(n->valuestring, name) == 0)
            return json_at(output, "data[0]");
    }
    return NULL;
}

enum err_code replay_answer_read(const cJSON *json, bool regression, struct replay_answer *out,
                                 struct err *e)
{
    struct replay_answer a = {0};
    const char *version = "";
    json_opt_string(json, "model_version", &version, NULL);
    snprintf(a.version, sizeof(a.version), "%s", version);
    const cJSON *value = find_output(json, regression ? "value" : "class");
    if (regression && cJSON_IsNumber(value))
        a.value = value->valuedouble;
    else if (!regression && cJSON_IsString(value))
        snprintf(a.class_name, sizeof(a.class_name), "%s", value->valuestring);
    else
        return err_set(e, ERR_INVALID, "the answer has no output \"%s\" of one row",
                       regression ? "value" : "class");
    *out = a;
    return ERR_OK;
}

/* ---- counting ---- */

static void tally_add(struct replay_tally *t, bool regression, const struct replay_answer *a,
                      const char *label)
{
    double truth = NAN;
    if (regression && (!csv_number(label, &truth) || !isfinite(truth)))
        return;
    t->n++;
    if (regression)
        t->sum_squares += (a->value - truth) * (a->value - truth);
    else
        t->n_right += strcmp(a->class_name, label) == 0;
}

/* NULL: out of memory, and the bucket is left out. */
static struct replay_bucket *bucket_of(struct replay_score *s, int64_t row)
{
    size_t at = (size_t)(row / REPLAY_BUCKET_ROWS);
    if (at >= s->capacity) {
        size_t capacity = at + 64 > s->capacity * 2 ? at + 64 : s->capacity * 2;
        struct replay_bucket *grown = realloc(s->buckets, capacity * sizeof(*grown));
        if (!grown)
            return NULL;
        memset(grown + s->capacity, 0, (capacity - s->capacity) * sizeof(*grown));
        s->buckets = grown;
        s->capacity = capacity;
    }
    if (at >= s->n_buckets)
        s->n_buckets = at + 1;
    return &s->buckets[at];
}

/* Index of the version, made where it is new; REPLAY_MAX_VERSIONS where there is no room. */
static size_t version_of(struct replay_score *s, const char *version, int64_t row, bool *is_new)
{
    size_t i = 0;
    while (i < s->n_versions && strcmp(s->versions[i].version, version) != 0)
        i++;
    *is_new = i == s->n_versions && i < REPLAY_MAX_VERSIONS;
    if (*is_new) {
        snprintf(s->versions[i].version, REPLAY_VERSION_BYTES, "%s", version);
        s->versions[i].first_row = row;
        s->n_versions++;
    }
    return i;
}

bool replay_score_add(struct replay_score *s, int64_t row, enum replay_side side,
                      const struct replay_answer *answer, const char *label)
{
    bool is_new = false;
    struct replay_bucket *bucket = label ? bucket_of(s, row) : NULL;
    if (label)
        tally_add(&s->sides[side], s->regression, answer, label);
    if (bucket)
        tally_add(&bucket->sides[side], s->regression, answer, label);
    if (side != REPLAY_SERVED)
        return false;
    size_t v = version_of(s, answer->version, row, &is_new);
    if (v < REPLAY_MAX_VERSIONS) {
        s->versions[v].n_rows++;
        if (label)
            tally_add(&s->versions[v].tally, s->regression, answer, label);
    }
    return is_new;
}

/* ---- telling ---- */

const char *replay_score_metric(const struct replay_score *s)
{
    return s->regression ? "rmse" : "accuracy";
}

double replay_tally_value(const struct replay_tally *t, bool regression)
{
    if (t->n == 0)
        return NAN;
    return regression ? sqrt(t->sum_squares / (double)t->n) : (double)t->n_right / (double)t->n;
}

static void add_value(cJSON *j, const char *name, double value)
{
    cJSON_AddItemToObject(j, name,
                          isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

static cJSON *side_json(const struct replay_score *s, const struct replay_tally *t)
{
    cJSON *j = cJSON_CreateObject();
    add_value(j, replay_score_metric(s), replay_tally_value(t, s->regression));
    cJSON_AddNumberToObject(j, "rows", (double)t->n);
    return j;
}

static cJSON *versions_json(const struct replay_score *s)
{
    cJSON *j = cJSON_CreateObject();
    for (size_t i = 0; i < s->n_versions; i++) {
        cJSON *v = cJSON_AddObjectToObject(j, s->versions[i].version);
        cJSON_AddNumberToObject(v, "rows", (double)s->versions[i].n_rows);
        cJSON_AddNumberToObject(v, "first_row", (double)s->versions[i].first_row);
        add_value(v, replay_score_metric(s),
                  replay_tally_value(&s->versions[i].tally, s->regression));
    }
    return j;
}

static cJSON *buckets_json(const struct replay_score *s)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < s->n_buckets; i++) {
        const struct replay_bucket *b = &s->buckets[i];
        cJSON *j = cJSON_CreateObject();
        cJSON_AddNumberToObject(j, "from_row", (double)(i * REPLAY_BUCKET_ROWS));
        cJSON_AddNumberToObject(j, "rows", (double)b->sides[REPLAY_SERVED].n);
        add_value(j, "served", replay_tally_value(&b->sides[REPLAY_SERVED], s->regression));
        if (s->has_frozen)
            add_value(j, "frozen", replay_tally_value(&b->sides[REPLAY_FROZEN], s->regression));
        cJSON_AddItemToArray(list, j);
    }
    return list;
}

void replay_score_to_json(const struct replay_score *s, cJSON *out)
{
    cJSON_AddItemToObject(out, "served", side_json(s, &s->sides[REPLAY_SERVED]));
    cJSON_AddItemToObject(
        out, "frozen", s->has_frozen ? side_json(s, &s->sides[REPLAY_FROZEN]) : cJSON_CreateNull());
    cJSON_AddItemToObject(out, "by_version", versions_json(s));
    cJSON_AddItemToObject(out, "per_1000", buckets_json(s));
}
