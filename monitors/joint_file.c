/*
 * joint_file.c - a space and sums as tensors and back. "joint/columns" (U32, n_columns x [feature,
 * categories]), "joint/scales" (F64, n_columns x [centre, scale]), "joint/frequencies" (F64),
 * "joint/waves" (F64, n_waves x n_columns, turns), "joint/limits" (F64: clip_sd, width, 0 without
 * waves).
 */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "joint_space.h"

enum { COLUMN_FEATURE, COLUMN_CATEGORIES, N_COLUMN };
enum { SCALE_CENTRE, SCALE_SCALE, N_SCALE };
enum { LIMIT_CLIP, LIMIT_WIDTH, N_LIMIT };

#define MAX_ROWS ((uint64_t)1 << 53) /* that doubles count */
#define SLACK 1e-9                   /* of what a writer without our rounding may have rounded */

static size_t count_frequencies(const struct mon_joint_space *s)
{
    size_t n = 0;
    for (size_t j = 0; j < s->n_columns; j++)
        n += s->columns[j].n_frequencies;
    return n;
}

static void fill(const struct mon_joint_space *s, double *limits, double *scales, uint32_t *columns)
{
    limits[LIMIT_CLIP] = s->clip_sd;
    limits[LIMIT_WIDTH] = s->n_waves > 0 ? s->width : 0.0;
    for (size_t j = 0; j < s->n_columns; j++) {
        scales[j * N_SCALE + SCALE_CENTRE] = s->columns[j].centre;
        scales[j * N_SCALE + SCALE_SCALE] = s->columns[j].scale;
        columns[j * N_COLUMN + COLUMN_FEATURE] = (uint32_t)s->columns[j].feature;
        columns[j * N_COLUMN + COLUMN_CATEGORIES] = (uint32_t)s->columns[j].n_frequencies;
    }
}

enum err_code mon_joint_space_to_st(const struct mon_joint_space *space, struct st_writer *w,
                                    void **keep, struct err *e)
{
    size_t n = space->n_columns;
    const int64_t n_limits = N_LIMIT, n_frequencies = (int64_t)count_frequencies(space);
    double *limits =
        malloc((N_LIMIT + n * N_SCALE) * sizeof(double) + n * N_COLUMN * sizeof(uint32_t));
    if (limits == NULL)
        return err_set(e, ERR_NOMEM, "out of memory to save a joint space of %zu columns", n);
    double *scales = limits + N_LIMIT;
    uint32_t *columns = (uint32_t *)(scales + n * N_SCALE);
    fill(space, limits, scales, columns);
    enum err_code code = st_writer_add(w, "joint/limits", ST_F64, 1, &n_limits, limits, e);
    if (code == ERR_OK)
        code = st_writer_add(w, "joint/columns", ST_U32, 2, (int64_t[]){(int64_t)n, N_COLUMN},
                             columns, e);
    if (code == ERR_OK)
        code = st_writer_add(w, "joint/scales", ST_F64, 2, (int64_t[]){(int64_t)n, N_SCALE}, scales,
                             e);
    if (code == ERR_OK)
        code =
            st_writer_add(w, "joint/frequencies", ST_F64, 1, &n_frequencies, space->frequencies, e);
    if (code == ERR_OK)
        code = st_writer_add(w, "joint/waves", ST_F64, 2,
                             (int64_t[]){(int64_t)space->n_waves, (int64_t)n}, space->waves, e);
    if (code != ERR_OK)
        free(limits);
    else
        *keep = limits;
    return code;
}

struct space_tensors {
    const struct st_tensor *limits, *columns, *scales, *frequencies, *waves;
};

