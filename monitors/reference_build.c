/*
 * reference_build.c - the first pass over a reference's rows, which learns categories and keeps a
 * sample, and what follows from it: vocabulary, grid, plan of the chunks. reference_count.c has the
 * second.
 */
#include <stdlib.h>
#include <string.h>

#include "reference_builder.h"
#include "reference_joint.h"

#define MIN_CHUNK_ROWS 50     /* fewer say little about a distribution */
#define MAX_CHUNKS 400        /* so that windows of a few hundred rows are longer than a chunk */
#define MAX_CHUNKS_TIMED 4400 /* hours in half a year: a season needs chunks of an hour */
#define MIN_TIMED_ROWS 10     /* fewer than 50 do, where a phase has no more */
#define MAX_CHUNK_BYTES                                                                            \
    (64ULL << 20) /* of all chunks' counts in the file: wide tables get fewer                      \
                   */
#define HOUR_MS 3600000.0
#define DAY_MS (24 * HOUR_MS)

void mon_reference_options_init(struct mon_reference_options *o)
{
    *o = (struct mon_reference_options){.sample_rows = 200000,
                                        .max_joint_columns = 64,
                                        .max_distinct_rows = MON_DISTINCT_ROWS,
                                        .seed = 1};
}

void mon_reference_builder_free(struct mon_reference_builder *b)
{
    if (!b)
        return;
    for (size_t f = 0; b->categories && f < b->ref->schema->n_features; f++)
        text_map_deinit(&b->categories[f]);
    free(b->categories);
    free(b->sample_codes);
    free(b->sample_scores);
    free(b->row_codes);
    free(b->block_codes);
    free(b->block_scores);
    profile_free(b->chunk);
    mon_duplicates_free(b->repeats);
    mon_reference_free(b->ref);
    free(b);
}

static bool has_vocabulary(const struct feature *f)
{
    return f->kind == FEATURE_CATEGORICAL && !f->pii;
}

static bool declare_categories(struct mon_reference_builder *b)
{
    const struct schema *s = b->ref->schema;
    for (size_t f = 0; f < s->n_features; f++)
        for (size_t i = 0; has_vocabulary(&s->features[f]) && i < s->features[f].n_categories; i++)
            if (text_map_add(&b->categories[f], s->features[f].categories[i],
                             strlen(s->features[f].categories[i])) < 0)
                return false;
    return true;
}

static bool copy_score_columns(struct mon_reference_builder *b)
{
    const char *const *names = b->options.score_columns;
    if (!names)
        return true;
    b->ref->score_columns = calloc(b->n_outputs, sizeof *b->ref->score_columns);
    for (size_t i = 0; b->ref->score_columns && i < b->n_outputs; i++)
        if (!(b->ref->score_columns[i] = strdup(names[i])))
            return false;
    return b->ref->score_columns != NULL;
}

static bool builder_fill(struct mon_reference_builder *b, const struct schema *s)
{
    b->ref = calloc(1, sizeof *b->ref);
    if (!b->ref || !(b->ref->schema = schema_copy(s)))
        return false;
    b->n_outputs = schema_n_outputs(s);
    b->categories = calloc(s->n_features, sizeof *b->categories);
    b->row_codes = calloc(s->n_features, sizeof *b->row_codes);
    b->block_codes = calloc(REFERENCE_BLOCK_ROWS * s->n_features, sizeof *b->block_codes);
    b->block_scores = calloc(REFERENCE_BLOCK_ROWS * b->n_outputs, sizeof *b->block_scores);
    return b->categories && b->row_codes && b->block_codes && b->block_scores &&
           declare_categories(b) && copy_score_columns(b);
}

enum err_code mon_reference_builder_new(const struct schema *s,
                                        const struct mon_reference_options *o,
                                        struct mon_reference_builder **out, struct err *e)
{
    if (o->sample_rows < 1)
        return err_set(e, ERR_INVALID, "reference: expected sample_rows of 1 or more, got 0");
    if (s->label_kind != LABEL_REGRESSION && s->n_classes < 2)
        return err_set(e, ERR_INVALID, "reference: the schema does not name the classes of %s",
                       s->label);
    struct mon_reference_builder *b = calloc(1, sizeof *b);
    if (b)
        b->options = *o;
    if (!b || !builder_fill(b, s)) {
        mon_reference_builder_free(b);
        return err_set(e, ERR_NOMEM, "out of memory for a reference");
    }
    b->scanned = (struct mon_span){INT64_MAX, INT64_MIN};
    rng_seed(&b->rng, o->seed);
    enum err_code code = o->max_distinct_rows > 0
                             ? mon_duplicates_new(o->max_distinct_rows, &b->repeats, e)
                             : ERR_OK;
    if (code)
        mon_reference_builder_free(b);
    else
        *out = b;
    return code;
}

