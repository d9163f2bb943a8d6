/*
 * loss_model_fit.c - fits the steps by backfitting, and learns from stretches left out in turn how
 * far the model is off by itself.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loss_model_state.h"
#include "metric.h"

#define MAX_SWEEPS 50
#define SETTLED 1e-4 /* largest change of an effect, over the losses' standard deviation */
#define MAX_BINS 1000

void mon_loss_options_init(struct mon_loss_options *o)
{
    *o = (struct mon_loss_options){.max_bins = 16, .shrinkage = 5.0, .n_folds = 10};
}

/* Known rows, binned once. */
struct sample {
    size_t n, n_inputs;
    double *losses;
    double *inputs;    /* n_inputs x n */
    uint16_t *bins;    /* n_inputs x n */
    double *residuals; /* n */
    double *sums;      /* scratch: one input's bins, twice */
};

static void sample_deinit(struct sample *s)
{
    free(s->losses);
    free(s->inputs);
    free(s->bins);
    free(s->residuals);
    free(s->sums);
}

static bool sample_init(struct sample *s, size_t n, size_t n_inputs, size_t max_bins)
{
    size_t room = n > 0 ? n : 1;
    *s = (struct sample){.n_inputs = n_inputs};
    s->losses = malloc(room * sizeof *s->losses);
    s->inputs = malloc(room * n_inputs * sizeof *s->inputs);
    s->bins = malloc(room * n_inputs * sizeof *s->bins);
    s->residuals = malloc(room * sizeof *s->residuals);
    s->sums = malloc(2 * (max_bins + LOSS_EFFECTS_PER_INPUT) * sizeof *s->sums);
    return s->losses != NULL && s->inputs != NULL && s->bins != NULL && s->residuals != NULL &&
           s->sums != NULL;
}

/* inputs are laid with the stride of all rows first: the number of known ones is not known yet. */
static void collect(struct sample *s, enum mon_metric metric, const struct mon_labelled *rows,
                    const double *features)
{
    for (size_t i = 0; i < rows->n; i++) {
        double error = (double)rows->scores[i] - rows->labels[i];
        s->losses[s->n] = metric == MON_RMSE ? error * error : fabs(error);
        if (!metric_row_is_known(rows, i) || !isfinite(s->losses[s->n]))
            continue;
        s->inputs[s->n] = (double)rows->scores[i];
        for (size_t k = 1; k < s->n_inputs; k++)
            s->inputs[k * rows->n + s->n] = features[i * (s->n_inputs - 1) + k - 1];
        s->n++;
    }
    for (size_t k = 1; k < s->n_inputs; k++)
        memmove(s->inputs + k * s->n, s->inputs + k * rows->n, s->n * sizeof *s->inputs);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Cuts at the quantiles of the finite values that differ, none at or below the smallest: up to
 * max_bins - 1. sorted: scratch of n. */
static size_t lay_cuts(const double *x, size_t n, size_t max_bins, double *sorted, double *cuts)
{
    size_t n_finite = 0, n_cuts = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i]))
            sorted[n_finite++] = x[i];
    if (n_finite == 0)
        return 0;
    qsort(sorted, n_finite, sizeof *sorted, ascending);
    for (size_t b = 1; b < max_bins; b++) {
        double cut = sorted[b * n_finite / max_bins];
        if (cut > (n_cuts > 0 ? cuts[n_cuts - 1] : sorted[0]))
            cuts[n_cuts++] = cut;
    }
    return n_cuts;
}

static void bin_inputs(struct sample *s, size_t max_bins, struct mon_loss_model *m)
{
    for (size_t k = 0; k < s->n_inputs; k++) {
        const double *x = s->inputs + k * s->n;
        size_t n_cuts = lay_cuts(x, s->n, max_bins, s->residuals, m->cuts + m->first_cut[k]);
        m->first_cut[k + 1] = m->first_cut[k] + n_cuts;
        for (size_t i = 0; i < s->n; i++)
            s->bins[k * s->n + i] = (uint16_t)loss_bin(m, k, x[i]);
    }
}

/* Rows outside [first, end). */
struct fold {
    size_t first, end;
};