static enum err_code find_space(const struct st_file *f, struct space_tensors *t, struct err *e)
{
    const int64_t any = -1, n_limits = N_LIMIT;
    enum err_code code = st_need(f, "joint/limits", ST_F64, 1, &n_limits, &t->limits, e);
    if (code == ERR_OK)
        code = st_need(f, "joint/columns", ST_U32, 2, (int64_t[]){-1, N_COLUMN}, &t->columns, e);
    if (code != ERR_OK)
        return code;
    int64_t n = t->columns->shape[0];
    if (n < 1 || n > MON_JOINT_MAX_COLUMNS)
        return err_set(e, ERR_PARSE, "joint/columns: expected 1 to %d, got %lld",
                       MON_JOINT_MAX_COLUMNS, (long long)n);
    code = st_need(f, "joint/scales", ST_F64, 2, (int64_t[]){n, N_SCALE}, &t->scales, e);
    if (code == ERR_OK)
        code = st_need(f, "joint/frequencies", ST_F64, 1, &any, &t->frequencies, e);
    if (code == ERR_OK)
        code = st_need(f, "joint/waves", ST_F64, 2, (int64_t[]){-1, n}, &t->waves, e);
    if (code == ERR_OK && t->waves->shape[0] > MON_JOINT_MAX_WAVES)
        code = err_set(e, ERR_PARSE, "joint/waves: expected at most %d, got %lld",
                       MON_JOINT_MAX_WAVES, (long long)t->waves->shape[0]);
    return code;
}

static enum err_code read_column(struct joint_column *c, const struct joint_column *previous,
                                 const struct schema *schema, const uint32_t *numbers,
                                 const double *scales, struct err *e)
{
    uint32_t feature = numbers[COLUMN_FEATURE], categories = numbers[COLUMN_CATEGORIES];
    if (feature >= schema->n_features || (previous != NULL && feature <= previous->feature))
        return err_set(e, ERR_PARSE, "joint/columns: feature %u out of order or of %zu", feature,
                       schema->n_features);
    const struct feature *f = &schema->features[feature];
    c->categorical = f->kind == FEATURE_CATEGORICAL;
    if (f->pii || c->categorical != (categories > 0) || categories > SCHEMA_MAX_CATEGORIES)
        return err_set(e, ERR_PARSE, "joint/columns: feature %s with %u categories", f->name,
                       categories);
    memcpy(c->name, f->name, sizeof c->name);
    c->feature = feature;
    c->n_frequencies = categories;
    c->first_frequency = previous != NULL ? previous->first_frequency + previous->n_frequencies : 0;
    c->centre = scales[SCALE_CENTRE];
    c->scale = scales[SCALE_SCALE];
    if (!isfinite(c->centre) || !isfinite(c->scale) || !(c->scale >= DBL_MIN))
        return err_set(e, ERR_PARSE, "joint/scales: feature %s has centre %g and scale %g", f->name,
                       c->centre, c->scale);
    return ERR_OK;
}

static enum err_code read_columns(struct mon_joint_space *s, const struct schema *schema,
                                  const struct space_tensors *t, struct err *e)
{
    const uint32_t *numbers = t->columns->data;
    const double *scales = t->scales->data;
    for (size_t j = 0; j < s->n_columns; j++) {
        enum err_code code = read_column(&s->columns[j], j > 0 ? &s->columns[j - 1] : NULL, schema,
                                         numbers + j * N_COLUMN, scales + j * N_SCALE, e);
        if (code != ERR_OK)
            return code;
    }
    size_t n = count_frequencies(s);
    if (n != (size_t)t->frequencies->n_elements)
        return err_set(e, ERR_PARSE, "joint/frequencies: expected %zu, got %lld", n,
                       (long long)t->frequencies->n_elements);
    memcpy(s->frequencies, t->frequencies->data, n * sizeof *s->frequencies);
    for (size_t k = 0; k < n; k++)
        if (!(s->frequencies[k] >= 0.0 && s->frequencies[k] <= 1.0))
            return err_set(e, ERR_PARSE, "joint/frequencies: number %zu is %g", k,
                           s->frequencies[k]);
    return ERR_OK;
}

