/*
 * joint_space_fit.c - a space from the reference's rows: which features, centres and scales that no
 * outlier can widen, category shares, random waves.
 */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "joint_space.h"
#include "pairwise.h"
#include "tail.h"

#define QUANTILE_ROWS 20000 /* spread evenly over the reference: enough for a scale */
#define WIDTH_ROWS 500
#define LARGEST_SCALE 1e307

void mon_joint_space_options_init(struct mon_joint_space_options *o)
{
    *o = (struct mon_joint_space_options){
        .categories = true, .clip_sd = 4.0, .n_waves = 128, .width = NAN, .seed = 1};
}

static bool named(const struct mon_joint_space_options *o, const char *name)
{
    for (size_t i = 0; o->only != NULL && i < o->n_only; i++)
        if (strcmp(o->only[i], name) == 0)
            return true;
    return o->only == NULL;
}

static bool wanted(const struct mon_joint_space_options *o, const struct feature *f)
{
    return !f->pii && (f->kind == FEATURE_NUMERIC || o->categories) && named(o, f->name);
}

static size_t count_columns(const struct mon_joint_space_options *o, const struct schema *schema)
{
    size_t n = 0;
    for (size_t f = 0; f < schema->n_features; f++)
        n += wanted(o, &schema->features[f]);
    return n;
}

static enum err_code check_options(const struct mon_joint_space_options *o, size_t n_columns,
                                   size_t n_rows, struct err *e)
{
    if (n_rows == 0)
        return err_set(e, ERR_INVALID, "joint space: no rows");
    if (n_columns == 0)
        return err_set(e, ERR_INVALID, "joint space: no feature to use");
    if (n_columns > MON_JOINT_MAX_COLUMNS)
        return err_set(e, ERR_LIMIT,
                       "joint space: %zu features, at most %d; name those that matter", n_columns,
                       MON_JOINT_MAX_COLUMNS);
    if (!(o->clip_sd >= 1.0 && o->clip_sd <= MON_JOINT_MAX_CLIP_SD))
        return err_set(e, ERR_INVALID, "clip_sd: expected 1 to %g, got %g", MON_JOINT_MAX_CLIP_SD,
                       o->clip_sd);
    if (o->n_waves > MON_JOINT_MAX_WAVES)
        return err_set(e, ERR_INVALID, "n_waves: expected at most %d, got %zu", MON_JOINT_MAX_WAVES,
                       o->n_waves);
    if (!isnan(o->width) && !(o->width > 0.0 && isfinite(o->width)))
        return err_set(e, ERR_INVALID, "width: expected a positive number, got %g", o->width);
    return ERR_OK;
}

/* Largest code + 1 in the reference, within what a vocabulary can have. */
static size_t count_categories(const double *codes, size_t n_rows, size_t n_features,
                               size_t feature)
{
    double largest = 0.0;
    for (size_t i = 0; i < n_rows; i++) {
        double code = codes[i * n_features + feature];
        if (code > largest && code < SCHEMA_MAX_CATEGORIES)
            largest = code;
    }
    return (size_t)largest + 1;
}

static size_t count_frequencies(const struct mon_joint_space_options *o,
                                const struct schema *schema, const double *codes, size_t n_rows)
{
    size_t n = 0;
    for (size_t f = 0; f < schema->n_features; f++)
        if (wanted(o, &schema->features[f]) && schema->features[f].kind == FEATURE_CATEGORICAL)
            n += count_categories(codes, n_rows, schema->n_features, f);
    return n;
}

static void fill_columns(struct mon_joint_space *s, const struct mon_joint_space_options *o,
                         const struct schema *schema, const double *codes, size_t n_rows)
{
    size_t j = 0, first = 0;
    for (size_t f = 0; f < schema->n_features; f++) {
        const struct feature *feature = &schema->features[f];
        if (!wanted(o, feature))
            continue;
        struct joint_column *c = &s->columns[j++];
        memcpy(c->name, feature->name, sizeof c->name);
        c->feature = f;
        c->categorical = feature->kind == FEATURE_CATEGORICAL;
        c->first_frequency = first;
        c->n_frequencies =
            c->categorical ? count_categories(codes, n_rows, schema->n_features, f) : 0;
        first += c->n_frequencies;
    }
}

