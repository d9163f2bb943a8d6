/*
 * loss_model.c - asking a loss model: what loss rows like these had. loss_model_fit.c makes it,
 * loss_model_file.c saves it.
 */
#include "monitors/loss_model.h"

#include <math.h>
#include <stdlib.h>

#include "expected.h"
#include "loss_model_state.h"

struct mon_loss_model *loss_model_new(size_t n_inputs, size_t n_cuts)
{
    struct mon_loss_model *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    size_t n_effects = n_cuts + LOSS_EFFECTS_PER_INPUT * n_inputs;
    m->n_inputs = n_inputs;
    m->first_cut = calloc(n_inputs + 1, sizeof *m->first_cut);
    m->cuts = calloc(n_cuts + 1, sizeof *m->cuts);
    m->effects = calloc(n_effects, sizeof *m->effects);
    m->variances = calloc(n_effects, sizeof *m->variances);
    m->shares = calloc(n_effects, sizeof *m->shares);
    if (m->first_cut != NULL && m->cuts != NULL && m->effects != NULL && m->variances != NULL &&
        m->shares != NULL)
        return m;
    mon_loss_model_free(m);
    return NULL;
}

void mon_loss_model_free(struct mon_loss_model *m)
{
    if (m == NULL)
        return;
    free(m->first_cut);
    free(m->cuts);
    free(m->effects);
    free(m->variances);
    free(m->shares);
    free(m);
}

size_t loss_bin(const struct mon_loss_model *m, size_t input, double value)
{
    const double *cuts = m->cuts + m->first_cut[input];
    size_t low = 0, high = loss_n_cuts(m, input);
    if (isnan(value))
        return high + 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cuts[middle] <= value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double mon_loss_model_row(const struct mon_loss_model *m, double prediction, const double *features)
{
    if (!isfinite(prediction))
        return NAN;
    double loss = m->base + loss_effects(m, 0)[loss_bin(m, 0, prediction)];
    for (size_t k = 1; k < m->n_inputs; k++)
        loss += loss_effects(m, k)[loss_bin(m, k, features[k - 1])];
    return fmax(0.0, loss);
}

/* d sqrt(x) = dx / (2 sqrt(x)); a mean of exactly 0 has no room for errors of its own. */
static void take_root(struct mon_estimate *e)
{
    e->value = sqrt(e->value);
    double slope = e->value > 0.0 ? 1.0 / (2.0 * e->value) : 0.0;
    e->sampling_error *= slope;
    e->model_error *= slope;
}

/* The mean loss of a window rests on its bins' effects as often as it visits them; the reference's
 * own mixture of bins is known better, through the mean. visits: by effect, rows in the bin. */
static double effects_variance(const struct mon_loss_model *m, const double *visits, double rows)
{
    double sum = 0.0;
    for (size_t i = 0; i < loss_first_effect(m, m->n_inputs); i++) {
        double moved = visits[i] / rows - m->shares[i];
        sum += moved * moved * m->variances[i];
    }
    return sum;
}

static void visit(const struct mon_loss_model *m, double prediction, const double *features,
                  double *visits)
{
    visits[loss_bin(m, 0, prediction)] += 1.0;
    for (size_t k = 1; k < m->n_inputs; k++)
        visits[loss_first_effect(m, k) + loss_bin(m, k, features[k - 1])] += 1.0;
}

/* Sums over a window's rows. */
struct window {
    double rows, mean, squares; /* of expected losses */
    double *visits;             /* by effect */
};

static void add_rows(const struct mon_loss_model *m, const float *predictions,
                     const double *features, size_t n, struct window *w)
{
    for (size_t i = 0; i < n; i++) {
        const double *row = m->n_inputs > 1 ? features + i * (m->n_inputs - 1) : NULL;
        double loss = mon_loss_model_row(m, (double)predictions[i], row);
        if (isnan(loss))
            continue;
        visit(m, (double)predictions[i], row, w->visits);
        w->rows += 1.0;
        w->mean += (loss - w->mean) / w->rows;
        w->squares += loss * loss;
    }
}

static struct mon_estimate estimate_of(const struct mon_loss_model *m, const struct window *w)
{
    struct mon_estimate e = {
        .value = w->mean,
        .sampling_error = sqrt(m->spread * w->squares) / w->rows,
        .model_error = sqrt(m->model_variance + effects_variance(m, w->visits, w->rows)),
    };
    if (m->squared)
        take_root(&e);
    return e;
}

enum err_code mon_loss_model_estimate(const struct mon_loss_model *m, const float *predictions,
                                      const double *features, size_t n, struct mon_estimates *out,
                                      struct err *e)
{
    struct window w = {.visits = calloc(loss_first_effect(m, m->n_inputs), sizeof *w.visits)};
    if (w.visits == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a loss estimate");
    add_rows(m, predictions, features, n, &w);
    estimates_clear(out);
    out->n = w.rows;
    if (w.rows > 0.0)
        out->of[m->squared ? MON_RMSE : MON_MAE] = estimate_of(m, &w);
    free(w.visits);
    return ERR_OK;
}
