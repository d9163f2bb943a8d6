/*
 * concept_model.c - sparse online logistic regression over values, bins and crossed bins.
 */
#include "concept_model.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define N_BINS 16
#define N_SIDE 8 /* of a cross */
#define STEP_PLAIN 0.5
#define STEP_CROSSED 0.2
#define RECENCY 4.0 /* of the averaging; 0: all rows count alike */

struct weight {
    double w, mean;         /* the latest, and what predicts */
    double squares, n_rows; /* sum of squared gradients; rows in which it took part */
};

struct active {
    size_t weight;
    double value;
};

struct learner {
    bool crossed;
    double step;
    size_t n_weights, n_active;
    struct weight *weights;
    struct active *active; /* of the row predicted last */
    double p, p_latest;    /* of that row: by the means, by the latest weights */
    double n_mistakes;
};

struct concept_model {
    size_t n_features;
    const double *low, *high;
    struct learner plain, crossed;
};

static bool learner_init(struct learner *l, bool crossed, size_t n_features)
{
    size_t n_crosses = n_features * (n_features - 1) / 2;
    l->crossed = crossed;
    l->step = crossed ? STEP_CROSSED : STEP_PLAIN;
    l->n_active = 1 + n_features + (crossed ? n_features + n_crosses : 0);
    l->n_weights = 1 + n_features;
    l->n_weights += crossed ? n_features * N_BINS + n_crosses * N_SIDE * N_SIDE : 0;
    l->weights = calloc(l->n_weights, sizeof *l->weights);
    l->active = calloc(l->n_active, sizeof *l->active);
    return l->weights != NULL && l->active != NULL;
}

struct concept_model *concept_model_new(size_t n_features, const double *low, const double *high)
{
    struct concept_model *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->n_features = n_features;
    m->low = low;
    m->high = high;
    if (learner_init(&m->plain, false, n_features) && learner_init(&m->crossed, true, n_features))
        return m;
    concept_model_free(m);
    return NULL;
}

static void learner_deinit(struct learner *l)
{
    free(l->weights);
    free(l->active);
}

void concept_model_free(struct concept_model *m)
{
    if (m == NULL)
        return;
    learner_deinit(&m->plain);
    learner_deinit(&m->crossed);
    free(m);
}

static void learner_reset(struct learner *l)
{
    memset(l->weights, 0, l->n_weights * sizeof *l->weights);
    l->n_mistakes = 0.0;
}

void concept_model_reset(struct concept_model *m)
{
    learner_reset(&m->plain);
    learner_reset(&m->crossed);
}

static double unit_of(const struct concept_model *m, const double *x, size_t f)
{
    return (x[f] - m->low[f]) / (m->high[f] - m->low[f]);
}

static size_t part_of(double unit, size_t n_parts)
{
    double at = floor(unit * (double)n_parts);
    return at < 0.0 ? 0 : at >= (double)n_parts ? n_parts - 1 : (size_t)at;
}

static void activate_values(const struct concept_model *m, struct learner *l, const double *x)
{
    l->active[0] = (struct active){0, 1.0};
    for (size_t f = 0; f < m->n_features; f++)
        l->active[1 + f] = (struct active){1 + f, 2.0 * unit_of(m, x, f) - 1.0};
}

static void activate_cells(const struct concept_model *m, struct learner *l, const double *x)
{
    size_t k = 1 + m->n_features, first = 1 + m->n_features;
    for (size_t f = 0; f < m->n_features; f++, first += N_BINS)
        l->active[k++] = (struct active){first + part_of(unit_of(m, x, f), N_BINS), 1.0};
    for (size_t f = 0; f < m->n_features; f++)
        for (size_t g = f + 1; g < m->n_features; g++, first += N_SIDE * N_SIDE) {
            size_t row = part_of(unit_of(m, x, f), N_SIDE);
            size_t column = part_of(unit_of(m, x, g), N_SIDE);
            l->active[k++] = (struct active){first + row * N_SIDE + column, 1.0};
        }
}

static double logistic(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

static void learner_predict(const struct concept_model *m, struct learner *l, const double *x)
{
    double mean = 0.0, latest = 0.0;
    activate_values(m, l, x);
    if (l->crossed)
        activate_cells(m, l, x);
    for (size_t k = 0; k < l->n_active; k++) {
        const struct weight *w = &l->weights[l->active[k].weight];
        mean += w->mean * l->active[k].value;
        latest += w->w * l->active[k].value;
    }
    l->p = logistic(mean);
    l->p_latest = logistic(latest);
}

double concept_model_predict(struct concept_model *m, const double *x)
{
    learner_predict(m, &m->plain, x);
    learner_predict(m, &m->crossed, x);
    return m->crossed.n_mistakes < m->plain.n_mistakes ? m->crossed.p : m->plain.p;
}

static void learner_learn(struct learner *l, double y)
{
    l->n_mistakes += (l->p >= 0.5) != (y > 0.5);
    for (size_t k = 0; k < l->n_active; k++) {
        struct weight *w = &l->weights[l->active[k].weight];
        double gradient = (l->p_latest - y) * l->active[k].value;
        w->squares += gradient * gradient;
        if (w->squares > 0.0)
            w->w -= l->step * gradient / sqrt(w->squares);
        w->n_rows += 1.0;
        w->mean += (w->w - w->mean) * (1.0 + RECENCY) / (w->n_rows + RECENCY);
    }
}

void concept_model_learn(struct concept_model *m, double y)
{
    learner_learn(&m->plain, y);
    learner_learn(&m->crossed, y);
}