/* Shares among the rows that have a value. */
static void fill_frequencies(struct mon_joint_space *s, const struct joint_column *c,
                             const double *codes, size_t n_rows)
{
    double present = 0.0, *frequency = s->frequencies + c->first_frequency;
    for (size_t i = 0; i < n_rows; i++) {
        double code = codes[i * s->n_features + c->feature];
        present += isfinite(code);
        if (code >= 0.0 && code < (double)c->n_frequencies)
            frequency[(size_t)code] += 1.0;
    }
    for (size_t k = 0; k < c->n_frequencies && present > 0.0; k++)
        frequency[k] /= present;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Finite values of a column, at most QUANTILE_ROWS, sorted; returns how many. */
static size_t sorted_values(const struct mon_joint_space *s, const struct joint_column *c,
                            const double *codes, size_t n_rows, double *values)
{
    size_t step = (n_rows + QUANTILE_ROWS - 1) / QUANTILE_ROWS, n = 0;
    for (size_t i = 0; i < n_rows; i += step) {
        double x = joint_column_value(s, c, codes + i * s->n_features);
        if (isfinite(x))
            values[n++] = x;
    }
    qsort(values, n, sizeof *values, compare_doubles);
    return n;
}

/* Half the range between the quantiles p and 1 - p, over the normal's; the narrowest range that is
 * not a point. 1 for a constant. Halves, because the range of the largest doubles is infinite. */
static double robust_scale(const double *sorted, size_t n)
{
    static const double tails[] = {0.25, 0.1, 0.05, 0.01, 0.001};
    for (size_t t = 0; t < sizeof tails / sizeof tails[0]; t++) {
        size_t skip = (size_t)(tails[t] * (double)(n - 1));
        double half = sorted[n - 1 - skip] / 2.0 - sorted[skip] / 2.0;
        if (half >= DBL_MIN)
            return fmin(half / quantile_normal(1.0 - tails[t]), LARGEST_SCALE);
    }
    double half = sorted[n - 1] / 2.0 - sorted[0] / 2.0;
    return half >= DBL_MIN ? fmin(half, LARGEST_SCALE) : 1.0;
}

/* Mean and deviation of the values, clipped around the median; Welford's recursion. */
static void fit_scale(const struct mon_joint_space *s, struct joint_column *c, const double *codes,
                      size_t n_rows, double *room)
{
    size_t n_sorted = sorted_values(s, c, codes, n_rows, room);
    c->scale = 1.0;
    if (n_sorted == 0)
        return;
    double median = room[n_sorted / 2], unit = robust_scale(room, n_sorted);
    double n = 0.0, mean = 0.0, squares = 0.0;
    for (size_t i = 0; i < n_rows; i++) {
        double x = joint_column_value(s, c, codes + i * s->n_features);
        if (!isfinite(x))
            continue;
        double t = fmin(fmax((x - median) / unit, -s->clip_sd), s->clip_sd);
        double step = t - mean;
        mean += step / ++n;
        squares += step * (t - mean);
    }
    double scale = unit * sqrt(squares / n);
    c->centre = fmin(fmax(median + unit * mean, -DBL_MAX), DBL_MAX);
    c->scale = scale >= DBL_MIN ? scale : unit;
}

static enum err_code fit_columns(struct mon_joint_space *s, const double *codes, size_t n_rows,
                                 struct err *e)
{
    double *room = calloc(QUANTILE_ROWS, sizeof *room);
    if (room == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for %d values", QUANTILE_ROWS);
    for (size_t j = 0; j < s->n_columns; j++) {
        fill_frequencies(s, &s->columns[j], codes, n_rows);
        fit_scale(s, &s->columns[j], codes, n_rows, room);
    }
    free(room);
    return ERR_OK;
}

/* The median distance of rows drawn from the reference; 1 where half of them are equal. */
static enum err_code median_width(struct mon_joint_space *s, const double *codes, size_t n_rows,
                                  struct rng *r, struct err *e)
{
    size_t n = n_rows < WIDTH_ROWS ? n_rows : WIDTH_ROWS;
    double *z = calloc(n * s->n_columns + n * n / 2 + 1, sizeof *z);
    if (z == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for the distances of %zu rows", n);
    for (size_t i = 0; i < n; i++) /* one of each of n stretches */
        joint_space_encode(s, codes + (i * n_rows / n + rng_below(r, n_rows / n)) * s->n_features,
                           1, z + i * s->n_columns, NULL);
    double median = pairwise_median(z, n, s->n_columns, z + n * s->n_columns);
    s->width = median > 0.0 ? median : 1.0;
    free(z);
    return ERR_OK;
}

static enum err_code fit_waves(struct mon_joint_space *s, const struct mon_joint_space_options *o,
                               const double *codes, size_t n_rows, struct err *e)
{
    struct rng r;
    rng_seed(&r, o->seed);
    s->width = o->width;
    enum err_code code = isnan(o->width) ? median_width(s, codes, n_rows, &r, e) : ERR_OK;
    s->width = fmax(s->width, JOINT_MIN_WIDTH);
    for (size_t i = 0; i < s->n_waves * s->n_columns; i++)
        s->waves[i] = joint_round(rng_normal(&r) / (2.0 * M_PI * s->width), JOINT_WAVE_UNITS);
    return code;
}

enum err_code mon_joint_space_fit(const struct schema *schema, const double *codes, size_t n_rows,
                                  const struct mon_joint_space_options *o,
                                  struct mon_joint_space **out, struct err *e)
{
    struct mon_joint_space *s;
    size_t n_columns = count_columns(o, schema);
    enum err_code code = check_options(o, n_columns, n_rows, e);
    if (code == ERR_OK)
        code = joint_space_new(schema->n_features, n_columns,
                               count_frequencies(o, schema, codes, n_rows), o->n_waves, &s, e);
    if (code != ERR_OK)
        return code;
    s->clip_sd = joint_round(o->clip_sd, JOINT_Z_UNITS);
    fill_columns(s, o, schema, codes, n_rows);
    code = fit_columns(s, codes, n_rows, e);
    if (code == ERR_OK && s->n_waves > 0)
        code = fit_waves(s, o, codes, n_rows, e);
    if (code != ERR_OK)
        mon_joint_space_free(s);
    else
        *out = s;
    return code;
}
