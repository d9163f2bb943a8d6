/*
 * transform.c - from encoded rows to float32 model inputs, and the transform's way into a file and
 * back.
 */
#include "model/transform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Inputs are held within this: a value of 1e300 would overflow float32 and turn the answer into
 * NaN. */
#define INPUT_LIMIT 1e15

void transform_layout(struct transform *t)
{
    t->n_columns = 0;
    for (size_t i = 0; i < t->n_features; i++) {
        struct transform_feature *f = &t->features[i];
        f->first_column = t->n_columns;
        if (f->skip)
            f->n_columns = 0;
        else if (f->kind == FEATURE_NUMERIC)
            f->n_columns = f->missing_column ? 2 : 1;
        else
            f->n_columns = f->n_categories + 2;
        t->n_columns += f->n_columns;
    }
}

enum err_code transform_new(size_t n_features, struct transform **out, struct err *e)
{
    struct transform *t = calloc(1, sizeof *t);
    if (t)
        t->features = calloc(n_features ? n_features : 1, sizeof *t->features);
    if (!t || !t->features) {
        free(t);
        return err_set(e, ERR_NOMEM, "out of memory for a transform of %zu features", n_features);
    }
    t->n_features = n_features;
    *out = t;
    return ERR_OK;
}

void transform_free(struct transform *t)
{
    if (!t)
        return;
    free(t->features);
    free(t);
}

double transform_raw(const struct transform_feature *f, double value)
{
    if (!isfinite(value))
        return NAN;
    value = fmin(fmax(value, f->clip_low), f->clip_high);
    return f->log1p ? copysign(log1p(fabs(value)), value) : value;
}

static void apply_numeric(const struct transform_feature *f, double value, float *x)
{
    double raw = transform_raw(f, value);
    double z = ((isnan(raw) ? f->impute : raw) - f->mean) / f->scale;
    x[0] = (float)fmin(fmax(z, -INPUT_LIMIT), INPUT_LIMIT);
    if (f->missing_column)
        x[1] = isnan(raw) ? 1 : 0;
}

/* x is zero. Columns: the categories, unseen, missing. */
static void apply_categorical(const struct transform_feature *f, double code, float *x)
{
    if (isnan(code))
        x[f->n_categories + 1] = 1;
    else if (code >= 0 && code < (double)f->n_categories)
        x[(size_t)code] = 1;
    else
        x[f->n_categories] = 1;
}

void transform_apply(const struct transform *t, const double *codes, size_t n_rows, float *x)
{
    memset(x, 0, n_rows * t->n_columns * sizeof *x);
    for (size_t i = 0; i < n_rows; i++, codes += t->n_features, x += t->n_columns)
        for (size_t j = 0; j < t->n_features; j++) {
            const struct transform_feature *f = &t->features[j];
            if (f->skip)
                continue;
            if (f->kind == FEATURE_NUMERIC)
                apply_numeric(f, codes[j], x + f->first_column);
            else
                apply_categorical(f, codes[j], x + f->first_column);
        }
}

/* One row a feature: the numbers, and what is counted or on or off. */
enum { NUMBER_CLIP_LOW, NUMBER_CLIP_HIGH, NUMBER_IMPUTE, NUMBER_MEAN, NUMBER_SCALE, N_NUMBERS };
enum { OPTION_LOG1P, OPTION_MISSING_COLUMN, OPTION_N_CATEGORIES, N_OPTIONS };

enum err_code transform_to_st(const struct transform *t, struct st_writer *w, void **keep,
                              struct err *e)
{
    size_t n = t->n_features;
    double *numbers = malloc(n * (N_NUMBERS * sizeof(double) + N_OPTIONS * sizeof(int32_t)) + 1);
    if (!numbers)
        return err_set(e, ERR_NOMEM, "out of memory to save a transform");
    int32_t *options = (int32_t *)(numbers + n * N_NUMBERS);
    for (size_t i = 0; i < n; i++) {
        const struct transform_feature *f = &t->features[i];
        const double row[N_NUMBERS] = {f->clip_low, f->clip_high, f->impute, f->mean, f->scale};
        memcpy(numbers + i * N_NUMBERS, row, sizeof row);
        options[i * N_OPTIONS + OPTION_LOG1P] = f->log1p;
        options[i * N_OPTIONS + OPTION_MISSING_COLUMN] = f->missing_column;
        options[i * N_OPTIONS + OPTION_N_CATEGORIES] = (int32_t)f->n_categories;
    }
    const int64_t number_shape[2] = {(int64_t)n, N_NUMBERS},
                  option_shape[2] = {(int64_t)n, N_OPTIONS};
    enum err_code code = st_writer_add(w, "transform/numbers", ST_F64, 2, number_shape, numbers, e);
    if (!code)
        code = st_writer_add(w, "transform/options", ST_I32, 2, option_shape, options, e);
    if (code)
        free(numbers);
    else
        *keep = numbers;
    return code;
}

