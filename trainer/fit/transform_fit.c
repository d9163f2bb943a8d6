/*
 * transform_fit.c - one pass a feature over the training rows. Moments by Welford: a plain sum of
 * squares loses everything at offsets like 1e8.
 */
#include "trainer/transform_fit.h"

#include <math.h>
#include <stdlib.h>

struct column_stats {
    size_t n_present;
    double mean, scale, median;
};

static void swap(double *a, double *b)
{
    double t = *a;
    *a = *b;
    *b = t;
}

/* The k-th smallest of x[0..n) (Hoare's find, middle pivot); afterwards x[0..k) holds no larger
 * ones. */
static double select_kth(double *x, size_t n, size_t k)
{
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, want = (ptrdiff_t)k;
    while (low < high) {
        double pivot = x[low + (high - low) / 2];
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot) {
                i++;
            }
            while (x[j] > pivot) {
                j--;
            }
            if (i <= j) {
                swap(&x[i++], &x[j--]);
            }
        }
        if (want <= j) {
            high = j;
        } else if (want >= i) {
            low = i;
        } else {
            break;
        }
    }
    return x[k];
}

static double median_of(double *x, size_t n)
{
    double upper = select_kth(x, n, n / 2);
    if (n % 2) {
        return upper;
    }
    double lower = x[0];
    for (size_t i = 1; i < n / 2; i++) {
        lower = fmax(lower, x[i]);
    }
    return lower + (upper - lower) / 2;
}

/* values: room for n_rows; left holding the present ones, in another order. */
static struct column_stats measure(const struct transform_feature *f, const double *codes,
                                   size_t n_rows, size_t n_features, double *values)
{
    struct column_stats s = {0};
    double sum_sq = 0;
    for (size_t i = 0; i < n_rows; i++) {
        double x = transform_raw(f, codes[i * n_features]);
        if (!isnan(x)) {
            values[s.n_present++] = x;
            double delta = x - s.mean;
            s.mean += delta / (double)s.n_present;
            sum_sq += delta * (x - s.mean);
        }
    }
    s.scale = s.n_present > 1 ? sqrt(sum_sq / (double)(s.n_present - 1)) : 0;
    s.median = s.n_present ? median_of(values, s.n_present) : 0;
    return s;
}

static double impute_value(const struct feature *feature, const struct transform_feature *f,
                           const struct column_stats *s)
{
    switch (feature->impute) {
    case IMPUTE_MEDIAN:
        return s->median;
    case IMPUTE_MEAN:
        return s->mean;
    case IMPUTE_CONSTANT:
        return transform_raw(f, feature->impute_value);
    }
    return 0;
}

/* What training never saw is taken as the nearest value that it did: a column that hardly moved has a
 * tiny scale, and its first real move would otherwise arrive as a thousand standard deviations. A
 * schema that wants extrapolation gives wider limits. */
static void clip_to_training(const double *codes, size_t n_rows, size_t n_features,
                             struct transform_feature *f)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n_rows; i++) {
        double x = codes[i * n_features];
        if (isfinite(x)) {
            low = fmin(low, x);
            high = fmax(high, x);
        }
    }
    if (low <= high) {
        f->clip_low = low;
        f->clip_high = high;
    }
}

static void fit_numeric(const struct feature *feature, const double *codes, size_t n_rows,
                        size_t n_features, double *values, struct transform_feature *f)
{
    f->clip_low = feature->has_clip ? feature->clip_low : -INFINITY;
    f->clip_high = feature->has_clip ? feature->clip_high : INFINITY;
    f->log1p = feature->log1p;
    struct column_stats s = measure(f, codes, n_rows, n_features, values);
    f->impute = impute_value(feature, f, &s);
    f->missing_column = s.n_present < n_rows;
    if (!feature->has_clip) {
        clip_to_training(codes, n_rows, n_features, f);
    }
    /* Rounding alone gives a constant column at 1e8 a scale of 1e-8; that is no spread. */
    bool spread = isfinite(s.scale) && s.scale > 1e-12 * fabs(s.mean) && s.scale > 0;
    f->mean = feature->standardise || !spread ? s.mean : 0;
    f->scale = feature->standardise && spread ? s.scale : 1;
}

enum err_code transform_fit(const struct schema *s, const struct vocabulary *v, const double *codes,
                            size_t n_rows, struct transform **out, struct err *e)
{
    double *values = malloc((n_rows ? n_rows : 1) * sizeof *values);
    if (!values) {
        return err_set(e, ERR_NOMEM, "out of memory fitting the transform of %zu rows", n_rows);
    }
    struct transform *t;
    enum err_code code = transform_new(s->n_features, &t, e);
    if (code) {
        free(values);
        return code;
    }
    for (size_t j = 0; j < s->n_features; j++) {
        struct transform_feature *f = &t->features[j];
        *f = (struct transform_feature){
            .kind = s->features[j].kind, .skip = s->features[j].pii, .scale = 1};
        if (!f->skip && f->kind == FEATURE_NUMERIC) {
            fit_numeric(&s->features[j], codes + j, n_rows, s->n_features, values, f);
        } else if (!f->skip) {
            f->n_categories = vocabulary_size(v, j);
        }
    }
    transform_layout(t);
    free(values);
    *out = t;
    return ERR_OK;
}