/* ---- first pass ---- */

static enum err_code learn_category(struct mon_reference_builder *b, size_t f, const char *text,
                                    double *code, struct err *e)
{
    struct text_map *map = &b->categories[f];
    size_t len = strlen(text);
    int index = text_map_find(map, text, len);
    if (index < 0 && map->n == SCHEMA_MAX_CATEGORIES)
        return err_set(e, ERR_LIMIT,
                       "feature %s: more than %d categories; an identifier is no feature",
                       b->ref->schema->features[f].name, SCHEMA_MAX_CATEGORIES);
    if (index < 0 && len >= SCHEMA_CATEGORY_BYTES)
        return err_set(e, ERR_LIMIT, "feature %s: a category of %zu bytes, expected at most %d",
                       b->ref->schema->features[f].name, len, SCHEMA_CATEGORY_BYTES - 1);
    if (index < 0 && (index = text_map_add(map, text, len)) < 0)
        return err_set(e, ERR_NOMEM, "out of memory for the categories of %s",
                       b->ref->schema->features[f].name);
    *code = index;
    return ERR_OK;
}

/* The row's codes by the categories as they came, into row_codes. */
static enum err_code learn_row(struct mon_reference_builder *b, const struct mon_row *row,
                               struct err *e)
{
    const struct schema *s = b->ref->schema;
    enum err_code code = ERR_OK;
    for (size_t f = 0; !code && f < s->n_features; f++) {
        const struct mon_value *v = &row->values[f];
        double *out = &b->row_codes[f];
        if (s->features[f].kind == FEATURE_NUMERIC)
            *out = reference_number(&s->features[f], v->number);
        else if (!v->text)
            *out = NAN;
        else if (s->features[f].pii)
            *out = CODE_PRESENT;
        else
            code = learn_category(b, f, v->text, out, e);
    }
    return code;
}

static enum err_code grow_sample(struct mon_reference_builder *b, struct err *e)
{
    size_t cap = b->sample_cap ? b->sample_cap * 2 : 1024;
    cap = cap < b->options.sample_rows ? cap : b->options.sample_rows;
    double *codes =
        realloc(b->sample_codes, cap * b->ref->schema->n_features * sizeof *b->sample_codes);
    if (codes)
        b->sample_codes = codes;
    float *scores = realloc(b->sample_scores, cap * b->n_outputs * sizeof *b->sample_scores);
    if (scores)
        b->sample_scores = scores;
    if (!codes || !scores)
        return err_set(e, ERR_NOMEM, "out of memory for a sample of %zu rows", cap);
    b->sample_cap = cap;
    return ERR_OK;
}

enum err_code mon_reference_builder_scan(struct mon_reference_builder *b, const struct mon_row *row,
                                         struct err *e)
{
    size_t n_features = b->ref->schema->n_features, at = b->n_sample;
    enum err_code code = learn_row(b, row, e);
    if (!code && at == b->sample_cap && at < b->options.sample_rows)
        code = grow_sample(b, e);
    if (code)
        return code;
    if (at < b->options.sample_rows)
        b->n_sample++;
    else
        at = rng_below(&b->rng, b->n_scanned + 1);
    b->n_scanned++;
    reference_widen(&b->scanned, row->unix_ms);
    if (at >= b->n_sample)
        return ERR_OK;
    memcpy(b->sample_codes + at * n_features, b->row_codes, n_features * sizeof *b->row_codes);
    reference_copy_scores(b->sample_scores + at * b->n_outputs, row->scores, b->n_outputs);
    return ERR_OK;
}

/* ---- between the passes ---- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Declared categories as declared, then the others, sorted: the same rows give the same file
 * whatever came first. *out is owned, its texts are the map's. */
static enum err_code order_categories(const struct feature *f, const struct text_map *map,
                                      const char ***out, struct err *e)
{
    const char **list = calloc(map->n + 1, sizeof *list);
    if (!list)
        return err_set(e, ERR_NOMEM, "out of memory for the categories of %s", f->name);
    for (size_t i = 0; i < map->n; i++)
        list[i] = map->texts[i];
    if (map->n > f->n_categories)
        qsort(list + f->n_categories, map->n - f->n_categories, sizeof *list, compare_texts);
    *out = list;
    return ERR_OK;
}