static enum err_code check_numbers(const double *v, const char *feature, struct err *e)
{
    if (!(v[NUMBER_CLIP_LOW] <= v[NUMBER_CLIP_HIGH]))
        return err_set(e, ERR_PARSE, "transform of %s: clip limits %g and %g", feature,
                       v[NUMBER_CLIP_LOW], v[NUMBER_CLIP_HIGH]);
    if (!isfinite(v[NUMBER_IMPUTE]) || !isfinite(v[NUMBER_MEAN]))
        return err_set(e, ERR_PARSE, "transform of %s: impute %g, mean %g, expected finite numbers",
                       feature, v[NUMBER_IMPUTE], v[NUMBER_MEAN]);
    if (!(v[NUMBER_SCALE] > 0) || !isfinite(v[NUMBER_SCALE]))
        return err_set(e, ERR_PARSE, "transform of %s: scale %g, expected more than 0", feature,
                       v[NUMBER_SCALE]);
    return ERR_OK;
}

static enum err_code check_options(const int32_t *v, const char *feature, struct err *e)
{
    if ((v[OPTION_LOG1P] | v[OPTION_MISSING_COLUMN]) & ~1)
        return err_set(e, ERR_PARSE, "transform of %s: options %d and %d, expected 0 or 1", feature,
                       v[OPTION_LOG1P], v[OPTION_MISSING_COLUMN]);
    if (v[OPTION_N_CATEGORIES] < 0 || v[OPTION_N_CATEGORIES] > SCHEMA_MAX_CATEGORIES)
        return err_set(e, ERR_PARSE, "transform of %s: %d categories, expected 0 to %d", feature,
                       v[OPTION_N_CATEGORIES], SCHEMA_MAX_CATEGORIES);
    return ERR_OK;
}

static void fill_feature(struct transform_feature *f, const struct feature *schema,
                         const double *numbers, const int32_t *options)
{
    f->kind = schema->kind;
    f->skip = schema->pii;
    f->n_categories = (size_t)options[OPTION_N_CATEGORIES];
    f->clip_low = numbers[NUMBER_CLIP_LOW];
    f->clip_high = numbers[NUMBER_CLIP_HIGH];
    f->log1p = options[OPTION_LOG1P];
    f->impute = numbers[NUMBER_IMPUTE];
    f->mean = numbers[NUMBER_MEAN];
    f->scale = numbers[NUMBER_SCALE];
    f->missing_column = options[OPTION_MISSING_COLUMN];
}

/* Only a numeric model input has numbers that mean something. */
static bool has_numbers(const struct feature *f)
{
    return f->kind == FEATURE_NUMERIC && !f->pii;
}

static enum err_code read_features(struct transform *t, const struct schema *s,
                                   const double *numbers, const int32_t *options, struct err *e)
{
    for (size_t i = 0; i < s->n_features; i++, numbers += N_NUMBERS, options += N_OPTIONS) {
        const char *name = s->features[i].name;
        enum err_code code = check_options(options, name, e);
        if (!code && has_numbers(&s->features[i]))
            code = check_numbers(numbers, name, e);
        if (code)
            return code;
        fill_feature(&t->features[i], &s->features[i], numbers, options);
    }
    transform_layout(t);
    return ERR_OK;
}

enum err_code transform_from_st(const struct st_file *f, const struct schema *s,
                                struct transform **out, struct err *e)
{
    const int64_t n = (int64_t)s->n_features;
    const struct st_tensor *numbers, *options;
    enum err_code code =
        st_need(f, "transform/numbers", ST_F64, 2, (const int64_t[]){n, N_NUMBERS}, &numbers, e);
    if (!code)
        code = st_need(f, "transform/options", ST_I32, 2, (const int64_t[]){n, N_OPTIONS}, &options,
                       e);
    struct transform *t = NULL;
    if (code || (code = transform_new(s->n_features, &t, e)))
        return code;
    code = read_features(t, s, numbers->data, options->data, e);
    if (code)
        transform_free(t);
    else
        *out = t;
    return code;
}