static enum err_code read_waves(struct mon_joint_space *s, const struct space_tensors *t,
                                struct err *e)
{
    const double *limits = t->limits->data, *waves = t->waves->data;
    s->clip_sd = limits[LIMIT_CLIP];
    if (!(s->clip_sd >= 1.0 && s->clip_sd <= MON_JOINT_MAX_CLIP_SD) ||
        s->clip_sd != joint_round(s->clip_sd, JOINT_Z_UNITS))
        return err_set(e, ERR_PARSE, "joint/limits: clip_sd is %g", s->clip_sd);
    if (s->n_waves > 0)
        s->width = limits[LIMIT_WIDTH];
    if (s->n_waves > 0 && !(s->width >= JOINT_MIN_WIDTH && isfinite(s->width)))
        return err_set(e, ERR_PARSE, "joint/limits: width is %g", s->width);
    for (size_t i = 0; i < s->n_waves * s->n_columns; i++) {
        if (!(fabs(waves[i]) <= JOINT_MAX_WAVE) ||
            waves[i] != joint_round(waves[i], JOINT_WAVE_UNITS))
            return err_set(e, ERR_PARSE, "joint/waves: number %zu is %g", i, waves[i]);
        s->waves[i] = waves[i];
    }
    return ERR_OK;
}

enum err_code mon_joint_space_from_st(const struct st_file *f, const struct schema *schema,
                                      struct mon_joint_space **out, struct err *e)
{
    struct space_tensors t = {0};
    struct mon_joint_space *s;
    enum err_code code = find_space(f, &t, e);
    if (code == ERR_OK)
        code = joint_space_new(schema->n_features, (size_t)t.columns->shape[0],
                               (size_t)t.frequencies->n_elements, (size_t)t.waves->shape[0], &s, e);
    if (code != ERR_OK)
        return code;
    code = read_columns(s, schema, &t, e);
    if (code == ERR_OK)
        code = read_waves(s, &t, e);
    if (code != ERR_OK)
        mon_joint_space_free(s);
    else
        *out = s;
    return code;
}

struct sums_names {
    char rows[128], missing[128], sum[128], gram[128], waves[128];
};

static enum err_code make_names(struct sums_names *n, const char *prefix, struct err *e)
{
    if (strlen(prefix) > 100)
        return err_set(e, ERR_INVALID, "joint sums: the prefix %.100s is too long", prefix);
    snprintf(n->rows, sizeof n->rows, "%srows", prefix);
    snprintf(n->missing, sizeof n->missing, "%smissing", prefix);
    snprintf(n->sum, sizeof n->sum, "%ssum", prefix);
    snprintf(n->gram, sizeof n->gram, "%sgram", prefix);
    snprintf(n->waves, sizeof n->waves, "%swaves", prefix);
    return ERR_OK;
}

enum err_code mon_joint_sums_to_st(const struct mon_joint_sums *s, const char *prefix,
                                   struct st_writer *w, struct err *e)
{
    struct sums_names names;
    const int64_t one = 1, n = (int64_t)s->space->n_columns, waves = 2 * (int64_t)s->space->n_waves;
    enum err_code code = make_names(&names, prefix, e);
    if (code == ERR_OK)
        code = st_writer_add(w, names.rows, ST_U64, 1, &one, &s->rows, e);
    if (code == ERR_OK)
        code = st_writer_add(w, names.missing, ST_U64, 1, &n, s->missing, e);
    if (code == ERR_OK)
        code = st_writer_add(w, names.sum, ST_F64, 1, &n, s->sum, e);
    if (code == ERR_OK)
        code = st_writer_add(w, names.gram, ST_F64, 2, (int64_t[]){n, n}, s->gram, e);
    if (code == ERR_OK)
        code = st_writer_add(w, names.waves, ST_F64, 1, &waves, s->waves, e);
    return code;
}

