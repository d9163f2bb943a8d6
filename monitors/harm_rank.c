/*
 * harm_rank.c - which of the drifted features matter to the model.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitors/harm.h"

#define MAX_BINS 1000
#define QUANTILE_BINS 10

struct scored {
    double code, score;
};

static int by_code(const void *a, const void *b)
{
    double x = ((const struct scored *)a)->code, y = ((const struct scored *)b)->code;
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y); /* missing values last */
    return (x > y) - (x < y);
}

static size_t collect(const double *codes, size_t stride, const float *scores, size_t n_outputs,
                      size_t n, struct scored *out)
{
    size_t taken = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(scores[i * n_outputs]))
            out[taken++] = (struct scored){codes[i * stride], (double)scores[i * n_outputs]};
    qsort(out, taken, sizeof *out, by_code);
    return taken;
}

static bool same_code(const struct scored *a, const struct scored *b)
{
    return a->code == b->code || (isnan(a->code) && isnan(b->code));
}

/* Where the bin that begins at `first` ends: never inside equal values; for numbers after a tenth
 * of the rows, for categories after each, the last of too many taking the rest. */
static size_t bin_end(const struct scored *x, size_t n, size_t first, bool categorical,
                      size_t bins_before)
{
    size_t end = categorical ? first + 1 : first + (n + QUANTILE_BINS - 1) / QUANTILE_BINS;
    if (categorical && bins_before + 1 == MAX_BINS)
        return n;
    if (end > n)
        end = n;
    if (!isnan(x[first].code) && isnan(x[end - 1].code)) { /* missing is a bin of its own */
        for (end = first + 1; !isnan(x[end].code); end++)
            ;
        return end;
    }
    while (end < n && same_code(&x[end], &x[end - 1]))
        end++;
    return end;
}

static double mean_score(const struct scored *x, size_t first, size_t end)
{
    double mean = 0.0;
    for (size_t i = first; i < end; i++)
        mean += (x[i].score - mean) / (double)(i - first + 1);
    return mean;
}

/* The share of variance between bins, less what as many bins without meaning would show: epsilon
 * squared (Kelley 1935). */
static double correlation_ratio(const struct scored *x, size_t n, bool categorical)
{
    double mean = mean_score(x, 0, n), total = 0.0, within = 0.0;
    size_t bins = 0;
    for (size_t first = 0, end; first < n; first = end, bins++) {
        end = bin_end(x, n, first, categorical, bins);
        double bin_mean = mean_score(x, first, end);
        for (size_t i = first; i < end; i++) {
            total += (x[i].score - mean) * (x[i].score - mean);
            within += (x[i].score - bin_mean) * (x[i].score - bin_mean);
        }
    }
    if (n <= bins || !(total > 0.0))
        return 0.0;
    double unexplained = within / (double)(n - bins) / (total / (double)(n - 1));
    return sqrt(fmax(0.0, 1.0 - unexplained));
}

double mon_harm_association(const double *codes, size_t stride, bool categorical,
                            const float *scores, size_t n_outputs, size_t n)
{
    struct scored *x = malloc((n > 0 ? n : 1) * sizeof *x);
    if (x == NULL)
        return NAN;
    size_t taken = collect(codes, stride, scores, n_outputs, n, x);
    double ratio = taken < 2 ? 0.0 : correlation_ratio(x, taken, categorical);
    free(x);
    return ratio;
}

static double drift_of(const struct mon_signal *s)
{
    if (s->verdict == MON_INSUFFICIENT || s->verdict == MON_UNAVAILABLE)
        return 0.0;
    double drift = isfinite(s->effect) ? s->effect : s->value;
    return drift > 0.0 && isfinite(drift) ? drift : 0.0;
}

static void rate(const char *monitor, const struct mon_signal *drift, double importance,
                 struct mon_signal *out)
{
    mon_signal_init(out, monitor, MON_KIND_HARM, "importance_x_drift");
    memcpy(out->feature, drift->feature, sizeof out->feature);
    out->n = drift->n;
    out->n_reference = drift->n_reference;
    out->p_value = drift->p_value;
    out->verdict = drift->verdict;
    out->value = isfinite(importance) && importance > 0.0 ? importance * drift_of(drift) : 0.0;
    snprintf(out->rule, sizeof out->rule,
             "importance %.3g x %s %.3g; effect is its share over all features", importance,
             drift->statistic, drift_of(drift));
}

static int by_value(const void *a, const void *b)
{
    const struct mon_signal *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? 1 : -1;
    return strcmp(x->feature, y->feature);
}

void mon_harm_rank(const char *monitor, const struct mon_signal *drift, const double *importance,
                   size_t n, struct mon_signal *ranked)
{
    double all = 0.0;
    for (size_t i = 0; i < n; i++) {
        rate(monitor, &drift[i], importance[i], &ranked[i]);
        all += ranked[i].value;
    }
    for (size_t i = 0; i < n; i++)
        ranked[i].effect = all > 0.0 ? ranked[i].value / all : 0.0;
    qsort(ranked, n, sizeof *ranked, by_value);
}
