/*
 * warm_start.c - does the parent fit, and its weights in the new units.
 *
 * An input is (x - mean) / scale; from (m0, s0) to (m1, s1) the first layer's weights become w s1 /
 * s0 and the bias gains w (m1 - m0) / s0. A regression's output is z a + b; from (a0, b0) to (a1,
 * b1) the last layer becomes (w, bias) a0 / a1, and the bias gains (b0 - b1) / a1.
 */
#include "trainer/warm_start.h"

#include <string.h>

static bool same_vocabulary(const struct vocabulary *a, const struct vocabulary *b, size_t feature)
{
    size_t n = vocabulary_size(a, feature);
    if (n != vocabulary_size(b, feature)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(vocabulary_text(a, feature, i), vocabulary_text(b, feature, i)) != 0) {
            return false;
        }
    }
    return true;
}

static bool feature_fits(const struct artifact *parent, const struct schema *s,
                         const struct vocabulary *v, const struct transform *t, size_t j,
                         struct err *e)
{
    const struct feature *a = &parent->schema->features[j], *b = &s->features[j];
    const struct transform_feature *old = &parent->transform->features[j], *new = &t->features[j];
    if (strcmp(a->name, b->name) != 0 || a->kind != b->kind || old->skip != new->skip) {
        err_set(e, ERR_INVALID, "feature %zu is \"%s\", the parent's is \"%s\"", j, b->name,
                a->name);
        return false;
    }
    if (old->skip) {
        return true;
    }
    if (old->kind == FEATURE_CATEGORICAL && !same_vocabulary(parent->vocabulary, v, j)) {
        err_set(e, ERR_INVALID, "the categories of \"%s\" changed", b->name);
        return false;
    }
    if (old->missing_column != new->missing_column || old->log1p != new->log1p) {
        err_set(e, ERR_INVALID, "the inputs made of \"%s\" changed", b->name);
        return false;
    }
    return true;
}

static bool labels_fit(const struct schema *a, const struct schema *b, struct err *e)
{
    bool same = a->label_kind == b->label_kind && a->n_classes == b->n_classes;
    for (size_t i = 0; same && i < a->n_classes; i++) {
        same = strcmp(a->classes[i], b->classes[i]) == 0;
    }
    if (!same) {
        err_set(e, ERR_INVALID, "the label's kind or classes changed");
    }
    return same;
}

static bool layers_fit(const struct predictor *a, const struct predictor *b, struct err *e)
{
    bool same = a->n_layers == b->n_layers && a->link == b->link;
    for (size_t i = 0; same && i < a->n_layers; i++) {
        same = a->layers[i].n_in == b->layers[i].n_in && a->layers[i].n_out == b->layers[i].n_out;
    }
    if (!same) {
        err_set(e, ERR_INVALID, "the layers differ");
    }
    return same;
}

static bool fits(const struct artifact *parent, const struct schema *s, const struct vocabulary *v,
                 const struct transform *t, const struct predictor *p, struct err *e)
{
    if (parent->schema->n_features != s->n_features) {
        err_set(e, ERR_INVALID, "%zu features, the parent has %zu", s->n_features,
                parent->schema->n_features);
        return false;
    }
    for (size_t j = 0; j < s->n_features; j++) {
        if (!feature_fits(parent, s, v, t, j, e)) {
            return false;
        }
    }
    return labels_fit(parent->schema, s, e) && layers_fit(parent->predictor, p, e);
}

static void copy_weights(const struct predictor *from, struct predictor *to)
{
    for (size_t i = 0; i < from->n_layers; i++) {
        const struct layer *l = &from->layers[i];
        memcpy(to->layers[i].weights, l->weights, l->n_in * l->n_out * sizeof *l->weights);
        memcpy(to->layers[i].bias, l->bias, l->n_out * sizeof *l->bias);
    }
}

static void rescale_inputs(const struct transform *old, const struct transform *new,
                           struct layer *first)
{
    for (size_t j = 0; j < old->n_features; j++) {
        const struct transform_feature *a = &old->features[j], *b = &new->features[j];
        if (a->skip || a->kind != FEATURE_NUMERIC) {
            continue;
        }
        float *row = first->weights + b->first_column * first->n_out;
        for (size_t k = 0; k < first->n_out; k++) {
            double w = (double)row[k];
            row[k] = (float)(w * b->scale / a->scale);
            first->bias[k] += (float)(w * (b->mean - a->mean) / a->scale);
        }
    }
}

static void rescale_output(const struct predictor *old, struct predictor *new)
{
    struct layer *last = &new->layers[new->n_layers - 1];
    double a = old->calibration_a / new->calibration_a;
    double b = (old->calibration_b - new->calibration_b) / new->calibration_a;
    for (size_t i = 0; i < last->n_in * last->n_out; i++) {
        last->weights[i] = (float)((double)last->weights[i] * a);
    }
    for (size_t k = 0; k < last->n_out; k++) {
        last->bias[k] = (float)((double)last->bias[k] * a + b);
    }
}

bool warm_start(const struct artifact *parent, const struct schema *s, const struct vocabulary *v,
                const struct transform *t, struct predictor *p, struct err *e)
{
    if (!fits(parent, s, v, t, p, e)) {
        return false;
    }
    copy_weights(parent->predictor, p);
    rescale_inputs(parent->transform, t, &p->layers[0]);
    if (p->link == LINK_IDENTITY) {
        rescale_output(parent->predictor, p);
    }
    return true;
}
