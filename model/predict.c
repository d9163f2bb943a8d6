/*
 * predict.c - the forward pass. The only file of model/ that calls OpenBLAS.
 *
 * A batch goes through all layers in blocks, so that the activations of a block stay in the cache;
 * the last layer writes straight into the caller's memory. One row is a matrix-vector product.
 */
#include "model/predict.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_ROWS 512

struct predict_scratch {
    size_t block_rows;
    size_t row_floats; /* of one of the two halves */
    float halves[];    /* activations, written in turns */
};

static enum err_code layer_new(struct layer *l, size_t n_in, size_t n_out, struct err *e)
{
    l->n_in = n_in;
    l->n_out = n_out;
    l->weights = calloc(n_in * n_out, sizeof(float));
    l->bias = calloc(n_out, sizeof(float));
    if (!l->weights || !l->bias)
        return err_set(e, ERR_NOMEM, "out of memory for a layer of %zu x %zu", n_in, n_out);
    return ERR_OK;
}

enum err_code predictor_new(const size_t *sizes, size_t n_layers, enum predict_link link,
                            struct predictor **out, struct err *e)
{
    if (n_layers == 0 || n_layers > PREDICT_MAX_LAYERS)
        return err_set(e, ERR_INVALID, "predictor: expected 1 to %d layers, got %zu",
                       PREDICT_MAX_LAYERS, n_layers);
    for (size_t i = 0; i <= n_layers; i++)
        if (sizes[i] == 0 || sizes[i] > PREDICT_MAX_WIDTH)
            return err_set(e, ERR_INVALID, "predictor: expected widths of 1 to %d, got %zu",
                           PREDICT_MAX_WIDTH, sizes[i]);
    struct predictor *p = calloc(1, sizeof *p);
    if (!p || !(p->layers = calloc(n_layers, sizeof *p->layers))) {
        free(p);
        return err_set(e, ERR_NOMEM, "out of memory for a predictor");
    }
    p->n_layers = n_layers;
    p->link = link;
    p->calibration_a = p->temperature = 1;
    enum err_code code = ERR_OK;
    for (size_t i = 0; !code && i < n_layers; i++)
        code = layer_new(&p->layers[i], sizes[i], sizes[i + 1], e);
    if (code)
        predictor_free(p);
    else
        *out = p;
    return code;
}

void predictor_free(struct predictor *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_layers; i++) {
        free(p->layers[i].weights);
        free(p->layers[i].bias);
    }
    free(p->layers);
    free(p);
}

enum err_code predictor_copy(const struct predictor *p, struct predictor **out, struct err *e)
{
    size_t sizes[PREDICT_MAX_LAYERS + 1] = {p->layers[0].n_in};
    for (size_t i = 0; i < p->n_layers; i++)
        sizes[i + 1] = p->layers[i].n_out;
    struct predictor *copy;
    enum err_code code = predictor_new(sizes, p->n_layers, p->link, &copy, e);
    if (code)
        return code;
    for (size_t i = 0; i < p->n_layers; i++) {
        const struct layer *l = &p->layers[i];
        memcpy(copy->layers[i].weights, l->weights, l->n_in * l->n_out * sizeof(float));
        memcpy(copy->layers[i].bias, l->bias, l->n_out * sizeof(float));
    }
    copy->calibration_a = p->calibration_a;
    copy->calibration_b = p->calibration_b;
    copy->temperature = p->temperature;
    *out = copy;
    return ERR_OK;
}

enum err_code predict_scratch_new(const struct predictor *p, size_t max_rows,
                                  struct predict_scratch **out, struct err *e)
{
    size_t width = 1; /* of the widest hidden layer */
    for (size_t i = 0; i + 1 < p->n_layers; i++)
        width = p->layers[i].n_out > width ? p->layers[i].n_out : width;
    size_t rows = max_rows < 1 ? 1 : max_rows > BLOCK_ROWS ? BLOCK_ROWS : max_rows;
    struct predict_scratch *s = malloc(sizeof *s + 2 * rows * width * sizeof(float));
    if (!s)
        return err_set(e, ERR_NOMEM, "out of memory to predict %zu rows", rows);
    s->block_rows = rows;
    s->row_floats = width;
    *out = s;
    return ERR_OK;
}

void predict_scratch_free(struct predict_scratch *s)
{
    free(s);
}

/* out (n x l->n_out) = x (n x l->n_in) * weights + bias */
static void layer_apply(const struct layer *l, const float *x, size_t n, float *out)
{
    int n_in = (int)l->n_in, n_out = (int)l->n_out;
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * l->n_out, l->bias, l->n_out * sizeof(float));
    if (n == 1)
        cblas_sgemv(CblasRowMajor, CblasTrans, n_in, n_out, 1, l->weights, n_out, x, 1, 1, out, 1);
    else if (n_out == 1)
        cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)n, n_in, 1, x, n_in, l->weights, 1, 1, out,
                    1);
    else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, n_out, n_in, 1, x, n_in,
                    l->weights, n_out, 1, out, n_out);
}

static void relu(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] < 0 ? 0 : x[i]; /* NaN stays NaN: a broken model must not look healthy */
}

static void block_logits(const struct predictor *p, struct predict_scratch *s, const float *x,
                         size_t n, float *out)
{
    size_t half = s->block_rows * s->row_floats;
    for (size_t i = 0; i + 1 < p->n_layers; i++) {
        float *hidden = s->halves + (i % 2) * half;
        layer_apply(&p->layers[i], x, n, hidden);
        relu(hidden, n * p->layers[i].n_out);
        x = hidden;
    }
    layer_apply(&p->layers[p->n_layers - 1], x, n, out);
}

void predict_logits(const struct predictor *p, struct predict_scratch *s, const float *x,
                    size_t n_rows, float *out)
{
    size_t n_in = p->layers[0].n_in, n_out = p->layers[p->n_layers - 1].n_out;
    for (size_t i = 0; i < n_rows; i += s->block_rows) {
        size_t n = n_rows - i < s->block_rows ? n_rows - i : s->block_rows;
        block_logits(p, s, x + i * n_in, n, out + i * n_out);
    }
}

static void softmax(float *z, size_t n, double temperature)
{
    double top = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++)
        top = fmax(top, z[i]);
    for (size_t i = 0; i < n; i++)
        sum += exp((z[i] - top) / temperature);
    for (size_t i = 0; i < n; i++)
        z[i] = (float)(exp((z[i] - top) / temperature) / sum);
}

void predict_link_apply(const struct predictor *p, float *values, size_t n_rows)
{
    size_t n_out = p->layers[p->n_layers - 1].n_out;
    double a = p->calibration_a, b = p->calibration_b;
    switch (p->link) {
    case LINK_IDENTITY:
        for (size_t i = 0; i < n_rows * n_out; i++)
            values[i] = (float)(a * values[i] + b);
        break;
    case LINK_SIGMOID:
        for (size_t i = 0; i < n_rows * n_out; i++)
            values[i] = (float)(1 / (1 + exp(-(a * values[i] + b))));
        break;
    case LINK_SOFTMAX:
        for (size_t i = 0; i < n_rows; i++)
            softmax(values + i * n_out, n_out, p->temperature);
        break;
    }
}

void predict_batch(const struct predictor *p, struct predict_scratch *s, const float *x,
                   size_t n_rows, float *out)
{
    predict_logits(p, s, x, n_rows, out);
    predict_link_apply(p, out, n_rows);
}