static size_t next_row(const struct fold *out, size_t i)
{
    return i + 1 == out->first ? out->end : i + 1;
}

static size_t first_row(const struct fold *out)
{
    return out->first == 0 ? out->end : 0;
}

/* One input's effects from the residuals without them; returns the largest change. */
static double sweep(struct sample *s, const struct fold *out, struct mon_loss_model *m, size_t k,
                    double shrinkage)
{
    double *effects = loss_effects(m, k), largest = 0.0;
    const uint16_t *bins = s->bins + k * s->n;
    size_t n_bins = loss_n_cuts(m, k) + LOSS_EFFECTS_PER_INPUT;
    double *sums = s->sums, *rows = s->sums + n_bins;
    memset(sums, 0, 2 * n_bins * sizeof *sums);
    for (size_t i = first_row(out); i < s->n; i = next_row(out, i)) {
        sums[bins[i]] += s->residuals[i] + effects[bins[i]];
        rows[bins[i]] += 1.0;
    }
    for (size_t b = 0; b < n_bins; b++) {
        double effect = rows[b] > 0.0 ? sums[b] / (rows[b] + shrinkage) : 0.0;
        sums[b] = effect - effects[b];
        effects[b] = effect;
        largest = fmax(largest, fabs(sums[b]));
    }
    for (size_t i = first_row(out); i < s->n; i = next_row(out, i))
        s->residuals[i] -= sums[bins[i]];
    return largest;
}

static double start(struct sample *s, const struct fold *out, struct mon_loss_model *m)
{
    double n = 0.0, mean = 0.0, sum_sq = 0.0;
    for (size_t i = first_row(out); i < s->n; i = next_row(out, i)) {
        double before = s->losses[i] - mean;
        n += 1.0;
        mean += before / n;
        sum_sq += before * (s->losses[i] - mean);
    }
    m->base = mean;
    for (size_t i = 0; i < s->n; i++)
        s->residuals[i] = s->losses[i] - mean;
    memset(m->effects, 0, loss_first_effect(m, s->n_inputs) * sizeof *m->effects);
    return sqrt(sum_sq / n);
}

static void backfit(struct sample *s, const struct fold *out, struct mon_loss_model *m,
                    double shrinkage)
{
    double sd = start(s, out, m);
    for (int round = 0; round < MAX_SWEEPS; round++) {
        double largest = 0.0;
        for (size_t k = 0; k < s->n_inputs; k++)
            largest = fmax(largest, sweep(s, out, m, k, shrinkage));
        if (!(largest > SETTLED * sd))
            return;
    }
}

static double expected_loss(const struct sample *s, const struct mon_loss_model *m, size_t i)
{
    double loss = m->base;
    for (size_t k = 0; k < s->n_inputs; k++)
        loss += loss_effects(m, k)[s->bins[k * s->n + i]];
    return fmax(0.0, loss);
}

/* What the stretches left out say about the rest's model. */
struct left_out {
    double misses_sq;   /* sum over rows of (loss - expected)^2 */
    double expected_sq; /* and of expected^2 */
    double bias_sq;     /* sum over stretches of the square of the mean miss */
    double chance;      /* and of expected^2 summed over rows / rows^2 */
};

static void add_fold(const struct sample *s, const struct mon_loss_model *m, const struct fold *f,
                     struct left_out *l)
{
    double n = (double)(f->end - f->first), misses = 0.0, expected_sq = 0.0;
    for (size_t i = f->first; i < f->end; i++) {
        double expected = expected_loss(s, m, i), miss = s->losses[i] - expected;
        misses += miss;
        expected_sq += expected * expected;
        l->misses_sq += miss * miss;
    }
    l->expected_sq += expected_sq;
    l->bias_sq += misses / n * (misses / n);
    l->chance += expected_sq / (n * n);
}

static void cross_fit(struct sample *s, const struct mon_loss_options *o, struct mon_loss_model *m)
{
    struct left_out l = {0};
    for (size_t f = 0; f < o->n_folds; f++) {
        struct fold out = {f * s->n / o->n_folds, (f + 1) * s->n / o->n_folds};
        backfit(s, &out, m, o->shrinkage);
        add_fold(s, m, &out, &l);
    }
    m->spread = l.expected_sq > 0.0 ? l.misses_sq / l.expected_sq : 0.0;
    m->model_variance = fmax(0.0, (l.bias_sq - m->spread * l.chance) / (double)o->n_folds);
}