static enum err_code fix_vocabulary(struct mon_reference_builder *b, struct err *e)
{
    const struct schema *s = b->ref->schema;
    const char ***lists = calloc(s->n_features, sizeof *lists);
    size_t *counts = calloc(s->n_features, sizeof *counts);
    enum err_code code =
        lists && counts ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory for a vocabulary");
    for (size_t f = 0; !code && f < s->n_features; f++) {
        counts[f] = b->categories[f].n;
        code = order_categories(&s->features[f], &b->categories[f], &lists[f], e);
    }
    if (!code)
        code = vocabulary_new(s, (const char *const *const *)lists, counts, &b->ref->vocabulary, e);
    for (size_t f = 0; lists && f < s->n_features; f++)
        free(lists[f]);
    free(lists);
    free(counts);
    return code;
}

/* The sample's codes were given as the categories came. */
static void recode_sample(struct mon_reference_builder *b)
{
    size_t n = b->ref->schema->n_features;
    for (size_t f = 0; f < n; f++) {
        const struct text_map *map = &b->categories[f];
        for (size_t i = 0; map->n > 0 && i < b->n_sample; i++) {
            double *code = &b->sample_codes[i * n + f];
            if (isnan(*code))
                continue;
            const char *text = map->texts[(size_t)*code];
            *code = vocabulary_code(b->ref->vocabulary, f, text, strlen(text));
        }
    }
}

/* Rows of a phase of the season: of an hour, or where these are too few, of a day. 0: rows have no
 * times, or a day has too few as well. */
static uint64_t rows_of_a_phase(const struct mon_reference_builder *b)
{
    const double phases_ms[] = {HOUR_MS, DAY_MS};
    double span_ms = (double)b->scanned.to_unix_ms - (double)b->scanned.from_unix_ms - 1;
    if (b->ref->schema->time.name[0] == '\0' || !(span_ms > 0.0))
        return 0;
    for (size_t i = 0; i < 2; i++) {
        double rows = ((double)b->n_scanned - 1.0) * phases_ms[i] / span_ms;
        if (rows >= MIN_TIMED_ROWS)
            return (uint64_t)fmin(rows, (double)b->n_scanned);
    }
    return 0;
}

/* Chunks of a phase where rows have times, else as many as there may be; longer ones where the
 * bounds ask for it. */
static size_t plan_chunk_rows(const struct mon_reference_builder *b)
{
    uint64_t phase_rows = rows_of_a_phase(b), wanted = phase_rows ? phase_rows : MIN_CHUNK_ROWS;
    uint64_t most = phase_rows ? MAX_CHUNKS_TIMED : MAX_CHUNKS;
    uint64_t affordable = MAX_CHUNK_BYTES / (b->ref->ruler->n_cells * sizeof(uint32_t) + 1);
    if (b->options.chunk_rows)
        return b->options.chunk_rows;
    most = affordable < most ? affordable + (affordable == 0) : most;
    uint64_t shortest = (b->n_scanned + most - 1) / most;
    return (size_t)(wanted > shortest ? wanted : shortest);
}

enum err_code mon_reference_builder_lay(struct mon_reference_builder *b, struct err *e)
{
    struct ruler_options options;
    ruler_options_init(&options);
    if (b->n_scanned == 0)
        return err_set(e, ERR_INVALID, "a reference needs at least one row");
    enum err_code code = fix_vocabulary(b, e);
    if (code)
        return code;
    recode_sample(b);
    code = ruler_fit(b->ref->schema, b->ref->vocabulary, b->sample_codes, b->sample_scores,
                     b->n_sample, &options, &b->ref->ruler, e);
    if (!code)
        code = profile_new(b->ref->ruler, &b->ref->profile, e);
    if (code)
        return code;
    b->ref->n_sampled = b->n_sample;
    b->chunk_rows = plan_chunk_rows(b);
    b->keep_every = (b->n_scanned + b->options.sample_rows - 1) / b->options.sample_rows;
    code = reference_joint_lay(b, e);
    free(b->sample_codes);
    free(b->sample_scores);
    b->sample_codes = NULL;
    b->sample_scores = NULL;
    return code;
}