static enum err_code read_tensor(const struct st_file *f, const char *name, enum st_dtype dtype,
                                 int n_dims, const int64_t *shape, void *out, struct err *e)
{
    const struct st_tensor *t;
    enum err_code code = st_need(f, name, dtype, n_dims, shape, &t, e);
    if (code == ERR_OK && t->size_bytes > 0)
        memcpy(out, t->data, t->size_bytes);
    return code;
}

static enum err_code read_sums(struct mon_joint_sums *s, const struct st_file *f,
                               const struct sums_names *names, struct err *e)
{
    const int64_t one = 1, n = (int64_t)s->space->n_columns, waves = 2 * (int64_t)s->space->n_waves;
    enum err_code code = read_tensor(f, names->rows, ST_U64, 1, &one, &s->rows, e);
    if (code == ERR_OK)
        code = read_tensor(f, names->missing, ST_U64, 1, &n, s->missing, e);
    if (code == ERR_OK)
        code = read_tensor(f, names->sum, ST_F64, 1, &n, s->sum, e);
    if (code == ERR_OK)
        code = read_tensor(f, names->gram, ST_F64, 2, (int64_t[]){n, n}, s->gram, e);
    if (code == ERR_OK)
        code = read_tensor(f, names->waves, ST_F64, 1, &waves, s->waves, e);
    return code;
}

/* One column's numbers: counts within the rows, the square of the sum within n times the squares.
 */
static bool column_possible(const struct mon_joint_sums *s, size_t j)
{
    double rows = (double)s->rows, clip = s->space->clip_sd * (1.0 + SLACK);
    double square = s->gram[j * s->space->n_columns + j], sum = s->sum[j];
    return s->missing[j] <= s->rows && fabs(sum) <= rows * clip && square >= 0.0 &&
           square <= rows * clip * clip && sum * sum <= rows * square * (1.0 + SLACK);
}

static bool pair_possible(const struct mon_joint_sums *s, size_t i, size_t j)
{
    size_t n = s->space->n_columns;
    double product = s->gram[i * n + j], squares = s->gram[i * n + i] * s->gram[j * n + j];
    return product == s->gram[j * n + i] && product * product <= squares * (1.0 + SLACK);
}

static enum err_code check_sums(const struct mon_joint_sums *s, const char *prefix, struct err *e)
{
    size_t n = s->space->n_columns;
    if (s->rows > MAX_ROWS)
        return err_set(e, ERR_PARSE, "%srows: %llu", prefix, (unsigned long long)s->rows);
    for (size_t i = 0; i < n; i++) {
        if (!column_possible(s, i))
            return err_set(e, ERR_PARSE, "%ssum, gram: no rows have these of column %s", prefix,
                           s->space->columns[i].name);
        for (size_t j = 0; j < i; j++)
            if (!pair_possible(s, i, j))
                return err_set(e, ERR_PARSE, "%sgram: no rows have %g at %zu, %zu", prefix,
                               s->gram[i * n + j], i, j);
    }
    for (size_t k = 0; k < 2 * s->space->n_waves; k++)
        if (!(fabs(s->waves[k]) <= (double)s->rows * (1.0 + SLACK)))
            return err_set(e, ERR_PARSE, "%swaves: number %zu is %g of %llu rows", prefix, k,
                           s->waves[k], (unsigned long long)s->rows);
    return ERR_OK;
}

enum err_code mon_joint_sums_from_st(const struct st_file *f, const char *prefix,
                                     const struct mon_joint_space *space,
                                     struct mon_joint_sums **out, struct err *e)
{
    struct sums_names names;
    struct mon_joint_sums *s = NULL;
    enum err_code code = make_names(&names, prefix, e);
    if (code == ERR_OK)
        code = mon_joint_sums_new(space, &s, e);
    if (code == ERR_OK)
        code = read_sums(s, f, &names, e);
    if (code == ERR_OK)
        code = check_sums(s, prefix, e);
    if (code != ERR_OK)
        mon_joint_sums_free(s);
    else
        *out = s;
    return code;
}