/* How uncertain the effect of a bin is: rows scatter, by what the spread says of losses so large;
 * and the effect was drawn towards 0 by about effect x shrinkage / rows. A bin without rows may
 * have any of its input's effects. */
static double effect_variance(const struct mon_loss_model *m, double effect, double rows,
                              double shrinkage, double typical_sq)
{
    if (!(rows > 0.0))
        return typical_sq;
    double expected = fmax(0.0, m->base + effect), drawn = effect * shrinkage / rows;
    return m->spread * expected * expected / rows + drawn * drawn;
}

static void measure_effects(struct sample *s, struct mon_loss_model *m, double shrinkage)
{
    for (size_t k = 0; k < s->n_inputs; k++) {
        size_t first = loss_first_effect(m, k), n = loss_n_cuts(m, k) + LOSS_EFFECTS_PER_INPUT;
        double *rows = s->sums, typical_sq = 0.0;
        memset(rows, 0, n * sizeof *rows);
        for (size_t i = 0; i < s->n; i++)
            rows[s->bins[k * s->n + i]] += 1.0;
        for (size_t b = 0; b < n; b++) {
            m->shares[first + b] = rows[b] / (double)s->n;
            typical_sq += m->shares[first + b] * m->effects[first + b] * m->effects[first + b];
        }
        for (size_t b = 0; b < n; b++)
            m->variances[first + b] =
                effect_variance(m, m->effects[first + b], rows[b], shrinkage, typical_sq);
    }
}

static enum err_code check(enum mon_metric metric, const struct mon_labelled *rows,
                           const struct mon_loss_options *o, struct err *e)
{
    if ((metric != MON_MAE && metric != MON_RMSE) || rows->kind != LABEL_REGRESSION ||
        rows->n_outputs != 1)
        return err_set(e, ERR_INVALID, "a loss model is for mae and rmse of a regression");
    if (o->max_bins < 2 || o->max_bins > MAX_BINS)
        return err_set(e, ERR_INVALID, "max_bins: %zu is not within 2 to %d", o->max_bins,
                       MAX_BINS);
    if (o->n_folds < 2 || o->n_folds > 1000)
        return err_set(e, ERR_INVALID, "n_folds: %zu is not within 2 to 1000", o->n_folds);
    if (!(o->shrinkage >= 0.0) || !isfinite(o->shrinkage))
        return err_set(e, ERR_INVALID, "shrinkage: %g is no number of rows", o->shrinkage);
    return ERR_OK;
}

enum err_code mon_loss_model_fit(enum mon_metric metric, const struct mon_labelled *rows,
                                 const double *features, size_t n_features,
                                 const struct mon_loss_options *o, struct mon_loss_model **out,
                                 struct err *e)
{
    struct sample s;
    enum err_code rc = check(metric, rows, o, e);
    if (rc != ERR_OK)
        return rc;
    struct mon_loss_model *m = loss_model_new(n_features + 1, (n_features + 1) * o->max_bins);
    if (!sample_init(&s, rows->n, n_features + 1, o->max_bins) || m == NULL)
        rc = err_set(e, ERR_NOMEM, "out of memory for %zu rows", rows->n);
    if (rc == ERR_OK) {
        collect(&s, metric, rows, features);
        if (s.n < 2 * o->n_folds)
            rc = err_set(e, ERR_INVALID,
                         "%zu rows with prediction and label are too few for %zu "
                         "stretches",
                         s.n, o->n_folds);
    }
    if (rc == ERR_OK) {
        const struct fold none = {s.n, s.n};
        m->squared = metric == MON_RMSE;
        bin_inputs(&s, o->max_bins, m);
        cross_fit(&s, o, m);
        backfit(&s, &none, m, o->shrinkage);
        measure_effects(&s, m, o->shrinkage);
        *out = m;
        m = NULL;
    }
    sample_deinit(&s);
    mon_loss_model_free(m);
    return rc;
}
